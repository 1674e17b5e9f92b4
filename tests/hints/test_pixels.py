"""Hinted pixels: each once, in one order, as few as are needed and spread as they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from featcolor.hints.pixels import HintPixels, same_shape

YX = arrays(np.intp, st.tuples(st.integers(1, 40), st.just(2)), elements=st.integers(0, 20))


def told(yx: NDArray[np.intp], seed: int = 0) -> HintPixels:
    return HintPixels(yx, np.random.default_rng(seed).integers(0, 256, (len(yx), 3)).astype(np.float32))


@given(YX, YX)
def test_together_is_the_mean_of_each_pixel_in_the_order_of_rows(first: NDArray, second: NDArray) -> None:
    parts = [told(first), told(second, 1)]
    whole = HintPixels.together(parts)
    expected: dict[tuple[int, int], list[NDArray]] = {}
    for part in parts:
        for place, colour in zip(part.yx.tolist(), part.rgb, strict=True):
            expected.setdefault((place[0], place[1]), []).append(colour)
    assert [tuple(place) for place in whole.yx.tolist()] == sorted(expected)
    for place, colour in zip(whole.yx.tolist(), whole.rgb, strict=True):
        np.testing.assert_allclose(colour, np.mean(expected[place[0], place[1]], axis=0), rtol=1e-5)
    other = HintPixels.together(parts[::-1])
    np.testing.assert_array_equal(other.yx, whole.yx)
    np.testing.assert_allclose(other.rgb, whole.rgb, rtol=1e-5)


@given(YX, st.integers(1, 30))
def test_thinned_is_a_part_and_no_more_than_was_asked(yx: NDArray, most: int) -> None:
    whole = HintPixels.together([told(yx)])
    some = whole.thinned(most)
    assert 1 <= len(some) <= most or len(whole) <= most
    assert {tuple(place) for place in some.yx.tolist()} <= {tuple(place) for place in whole.yx.tolist()}
    if len(whole) <= most:
        np.testing.assert_array_equal(some.yx, whole.yx)


def test_thinning_leaves_no_large_gap() -> None:
    whole = HintPixels.of_colour(np.argwhere(np.ones((200, 300), bool)), (1, 2, 3))
    some = whole.thinned(600).yx
    assert len(some) > 300
    gaps = np.abs(whole.yx[::37, None] - some).max(axis=2).min(axis=1)
    assert gaps.max() <= 20


@given(YX, st.integers(0, 10), st.integers(0, 10))
def test_within_a_region_are_those_inside_as_its_own_pixels(yx: NDArray, row: int, column: int) -> None:
    whole = told(yx)
    inside = whole.within(slice(row, row + 8), slice(column, column + 5))
    canvas = np.zeros((40, 40), bool)
    canvas[tuple(whole.yx.T)] = True
    expected = np.argwhere(canvas[row : row + 8, column : column + 5])
    assert {tuple(place) for place in inside.yx.tolist()} == {tuple(place) for place in expected.tolist()}


@given(st.integers(20, 3000), st.integers(20, 3000), st.floats(0.1, 5))
def test_a_scaled_picture_has_the_same_shape_and_a_turned_one_has_not(width: int, height: int, scale: float) -> None:
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    assert same_shape((width, height), scaled)
    if max(width, height) > 1.3 * min(width, height):
        assert not same_shape((width, height), (height, width))


def test_none_together_are_none() -> None:
    assert len(HintPixels.together([])) == 0
