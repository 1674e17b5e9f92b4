"""What shakes from frame to frame in an old reel: its place in the gate and its exposure, each against its own drift.

From frame to frame both are read off the motion: the median of the flow, and, in each range of tones, the median change
of what was moved along it. Summed up over a shot they are paths; a path less a straight line through its neighbourhood
is what shakes. So a camera that moves slowly, and light that changes slowly, stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import cv2
import numpy as np

from featcolor.pictures.resize import shrink
from features.base import FloatArray
from refine.flow import estimate_flow, normalise_contrast
from refine.warp import warp

FLOW_SIDE: Final = 320
"""Longer side, in pixels, of the frames whose motion is measured."""

NEIGHBOURHOODS: Final = (11, 21)
"""Frames through whose path a straight line is laid, of place and of exposure: cameras change sooner than light."""

MOST_WEAVE: Final = 0.02
"""Of the longer side: a frame is moved by no more, whatever the camera did."""

TONES: Final = np.linspace(0, 255, 13, dtype=np.float32)
"""Middles of the ranges of Y' in which exposure is compared, codes of 8 bits."""

LEAST_PIXELS: Final = 64
"""In a range of tones; with fewer its change is that of its neighbours."""


class Step(NamedTuple):
    """Change from one frame to the next.

    Attributes
    ----------
    moved : (2,) pixels right and down.
    brightened : (13,) codes of 8 bits, by `TONES` of the frame before.
    """

    moved: FloatArray
    brightened: FloatArray


NO_STEP: Final = Step(np.zeros(2, np.float32), np.zeros(len(TONES), np.float32))


def steps_between(lumas: Iterable[FloatArray]) -> Iterator[Step]:
    """The step into each frame, (H, W) Y' in codes of 8 bits; `NO_STEP` into the first."""
    before = None
    for luma in lumas:
        now = shrink(luma, FLOW_SIDE)
        yield NO_STEP if before is None else _step(before, now, luma.shape[1] / now.shape[1])
        before = now


def shaking(steps: Sequence[Step]) -> tuple[FloatArray, FloatArray]:
    """By how much each frame of a shot is off its neighbours: (n, 2) pixels, (n, 13) codes by tone.

    `steps`: into the frames; that into the first does not count.
    """
    paths = []
    for changes, most in zip(zip(*steps, strict=True), NEIGHBOURHOODS, strict=True):
        path = np.cumsum(np.stack([np.zeros_like(changes[0]), *changes[1:]]), axis=0)
        window = min(most, len(path) - (len(path) + 1) % 2)
        off = path - _smoothed(path, window)
        paths.append(np.asarray(off, np.float32))
    return paths[0], paths[1]


def stabilised(plane: FloatArray, offset: FloatArray, longer: int) -> FloatArray:
    """A plane (H, W) moved back by `offset`, (2,) pixels right and down of it; the border goes on.

    `longer`: the longer side of the plane.
    """
    limit = MOST_WEAVE * longer
    right, down = (float(np.clip(value, -limit, limit)) for value in offset)
    back = np.array([[1, 0, -right], [0, 1, -down]], np.float32)
    flags = cv2.INTER_LANCZOS4
    moved = cv2.warpAffine(plane, back, plane.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def deflickered(luma: FloatArray, off: FloatArray) -> FloatArray:
    """Y' (H, W), codes of 8 bits, less what it is too bright by, (13,) codes by tone."""
    wanted = TONES - off
    np.maximum.accumulate(wanted, out=wanted)
    return np.asarray(np.interp(luma, TONES, wanted), np.float32)


def _step(before: FloatArray, now: FloatArray, scale: float) -> Step:
    flow = estimate_flow(normalise_contrast(now), normalise_contrast(before))
    moved = -np.median(flow.reshape(-1, 2), axis=0) * scale
    carried = warp(before, flow)
    change, width = (now - carried).ravel(), TONES[1] - TONES[0]
    places = np.rint(carried.ravel() / width).astype(np.int64)
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(TONES) + 1))
    groups = [change[order[low:high]] for low, high in pairwise(bounds)]
    filled = [tone for tone, group in enumerate(groups) if len(group) >= LEAST_PIXELS]
    if not filled:
        return Step(moved.astype(np.float32), NO_STEP.brightened)
    medians = [float(np.median(groups[tone])) for tone in filled]
    brightened = np.interp(np.arange(len(TONES)), filled, medians)
    return Step(moved.astype(np.float32), brightened.astype(np.float32))


def _smoothed(path: FloatArray, window: int) -> FloatArray:
    """Columns of a path (n, k) by straight lines through an odd window around each step (Savitzky, Golay 1964)."""
    if window == 1:
        return path
    inner = np.stack([np.convolve(column, np.full(window, 1 / window), "valid") for column in path.T], axis=1)
    at = np.arange(window)
    first, last = (
        offset + slope * at[:, None]
        for offset, slope in (np.polynomial.polynomial.polyfit(at, part, 1) for part in (path[:window], path[-window:]))
    )
    return np.concatenate([first[: window // 2], inner, last[window // 2 + 1 :]])
