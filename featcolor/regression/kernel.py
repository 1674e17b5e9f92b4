"""Kernel regression (Nadaraya 1964, Watson 1964): the colour of a pixel is the mean of those that look like it.

It is fitted by storing, and asked at several bandwidths at once: narrow ones copy the colours of the same scene, wide
ones give the mean colours of the same kind of thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import cv2
import numpy as np

from features.base import FloatArray, IndexArray
from features.threads import side_by_side

BANDWIDTHS: Final = (0.8, 0.4, 0.2, 0.1)
"""Of an album; which of them is right, the references tell (`featcolor.regression.blend`)."""
CHUNK: Final = 256
"""Queries compared at once, by one thread: bounds the memory."""
LEAST_WEIGHT: Final = np.float32(1e-18)
"""Of the nearest pixel's; its square is still no denormal number, which are slow."""
SMALLEST_SCALE: Final = 1e-3
"""Of a feature's deviation, in parts of its typical size: constant features are not blown up."""


@dataclass
class KernelRegression:
    """Colours of pixels by their distance in feature space from pixels of known colour.

    Attributes
    ----------
    mean, scale : (d,) of the standardisation of features
    keys : (n, k) standardised features of the pixels of known colour
    chroma : (n, 2)
    bandwidths : squared distances beyond the nearest's at which a pixel counts 1/e; each half the one before it
    axes : (d, k) that standardised features are projected on; None: k is d
    """

    mean: FloatArray
    scale: FloatArray
    keys: FloatArray
    chroma: FloatArray
    bandwidths: Sequence[float] = BANDWIDTHS
    axes: FloatArray | None = None

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
        """Colour at each bandwidth, (n_bandwidths, n, 2), and squared distance of the nearest pixel, (n,)."""
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
        weighed = np.column_stack([chroma, np.ones(len(chroma))]).astype(np.float32)
        halves = 0.5 * np.einsum("ij,ij->i", keys, keys)
        transposed = np.ascontiguousarray(keys.T)
        colours = np.empty((len(self.bandwidths), len(queries), 2), np.float32)
        nearest = np.empty(len(queries), np.float32)

        def match(start: int) -> None:
            part = queries[start : start + CHUNK]
            rows = slice(start, start + len(part))
            closeness = part @ transposed  # |q|^2 / 2 less half the squared distance
            closeness -= halves
            best = closeness.max(axis=1, keepdims=True)
            closeness -= best
            closeness *= np.float32(2 / self.bandwidths[0])
            weights = cv2.exp(np.maximum(closeness, np.log(LEAST_WEIGHT), out=closeness), closeness)
            for i in range(len(self.bandwidths)):
                if i:  # half the bandwidth is the square of the weight
                    np.square(weights, out=weights)
                    np.maximum(weights, LEAST_WEIGHT, out=weights)
                sums = weights @ weighed
                colours[i, rows] = sums[:, :2] / sums[:, 2:]
            nearest[rows] = np.einsum("ij,ij->i", part, part) - 2 * best[:, 0]

        side_by_side([partial(match, start) for start in range(0, len(queries), CHUNK)])
        return colours, np.maximum(nearest, 0)


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
