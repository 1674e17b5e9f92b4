"""Where one shot of a film ends and the next begins: cuts, dissolves and fades, from small pictures of each frame.

Frames are compared by the correlation of their thumbnails, which knows nothing of exposure, after one has been warped
onto the other, so that motion is no change. A cut is a change that stands out from its neighbourhood and lasts (a flash
does not); a dissolve is a run whose middle is a blend of its two ends while these do not look alike (Zhang, Kankanhalli,
Smoliar: Automatic partitioning of full-motion video, 1993, compare the ends of a run too); a fade goes through a
picture without contrast. No colour is carried across a boundary, so a dissolve or a fade is parted in its middle.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from refine.flow import estimate_flow, normalise_contrast
from refine.warp import warp

FloatArray: TypeAlias = NDArray[np.float32]

THUMBNAIL_SIDE: Final = 64
"""Longer side of a thumbnail, in pixels."""

HALF_LENGTHS: Final = (4, 6, 9)
"""Frames from the middle of a dissolve to where its ends are looked for."""

LOOK_AHEAD: Final = 2 * max(HALF_LENGTHS)
"""Frames after which a boundary no longer changes."""

FLAT: Final = 0.012
"""Deviation of lightness (0..1) below which a picture is empty: the middle of a fade."""

NEIGHBOURS: Final = 5
"""Frames before and after a change that it has to stand out from."""


class Shot(NamedTuple):
    """Frames first..last, both within, and how the shot begins: "start", "cut", "dissolve" or "fade"."""

    first: int
    last: int
    kind: str


class _Numbers(NamedTuple):
    """What is kept of a frame: contrast, change from the frame before, the part of it that lasts, blend of its ends."""

    contrast: float
    change: float
    lasting: float
    blend: float


def thumbnail(lightness: NDArray[np.float32]) -> FloatArray:
    """A small copy of a frame for `ShotDetector`, its longer side 64 pixels (never enlarged).

    Parameters
    ----------
    lightness : (H, W), 0..1

    Returns
    -------
    (h, w) float32, 0..1
    """
    height, width = lightness.shape
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(np.asarray(lightness, np.float32), size, interpolation=cv2.INTER_AREA))


class ShotDetector:
    """Finds the shots of a film that comes one thumbnail at a time; keeps 19 of these and four numbers a frame.

    Parameters
    ----------
    cut : least lasting change of a cut, 0..1 (1 - correlation after motion).
    ratio : how many times the changes around it a cut has to be.
    blend : least blend of a dissolve, 0..1.
    min_length : frames of the shortest shot; a shorter one goes to its neighbour.
    """

    def __init__(self, *, cut: float = 0.25, ratio: float = 2.0, blend: float = 0.35, min_length: int = 5) -> None:
        self.cut, self.ratio, self.blend, self.min_length = cut, ratio, blend, min_length
        self._recent: deque[FloatArray] = deque(maxlen=2 * max(HALF_LENGTHS) + 1)
        self._numbers: list[_Numbers] = []

    def push(self, picture: FloatArray) -> None:
        """Take the next frame's `thumbnail`; ValueError when its shape is not that of those before."""
        if picture.ndim != 2 or (self._recent and picture.shape != self._recent[0].shape):
            raise ValueError(f"thumbnails must be (h, w) of one shape, got {picture.shape}")
        self._recent.append(np.array(picture, np.float32))
        recent, numbers = self._recent, self._numbers
        change = _difference(recent[-1], recent[-2]) if len(recent) > 1 else 0.0
        numbers.append(_Numbers(float(picture.std()), change, 0.0, 0.0))
        # The change into frame t is seen to last once t + 2 is there.
        at = len(numbers) - 3
        if at >= 0:
            numbers[at] = numbers[at]._replace(lasting=self._lasting(at))
        for half in HALF_LENGTHS:
            middle = len(numbers) - 1 - half
            if len(recent) > 2 * half:
                best = max(numbers[middle].blend, _blend(list(recent)[-1 - 2 * half :]))
                numbers[middle] = numbers[middle]._replace(blend=best)

    def finish(self) -> list[Shot]:
        """Shots of all frames so far, in order, without gap; a boundary is final `LOOK_AHEAD` frames later."""
        n_frames = len(self._numbers)
        if not n_frames:
            return []
        boundaries = self._boundaries()
        firsts = [(0, "start"), *sorted(boundaries.items())]
        lasts = [first - 1 for first, _ in firsts[1:]] + [n_frames - 1]
        return [Shot(first, last, kind) for (first, kind), last in zip(firsts, lasts, strict=True)]

    def _lasting(self, at: int) -> float:
        """The least change from before frame `at` to after it; 0 where nothing much changes anyway."""
        change = self._numbers[at].change
        if change < self.cut or at == 0:
            return 0.0
        frames = list(self._recent)[-5:]  # at - 2 .. at + 2 (from at - 1 on when at is 1)
        before, after = frames[: len(frames) - 3], frames[-2:]
        return min(change, *(_difference(later, earlier) for later in after for earlier in before))

    def _boundaries(self) -> dict[int, str]:
        """First frames of shots, and how each begins; the strongest first, none nearer than `min_length`."""
        contrast, change, lasting, blend = (np.array(column) for column in zip(*self._numbers, strict=True))
        found = [(2.0, at, "fade") for at in _flat_middles(contrast)]
        found += [(1 + lasting[at], at, "cut") for at in np.flatnonzero(lasting >= self.cut) if self._stands_out(change, at)]
        found += [(blend[at], at, "dissolve") for at in np.flatnonzero(blend >= self.blend)]
        kept: dict[int, str] = {}
        for _, at, kind in sorted(found, key=lambda each: (-each[0], each[1])):
            room = self.min_length if kind != "dissolve" else max(self.min_length, max(HALF_LENGTHS))
            if room <= at <= len(change) - room and all(abs(at - other) >= room for other in kept):
                kept[int(at)] = kind
        return kept

    def _stands_out(self, change: NDArray[np.float64], at: int) -> bool:
        before, after = change[max(1, at - NEIGHBOURS) : at], change[at + 1 : at + 1 + NEIGHBOURS]
        around = max((float(np.median(side)) for side in (before, after) if len(side)), default=0.0)
        return bool(change[at] >= self.ratio * around)


def _difference(target: FloatArray, source: FloatArray) -> float:
    """1 - correlation of two thumbnails, the source warped onto the target where that helps; 0 (alike) .. 1."""
    still = _correlation(target, source)
    if still > 0.97 or max(target.shape) < 12:
        return 1 - max(0.0, still)
    flow = estimate_flow(normalise_contrast(target), normalise_contrast(source))
    return 1 - max(0.0, still, _correlation(target, warp(source, flow)))


def _correlation(first: FloatArray, second: FloatArray) -> float:
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > FLAT**2 * a.size else 0.0


def _blend(run: list[FloatArray]) -> float:
    """How much the middle of a run of thumbnails is made of both its ends while these differ, 0..1."""
    half = len(run) // 2
    ends = np.stack([cv2.GaussianBlur(end, (0, 0), 1).ravel() for end in (run[0], run[-1])])
    ends -= ends.mean(axis=1, keepdims=True)
    gram = (ends @ ends.T).astype(np.float64)
    likeness = gram[0, 1] / max(float(np.sqrt(gram[0, 0] * gram[1, 1])), 1e-9)
    if likeness > 0.7 or np.sqrt(np.diag(gram) / ends.shape[1]).min() < FLAT:
        return 0.0
    shares, fits = [], []
    for at in (half // 2, half, len(run) - 1 - half // 2):
        picture = cv2.GaussianBlur(run[at], (0, 0), 1).ravel()
        picture = picture - picture.mean()
        weights = np.linalg.solve(gram, (ends @ picture).astype(np.float64))
        explained = weights @ gram @ weights / max(float(picture @ picture), 1e-9)
        shares.append(weights)
        fits.append(explained)
    first, second = np.array(shares).T
    if not (first[0] > first[1] > first[2] and second[0] < second[1] < second[2]):
        return 0.0
    balance = 2 * min(first[1], second[1])
    return float(np.clip(balance * fits[1] * _difference(run[0], run[-1]), 0, 1))


def _flat_middles(contrast: NDArray[np.float64]) -> list[int]:
    """The middle frame of each run of empty pictures that has a picture before and after."""
    flat = np.concatenate(([False], contrast < FLAT, [False]))
    edges = np.flatnonzero(flat[1:] != flat[:-1]).reshape(-1, 2)
    return [int(start + stop) // 2 for start, stop in edges if start > 0 and stop < len(contrast)]
