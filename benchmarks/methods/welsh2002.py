"""Colour by matching single pixels with samples of one exemplar.

Welsh, Ashikhmin, Mueller: Transferring Color to Greyscale Images, SIGGRAPH 2002, section 3 (the automatic procedure,
without swatches).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.spatial import cKDTree

from benchmarks.methods.exemplars import ExemplarMethod, read_exemplar
from features.base import FloatArray, IndexArray

SAMPLES = 200
"""Pixels of the exemplar that a pixel is compared with; the paper's "approximately 200"."""
WINDOW = 5
"""Side of the neighbourhood whose deviation is compared, in pixels (section 3)."""
LUMINANCE_WEIGHT = 0.5
"""Share of the luminance in the distance, the deviation having the rest (section 3)."""
FLATTEST = 1e-3
"""Deviation of lightness (0..1) below which an exemplar is flat: its few tones are shifted, not stretched."""


class Welsh2002(ExemplarMethod):
    """Transfer of chroma from the sample whose luminance and neighbourhood deviation are nearest, pixel by pixel.

    Departures: CIELAB in place of the paper's l-alpha-beta, so that the lightness kept is the one measured by; the
    exemplar is retrieved (`benchmarks.methods.exemplars`) where the paper's user chooses one.

    `samples`: about how many pixels of the exemplar are sampled, on a jittered grid; `seed`: of the jitter.
    """

    title = "Welsh 2002"

    def __init__(self, *, samples: int = SAMPLES, seed: int = 0, **options: Any) -> None:
        super().__init__(exemplars=1, **options)
        self.samples = samples
        self.seed = seed

    def transfer(self, working: FloatArray, exemplars: Sequence[Path]) -> FloatArray:
        exemplar = read_exemplar(exemplars[0], self.size)
        rows, columns = jittered_grid(exemplar.lightness.shape, self.samples, np.random.default_rng(self.seed)).T
        remapped = remap_luminance(exemplar.lightness, working)
        samples = cKDTree(statistics(remapped)[rows, columns])
        # p = 1: the weighted sum of both differences
        _, nearest = samples.query(statistics(working).reshape(-1, 2), p=1)
        return exemplar.chroma[rows, columns][nearest].reshape(*working.shape, 2)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "samples": self.samples, "seed": self.seed}


def remap_luminance(source: FloatArray, target: FloatArray) -> FloatArray:
    """Source lightness (h, w) shifted and scaled to the target's mean and deviation (section 3, first step)."""
    spread = float(source.std())
    scale = float(target.std()) / spread if spread > FLATTEST else 1.0
    return ((source - source.mean()) * np.float32(scale) + target.mean()).astype(np.float32)


def statistics(lightness: FloatArray) -> FloatArray:
    """Lightness and its deviation in the window around each pixel, each times its weight: (h, w, 2) float32."""
    # about the mean: a variance is a small difference of large sums
    centred = lightness - lightness.mean()
    window = (WINDOW, WINDOW)
    mean = cv2.blur(centred, window, borderType=cv2.BORDER_REFLECT)
    square = cv2.blur(centred * centred, window, borderType=cv2.BORDER_REFLECT)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    weights = np.array([LUMINANCE_WEIGHT, 1 - LUMINANCE_WEIGHT], np.float32)
    return np.stack([lightness, deviation], axis=-1) * weights


def jittered_grid(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> IndexArray:
    """One random pixel in each cell of a grid of about `count` nearly square cells, (n, 2) rows and columns."""
    height, width = shape
    rows = min(height, max(1, round(np.sqrt(count * height / width))))
    columns = min(width, max(1, round(count / rows)))
    cells = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).reshape(-1, 2)
    places = (cells + rng.random(cells.shape)) * np.array([height / rows, width / columns])
    return np.minimum(places.astype(np.intp), np.array([height, width]) - 1)
