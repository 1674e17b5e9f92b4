"""Hints of some pictures, for others in which the same thing shows: one Gaussian process over the places of them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from featcolor.hints.spread import HintProcess, Places, Spots
from features.base import FloatArray, IndexArray


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
    process : HintProcess
    change : (n, 2), what its spots change
    """

    process: HintProcess
    change: FloatArray

    @classmethod
    def of(cls, pictures: Sequence[Change], *, anywhere: bool = False) -> Self:
        """The hints of one picture or more, one place at least.

        `anywhere`: a place in one picture says nothing of where the same thing is in another.
        """
        spots = [Spots.of(each.places, each.yx, each.told) for each in pictures]
        change = [group.means(each.told - each.before) for group, each in zip(spots, pictures, strict=True)]
        kernel = pictures[0].places.kernel
        looks = np.concatenate([group.looks for group in spots])
        return cls(HintProcess.of(kernel.anywhere() if anywhere else kernel, looks), np.concatenate(change))

    def over(self, places: Places) -> FloatArray:
        """What they change at all places of a picture: (h, w, 2)."""
        return self.process.change(places, self.change)
