"""Colour by matching superpixels with those of similar references, then voting, then spreading along edges.

Gupta, Chia, Rajan, Ng, Huang: Image colorization using similar images, ACM Multimedia 2012, whose plan this follows:
superpixels of picture and reference; features of each and of its neighbourhood; a cascade of features that rules out
candidates; a vote that makes neighbours agree; micro-scribbles at the centres, spread by an edge-aware filter. That
neighbours vote goes back to Ironi, Cohen-Or, Lischinski: Colorization by example, EGSR 2005.

Departures, each for what OpenCV and scikit-image offer or for quality measured on BSDS val:

- SLIC for TurboPixels. DAISY for Gabor responses and SURF (SURF is not in the wheel), at the head of the cascade.
- Several references, retrieved (`benchmarks.methods.exemplars`), whose superpixels are candidates alike; the paper's
  user gives one.
- The vote is a mode in a*b* over the candidates of a superpixel and of its neighbours alike in lightness, in place of
  the paper's vote within segments.
- The fast global smoother spreads the scribbles, by weighted least squares as Levin et al. 2004 (the paper's choice)
  do, without their windows' variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist
from skimage.segmentation import slic

from benchmarks.methods.exemplars import CACHED_DESCRIPTIONS, ExemplarMethod, read_exemplar
from features.base import FloatArray, IndexArray, grid_points
from features.daisy import DaisyFeatures
from refine.fast_global_smoother import fast_global_smoother

AREA = 120
"""Pixels of a superpixel, about: 11 x 11."""
COMPACTNESS = 0.1
"""SLIC's weight of nearness in place against likeness in lightness (0..1)."""
WINDOW = 5
"""Side of the window of the deviation, in pixels."""
# Chosen on BSDS500: references train, every fourth picture of val (25) at 256 x 256, by dE00 at the chroma factor that
# brings the mean colourfulness to 25.
CASCADE = (("daisy", 0.5), ("intensity", 0.5), ("deviation", 0.5))
"""Feature by which candidates are ruled out, and the share of them that stays."""
EXEMPLARS = 20
"""References whose superpixels are candidates."""
CANDIDATES = 8
"""Candidates of a superpixel that vote."""
LIKE_LIGHTNESS = 0.06
"""Deviation of lightness (0..1) over which the vote of a neighbouring superpixel fades."""
MODE_WIDTH = 25.0
"""Deviation of the kernel in which votes support each other, in units of a*b*."""
DAISY_STEP = 3
"""Every third pixel in both directions: about 13 a superpixel."""
SMALLEST_SPREAD = 1e-6
SCRIBBLE_RADIUS = 1
"""Micro-scribbles are squares of 2 * radius + 1 pixels."""
SPREAD = 12.0
"""Length over which chroma spreads where lightness is flat, in pixels: about a superpixel."""


@dataclass(frozen=True)
class Superpixels:
    """A picture in superpixels.

    Attributes
    ----------
    labels : (h, w) int, 0..n-1
    centres : (n, 2) int, row and column of the mean place.
    means : sparse (n, h * w) float32, the mean over each superpixel.
    adjacency : sparse (n, n) float32, 1 where two superpixels share an edge of pixels, and on the diagonal.
    """

    labels: IndexArray
    centres: IndexArray
    means: sparse.csr_array
    adjacency: sparse.csr_array

    @classmethod
    def of(cls, lightness: FloatArray) -> Self:
        """SLIC superpixels of lightness (h, w), 0..1."""
        n_segments = max(1, lightness.size // AREA)
        raw = slic(lightness, n_segments=n_segments, compactness=COMPACTNESS, channel_axis=None, start_label=0)
        labels = np.unique(raw, return_inverse=True)[1].reshape(raw.shape)
        counts = np.bincount(labels.ravel())
        pixels = np.arange(labels.size)
        weights = (1 / counts)[labels.ravel()].astype(np.float32)
        means = sparse.csr_array((weights, (labels.ravel(), pixels)), (len(counts), labels.size))
        places = grid_points((lightness.shape[0], lightness.shape[1]))
        centres = np.round(means @ places.astype(np.float32)).astype(np.intp)
        pairs = [(labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])]
        first, second = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in range(2))
        touching = sparse.coo_array((np.ones(len(first), np.float32), (first, second)), (len(counts), len(counts)))
        touching = touching + touching.T + sparse.eye_array(len(counts), dtype=np.float32)
        return cls(labels, centres, means, (touching > 0).astype(np.float32).tocsr())

    def average(self, planes: NDArray[Any]) -> FloatArray:
        """Mean of planes (h, w, c) or (h, w) over each superpixel, (n, c) float32."""
        return np.asarray(self.means @ planes.reshape(self.labels.size, -1), np.float32)


def describe_superpixels(superpixels: Superpixels, lightness: FloatArray) -> dict[str, FloatArray]:
    """Features by name of the cascade, (n, d) each.

    "intensity" and "deviation" are means over the superpixel, and the means of its neighbours' means (the
    paper has both); "daisy" is the mean over the superpixel.
    """
    window = (WINDOW, WINDOW)
    centred = lightness - lightness.mean()
    mean = cv2.blur(centred, window, borderType=cv2.BORDER_REFLECT)
    square = cv2.blur(centred * centred, window, borderType=cv2.BORDER_REFLECT)
    around = superpixels.adjacency / superpixels.adjacency.sum(axis=1)[:, None]
    described = {}
    for name, plane in (("intensity", lightness), ("deviation", np.sqrt(np.maximum(square - mean * mean, 0)))):
        own = superpixels.average(plane)
        described[name] = np.hstack([own, np.asarray(around @ own, np.float32)])
    described["daisy"] = mean_daisy(superpixels, lightness)
    return described


def mean_daisy(superpixels: Superpixels, lightness: FloatArray) -> FloatArray:
    """DAISY's mean over each superpixel, (n, 72), from every `DAISY_STEP`-th pixel and the centre."""
    n = len(superpixels.centres)
    grid = grid_points((lightness.shape[0], lightness.shape[1]), DAISY_STEP)
    owners = np.concatenate([superpixels.labels[grid[:, 0], grid[:, 1]], np.arange(n)])
    places = np.concatenate([grid, superpixels.centres])
    weights = (1 / np.bincount(owners))[owners].astype(np.float32)
    means = sparse.csr_array((weights, (owners, np.arange(len(owners)))), (n, len(owners)))
    return np.asarray(means @ DaisyFeatures().sample(lightness, places), np.float32)


@dataclass(frozen=True)
class Palette:
    """Features of candidates by name, (m, d) each, and their mean chroma (m, 2)."""

    features: dict[str, FloatArray]
    chroma: FloatArray


@lru_cache(maxsize=CACHED_DESCRIPTIONS)
def read_palette(path: Path, size: int) -> Palette:
    """The superpixels of a reference; PictureError when it cannot be used."""
    exemplar = read_exemplar(path, size)
    superpixels = Superpixels.of(exemplar.lightness)
    return Palette(describe_superpixels(superpixels, exemplar.lightness), superpixels.average(exemplar.chroma))


def match(
    wanted: dict[str, FloatArray], offered: dict[str, FloatArray], *, count: int
) -> tuple[IndexArray, FloatArray]:
    """The best candidates of each superpixel, by a cascade of features and then by the sum of all distances.

    Distances of a feature are divided by their mean, so that the features add up.

    `wanted`, `offered`: features by name, (n, d) and (m, d).

    Returns
    -------
    candidates : (n, k) int, k <= count, rows of `offered`, best first.
    costs : (n, k) float32
    """
    n, m = (len(next(iter(features.values()))) for features in (wanted, offered))
    staying = np.broadcast_to(np.arange(m), (n, m))
    costs = np.zeros((n, m), np.float32)
    for name, share in CASCADE:
        distances = spread_distances(wanted[name], offered[name])
        here = np.take_along_axis(distances, staying, axis=1)
        stays = min(staying.shape[1], max(count, round(share * staying.shape[1])))
        order = np.argpartition(here, stays - 1, axis=1)[:, :stays]
        staying = np.take_along_axis(staying, order, axis=1)
        costs = np.take_along_axis(costs, order, axis=1) + np.take_along_axis(here, order, axis=1)
    best = np.argsort(costs, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(staying, best, axis=1), np.take_along_axis(costs, best, axis=1)


def spread_distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """Euclidean distances (n, m) of rows, in units of the second's spread: root of its total variance."""
    centre = second.mean(axis=0)
    first, second = first - centre, second - centre
    squares = (second * second).sum(axis=1)
    squared = squares + (first * first).sum(axis=1, keepdims=True) - 2 * (first @ second.T)
    scale = 1 / max(float(np.sqrt(squares.mean())), SMALLEST_SPREAD)
    distances: FloatArray = np.sqrt(np.maximum(squared, 0)) * np.float32(scale)
    return distances


def vote(
    superpixels: Superpixels, intensity: FloatArray, chroma: FloatArray, costs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Chroma that the candidates of a superpixel and of those around it agree on: a mode in a*b*.

    `superpixels`: n of them; `intensity`: (n,), mean lightness, 0..1; `chroma`: (n, k, 2), of the candidates; `costs`:
    (n, k).

    Returns
    -------
    chroma : (n, 2) float32, mean of the votes, each weighted by its nearness to the vote that has most support.
    support : (n,) float32, 0..1, share of the votes' weight that stands behind it.
    """
    beside = superpixels.adjacency
    trust = np.exp(-costs / costs.mean())
    voted, support = np.empty((len(intensity), 2), np.float32), np.empty(len(intensity), np.float32)
    for i in range(len(intensity)):
        around = beside.indices[beside.indptr[i] : beside.indptr[i + 1]]
        alike = np.exp(-(((intensity[around] - intensity[i]) / LIKE_LIGHTNESS) ** 2) / 2)
        votes, weights = chroma[around].reshape(-1, 2), (alike[:, None] * trust[around]).ravel()
        kernel = np.exp(-cdist(votes, votes, "sqeuclidean") / (2 * MODE_WIDTH**2))
        density = kernel @ weights
        near = kernel[int(np.argmax(density))] * weights
        voted[i] = near @ votes / near.sum()
        support[i] = near.sum() / weights.sum()
    return voted, support


def scribbles(superpixels: Superpixels, support: FloatArray) -> FloatArray:
    """Confidence (h, w): a superpixel's support on the square around its centre, 0 elsewhere."""
    confidence = np.zeros(superpixels.labels.shape, np.float32)
    span, ends = range(-SCRIBBLE_RADIUS, SCRIBBLE_RADIUS + 1), np.array(superpixels.labels.shape) - 1
    for offset in product(span, span):
        rows, columns = np.clip(superpixels.centres + offset, 0, ends).T
        own = superpixels.labels[rows, columns] == np.arange(len(support))
        confidence[rows[own], columns[own]] = support[own]
    return confidence


class SuperpixelTransfer(ExemplarMethod):
    """Superpixels take the chroma that similar superpixels of similar references, and their neighbours, vote for.

    `exemplars`: references whose superpixels are candidates; `candidates`: candidates of a superpixel that vote.
    """

    title = "superpixels (Gupta 2012)"

    def __init__(self, *, exemplars: int = EXEMPLARS, candidates: int = CANDIDATES, **options: Any) -> None:
        super().__init__(exemplars=exemplars, **options)
        self.candidates = candidates

    def transfer(self, working: FloatArray, exemplars: Sequence[Path]) -> FloatArray:
        palettes = [read_palette(path, self.size) for path in exemplars]
        offered = {name: np.concatenate([each.features[name] for each in palettes]) for name, _ in CASCADE}
        colours = np.concatenate([each.chroma for each in palettes])
        superpixels = Superpixels.of(working)
        wanted = describe_superpixels(superpixels, working)
        candidates, costs = match(wanted, offered, count=self.candidates)
        chroma, support = vote(superpixels, wanted["intensity"][:, 0], colours[candidates], costs)
        return fast_global_smoother(
            chroma[superpixels.labels], working, scribbles(superpixels, support), sigma_space=SPREAD
        )

    def settings(self) -> dict[str, Any]:
        constants = [AREA, COMPACTNESS, WINDOW, DAISY_STEP, LIKE_LIGHTNESS, MODE_WIDTH, SCRIBBLE_RADIUS, SPREAD]
        stages = [list(stage) for stage in CASCADE]
        return {**super().settings(), "candidates": self.candidates, "cascade": stages, "constants": constants}
