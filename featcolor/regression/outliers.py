"""Which references does the rest of the set predict worst? Odd ones out, sepia prints, wrong colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

FOLDS = 5
ALPHA = 1000.0
"""Ridge penalty on standardised features: strong, as rows of one picture are far from independent."""
ROWS = 300_000
"""Rows at most that the ridge regressions see: a judgement of pictures does not need more."""
BATCH = 8192


def cross_validated_errors(X: NDArray[np.floating], chroma: FloatArray, pictures: IndexArray) -> FloatArray:
    """Mean a*b* distance between each reference and what a ridge regression on the other folds says.

    The normal equations of each fold are summed once; leaving a fold out is a subtraction.

    Parameters
    ----------
    X : (n_rows, d) of any float type
    chroma : (n_rows, 2)
    pictures : (n_rows,) int
        0..n_pictures - 1.

    Returns
    -------
    (n_pictures,) float32
    """
    n_pictures = int(pictures.max()) + 1
    thin = -(-len(X) // ROWS)
    rows = np.arange(0, len(X), thin)
    mean, scale = _moments(X[rows[:: max(1, len(rows) // 20_000)]])
    n_folds = min(FOLDS, n_pictures)
    grams = np.zeros((n_folds, X.shape[1] + 1, X.shape[1] + 1))
    products = np.zeros((n_folds, X.shape[1] + 1, 2))
    for fold in range(n_folds):
        chosen = rows[pictures[rows] % n_folds == fold]
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            inputs = _standardised(X[part], mean, scale)
            grams[fold] += inputs.T @ inputs
            products[fold] += inputs.T @ chroma[part]
    penalty = ALPHA * np.eye(X.shape[1] + 1)
    total, moment = grams.sum(axis=0), products.sum(axis=0)
    errors, counts = np.zeros(n_pictures), np.zeros(n_pictures)
    for fold in range(n_folds):
        weights = np.linalg.solve(total - grams[fold] + penalty, moment - products[fold]).astype(np.float32)
        chosen = rows[pictures[rows] % n_folds == fold]
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            distance = np.linalg.norm(_standardised(X[part], mean, scale) @ weights - chroma[part], axis=1)
            errors += np.bincount(pictures[part], distance, n_pictures)
            counts += np.bincount(pictures[part], minlength=n_pictures)
    return (errors / np.maximum(counts, 1)).astype(np.float32)


def _moments(X: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
    wide = X.astype(np.float32)
    return wide.mean(axis=0), np.maximum(wide.std(axis=0), 1e-6)


def _standardised(X: NDArray[np.floating], mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Standardised inputs and a column of ones for the intercept."""
    out = np.ones((len(X), X.shape[1] + 1), np.float32)
    np.divide(X.astype(np.float32) - mean, scale, out=out[:, :-1])
    return out
