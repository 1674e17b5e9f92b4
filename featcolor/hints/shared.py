"""Hints of some pictures, for others that show the same thing: one Gaussian process over the places of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from featcolor.hints.kernel import LikenessKernel
from featcolor.hints.places import Places
from featcolor.hints.process import HintProcess, carried
from featcolor.hints.spots import Spots
from features.base import FloatArray, IndexArray

MOST_SHARED: Final = 2048
"""Spots of all pictures together; of more, every so many."""


@dataclass(frozen=True)
class Change:
    """What hints change in one picture.

    Attributes
    ----------
    places : of it
    yx : (m, 2), those that were hinted
    told : (m, 2), their chroma
    before : (m, 2), what they were without
    """

    places: Places
    yx: IndexArray
    told: FloatArray
    before: FloatArray


@dataclass(frozen=True)
class SharedHints:
    """Hints by what their places look like, wherever they are from.

    Attributes
    ----------
    kernel : LikenessKernel
    looks : (n, d), of the spots that were told of
    weights : (n, 2), of each in what they change
    """

    kernel: LikenessKernel
    looks: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, pictures: Sequence[Change], *, anywhere: bool = False) -> Self:
        """The hints of one picture or more, one place at least.

        `anywhere`: a place in one picture says nothing of where the same thing is in another.
        """
        spots = [Spots.of(each.places, each.yx, each.told) for each in pictures]
        changes = [group.means(each.told - each.before) for group, each in zip(spots, pictures, strict=True)]
        step = -(-sum(map(len, changes)) // MOST_SHARED)
        looks = np.concatenate([group.looks for group in spots])[::step]
        kernel = pictures[0].places.kernel.anywhere() if anywhere else pictures[0].places.kernel
        process = HintProcess.of(kernel, looks, np.concatenate([group.doubt for group in spots])[::step])
        return cls(kernel, looks, np.asarray(process.inverse @ np.concatenate(changes)[::step], np.float32))

    def over(self, places: Places) -> FloatArray:
        """What they change at all places of a picture: (h, w, 2)."""
        return carried(self.kernel, self.looks, self.weights, places)
