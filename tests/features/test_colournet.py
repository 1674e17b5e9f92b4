"""The colour network: what its file must say, where its maps lie in the picture, what it gives as features."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import features.colournet
from features.annealed import annealed_mean, confidence_of
from features.base import FloatArray, grid_points
from features.colournet import BUNDLED, ColourNetwork
from features.embedding import EmbeddingFeatures
from features.network import NetworkError
from features.network_grid import FrameAxis, grey_codes
from features.onnxfile import summarise
from tests.networks import colour_network, mean_colour_network, tiny_network
from tests.samples import noise

SHAPES = [(64, 96), (64, 64), (150, 213), (30, 41), (1, 1), (1, 40), (300, 2), (77, 64)]


def ramp(shape: tuple[int, int], axis: int) -> FloatArray:
    """Lightness whose grey codes rise evenly along an axis from 100 to 200."""
    codes = np.linspace(100, 200, shape[axis])
    table = np.linspace(0, 1, 4001, dtype=np.float32)
    lightness = np.interp(codes, grey_codes(table[None])[0], table).astype(np.float32)
    return np.ascontiguousarray(np.broadcast_to(lightness[:, None] if axis == 0 else lightness, shape))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_network(tmp_path_factory.mktemp("colour") / "colour.onnx")


@pytest.fixture(scope="module")
def network(file: Path) -> ColourNetwork:
    return ColourNetwork(file)


# The maps


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_of_every_size(network: ColourNetwork, shape: tuple[int, int]) -> None:
    lightness = noise(shape)
    lightness.flags.writeable = False
    maps = network.maps(lightness)
    assert maps.embedding.shape[0] == network.info.channels == 6
    assert maps.logits.shape[0] == len(network.info.cells) == 49
    assert maps.embedding.shape[1:] == maps.logits.shape[1:]
    chroma, confidence = maps.chroma(0.6, 1.2)
    assert chroma.shape == (*confidence.shape, 2)
    assert chroma.dtype == confidence.dtype == np.float32
    assert ((confidence >= 0) & (confidence <= 1)).all()
    for full in (shape, (9, 7)):
        assert maps.at_size(chroma, full).shape == (*full, 2)
        assert maps.at_size(confidence, full).shape == full
    yx = grid_points(shape, 3)
    for values, channels in ((maps.sample_embedding(yx), 6), (maps.sample_logits(yx), 49), (maps.scene()[None], 6)):
        assert values.shape[1:] == (channels,)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()


def test_long_strips_cost_no_more_than_a_few_squares(network: ColourNetwork) -> None:
    for shape in ((1, 60_000), (60_000, 1)):
        assert np.prod(network.maps(noise(shape)).logits.shape[1:]) <= 8 * 6 * 16 * 16


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(64, 96), (61, 90), (200, 130), (40, 50)])
def test_cells_lie_where_the_pixels_are(tmp_path: Path, shape: tuple[int, int], axis: int) -> None:
    """Of a ramp the embedding is the ramp itself, whatever the resizing and the mirrored borders."""
    maps = ColourNetwork(mean_colour_network(tmp_path / "mean.onnx", 61)).maps(ramp(shape, axis))
    yx = grid_points(shape)
    values = maps.sample_embedding(yx).reshape(shape)
    expected = grey_codes(ramp(shape, axis))
    # Cells across the picture's border mix the ramp with its mirror image: 4 cells of the frame are left out.
    left = -(-4 * 4 * max(shape) // 61)
    inner = tuple(slice(left, side - left) if number == axis else slice(None) for number, side in enumerate(shape))
    slope = 100 / (shape[axis] - 1)
    np.testing.assert_allclose(values[inner], expected[inner], atol=0.1 * slope + 0.05)


@pytest.mark.parametrize("shape", [(64, 96), (150, 213), (30, 41), (66, 64)])
def test_a_plane_at_full_size_is_read_where_pixels_are_sampled(network: ColourNetwork, shape: tuple[int, int]) -> None:
    maps = network.maps(noise(shape))
    rows, columns = (axis.inside(n) for axis, n in zip(maps.axes, maps.embedding.shape[1:], strict=True))
    plane = maps.at_size(np.ascontiguousarray(maps.embedding[0][rows, columns]), shape)
    sampled = maps.sample_embedding(grid_points(shape))[:, 0].reshape(shape)
    # OpenCV interpolates with weights in steps of 1/32.
    np.testing.assert_allclose(plane, sampled, atol=np.ptp(sampled) / 24)
    assert np.abs(plane - sampled).mean() < np.ptp(sampled) / 200


def test_chroma_is_the_annealed_mean_of_the_pictures_cells(network: ColourNetwork) -> None:
    maps = network.maps(noise((150, 213)))
    chroma, confidence = maps.chroma(0.5, 1.5)
    rows, columns = (axis.inside(n) for axis, n in zip(maps.axes, maps.logits.shape[1:], strict=True))
    inner = np.moveaxis(maps.logits[:, rows, columns], 0, -1)
    assert chroma.shape[:2] == inner.shape[:2]
    mean, spread = annealed_mean(inner.reshape(-1, 49), network.info.cells, temperature=0.5)
    np.testing.assert_allclose(chroma.reshape(-1, 2), 1.5 * mean, atol=1e-4)
    np.testing.assert_allclose(confidence.ravel(), confidence_of(spread), atol=1e-5)
    coldest = maps.chroma(0.05, 1.0)[0]
    assert np.abs(coldest - network.info.cells[inner.argmax(axis=-1)]).mean() < 2


@pytest.mark.parametrize("side", [1, 31, 32, 33, 64, 90])
@pytest.mark.parametrize("cells_of", [4, 32])
def test_every_pixel_is_between_the_cells_inside(side: int, cells_of: int) -> None:
    axis = FrameAxis.mirrored(side)
    assert axis.frame % 32 == 0
    inside = axis.inside(axis.frame // cells_of)
    low, high, weight = axis.taps(np.arange(side), axis.frame // cells_of)
    assert inside.start <= low.min() <= high.max() <= inside.stop <= axis.frame // cells_of
    assert inside.stop - inside.start <= side / cells_of + 3
    assert ((weight >= 0) & (weight <= 1)).all()
    assert (np.diff(low + weight) >= 0).all()
    assert (high <= axis.frame // cells_of - 1).all()


def test_the_latest_pictures_maps_are_kept(file: Path) -> None:
    network = ColourNetwork(file)
    maps = network.maps(noise((40, 50)))
    assert network.maps(noise((40, 50))) is maps
    other = network.maps(noise((40, 50), 1))
    assert other is not maps
    assert not np.array_equal(other.logits, maps.logits)
    flat = np.full((64, 64), 0.5, np.float32)
    assert network.maps(flat).axes != network.maps(np.full((64, 128), 0.5, np.float32)).axes


def test_pickles_are_small_and_give_the_same(file: Path, network: ColourNetwork) -> None:
    lightness = noise((50, 70))
    expected, maps = network.maps(lightness), pickle.loads(pickle.dumps(network)).maps(lightness)
    np.testing.assert_array_equal(maps.embedding, expected.embedding)
    np.testing.assert_array_equal(maps.logits, expected.logits)
    assert len(pickle.dumps(network)) < file.stat().st_size


# The file


def test_the_file_tells_how_it_is_used(file: Path, network: ColourNetwork) -> None:
    info = network.info
    assert info.cells.shape == (49, 2)
    assert info.cells.dtype == np.float32
    assert (info.short_side, info.temperature, info.saturation, info.channels) == (64, 0.6, 1.25, 6)
    assert info.card["held_back"] == ["a.jpg"]
    assert ColourNetwork(file, sha256=info.sha256).info.sha256 == info.sha256


def test_a_look_without_onnx_sees_what_onnx_sees(file: Path, tmp_path: Path) -> None:
    for path in (file, tiny_network(tmp_path / "tiny.onnx", channels=3, metadata={"a": "b", "ü": ""})):
        summary, proto = summarise(path.read_bytes()), onnx.load(path)
        assert summary.properties == {item.key: item.value for item in proto.metadata_props}
        assert summary.nodes == len(proto.graph.node)
        for seen, there in ((summary.inputs, proto.graph.input), (summary.outputs, proto.graph.output)):
            assert list(seen) == [value.name for value in there]
            for value in there:
                kind = value.type.tensor_type
                assert seen[value.name].kind == kind.elem_type
                assert list(seen[value.name].sides) == [side.dim_value or None for side in kind.shape.dim]


WRONG: dict[str, dict[str, Any]] = {
    "newer featcolor": {"version": 2},
    "tells no version": {"version": "1"},
    "cells for 49 logits": {"cells": [[0, 0], [10, 0]]},
    "not pairs": {"cells": [[0, 0, 0]] * 49},
    "pairs of numbers": {"cells": "blue"},
    "of numbers": {"cells": [[10**400, 0]] * 49},
    "not colours": {"cells": [[float("nan"), 0]] * 49},
    "short_side must be": {"short_side": 176.5},
    "short_side": {"short_side": 10**9},
    "temperature must be": {"temperature": 0},
    "temperature must be a number": {"temperature": None},
    "temperature": {"temperature": float("nan")},
    "saturation must be": {"saturation": 10**400},
    "the card": {"card": [1]},
    "is not JSON": {"properties": {"featcolor.colour": "{"}},
    "not JSON": {"properties": {"featcolor.colour": "[" * 100_000}},
    "no version": {"properties": {"featcolor.colour": "[]"}},
    "sees grey codes": {"properties": {"featcolor.input": "imagenet"}},
}


@pytest.mark.parametrize("words", WRONG)
def test_settings_and_properties_that_are_none_are_refused(tmp_path: Path, words: str) -> None:
    assert words in refusal(colour_network(tmp_path / "wrong.onnx", **WRONG[words]))


def refusal(path: Path) -> str:
    """The one line of the error, which names the file."""
    with pytest.raises(NetworkError) as caught:
        ColourNetwork(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


def test_files_that_are_no_colour_network_are_refused(tmp_path: Path, file: Path) -> None:
    assert "not a colour network" in refusal(tiny_network(tmp_path / "backbone.onnx"))
    settings = {"featcolor.input": "codes", "featcolor.colour": json.dumps({"version": 1})}
    assert "takes 'grey'" in refusal(tiny_network(tmp_path / "other.onnx", metadata=settings))
    (tmp_path / "empty.onnx").touch()
    assert "is empty" in refusal(tmp_path / "empty.onnx")
    (tmp_path / "text.onnx").write_text("dear diary, today")
    assert "not an ONNX network" in refusal(tmp_path / "text.onnx")
    (tmp_path / "folder.onnx").mkdir()
    assert "cannot be read" in refusal(tmp_path / "folder.onnx")
    assert "cannot be read" in refusal(tmp_path / "missing.onnx")
    with pytest.raises(NetworkError, match="not the one"):
        ColourNetwork(file, sha256="0" * 64)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, file: Path) -> None:
    content = file.read_bytes()
    for length in np.linspace(1, len(content) - 1, 60).astype(int):
        path = tmp_path / f"{length}.onnx"
        path.write_bytes(content[:length])
        with pytest.raises(NetworkError):
            ColourNetwork(path).maps(noise((64, 64)))


@given(content=st.binary(max_size=200), position=st.floats(0, 1, exclude_max=True))
def test_hostile_bytes_raise_nothing_but_what_is_promised(file: Path, content: bytes, position: float) -> None:
    good = file.read_bytes()
    at = int(position * len(good))
    for damaged in (content, good[:at] + content + good[at + len(content) :]):
        try:
            summarise(damaged)
        except ValueError:
            continue


def test_a_network_that_cannot_be_opened_is_refused_without_a_print(
    tmp_path: Path, file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """onnxruntime would tell on the output, where results go, that it tries the same once more."""
    path = tmp_path / "foreign.onnx"
    path.write_bytes(file.read_bytes().replace(b"Relu", b"Rel\xce"))
    with pytest.raises(NetworkError):
        ColourNetwork(path).maps(noise((40, 40)))
    assert capfd.readouterr() == ("", "")


def test_a_network_that_changes_is_read_again(tmp_path: Path) -> None:
    path = colour_network(tmp_path / "colour.onnx", short_side=64)
    old = ColourNetwork(path)
    old.maps(noise((64, 64)))
    colour_network(path, seed=1, short_side=96)
    assert ColourNetwork(path).info.short_side == 96
    assert not np.array_equal(ColourNetwork(path).maps(noise((64, 64))).scene(), old.maps(noise((64, 64))).scene())


def test_the_bundled_network_goes_by_its_name(
    default_network: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (
        ColourNetwork().info.sha256 == ColourNetwork(BUNDLED).info.sha256 == ColourNetwork(default_network).info.sha256
    )
    monkeypatch.setattr(features.colournet, "BUNDLED_FILE", tmp_path / "colour.onnx")
    with pytest.raises(NetworkError, match="missing from this copy"):
        ColourNetwork()


# As features


def test_the_embedding_is_the_networks(file: Path, network: ColourNetwork) -> None:
    extractor, lightness = EmbeddingFeatures(file), noise((40, 60))
    yx = grid_points((40, 60), 5)
    np.testing.assert_array_equal(extractor.sample(lightness, yx), network.maps(lightness).sample_embedding(yx))
    np.testing.assert_array_equal(extractor.describe(lightness), network.maps(lightness).scene())
    assert extractor.settings() == {"network": str(file), "sha256": network.info.sha256, "channels": 6}


def test_another_network_than_the_models_is_noticed(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "colour.onnx"
    shutil.copy(file, path)
    settings = EmbeddingFeatures(path).settings()
    colour_network(path, seed=1)
    with pytest.raises(NetworkError, match="not the one that this model was fitted with"):
        EmbeddingFeatures(**settings).sample(noise((40, 60)), grid_points((40, 60), 5))
    path.unlink()
    rebuilt = EmbeddingFeatures(**settings)
    assert len(rebuilt.names) == 6
    assert rebuilt.settings() == settings
    with pytest.raises(NetworkError, match="cannot be read"):
        rebuilt.fit([])


@pytest.mark.parametrize("channels", [0, -1, 10**12, "6", 6.0, True])
def test_channels_that_no_network_has_are_refused(channels: Any) -> None:
    with pytest.raises(ValueError, match="channels"):
        EmbeddingFeatures("net.onnx", channels=channels)


def test_channels_that_this_network_has_not_are_refused(file: Path) -> None:
    with pytest.raises(NetworkError, match="6 values a pixel"):
        EmbeddingFeatures(file, channels=7).fit([])
