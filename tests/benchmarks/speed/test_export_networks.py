"""Stand-ins for the released networks: their shapes, ranges and seeds, and what the script says of the real ones."""

from __future__ import annotations

import ast
import shlex
import tomllib
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from skimage import data

from benchmarks.methods.onnx import parse_onnx
from benchmarks.methods.onnx_io import NetworkDescription, network_inputs
from benchmarks.methods.released import PRETRAINED
from benchmarks.speed import export_networks
from benchmarks.speed.export_networks import random_network

NAMES = tuple(PRETRAINED)


@pytest.fixture(scope="module")
def grey() -> NDArray[np.uint8]:
    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)[30:127, 150:281].copy()


# Range of each stand-in's values, and what their deviation is at least: the released networks' ranges are used.
RANGES = {"zhang16": (110, 5), "siggraph17": (110, 10), "deoldify": (3, 0.2), "ddcolor": (300, 5)}


@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_has_the_released_shapes_and_ranges(name: str, grey: NDArray[np.uint8]) -> None:
    model = random_network(name, seed=3)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = network_inputs(grey, PRETRAINED[name].description)
    assert [tuple(value.shape) for value in session.get_inputs()] == [array.shape for array in inputs]
    names = [value.name for value in session.get_inputs()]
    (output,) = session.run(None, dict(zip(names, inputs, strict=True)))
    side = {"zhang16": 256, "siggraph17": 256, "deoldify-video": 336}.get(name, 512 if "ddcolor" in name else 560)
    assert output.shape == (1, 3 if "deoldify" in name else 2, side, side)
    bound, spread = RANGES[name.partition("-")[0]]
    assert np.abs(output).max() <= bound
    assert output.std() >= spread


def test_the_seed_decides_the_weights() -> None:
    assert random_network("zhang16", seed=1) == random_network("zhang16", seed=1)
    assert random_network("zhang16", seed=1) != random_network("zhang16", seed=2)
    assert random_network("ddcolor-tiny") != random_network("ddcolor-large")
    with pytest.raises(ValueError, match="name must be one of zhang16"):
        random_network("zhang15")


def run_export(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", ["export_networks", *words])
    export_networks.main()


def test_the_script_lists_every_name_and_writes_a_network_that_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], grey: NDArray[np.uint8]
) -> None:
    run_export(monkeypatch, "--list")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(NAMES)
    with pytest.raises(SystemExit):
        run_export(monkeypatch)
    path = tmp_path / "net.onnx"
    run_export(monkeypatch, "siggraph17", "-o", str(path), "--seed", "5")
    assert "random weights" in capsys.readouterr().out
    assert path.read_bytes() == random_network("siggraph17", seed=5)
    assert parse_onnx(f"siggraph17={path}").colorize(grey).shape == (97, 131, 3)


@pytest.mark.parametrize("name", NAMES)
def test_the_script_tells_how_to_get_the_official_network(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_export(monkeypatch, "--official", name)
    shown = capsys.readouterr().out
    known = PRETRAINED[name]
    for text in (known.repository, known.weights, known.licence, f"{name}.onnx", "could not be run"):
        assert text in shown
    assert "{" not in shown
    run_export(monkeypatch, "--describe", name)
    assert NetworkDescription.from_dict(tomllib.loads(capsys.readouterr().out)) == known.description


@pytest.mark.parametrize("name", ["zhang16", "siggraph17", *(name for name in NAMES if name.startswith("deoldify"))])
def test_python_commands_are_well_formed(name: str) -> None:
    """What is between the quotes is Python, and makes inputs of the description's shapes."""
    words = shlex.split(PRETRAINED[name].export_command("net.onnx"))
    assert words[:2] == ["python", "-c"]
    call = ast.parse(words[2]).body[-1]
    assert isinstance(call, ast.Expr)
    assert "'net.onnx'" in words[2]
    height, width = PRETRAINED[name].description.size or (0, 0)
    assert f"{height}, {width}" in words[2]
