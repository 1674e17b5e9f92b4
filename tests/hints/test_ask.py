"""Questions: where a hint helps most, by a slow plain reference, and by what is plain to see."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.hints.ask import after, calm_grid, choose, visibility
from featcolor.hints.kernel import LikenessKernel
from featcolor.hints.picture import HintablePicture
from featcolor.hints.places import Places
from featcolor.models.pretrained import PretrainedColorizer
from features.base import FloatArray, IndexArray
from tests.samples import grey

NOBODY = np.zeros((0, 2), np.intp)
NOISE = 0.01


class Gaussian(LikenessKernel):
    """A kernel that is easily written down, in place of the learned one."""

    def __init__(self) -> None:
        object.__setattr__(self, "noise", NOISE)

    def likeness(self, first: FloatArray, second: FloatArray) -> FloatArray:
        return np.exp(-0.5 * ((first[:, None] - second) ** 2).sum(axis=2)).astype(np.float32)


def places(*things: tuple[float, int]) -> tuple[Places, IndexArray]:
    """A picture of one row: so many pixels of each kind, one after the other, and all its places."""
    kinds = np.repeat([kind for kind, _ in things], [count for _, count in things])
    row = np.stack([10 * kinds, np.linspace(0, 0.1, len(kinds))], axis=-1).astype(np.float32)
    return Places(row[None], Gaussian()), np.array([(0, x) for x in range(len(kinds))])


def some(seed: int, m: int = 12) -> tuple[Places, IndexArray, FloatArray, FloatArray]:
    generator = np.random.default_rng(seed)
    features = generator.normal(0, 0.7, (1, m, 3)).astype(np.float32)
    grid = np.array([(0, x) for x in range(m)])
    return Places(features, Gaussian()), grid, generator.uniform(1, 3, m), generator.uniform(0.5, 2, m)


def variance_left(
    those: Places, grid: IndexArray, deviation: FloatArray, weight: FloatArray, known: tuple[int, ...]
) -> float:
    """Weighted expected squared error once places are known, from the textbook's formula."""
    x = those.looks[grid[:, 0], grid[:, 1]]
    prior = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(axis=2)) * deviation[:, None] * deviation
    noisy = prior + np.diag(NOISE * deviation**2)
    rows = list(known)
    left = noisy - noisy[:, rows] @ np.linalg.inv(noisy[np.ix_(rows, rows)]) @ noisy[rows]
    return float(weight @ np.diag(left))


@pytest.mark.parametrize("seed", range(5))
def test_the_first_question_is_the_best_of_all(seed: int) -> None:
    those, grid, deviation, weight = some(seed)
    order, worth = choose(those, grid, deviation, weight, NOBODY, 1)
    left = [variance_left(those, grid, deviation, weight, (place,)) for place in range(len(grid))]
    assert order[0] == np.argmin(left)
    whole = variance_left(those, grid, deviation, weight, ())
    assert worth[0] == pytest.approx(1 - min(left) / whole, rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_three_questions_are_nearly_the_best_three(seed: int) -> None:
    those, grid, deviation, weight = some(seed)
    order, worth = choose(those, grid, deviation, weight, NOBODY, 3)
    left = {three: variance_left(those, grid, deviation, weight, three) for three in combinations(range(12), 3)}
    whole, best = variance_left(those, grid, deviation, weight, ()), min(left.values())
    mine = left[tuple(sorted(int(each) for each in order))]
    assert whole - mine >= 0.97 * (whole - best)
    assert worth.sum() == pytest.approx(1 - mine / whole, rel=1e-4)


def test_the_largest_unsure_thing_is_asked_about_first_then_another() -> None:
    those, grid = places((0, 30), (1, 20), (2, 10))
    order, worth = choose(those, grid, np.ones(60), np.ones(60), NOBODY, 3)
    assert order[0] < 30 <= order[1] < 50 <= order[2]
    assert worth == pytest.approx([1 / 2, 1 / 3, 1 / 6], abs=0.02)


def test_what_the_model_is_sure_of_is_not_asked() -> None:
    those, grid = places((0, 30), (1, 20))
    deviation = np.repeat([0.1, 20.0], [30, 20])
    assert choose(those, grid, deviation, np.ones(50), NOBODY, 1)[0][0] >= 30


def test_what_was_told_is_not_asked_again() -> None:
    those, grid = places((0, 30), (1, 20))
    order, worth = choose(those, grid, np.ones(50), np.ones(50), np.array([(0, 12)]), 1)
    assert order[0] >= 30
    assert worth[0] > 0.9
    many = np.array([(0, x % 30) for x in range(5000)])
    assert choose(those, grid, np.ones(50), np.ones(50), many, 1)[0][0] >= 30


def test_no_place_twice_and_no_more_than_there_are() -> None:
    those, grid, deviation, weight = some(1)
    order, _ = choose(those, grid, deviation, weight, NOBODY, 40)
    assert sorted(order) == list(range(12))


def test_a_picture_that_the_model_is_sure_of_everywhere_is_asked_about_all_the_same() -> None:
    those, grid, _, weight = some(2)
    order, worth = choose(those, grid, np.zeros(12), weight, NOBODY, 4)
    assert len(set(order)) == 4
    assert not worth.any()


def test_what_is_known_has_no_variance_left() -> None:
    base = np.random.default_rng(0).normal(size=(6, 9))
    covariance = base @ base.T
    left = after(covariance, [1, 4])
    assert np.allclose(left[[1, 4]], 0, atol=1e-6)
    assert (np.diag(left) <= np.diag(covariance) + 1e-9).all()
    assert after(covariance, []) is covariance


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (288, 288), (100, 800), (1, 5000)])
def test_the_grid_has_a_place_in_each_part(shape: tuple[int, int]) -> None:
    lightness = np.random.default_rng(0).random(shape, np.float32)
    grid = calm_grid(lightness)
    assert (grid >= 0).all()
    assert (grid < shape).all()
    assert len(np.unique(grid, axis=0)) == len(grid) <= 800
    if shape == (288, 288):
        assert (grid.reshape(24, 24, 2) // 12 == np.stack(np.mgrid[:24, :24], axis=-1)).all()


def test_no_question_is_at_an_edge() -> None:
    lightness = np.zeros((288, 288), np.float32)
    lightness[:, 150:] = 1
    assert (np.abs(calm_grid(lightness)[:, 1] - 149.5) > 3).all()


def test_errors_show_most_in_the_middle_tones() -> None:
    seen = visibility(np.float32([0.02, 0.6, 1.0]), np.zeros((3, 2), np.float32))
    assert seen[1] > seen[0]
    assert seen[2] == 0


def test_questions_of_a_picture_are_pixels_of_it(
    photographs: dict[str, NDArray[np.uint8]], default_network: object
) -> None:
    rgb = photographs["coffee"]
    picture = HintablePicture(PretrainedColorizer(), grey(rgb))
    questions = picture.ask(5)
    assert len({(each.x, each.y) for each in questions}) == 5
    assert all(0 <= each.x < rgb.shape[1] and 0 <= each.y < rgb.shape[0] for each in questions)
    worths = [each.worth for each in questions]
    assert worths == sorted(worths, reverse=True)
    assert 0 < sum(worths) <= 1
    first = questions[0]
    again = picture.ask(5, [(first.x, first.y)])
    assert (first.x, first.y) not in {(each.x, each.y) for each in again}
    assert picture.ask(5) == questions
