"""Regression on the features of key frames' pixels: their colour for a place that no flow reaches.

By a kernel (`featcolor.regression.kernel`); a perceptron fitted on the same frames has too few colours to learn from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

import cv2
import numpy as np

from featcolor.hints.kernel import bundled_kernel
from featcolor.regression.kernel import KernelRegression
from features.backbone import BackboneFeatures
from features.base import FeatureExtractor, FloatArray, IndexArray, grid_axes, grid_points
from features.context import ContextFeatures
from features.embedding import EmbeddingFeatures
from features.position import PositionFeatures
from refine.refiners import refine
from refine.temporal import Carried

KEY_STEP: Final = 4
"""Every how many-th pixel of a key frame, in both directions, may be remembered."""

COMPONENTS: Final = 64
"""Principal components of the features: 64 lost nothing against all 195, 32 lost 0.1 dB."""

POSITION_WEIGHT: Final = 0.3
"""Of place beside 1 for each other block of features: what moves is elsewhere in the next frame."""

LIKENESS_WEIGHT: Final = 0.5
"""Of the axes of the embedding along which pixels of one colour are alike."""

BANDWIDTH: Final = 0.1
"""Squared feature distance beyond the nearest's at which a key pixel counts 1/e."""

UNSURE_DISTANCE: Final = 2.0
"""Squared feature distance of the nearest key pixel at which confidence is one half."""

AGREEING: Final = 4.0
"""Of a* or b*, by which what is known around a place may differ for it to get the mean and not to be asked about."""

SURE: Final = 0.4
"""Mean confidence around a place from which on it is not guessed there: what was carried to it is better to fill what
lies beside it, too."""


class KeyframeRegressor:
    """Colour of any frame from the pixels of key frames; call it with a frame's lightness.

    Parameters
    ----------
    step : every step-th pixel is guessed, the others between them along edges
    pixels : key pixels that are remembered, in all
    refine : what carries the guess to the edges between, a key of `refine.refiners.REFINERS`
    embedding : also compare by the embedding of the colour network
    seed : of their choice
    """

    def __init__(
        self,
        *,
        step: int = 8,
        pixels: int = 4608,
        refine: str = "joint_bilateral",
        embedding: bool = False,
        seed: int = 0,
    ) -> None:
        self.step, self.pixels, self.refine, self.seed = step, pixels, refine, seed
        self._embedding = EmbeddingFeatures() if embedding else None
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
        blocks, weights = zip(*self._blocks(), strict=True)
        self._kernel = KernelRegression.fitted(
            raw, np.concatenate(colours), blocks, weights, bandwidths=(BANDWIDTH,), components=COMPONENTS
        )
        return self

    def __call__(self, lightness: FloatArray, known: Carried | None = None) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of a frame (h, w).

        Where something is known, and sure, that stays, and only the rest is guessed.
        """
        shape = (lightness.shape[0], lightness.shape[1])
        yx = grid_points(shape, self.step)
        planes = np.ones((len(yx), 3), np.float32)
        asked = np.arange(len(yx))
        if known is not None:
            planes[:, :2] = known.chroma[yx[:, 0], yx[:, 1]]
            around = cv2.blur(known.confidence, (2 * self.step + 1, 2 * self.step + 1))
            asked = np.flatnonzero(around[yx[:, 0], yx[:, 1]] < SURE)
            if not len(asked):
                return known.chroma, np.ones(shape, np.float32)
        grid = planes.reshape(*map(len, grid_axes(shape, self.step)), 3)
        raw = self._raw(lightness, yx[asked])
        # Coarse to fine: between places of one colour there is nothing to ask.
        first = ((asked // grid.shape[1] | asked % grid.shape[1]) & 1) == 0
        planes[asked[first]] = self._answers(raw[first])
        means, settled = _between(grid)
        planes[asked[~first]] = means[asked[~first]]
        left = ~first & ~settled[asked]
        planes[asked[left]] = self._answers(raw[left])
        full = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        chroma = refine(np.ascontiguousarray(full[..., :2]), lightness, method=self.refine)
        return chroma, np.ascontiguousarray(full[..., 2])

    def _answers(self, raw: FloatArray) -> FloatArray:
        """a*, b* and confidence of places (n, d): (n, 3)."""
        (chroma,), distance = self._kernel.predict(raw)
        return np.column_stack([chroma, 1 / (1 + distance / np.float32(UNSURE_DISTANCE))])

    def _raw(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        rows = [extractor.sample(lightness, yx) for extractor in self._extractors]
        if self._embedding is not None:
            embedding = self._embedding.sample(lightness, yx)
            length = np.linalg.norm(embedding, axis=1, keepdims=True)
            rows += [embedding / np.maximum(length, np.float32(1e-6)), embedding @ bundled_kernel().axes]
        return np.concatenate(rows, axis=1)

    def _blocks(self) -> list[tuple[int, float]]:
        """How many features belong together, and the mean squared length that each block is brought to."""
        context, position, semantic = self._extractors
        layers = Counter(name.rpartition(".")[0] for name in semantic.names)
        local = [(len(context.names), 1.0), (len(position.names), POSITION_WEIGHT)]
        semantics = [(width, 1.0) for width in layers.values()]
        if self._embedding is None:
            return local + semantics
        channels, axes = bundled_kernel().axes.shape
        return [*local, *semantics, (channels, 1.0), (axes, LIKENESS_WEIGHT)]


def _between(grid: FloatArray) -> tuple[FloatArray, IndexArray]:
    """Means (n, 3) of the places around each of a grid (h, w, 3) in even rows and columns; where these agree (n,)."""
    known = np.zeros(grid.shape[:2], np.float32)
    known[::2, ::2] = 1
    count, total = (
        cv2.boxFilter(planes, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for planes in (known, grid * known[..., None])
    )
    chroma, unknown, around = grid[..., :2], known[..., None] == 0, np.ones((3, 3), np.uint8)
    most = cv2.dilate(np.where(unknown, np.float32(-np.inf), chroma), around)
    least = cv2.erode(np.where(unknown, np.float32(np.inf), chroma), around)
    settled = (np.max(most - least, axis=2) <= AGREEING) & (count > 1)
    return (total / count[..., None]).reshape(-1, 3), settled.ravel()
