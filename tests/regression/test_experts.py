"""Groups of references: blending, the file form, arrays that disagree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.regression.experts import NEAREST, SMALLEST_GROUP, Experts, fit_experts
from featcolor.regression.mlp import Mlp
from featcolor.regression.predictor import ChromaPredictor
from features.base import FloatArray, IndexArray

N_FEATURES = 5


def predictor(seed: int = 0, *, n_cells: int | None = 7, members: int = 2) -> ChromaPredictor:
    rng = np.random.default_rng(seed)
    networks = []
    for _ in range(members):
        network = Mlp.initialise((N_FEATURES, 6, n_cells or 2), rng)
        network.weights[-1] += rng.normal(0, 1, network.weights[-1].shape).astype(np.float32)
        networks.append(network)
    cells = None if n_cells is None else rng.normal(0, 30, (n_cells, 2)).astype(np.float32)
    return ChromaPredictor(tuple(networks), cells, rng.normal(0, 5, 2).astype(np.float32))


def constant(a: float, b: float = 0.0) -> ChromaPredictor:
    """Says one chroma whatever it sees."""
    return ChromaPredictor(
        (Mlp([np.zeros((N_FEATURES, 2), np.float32)], [np.zeros(2, np.float32)]),), None, np.array([a, b], np.float32)
    )


def rows(n_rows: int = 11) -> FloatArray:
    return np.random.default_rng(9).normal(0, 1, (n_rows, N_FEATURES)).astype(np.float32)


def around(directions: NDArray[Any], counts: list[int]) -> FloatArray:
    rng = np.random.default_rng(0)
    parts = [d + rng.normal(0, 0.05, (n, len(d))) for d, n in zip(directions, counts, strict=True)]
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("n_cells", [None, 7])
def test_one_group_is_the_plain_predictor(n_cells: int | None) -> None:
    plain = predictor(n_cells=n_cells)
    experts = fit_experts(np.ones((30, 3), np.float32), lambda _: plain, clusters=1, seed=0)
    for options in ({"temperature": 1.0, "saturation": 1.0}, {"temperature": 0.4, "saturation": 1.3}):
        for found, expected in zip(
            experts.predict(rows(), np.zeros(3, np.float32), **options), plain.predict(rows(), **options), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


def test_each_group_is_fitted_on_its_own_references() -> None:
    descriptors = around(np.eye(3) * 4, [25, 40, 30])
    seen: list[IndexArray] = []

    def fit_one(references: IndexArray) -> ChromaPredictor:
        seen.append(references)
        return constant(len(seen))

    experts = fit_experts(descriptors, fit_one, clusters=3, seed=0)
    assert sorted(map(tuple, seen)) == [tuple(range(25)), tuple(range(25, 65)), tuple(range(65, 95))]
    for references, expected in zip(seen, experts.predictors, strict=True):
        chroma, _ = experts.predict(rows(), descriptors[references[0]], temperature=1, saturation=1)
        np.testing.assert_allclose(chroma, np.tile(expected.centre, (11, 1)), atol=0.1)


def test_small_groups_are_filled_up_and_few_references_are_one_group() -> None:
    sizes: list[int] = []

    def fit_one(references: IndexArray) -> ChromaPredictor:
        assert len(set(references)) == len(references)
        sizes.append(len(references))
        return constant(0)

    fit_experts(around(np.eye(3) * 4, [5, 30, 30]), fit_one, clusters=3, seed=0)
    assert min(sizes) == SMALLEST_GROUP
    sizes.clear()
    experts = fit_experts(around(np.eye(3) * 4, [10, 10, 10]), fit_one, clusters=8, seed=0)
    assert sizes == [30]
    assert len(experts.predictors) == 1


def test_blending_weights_sum_to_one_over_the_nearest() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1, (8, 4))
    centres = (centres / np.linalg.norm(centres, axis=1, keepdims=True)).astype(np.float32)
    experts = Experts(tuple(constant(i) for i in range(8)), np.zeros(4, np.float32), centres)
    for descriptor in [*rng.normal(0, 1, (20, 4)).astype(np.float32), np.zeros(4, np.float32)]:
        weights = experts._weights(descriptor)
        assert weights.sum() == pytest.approx(1, abs=1e-6)
        assert (weights > 0).sum() == NEAREST
        chosen, others = centres[weights > 0] @ descriptor, centres[weights == 0] @ descriptor
        assert chosen.min() >= others.max()
        expected = weights @ np.arange(8)
        chroma, confidence = experts.predict(rows(), descriptor, temperature=1, saturation=1)
        np.testing.assert_allclose(chroma[:, 0], expected, rtol=1e-5)
        np.testing.assert_allclose(confidence, 1)
        assert chroma.dtype == confidence.dtype == np.float32


def test_answers_change_gradually_from_one_group_to_the_next() -> None:
    experts = Experts((constant(0), constant(10)), np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    angles = np.linspace(0, np.pi / 2, 50)
    path = [
        experts.predict(rows(1), np.array([np.cos(t), np.sin(t)], np.float32), temperature=1, saturation=1)[0][0, 0]
        for t in angles
    ]
    assert (np.diff(path) > 0).all()
    assert np.diff(path).max() < 1
    assert path[25] == pytest.approx(5, abs=0.5)


def several(n_cells: int | None = 7) -> Experts:
    centres = np.eye(3, dtype=np.float32)[:2]
    return Experts(tuple(predictor(i, n_cells=n_cells) for i in range(2)), np.ones(3, np.float32), centres)


@pytest.mark.parametrize("n_cells", [None, 7])
def test_arrays_give_the_same_experts_back(n_cells: int | None) -> None:
    experts = several(n_cells)
    header, arrays = experts.to_arrays()
    assert all(isinstance(array, np.ndarray) and array.dtype == np.float32 for array in arrays.values())
    again = Experts.from_arrays(header, arrays)
    assert again.n_inputs == experts.n_inputs == N_FEATURES
    descriptor = np.array([2, 1.5, 0], np.float32)
    for first, second in zip(
        experts.predict(rows(), descriptor, temperature=0.5, saturation=1),
        again.predict(rows(), descriptor, temperature=0.5, saturation=1),
        strict=True,
    ):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", sorted(several().to_arrays()[1]))
def test_arrays_that_disagree_are_refused(name: str) -> None:
    header, arrays = several().to_arrays()
    array = arrays[name]
    with pytest.raises((KeyError, ValueError)):
        Experts.from_arrays(header, {key: each for key, each in arrays.items() if key != name})
    for damaged in (np.concatenate([array, array]), array[..., :-1], array[None], array.reshape(-1)[0]):
        with pytest.raises((KeyError, ValueError)):
            Experts.from_arrays(header, {**arrays, name: damaged})


@pytest.mark.parametrize(
    "layers", [[], [[]], [[], []], [[0], [2]], [[2, 2]], [[2, 2], [2, 2], [2, 2]], [[3, 2], [2, 2]]]
)
def test_headers_that_disagree_are_refused(layers: list[list[int]]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Experts.from_arrays({"layers": layers}, several().to_arrays()[1])
