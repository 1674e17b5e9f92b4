"""The frame around a scanned picture: paper, film edge or scanner lid."""

from __future__ import annotations

from typing import Final

import numpy as np

from featcolor.spaces import FloatArray

DARK: Final = 0.25
LIGHT: Final = 0.8
"""Lightness that a frame is below or above: film edge and card, or paper and the scanner's lid."""

EVEN: Final = 0.1
"""How far a frame's pixels may be from its middle, L*/100."""

FRAME_SHARE: Final = 0.85
"""Share of a line's pixels that must be even: film edges carry notches and print."""

TOUCHED_SHARE: Final = 0.25
"""A line next to the frame with this share of frame in it still counts: scans are seldom quite straight."""

DEEPEST: Final = 0.2
"""A frame takes at most this part of the height or width on each side."""

MARGIN: Final = 0.004
"""Cut more on a side that has a frame, as a share of the side: the blurred edge."""

_MOST_PIXELS = 1000  # along a line; more of them tell nothing more


def inside_border(lightness: FloatArray) -> tuple[slice, slice]:
    """Rows and columns of the picture inside its frame; all of them where there is none.

    A frame is an even dark or light strip along two opposite sides: a white sky alone is no frame.

    Parameters
    ----------
    lightness : (H, W) float32, 0..1
    """
    rows = _inside(lightness[:, :: max(1, lightness.shape[1] // _MOST_PIXELS)])
    columns = _inside(lightness[rows, ::1].T[:, :: max(1, lightness.shape[0] // _MOST_PIXELS)])
    if rows == slice(0, len(lightness)):  # a frame left and right may have hidden that above and below
        rows = _inside(lightness[:, columns][:, :: max(1, lightness.shape[1] // _MOST_PIXELS)])
    return rows, columns


def _inside(lines: FloatArray) -> slice:
    length = len(lines)
    first, last = _depth(lines), _depth(lines[::-1])
    if not first or not last:
        return slice(0, length)
    margin = 1 + round(MARGIN * length)
    return slice(first + margin, length - last - margin)


def _depth(lines: FloatArray) -> int:
    """Lines of frame at the beginning, 0 where there is none."""
    deepest = int(DEEPEST * len(lines))
    tone = float(np.median(lines[0]))
    if DARK < tone < LIGHT or deepest == 0:
        return 0
    even = np.mean(np.abs(lines[: deepest + 1] - np.float32(tone)) <= EVEN, axis=1)
    outside = even >= FRAME_SHARE
    depth = int(np.argmin(outside)) if not outside.all() else 0
    if depth == 0:
        return 0
    while depth <= deepest and even[depth] >= TOUCHED_SHARE:
        depth += 1
    return depth if depth <= deepest else 0
