"""Pixels of a picture whose colour a person told: what points, strokes and painted pictures come down to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from features.base import FloatArray, IndexArray


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
    def together(cls, parts: Sequence[HintPixels]) -> Self:
        """All of them; where several tell of one pixel, the mean of what they tell, in whatever order they come."""
        if not parts:
            return cls(np.zeros((0, 2), np.intp), np.zeros((0, 3), np.float32))
        yx, place = np.unique(np.concatenate([part.yx for part in parts]), axis=0, return_inverse=True)
        rgb = np.zeros((len(yx), 3))
        np.add.at(rgb, place.ravel(), np.concatenate([part.rgb for part in parts]))
        return cls(yx, np.asarray(rgb / np.bincount(place.ravel())[:, None], np.float32))
