"""Wander of a film's colour: what must hold of it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.film_scores import Truth
from benchmarks.metrics.wander import LEAST_FRAMES, follow, wander
from tests.benchmarks.film_clips import pan

COUNT = 12


@pytest.fixture(scope="module")
def truth(photographs: dict[str, np.ndarray]) -> Truth:
    return Truth(pan(photographs["coffee"], count=COUNT, step=2))


def test_places_are_followed_with_the_motion(truth: Truth) -> None:
    tracks = follow(truth.motions)
    assert len(np.unique(tracks.place)) == tracks.place.max() + 1
    assert np.bincount(tracks.place).min() >= LEAST_FRAMES
    first = tracks.place == np.bincount(tracks.place).argmax()
    assert np.diff(tracks.xy[first, 0]).mean() == pytest.approx(-2, abs=0.2)


def test_one_colour_does_not_wander_and_a_changing_one_does(truth: Truth) -> None:
    tracks, shape = follow(truth.motions), truth.chroma[0].shape
    assert wander(tracks, [np.full(shape, 20, np.float32)] * COUNT) < 1e-4
    swing = [np.full(shape, 3 if index % 2 else -3, np.float32) for index in range(COUNT)]
    assert wander(tracks, swing) == pytest.approx(3 * np.sqrt(2), rel=0.02)


def test_colour_that_moves_with_things_wanders_less_than_colour_that_stays(truth: Truth) -> None:
    tracks = follow(truth.motions)
    assert wander(tracks, truth.chroma) < 0.5 * wander(tracks, [truth.chroma[0]] * COUNT)


def test_too_short_a_film_has_none(truth: Truth) -> None:
    short = follow(truth.motions[:2])
    assert np.isnan(wander(short, truth.chroma[:3]))
