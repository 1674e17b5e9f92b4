"""Regressor of an album: a small network on its pixels, and its answers for references that it was not fitted on."""

from __future__ import annotations

from typing import Final

import numpy as np

from featcolor.parallel import available_cores
from featcolor.regression.predictor import ChromaPredictor
from features.base import FloatArray, IndexArray

BATCH: Final = 256
HIDDEN: Final = (256, 128)
DROPOUT: Final = 0.4
REBALANCE: Final = 0.25
TEMPERATURE: Final = 0.6


def fit_regressor(features: FloatArray, chroma: FloatArray, *, steps: int, seed: int) -> ChromaPredictor:
    """A distribution over a*b* cells by a perceptron, trained for so many steps however few the rows are.

    Parameters
    ----------
    features : (n, d)
    chroma : (n, 2)
    """
    from featcolor.regression.regressor import ChromaRegressor  # here: colouring does not need scikit-learn

    steps_an_epoch = -(-len(features) // BATCH)
    regressor = ChromaRegressor(
        hidden=HIDDEN,
        epochs=-(-steps // steps_an_epoch),
        batch=BATCH,
        dropout=DROPOUT,
        rebalance=REBALANCE,
        random_state=seed,
    )
    return regressor.fit(features, chroma).predictor_


def fit_and_cross(
    features: FloatArray,
    chroma: FloatArray,
    picture: IndexArray,
    wanted: IndexArray,
    *,
    folds: int,
    steps: int,
    seed: int,
) -> tuple[ChromaPredictor, FloatArray]:
    """A regressor fitted on all references, and what others answer for rows of references that they do not know.

    Parameters
    ----------
    features : (n, d)
    chroma : (n, 2)
    picture : (n,) number of the reference, two of them at least
    wanted : (m,) numbers of the rows to answer for
    folds : fits, each without a part of the references; no more than there are references

    Returns
    -------
    The regressor, and (m, 2).
    """
    from joblib import Parallel, delayed

    order = np.random.default_rng(seed).permutation(int(picture[-1]) + 1)
    folds = min(folds, len(order))
    fold = (order % folds)[picture]
    parts = [slice(None), *(fold != number for number in range(folds))]
    regressors = Parallel(n_jobs=min(available_cores(), len(parts)), prefer="threads")(
        delayed(fit_regressor)(features[part], chroma[part], steps=steps, seed=seed) for part in parts
    )
    answers = np.empty((len(wanted), 2), np.float32)
    for number in range(folds):
        asked = fold[wanted] == number
        answers[asked] = regressors[1 + number].predict(features[wanted[asked]], temperature=TEMPERATURE)[0]
    return regressors[0], answers
