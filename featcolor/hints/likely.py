"""Likely colours of the places of a picture: the colour network's distribution over cells of a* and b*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from featcolor.hints.places import Views
from features.annealed import mean_and_spread, softmax
from features.base import FloatArray
from features.colournet import ColourMaps, Points


@dataclass(frozen=True)
class LikelyColours:
    """What the network holds likely, seen as the default model sees a picture: as it is, and mirrored from nearer.

    Attributes
    ----------
    cells : (Q, 2) float32, a* and b*
    straight, mirrored : what the network makes of the two views
    width : of the picture, in pixels
    """

    cells: FloatArray
    straight: ColourMaps
    mirrored: ColourMaps
    width: int

    @classmethod
    def of(cls, views: Views, width: int) -> Self:
        """Those of a picture so many pixels wide."""
        return cls(views[0].cells, *views, width)

    def shares(self, yx: Points) -> FloatArray:
        """Distributions (n, Q) at pixels (n, 2) of the picture: the mean of the two views'."""
        places = np.asarray(yx, np.float64)
        flipped = np.column_stack([places[:, 0], self.width - 1 - places[:, 1]])
        both = softmax(self.straight.sample_logits(places)) + softmax(self.mirrored.sample_logits(flipped))
        return np.asarray(both / 2, np.float32)

    def deviation(self, yx: Points, painted: FloatArray) -> FloatArray:
        """Root mean squared distance (n,), in a*b*, of likely colours from what the pixels are painted, (n, 2)."""
        mean, spread = mean_and_spread(self.shares(yx), self.cells)
        return np.sqrt(spread**2 + ((mean - painted) ** 2).sum(axis=1))
