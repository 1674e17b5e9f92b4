"""Outliers among the references: those that a regression on the others predicts worst (sepia prints, wrong colours)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

FOLDS = 5
ALPHA = 1000.0
"""Ridge penalty on standardised features: strong, as rows of one picture are far from independent."""
ROWS = 30_000
"""Rows at most that the regressions see: a judgement of pictures does not need more."""


def cross_validated_errors(X: NDArray[np.floating], chroma: FloatArray, pictures: IndexArray) -> FloatArray:
    """Mean a*b* distance between each reference and what a ridge regression on the other folds says.

    Parameters
    ----------
    X : (n_rows, d) of any float type
    chroma : (n_rows, 2)
    pictures : (n_rows,) int, 0..n_pictures - 1, two of them at least

    Returns
    -------
    (n_pictures,) float32
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = slice(None, None, -(-len(X) // ROWS))
    inputs, truth, groups = X[rows].astype(np.float32), chroma[rows], pictures[rows]
    n_pictures = int(pictures.max()) + 1
    folds = GroupKFold(min(FOLDS, n_pictures))
    model = make_pipeline(StandardScaler(), Ridge(ALPHA))
    distance = np.linalg.norm(cross_val_predict(model, inputs, truth, groups=groups, cv=folds) - truth, axis=1)
    counts = np.bincount(groups, minlength=n_pictures)
    return np.asarray(np.bincount(groups, distance, n_pictures) / np.maximum(counts, 1), np.float32)
