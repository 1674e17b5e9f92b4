"""Principal components of several maps, learned from running moments; linear, so interpolation commutes with it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray


class Moments:
    """Count, mean and covariance of concatenated activations, in float64, whatever the number of rows."""

    def __init__(self) -> None:
        self.count = 0
        self.sizes: tuple[int, ...] = ()
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._outer: NDArray[np.float64] = np.zeros((0, 0))

    def add(self, blocks: Sequence[FloatArray]) -> None:
        """Rows of every layer, (n, C_layer) each."""
        rows = np.concatenate(blocks, axis=1).astype(np.float64)
        if self.count == 0:
            self.sizes = tuple(block.shape[1] for block in blocks)
            self._sum = np.zeros(rows.shape[1])
            self._outer = np.zeros((rows.shape[1], rows.shape[1]))
        self.count += len(rows)
        self._sum += rows.sum(axis=0)
        self._outer += rows.T @ rows

    @property
    def mean(self) -> NDArray[np.float64]:
        return self._sum / self.count

    @property
    def covariance(self) -> NDArray[np.float64]:
        return self._outer / self.count - np.outer(self.mean, self.mean)


@dataclass(frozen=True)
class Projection:
    """Block l of channels goes to `weights[l].T @ (map_l - means[l])`; blocks stand side by side.

    Without weights the maps pass as they are.
    """

    layers: tuple[str, ...]
    sizes: tuple[int, ...]
    means: tuple[FloatArray, ...] = ()
    weights: tuple[FloatArray, ...] = ()

    @classmethod
    def learn(cls, moments: Moments, layers: Sequence[str], *, components: int | None) -> Self:
        """The leading principal components of each layer.

        Fewer than asked for where a layer has fewer channels, or fewer rows than that were seen.
        """
        if components is None:
            return cls(tuple(layers), moments.sizes)
        covariance = moments.covariance
        starts = np.concatenate([[0], np.cumsum(moments.sizes)])
        spans = [slice(start, stop) for start, stop in itertools.pairwise(starts)]
        means = tuple(moments.mean[span].astype(np.float32) for span in spans)
        limit = min(components, max(moments.count - 1, 1))
        weights = tuple(_leading(covariance[span, span], limit).astype(np.float32) for span in spans)
        return cls(tuple(layers), moments.sizes, means, weights)

    @property
    def names(self) -> tuple[str, ...]:
        counts = [weight.shape[1] for weight in self.weights] if self.weights else self.sizes
        return tuple(f"{layer}.{i}" for layer, count in zip(self.layers, counts, strict=True) for i in range(count))

    def reduce(self, maps: Sequence[FloatArray]) -> list[FloatArray]:
        """Maps (C_layer, h, w) to (k, h, w) each; ValueError for other numbers of channels than at the fit."""
        if (channels := tuple(len(each) for each in maps)) != self.sizes:
            raise ValueError(f"the network's layers have {channels} channels, fitted were {self.sizes}")
        if not self.weights:
            return list(maps)
        return [
            (weight.T @ (each.reshape(len(each), -1) - mean[:, None])).reshape(-1, *each.shape[1:])
            for each, mean, weight in zip(maps, self.means, self.weights, strict=True)
        ]

    def state(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Arrays for a model file."""
        arrays: dict[str, NDArray[Any]] = {f"{prefix}sizes": np.array(self.sizes, np.int64)}
        for index, (mean, weight) in enumerate(zip(self.means, self.weights, strict=True)):
            arrays |= {f"{prefix}mean.{index}": mean, f"{prefix}weights.{index}": weight}
        return arrays

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], prefix: str, layers: Sequence[str]) -> Self:
        """What `state` gave; ValueError where arrays are missing or their shapes disagree."""
        sizes = tuple(int(size) for size in np.ravel(state.get(f"{prefix}sizes", ())))
        means = [state[f"{prefix}mean.{i}"] for i in range(len(sizes)) if f"{prefix}mean.{i}" in state]
        weights = [state[f"{prefix}weights.{i}"] for i in range(len(sizes)) if f"{prefix}weights.{i}" in state]
        sound = len(sizes) == len(layers) and len(means) == len(weights) in (0, len(sizes))
        shapes = zip(sizes, means, weights, strict=False)
        if not sound or not all(m.shape == (size,) and w.ndim == 2 and len(w) == size for size, m, w in shapes):
            raise ValueError("the backbone's state does not fit its layers")
        as_float = [tuple(np.asarray(array, np.float32) for array in arrays) for arrays in (means, weights)]
        return cls(tuple(layers), sizes, as_float[0], as_float[1])


def _leading(covariance: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The eigenvectors of the largest eigenvalues, (n, k), each with its largest entry positive."""
    _, vectors = np.linalg.eigh(covariance)
    vectors = vectors[:, ::-1][:, :count]
    peaks = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(peaks < 0, -1.0, 1.0)
