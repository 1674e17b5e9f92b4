"""The network: gradients against finite differences, standardisation, batches, early stopping, reproducibility."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.regression import mlp
from featcolor.regression.bins import build_cells
from featcolor.regression.mlp import Gradient, Mlp, Training, moments, shuffled_batches, train
from featcolor.regression.regressor import cross_entropy, squared_error
from features.base import FloatArray


def random_network(sizes: tuple[int, ...], seed: int = 0) -> Mlp:
    """Random in every layer, biases too."""
    rng = np.random.default_rng(seed)
    network = Mlp.initialise(sizes, rng)
    network.weights[-1] += rng.normal(0, 0.5, network.weights[-1].shape).astype(np.float32)
    for bias in network.biases:
        bias += rng.normal(0, 0.3, bias.shape).astype(np.float32)
    return network


def in_float64(network: Mlp) -> Mlp:
    return Mlp([w.astype(np.float64) for w in network.weights], [b.astype(np.float64) for b in network.biases])


def losses(targets: FloatArray) -> dict[str, tuple[Gradient, int]]:
    """Both losses, with the number of outputs that they take."""
    cells = build_cells(targets)
    return {
        "squared error": (squared_error(targets), 2),
        "cross-entropy": (cross_entropy(targets, cells, 0.0), len(cells)),
        "rebalanced": (cross_entropy(targets, cells, 0.7), len(cells)),
    }


@pytest.fixture(scope="module")
def targets() -> FloatArray:
    return np.random.default_rng(3).normal(0, 20, (40, 2)).astype(np.float32)


@pytest.fixture(params=["squared error", "cross-entropy", "rebalanced"])
def loss(request: pytest.FixtureRequest, targets: FloatArray) -> tuple[Gradient, int]:
    return losses(targets)[request.param]


def test_losses_have_the_gradients_of_finite_differences(loss: tuple[Gradient, int]) -> None:
    gradient, n_outputs = loss
    rng, rows, step = np.random.default_rng(0), np.array([5, 0, 17]), 1e-5
    outputs: NDArray[Any] = rng.normal(0, 1, (len(rows), n_outputs))
    before = outputs.copy()
    _, analytic = gradient(outputs, rows)
    np.testing.assert_array_equal(outputs, before)
    for row, column in rng.integers(0, outputs.shape, (40, 2)):
        moved = [outputs.copy(), outputs.copy()]
        moved[0][row, column] += step
        moved[1][row, column] -= step
        numeric = (gradient(moved[0], rows)[0] - gradient(moved[1], rows)[0]) / (2 * step)
        assert analytic[row, column] == pytest.approx(numeric, rel=1e-4, abs=1e-6)


class Recorder:
    """Stands in for the optimiser and keeps the gradients."""

    def __init__(self) -> None:
        self.step = 0
        self.gradients: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    def update(self, layer: int, weight_gradient: NDArray[Any], bias_gradient: NDArray[Any]) -> None:
        self.gradients[layer] = weight_gradient.copy(), bias_gradient.copy()


def test_backward_pass_has_the_gradients_of_finite_differences(loss: tuple[Gradient, int]) -> None:
    gradient, n_outputs = loss
    network = in_float64(random_network((6, 9, 7, n_outputs)))
    rng, rows, step = np.random.default_rng(1), np.arange(30), 1e-6
    X = rng.normal(0, 1, (30, 6))
    recorder = Recorder()
    mlp._step(network, X, rows, gradient, recorder, 0.0, rng)  # type: ignore[arg-type]
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        for parameter, analytic in zip((weight, bias), recorder.gradients[layer], strict=True):
            for _ in range(12):
                at = tuple(rng.integers(0, parameter.shape))
                kept, values = parameter[at], []
                for moved in (kept + step, kept - step):
                    parameter[at] = moved
                    values.append(gradient(network.forward(X), rows)[0] / len(rows))
                parameter[at] = kept
                assert analytic[at] == pytest.approx((values[0] - values[1]) / (2 * step), rel=2e-4, abs=1e-6)


def test_dropout_keeps_the_expected_gradient(targets: FloatArray) -> None:
    """With one hidden layer and a linear loss, dropout is unbiased: its mean gradient is that without."""
    network, rows = in_float64(random_network((5, 40, 2))), np.arange(20)
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (20, 5))

    def linear(outputs: NDArray[Any], _: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        return float(outputs.sum()), np.ones_like(outputs)

    def gradients(dropout: float) -> NDArray[Any]:
        recorder = Recorder()
        mlp._step(network, X, rows, linear, recorder, dropout, rng)  # type: ignore[arg-type]
        return np.concatenate([array.ravel() for pair in recorder.gradients.values() for array in pair])

    mean = np.mean([gradients(0.5) for _ in range(2000)], axis=0)
    expected = gradients(0.0)
    np.testing.assert_allclose(mean, expected, atol=0.05 * np.abs(expected).max())


def test_forward_agrees_with_a_plain_loop_in_both_precisions(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network((8, 12, 5, 3))
    X = np.random.default_rng(0).normal(0, 1, (101, 8))
    values = X
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        values = values @ weight + bias
        if layer < 2:
            values = np.maximum(values, 0)
    assert network.forward(X).dtype == np.float64
    np.testing.assert_allclose(network.forward(X), values, rtol=1e-12)
    single = network.forward(X.astype(np.float32))
    assert single.dtype == network.forward(X.astype(np.float16)).dtype == np.float32
    np.testing.assert_allclose(single, values, atol=1e-5)
    monkeypatch.setattr(mlp, "PREDICT_ROWS", 10)
    np.testing.assert_allclose(network.forward(X), values, rtol=1e-12)


def test_a_new_network_says_zero() -> None:
    network = Mlp.initialise((7, 20, 4), np.random.default_rng(0))
    np.testing.assert_array_equal(network.forward(np.random.default_rng(1).random((5, 7), np.float32)), 0)
    assert network.weights[0].std() == pytest.approx(np.sqrt(2 / 7), rel=0.2)


def test_folded_standardisation_is_the_same_function_and_scaled_outputs_a_multiple() -> None:
    network = in_float64(random_network((6, 10, 2)))
    rng = np.random.default_rng(0)
    mean, scale = rng.normal(5, 20, 6), rng.uniform(0.1, 30, 6)
    X = rng.normal(mean, scale, (50, 6))
    folded = network.fold_standardisation(mean, scale)
    np.testing.assert_allclose(folded.forward(X), network.forward((X - mean) / scale), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(network.scale_outputs(np.float32(2.5)).forward(X), 2.5 * network.forward(X), rtol=1e-9)


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_batches_hold_every_row_once_in_another_order(size: int) -> None:
    rows, rng = np.arange(10, 110, 2), np.random.default_rng(0)
    epochs = [list(shuffled_batches(rows, size, rng)) for _ in range(2)]
    for batches in epochs:
        np.testing.assert_array_equal(np.sort(np.concatenate(batches)), rows)
        assert all((np.diff(batch) > 0).all() for batch in batches)
        assert all(len(batch) == size for batch in batches[:-1])
    if 1 < size < len(rows):
        assert not np.array_equal(epochs[0][0], epochs[1][0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_moments_agree_with_numpy(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "PREDICT_ROWS", 64)
    rng = np.random.default_rng(0)
    X = rng.normal([0, 500, -3, 0], [1, 5, 0.01, 1e-3], (1000, 4)).astype(dtype)
    X = np.column_stack([X, np.full(1000, 0.7, dtype), np.zeros(1000, dtype)])
    rows = np.arange(0, 1000, 3)
    mean, scale = moments(X, rows, rng)
    wide = X[rows].astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scale[:4], wide.std(axis=0)[:4], rtol=1e-4)
    np.testing.assert_array_equal(scale[4:], 1)


def test_moments_of_many_rows_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "MOMENT_ROWS", 2000)
    X = np.random.default_rng(0).normal(3, 2, (20_000, 2)).astype(np.float32)
    mean, scale = moments(X, np.arange(20_000), np.random.default_rng(1))
    np.testing.assert_allclose(mean, 3, atol=0.2)
    np.testing.assert_allclose(scale, 2, atol=0.2)


def problem(n_rows: int = 600) -> tuple[FloatArray, FloatArray]:
    """Inputs on unequal scales, and targets that depend on them by a curve."""
    rng = np.random.default_rng(0)
    X = rng.normal([0, 100, 3], [1, 30, 0.1], (n_rows, 3)).astype(np.float32)
    z = (X - [0, 100, 3]) / [1, 30, 0.1]
    return X, np.column_stack([np.sin(2 * z[:, 0]), np.abs(z[:, 1] + z[:, 2])]).astype(np.float32)


def trained(seed: int = 0, held: int = 100, **settings: Any) -> tuple[Mlp, list[float]]:
    X, targets = problem()
    rng = np.random.default_rng(seed)
    network = Mlp.initialise((3, 32, 2), rng)
    chosen = Training(**{"epochs": 15, "batch": 64, "rate": 5e-3, "patience": 100} | settings)
    rows = np.arange(len(X))
    gradient = squared_error(targets)
    return train(network, X, gradient, rows=rows[held:], held_back=rows[:held], settings=chosen, rng=rng)


def loss_of(network: Mlp, rows: slice) -> float:
    X, targets = problem()
    numbers = np.arange(len(X))[rows]
    return squared_error(targets)(network.forward(X[rows]), numbers)[0] / len(numbers)


def test_training_lowers_the_loss() -> None:
    network, history = trained(epochs=100, rate=2e-2)
    blank = Mlp.initialise((3, 4, 2), np.random.default_rng(0))
    for rows in (slice(100), slice(100, None)):
        assert loss_of(network, rows) < 0.3 * loss_of(blank, rows)
    assert history[-1] < 0.3 * history[0]


def test_the_best_epoch_is_returned_and_training_stops_after_patience() -> None:
    # A rate far too high makes the held-back loss rise and fall.
    network, history = trained(rate=0.5, patience=3, epochs=60)
    best = int(np.argmin(history))
    assert best < len(history) - 1
    assert len(history) == best + 1 + 3 or len(history) == 60
    assert loss_of(network, slice(100)) == pytest.approx(history[best], rel=1e-3)


def test_without_held_back_rows_all_epochs_are_run() -> None:
    _, history = trained(held=0, patience=1, epochs=7)
    assert len(history) == 7


def test_the_rate_rises_then_falls_to_nothing() -> None:
    optimiser = mlp.AdamW(random_network((2, 2)), Training(rate=1.0), steps=100)
    rates = []
    for optimiser.step in range(100):
        rates.append(optimiser.rate())
    peak = int(np.argmax(rates))
    assert 8 <= peak <= 12
    assert max(rates) == pytest.approx(1, rel=0.02)
    assert (np.diff(rates[:peak]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[-1] < 1e-3


def test_adam_agrees_with_the_paper() -> None:
    network = random_network((3, 2))
    weight = network.weights[0].astype(np.float64)
    settings = Training(rate=0.01, decay=0.1)
    optimiser = mlp.AdamW(network, settings, steps=20)
    first = second = np.zeros_like(weight)
    rng = np.random.default_rng(0)
    for time in range(1, 11):
        gradient = rng.normal(0, 1, weight.shape)
        rate = optimiser.rate()
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weight = weight * (1 - rate * 0.1)
        weight -= rate * (first / (1 - 0.9**time)) / (np.sqrt(second / (1 - 0.999**time)) + 1e-8)
        optimiser.update(0, gradient.astype(np.float32), np.zeros(2, np.float32))
        optimiser.step += 1
    np.testing.assert_allclose(network.weights[0], weight, atol=1e-5)
