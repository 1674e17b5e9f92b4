"""The frame around a scanned picture: paper, film edge or scanner lid."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray

DARK: Final = 0.2
LIGHT: Final = 0.82
"""Lightness that a frame's pixels are below or above: film edge and card, or paper, print and the scanner's lid."""
FRAME_SHARE: Final = 0.8
"""Share of a line's pixels that must be dark or light for the line to be frame."""
EVEN: Final = 0.1
"""How far a pixel may be from the middle of its line, L*/100, to count as even: so is at least half of a frame."""
SAME: Final = 0.04
"""How far a pixel may be from a frame's tone to be taken for it still."""
PICTURE_SHARE: Final = 0.5
"""Behind a frame at most this share of a line has its tone still: a frame ends at once, a sky does not."""
GAP: Final = 0.008
"""Lines that are not frame, within a frame, as a share of the side: a crooked edge between film and paper."""
DEEPEST: Final = 0.2
"""A frame takes at most this part of the height or width on each side."""
MARGIN: Final = 0.002
"""Cut more on a side that has a frame, as a share of the side: the blurred edge."""
_MOST_PIXELS = 1000  # along a line; more of them tell nothing more


def inside_border(lightness: FloatArray) -> tuple[slice, slice]:
    """Rows and columns of a picture, (H, W) 0..1, inside its frame; all of them where there is none.

    A frame is a strip of dark and light pixels (film edges carry notches and print) along two opposite sides, and ends
    at once: a white sky alone is no frame.
    """
    thin_rows, thin_columns = (max(1, side // _MOST_PIXELS) for side in lightness.shape)
    rows = _inside(lightness[:, ::thin_columns])
    columns = _inside(lightness[rows].T[:, ::thin_rows])
    if rows == slice(0, len(lightness)):  # a frame left and right may have hidden the one above and below
        rows = _inside(lightness[:, columns][:, ::thin_columns])
    return rows, columns


def _inside(lines: FloatArray) -> slice:
    length = len(lines)
    first, last = _depth(lines), _depth(lines[::-1])
    if not first or not last:
        return slice(0, length)
    margin = max(1, round(MARGIN * length))
    return slice(first + margin, length - last - margin)


def _depth(lines: FloatArray) -> int:
    """Lines of frame at the beginning, 0 where there is none."""
    deepest = int(DEEPEST * len(lines))
    gap = max(2, round(GAP * len(lines)))
    near = lines[: deepest + 2 * gap + 1]
    extreme = np.mean((near < np.float32(DARK)) | (near > np.float32(LIGHT)), axis=1)
    depth = _first_run(extreme >= FRAME_SHARE, gap)
    if 0 < depth <= deepest and _is_even(near[:depth]) and _ends(near, depth, gap):
        return depth
    tone = np.median(near[0])  # a bright sky behind white paper: the paper alone, by its tone
    if DARK < tone < LIGHT:
        return 0
    depth = _first_run(np.mean(np.abs(near - tone) <= SAME, axis=1) >= FRAME_SHARE, gap)
    return depth if 0 < depth <= deepest and _ends(near, depth, gap) else 0


def _first_run(frame: NDArray[np.bool_], gap: int) -> int:
    """Length of the run of frame lines at the beginning, gaps no longer than `gap` in it."""
    depth = 0
    for line in np.flatnonzero(frame):
        if line > depth + gap:
            break
        depth = int(line) + 1
    return depth


def _is_even(frame: FloatArray) -> bool:
    middles = np.median(frame, axis=1, keepdims=True)
    return bool(np.mean(np.abs(frame - middles) <= EVEN) >= 0.5)


def _ends(near: FloatArray, depth: int, gap: int) -> bool:
    """Whether the lines behind the frame have another tone at once."""
    tone = np.median(near[max(0, depth - gap) : depth])
    return bool(np.mean(np.abs(near[depth + gap] - tone) <= SAME) <= PICTURE_SHARE)
