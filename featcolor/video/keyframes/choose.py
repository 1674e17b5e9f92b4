"""Choice of the frames of a film that are worth colouring by hand."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.video.scan import ClipScan
from features.base import FloatArray
from refine.shots import Shot

MARGIN: Final = 3
"""Frames from a cut that are not chosen: the compression is at its worst there, and a cut may be found a frame off."""

BLEND_MARGIN: Final = 10
"""The same from the middle of a dissolve or fade."""

SAMPLES: Final = 48
"""Frames of a shot that a candidate is compared with."""

CANDIDATES: Final = 240
"""Frames of a shot that are compared."""

LEAST_CONTRAST: Final = 0.6
"""Of a chosen frame, as a share of what the better frames of its shot have: keeps away from black."""

LEAST_SHARPNESS: Final = 0.8
"""The same of the detail that is fine for its contrast: keeps away from motion blur."""


def choose_frames(scan: ClipScan, *, every: int | None = None) -> list[int]:
    """One frame a shot, the one most like the rest of its shot, and with `every` more of them, `every` frames apart.

    Numbers in the whole film, rising. Left out where the shot has better: damaged frames, frames beside a cut or inside
    a dissolve or fade, dark and blurred ones.
    """
    chosen: set[int] = set()
    ends = [shot.kind for shot in scan.shots[1:]] + ["end"]
    for shot, end in zip(scan.shots, ends, strict=True):
        chosen.update(_choose_in(scan, shot, end, every))
    return sorted(chosen)


def _choose_in(scan: ClipScan, shot: Shot, end: str, every: int | None) -> list[int]:
    inner = _inner(shot, end)
    inner = _where_any(inner, ~np.isin(inner, scan.damaged))
    good = _good(scan, inner)
    best = _most_typical(scan, good, inner)
    if every is None:
        return [best]
    low, high = int(inner[0]), int(inner[-1])
    others = [*range(best - every, low - 1, -every), *range(best + every, high + 1, every)]
    return [best, *(_nearest_good(place, good, reach=every // 4) for place in others)]


def _inner(shot: Shot, end: str) -> NDArray[np.intp]:
    """Frames of a shot away from its ends; of a short shot the middle half."""
    most = (shot.last - shot.first + 1) // 4
    before, after = (
        min(most, {"cut": MARGIN, "dissolve": BLEND_MARGIN, "fade": BLEND_MARGIN}.get(kind, 0))
        for kind in (shot.kind, end)
    )
    return np.arange(shot.first + before, shot.last - after + 1)


def _good(scan: ClipScan, frames: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those that are neither dark nor blurred beside the others; all where none is left."""
    contrast = np.array([float(scan.thumbnails[frame - scan.first].std()) for frame in frames.tolist()])
    sharpness = scan.sharpness[frames - scan.first]
    bright = contrast >= LEAST_CONTRAST * np.percentile(contrast, 90)
    return _where_any(frames, bright & (sharpness >= LEAST_SHARPNESS * np.percentile(sharpness[bright], 75)))


def _where_any(frames: NDArray[np.intp], keep: NDArray[np.bool_]) -> NDArray[np.intp]:
    return frames[keep] if keep.any() else frames


def _most_typical(scan: ClipScan, candidates: NDArray[np.intp], frames: NDArray[np.intp]) -> int:
    """The candidate with the highest mean correlation with the shot's frames; of equals the one nearest the middle."""
    candidates, others = _spread(candidates, CANDIDATES), _spread(frames, SAMPLES)
    likeness = (_normalised(scan, candidates) @ _normalised(scan, others).T).mean(axis=1)
    middle = (frames[0] + frames[-1]) / 2
    order = np.lexsort((np.abs(candidates - middle), -np.round(likeness, 3)))
    return int(candidates[order[0]])


def _spread(frames: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """At most `count` of them, evenly."""
    if len(frames) <= count:
        return frames
    return frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]


def _normalised(scan: ClipScan, frames: NDArray[np.intp]) -> FloatArray:
    """(n, h * w): thumbnails without their mean, of length 1 (0 for an even grey)."""
    rows = np.stack([scan.thumbnails[frame - scan.first].ravel() for frame in frames.tolist()])
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))


def _nearest_good(place: int, good: NDArray[np.intp], *, reach: int) -> int:
    """The good frame next to a place; the place itself when none is within reach."""
    nearest = int(good[np.abs(good - place).argmin()])
    return nearest if abs(nearest - place) <= reach else place
