"""Regressor from feature vectors to a*, b*: a scikit-learn estimator around the networks of `mlp`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from featcolor.regression.bins import (
    SIGMA_IN_WIDTHS,
    build_cells,
    cell_width,
    prior,
    rebalancing_weights,
    soft_encode,
)
from featcolor.regression.mlp import Gradient, Mlp, Training, moments, train
from featcolor.regression.predictor import ChromaPredictor
from features.annealed import softmax
from features.base import FloatArray, IndexArray
from features.threads import one_blas_thread

HEADS = ("bins", "mean")
SOLVERS = ("mlp", "ridge")
TRAINING = [field.name for field in fields(Training)]
FLOAT_TYPES = [np.float32, np.float16, np.float64]
ROUNDING = 1.0
"""Chroma that varies less than this, in a*b* units, varies by the rounding of 8-bit pictures: not to be magnified."""
RIDGE_ROWS = 8192
"""Rows a batch of the normal equations: bounds their memory."""


@dataclass(kw_only=True, eq=False, repr=False)
class ChromaRegressor(RegressorMixin, BaseEstimator):
    """Regressor of chroma: small neural networks, or ridge regression.

    Parameters
    ----------
    head : {"bins", "mean"}
        "bins": a distribution over a*b* cells, softly encoded (Zhang et al., ECCV 2016), read by the annealed mean.
        "mean": squared error on a*, b* (Cheng et al., ICCV 2015), which greys what is ambiguous.
    solver : {"mlp", "ridge"}, "ridge" is the fast mode and has the mean head only
    hidden : tuple of int, widths of the hidden layers
    members : int, networks whose outputs are averaged, each from its own start; they train side by side
    epochs, batch, rate, decay, dropout, patience
        See `featcolor.regression.mlp.Training`.
    rebalance : float, exponent of the class weights of the bins head: 0 none, 1 Zhang et al.'s
    alpha : float, ridge penalty
    temperature, saturation : float, how colour is read off; they may be set after fitting
    n_jobs : int, members trained at once, each on one BLAS thread
    random_state : int, RandomState or None

    Attributes
    ----------
    predictor_ : ChromaPredictor
    losses_ : list of list of float, held-back loss of each epoch, a member
    """

    head: str = "bins"
    solver: str = "mlp"
    hidden: tuple[int, ...] = (256, 128)
    members: int = 1
    epochs: int = 30
    batch: int = 256
    rate: float = 2e-3
    decay: float = 0.01
    dropout: float = 0.0
    patience: int = 5
    rebalance: float = 0.0
    alpha: float = 1.0
    temperature: float = 1.0
    saturation: float = 1.0
    n_jobs: int = 1
    random_state: int | np.random.RandomState | None = None

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        held_back_groups: ArrayLike = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Learn chroma from rows of features.

        Parameters
        ----------
        X : (n_rows, n_features), float16 to float64, kept in the type it has: rows become float32 a batch at a time
        y : (n_rows, 2), a*, b* in CIELAB units
        groups : (n_rows,), optional
            Which picture each row is from: early stopping holds back whole groups. None: every row is a group.
        held_back_groups : sequence, the groups that are not trained on, but tell when to stop
        progress : callable, optional, called with (epochs done, epochs)
        """
        self._check_parameters()
        rows_in: tuple[Any, Any] = validate_data(self, X, y, multi_output=True, dtype=FLOAT_TYPES)
        inputs: NDArray[np.floating] = rows_in[0]
        targets = np.asarray(rows_in[1], dtype=np.float32).reshape(len(inputs), -1)
        seeds = check_random_state(self.random_state).randint(np.iinfo(np.int32).max, size=self.members)
        labels = np.arange(len(inputs)) if groups is None else np.asarray(groups)
        if len(labels) != len(inputs):
            raise ValueError(f"groups must have one label a row: {len(inputs)} rows, {len(labels)} labels")
        is_held_back = np.isin(labels, np.asarray(held_back_groups))
        rows, held_back = np.flatnonzero(~is_held_back), np.flatnonzero(is_held_back)
        centre = targets[rows].mean(axis=0, dtype=np.float64).astype(np.float32)
        if self.solver == "ridge":
            self.losses_: list[list[float]] = []
            with one_blas_thread():
                network = fit_ridge(inputs, targets - centre, rows, self.alpha)
            self.predictor_ = ChromaPredictor((network,), None, centre)
            return self
        if self.head == "bins":
            cells = build_cells(targets[rows])
            gradient, n_outputs = cross_entropy(targets, cells, self.rebalance), len(cells)
        else:
            cells = None
            # Adam's steps have one size whatever the loss: outputs of unit deviation are reached in few of them.
            deviation = np.float32(max(float((targets[rows] - centre).std()), ROUNDING))
            gradient, n_outputs = squared_error((targets - centre) / deviation), targets.shape[1]
        settings = Training(**{name: getattr(self, name) for name in TRAINING})
        done, counting = itertools.count(1), threading.Lock()

        def report(_: int, epochs: int) -> None:
            if progress is not None:
                with counting:  # members train side by side
                    progress(next(done), epochs * self.members)

        def train_one(seed: int) -> tuple[Mlp, list[float]]:
            rng = np.random.default_rng(seed)
            network = Mlp.initialise((inputs.shape[1], *self.hidden, n_outputs), rng)
            return train(
                network,
                inputs,
                gradient,
                rows=rows,
                held_back=held_back,
                settings=settings,
                rng=rng,
                progress=report,
            )

        with one_blas_thread():
            trained = Parallel(n_jobs=min(self.n_jobs, self.members), prefer="threads")(
                delayed(train_one)(seed) for seed in seeds
            )
        self.losses_ = [losses for _, losses in trained]
        networks = tuple(network for network, _ in trained)
        if cells is None:
            networks = tuple(network.scale_outputs(deviation) for network in networks)
        self.predictor_ = ChromaPredictor(networks, cells, centre)
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Chroma of each row, (n, 2): in float64 for rows in float64, as scikit-learn has it, else in float32."""
        return self.predict_with_confidence(X)[0]

    def predict_with_confidence(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Chroma (n, 2) and confidence (n,), 0..1, of each row: see `ChromaPredictor.predict`."""
        check_is_fitted(self)
        rows: NDArray[np.floating] = validate_data(self, X, reset=False, dtype=FLOAT_TYPES)
        return self.predictor_.predict(rows, temperature=self.temperature, saturation=self.saturation)

    def _check_parameters(self) -> None:
        for name, value, allowed in (("head", self.head, HEADS), ("solver", self.solver, SOLVERS)):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        if self.solver == "ridge" and self.head != "mean":
            raise ValueError("solver 'ridge' has the head 'mean' only")
        for name, low, high in (("dropout", 0, 0.9), ("rebalance", 0, 2)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low}..{high}, got {getattr(self, name)}")
        for name in ("temperature", "rate", "epochs", "batch", "members"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


def squared_error(targets: FloatArray) -> Gradient:
    """Half the squared error."""

    def gradient(outputs: FloatArray, rows: IndexArray) -> tuple[float, FloatArray]:
        error = outputs - targets[rows]
        return float((error * error).sum() / 2), error

    return gradient


def cross_entropy(targets: FloatArray, cells: FloatArray, rebalance: float) -> Gradient:
    """Cross-entropy between softmax(outputs) and the soft encoding, each row weighted by how rare its colour is."""
    soft = soft_encode(targets, cells, sigma=SIGMA_IN_WIDTHS * cell_width(targets))
    class_weights = rebalancing_weights(prior(soft, len(cells)), rebalance)
    row_weights = (soft.weights * class_weights[soft.indices]).sum(axis=1, keepdims=True)

    def gradient(outputs: FloatArray, rows: IndexArray) -> tuple[float, FloatArray]:
        probabilities = softmax(outputs)
        line, indices = np.arange(len(rows))[:, None], soft.indices[rows]
        share, weight = soft.weights[rows], row_weights[rows]
        tiny = np.finfo(np.float32).tiny
        loss = -(share * np.log(np.maximum(probabilities[line, indices], tiny)) * weight).sum()
        probabilities[line, indices] -= share
        probabilities *= weight
        return float(loss), probabilities

    return gradient


def fit_ridge(X: NDArray[np.floating], targets: FloatArray, rows: IndexArray, alpha: float) -> Mlp:
    """Ridge regression on standardised inputs by the normal equations, summed over batches of rows.

    Minimises ||Z w - y||**2 + alpha ||w||**2, Z the standardised inputs; returned as a network without hidden layer.
    """
    mean, scale = moments(X, rows, np.random.default_rng(0))
    n_inputs = X.shape[1]
    gram, moment = np.zeros((n_inputs, n_inputs)), np.zeros((n_inputs, targets.shape[1]))
    for start in range(0, len(rows), RIDGE_ROWS):
        part = rows[start : start + RIDGE_ROWS]
        inputs = (X[part].astype(np.float32) - mean) / scale
        gram += inputs.T @ inputs
        moment += inputs.T @ targets[part]
    gram[np.diag_indices(n_inputs)] += alpha
    weights = np.linalg.solve(gram, moment).astype(np.float32)
    return Mlp([weights], [np.zeros(targets.shape[1], np.float32)]).fold_standardisation(mean, scale)
