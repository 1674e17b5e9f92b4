"""Spots: hinted places in as few groups as tell the same, and how far each is to be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.hints.kernel import LikenessKernel
from featcolor.hints.places import Places
from features.base import FloatArray, IndexArray

SPOT: Final = 1 / 24
"""Side of a square, in the picture's short side, within which hints of one colour that touch are one."""
SPOT_CHROMA: Final = 12.0
"""Differences of a*, b* by which touching hints are two."""
MOST_SPOTS: Final = 512
"""Of one picture; of more hints, larger spots."""
WIDER: Final = 1.25
"""How much larger each time."""
DOUBT: Final = 4.0
"""Power by which noise rises where a part of a stroke is less like the rest than the others are."""


@dataclass(frozen=True)
class Spots:
    """Hinted places in as few groups as tell the same: touching ones of one colour, side by side.

    Attributes
    ----------
    looks : (n, d), the mean of each
    number : (m,), of the spot that each hinted place belongs to
    doubt : (n,), 1 or more: of a stroke's part that looks unlike the rest of it, as where it went over a border
    """

    looks: FloatArray
    number: NDArray[np.intp]
    doubt: FloatArray

    @classmethod
    def of(cls, places: Places, yx: IndexArray, chroma: FloatArray) -> Self:
        """Those of hinted places (m, 2), one at least, and what they are told to be, (m, 2)."""
        strokes = _strokes(places.shape, yx)
        number = _spots(places.shape, yx, strokes, np.rint(chroma / np.float32(SPOT_CHROMA)).astype(np.intp))
        looks = _means(places.looks[yx[:, 0], yx[:, 1]], number)
        stroke = np.zeros(len(looks), np.intp)
        np.maximum.at(stroke, number, strokes)
        return cls(looks, number, _doubt(places.kernel, looks, np.bincount(number), stroke, _means(chroma, number)))

    def means(self, values: FloatArray) -> FloatArray:
        """Of values (m, k) at the hinted places, the mean of each spot: (n, k)."""
        return _means(values, self.number)


def _doubt(
    kernel: LikenessKernel, looks: FloatArray, size: NDArray[np.intp], stroke: NDArray[np.intp], chroma: FloatArray
) -> FloatArray:
    """Of each spot, beside the most typical of its stroke and colour: how alike the rest are to it, pixel by pixel."""
    one = (stroke[:, None] == stroke) & (np.abs(chroma[:, None] - chroma).max(axis=2) < SPOT_CHROMA)
    weight = one * size
    typical = (weight * kernel.nearness(looks)).sum(axis=1) / weight.sum(axis=1)
    best = np.where(one, typical, 0).max(axis=1)
    return np.asarray((best / typical) ** DOUBT, np.float32)


def _strokes(shape: tuple[int, int], yx: IndexArray) -> NDArray[np.intp]:
    """Number (m,) of the touching group that each hinted place belongs to."""
    mask = np.zeros(shape, np.uint8)
    mask[yx[:, 0], yx[:, 1]] = 1
    return np.asarray(cv2.connectedComponents(mask, connectivity=8)[1][yx[:, 0], yx[:, 1]], np.intp)


def _spots(
    shape: tuple[int, int], yx: IndexArray, strokes: NDArray[np.intp], shades: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Numbers (m,) of hinted places: of stroke, part of it and shade; or of part of the picture and shade."""
    corner = np.full((strokes.max() + 1, 2), np.iinfo(np.intp).max)
    np.minimum.at(corner, strokes, yx)
    side = SPOT * min(shape)
    number = _numbered(strokes, (yx - corner[strokes]) / side, shades)
    while number.max() >= MOST_SPOTS:
        number = _numbered(np.zeros_like(strokes), yx / side, shades)
        side *= WIDER
    return number


def _numbered(strokes: NDArray[np.intp], cells: NDArray[np.float64], shades: NDArray[np.intp]) -> NDArray[np.intp]:
    keys = np.column_stack([strokes, cells.astype(np.intp), shades])
    return np.asarray(np.unique(keys, axis=0, return_inverse=True)[1].ravel(), np.intp)


def _means(values: FloatArray, number: NDArray[np.intp]) -> FloatArray:
    sums = np.stack([np.bincount(number, column) for column in values.T], axis=1)
    return np.asarray(sums / np.bincount(number)[:, None], np.float32)
