"""Shrinkage of a fit on few references towards the colour network that it stands on, by cross-validation over pictures.

A regressor that has seen a dozen pictures takes for a rule what they have in common by chance: pavements as red as the
one brick wall. How much of its answer pictures bear out that it does not know is measured; the rest is the network's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from featcolor.models.config import ColorizerConfig
from featcolor.models.references import TrainingSet
from featcolor.regression.blend import share_to_follow
from featcolor.regression.predictor import ChromaPredictor
from features.base import IndexArray

ENOUGH: Final = 100
"""References from which on a fit is followed wholly: it is better than the network then, and dear to cross-validate."""
FOLDS: Final = 3
ADVANTAGE: Final = 2.0
"""In odds, of the whole fit over those that are measured: it knows half as many references again, and averages several
networks and neighbouring pixels."""


def share_borne_out(
    rows: TrainingSet, config: ColorizerConfig, held: IndexArray, fit_one: Callable[[IndexArray], ChromaPredictor]
) -> float:
    """How much of the regressor's answer to take, 0..1; the rest is the network's own guess.

    Parameters
    ----------
    rows : with guesses; without any, or from `ENOUGH` references on, the share is 1
    held : numbers of the references that are held back, which are not asked
    fit_one : from numbers of references to a regressor fitted on them
    """
    if rows.guess is None:
        return 1.0
    asked = np.setdiff1d(np.arange(len(rows.kept)), held)
    if len(asked) < 2:
        return 0.0
    folds = np.array_split(np.random.default_rng(config.seed + 2).permutation(asked), min(FOLDS, len(asked)))
    numbers = rows.rows_of(asked)
    answers = np.empty((len(rows.features), 2), np.float32)
    for fold in folds:
        own = rows.rows_of(fold)
        predictor = fit_one(np.setdiff1d(asked, fold))
        answers[own] = predictor.predict(rows.features[own].astype(np.float32), temperature=config.temperature)[0]
    share = share_to_follow(answers[numbers], rows.guess[numbers], rows.chroma[numbers], rows.pictures[numbers])
    return ADVANTAGE * share / (1 + (ADVANTAGE - 1) * share)
