"""Pixels of a picture whose colour a person told: what points, strokes and painted pictures come down to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.base import FloatArray, IndexArray

MOST_PIXELS: Final = 10_000
"""Kept of what is told of a picture: colour spreads from them, and more of them tell nothing more."""
MOST_ASPECT_ERROR: Final = 0.02
"""Share by which a picture of another size may be too wide or too high to be of the same picture."""
_WIDER: Final = 1.25  # factor between the cells that are tried


@dataclass(frozen=True)
class HintPixels:
    """Pixels and their colours, each pixel once, in the order of rows.

    Attributes
    ----------
    yx : (n, 2), row and column in a picture of full size
    rgb : (n, 3) float32, 0..255
    """

    yx: IndexArray
    rgb: FloatArray

    def __len__(self) -> int:
        return len(self.yx)

    @classmethod
    def of_colour(cls, yx: NDArray[Any], rgb: ArrayLike) -> Self:
        """Pixels that are in the order of rows, all of one colour."""
        return cls(np.asarray(yx, np.intp), np.broadcast_to(np.asarray(rgb, np.float32), (len(yx), 3)))

    @classmethod
    def together(cls, parts: Sequence[HintPixels]) -> Self:
        """All of them; where several tell of one pixel, the mean of what they tell, in whatever order they come."""
        if not parts:
            return cls(np.zeros((0, 2), np.intp), np.zeros((0, 3), np.float32))
        yx, place = np.unique(np.concatenate([part.yx for part in parts]), axis=0, return_inverse=True)
        rgb = np.zeros((len(yx), 3))
        np.add.at(rgb, place.ravel(), np.concatenate([part.rgb for part in parts]))
        return cls(yx, np.asarray(rgb / np.bincount(place.ravel())[:, None], np.float32))

    def thinned(self, most: int) -> Self:
        """At most so many, evenly over where there are any: the first of each cell of a grid."""
        side = max(1.0, np.sqrt(len(self) / most) / _WIDER)
        kept = np.arange(len(self))
        while len(kept) > most:
            side *= _WIDER
            rows, columns = (self.yx / side).astype(np.intp).T
            first = np.full((rows.max() + 1, columns.max() + 1), -1)
            first[rows[::-1], columns[::-1]] = np.arange(len(self))[::-1]
            kept = np.sort(first[first >= 0])
        return type(self)(self.yx[kept], self.rgb[kept])

    def within(self, rows: slice, columns: slice) -> Self:
        """Those inside a region, as pixels of the region."""
        first = np.array([rows.start, columns.start])
        inside = np.all((self.yx >= first) & (self.yx < [rows.stop, columns.stop]), axis=1)
        return type(self)(self.yx[inside] - first, self.rgb[inside])


def same_shape(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether sizes (width, height) may be of one picture at two scales, rounding to whole pixels allowed for."""
    (width, height), (other_width, other_height) = first, second
    slack = MOST_ASPECT_ERROR + 1 / min(*first, *second)
    return bool(abs(width * other_height / (height * other_width) - 1) <= slack)
