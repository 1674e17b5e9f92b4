"""What key frames say of a place that no flow reaches: regression on the features of their pixels.

A kernel regression (Nadaraya 1964, Watson 1964): the colour of a pixel is the mean colour of the key pixels, each
weighted by how near its features are. It is fitted by storing; on 12 films it came 0.8 dB above a multi-layer
perceptron fitted on the same frames, which has too few colours to learn from (benchmarks/README.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

import cv2
import numpy as np

from features.backbone import BackboneFeatures
from features.base import FeatureExtractor, FloatArray, IndexArray, grid_axes, grid_points
from features.context import ContextFeatures
from features.position import PositionFeatures
from refine.refiners import refine

KEY_STEP: Final = 4
"""Every how many-th pixel of a key frame, in both directions, may be remembered."""

COMPONENTS: Final = 64
"""Principal components of the features: 64 lost nothing against all 195, 32 lost 0.1 dB."""

POSITION_WEIGHT: Final = 0.3
"""Of place beside 1 for each other block of features: what moves is elsewhere in the next frame."""

BANDWIDTH: Final = 0.1
"""Squared feature distance beyond the nearest's at which a key pixel counts 1/e."""

LEAST_EXPONENT: Final = -60.0
"""Kept from denormal numbers, which are slow."""

UNSURE_DISTANCE: Final = 2.0
"""Squared feature distance of the nearest key pixel at which confidence is one half."""

CHUNK: Final = 256
"""Queries compared at once: bounds the memory."""

SMALLEST_SCALE: Final = 1e-3
"""Of a feature's deviation, in parts of its typical size: constant features are not blown up."""


class KeyGuess:
    """Colour of any frame from the pixels of key frames; call it with a frame's lightness.

    Parameters
    ----------
    step : every step-th pixel is guessed, the others between them along edges
    pixels : key pixels that are remembered, in all
    refine : what carries the guess to the edges between, a key of `refine.refiners.REFINERS`
    seed : of their choice
    """

    def __init__(self, *, step: int = 8, pixels: int = 4608, refine: str = "joint_bilateral", seed: int = 0) -> None:
        self.step, self.pixels, self.refine, self.seed = step, pixels, refine, seed
        semantic = BackboneFeatures("lite0", layers=("stride4", "stride8", "stride16"))
        self._extractors: tuple[FeatureExtractor, ...] = (ContextFeatures(), PositionFeatures(), semantic)

    def fit(self, pictures: Sequence[tuple[FloatArray, FloatArray]]) -> Self:
        """Remember pixels of coloured frames.

        Parameters
        ----------
        pictures : (lightness (h, w) 0..1, chroma (h, w, 2)) of each
        """
        if not pictures:
            raise ValueError("a guess needs at least one coloured frame")
        rng = np.random.default_rng(self.seed)
        for extractor in self._extractors:
            extractor.fit([pictures[0][0]])
        rows, colours = [], []
        share = -(-self.pixels // len(pictures))
        for lightness, chroma in pictures:
            yx = grid_points((lightness.shape[0], lightness.shape[1]), KEY_STEP)
            yx = yx[rng.permutation(len(yx))[:share]]
            rows.append(self._raw(lightness, yx))
            colours.append(chroma[yx[:, 0], yx[:, 1]])
        raw = np.concatenate(rows)
        self._mean = raw.mean(axis=0)
        self._scale = self._scales(raw)
        standard = (raw - self._mean) * self._scale
        _, vectors = np.linalg.eigh(standard.T @ standard)
        self._axes = np.ascontiguousarray(vectors[:, ::-1][:, :COMPONENTS], np.float32)
        self._keys = np.ascontiguousarray(standard @ self._axes, np.float32)
        self._weighed = np.column_stack([np.concatenate(colours), np.ones(len(raw))]).astype(np.float32)
        return self

    def __call__(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of a frame (h, w)."""
        shape = (lightness.shape[0], lightness.shape[1])
        rows, columns = grid_axes(shape, self.step)
        chroma, distance = self._match(self._features(lightness, grid_points(shape, self.step)))
        planes = np.column_stack([chroma, 1 / (1 + distance / np.float32(UNSURE_DISTANCE))])
        grid = planes.reshape(len(rows), len(columns), 3).astype(np.float32)
        full = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        chroma = refine(np.ascontiguousarray(full[..., :2]), lightness, method=self.refine)
        return chroma, np.ascontiguousarray(full[..., 2])

    def _raw(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        return np.concatenate([extractor.sample(lightness, yx) for extractor in self._extractors], axis=1)

    def _features(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        return np.asarray(((self._raw(lightness, yx) - self._mean) * self._scale) @ self._axes, np.float32)

    def _scales(self, raw: FloatArray) -> FloatArray:
        """Brings each feature to deviation 1 and each block of them to its weight as mean squared length."""
        context, position, semantic = self._extractors
        layers = Counter(name.rpartition(".")[0] for name in semantic.names)
        blocks = [(len(context.names), 1.0), (len(position.names), POSITION_WEIGHT)]
        blocks += [(width, 1.0) for width in layers.values()]
        scales, start = [], 0
        for width, weight in blocks:
            block = raw[:, start : start + width]
            deviation = block.std(axis=0) + SMALLEST_SCALE * max(1.0, float(np.abs(block).mean()))
            scales.append(np.sqrt(weight / width) / deviation)
            start += width
        return np.concatenate(scales).astype(np.float32)

    def _match(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Colour (n, 2) of each query, and the squared distance (n,) of the key pixel nearest to it.

        Every key pixel is weighed: that costs less than to find the nearest few.
        """
        halves = 0.5 * np.einsum("ij,ij->i", self._keys, self._keys)
        transposed = np.ascontiguousarray(self._keys.T)
        colours = np.empty((len(queries), 2), np.float32)
        nearest = np.empty(len(queries), np.float32)
        for start in range(0, len(queries), CHUNK):
            part = queries[start : start + CHUNK]
            closeness = part @ transposed  # |q|^2 / 2 less half the squared distance
            closeness -= halves
            best = closeness.max(axis=1, keepdims=True)
            closeness -= best
            closeness *= np.float32(2 / BANDWIDTH)
            np.maximum(closeness, LEAST_EXPONENT, out=closeness)
            sums = cv2.exp(closeness) @ self._weighed
            colours[start : start + CHUNK] = sums[:, :2] / sums[:, 2:]
            nearest[start : start + CHUNK] = np.einsum("ij,ij->i", part, part) - 2 * best[:, 0]
        return colours, np.maximum(nearest, 0)
