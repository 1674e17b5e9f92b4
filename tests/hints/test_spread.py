"""Spreading of hints: what is told is so, what is alike follows, what is not stays, and order does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.hints.kernel import CHROMA, GROUPS, LikenessKernel, bundled_kernel
from featcolor.hints.places import Places
from featcolor.hints.process import HintProcess
from featcolor.hints.shared import Change, SharedHints
from featcolor.hints.spots import MOST_SPOTS, Spots
from featcolor.hints.spread import TOUCHED, spread, touch_up
from features.base import FloatArray, IndexArray

SHAPE = (48, 64)
WIDTH = bundled_kernel().axes.shape[1] + sum(GROUPS)


def scene(seed: int = 0, *, things: int = 3) -> tuple[Places, NDArray[np.intp], FloatArray]:
    """Upright bars of things that look quite different: their places, which thing each is, lightness."""
    generator = np.random.default_rng(seed)
    kind = np.repeat(np.arange(things), -(-SHAPE[1] // things))[: SHAPE[1]] * np.ones((SHAPE[0], 1), np.intp)
    looks = generator.normal(0, 0.02, (*SHAPE, WIDTH)).astype(np.float32)
    looks[..., 0] += 12 * kind
    looks[..., 1] -= 9 * kind
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32) / np.float32(SHAPE[0] / 2)
    looks[..., -5], looks[..., -4] = rows, columns
    looks[..., -3] = 1.2 * kind
    return Places(looks, bundled_kernel()), kind, (0.3 + 0.2 * kind).astype(np.float32)


def at(*places: tuple[int, int]) -> IndexArray:
    return np.array(places, np.intp)


def of(chroma: FloatArray) -> FloatArray:
    return np.asarray(chroma, np.float32)


def test_likeness_is_one_to_itself_symmetric_and_a_covariance() -> None:
    looks = np.random.default_rng(1).normal(0, 1.5, (40, WIDTH)).astype(np.float32)
    likeness = bundled_kernel().likeness(looks, looks)
    assert np.allclose(np.diag(likeness), 1, atol=1e-3)
    assert np.allclose(likeness, likeness.T, atol=1e-3)
    assert np.linalg.eigvalsh(likeness.astype(np.float64)).min() > -1e-3
    assert (likeness > 0).all()


def test_likeness_is_the_sum_that_it_says_it_is() -> None:
    kernel = bundled_kernel()
    one, other = np.random.default_rng(2).normal(0, 1, (2, WIDTH)).astype(np.float32)
    parts = np.split((one - other) ** 2, np.cumsum([WIDTH - sum(GROUPS), *GROUPS[:-1]]))
    squared = np.array([part.sum() for part in parts])
    plain = sum(w / (1 + c @ squared) for w, c in zip(kernel.weights, kernel.coefficients, strict=True))
    assert kernel.likeness(one[None], other[None])[0, 0] == pytest.approx(float(plain), rel=1e-4)


def test_reach_is_whole_at_a_hint_and_ends() -> None:
    kernel = bundled_kernel()
    looks = np.zeros((3, WIDTH), np.float32)
    looks[1:, 0] = 3, 300
    reached = kernel.reached(looks, looks[:1])
    assert reached[0] == pytest.approx(1)
    assert 1 > reached[1] > reached[2] == pytest.approx(0, abs=1e-3)


def test_a_hint_is_taken_what_is_alike_follows_and_what_is_not_stays() -> None:
    places, kind, lightness = scene()
    before = np.zeros((*SHAPE, 2), np.float32)
    hinted, influence = spread(places, lightness, before, at((20, 5)), of([[30, -40]]))
    assert hinted[20, 5] == pytest.approx([30, -40], abs=0.5)
    assert np.linalg.norm(hinted[kind == 0], axis=1).min() > 25
    assert np.linalg.norm(hinted[kind == 2], axis=1).max() < 0.5
    assert influence[20, 5] > 0.9
    assert influence[kind == 2].max() < 0.05


def test_hints_that_contradict_each_other_along_a_border_are_both_right() -> None:
    places, kind, lightness = scene(things=2)
    border = int(np.argmax(kind[0] == 1))
    yx = at(*((y, border - 1) for y in range(48)), *((y, border) for y in range(48)))
    told = of(np.repeat([[40, 20], [-30, 10]], 48, axis=0))
    hinted, _ = spread(places, lightness, np.zeros((*SHAPE, 2), np.float32), yx, told)
    # The very pixels at the border share what is left of the touch with one another.
    assert np.abs(hinted[:, border - 3] - [40, 20]).max() < 4
    assert np.abs(hinted[:, border + 2] - [-30, 10]).max() < 4


def test_order_does_not_matter() -> None:
    places, _, lightness = scene(3)
    generator = np.random.default_rng(3)
    yx = np.unique(generator.integers(0, 48, (60, 2)), axis=0)
    told = of(generator.normal(0, 20, (len(yx), 2)))
    before = of(generator.normal(0, 5, (*SHAPE, 2)))
    turned = generator.permutation(len(yx))
    one, other = (spread(places, lightness, before, yx[order], told[order]) for order in (np.arange(len(yx)), turned))
    assert np.allclose(one[0], other[0], atol=1e-2)
    assert np.allclose(one[1], other[1], atol=1e-3)


def test_more_hints_decide_no_less() -> None:
    places, _, _ = scene(4)
    yx = np.random.default_rng(4).integers(0, 48, (20, 2))
    few, many = (HintProcess.of(places.kernel, places.looks[y, x]) for y, x in (yx[:5].T, yx.T))
    assert (many.influence(places) >= few.influence(places) - 1e-3).all()


def test_touching_places_of_one_colour_are_one_spot_and_of_two_are_two() -> None:
    places, _, _ = scene()
    patch = np.argwhere(np.ones((2, 2))) + 20
    assert len(Spots.of(places, patch, of(np.tile([20, 20], (4, 1)))).looks) == 1
    assert len(Spots.of(places, patch, of([[20, 20], [20, 20], [-20, 0], [-20, 0]])).looks) == 2


def test_a_stroke_that_goes_over_a_border_is_believed_where_most_of_it_lies() -> None:
    places, kind, lightness = scene(things=2)
    border = int(np.argmax(kind[0] == 1))
    stroke = np.array([(20, x) for x in range(border - 20, border + 3)])
    told = of(np.tile([40, 20], (len(stroke), 1)))
    spots = Spots.of(places, stroke, told)
    over = spots.looks[:, -3] > 0.5
    assert spots.doubt[~over].max() < 1.5
    assert spots.doubt[over].min() > 5
    hinted, _ = spread(places, lightness, np.zeros((*SHAPE, 2), np.float32), stroke, told)
    assert np.linalg.norm(hinted[40:, : border - 4], axis=2).min() > 30
    assert np.linalg.norm(hinted[40:, border + 4 :], axis=2).max() < 12
    # A hint of its own beyond the border is believed.
    alone = Spots.of(places, stroke[-2:], told[-2:])
    assert alone.doubt == pytest.approx(1)


@pytest.mark.parametrize("count", [3000, 48 * 64])
def test_however_many_hints_the_spots_are_few(count: int) -> None:
    places, _, _ = scene()
    generator = np.random.default_rng(5)
    yx = np.argwhere(np.ones(SHAPE))[np.sort(generator.permutation(48 * 64)[:count])]
    spots = Spots.of(places, yx, of(generator.uniform(-100, 100, (count, 2))))
    assert len(spots.looks) <= MOST_SPOTS
    assert len(spots.number) == count


def test_shared_hints_are_what_they_change_in_their_own_picture() -> None:
    places, _, lightness = scene(6)
    yx, told = at((10, 4), (30, 40)), of([[20, 0], [0, 30]])
    before = np.zeros((2, 2), np.float32)
    shared = SharedHints.of([Change(places, yx, told, before)])
    process = HintProcess.of(places.kernel, places.looks[yx[:, 0], yx[:, 1]])
    assert np.allclose(shared.over(places), process.change(places, told), atol=1e-3)
    assert lightness.shape == SHAPE


def test_shared_hints_find_the_same_thing_elsewhere() -> None:
    places, _, _ = scene(7)
    shared = SharedHints.of([Change(places, at((10, 4)), of([[20, 10]]), of([[0, 0]]))], anywhere=True)
    moved = places.looks.copy()
    moved[..., :-5], moved[..., -3:] = places.looks[:, ::-1, :-5], places.looks[:, ::-1, -3:]
    other = Places(moved, places.kernel)
    assert np.allclose(shared.over(other), shared.over(places)[:, ::-1], atol=1e-3)


def test_a_touch_is_exact_at_a_lone_place_and_ends_soon() -> None:
    touched = touch_up((40, 40), at((20, 20)), of([[8, -6]]))
    assert touched[20, 20] == pytest.approx([8, -6], abs=1e-4)
    assert not touched[20 + TOUCHED + 1 :].any()
    assert not touched[:, : 20 - TOUCHED].any()


def test_a_touch_of_even_error_is_that_error() -> None:
    touched = touch_up((20, 20), np.argwhere(np.ones((20, 20))), of(np.tile([3, 2], (400, 1))))
    assert np.allclose(touched, [3, 2], atol=1e-4)


def test_the_kernel_survives_its_file() -> None:
    kernel = bundled_kernel()
    assert isinstance(kernel, LikenessKernel)
    assert kernel.weights.sum() == pytest.approx(1, abs=1e-4)
    assert kernel.coefficients.shape == (len(kernel.weights), 4)
    assert CHROMA > 0
