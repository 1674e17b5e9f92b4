"""Likeness of two pictures by lightness, whatever their brightness and contrast: Pearson's correlation."""

from __future__ import annotations

from typing import Final

import numpy as np

from featcolor.colour.srgb import FloatArray

LEAST_CORRELATION: Final = 0.8
"""Of two pictures' lightness at the size of a thumbnail; below it they are taken to show different things."""

FLAT: Final = 1.0 / 255.0
"""Standard deviation of L* below which a picture is one even grey, which correlates with nothing."""


def correlation(first: FloatArray, second: FloatArray) -> float:
    """Pearson's correlation of two lightness pictures, -1..1; 1 for two even greys, 0 when only one is even."""
    return float(correlations(first, second[None])[0])


def correlations(picture: FloatArray, others: FloatArray) -> FloatArray:
    """`correlation` of (h, w) with each of (n, h, w)."""
    centred = picture - picture.mean()
    others = others - others.mean(axis=(1, 2), keepdims=True)
    spread = np.sqrt(np.mean(centred**2))
    spreads = np.sqrt(np.mean(others**2, axis=(1, 2)))
    products = np.tensordot(others, centred, axes=2) / centred.size
    flat = spreads < FLAT
    if spread < FLAT:
        return flat.astype(np.float32)
    found = np.where(flat, 0.0, products / np.maximum(spread * spreads, 1e-12))
    return np.asarray(np.clip(found, -1.0, 1.0), np.float32)
