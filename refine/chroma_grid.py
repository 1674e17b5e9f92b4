"""Chroma as a function of place and lightness on a small grid, read at full size band by band.

The bilateral grid of Chen, Paris, Durand, "Real-time edge-aware image processing with the bilateral grid", 2007: what
depends on the edges of a picture in full size is smooth once lightness is a third axis, so that few nodes hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from refine.planes import FloatArray

# cv2.remap refuses sides of 32767 pixels and more.
MAX_REMAP_SIZE = 32766


@dataclass(frozen=True)
class ChromaGrid:
    """Chroma at nodes of (row, lightness, column), and the full size at which it is to be read.

    Attributes
    ----------
    nodes : (h, n_levels, w, 3) float32
        weight · a*, weight · b*, weight at pixel centres of the small picture and n_levels ≥ 2 lightnesses, equally
        spaced from 0 to 1; or (h, n_levels, w, 2): a*, b* where all weights are 1.
    shape : (H, W)
        The full size, of any proportion to (h, w); pixel centres correspond as in cv2.resize.
    """

    nodes: FloatArray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        """Refuse what cannot be read."""
        if self.nodes.shape[2] > MAX_REMAP_SIZE:
            raise ValueError(f"a grid may have {MAX_REMAP_SIZE} columns at most, got {self.nodes.shape[2]}")
        if min(self.shape) < 1:
            raise ValueError(f"the full size must have pixels, got {self.shape}")

    def band(self, lightness_band: FloatArray, first_row: int = 0) -> FloatArray:
        """Chroma of some rows at full size: the nodes interpolated linearly in row, lightness and column.

        Parameters
        ----------
        lightness_band : (n_rows, W) float32, 0..1
            Rows first_row, first_row + 1, ... of the full-size picture.
        first_row : int

        Returns
        -------
        (n_rows, W, 2) float32; a row does not depend on the band it is read in, to the last bit.
        """
        height, width = self.shape
        n_rows = len(lightness_band)
        if lightness_band.shape != (n_rows, width) or not 0 <= first_row <= height - n_rows:
            raise ValueError(
                f"rows {first_row}..{first_row + n_rows} of shape {lightness_band.shape} are not a band of {self.shape}"
            )
        h, n_levels, w, n_channels = self.nodes.shape
        above, below, weight_below = linear_taps(h, height)
        columns = grid_positions(w, width)[None]
        levels = np.ascontiguousarray(lightness_band, np.float32) * np.float32(n_levels - 1)
        flat = self.nodes.reshape(h, n_levels, w * n_channels)
        out = np.empty((n_rows, width, n_channels), np.float32)
        parts = [slice(first, first + MAX_REMAP_SIZE) for first in range(0, width, MAX_REMAP_SIZE)]
        for i in range(n_rows):
            y, share = first_row + i, float(weight_below[first_row + i])
            # In one row the place between node rows is fixed: what is left is a lookup in a plane (lightness, column).
            plane = cv2.addWeighted(flat[above[y]], 1 - share, flat[below[y]], share, 0).reshape(
                n_levels, w, n_channels
            )
            for part in parts:
                out[i, part] = cv2.remap(
                    plane, columns[:, part], levels[i : i + 1, part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                )
        return out if n_channels == 2 else _divided(out)


def _divided(weighted_chroma: FloatArray) -> FloatArray:
    """(…, 3) of weight · a*, weight · b*, weight to (…, 2)."""
    a, b, weight = cv2.split(weighted_chroma)
    return np.asarray(cv2.merge([cv2.divide(a, weight), cv2.divide(b, weight)]))


def grid_positions(n_small: int, n_full: int) -> FloatArray:
    """Where the centres of n_full pixels lie among those of n_small pixels of the same extent, (n_full,) float32.

    (i + ½) n_small / n_full − ½, held between the first and the last centre.
    """
    positions = (np.arange(n_full) + 0.5) * (n_small / n_full) - 0.5
    return np.clip(positions, 0, n_small - 1).astype(np.float32)


def linear_taps(n_small: int, n_full: int) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """Index before, index after and weight of the latter for `grid_positions`, (n_full,) each."""
    positions = grid_positions(n_small, n_full)
    before = np.minimum(positions.astype(np.intp), max(n_small - 2, 0))
    return before, np.minimum(before + 1, n_small - 1), positions - before.astype(np.float32)
