"""Simulated people: exact hints as SIGGRAPH17 drew them, and clumsy ones."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data.clumsy import CLUMSY, COLOUR_OFF_BY, OFF_BY, UNLIKE, clumsily
from benchmarks.data.told import DRAWS, PATCH, Told, tell, told_pixels

SHAPE = (64, 48)


@pytest.fixture
def chroma() -> np.ndarray:
    """Two things: the left half of one colour, the right of another."""
    plane = np.zeros((*SHAPE, 2), np.float32)
    plane[:, SHAPE[1] // 2 :] = (40, -30)
    return plane


@pytest.mark.parametrize("draw", DRAWS)
def test_patches_lie_within_the_picture_and_fewer_are_the_first_of_more(draw: str) -> None:
    many = DRAWS[draw](SHAPE, 300, np.random.default_rng(1))
    assert (many >= 0).all()
    assert (many + PATCH <= SHAPE).all()
    assert np.array_equal(DRAWS[draw](SHAPE, 5, np.random.default_rng(1)), many[:5])


def test_centred_places_gather_about_the_middle() -> None:
    spread = {draw: DRAWS[draw]((256, 256), 4000, np.random.default_rng(0)) for draw in DRAWS}
    for places in spread.values():
        assert np.abs(places.mean(axis=0) - 125).max() < 4
    inner = {draw: np.mean(np.abs(places - 125).max(axis=1) < 62.75) for draw, places in spread.items()}
    assert inner["centred"] == pytest.approx(0.683**2, abs=0.03)
    assert inner["uniform"] == pytest.approx(0.25, abs=0.03)


def test_a_hint_is_the_mean_chroma_of_its_patch(chroma: np.ndarray) -> None:
    corner = np.array([[3, SHAPE[1] // 2 - 2]])
    (hint,) = tell(chroma, corner)
    assert len(hint.yx) == PATCH**2
    np.testing.assert_allclose(hint.chroma, chroma[3:9, corner[0, 1] : corner[0, 1] + 6].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(hint.centre, corner[0] + 2.5)


def test_pixels_are_told_once_whatever_the_order(chroma: np.ndarray) -> None:
    hints = [*tell(chroma, np.array([[0, 0], [3, 20]])), Told(np.array([[0, 0]]), np.float32([8, 8]))]
    yx, said = told_pixels(hints)
    again, said_again = told_pixels(hints[::-1])
    assert len(np.unique(yx, axis=0)) == len(yx)
    np.testing.assert_array_equal(yx, again)
    np.testing.assert_allclose(said, said_again, atol=1e-5)
    np.testing.assert_allclose(said[(yx == 0).all(axis=1)][0], (4, 4))
    assert [len(part) for part in told_pixels([])] == [0, 0]


@pytest.mark.parametrize("kind", CLUMSY)
def test_clumsy_hints_stay_within_and_begin_alike(kind: str, chroma: np.ndarray) -> None:
    hints = tell(chroma, DRAWS["uniform"](SHAPE, 40, np.random.default_rng(0)))
    clumsy = clumsily(hints, chroma, kind, np.random.default_rng(0))
    for hint, first in zip(clumsily(hints[:3], chroma, kind, np.random.default_rng(0)), clumsy, strict=False):
        np.testing.assert_array_equal(hint.yx, first.yx)
    for exact, hint in zip(hints, clumsy, strict=True):
        assert (hint.yx >= 0).all()
        assert (hint.yx < SHAPE).all()
        assert len(np.unique(hint.yx, axis=0)) == len(hint.yx) >= PATCH**2
        off = np.linalg.norm(hint.chroma - exact.chroma)
        assert off == pytest.approx(COLOUR_OFF_BY if kind in ("colour", "all") else 0, abs=1e-4)


def test_a_place_is_off_by_five_pixels_where_there_is_room(chroma: np.ndarray) -> None:
    (hint,) = tell(chroma, np.array([[30, 20]]))
    for number in range(20):
        (beside,) = clumsily([hint], chroma, "place", np.random.default_rng(number))
        assert np.linalg.norm(beside.centre - hint.centre) == pytest.approx(OFF_BY, abs=0.71)


def test_a_stroke_goes_over_the_border_and_only_where_there_is_one(chroma: np.ndarray) -> None:
    (hint,) = tell(chroma, np.array([[30, 8]]))
    (stroke,) = clumsily([hint], chroma, "stroke", np.random.default_rng(0))
    away = np.linalg.norm(chroma[stroke.yx[:, 0], stroke.yx[:, 1]] - hint.chroma, axis=1) > UNLIKE
    assert 0.1 < away.mean() < 0.5
    assert {tuple(place) for place in hint.yx} <= {tuple(place) for place in stroke.yx}
    (alone,) = clumsily([hint], np.zeros_like(chroma), "stroke", np.random.default_rng(0))
    np.testing.assert_array_equal(alone.yx, hint.yx)
