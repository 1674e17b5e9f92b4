"""Spreading of hints: a Gaussian process over what places look like, in which what a hint changes is carried to others.

Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from features.base import FloatArray, IndexArray
from features.colournet import ColourNetwork

NOISE: Final = 0.01
"""Variance of what a hint says, in that of what it is to correct."""


@dataclass(frozen=True)
class Places:
    """What each place of a picture looks like, for comparing places.

    Attributes
    ----------
    features : (h, w, d) float32; likeness of two places is exp(-|difference|^2 / 2)
    """

    features: FloatArray

    def likeness(self, yx: IndexArray) -> FloatArray:
        """Of all places to some, (h, w, n)."""
        flat = self.features.reshape(-1, self.features.shape[2])
        some = self.features[yx[:, 0], yx[:, 1]]
        squared = (flat**2).sum(axis=1)[:, None] + (some**2).sum(axis=1) - 2 * flat @ some.T
        return np.exp(-0.5 * np.maximum(squared, 0)).reshape(*self.features.shape[:2], len(some))


def places_of(network: ColourNetwork, lightness: FloatArray, working: FloatArray) -> Places:
    """Places of the working picture (h, w) that a picture (H, W) was shrunk to."""
    maps = network.maps(lightness)
    height, width = working.shape
    embedding = maps.inside(maps.embedding)
    deviation = embedding.std(axis=(1, 2)) + 1e-6
    scaled = np.moveaxis(embedding / deviation[:, None, None], 0, 2) / np.float32(1.1 * np.sqrt(len(embedding)))
    four = range(0, scaled.shape[2], 4)
    planes = np.dstack([maps.at_size(np.ascontiguousarray(scaled[..., i : i + 4]), (height, width)) for i in four])
    rows, columns = np.mgrid[:height, :width].astype(np.float32) / np.float32(0.6 * min(height, width))
    return Places(np.dstack([planes, rows, columns, working / np.float32(0.3)]).astype(np.float32))


def spread(places: Places, yx: IndexArray, change: FloatArray) -> FloatArray:
    """What changes (n, 2) at places (n, 2) make of all places: (h, w, 2)."""
    likeness = places.likeness(yx)
    among = likeness[yx[:, 0], yx[:, 1]].astype(np.float64)
    weights = np.linalg.solve(among + NOISE * np.eye(len(yx)), change)
    return np.asarray(likeness @ weights.astype(np.float32), np.float32)


def influence(places: Places, yx: IndexArray) -> FloatArray:
    """How far hints at places (n, 2) decide what stands at each place: (h, w), 0..1, near 1 at the hints themselves.

    What they leave of the process's variance, taken from 1.
    """
    likeness = places.likeness(yx)
    among = likeness[yx[:, 0], yx[:, 1]].astype(np.float64)
    explained = np.linalg.solve(among + NOISE * np.eye(len(yx)), likeness.reshape(-1, len(yx)).T.astype(np.float64))
    left = np.einsum("pn,np->p", likeness.reshape(-1, len(yx)), explained)
    return np.asarray(np.clip(left, 0, 1), np.float32).reshape(likeness.shape[:2])
