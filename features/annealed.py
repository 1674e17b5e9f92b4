"""Colour read off a distribution over a*b* cells (Zhang, Isola, Efros, Colorful Image Colorization, ECCV 2016)."""

from __future__ import annotations

import numpy as np

from features.base import FloatArray

UNSURE_SPREAD = 20.0
"""Spread in a*b* units at which confidence is one half: about the spread of chroma over ordinary photographs."""


def annealed_mean(logits: FloatArray, cells: FloatArray, *, temperature: float) -> tuple[FloatArray, FloatArray]:
    """Expected colour of the distribution sharpened by a temperature, and its spread.

    Parameters
    ----------
    logits : (n, n_cells)
    cells : (n_cells, 2)
    temperature : float
        1 is the plain mean; towards 0, the most likely cell.

    Returns
    -------
    chroma : (n, 2)
    spread : (n,)
        Root mean squared distance of the colours from their mean, in a*b* units, at temperature 1.
    """
    shares = softmax(logits)
    mean, spread = mean_and_spread(shares, cells)
    return (mean if temperature == 1 else softmax(logits / temperature) @ cells), spread


def mean_and_spread(shares: FloatArray, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Expected colour (n, 2) of distributions (n, n_cells), and the root mean squared distance from it, (n,)."""
    mean = shares @ cells
    variance = shares @ (cells**2).sum(axis=1) - (mean**2).sum(axis=1)
    return mean, np.sqrt(np.maximum(variance, 0))


def softmax(logits: FloatArray) -> FloatArray:
    """Distribution over the last axis; the largest logit is taken off first so that none overflows."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def confidence_of(spread: FloatArray) -> FloatArray:
    """0..1: 1 where the distribution is one point, one half at a spread of `UNSURE_SPREAD`."""
    return np.reciprocal(1 + (spread / UNSURE_SPREAD) ** 2)
