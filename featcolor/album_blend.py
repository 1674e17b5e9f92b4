"""How much of each answer to take: learned where the true answer is known, on references that were left out."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.base import FloatArray

UNSURE_DISTANCE: Final = 2.0
"""Squared feature distance of the nearest pixel of the album at which nearness is one half."""
PRIOR_PICTURES: Final = 2.0
"""The weights to begin with count as much as so many references."""
LEAST_SHARE: Final = 1e-6
"""Of the largest of them, that each part of the basis is held by at least: a part may be nothing."""


def basis_of(answers: FloatArray, guess: FloatArray, nearest: FloatArray) -> FloatArray:
    """What is blended: how far each answer is from the network's guess, as it is and times nearness.

    Parameters
    ----------
    answers : (k, n, 2) chroma
    guess : (n, 2) chroma of the network alone
    nearest : (n,) squared distance of the album's nearest pixel

    Returns
    -------
    (2 k, n, 2)
    """
    away = answers - guess
    return np.concatenate([away, away * nearness(nearest)[:, None]])


def nearness(nearest: FloatArray) -> FloatArray:
    """0..1: 1 where the album has the very same, one half at `UNSURE_DISTANCE`."""
    return np.reciprocal(1 + nearest / np.float32(UNSURE_DISTANCE))


def fit_blend(basis: FloatArray, wanted: FloatArray, start: FloatArray, *, pictures: int) -> FloatArray:
    """Weights of a basis by least squares, held to where they start as if by `PRIOR_PICTURES` references.

    Parameters
    ----------
    basis : (k, n, 2), of pixels of references that the answers do not know
    wanted : (n, 2), what the weighted sum of the basis should be
    start : (k,)
    pictures : references that the n pixels are of

    Returns
    -------
    (k,) float32
    """
    flat = basis.reshape(len(basis), -1).astype(np.float64)
    error = wanted.reshape(-1) - start @ flat
    share = pictures / flat.shape[1]
    normal = flat @ flat.T * share
    own = np.diag(normal)
    hold = PRIOR_PICTURES / pictures * np.maximum(own, max(LEAST_SHARE * own.max(), LEAST_SHARE))
    change = np.linalg.solve(normal + np.diag(hold), flat @ error * share)
    return np.asarray(start + change, np.float32)
