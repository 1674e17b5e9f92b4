"""Cells of the a*b* plane: soft encoding, rebalancing, annealed mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import cdist

from featcolor.regression.bins import (
    CELL_WIDTH,
    NEIGHBOURS,
    build_cells,
    cell_width,
    prior,
    rebalancing_weights,
    soft_encode,
)
from features.annealed import UNSURE_SPREAD, annealed_mean, confidence_of, softmax
from features.base import FloatArray

SIGMA = CELL_WIDTH / 2


@pytest.fixture(scope="module")
def chroma() -> FloatArray:
    return np.random.default_rng(0).normal(0, 25, (4000, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def cells(chroma: FloatArray) -> FloatArray:
    return build_cells(chroma)


def test_cells_are_the_mean_colours_of_a_regular_grid(chroma: FloatArray, cells: FloatArray) -> None:
    keys = np.round(chroma / CELL_WIDTH).astype(int)
    expected = [chroma[(keys == key).all(axis=1)].mean(axis=0) for key in np.unique(keys, axis=0)]
    np.testing.assert_allclose(cells, expected, atol=1e-4)


def test_a_colour_in_a_hundred_thousand_is_left_to_its_neighbours() -> None:
    many = np.zeros((300_000, 2), np.float32)
    many[::2] = 30
    many[0] = (-90, 90)
    assert len(build_cells(many)) == 2


def test_cells_shrink_with_the_colours(chroma: FloatArray) -> None:
    assert cell_width(chroma) == CELL_WIDTH
    widths = [cell_width(chroma * np.float32(factor)) for factor in (0.3, 0.1, 0.01)]
    assert CELL_WIDTH > widths[0] > widths[1] > widths[2] > 0
    assert len(build_cells(chroma * np.float32(0.01))) > 10


@pytest.mark.parametrize("count", [1, 2, 500])
def test_one_colour_is_one_cell(count: int) -> None:
    colour = np.array([30.1, -20.7], np.float32)
    cells = build_cells(np.tile(colour, (count, 1)))
    np.testing.assert_allclose(cells, [colour], rtol=1e-6)
    targets = soft_encode(cells, cells, sigma=SIGMA)
    np.testing.assert_array_equal(targets.weights, [[1]])
    np.testing.assert_array_equal(rebalancing_weights(prior(targets, 1), 1.0), [1])


def test_soft_encoding_agrees_with_a_plain_loop(chroma: FloatArray, cells: FloatArray) -> None:
    targets = soft_encode(chroma[:200], cells, sigma=SIGMA)
    for colour, indices, weights in zip(chroma[:200].astype(float), targets.indices, targets.weights, strict=True):
        distances = np.linalg.norm(cells - colour, axis=1)
        assert set(indices) == set(np.argsort(distances)[:NEIGHBOURS])
        gaussian = np.exp(-(distances[indices] ** 2) / (2 * SIGMA**2))
        np.testing.assert_allclose(weights, gaussian / gaussian.sum(), rtol=1e-3, atol=1e-6)


@given(colours=arrays.arrays(np.float32, (6, 2), elements=st.floats(-128, 128, width=32)))
def test_soft_rows_sum_to_one_and_the_nearest_cell_weighs_most(colours: FloatArray, cells: FloatArray) -> None:
    targets = soft_encode(colours, cells, sigma=SIGMA)
    np.testing.assert_allclose(targets.weights.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(targets.weights).all()
    assert (targets.weights[:, 0] >= targets.weights.max(axis=1)).all()
    nearest = np.linalg.norm(cells[targets.indices[:, 0]] - colours, axis=1)
    np.testing.assert_allclose(nearest, cdist(colours, cells).min(axis=1), rtol=1e-5, atol=1e-4)


def test_a_cell_centre_decodes_to_near_it(cells: FloatArray) -> None:
    targets = soft_encode(cells, cells, sigma=SIGMA)
    decoded = (cells[targets.indices] * targets.weights[..., None]).sum(axis=1)
    error = np.linalg.norm(decoded - cells, axis=1)
    assert error.max() < CELL_WIDTH / 2
    assert np.median(error) < CELL_WIDTH / 5


def test_prior_is_the_mean_distribution(chroma: FloatArray, cells: FloatArray) -> None:
    targets = soft_encode(chroma, cells, sigma=SIGMA)
    dense = np.zeros((len(chroma), len(cells)))
    np.put_along_axis(dense, targets.indices, targets.weights, axis=1)
    np.testing.assert_allclose(prior(targets, len(cells)), dense.mean(axis=0), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("exponent", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_rebalancing_has_mean_one_under_the_prior(exponent: float) -> None:
    shares = np.random.default_rng(0).dirichlet(np.full(60, 0.1)).astype(np.float32)
    weights = rebalancing_weights(shares, exponent)
    assert float(shares @ weights) == pytest.approx(1, abs=1e-5)
    order = np.argsort(shares)
    assert (np.diff(weights[order]) <= 1e-6).all(), "rarer cells weigh no less"
    if exponent == 0:
        np.testing.assert_allclose(weights, 1, rtol=1e-5)


def test_rebalancing_is_the_formula_of_zhang() -> None:
    shares = np.array([0.7, 0.2, 0.1], np.float32)
    raw = 1 / (0.5 * shares + 0.5 / 3)
    np.testing.assert_allclose(rebalancing_weights(shares, 1.0), raw / (shares @ raw), rtol=1e-6)


def test_temperature_one_is_the_plain_mean_and_towards_zero_the_likeliest_cell(cells: FloatArray) -> None:
    logits = np.random.default_rng(1).normal(0, 2, (40, len(cells))).astype(np.float32)
    plain = np.exp(logits.astype(float))
    plain /= plain.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(annealed_mean(logits, cells, temperature=1)[0], plain @ cells, atol=1e-3)
    logits[np.arange(40), logits.argmax(axis=1)] += 0.5
    sharp, spread = annealed_mean(logits, cells, temperature=0.01)
    np.testing.assert_allclose(sharp, cells[logits.argmax(axis=1)], atol=1e-3)
    np.testing.assert_array_equal(spread, annealed_mean(logits, cells, temperature=1)[1])


def test_spread_is_the_deviation_of_the_colours() -> None:
    cells = np.array([[30, 0], [-30, 0], [0, 80]], np.float32)
    certain = np.array([[0, 0, 60]], np.float32)
    assert annealed_mean(certain, cells, temperature=1)[1] == pytest.approx(0, abs=0.1)
    halves = np.array([[0, 0, -60]], np.float32)
    chroma, spread = annealed_mean(halves, cells, temperature=1)
    np.testing.assert_allclose(chroma, [[0, 0]], atol=1e-4)
    assert spread == pytest.approx(30, rel=1e-4)


def test_softmax_does_not_overflow() -> None:
    probabilities = softmax(np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], np.float32))
    np.testing.assert_allclose(probabilities, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)


def test_confidence_is_one_at_a_point_half_at_the_unsure_spread_and_a_fifth_at_twice_that() -> None:
    spread = UNSURE_SPREAD * np.array([0, 1, 2], np.float32)
    np.testing.assert_allclose(confidence_of(spread), [1, 0.5, 0.2], rtol=1e-6)
