"""Joint bilateral upsampling: a pixel takes the chroma of the small pixels around it that are alike in lightness.

Kopf, Cohen, Lischinski, Uyttendaele, "Joint bilateral upsampling", 2007, computed on a bilateral grid.
"""

from __future__ import annotations

import math

import numpy as np

from refine.chroma_grid import ChromaGrid
from refine.planes import FloatArray, checked_planes

# Weight of a small pixel however unlike it is, against 1 when it is alike: where none of the four is alike, all count.
MIN_WEIGHT = 0.01


def joint_bilateral_grid(
    chroma_low: FloatArray,
    lightness_low: FloatArray,
    shape: tuple[int, int],
    *,
    sigma_lightness: float = 0.15,
    levels_a_sigma: int = 1,
) -> ChromaGrid:
    """The grid whose bands are chroma_low raised to full size by joint bilateral upsampling.

    chroma(p) = Σ_q f(p−q) g(L_p−L_q) chroma_q / Σ_q f(p−q) g(L_p−L_q) over the four small pixels around p, where g is a
    Gaussian plus MIN_WEIGHT, interpolated linearly between levels of L_p, and f the tent of bilinear interpolation. The
    paper's f is a wider Gaussian, which blurs what the refiner has smoothed already. The result lies between its four
    chroma values. Arrays as of `refine.upsample.chroma_grid`.

    Parameters
    ----------
    sigma_lightness : float
        Deviation of g, in units of lightness, 0..1.
    levels_a_sigma : int
        Grid levels in one sigma_lightness; more change next to nothing.
    """
    chroma_low, lightness_low, _ = checked_planes(
        chroma_low, lightness_low, sigma_lightness=sigma_lightness, levels_a_sigma=levels_a_sigma
    )
    h, w = lightness_low.shape
    n_levels = math.ceil(levels_a_sigma / sigma_lightness) + 1
    nodes = np.empty((h, n_levels, w, 3), np.float32)
    for k, level in enumerate(np.linspace(0, 1, n_levels, dtype=np.float32)):
        alike = np.exp(-((lightness_low - level) ** 2) / np.float32(2 * sigma_lightness**2)) + np.float32(MIN_WEIGHT)
        nodes[:, k, :, :2] = chroma_low * alike[..., None]
        nodes[:, k, :, 2] = alike
    return ChromaGrid(nodes, shape)
