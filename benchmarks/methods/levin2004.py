"""Levin, Lischinski, Weiss: Colorization using optimization (SIGGRAPH 2004), solved exactly, from told pixels.

As their released `getColorExact.m`: a pixel that is told has its colour, every other is the mean of its neighbours in
the 3 x 3 window, weighted by likeness of lightness. Between far hints that is a diffusion over the whole picture, which
an iterative solver gives up on long before it is done; hence a sparse factorisation.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array
from scipy.sparse.linalg import splu

from features.base import FloatArray, IndexArray

VARIANCE_SHARE: Final = 0.6
LEAST_LIKENESS: Final = 0.01
LEAST_WIDTH: Final = 2e-6
"""Of the released code: w = exp(-dY^2 / c), c = max(0.6 variance, -min dY^2 / ln 0.01, 2e-6), in a window."""


class LevinSystem:
    """What the lightness of a picture says of its colours.

    `lightness`: (H, W), 0..1.
    """

    def __init__(self, lightness: FloatArray) -> None:
        self.shape = (lightness.shape[0], lightness.shape[1])
        self.weights = likeness_weights(lightness)

    def solve(
        self, yx: IndexArray, said: FloatArray, predicted: FloatArray | None = None, pull: float = 0.0
    ) -> FloatArray:
        """Chroma (H, W, 2) that has `said` (n, 2) at the pixels `yx` (n, 2), one at least.

        `predicted` (H, W, 2): what every other pixel is drawn to, `pull` times as much as to its neighbours' mean.
        """
        told = np.zeros(self.shape, bool)
        told[yx[:, 0], yx[:, 1]] = True
        free = ~told.ravel()
        right = np.zeros((free.size, 2))
        if predicted is not None:
            right += pull * predicted.reshape(-1, 2)
        right[np.ravel_multi_index(yx.T, self.shape)] = said
        # The rows of told pixels are those of the identity.
        system = diags_array(np.where(free, 1 + pull, 1.0)) - diags_array(free.astype(np.float64)) @ self.weights
        # Every row is dominated by its diagonal, so that nothing need be exchanged and the order may be of least fill.
        options = {"SymmetricMode": True}
        solved = splu(csc_array(system), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve(
            right
        )
        return np.asarray(solved.reshape(*self.shape, 2), np.float32)


def likeness_weights(lightness: FloatArray) -> csr_array:
    """Shares (H W, H W) of each pixel's neighbours in its mean; the rows sum to 1."""
    height, width = lightness.shape
    plane = lightness.astype(np.float64)
    padded = np.pad(plane, 1, constant_values=np.nan)
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    windows = np.stack([padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy, dx in offsets])
    there = ~np.isnan(windows)
    squares = np.where(there, windows - plane, 0) ** 2
    variance = np.nanvar(np.concatenate([windows, plane[None]]), axis=0)
    least = np.where(there, squares, np.inf).min(axis=0)
    spread = np.maximum(np.maximum(VARIANCE_SHARE * variance, -least / np.log(LEAST_LIKENESS)), LEAST_WIDTH)
    alike = np.exp(-squares / spread) * there
    alike /= alike.sum(axis=0)
    number = np.arange(height * width).reshape(height, width)
    ways = np.array([dy * width + dx for dy, dx in offsets])[:, None, None]
    rows, columns = np.broadcast_to(number, there.shape)[there], (number + ways)[there]
    return csr_array((alike[there], (rows, columns)), shape=(number.size, number.size))
