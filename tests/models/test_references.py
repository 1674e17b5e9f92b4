"""Which pixels train: working sizes, references that cannot be used, views, films."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from featcolor.colour.film_stock import FILM_STOCKS, film_lightness
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import PictureError
from featcolor.models.config import ColorizerConfig
from featcolor.models.references import (
    READ_AREA,
    SMALLEST_SIDE,
    THUMBNAIL,
    as_rgb8,
    describe,
    find_duplicates,
    random_pixels,
    random_view,
    read_source,
    sample_reference,
    working_lightness,
)
from featcolor.pictures.resize import LONGEST_SIDE, resize, working_size
from features.base import FeatureStack
from features.context import ContextFeatures
from features.spec import parse_features
from tests.samples import write_rgb


def config(**changes: Any) -> ColorizerConfig:
    return ColorizerConfig(**{"features": "context:2", "size": 48, "pixels": 60, "views": 1, "film": "none"} | changes)


STACK = FeatureStack([ContextFeatures((2,))])


def picture(height: int = 40, width: int = 56, seed: int = 0) -> NDArray[np.uint8]:
    """Soft colours, without two pixels of one lightness and another chroma."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 256, (3, 4, 3)).astype(np.float32)
    return resize(corners, (height, width)).round().astype(np.uint8)


@given(height=st.integers(1, 70_000), width=st.integers(1, 70_000), size=st.integers(32, 2048))
def test_working_size_keeps_area_or_the_limits(height: int, width: int, size: int) -> None:
    h, w = working_size((height, width), size)
    assert min(h, w) >= 1
    assert max(h, w) <= LONGEST_SIDE
    assert (h <= height and w <= width) or (h, w) == (2 * height, 2 * width)
    if min(h, w) > 20:
        assert w / h == pytest.approx(width / height, rel=0.05)
        limited = max(h, w) == LONGEST_SIDE or (h, w) in ((height, width), (2 * height, 2 * width))
        assert limited or h * w == pytest.approx(size * size, rel=0.05)


def test_working_size_depends_on_the_area_not_on_the_longest_side() -> None:
    assert working_size((500, 500), 100) == (100, 100)
    assert working_size((1000, 250), 100) == (200, 50)
    assert working_size((10, 20), 100) == (20, 40)  # doubled where that fits
    assert working_size((60, 80), 100) == (60, 80)


def test_resizing_to_the_same_size_is_the_identity_and_shrinking_takes_means() -> None:
    values = np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(resize(values, (4, 6)), values)
    np.testing.assert_allclose(resize(values, (2, 3)), values.reshape(2, 2, 3, 2).mean(axis=(1, 3)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_arrays_of_every_depth_are_the_same_picture(dtype: type) -> None:
    scale = {np.uint8: 1, np.uint16: 257}.get(dtype, 1 / 255)
    array = (picture().astype(np.float64) * scale).astype(dtype)
    np.testing.assert_array_equal(as_rgb8(array, 10_000), picture())
    assert as_rgb8(array, 500).shape[0] * as_rgb8(array, 500).shape[1] == pytest.approx(500, rel=0.05)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((30, 30), np.uint8), "shape"),
        (np.zeros((30, 30, 4), np.uint8), "shape"),
        (np.zeros((0, 30, 3), np.uint8), "shape"),
        (np.zeros((30, 30, 3), np.int64), "int64"),
        (np.zeros((30, 30, 3), bool), "bool"),
        (np.full((30, 30, 3), np.nan, np.float32), "finite"),
        (picture(SMALLEST_SIDE - 1, 40), "tiny"),
        (np.repeat(picture()[..., :1], 3, axis=2), "grey"),
    ],
)
def test_arrays_that_are_no_reference_are_refused(array: NDArray[Any], reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        read_source(array, size=48)


def test_a_path_is_the_picture_that_it_holds(tmp_path: Path) -> None:
    path = write_rgb(tmp_path / "a.png", picture())
    np.testing.assert_array_equal(read_source(path, size=48), picture())
    np.testing.assert_array_equal(read_source(str(path), size=48), picture())
    large = write_rgb(tmp_path / "large.jpg", picture(600, 400))
    height, width = read_source(large, size=48).shape[:2]
    assert height * width <= READ_AREA * 48 * 48


def test_rows_are_features_and_chroma_of_the_same_pixels() -> None:
    rgb = picture()
    rgb.flags.writeable = False
    rows = sample_reference(rgb, STACK, config(), seed=3)
    lightness, chroma = rgb_to_lab(resize(rgb, working_size(rgb.shape, 48)))
    assert rows.features.shape == (60, len(STACK.names))
    assert rows.features.dtype == np.float16
    assert rows.chroma.dtype == np.float32
    for own_chroma, own_lightness in zip(rows.chroma, rows.features[:, 0], strict=True):
        distance = np.abs(chroma - own_chroma).max(axis=2)
        y, x = np.unravel_index(distance.argmin(), distance.shape)
        assert distance[y, x] == 0
        assert lightness[y, x] == pytest.approx(own_lightness, abs=1e-3)
    assert rows.thumbnail.shape == (THUMBNAIL**2,)
    assert rows.thumbnail.mean() == pytest.approx(100 * lightness.mean(), abs=0.5)
    np.testing.assert_array_equal(rows.descriptor, describe(STACK, lightness))


@pytest.mark.parametrize("views", [1, 2, 5, 16])
@pytest.mark.parametrize("pixels", [1, 3, 60])
def test_pixels_are_shared_out_among_the_views(views: int, pixels: int) -> None:
    stack = parse_features("patch:3,daisy:3-1-4-4,context:2,position")
    rows = sample_reference(picture(), stack, config(views=views, pixels=pixels), seed=0)
    assert rows.features.shape == (pixels, len(stack.names))
    assert rows.chroma.shape == (pixels, 2)
    assert np.isfinite(rows.features).all()


def test_views_differ_in_lightness_but_hardly_in_chroma() -> None:
    one, many = (sample_reference(picture(), STACK, config(views=v, pixels=2000), seed=0) for v in (1, 8))
    np.testing.assert_allclose(many.chroma.mean(axis=0), one.chroma.mean(axis=0), atol=2)
    np.testing.assert_allclose(many.chroma.std(axis=0), one.chroma.std(axis=0), rtol=0.15)
    np.testing.assert_array_equal(many.thumbnail, one.thumbnail)
    assert len(np.unique(many.features, axis=0)) > len(np.unique(one.features, axis=0))


def test_views_change_the_tone_but_the_first_does_not() -> None:
    _, chroma = rgb_to_lab(picture())
    even = lab_to_rgb(np.full(chroma.shape[:2], 0.3, np.float32), 0.3 * chroma)
    one, many = (sample_reference(even, STACK, config(views=v, pixels=160), seed=0).features[:, 0] for v in (1, 8))
    np.testing.assert_allclose(one, 0.3, atol=0.01)
    np.testing.assert_allclose(many[:20], 0.3, atol=0.01)
    assert np.ptp(many[20:].astype(np.float32)) > 0.03


def test_random_views_are_mirrored_and_rescaled() -> None:
    rng, rgb = np.random.default_rng(0), picture()
    views = [random_view(rgb, 48, rng) for _ in range(40)]
    to_the_left = rgb[:, : rgb.shape[1] // 2].mean() > rgb[:, rgb.shape[1] // 2 :].mean()
    mirrored = [
        (view[:, : view.shape[1] // 2].mean() > view[:, view.shape[1] // 2 :].mean()) != to_the_left for view in views
    ]
    assert 8 <= sum(mirrored) <= 32
    areas = np.array([view.shape[0] * view.shape[1] for view in views]) / 48**2
    assert np.median(areas) == pytest.approx(1, rel=0.2)
    assert 0.2 < np.log(areas).std() < 0.4
    assert all(view.flags.c_contiguous and min(view.shape[:2]) >= SMALLEST_SIDE for view in views)


def test_the_seed_decides() -> None:
    first, second, other = (sample_reference(picture(), STACK, config(views=3), seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.chroma, second.chroma)
    assert not np.array_equal(first.features, other.features)


@pytest.mark.parametrize("film", FILM_STOCKS)
def test_the_film_decides_on_lightness_but_not_on_chroma(film: str) -> None:
    rgb = picture()
    plain, seen = (sample_reference(rgb, STACK, config(film=stock), seed=0) for stock in ("none", film))
    np.testing.assert_array_equal(seen.chroma, plain.chroma)
    assert np.array_equal(seen.features, plain.features) == (film == "none")
    shrunk = resize(rgb, working_size(rgb.shape, 48))
    np.testing.assert_array_equal(working_lightness(rgb, config(film=film)), film_lightness(shrunk, film))


def test_pixels_are_drawn_once_where_they_suffice() -> None:
    rng = np.random.default_rng(0)
    every = random_pixels((5, 8), 40, rng)
    assert len(np.unique(every, axis=0)) == 40
    assert len(random_pixels((5, 8), 100, rng)) == 100
    assert (random_pixels((5, 8), 100, rng).max(axis=0) == (4, 7)).all()


def test_copies_are_found_however_far_apart_they_come() -> None:
    rng = np.random.default_rng(0)
    thumbnails = {number: 100 * rng.random(64, np.float32) for number in range(1200)}
    thumbnails |= {1100: thumbnails[3] + np.float32(0.5), 1150: thumbnails[1140], 1199: thumbnails[3] + np.float32(1.1)}
    assert find_duplicates(thumbnails) == {1100: 3, 1150: 1140}
