"""Visual words learned from the references: which kinds of texture lie around a pixel, near and far.

DAISY descriptors are quantised by k-means (Sivic and Zisserman, Video Google, ICCV 2003), assigned softly
(van Gemert et al., Visual Word Ambiguity, TPAMI 2010), pooled over windows of several sizes and over the whole
picture, and reduced by PCA.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray, grid_axes, grid_points
from features.daisy import DaisyFeatures

STEP = 4
"""Words are assigned at every fourth pixel: DAISY changes slowly, and pooling blurs them anyway."""
POOLING_RADII = (2, 8)
"""Half-widths of the pooling windows in steps of the grid: 8 and 32 pixels, texture and surroundings."""
DESCRIPTORS_A_PICTURE = 100
NOISE = 1e-3
"""Deviation below which a component of the histograms (0..1) is not brought to 1: it would drown the others."""
SOFTNESS = 0.25
"""Deviation of the soft assignment, as a share of the mean squared distance to the nearest word."""


class VisualWords:
    """Histograms of visual words around each pixel and in the picture, reduced to `components` values.

    Parameters
    ----------
    words : int
        Size of the vocabulary.
    components : int
        Values that PCA keeps.
    daisy : tuple of int
        Radius, rings, histograms and orientations of the descriptor.
    random_state : int
    """

    margin = None
    learns = True

    def __init__(
        self,
        words: int = 64,
        components: int = 48,
        *,
        daisy: Sequence[int] = (15, 2, 4, 8),
        random_state: int = 0,
    ) -> None:
        if words < 2 or components < 1:
            raise ValueError(f"words needs at least 2 words and 1 component, got {words} and {components}")
        self.words, self.components = words, components
        self.daisy, self.random_state = tuple(daisy), random_state
        radius, rings, histograms, orientations = self.daisy
        self._descriptor = DaisyFeatures(radius, rings=rings, histograms=histograms, orientations=orientations)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"words{i}" for i in range(len(self.basis_)))

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        """Learn the vocabulary from some pixels of each reference, then the PCA of the histograms."""
        from sklearn.cluster import MiniBatchKMeans  # here and below: colouring does not need scikit-learn
        from sklearn.decomposition import PCA

        rng = np.random.default_rng(self.random_state)
        pictures = list(lightnesses)
        points = [_random_points(picture.shape, rng) for picture in pictures]
        descriptors = np.concatenate(
            [self._descriptor.sample(picture, yx) for picture, yx in zip(pictures, points, strict=True)]
        )
        kmeans = MiniBatchKMeans(min(self.words, len(descriptors)), n_init=3, random_state=self.random_state)
        kmeans.fit(descriptors)
        self.centres_ = kmeans.cluster_centers_.astype(np.float32)
        nearest = squared_distances(descriptors, self.centres_).min(axis=1)
        self.bandwidth_ = np.array([max(SOFTNESS * float(nearest.mean()), 1e-6)], np.float32)
        histograms = np.concatenate(
            [self._histograms(picture, yx) for picture, yx in zip(pictures, points, strict=True)]
        )
        pca = PCA(min(self.components, *histograms.shape), random_state=self.random_state)
        with np.errstate(invalid="ignore"):  # shares of a total variance of zero, where all references are flat
            pca.fit(histograms)
        scale = np.sqrt(np.maximum(pca.explained_variance_, NOISE * NOISE))
        self.mean_ = pca.mean_.astype(np.float32)
        self.basis_ = (pca.components_ / scale[:, None]).astype(np.float32)
        return self

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        return (self._histograms(lightness, yx) - self.mean_) @ self.basis_.T

    def settings(self) -> dict[str, Any]:
        return {
            "words": self.words,
            "components": self.components,
            "daisy": list(self.daisy),
            "random_state": self.random_state,
        }

    def get_state(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name + "_") for name in ("centres", "bandwidth", "mean", "basis")}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `get_state` gave; KeyError or ValueError where arrays are missing or disagree."""
        n_values = len(self._descriptor.names)
        n_shares = state["centres"].shape[0] * (len(POOLING_RADII) + 1) if state["centres"].ndim else 0
        expected = {
            "centres": (*state["centres"].shape[:1], n_values),
            "bandwidth": (1,),
            "mean": (n_shares,),
            "basis": (*state["basis"].shape[:1], n_shares),
        }
        for name, shape in expected.items():
            if state[name].shape != shape:
                raise ValueError(f"the visual words' {name} has the shape {state[name].shape}, not {shape}")
        for name in ("centres", "bandwidth", "mean", "basis"):
            setattr(self, name + "_", state[name].astype(np.float32))

    def _histograms(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """Word shares in each window around the pixels, then in the picture: (n_points, words * n_windows)."""
        height, width = lightness.shape
        rows, columns = grid_axes((height, width), STEP)
        descriptors = self._descriptor.sample(lightness, grid_points((height, width), STEP))
        shares = self._assign(descriptors).reshape(len(rows), len(columns), -1)
        at = np.minimum(yx // STEP, [len(rows) - 1, len(columns) - 1])
        pooled = [_box_mean(shares, radius)[at[:, 0], at[:, 1]] for radius in POOLING_RADII]
        whole = np.broadcast_to(shares.mean(axis=(0, 1)), (len(yx), shares.shape[2]))
        # Square roots make Euclidean distance between histograms the Hellinger distance (Arandjelovic 2012).
        return np.sqrt(np.maximum(np.concatenate([*pooled, whole], axis=1), 0))

    def _assign(self, descriptors: FloatArray) -> FloatArray:
        distances = squared_distances(descriptors, self.centres_)
        distances -= distances.min(axis=1, keepdims=True)
        shares = np.exp(-distances / (2 * self.bandwidth_))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


def squared_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """|a_i - b_j|**2, (len(a), len(b)), by the binomial formula; rounding below zero is cut."""
    products = (a * a).sum(axis=1)[:, None] - 2 * (a @ b.T) + (b * b).sum(axis=1)
    return np.maximum(products, 0)


def _box_mean(maps: FloatArray, radius: int) -> FloatArray:
    """Mean over (2 radius + 1)**2 windows of each channel, (h, w, n); any number of channels, unlike OpenCV's blur."""
    return np.dstack(
        [
            cv2.blur(maps[:, :, i], (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)
            for i in range(maps.shape[2])
        ]
    )


def _random_points(shape: tuple[int, ...], rng: np.random.Generator) -> IndexArray:
    return np.stack([rng.integers(0, n, DESCRIPTORS_A_PICTURE) for n in shape], axis=1)
