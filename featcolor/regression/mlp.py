"""Multi-layer perceptron trained by NumPy: soft targets, early stopping on pictures, rows streamed in batches.

scikit-learn's `MLPRegressor` has no cross-entropy against soft targets, `MLPClassifier` takes hard labels only, and
both copy the rows and stop early on held-back pixels, neighbours of the training ones, instead of held-back pictures.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

Gradient = Callable[[FloatArray, IndexArray], tuple[float, FloatArray]]
"""(outputs (n, n_outputs), row numbers (n,)) -> (sum of losses, d loss / d outputs (n, n_outputs))."""

ADAM_BETAS = (0.9, 0.999)
ADAM_EPSILON = 1e-8
"""Kingma and Ba, Adam, 2015."""
WARM_UP = 0.1
"""Share of the steps in which the rate rises linearly, before it falls along a cosine to zero."""
MOMENT_ROWS = 100_000
"""Rows that the standardisation of the inputs is measured on."""
PREDICT_ROWS = 8192
"""Rows in one forward pass outside training: bounds the memory of the activations."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How an `Mlp` is trained.

    Attributes
    ----------
    epochs : passes over the rows.
    batch : rows a step.
    rate : largest learning rate of the one-cycle schedule.
    decay : decoupled weight decay (Loshchilov and Hutter, AdamW, 2019), a step and unit of rate.
    dropout : share of the hidden units that are silenced in each step.
    patience : epochs without a better held-back loss before training stops.
    """

    epochs: int = 10
    batch: int = 1024
    rate: float = 2e-3
    decay: float = 0.01
    dropout: float = 0.0
    patience: int = 3


class Mlp:
    """Fully connected layers with rectified linear units between them and a linear output; float32.

    Attributes
    ----------
    weights : list of (n_in, n_out)
    biases : list of (n_out,)
    """

    def __init__(self, weights: list[FloatArray], biases: list[FloatArray]) -> None:
        self.weights, self.biases = weights, biases

    @classmethod
    def initialise(cls, sizes: tuple[int, ...], rng: np.random.Generator) -> Mlp:
        """Random layers of the given sizes (He et al., 2015); the output starts at zero."""
        weights = [
            rng.standard_normal((n_in, n_out), dtype=np.float32) * np.float32(np.sqrt(2 / n_in))
            for n_in, n_out in itertools.pairwise(sizes)
        ]
        weights[-1] *= 0
        return cls(weights, [np.zeros(n, np.float32) for n in sizes[1:]])

    def forward(self, X: NDArray[np.floating]) -> FloatArray:
        """Outputs, (n, n_outputs), in float64 for rows in float64, else in float32.

        Rows are taken in slices so that the memory of the activations stays bounded.
        """
        dtype = np.promote_types(X.dtype, np.float32)
        out = np.empty((len(X), self.biases[-1].size), dtype)
        for start in range(0, len(X), PREDICT_ROWS):
            part = slice(start, start + PREDICT_ROWS)
            values = X[part].astype(dtype, copy=False)
            for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
                values = values @ weight
                values += bias
                np.maximum(values, 0, out=values)
            np.matmul(values, self.weights[-1], out=out[part])
            out[part] += self.biases[-1]
        return out

    def fold_standardisation(self, mean: FloatArray, scale: FloatArray) -> Mlp:
        """The same network for inputs that are not standardised: (x - mean) / scale moves into the first layer."""
        first = self.weights[0] / scale[:, None]
        return Mlp([first, *self.weights[1:]], [self.biases[0] - mean @ first, *self.biases[1:]])

    def scale_outputs(self, factor: np.float32) -> Mlp:
        """The same network with its outputs multiplied."""
        return Mlp([*self.weights[:-1], self.weights[-1] * factor], [*self.biases[:-1], self.biases[-1] * factor])

    def copy(self) -> Mlp:
        return Mlp([w.copy() for w in self.weights], [b.copy() for b in self.biases])


def moments(X: NDArray[np.floating], rows: IndexArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each input over some of the rows; a constant input gets scale 1."""
    chosen = rows if len(rows) <= MOMENT_ROWS else np.sort(rng.choice(rows, MOMENT_ROWS, replace=False))
    total, squares = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    pivot = X[chosen[0]].astype(np.float64)
    for start in range(0, len(chosen), PREDICT_ROWS):
        part = X[chosen[start : start + PREDICT_ROWS]] - pivot
        total += part.sum(axis=0)
        squares += (part * part).sum(axis=0)
    mean = total / len(chosen)
    scale = np.sqrt(np.maximum(squares / len(chosen) - mean**2, 0))
    scale[scale < 1e-7 * (1 + np.abs(pivot))] = 1
    return (mean + pivot).astype(np.float32), scale.astype(np.float32)


def train(
    network: Mlp,
    X: NDArray[np.floating],
    gradient: Gradient,
    *,
    rows: IndexArray,
    held_back: IndexArray,
    settings: Training,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Mlp, list[float]]:
    """Train on standardised rows of X and return the best epoch's network, for rows as they are.

    Parameters
    ----------
    network : Mlp, changed in place
    X : (n_rows, n_inputs) of any float type, may be memory-mapped: only batches become float32.
    gradient : Gradient, the loss, by row number
    rows, held_back : row numbers, trained on, and watched for early stopping (empty: the last epoch is returned)
    progress : callable, optional, called with (epochs done, epochs) after each

    Returns
    -------
    network : Mlp
    losses : list of float, mean held-back loss (training loss where nothing is held back) of each epoch
    """
    mean, scale = moments(X, rows, rng)
    inverse = np.reciprocal(scale)
    optimiser = AdamW(network, settings, steps=settings.epochs * -(-len(rows) // settings.batch))
    best, losses = network, []
    for epoch in range(settings.epochs):
        total = 0.0
        for batch in shuffled_batches(rows, settings.batch, rng):
            inputs = X[batch].astype(np.float32)
            inputs -= mean
            inputs *= inverse
            total += _step(network, inputs, batch, gradient, optimiser, settings.dropout, rng)
        losses.append(_loss(network, X, mean, inverse, gradient, held_back) if len(held_back) else total / len(rows))
        if len(held_back) and losses[-1] <= min(losses):
            best = network.copy()
        if progress is not None:
            progress(epoch + 1, settings.epochs)
        if len(held_back) and epoch - int(np.argmin(losses)) >= settings.patience:
            break
    return best.fold_standardisation(mean, scale), losses


def shuffled_batches(rows: IndexArray, size: int, rng: np.random.Generator) -> Iterator[IndexArray]:
    """Every row once, in random order; each batch sorted so that memory-mapped rows are read forwards."""
    order = rng.permutation(rows)
    for start in range(0, len(order), size):
        yield np.sort(order[start : start + size])


def _step(
    network: Mlp,
    inputs: FloatArray,
    batch: IndexArray,
    gradient: Gradient,
    optimiser: AdamW,
    dropout: float,
    rng: np.random.Generator,
) -> float:
    """One mini-batch forwards and backwards; returns its summed loss."""
    values = [inputs]
    masks = []
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        hidden = values[-1] @ weight
        hidden += bias
        mask = hidden > 0
        if dropout:
            mask &= rng.random(hidden.shape, dtype=np.float32) >= dropout
        hidden *= mask
        if dropout:
            hidden *= np.float32(1 / (1 - dropout))
        values.append(hidden)
        masks.append(mask)
    loss, delta = gradient(values[-1] @ network.weights[-1] + network.biases[-1], batch)
    delta /= len(batch)
    for layer in range(len(network.weights) - 1, -1, -1):
        weight_gradient = values[layer].T @ delta
        bias_gradient = delta.sum(axis=0)
        if layer:
            delta = delta @ network.weights[layer].T
            delta *= masks[layer - 1]
            if dropout:
                delta *= np.float32(1 / (1 - dropout))
        optimiser.update(layer, weight_gradient, bias_gradient)
    optimiser.step += 1
    return loss


def _loss(
    network: Mlp,
    X: NDArray[np.floating],
    mean: FloatArray,
    inverse: FloatArray,
    gradient: Gradient,
    rows: IndexArray,
) -> float:
    total = 0.0
    for start in range(0, len(rows), PREDICT_ROWS):
        part = rows[start : start + PREDICT_ROWS]
        inputs = (X[part].astype(np.float32) - mean) * inverse
        total += gradient(network.forward(inputs), part)[0]
    return total / len(rows)


class AdamW:
    """Adam with decoupled weight decay and a one-cycle rate; the moments of every layer live here."""

    def __init__(self, network: Mlp, settings: Training, *, steps: int) -> None:
        self.network, self.settings, self.steps = network, settings, steps
        self.step = 0
        self.first = [np.zeros_like(p) for p in (*network.weights, *network.biases)]
        self.second = [np.zeros_like(p) for p in (*network.weights, *network.biases)]

    def rate(self) -> float:
        """Linear warm-up, then half a cosine to zero (Smith and Topin, Super-convergence, 2018)."""
        done = (self.step + 1) / (self.steps + 1)
        if done < WARM_UP:
            return self.settings.rate * done / WARM_UP
        return self.settings.rate * 0.5 * (1 + float(np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP))))

    def update(self, layer: int, weight_gradient: FloatArray, bias_gradient: FloatArray) -> None:
        """One step of the weights and the bias of a layer."""
        count = len(self.network.weights)
        rate = self.rate()
        weight = self.network.weights[layer]
        weight *= np.float32(1 - rate * self.settings.decay)
        self._move(weight, weight_gradient, layer, rate)
        self._move(self.network.biases[layer], bias_gradient, count + layer, rate)

    def _move(self, parameter: FloatArray, gradient: FloatArray, slot: int, rate: float) -> None:
        beta1, beta2 = ADAM_BETAS
        first, second = self.first[slot], self.second[slot]
        first *= np.float32(beta1)
        first += np.float32(1 - beta1) * gradient
        gradient *= gradient
        second *= np.float32(beta2)
        second += np.float32(1 - beta2) * gradient
        time = self.step + 1
        scale = rate * float(np.sqrt(1 - beta2**time)) / (1 - beta1**time)
        denominator = np.sqrt(second)
        denominator += np.float32(ADAM_EPSILON)
        np.divide(first, denominator, out=denominator)
        denominator *= np.float32(scale)
        parameter -= denominator
