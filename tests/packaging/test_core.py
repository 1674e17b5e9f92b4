"""What runs without the extra `fit`: all that colours. Its packages cannot be imported in the process that is asked."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest

from featcolor.commands import main
from featcolor.models.colorizer import Colorizer
from tests.clips.samples import make_clip
from tests.mutate import ROOT
from tests.networks import tiny_network
from tests.samples import quick_config, read_rgb, write_rgb

LEFT_OUT = {
    "scikit-learn": ("sklearn",),
    "scikit-image": ("skimage",),
    "scipy": ("scipy",),
    "onnx": ("onnx",),
}
"""Modules of each package of the extra."""
BROUGHT = ("imageio", "lazy_loader", "ml_dtypes", "narwhals", "networkx")
"""Modules that only packages of the extra bring."""
OLD_MODELS = sorted((ROOT / "tests" / "data").glob("*.featcolor")) + sorted(
    path
    for path in (ROOT / "tests" / "releases").glob("*/*")
    if path.suffix in (".featcolor", ".album") and path.stem != "own-network"  # which names a file beside it
)
EVERY_FEATURE = "patch,daisy:6-1-2-2,context,position,words:4-2,backbone#2,embedding"
STEPS = "border,dust,scratches,denoise,contrast:clahe"

PROGRAM = """
import contextlib, io, json, sys
calls, modules = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(modules))
from featcolor.commands import main
ended = {}
for name, words in calls.items():
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.redirect_stdout(said):
        ended[name] = main(words), said.getvalue()
print(json.dumps(ended))
"""


class Ended(NamedTuple):
    """How a call ended, and what it said."""

    code: int
    said: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey picture, references, a film with a key frame, models of every feature and of an own network."""
    folder = tmp_path_factory.mktemp("core")
    rng = np.random.default_rng(0)
    for number in range(3):
        write_rgb(folder / "album" / f"{number}.png", rng.integers(0, 256, (40, 50, 3), np.uint8))
    write_rgb(folder / "old.png", rng.integers(0, 256, (48, 64), np.uint8))
    make_clip(folder / "reel.mp4", n=4)
    with av.open(str(folder / "reel.mp4")) as film:
        write_rgb(folder / "keys" / "reel-000000.png", next(film.decode(video=0)).to_ndarray(format="rgb24"))
    own = tiny_network(folder / "own.onnx")
    for name, features in (("every", EVERY_FEATURE), ("own", f"backbone:{own}@relu0")):
        config = quick_config(features=features, size=48, head="mean", solver="ridge")
        Colorizer(config).fit(sorted((folder / "album").iterdir()), jobs=1).save(folder / f"{name}.featcolor")
    return folder


@pytest.fixture(scope="module")
def ended(folder: Path) -> dict[str, Ended]:
    """How each call ended in a process without the extra."""
    colorize = ["colorize", "old.png", "--jobs", "1", "-o"]
    calls: dict[str, list[str]] = {
        "default": [*colorize, "default.png"],
        "prepared": [*colorize, "prepared.ora", "--prepare", STEPS, "--hint", "9,9=navy"],
        "album": [*colorize, "album.png", "--refs", "album"],
        "every": [*colorize, "every.png", "-m", "every.featcolor"],
        "own": [*colorize, "own.png", "-m", "own.featcolor"],
        **{str(path): [*colorize, f"old-{i}.png", "-m", str(path)] for i, path in enumerate(OLD_MODELS)},
        "preview": ["preview", "old.png", "-o", "preview.html"],
        "suggest": ["suggest", "old.png", "--ask", "1"],
        "film": ["video", "reel.mp4", "-o", "film.mp4"],
        "film from key frames": ["video", "reel.mp4", "-o", "keyed.mp4", "-k", "keys"],
        "keyframes": ["keyframes", "reel.mp4", "-o", "found"],
        "inspect": ["inspect", "every.featcolor"],
        "completion": ["completion", "bash"],
        "fit": ["fit", "album", "-o", "mine.featcolor"],
        "benchmark": ["benchmark", "photos", "--quick", "-o", "bench"],
    }
    modules = [*BROUGHT, *(module for modules in LEFT_OUT.values() for module in modules)]
    words: list[Any] = [sys.executable, "-c", PROGRAM, json.dumps([calls, modules])]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name: Ended(*each) for name, each in json.loads(done.stdout).items()}


def test_the_extra_is_what_is_left_out() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [requirement.split(">")[0] for requirement in project["optional-dependencies"]["fit"]]
    assert sorted(names) == sorted(LEFT_OUT)
    assert not set(names) & {requirement.split(">")[0] for requirement in project["dependencies"]}


def test_all_that_colours_runs_without_it(ended: dict[str, Ended], folder: Path) -> None:
    refused = ("fit", "benchmark", "own")
    assert {name: each for name, each in ended.items() if each.code and name not in refused} == {}
    for path in ("default.png", "album.png", "every.png", *(f"old-{i}.png" for i in range(len(OLD_MODELS)))):
        assert read_rgb(folder / path).std(axis=2).any()
    for path in ("prepared.ora", "preview.html", "film.mp4", "keyed.mp4"):
        assert (folder / path).stat().st_size > 0


@pytest.mark.usefixtures("ended")
def test_a_picture_is_the_same_with_and_without_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["colorize", "old.png", "-m", "every.featcolor", "-o", "with.png"]) == 0
    assert (folder / "with.png").read_bytes() == (folder / "every.png").read_bytes()


@pytest.mark.parametrize(
    ("call", "work"),
    [("fit", "fitting needs scikit-learn, scikit-image, SciPy"), ("benchmark", "the benchmark needs scikit-learn")],
)
def test_what_needs_it_names_the_command_in_one_line(ended: dict[str, Ended], call: str, work: str) -> None:
    assert ended[call].code == 2
    [line] = ended[call].said.splitlines()
    assert line.startswith(f"featcolor: error: {work}")
    assert line.endswith("pip install 'featcolor[fit]'")


def test_a_network_of_ones_own_names_the_command(ended: dict[str, Ended]) -> None:
    line = ended["own"].said.splitlines()[0]
    assert line.endswith("own.onnx: needs onnx, which is not installed: pip install 'featcolor[fit]'")
