"""Shares of two shots in the frames of dissolves and fades made here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from refine.shots import Shot, thumbnail
from refine.transitions import Shares, transition_shares
from tests.refine.test_shots import dissolved, pan, scenes, worn

__all__ = ["scenes"]


def shares_of(frames: Sequence[np.ndarray], *shots: Shot) -> dict[int, Shares]:
    small = [thumbnail(frame) for frame in frames]
    return transition_shares(shots, small.__getitem__)


@pytest.mark.parametrize("treat", [list, worn])
@pytest.mark.parametrize("length", [4, 10, 20])
def test_shares_follow_the_dissolve(
    scenes: list[np.ndarray], length: int, treat: Callable[..., list[np.ndarray]]
) -> None:
    frames = treat(dissolved(pan(scenes[0], 40, 0.3), pan(scenes[1], 40, 0.3), length))
    middle = 40 - length // 2
    found = shares_of(frames, Shot(0, middle - 1, "start"), Shot(middle, len(frames) - 1, "dissolve"))
    for frame in range(len(frames)):
        later = np.clip((frame - (39 - length)) / (length + 1), 0, 1)
        own, other, side = found.get(frame, Shares(1.0))
        assert (own if frame >= middle else other) == pytest.approx(later, abs=0.13)
        assert own + other == pytest.approx(1)
        assert frame not in found or side == (1 if frame < middle else -1)


@pytest.mark.parametrize("empty", [0.0, 0.9])
def test_shares_fall_and_rise_with_a_fade(scenes: list[np.ndarray], empty: float) -> None:
    first, second = pan(scenes[0], 30, 0.3), pan(scenes[1], 30, 0.3)
    falling, rising = np.linspace(1, 0, 12)[1:-1], np.linspace(0, 1, 8)[1:-1]
    out = [empty + share * (frame - empty) for share, frame in zip(falling, first[20:], strict=True)]
    into = [empty + share * (frame - empty) for share, frame in zip(rising, second, strict=False)]
    frames = [*first[:20], *out, *[np.full_like(first[0], empty)] * 4, *into, *second[6:]]
    found = shares_of(frames, Shot(0, 31, "start"), Shot(32, len(frames) - 1, "fade"))
    expected = [1.0] * 20 + falling.tolist() + [0.0] * 4 + rising.tolist() + [1.0] * 24
    for frame, share in enumerate(expected):
        assert found.get(frame, Shares(1.0)).own == pytest.approx(share, abs=0.05)
        assert frame not in found or found[frame].other == 0


def test_a_film_may_begin_and_end_in_the_dark(scenes: list[np.ndarray]) -> None:
    scene = pan(scenes[0], 30, 0.3)
    levels = [*np.linspace(0, 1, 9), *[1] * 12, *np.linspace(1, 0, 9)]
    found = shares_of([share * frame for share, frame in zip(levels, scene, strict=True)], Shot(0, 29, "start"))
    for frame, share in enumerate(levels):
        assert found.get(frame, Shares(1.0)).own == pytest.approx(share, abs=0.05)


def test_what_moves_is_no_dissolve(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 40, 3.0)
    assert not shares_of(frames, Shot(0, 19, "start"), Shot(20, 39, "dissolve"))


def test_a_cut_and_a_cut_from_black_share_nothing(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 20, 0.3) + pan(scenes[1], 20, 0.3)
    assert not shares_of(frames, Shot(0, 19, "start"), Shot(20, 39, "cut"))
    dark = [np.zeros_like(frames[0])] * 4
    found = shares_of([*frames[:20], *dark, *frames[20:]], Shot(0, 21, "start"), Shot(22, 43, "fade"))
    assert found == dict.fromkeys(range(20, 24), Shares(0.0))
    assert not shares_of(dark, Shot(0, 3, "start"))
