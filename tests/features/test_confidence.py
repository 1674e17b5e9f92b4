"""Confidence about error: what it is told by, that it falls with the error expected, and where a network uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import entropy

from features.annealed import annealed_mean, softmax
from features.base import FloatArray
from features.colournet import ColourNetwork
from features.confidence import EVIDENCE, FARTHEST, TERMS, Certainty, evidence, terms
from features.network import NetworkError
from tests.networks import colour_network
from tests.samples import noise

K = len(EVIDENCE)


def content(**weights: float) -> dict[str, Any]:
    """What a file holds whose expected root of an error is 3 plus these weights of the evidence."""
    values = [weights.get(name, 0.0) for name in EVIDENCE] + [0.0] * (TERMS - K)
    return {"mean": [0.0] * K, "scale": [1.0] * K, "weights": values, "bias": 3.0, "half": 3.0, "power": 2.0}


def distributions(count: int = 50, cells: int = 9) -> tuple[FloatArray, FloatArray]:
    """Logits (n, q) and cells (q, 2)."""
    rng = np.random.default_rng(0)
    return rng.normal(0, 3, (count, cells)).astype(np.float32), rng.normal(0, 30, (cells, 2)).astype(np.float32)


def test_the_evidence_is_of_the_distribution_the_colour_and_the_grey() -> None:
    logits, cells = distributions()
    shares = softmax(logits)
    chroma, spread = annealed_mean(logits, cells, temperature=0.5)
    grey = noise((1, len(logits)))[0]
    values = dict(zip(EVIDENCE, evidence(shares, spread, chroma, grey).T, strict=True))
    np.testing.assert_allclose(values["entropy"], entropy(shares, axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values["spread"], np.log1p(spread), rtol=1e-5)
    np.testing.assert_allclose(values["top_share"], np.log(shares.max(axis=1)), rtol=1e-5)
    np.testing.assert_allclose(np.expm1(values["chroma"]), np.hypot(*chroma.T), rtol=1e-4)
    np.testing.assert_allclose(20 * np.column_stack([values["a"], values["b"]]), chroma, rtol=1e-5)
    np.testing.assert_array_equal(values["grey"], grey)


def test_terms_are_the_values_and_their_products() -> None:
    values = np.float32([[1, 2, 3], [-9, 0, 1]])
    mean, scale = np.float32([1, 0, 1]), np.float32([1, 2, 1])
    made = terms(values, mean, scale)
    np.testing.assert_allclose(made[0], [0, 1, 2, 0, 0, 0, 1, 2, 4])
    np.testing.assert_allclose(made[1, :4], [-FARTHEST, 0, 0, FARTHEST**2])


def test_confidence_falls_from_one_to_zero_as_the_error_expected_rises() -> None:
    certainty = Certainty.from_dict(content(grey=1.0))
    values = np.zeros((9, K), np.float32)
    values[:, -1] = np.linspace(-4, 4, 9)
    confidence = certainty.confidence(values)
    assert (np.diff(confidence) <= 0).all()
    assert confidence[0] == 1.0, "an error below 0 is none"
    assert confidence[4] == pytest.approx(0.5), "one half at half"
    assert ((confidence > 0) & (confidence <= 1)).all()
    np.testing.assert_allclose(certainty.expected(values), np.maximum(3 + values[:, -1], 0))


def test_a_network_reads_its_confidence_by_what_its_file_says(tmp_path: Path) -> None:
    plain = ColourNetwork(colour_network(tmp_path / "plain.onnx"))
    by_grey = ColourNetwork(colour_network(tmp_path / "grey.onnx", confidence=content(grey=4.0)))
    assert plain.info.certainty is None
    lightness = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[:, None], 64, axis=1)
    chroma, confidence = by_grey.maps(lightness).chroma(0.6, 1.25)
    np.testing.assert_allclose(chroma, plain.maps(lightness).chroma(0.6, 1.25)[0], rtol=1e-4, atol=1e-4)
    assert (np.diff(confidence, axis=0) < 0).all(), "brighter is less sure here"
    assert np.ptp(confidence, axis=1).max() < 1e-5


def test_what_a_file_says_comes_back() -> None:
    assert Certainty.from_dict(content(a=0.25)).to_dict() == content(a=0.25)


@pytest.mark.parametrize(
    "change",
    [{"mean": [0.0]}, {"scale": [0.0] * K}, {"weights": "all"}, {"bias": float("nan")}, {"half": 0}, {"power": None}],
)
def test_damage_is_told_in_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    file = colour_network(tmp_path / "colour.onnx", confidence={**content(), **change})
    with pytest.raises(NetworkError, match=r"colour\.onnx: damaged: its confidence") as caught:
        ColourNetwork(file)
    assert "\n" not in str(caught.value)
