"""One contract suite over every extractor, then what each promises of its own."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from features.backbone import BackboneFeatures
from features.base import FeatureExtractor, FeatureStack, FloatArray, grid_axes, grid_points
from features.context import ContextFeatures
from features.daisy import DaisyFeatures
from features.embedding import EmbeddingFeatures
from features.patch import PatchFeatures
from features.position import PositionFeatures
from features.spec import build_stack, stack_settings
from features.words import VisualWords
from tests.networks import colour_network, tiny_network
from tests.samples import extract

SHAPES = [(8, 8), (1, 40), (40, 1), (1, 1), (2, 3), (33, 57)]
SMALL_DAISY = (5, 1, 4, 4)
Maker: TypeAlias = Callable[[Path], FeatureExtractor]
COLOUR = "colour.onnx"
"""Beside the tiny network."""

EXTRACTORS: dict[str, Maker] = {
    "patch": lambda _: PatchFeatures(),
    "patch of 1": lambda _: PatchFeatures(1),
    "daisy": lambda _: DaisyFeatures(),
    "daisy, small": lambda _: DaisyFeatures(4, rings=1, histograms=3, orientations=5),
    "context": lambda _: ContextFeatures(),
    "context of 2": lambda _: ContextFeatures((2,)),
    "position": lambda _: PositionFeatures(),
    "words": lambda _: VisualWords(8, 5, daisy=SMALL_DAISY),
    "lite0": lambda _: BackboneFeatures(),
    "lite0, reduced": lambda _: BackboneFeatures(layers=("stride8", "stride16"), components=4),
    "network": lambda file: BackboneFeatures(file, layers=("relu0", "conv1"), components=3),
    "embedding": lambda file: EmbeddingFeatures(file.with_name(COLOUR)),
    "stack": lambda file: FeatureStack(
        [
            PatchFeatures(3),
            DaisyFeatures(*SMALL_DAISY[:1], rings=1, histograms=4, orientations=4),
            ContextFeatures((1, 4)),
            PositionFeatures(),
            VisualWords(6, 4, daisy=SMALL_DAISY),
            BackboneFeatures(file, layers=("relu1",)),
            EmbeddingFeatures(file.with_name(COLOUR)),
        ]
    ),
    "local stack": lambda _: FeatureStack([PatchFeatures(3), DaisyFeatures(3, rings=1), ContextFeatures((1, 4))]),
}


def noise(shape: tuple[int, int], seed: int = 0) -> FloatArray:
    """A picture with texture at several scales, (H, W), 0..1."""
    rng = np.random.default_rng(seed)
    planes = [cv2.resize(rng.random((n, n), np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR) for n in (3, 9)]
    return (0.4 * planes[0] + 0.3 * planes[1] + 0.3 * rng.random(shape, np.float32)).astype(np.float32)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network's file; a colour network lies beside it."""
    folder = tmp_path_factory.mktemp("networks")
    colour_network(folder / COLOUR)
    return tiny_network(folder / "tiny.onnx")


@pytest.fixture(scope="module")
def pictures() -> list[FloatArray]:
    return [noise((40 + i, 52), i) for i in range(4)]


@pytest.fixture(scope="module", params=EXTRACTORS)
def make(request: pytest.FixtureRequest, network: Path) -> Callable[[], FeatureExtractor]:
    return lambda: EXTRACTORS[request.param](network)


@pytest.fixture(scope="module")
def extractor(make: Callable[[], FeatureExtractor], pictures: list[FloatArray]) -> FeatureExtractor:
    return make().fit(pictures)


def parts(extractor: FeatureExtractor) -> FeatureStack:
    return extractor if isinstance(extractor, FeatureStack) else FeatureStack([extractor])


def states(extractor: FeatureExtractor) -> list[dict[str, Any]]:
    return [each.get_state() for each in parts(extractor).extractors]


def test_it_keeps_the_protocol_and_names_are_unique_text(extractor: FeatureExtractor) -> None:
    assert isinstance(extractor.names, tuple)
    assert len(set(extractor.names)) == len(extractor.names) > 0
    assert all(isinstance(name, str) and name for name in extractor.names)
    assert all(isinstance(each, FeatureExtractor) for each in parts(extractor).extractors)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_finite_float32_vector_a_pixel(extractor: FeatureExtractor, shape: tuple[int, int]) -> None:
    for lightness in (noise(shape), np.zeros(shape, np.float32), np.full(shape, 0.6, np.float32)):
        lightness.flags.writeable = False
        features = extract(extractor, lightness)
        assert features.shape == (*shape, len(extractor.names))
        assert features.dtype == np.float32
        assert np.isfinite(features).all()


def test_input_is_not_changed(extractor: FeatureExtractor) -> None:
    lightness, yx = noise((21, 30)), grid_points((21, 30), 4)
    before = lightness.copy(), yx.copy()
    extractor.sample(lightness, yx)
    np.testing.assert_array_equal(lightness, before[0])
    np.testing.assert_array_equal(yx, before[1])


def test_some_pixels_have_the_rows_of_the_whole(extractor: FeatureExtractor) -> None:
    lightness = noise((26, 35))
    whole = extract(extractor, lightness)
    yx = np.stack([np.random.default_rng(1).integers(0, side, 50) for side in lightness.shape], axis=1)
    # Matrix products of other lengths may differ in the last bit.
    np.testing.assert_allclose(extractor.sample(lightness, yx), whole[yx[:, 0], yx[:, 1]], rtol=1e-4, atol=1e-4)
    assert extractor.sample(lightness, yx[:0]).shape == (0, len(extractor.names))


def test_a_tile_inside_the_margin_gives_the_same_values(extractor: FeatureExtractor) -> None:
    if extractor.margin is None:
        pytest.skip("looks at the whole picture")
    lightness, margin = noise((150, 170)), extractor.margin
    inner = (slice(70, 75), slice(80, 87))
    tile = lightness[tuple(slice(side.start - margin, side.stop + margin) for side in inner)]
    kept = tuple(slice(margin, margin + side.stop - side.start) for side in inner)
    # Context sums along whole rows; DAISY's rings of 3 fall between pixels, at places rounded another way in a tile.
    exact = isinstance(extractor, PatchFeatures) or getattr(extractor, "histograms", 0) == 4
    tolerance = 0 if exact else 1e-5
    np.testing.assert_allclose(extract(extractor, tile)[kept], extract(extractor, lightness)[inner], 0, tolerance)


def test_settings_and_state_rebuild_it_and_so_do_pickles(extractor: FeatureExtractor) -> None:
    stack = parts(extractor)
    rebuilt = build_stack(json.loads(json.dumps(stack_settings(stack))))
    for each, state in zip(rebuilt.extractors, states(extractor), strict=True):
        each.set_state(state)
    assert rebuilt.margin == extractor.margin
    lightness, yx = noise((30, 41), 7), grid_points((30, 41), 3)
    for again in (rebuilt, pickle.loads(pickle.dumps(extractor))):
        assert again.names == extractor.names
        np.testing.assert_array_equal(again.sample(lightness, yx), extractor.sample(lightness, yx))


def test_same_seed_learns_the_same(
    make: Callable[[], FeatureExtractor], extractor: FeatureExtractor, pictures: list[FloatArray]
) -> None:
    again = make().fit(iter(pictures))
    for first, second in zip(states(extractor), states(again), strict=True):
        assert first.keys() == second.keys()
        for name, array in first.items():
            np.testing.assert_array_equal(array, second[name])


def test_learns_says_whether_pictures_matter(
    make: Callable[[], FeatureExtractor], extractor: FeatureExtractor, pictures: list[FloatArray]
) -> None:
    other = make().fit(pictures[:1])
    yx = grid_points((30, 41), 3)
    same = np.array_equal(other.sample(noise((30, 41), 7), yx), extractor.sample(noise((30, 41), 7), yx))
    assert same != extractor.learns


def test_foreign_state_is_refused(extractor: FeatureExtractor) -> None:
    settings = stack_settings(parts(extractor))
    for each in build_stack(settings).extractors:
        with pytest.raises((KeyError, ValueError)):
            each.set_state({"foreign": np.zeros(3)})


# Base


@pytest.mark.parametrize("shape", [(1, 1), (7, 10), (8, 3), (2, 40)])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 16])
def test_grid_points_lie_inside_row_by_row(shape: tuple[int, int], step: int) -> None:
    rows, columns = grid_axes(shape, step)
    assert (len(rows), len(columns)) == tuple(-(-side // step) for side in shape)
    points = grid_points(shape, step)
    np.testing.assert_array_equal(points, [(row, column) for row in rows for column in columns])
    assert (points >= 0).all()
    assert (points < shape).all()
    with pytest.raises(ValueError, match="step"):
        grid_points(shape, 0)


def test_a_stack_is_its_parts_side_by_side() -> None:
    extractors = [PatchFeatures(3), ContextFeatures((2, 5)), DaisyFeatures(4)]
    stack, lightness = FeatureStack(extractors), noise((20, 25))
    expected = np.dstack([extract(each, lightness) for each in extractors])
    np.testing.assert_array_equal(extract(stack, lightness), expected)
    assert stack.names == sum((each.names for each in extractors), ())
    assert stack.margin == max(each.margin for each in extractors)
    assert FeatureStack([*extractors, PositionFeatures()]).margin is None


# Patch


def plain_patch(lightness: FloatArray, size: int) -> FloatArray:
    height, width = lightness.shape
    reach = size // 2
    out = np.empty((height, width, size, size), np.float32)
    for y, x, dy, dx in np.ndindex(out.shape):
        row, column = y + dy - reach, x + dx - reach
        inside = 0 <= row < height and 0 <= column < width
        out[y, x, dy, dx] = lightness[row, column] if inside else lightness[y, x]
    return out.reshape(height, width, -1)


@pytest.mark.parametrize(("size", "shape"), [(1, (4, 5)), (3, (6, 9)), (7, (9, 5)), (7, (1, 3))])
def test_patch_takes_the_centre_outside_the_picture(size: int, shape: tuple[int, int]) -> None:
    lightness = noise(shape)
    np.testing.assert_array_equal(extract(PatchFeatures(size), lightness), plain_patch(lightness, size))


# Context


def plain_context(lightness: FloatArray, radius: int) -> FloatArray:
    """Mean, deviation and root mean squared gradient of one window size, in float64."""
    wide = lightness.astype(np.float64)
    padded = np.pad(wide, 1, mode="edge")
    energy = ((padded[1:-1, 2:] - padded[1:-1, :-2]) / 2) ** 2 + ((padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2) ** 2
    reflected, gradients = (np.pad(plane, radius, mode="symmetric") for plane in (wide, energy))
    out = np.empty((*lightness.shape, 3))
    for y, x in np.ndindex(lightness.shape):
        window = (slice(y, y + 2 * radius + 1), slice(x, x + 2 * radius + 1))
        out[y, x] = reflected[window].mean(), reflected[window].std(), np.sqrt(gradients[window].mean())
    return out


@pytest.mark.parametrize("shape", [(14, 19), (1, 9), (40, 37)])
def test_context_agrees_with_a_plain_loop(shape: tuple[int, int]) -> None:
    radii, lightness = (1, 3, 7), noise(shape)
    features = extract(ContextFeatures(radii), lightness)
    np.testing.assert_array_equal(features[..., 0], lightness)
    for i, radius in enumerate(radii):
        np.testing.assert_allclose(features[..., 1 + 3 * i : 4 + 3 * i], plain_context(lightness, radius), 0, 2e-5)


def test_a_flat_picture_has_no_texture() -> None:
    features = extract(ContextFeatures((1, 5)), np.full((20, 30), 0.7, np.float32))
    np.testing.assert_allclose(features[..., [0, 1, 4]], 0.7, atol=1e-6)
    np.testing.assert_allclose(features[..., [2, 3, 5, 6]], 0, atol=5e-4)
    np.testing.assert_allclose(extract(DaisyFeatures(), np.full((40, 40), 0.3, np.float32)), 0, atol=1e-6)


# Position


def test_position_is_symmetric_and_within_one() -> None:
    down, right, aside = np.moveaxis(extract(PositionFeatures(), noise((9, 14))), 2, 0)
    np.testing.assert_allclose(right[:, ::-1], -right, atol=1e-6)
    np.testing.assert_allclose(down[::-1], -down, atol=1e-6)
    np.testing.assert_allclose(aside[:, ::-1], aside, atol=1e-6)
    np.testing.assert_array_equal(aside, np.abs(right))
    assert np.abs([down, right, aside]).max() < 1
    assert (np.diff(down, axis=0) > 0).all()
    assert (np.diff(right, axis=1) > 0).all()


# DAISY


def test_daisy_is_blind_to_brightness_and_contrast() -> None:
    lightness = 0.3 * noise((60, 70)) + 0.2
    daisy = DaisyFeatures(8)
    reference = extract(daisy, lightness)
    assert reference.std() > 0.05
    np.testing.assert_allclose(extract(daisy, lightness + np.float32(0.25)), reference, atol=1e-3)
    np.testing.assert_allclose(extract(daisy, np.float32(2) * lightness), reference, atol=1e-5)


def test_daisy_histograms_have_unit_length_inside() -> None:
    daisy = DaisyFeatures(6, rings=2, histograms=4, orientations=8)
    inner = extract(daisy, noise((60, 60)))[20:-20, 20:-20]
    lengths = np.linalg.norm(inner.reshape(*inner.shape[:2], -1, daisy.orientations), axis=-1)
    assert lengths.shape[2] == daisy.rings * daisy.histograms + 1
    np.testing.assert_allclose(lengths, 1, atol=1e-4)


def test_daisy_tells_which_way_an_edge_runs() -> None:
    edge = np.zeros((64, 64), np.float32)
    edge[:, 32:] = 1
    daisy, centre = DaisyFeatures(6, rings=1, histograms=4, orientations=4), np.array([[32, 32]])
    upright, lying = daisy.sample(edge, centre), daisy.sample(np.ascontiguousarray(edge.T), centre)
    assert np.argmax(upright[0, :4]) != np.argmax(lying[0, :4])


@pytest.mark.parametrize("radius", [1, 2, 3, 4, 8, 15, 21])
@pytest.mark.parametrize("rings", [1, 2, 3, 5])
def test_daisy_margin_holds_bit_for_bit(radius: int, rings: int) -> None:
    daisy = DaisyFeatures(radius, rings=rings, histograms=8)
    whole, margin, centre = np.random.default_rng(0).random((201, 203), np.float32), daisy.margin, (100, 101)
    tile = whole[tuple(slice(at - margin, at + margin + 1) for at in centre)]
    in_tile, in_whole = (
        daisy.sample(picture, np.array([at])) for picture, at in ((tile, (margin, margin)), (whole, centre))
    )
    np.testing.assert_array_equal(in_tile, in_whole)


# Impossible settings


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        *((PatchFeatures, {"size": size}, "odd") for size in (0, 4, -3, 10**6 + 1, 3.0)),
        *((ContextFeatures, {"radii": radii}, "1 to 1024") for radii in ((), (0,), (3, -1), (10**6,), (2.5,), ("3",))),
        *(
            (DaisyFeatures, {name: value}, f"{name} must be")
            for name in ("radius", "rings", "histograms", "orientations")
            for value in (0, 10**6, "8")
        ),
        (DaisyFeatures, {"orientations": 1}, "orientations must be 2"),
        *((BackboneFeatures, {"layers": layers}, "names of tensors") for layers in ("relu0", [["relu0"]], [7])),
        (BackboneFeatures, {"sha256": ["0"]}, "must be text"),
        *((BackboneFeatures, {"components": components}, "at least 1") for components in (0, 2.5, "3")),
    ],
)
def test_impossible_settings_are_refused(make: Callable[..., Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**options)
