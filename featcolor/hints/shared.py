"""Hints of several pictures together: what they change, in each of them and in any other that is alike.

One Gaussian process over the places of all pictures, as `featcolor.hints.spread` has it of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from featcolor.hints.spread import NOISE, Places
from features.base import FloatArray, IndexArray

BLOCK = 2**22
"""Likenesses held at a time."""


class Told(NamedTuple):
    """What hints change at places (n, 2) of one picture: (n, 2)."""

    places: Places
    yx: IndexArray
    change: FloatArray


@dataclass(frozen=True)
class SharedHints:
    """Hints by what their places look like.

    Attributes
    ----------
    looks : (n, d), of the places that were told of
    weights : (n, 2)
    """

    looks: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, pictures: Sequence[Told]) -> Self:
        """The hints of one picture or more; one place at least is told of."""
        looks = np.concatenate([told.places.features[told.yx[:, 0], told.yx[:, 1]] for told in pictures])
        among = _likeness(looks, looks).astype(np.float64)
        change = np.concatenate([told.change for told in pictures])
        weights = np.linalg.solve(among + NOISE * np.eye(len(looks)), change)
        return cls(looks, np.asarray(weights, np.float32))

    def change(self, places: Places) -> FloatArray:
        """What they change at all places of a picture: (h, w, 2)."""
        shape = places.features.shape
        flat = places.features.reshape(-1, shape[2])
        step = max(1, BLOCK // len(self.looks))
        parts = [_likeness(flat[i : i + step], self.looks) @ self.weights for i in range(0, len(flat), step)]
        return np.concatenate(parts).reshape(*shape[:2], 2)


def _likeness(first: FloatArray, second: FloatArray) -> FloatArray:
    """Of rows (m, d) and (n, d): (m, n)."""
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.exp(-0.5 * np.maximum(squared, 0))
