"""Experts, one regressor a group of similar references: the adaptive image clusters of Cheng, Yang, Sheng, ICCV 2015.

The paper groups by GIST and semantic histograms and asks the one nearest group; here the descriptor is the backbone's
and the answers of the nearest groups are blended, since a hard choice between small groups jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.regression.mlp import Mlp
from featcolor.regression.predictor import ChromaPredictor
from features.base import FloatArray, IndexArray

NEAREST = 3
"""Groups whose answers are blended, as many as the paper looks at."""
SMALLEST_GROUP = 20
"""References a group needs: fewer overfit. Fewer groups are made where the references do not suffice."""
SHARPNESS = 8.0
"""Weight of a group is exp(-SHARPNESS * (1 - cosine similarity)), relative to the nearest."""


@dataclass(frozen=True)
class Experts:
    """Predictors and the centres of the groups that they were fitted on.

    Attributes
    ----------
    predictors : tuple of ChromaPredictor
    mean : (k,), mean descriptor of the references, taken off before similarity is measured
    centres : (n_groups, k), unit vectors
    """

    predictors: tuple[ChromaPredictor, ...]
    mean: FloatArray
    centres: FloatArray

    def predict(
        self, X: NDArray[np.floating], descriptor: FloatArray, *, temperature: float, saturation: float
    ) -> tuple[FloatArray, FloatArray]:
        """Chroma (n, 2) and confidence (n,) of the rows of one picture, blended over its nearest groups."""
        weights = self._weights(descriptor)
        answers = [
            (weight, predictor.predict(X, temperature=temperature, saturation=saturation))
            for weight, predictor in zip(weights, self.predictors, strict=True)
            if weight > 0
        ]
        if len(answers) == 1:
            return answers[0][1]
        shares = [weight for weight, _ in answers]
        chroma = np.average([chroma for _, (chroma, _) in answers], axis=0, weights=shares)
        confidence = np.average([confidence for _, (_, confidence) in answers], axis=0, weights=shares)
        return chroma.astype(np.float32), confidence.astype(np.float32)

    def _weights(self, descriptor: FloatArray) -> FloatArray:
        if len(self.predictors) == 1:
            return np.ones(1, np.float32)
        similarity = self.centres @ _unit(descriptor - self.mean)
        weights = np.exp(SHARPNESS * (similarity - similarity.max()))
        weights[np.argsort(similarity)[:-NEAREST]] = 0
        return (weights / weights.sum()).astype(np.float32)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """A header that JSON can hold, and named arrays."""
        arrays = {"mean": self.mean, "centres": self.centres}
        layers = []
        for g, predictor in enumerate(self.predictors):
            arrays[f"{g}.centre"] = predictor.centre
            if predictor.cells is not None:
                arrays[f"{g}.cells"] = predictor.cells
            for m, network in enumerate(predictor.networks):
                for i, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
                    arrays[f"{g}.{m}.{i}.weight"], arrays[f"{g}.{m}.{i}.bias"] = weight, bias
            layers.append([len(network.weights) for network in predictor.networks])
        return {"layers": layers}, arrays

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Experts:
        """The inverse of `to_arrays`; ValueError or KeyError when the arrays do not fit each other."""
        predictors = []
        for g, networks in enumerate(header["layers"]):
            members = tuple(_read_network(arrays, f"{g}.{m}", n_layers) for m, n_layers in enumerate(networks))
            cells, centre = arrays.get(f"{g}.cells"), arrays[f"{g}.centre"]
            if centre.shape != (2,) or (cells is not None and cells.shape[1:] != (2,)):
                raise ValueError(f"the chroma of predictor {g} is not a* and b*")
            n_outputs = 2 if cells is None else len(cells)
            if not members or any(network.biases[-1].size != n_outputs for network in members):
                raise ValueError(f"the networks of predictor {g} have outputs that stand for nothing")
            predictors.append(ChromaPredictor(members, cells, centre))
        if not predictors or arrays["centres"].shape != (len(predictors), *arrays["mean"].shape):
            raise ValueError("as many groups as predictors are needed")
        if len({network.weights[0].shape[0] for each in predictors for network in each.networks}) > 1:
            raise ValueError("the networks have different numbers of inputs")
        return cls(tuple(predictors), arrays["mean"], arrays["centres"])

    @property
    def n_inputs(self) -> int:
        """Features a row."""
        return int(self.predictors[0].networks[0].weights[0].shape[0])


def fit_experts(
    descriptors: FloatArray,
    fit_one: Callable[[IndexArray], ChromaPredictor],
    *,
    clusters: int,
    seed: int,
) -> Experts:
    """Group the references and fit a predictor for each group.

    Parameters
    ----------
    descriptors : (n_references, k)
    fit_one : callable, from the numbers of a group's references to its predictor
    clusters : int, groups wanted; 0 or 1 is one predictor for all
    """
    everything = np.arange(len(descriptors))
    mean = descriptors.mean(axis=0)
    n_groups = min(clusters, len(descriptors) // SMALLEST_GROUP)
    if n_groups < 2:
        return Experts((fit_one(everything),), mean, np.zeros((1, len(mean)), np.float32))
    from sklearn.cluster import KMeans  # here: colouring does not need scikit-learn

    directions = _unit(descriptors - mean)
    kmeans = KMeans(n_groups, n_init=4, random_state=seed).fit(directions)
    groups = [everything[kmeans.labels_ == g] for g in range(n_groups)]
    centres = np.stack([_unit(directions[group].mean(axis=0)) for group in groups])
    # A small group is filled up with the references nearest to it.
    filled = [
        group if len(group) >= SMALLEST_GROUP else np.sort(np.argsort(-directions @ centre)[:SMALLEST_GROUP])
        for group, centre in zip(groups, centres, strict=True)
    ]
    return Experts(tuple(fit_one(group) for group in filled), mean, centres)


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, 1e-12)).astype(np.float32)


def _read_network(arrays: Mapping[str, NDArray[Any]], prefix: str, n_layers: int) -> Mlp:
    weights = [arrays[f"{prefix}.{i}.weight"] for i in range(n_layers)]
    biases = [arrays[f"{prefix}.{i}.bias"] for i in range(n_layers)]
    widths = [*(weight.shape[:1] for weight in weights[:1]), *(bias.shape for bias in biases)]
    if not weights or [weight.shape for weight in weights] != [a + b for a, b in pairwise(widths)]:
        raise ValueError("the layers of a network do not fit each other")
    return Mlp(weights, biases)
