"""What hints moved that they were not about: colour differences at pixels unlike and far from every hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clumsy import UNLIKE
from benchmarks.data.told import Told
from featcolor.colour.measures import delta_e00, lab_of
from features.base import FloatArray

FAR: Final = 0.25
"""Share of the shorter side beyond which a pixel is far from a hint."""


class Moved(NamedTuple):
    """How far pixels moved: mean and largest CIEDE2000, the row and column of that, and how many pixels there were.

    Without any pixel the mean and the largest are nan.
    """

    mean: float
    worst: float
    y: int
    x: int
    pixels: int


def far_and_unlike(chroma: FloatArray, hints: Sequence[Told]) -> NDArray[np.bool_]:
    """Pixels (H, W) that no hint is about: farther than a quarter of the side from the middle of each of them, and of a
    true chroma that is more than 20 in a*, b* from the true chroma in the middle of each.

    `chroma`: (H, W, 2), the truth's: so that what is unlike depends on no method.
    """
    height, width = chroma.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    free = np.ones((height, width), bool)
    for hint in hints:
        y, x = hint.centre
        free &= np.hypot(rows - y, columns - x) > FAR * min(height, width)
        true = chroma[hint.yx[:, 0], hint.yx[:, 1]].mean(axis=0)
        free &= np.linalg.norm(chroma - true, axis=2) > UNLIKE
    return free


def moved(before: NDArray[np.uint8], after: NDArray[np.uint8], where: NDArray[np.bool_]) -> Moved:
    """How far the pixels of a mask (H, W) moved between two pictures (H, W, 3)."""
    yx = np.argwhere(where)
    if not len(yx):
        return Moved(np.nan, np.nan, -1, -1, 0)
    first, second = (lab_of(picture[where][None])[0] for picture in (before, after))
    difference = delta_e00(first, second)
    worst = int(difference.argmax())
    return Moved(
        float(difference.mean(dtype=np.float64)),
        float(difference[worst]),
        int(yx[worst, 0]),
        int(yx[worst, 1]),
        len(yx),
    )
