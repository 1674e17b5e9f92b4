"""Likeness of two places of pictures: how far a hint at one of them tells of the other, as photographs have shown.

A sum of Cauchy kernels over four distances: of what the places look like to the colour network (its embedding, on axes
that were learned), of where they lie, of their lightness and of the chroma that they are painted. `featcolor pretrain
likeness` learns them, from photographs whose colours are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

import features
from features.base import FloatArray

BUNDLED_FILE: Final = Path(features.__file__).parent / "models" / "likeness.npz"
HALF_SIDE: Final = 0.5
"""Of a picture's short side: the unit of distances between places."""
LIGHTNESS: Final = 0.25
"""The unit of differences in lightness."""
CHROMA: Final = 20.0
"""The unit of differences in a*, b*."""
GROUPS: Final = (2, 1, 2)
"""Values of a look beside those of the embedding: place, lightness, chroma."""


@dataclass(frozen=True)
class LikenessKernel:
    """What is learned of likeness.

    Attributes
    ----------
    axes : (C, d), what the embedding is projected on
    mean : (d,), what is taken off then
    weights : (k,), of the kernels; they sum to 1
    coefficients : (k, 4), of each kernel on the squared distances: 1 / (1 + their sum) is the kernel
    reach : (4,), likewise of the kernel that tells how far a hint reaches at all
    threshold, softness : where that fades, a logistic curve of it
    noise : variance of what a hint says, in that of what it is to correct
    """

    axes: FloatArray
    mean: FloatArray
    weights: FloatArray
    coefficients: FloatArray
    reach: FloatArray
    threshold: float
    softness: float
    noise: float

    @classmethod
    def from_arrays(cls, arrays: Any) -> Self:
        """The kernel that a file holds."""
        named = {
            name: np.asarray(arrays[name], np.float32) for name in ("axes", "mean", "weights", "coefficients", "reach")
        }
        threshold, softness = map(float, arrays["gate"])
        return cls(**named, threshold=threshold, softness=softness, noise=float(arrays["noise"]))

    def anywhere(self) -> LikenessKernel:
        """The same of places of different pictures, in which the same thing is elsewhere."""
        whole = np.array([1, 0, 1, 1], np.float32)
        return replace(self, coefficients=self.coefficients * whole, reach=self.reach * whole)

    def likeness(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Of looks (m, d) and (n, d), 0..1: (m, n)."""
        total = np.zeros((len(first), len(second)), np.float32)
        for weight, row in zip(self.weights, self.coefficients, strict=True):
            total += np.divide(weight, 1 + self._squared(first, second, row), dtype=np.float32)
        return total

    def nearness(self, looks: FloatArray) -> FloatArray:
        """Of looks (n, d) to one another wherever they lie, sharper than likeness, 0..1: (n, n)."""
        return np.asarray(1 / (1 + self._squared(looks, looks, self.anywhere().reach)), np.float32)

    def reached(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """How far looks (m, d) are within reach of the nearest of (n, d): 0 for not at all, to 1, (m,)."""
        nearest = self._squared(first, second, self.reach).min(axis=1)
        ends = np.concatenate([1 / (1 + nearest), [0.0, 1.0]])
        curve = 1 / (1 + np.exp((self.threshold - ends) / self.softness))
        return np.asarray((curve[:-2] - curve[-2]) / (curve[-1] - curve[-2]), np.float32)

    def _squared(self, first: FloatArray, second: FloatArray, row: FloatArray) -> FloatArray:
        """Sum (m, n) of the four squared distances, each times its coefficient; looks are near one another's mean."""
        widths = (first.shape[1] - sum(GROUPS), *GROUPS)
        scale = np.sqrt(np.repeat(row, widths)).astype(np.float32)
        middle = second.mean(axis=0)
        one, other = (first - middle) * scale, (second - middle) * scale
        squared = one @ (other.T * np.float32(-2))
        squared += np.einsum("ij,ij->i", one, one)[:, None]
        squared += np.einsum("ij,ij->i", other, other)
        return np.maximum(squared, 0, out=squared)


@cache
def bundled_kernel() -> LikenessKernel:
    """The kernel that comes along, learned with the bundled colour network."""
    with np.load(BUNDLED_FILE, allow_pickle=False) as arrays:
        return LikenessKernel.from_arrays(arrays)
