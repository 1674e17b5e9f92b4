"""ChromaRegressor is a scikit-learn estimator, learns curves and several colours at once, and is thrifty."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from featcolor.regression import mlp
from featcolor.regression import regressor as module
from featcolor.regression.regressor import ChromaRegressor, fit_ridge
from features.base import FloatArray

RED, BLUE = (50.0, 30.0), (10.0, -60.0)


@parametrize_with_checks(
    [ChromaRegressor(), ChromaRegressor(head="mean"), ChromaRegressor(head="mean", solver="ridge")]
)
def test_sklearn(estimator, check):
    check(estimator)


def curve(n_rows: int = 1500, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Inputs and the chroma that they determine, by no straight line."""
    X = np.random.default_rng(seed).normal(0, 1, (n_rows, 4)).astype(np.float32)
    return X, np.column_stack([40 * np.sin(2 * X[:, 0]), 30 * np.abs(X[:, 1]) - 20]).astype(np.float32)


def two_colours(n_rows: int = 2000, share: float = 0.65) -> tuple[FloatArray, FloatArray]:
    """Inputs that say nothing of which of two colours a row has; the first has this share."""
    rng = np.random.default_rng(0)
    first = rng.random(n_rows) < share
    chroma = np.where(first[:, None], RED, BLUE) + rng.normal(0, 2, (n_rows, 2))
    return rng.normal(0, 1, (n_rows, 3)).astype(np.float32), chroma.astype(np.float32)


def quick(**changes: Any) -> ChromaRegressor:
    return ChromaRegressor(**{"hidden": (48,), "epochs": 40, "rate": 1e-2, "random_state": 0} | changes)


@pytest.mark.parametrize("head", ["mean", "bins"])
def test_a_curve_is_learned(head: str) -> None:
    model = quick(head=head, epochs=100, batch=64).fit(*curve())
    X, truth = curve(500, seed=1)
    share = ((model.predict(X) - truth) ** 2).sum() / ((truth - truth.mean(axis=0)) ** 2).sum()
    assert share < 0.1
    line = ChromaRegressor(head="mean", solver="ridge").fit(*curve())
    assert ((line.predict(X) - truth) ** 2).sum() > 5 * ((model.predict(X) - truth) ** 2).sum()


def test_the_mean_head_greys_what_is_ambiguous_and_the_bins_head_need_not() -> None:
    X, chroma = two_colours()
    options = {"epochs": 6, "hidden": (8,)}
    greyed = quick(head="mean", **options).fit(X, chroma).predict(X)
    np.testing.assert_allclose(greyed.mean(axis=0), chroma.mean(axis=0), atol=3)
    bins = quick(**options).fit(X, chroma)
    np.testing.assert_allclose(bins.predict(X).mean(axis=0), chroma.mean(axis=0), atol=5)
    decided = bins.set_params(temperature=0.1).predict(X)
    assert np.median(np.linalg.norm(decided - RED, axis=1)) < 8


def test_rebalancing_gives_rare_colours_more_say() -> None:
    X, chroma = two_colours(share=0.9)
    plain, rebalanced = (
        quick(epochs=20, hidden=(8,), rebalance=exponent).fit(X, chroma).predict(X).mean(axis=0)
        for exponent in (0.0, 2.0)
    )
    assert np.linalg.norm(rebalanced - BLUE) < np.linalg.norm(plain - BLUE) - 10


def test_confidence_falls_with_ambiguity() -> None:
    X, chroma = two_colours()
    X[:, 0] = chroma[:, 0] < 30
    chroma[::2], X[::2, 1] = RED, 9
    _, confidence = quick(epochs=15).fit(X, chroma).predict_with_confidence(X)
    X[:, 0], X[:, 1] = 0.5, 0
    _, unsure = quick(epochs=15).fit(*two_colours()).predict_with_confidence(X)
    assert ((confidence > 0) & (confidence <= 1)).all()
    assert np.median(confidence) > np.median(unsure) + 0.2
    mean_head = quick(head="mean", epochs=1).fit(X, chroma)
    np.testing.assert_array_equal(mean_head.predict_with_confidence(X)[1], 1)


def test_saturation_is_a_factor_on_chroma() -> None:
    X, chroma = curve(300)
    model = quick(epochs=2).fit(X, chroma)
    plain = model.predict(X)
    np.testing.assert_allclose(model.set_params(saturation=1.5).predict(X), 1.5 * plain, rtol=1e-6)


def test_no_group_is_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    sides: list[tuple[set[int], set[int]]] = []
    groups = np.random.default_rng(0).integers(0, 12, 400)
    original = module.train

    def spy(*arguments: Any, rows: Any, held_back: Any, **options: Any) -> Any:
        sides.append((set(groups[rows]), set(groups[held_back])))
        assert len(rows) + len(held_back) == len(groups)
        return original(*arguments, rows=rows, held_back=held_back, **options)

    monkeypatch.setattr(module, "train", spy)
    X, chroma = curve(400)
    quick(epochs=1, members=2).fit(X, chroma, groups=groups, held_back_groups=[3, 5])
    assert sides == 2 * [(set(groups) - {3, 5}, {3, 5})]


def test_held_back_groups_have_no_say() -> None:
    X, chroma = curve(300)
    groups = np.repeat(np.arange(10), 30)
    spoilt = np.where((groups == 4)[:, None], 100, chroma).astype(np.float32)
    for solver in ("mlp", "ridge"):
        models = [
            quick(head="mean", solver=solver, epochs=1, patience=9).fit(X, y, groups=groups, held_back_groups=[4])
            for y in (chroma, spoilt)
        ]
        np.testing.assert_array_equal(models[0].predictor_.centre, models[1].predictor_.centre)
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


def test_ridge_is_that_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RIDGE_ROWS", 100)
    rng = np.random.default_rng(0)
    X = (rng.normal(0, 1, (1200, 9)) @ rng.normal(0, 1, (9, 9)) * rng.uniform(0.1, 20, 9) + 30).astype(np.float32)
    chroma = (X[:, :2] - X[:, 3:5] + rng.normal(0, 5, (1200, 2))).astype(np.float32)
    for alpha in (0.1, 30.0):
        model = ChromaRegressor(head="mean", solver="ridge", alpha=alpha).fit(X, chroma)
        scaler = StandardScaler().fit(X.astype(np.float64))
        expected = Ridge(alpha=alpha).fit(scaler.transform(X), chroma).predict(scaler.transform(X))
        np.testing.assert_allclose(model.predict(X.astype(np.float64)), expected, atol=1e-3)


def test_ridge_of_a_constant_input() -> None:
    X, chroma = curve(100)
    X[:, 2] = 5
    network = fit_ridge(X, chroma, np.arange(100), 1.0)
    assert np.isfinite(network.weights[0]).all()


def test_half_floats_on_disk_are_read_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows become wider a batch at a time: neither a copy of all in float32 is made, nor one in float16."""
    monkeypatch.setattr(module, "RIDGE_ROWS", 512)
    monkeypatch.setattr(mlp, "PREDICT_ROWS", 512)
    shape = (40_000, 200)
    X = np.memmap(tmp_path / "rows.f2", np.float16, "w+", shape=shape)
    X[:] = np.random.default_rng(0).normal(0, 1, shape)
    chroma = np.random.default_rng(1).normal(0, 20, (shape[0], 2)).astype(np.float32)
    chroma += 10 * X[:, :2]
    before = X.copy()
    for options in ({"head": "mean", "solver": "ridge"}, {"hidden": (4,), "epochs": 1, "batch": 512}):
        tracemalloc.start()
        model = ChromaRegressor(**options, random_state=0).fit(
            X, chroma, groups=np.arange(shape[0]) // 100, held_back_groups=range(40)
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.75 * X.nbytes
        assert np.isfinite(model.predict(X[:50])).all()
    np.testing.assert_array_equal(X, before)


def test_same_seed_gives_the_same_bits_whatever_the_threads() -> None:
    X, chroma = curve(500)
    options = {"members": 3, "epochs": 2, "dropout": 0.2}
    first, second, threaded = (
        quick(**options, n_jobs=jobs).fit(X, chroma, groups=np.arange(500) // 20).predict(X) for jobs in (1, 1, 3)
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, threaded)
    other = quick(**options | {"random_state": 1}).fit(X, chroma, groups=np.arange(500) // 20).predict(X)
    assert not np.array_equal(first, other)


def test_members_are_averaged() -> None:
    X, chroma = curve(300)
    model = quick(head="mean", members=3, epochs=1).fit(X, chroma)
    networks = model.predictor_.networks
    assert len(networks) == len(model.losses_) == 3
    mean = np.mean([network.forward(X) for network in networks], axis=0)
    np.testing.assert_allclose(model.predict(X), mean + model.predictor_.centre, atol=1e-4)


def test_progress_counts_the_epochs_of_all_members() -> None:
    seen: list[tuple[int, int]] = []
    quick(members=2, epochs=3).fit(*curve(50), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 6) for i in range(1, 7)]


@pytest.mark.parametrize("head", ["mean", "bins"])
def test_one_colour_is_given_back(head: str) -> None:
    X, chroma = curve(200)
    chroma[:] = (17.25, -8.5)
    predicted = quick(head=head, epochs=2, rebalance=0.5).fit(X, chroma).predict(X)
    np.testing.assert_allclose(predicted, chroma, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "median"}, "head must be one of"),
        ({"solver": "forest"}, "solver must be one of"),
        ({"solver": "ridge"}, "head 'mean' only"),
        ({"dropout": -0.1}, "dropout must be"),
        ({"rebalance": 3}, "rebalance must be"),
        ({"temperature": 0}, "temperature must be positive"),
        ({"epochs": 0}, "epochs must be positive"),
        ({"members": 0}, "members must be positive"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChromaRegressor(**options).fit(*curve(20))


def test_groups_must_name_every_row() -> None:
    with pytest.raises(ValueError, match="one label a row"):
        quick().fit(*curve(20), groups=np.zeros(19))
