"""Frames of a film that a person should correct next, the one whose correction would help most first.

A greedy choice, as for placing depots: a key frame at s would leave at frame t only the share of the picture that
cannot be carried from s to t. The frame that spares most guesses over its shot is taken, the curve is lowered as if it
had been corrected, and the choice repeats. Greedy is within 1 - 1/e of the best set (Nemhauser, Wolsey, Fisher 1978).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.video.report import NextFrame, ShotReport

MOST: Final = 20
"""Frames named: about what a person corrects before looking again."""

LEAST_GAIN: Final = 0.5
"""Frames' worth of colour below which a correction is not asked for."""

CANDIDATES: Final = 128
"""Frames tried at a time in a shot; the steps between them are then narrowed around the best."""

BLOCK: Final = 2**20
"""Numbers held at a time."""

HALF_CARRIED: Final = 24.0
"""Frames after which half of a picture can no longer be carried, taken where no shot has a key frame to tell."""


@dataclass
class _Shot:
    """A shot while frames are chosen, by positions from 0.

    Attributes
    ----------
    guessed : share of each frame that is a guess now.
    wear : the same by the distance from a key frame, if only that one carries.
    best, gain : the position that would help most, and how much.
    """

    place: int
    report: ShotReport
    guessed: NDArray[np.float64]
    wear: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    keys: list[int]
    best: int = -1
    gain: float = 0.0

    def left(self, positions: NDArray[np.intp]) -> NDArray[np.float64]:
        """Share (k, n) of each frame that is a guess if only the key at one of (k,) positions carries it."""
        return self.wear[np.abs(np.arange(len(self.wear))[None, :] - positions[:, None])]


def frames_to_correct(
    shots: Sequence[ShotReport],
    *,
    avoid: Collection[int] = (),
    most: int = MOST,
    least: float = LEAST_GAIN,
) -> list[NextFrame]:
    """Frames whose correction spares most guesses, the best first.

    Parameters
    ----------
    shots : their `guessed` curves are what counts; how a key frame's colour wears off with the distance is read there
    avoid : frames that are never named, such as damaged ones
    most : frames named at most
    least : gain, in frames' worth of colour, under which the list ends

    Raises
    ------
    ValueError : a curve whose length is not the shot's
    """
    film = _wear(shots)
    states = [_start(place, shot, film, frozenset(avoid)) for place, shot in enumerate(shots)]
    for state in states:
        _find_best(state)
    chosen: list[NextFrame] = []
    while states and len(chosen) < most:
        state = max(states, key=lambda shot: (shot.gain, -shot.report.first))
        if state.best < 0 or state.gain < least:
            break
        frame = state.report.first + state.best
        chosen.append(NextFrame(frame=frame, shot=state.place, gain=round(state.gain, 2), reason=_reason(state)))
        np.minimum(state.guessed, state.left(np.array([state.best]))[0], out=state.guessed)
        state.allowed[state.best] = False
        state.keys.append(state.best)
        _find_best(state)
    return chosen


def _start(place: int, shot: ShotReport, film: NDArray[np.float64], avoid: Collection[int]) -> _Shot:
    allowed = np.ones(len(shot), bool)
    for frame in (*shot.key_frames, *avoid):
        if shot.first <= frame <= shot.last:
            allowed[frame - shot.first] = False
    keys = [frame - shot.first for frame in shot.key_frames]
    return _Shot(place, shot, _curve(shot), _wear_of(shot, film), allowed, keys)


def _curve(shot: ShotReport) -> NDArray[np.float64]:
    """The guess share of each frame."""
    if len(shot.guessed) != len(shot):
        raise ValueError(f"shot {shot.first} to {shot.last} has {len(shot.guessed)} shares, not {len(shot)}")
    return shot.guess_shares()


def _find_best(state: _Shot) -> None:
    """Position with the largest gain, the earliest of equals: all are tried, or a grid that is narrowed."""
    low, high = 0, len(state.guessed)
    state.best, state.gain = -1, 0.0
    while True:
        step = -(-(high - low) // CANDIDATES)
        tried = np.arange(low, high, step)
        tried = tried[state.allowed[tried]] if step == 1 else tried
        gains = _gains(state, tried)
        gains[~state.allowed[tried]] = 0
        if len(gains) and gains.max() > state.gain:
            state.best, state.gain = int(tried[gains.argmax()]), float(gains.max())
        if step == 1:
            return
        low, high = max(0, state.best - step + 1), min(len(state.guessed), max(state.best, 0) + step)


def _gains(state: _Shot, tried: NDArray[np.intp]) -> NDArray[np.float64]:
    """Guesses spared by a key frame at each position; rounded, so that equal gains are equal."""
    count = max(1, BLOCK // len(state.guessed))
    blocks = (tried[start : start + count] for start in range(0, len(tried), count))
    sums = [np.maximum(state.guessed - state.left(block), 0).sum(axis=1) for block in blocks]
    return np.round(np.concatenate(sums), 6) if sums else np.zeros(0)


def _wear_of(shot: ShotReport, film: NDArray[np.float64]) -> NDArray[np.float64]:
    """Guess share at each distance within a shot: by its own wear where it has a key frame, else by the film's."""
    wear = _wear([shot])
    wear = wear if len(wear) > 1 else film
    reach = np.arange(len(shot))
    if len(wear) > 1:
        known = len(wear) - 1
        share = np.where(reach <= known, wear[np.minimum(reach, known)], wear[known] * reach / known)
    else:
        share = 1 - np.exp2(-reach / HALF_CARRIED)
    return np.asarray(np.minimum(share, 1))


def _wear(shots: Iterable[ShotReport]) -> NDArray[np.float64]:
    """Mean guess share at distance 0, 1, ... from the nearest key frame of a shot, never falling; empty if unknown."""
    distances, shares = [], []
    for shot in shots:
        if shot.key_frames:
            distances.append(_distance(len(shot), np.array(shot.key_frames) - shot.first))
            shares.append(_curve(shot))
    if not distances:
        return np.zeros(0)
    distance = np.concatenate(distances)
    counts = np.bincount(distance)
    known = counts > 0
    means = np.bincount(distance, weights=np.concatenate(shares))[known] / counts[known]
    return np.maximum.accumulate(np.interp(np.arange(len(counts)), np.flatnonzero(known), means))


def _distance(count: int, keys: NDArray[np.intp]) -> NDArray[np.intp]:
    """Frames from each of `count` positions to the nearest key."""
    keys = np.sort(keys)
    positions = np.arange(count)
    after = np.searchsorted(keys, positions)
    before = np.abs(positions - keys[np.maximum(after - 1, 0)])
    return np.minimum(before, np.abs(positions - keys[np.minimum(after, len(keys) - 1)]))


def _reason(state: _Shot) -> str:
    share = f"{100 * state.guessed[state.best]:.0f} %"
    if not state.keys:
        mean = f"{100 * state.guessed.mean():.0f} %"
        return f"no key frame in this shot of {len(state.guessed)} frames; {mean} of its colour is a guess"
    distance = min(abs(state.best - key) for key in state.keys)
    named = "frame" if distance == 1 else "frames"
    return f"{distance} {named} from the nearest key frame; {share} of the picture there is a guess"
