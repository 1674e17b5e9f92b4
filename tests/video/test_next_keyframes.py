"""Frames to correct next: known answers on made curves, no frame twice, and quick on a long film."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featcolor.video.keyframes.next_frames import CANDIDATES, HALF_CARRIED, LEAST_GAIN, frames_to_correct
from featcolor.video.report import ShotReport, Source


def shot(first: int, guessed: np.ndarray, *keys: int, source: Source = "key frames") -> ShotReport:
    share = tuple(float(value) for value in guessed)
    return ShotReport(
        first=first,
        last=first + len(share) - 1,
        key_frames=keys,
        confidence=tuple(1 - value for value in share),
        guessed=share,
        source=source,
    )


@pytest.mark.parametrize("length", [90, 120, 3000])
def test_after_a_key_at_the_start_and_linear_wear_the_best_is_two_thirds_in(length: int) -> None:
    (best, *_) = frames_to_correct([shot(0, np.arange(length) / length, 0)])
    assert abs(best.frame - 2 * length / 3) <= 1
    # A third of the area under the curve: s (T - s) / T + s^2 / 4 T at s = 2 T / 3.
    assert best.gain == pytest.approx(length / 3, rel=0.02)


def test_a_shot_without_a_key_frame_comes_before_a_worn_one() -> None:
    worn = shot(0, np.linspace(0, 0.4, 60), 0)
    bare = shot(60, np.ones(60), source="clip's other key frames")
    first, second, *_ = frames_to_correct([worn, bare])
    assert (first.shot, first.frame) in {(1, 89), (1, 90)}
    assert first.reason == "no key frame in this shot of 60 frames; 100 % of its colour is a guess"
    assert second.gain < first.gain


def test_a_long_bare_shot_comes_before_a_short_one() -> None:
    chosen = frames_to_correct([shot(0, np.ones(5)), shot(5, np.ones(50))])
    assert chosen[0].shot == 1


def test_equal_shots_are_named_in_order() -> None:
    shots = [shot(at, np.ones(30)) for at in (0, 30, 60)]
    chosen = frames_to_correct(shots, most=3)
    assert [frame.shot for frame in chosen] == [0, 1, 2]
    assert len({frame.gain for frame in chosen}) == 1


def test_of_equal_frames_the_earlier() -> None:
    carried_anywhere = shot(0, np.zeros(30), 0)
    (only,) = frames_to_correct([carried_anywhere, shot(30, np.ones(30))])
    assert (only.frame, only.gain) == (30, 30)


def test_nothing_to_correct() -> None:
    assert frames_to_correct([]) == []
    assert frames_to_correct([shot(0, np.zeros(50), 0)]) == []
    assert frames_to_correct([shot(0, np.ones(3), 0, 1)], avoid={2}) == []  # all given or damaged
    assert frames_to_correct([shot(0, np.full(10, LEAST_GAIN / 20), 0)]) == []


def test_damaged_and_given_frames_are_not_named() -> None:
    film = shot(100, np.append(0, np.ones(11)), 100)  # nothing is carried from one frame to the next
    chosen = frames_to_correct([film], avoid={103, 104, 4}, most=50)
    assert {frame.frame for frame in chosen} == set(range(101, 112)) - {103, 104}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=40), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_gains_never_rise_and_no_frame_comes_twice(curves: list[list[float]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    shots, at = [], 0
    for curve in curves:
        keys = [at + int(rng.integers(len(curve)))] if rng.random() < 0.5 else []
        shots.append(shot(at, np.array(curve), *keys))
        at += len(curve)
    chosen = frames_to_correct(shots, least=0.01)
    gains = [frame.gain for frame in chosen]
    assert all(later <= earlier for earlier, later in pairwise(gains))
    assert len({frame.frame for frame in chosen}) == len(chosen)
    for frame in chosen:
        assert shots[frame.shot].first <= frame.frame <= shots[frame.shot].last
        assert frame.frame not in shots[frame.shot].key_frames
    assert sum(gains) <= sum(map(sum, curves)) + 0.01 * len(gains)


def test_the_first_choice_is_the_best_of_all_frames() -> None:
    """Against trying every frame, plainly."""
    guessed = np.random.default_rng(5).random(CANDIDATES)
    wear = 1 - np.exp2(-np.arange(CANDIDATES) / HALF_CARRIED)
    sums = [sum(max(0, old - wear[abs(s - t)]) for t, old in enumerate(guessed)) for s in range(CANDIDATES)]
    (first,) = frames_to_correct([shot(0, guessed)], most=1)
    assert first.frame == int(np.argmax(sums))
    assert first.gain == pytest.approx(max(sums), abs=0.01)


def test_a_reel_of_two_hours_in_one_shot_and_in_many() -> None:
    count = 130_000
    wave = np.abs(np.sin(np.arange(count) / 700)) * 0.9
    assert len(frames_to_correct([shot(0, wave, 0)], most=3)) == 3
    many = [shot(at, wave[at : at + 130], at) for at in range(0, count, 130)]
    assert len(frames_to_correct(many)) == 20


def test_unknown_confidence_counts_as_a_guess_and_a_curve_fits_its_shot() -> None:
    (first, *_) = frames_to_correct([shot(0, np.full(20, np.nan))])
    assert first.gain > 5
    with pytest.raises(ValueError, match="has 1 shares, not 10"):
        frames_to_correct([ShotReport(first=0, last=9, guessed=(1.0,))])
