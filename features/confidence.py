"""Confidence that is about error: how far a colour is likely to be off, told by the distribution it was read from.

A ridge regression of the root of CIEDE2000, on `evidence` and on its products two by two; a colour network's file holds
the weights, in the key `confidence` of `featcolor.colour`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from features.annealed import UNSURE_SPREAD
from features.base import FloatArray

EVIDENCE: Final = ("spread", "entropy", "top_share", "chroma", "a", "b", "grey")
"""Names of what `evidence` gives."""
FARTHEST: Final = 4.0
"""Standard deviations at which a value is cut off: a square of one beyond all that was learned from means nothing."""
TERMS: Final = len(EVIDENCE) * (len(EVIDENCE) + 3) // 2
"""Each value, and each product of two."""


@dataclass(frozen=True)
class Certainty:
    """What a network's file says of its errors.

    Attributes
    ----------
    mean, scale : (k,) of `EVIDENCE`
    weights : (TERMS,), bias : float, of the root of the expected CIEDE2000
    half : the root at which confidence is one half
    power : how fast it falls there
    """

    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    bias: float
    half: float
    power: float

    @classmethod
    def from_dict(cls, content: Any) -> Self:
        """The inverse of `to_dict`; ValueError for what is no such thing."""
        try:
            mean, scale, weights = (np.array(content[name], np.float32) for name in ("mean", "scale", "weights"))
            bias, half, power = (float(content[name]) for name in ("bias", "half", "power"))
        except (LookupError, OverflowError, TypeError, ValueError) as error:
            raise ValueError("damaged: its confidence is not numbers") from error
        k = len(EVIDENCE)
        if (mean.shape, scale.shape, weights.shape) != ((k,), (k,), (TERMS,)):
            raise ValueError(f"damaged: its confidence needs {k} means and scales and {TERMS} weights")
        if not np.isfinite(np.concatenate([mean, scale, weights, [bias, half, power]])).all():
            raise ValueError("damaged: its confidence is not finite")
        if not (scale > 0).all() or half <= 0 or power <= 0:
            raise ValueError("damaged: its confidence needs scales, half and power above 0")
        return cls(mean, scale, weights, bias, half, power)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, and as the file of a network does."""
        arrays = {"mean": self.mean, "scale": self.scale, "weights": self.weights}
        numbers = {"bias": self.bias, "half": self.half, "power": self.power}
        return {
            **{name: [float(f"{value:.5g}") for value in array] for name, array in arrays.items()},
            **{name: float(f"{value:.5g}") for name, value in numbers.items()},
        }

    def expected(self, values: FloatArray) -> FloatArray:
        """Root of the expected CIEDE2000, (n,) and not negative, of `evidence` (n, k)."""
        return np.maximum(terms(values, self.mean, self.scale) @ self.weights + np.float32(self.bias), 0)

    def confidence(self, values: FloatArray) -> FloatArray:
        """0..1, (n,), of `evidence` (n, k): 1 where no error is expected, one half where its root is `half`."""
        return np.reciprocal(1 + (self.expected(values) / np.float32(self.half)) ** np.float32(self.power))


def evidence(shares: FloatArray, spread: FloatArray, chroma: FloatArray, grey: FloatArray) -> FloatArray:
    """What tells of an error, (n, k) float32.

    Parameters
    ----------
    shares : (n, Q), the distribution over the cells
    spread : (n,), as of `features.annealed.annealed_mean`
    chroma : (n, 2), what was read from it
    grey : (n,), 0..1, the picture there
    """
    entropy = -np.einsum("ij,ij->i", shares, np.log(shares + np.float32(1e-12)))
    magnitude = np.log1p(np.hypot(chroma[:, 0], chroma[:, 1]))
    ab = chroma / np.float32(UNSURE_SPREAD)
    columns = [np.log1p(spread), entropy, np.log(shares.max(axis=1)), magnitude, ab[:, 0], ab[:, 1], grey]
    return np.column_stack(columns).astype(np.float32, copy=False)


def terms(values: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Values (n, k) standardised, then their products two by two: (n, TERMS)."""
    standard = np.clip((values - mean) / scale, -FARTHEST, FARTHEST)
    first, second = np.triu_indices(standard.shape[1])
    return np.concatenate([standard, standard[:, first] * standard[:, second]], axis=1)
