"""Kernel regression (Nadaraya 1964, Watson 1964): the colour of a pixel is the mean of those that look like it.

It is fitted by storing, and asked at several bandwidths at once: narrow ones copy the colours of the same scene, wide
ones give the mean colours of the same kind of thing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, Self

import numpy as np

from features.base import FloatArray, IndexArray
from features.network import ONNX_FLOAT, ONNX_INT64, open_session
from features.onnxfile import OnnxNode, serialise
from features.threads import side_by_side

BANDWIDTHS: Final = (0.8, 0.4, 0.2, 0.1)
"""Of an album; which of them is right, the references tell (`featcolor.regression.blend`)."""
CHUNK: Final = 256
"""Queries compared at once, by one thread: bounds the memory."""
SMALLEST_SCALE: Final = 1e-3
"""Of a feature's deviation, in parts of its typical size: constant features are not blown up."""


@dataclass
class KernelRegression:
    """Colours of pixels, or other values, by their distance in feature space from pixels of which they are known.

    Attributes
    ----------
    mean, scale : (d,) of the standardisation of features
    keys : (n, k) standardised features of the pixels of known colour
    chroma : (n, c) a*, b*, or other values that a mean makes sense of
    bandwidths : squared distances beyond the nearest's at which a pixel counts 1/e; each half the one before it
    axes : (d, k) that standardised features are projected on; None: k is d
    bias : (n,) logarithm of what each pixel counts at the first bandwidth, its distance apart; None: all the same
    """

    mean: FloatArray
    scale: FloatArray
    keys: FloatArray
    chroma: FloatArray
    bandwidths: Sequence[float] = BANDWIDTHS
    axes: FloatArray | None = None
    bias: FloatArray | None = None

    @classmethod
    def fitted(
        cls,
        features: FloatArray,
        chroma: FloatArray,
        blocks: Sequence[int],
        weights: Sequence[float],
        *,
        bandwidths: Sequence[float] = BANDWIDTHS,
        components: int | None = None,
        floor: float = 0.0,
    ) -> Self:
        """Remember pixels.

        Parameters
        ----------
        features : (n, d)
        chroma : (n, 2)
        blocks : how many features belong together, in order; they sum to d
        weights : mean squared length that each block is brought to
        components : principal ones that the features are projected on; None: on none
        floor : see `block_scale`
        """
        mean, scale = features.mean(axis=0), block_scale(features, blocks, weights, floor=floor)
        standard = (features - mean) * scale
        axes = None
        if components is not None:
            _, vectors = np.linalg.eigh(standard.T @ standard)
            axes = np.ascontiguousarray(vectors[:, ::-1][:, :components], np.float32)
            standard = standard @ axes
        keys = np.ascontiguousarray(standard, np.float32)
        return cls(mean, scale, keys, np.asarray(chroma, np.float32), bandwidths, axes)

    def predict(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Values at each bandwidth, (n_bandwidths, n, c), and (n,) the least squared distance, less the bias."""
        standard = (features - self.mean) * self.scale
        queries = standard if self.axes is None else standard @ self.axes
        return self._match(np.asarray(queries, np.float32), slice(None))

    def leave_one_out(self, picture: IndexArray) -> tuple[FloatArray, FloatArray]:
        """As `predict`, of each remembered pixel by the pixels of all other pictures, of which there is one at least.

        `picture` (n,) are the numbers of the pictures that the pixels are from.
        """
        colours = np.empty((len(self.bandwidths), len(self.keys), 2), np.float32)
        nearest = np.empty(len(self.keys), np.float32)
        for number in np.unique(picture):
            own = picture == number
            colours[:, own], nearest[own] = self._match(self.keys[own], ~own)
        return colours, nearest

    def _match(self, queries: FloatArray, among: slice | IndexArray) -> tuple[FloatArray, FloatArray]:
        keys, chroma = self.keys[among], self.chroma[among]
        factor = np.float32(2 / self.bandwidths[0])
        # One more feature, 1 of a query: closeness is |q|^2 less the squared distance, by the bandwidth.
        halves = -0.5 * np.einsum("ij,ij->i", keys, keys)
        if self.bias is not None:
            halves += self.bias[among] / factor
        compared = np.ascontiguousarray(np.column_stack([keys, halves]).T) * factor
        asked = np.column_stack([queries, np.ones(len(queries), np.float32)])
        colours = np.empty((len(self.bandwidths), len(queries), chroma.shape[1]), np.float32)
        closest = np.empty(len(queries), np.float32)
        session = _session(len(self.bandwidths), os.getpid())

        def match(start: int) -> None:
            rows = slice(start, start + CHUNK)
            given = {"queries": asked[rows], "keys": compared, "chroma": chroma, "axis": np.array([1])}
            best, *means = session.run(None, given)
            closest[rows], colours[:, rows] = best[:, 0], means

        side_by_side([partial(match, start) for start in range(0, len(queries), CHUNK)])
        return colours, np.maximum(np.einsum("ij,ij->i", queries, queries) - closest * (2 / factor), 0)


@lru_cache(maxsize=4)
def _session(bandwidths: int, process: int) -> Any:
    """Closeness of each query's closest key, and the mean colour at each bandwidth, of which each halves the last.

    A mean by Gaussian weights is attention: a softmax over closeness, for which the runtime goes over it once.
    """
    nodes: list[OnnxNode] = [
        ("MatMul", ("queries", "keys"), ("closeness 0",)),
        ("ReduceMax", ("closeness 0", "axis"), ("best",)),
    ]
    for i in range(bandwidths):
        if i:
            nodes.append(("Add", (f"closeness {i - 1}",) * 2, (f"closeness {i}",)))
        nodes.append(("Softmax", (f"closeness {i}",), (f"weights {i}",)))
        nodes.append(("MatMul", (f"weights {i}", "chroma"), (f"mean {i}",)))
    inputs = {"queries": ONNX_FLOAT, "keys": ONNX_FLOAT, "chroma": ONNX_FLOAT, "axis": ONNX_INT64}
    return open_session(serialise(nodes, inputs, ["best", *(f"mean {i}" for i in range(bandwidths))]))


def block_scale(
    features: FloatArray, blocks: Sequence[int], weights: Sequence[float], *, floor: float = 0.0
) -> FloatArray:
    """Factors (d,) that bring each block of features to about the mean squared length that its weight is.

    A feature that hardly varies counts for less where `floor` is above 0: so much of its block's typical deviation is
    added to its own. What is constant in a few pictures may be far from it in others. See `KernelRegression.fitted`.
    """
    scales, start = [], 0
    for width, weight in zip(blocks, weights, strict=True):
        block = features[:, start : start + width]
        deviation = block.std(axis=0)
        typical = np.float32(floor * np.sqrt(np.mean(deviation**2)))
        deviation += typical + SMALLEST_SCALE * max(1.0, float(np.abs(block).mean()))
        scales.append(np.sqrt(weight / width) / deviation)
        start += width
    return np.concatenate(scales).astype(np.float32)
