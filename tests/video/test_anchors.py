"""Anchors of a shot that nobody coloured: what a model says of it is decided once."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from featcolor.colour.lab import rgb_to_lab
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.video.propagation import anchors
from featcolor.video.propagation import spooled as stores
from featcolor.video.propagation.anchors import (
    _Alike,
    _Hops,
    choose,
    colour_from_anchors,
    grid_of,
    sharpness,
    spread_keys,
)
from featcolor.video.propagation.links import ShotLinks, link_both
from featcolor.video.propagation.model_guess import ModelGuess, Votes, film_colorizer

HEIGHT, WIDTH, COUNT, STEP = 64, 96, 18, 2
WARM, COLD = (20.0, 30.0), (-10.0, -30.0)


@pytest.fixture(scope="module")
def pan(photographs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Lightness of a camera that moves over a photograph by two pixels a frame."""
    wide = cv2.resize(photographs["coffee"], (WIDTH + STEP * COUNT, HEIGHT), interpolation=cv2.INTER_AREA)
    return [rgb_to_lab(wide[:, STEP * index : STEP * index + WIDTH])[0] for index in range(COUNT)]


class Fickle(ModelGuess):
    """A model that calls a frame warm or cold by how many it has seen, and is unsure of the cold ones."""

    def __init__(self) -> None:
        super().__init__(None)
        self.__dict__["asked"] = 0

    def _answer(self) -> tuple[np.ndarray, float]:
        self.__dict__["asked"] += 1
        colour, sure = (WARM, 0.9) if self.__dict__["asked"] % 3 else (COLD, 0.2)
        return np.array(colour, np.float32), sure

    def __call__(self, lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        colour, sure = self._answer()
        return np.broadcast_to(colour, (*lightness.shape, 2)).copy(), np.full(lightness.shape, sure, np.float32)

    def votes(self, lightness: np.ndarray, grid: tuple[int, int]) -> Votes:
        colour, sure = self._answer()
        likeness = cv2.resize(lightness, grid[::-1], interpolation=cv2.INTER_AREA)[..., None]
        return Votes(np.broadcast_to(colour, (*grid, 2)).copy(), sure, likeness)

    def decide(self, shares: np.ndarray, lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return shares, np.ones_like(lightness)

    def vividness(self, *planes: np.ndarray) -> float:
        return 1.0


def test_what_a_model_says_now_so_and_now_otherwise_becomes_one_colour(pan: list[np.ndarray]) -> None:
    with colour_from_anchors(pan, Fickle(), every=6) as colours:
        chroma = np.stack([colours.chroma[index] for index in range(COUNT)])
        chosen = colours.anchors
    assert chosen
    assert all(0 <= anchor < COUNT for anchor in chosen)
    assert np.linalg.norm(np.ptp(chroma.mean(axis=(1, 2)), axis=0)) < 2
    assert np.abs(chroma - WARM).mean() < np.abs(chroma - COLD).mean() / 3


def test_progress_rises_to_the_last_frame(pan: list[np.ndarray]) -> None:
    told: list[tuple[int, int]] = []
    colour_from_anchors(pan, Fickle(), every=6, progress=lambda *now: told.append(now)).close()
    assert told == sorted(told)
    assert told[-1] == (COUNT, COUNT)
    assert {total for _, total in told} == {COUNT}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_shortest_shots_have_an_anchor(pan: list[np.ndarray], count: int) -> None:
    with colour_from_anchors(pan[:count], Fickle(), every=25) as colours:
        assert len(colours.anchors) == 1
        assert len(colours.chroma) == count


def test_a_still_shot_has_one_anchor_however_many_are_allowed(pan: list[np.ndarray]) -> None:
    with colour_from_anchors([pan[0]] * 20, Fickle(), every=10) as colours:
        assert len(colours.anchors) == 1


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_default_model_votes_and_decides_as_it_predicts(pan: list[np.ndarray], rotation: int) -> None:
    guess = ModelGuess(None, rotation)
    grid = grid_of((HEIGHT, WIDTH))
    votes = guess.votes(pan[0], grid)
    np.testing.assert_allclose(votes.shares.sum(axis=-1), 1, atol=0.03)
    assert votes.weight > 0
    chroma, confidence = guess.decide(votes.shares, cv2.resize(pan[0], grid[::-1]))
    assert chroma.shape == (*grid, 2)
    assert confidence.shape == grid
    predicted = cv2.resize(guess(pan[0])[0], grid[::-1], interpolation=cv2.INTER_AREA)
    assert np.linalg.norm(chroma - predicted, axis=-1).mean() < 0.35 * np.linalg.norm(predicted, axis=-1).mean()


def test_a_film_is_vivid_by_the_shot(pan: list[np.ndarray]) -> None:
    guess = ModelGuess(None)
    still = load_colorizer(None, ColouringSettings())
    assert still.config.vivid
    assert not film_colorizer(None).config.vivid
    scene = guess.votes(pan[0], grid_of((HEIGHT, WIDTH))).likeness.mean(axis=(0, 1))
    chroma, sure = guess(pan[0])
    factor = guess.vividness(chroma, sure, pan[0], scene)
    assert 0.3 < factor < 3


def test_witnesses_that_see_most_are_chosen_first() -> None:
    """Of three places, the middle frame sees two, the last one the third."""
    seen = np.zeros((3, 5, 3), np.float32)
    seen[:, 2] = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    seen[0, 3] = [1, 0, 0]  # of the first frame, in the middle one
    assert choose(seen, np.ones(3, np.float32), 1) == [1]
    assert choose(seen, np.array([1, 0.01, 1], np.float32), 1) != [1]
    assert choose(seen, np.ones(3, np.float32), 3) == [1]  # what the others add is less than a frame's worth
    assert choose(3 * seen, np.ones(3, np.float32), 3) == [1, 2]


def test_each_next_witness_is_the_one_that_brings_most() -> None:
    """By counting all anew each time."""
    count, reach, places = 40, 2, 6
    rng = np.random.default_rng(0)
    seen = rng.uniform(0, 1, (count, 2 * reach + 1, places)).astype(np.float32) ** 3
    quality = rng.uniform(0.3, 1, count).astype(np.float32)
    # (i, j, m): what of i is seen in j.
    whole = np.zeros((count, count, places), np.float32)
    for one, distance in np.ndindex(count, 2 * reach + 1):
        if 0 <= one + distance - reach < count:
            whole[one, one + distance - reach] = quality[one + distance - reach] * seen[one, distance]
    wanted: list[int] = []
    known = np.zeros((count, places), np.float32)
    for _ in range(12):
        wanted.append(int(np.argmax(np.maximum(whole - known[:, None], 0).mean(axis=2).sum(axis=0))))
        known = np.maximum(known, whole[:, wanted[-1]])
    assert choose(seen, quality, len(wanted)) == sorted(wanted)


def test_what_is_kept_of_a_shot_in_memory_does_not_grow_with_it(
    monkeypatch: pytest.MonkeyPatch, pan: list[np.ndarray], tmp_path: Path
) -> None:
    """No frame of it, and no way between witnesses."""
    monkeypatch.setattr(stores, "IN_MEMORY", 0)
    count, grid = 64, (48, 64)
    with ShotLinks(count, pan[0].shape, grid, folder=tmp_path) as links:
        links.measure(1, pan[0], pan[1], method="dis_fast")
        tracemalloc.start()
        try:
            assert len(sharpness(pan[0].copy() for _ in range(count))) == count
            with _Hops(links, range(count), 2, tmp_path) as hops:
                assert len(hops) == count
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(("count", "most"), [(4, 100), (16, 16), (16, 15), (16, 3)])
def test_so_many_places_are_compared_with_however_long_a_shot_is(
    monkeypatch: pytest.MonkeyPatch, pan: list[np.ndarray], count: int, most: int
) -> None:
    monkeypatch.setattr(anchors, "ALIKE", most)
    model, grid = Fickle(), (16, 24)
    votes: Any = [model.votes(pan[number], grid) for number in range(count)]
    with ShotLinks(count, pan[0].shape, grid, folder=None) as links, _Hops(links, range(count), 2, None) as hops:
        alike = _Alike(votes, hops)
    assert most <= len(alike._kernel.keys) <= 2 * most
    assert alike.shares(votes[0].likeness).shape == (*grid, 2)


def test_a_blurred_frame_counts_less(pan: list[np.ndarray]) -> None:
    quality = sharpness([pan[0], cv2.GaussianBlur(pan[0], (0, 0), 3), pan[0]])
    assert quality[1] < 0.6
    assert quality[0] == quality[2] == 1


@pytest.mark.parametrize(("count", "every"), [(1, 25), (25, 25), (26, 25), (100, 25), (7, 1), (60, 7)])
def test_spread_frames_lie_no_further_apart_than_asked(count: int, every: int) -> None:
    chosen = spread_keys(40, 39 + count, every)
    assert list(chosen) == sorted(set(chosen))
    assert chosen[0] >= 40
    assert chosen[-1] <= 39 + count
    gaps = np.diff([40 - every // 2 - 1, *chosen, 39 + count + every // 2 + 1])
    assert gaps.max() <= every + 1
    assert len(chosen) == -(-count // every)


def test_links_are_kept_as_they_were_measured(pan: list[np.ndarray]) -> None:
    grid = (32, 48)
    with ShotLinks(3, (HEIGHT, WIDTH), grid, folder=None) as links:
        links.measure(1, pan[0], pan[1], method="dis_medium")
        wanted: Any = link_both(pan[0], pan[1], method="dis_medium")
        for kept, coarse, link in zip(links.both(1), links.coarse(1), wanted, strict=True):
            np.testing.assert_allclose(kept.flow, link.flow, atol=0.02)
            np.testing.assert_allclose(kept.confidence, link.confidence, atol=0.002)
            assert coarse.flow.shape == (*grid, 2)
            assert coarse.flow.mean() == pytest.approx(link.flow.mean() / 2, abs=0.02)
