"""Bins: chroma as a distribution over a*b* cells (Zhang, Isola, Efros, Colorful Image Colorization, ECCV 2016)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray

CELL_WIDTH = 10.0
"""Width of a cell in a*b* units, as in Zhang et al."""
CELLS_A_DEVIATION = 3.0
"""Where the colours span little (one sepia album), cells shrink to this fraction of their standard deviation."""
NEIGHBOURS = 5
"""Cells that share one colour in the soft encoding, as in Zhang et al."""
SIGMA_IN_WIDTHS = 0.5
"""Deviation of the soft encoding in cell widths: 5 a*b* units at 10, as in Zhang et al."""
RARE = 1e-5
"""Cells that hold a smaller share of the pixels are left to their neighbours."""
UNIFORM_SHARE = 0.5
"""lambda in Zhang et al.: how much of a uniform distribution is mixed into the prior before it is inverted."""


class SoftTargets(NamedTuple):
    """Sparse rows of a distribution: `indices` (n, k) int32 and `weights` (n, k) float32 that sum to 1."""

    indices: NDArray[np.int32]
    weights: FloatArray


def build_cells(chroma: FloatArray) -> FloatArray:
    """Centres of the occupied cells of a regular grid, (n_cells, 2), the mean of the colours in each.

    Parameters
    ----------
    chroma : (n, 2) float32, the references' a*, b*
    """
    width = cell_width(chroma)
    keys, inverse, counts = np.unique(
        np.round(chroma / width).astype(np.int64), axis=0, return_inverse=True, return_counts=True
    )
    sums = np.stack([np.bincount(inverse.ravel(), chroma[:, i], len(keys)) for i in range(chroma.shape[1])], axis=1)
    kept = counts >= max(1.0, RARE * len(chroma))
    return (sums[kept] / counts[kept, None]).astype(np.float32)


def cell_width(chroma: FloatArray) -> float:
    """`CELL_WIDTH`, or less where the colours span little; never zero."""
    spread = float(np.sqrt(chroma.astype(np.float64).var(axis=0).sum()))
    return min(CELL_WIDTH, spread / CELLS_A_DEVIATION) or 1.0


def soft_encode(chroma: FloatArray, cells: FloatArray, *, sigma: float) -> SoftTargets:
    """Spread each colour over its nearest cells, weighted by a Gaussian of the distance.

    Parameters
    ----------
    chroma : (n, 2)
    cells : (n_cells, 2)
    sigma : float, deviation in a*b* units
    """
    from scipy.spatial import cKDTree  # colouring does not need it: half of a second at start-up

    k = min(NEIGHBOURS, len(cells))
    distances, indices = cKDTree(cells).query(chroma, k=np.arange(1, k + 1))
    # The nearest cell's distance is taken off every exponent so that a far outlier does not underflow to 0 / 0.
    exponent = (distances[:, :1] ** 2 - distances**2) / (2 * sigma**2)
    weights = np.exp(exponent)
    weights /= weights.sum(axis=1, keepdims=True)
    return SoftTargets(indices.astype(np.int32), weights.astype(np.float32))


def prior(targets: SoftTargets, n_cells: int) -> FloatArray:
    """Share of each cell in the encoded colours, (n_cells,), summing to 1."""
    totals = np.bincount(targets.indices.ravel(), targets.weights.ravel(), n_cells)
    return (totals / totals.sum()).astype(np.float32)


def rebalancing_weights(shares: FloatArray, exponent: float) -> FloatArray:
    """Weight of each cell in the loss, (n_cells,): w = ((1 - lambda) p + lambda / Q) ** -exponent, mean 1 under p.

    Exponent 0 leaves the data as they are; 1 is Zhang et al.'s full rebalancing.
    """
    mixed = (1 - UNIFORM_SHARE) * shares + UNIFORM_SHARE / len(shares)
    weights = mixed**-exponent
    return (weights / np.dot(shares, weights)).astype(np.float32)
