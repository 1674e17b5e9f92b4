"""Guided upsampling: chroma follows full-size lightness along the straight line that fits around each small pixel.

After He and Sun, "Fast guided filter", 2015, with one departure: the line of a small pixel passes through that pixel's
own chroma, where the paper takes the mean line of the windows around it. The paper's form smooths as the guided filter
does; this one only interpolates, and smoothing stays with the refiner.
"""

from __future__ import annotations

import numpy as np

from refine.chroma_grid import ChromaGrid
from refine.guided import LocalLines, local_lines
from refine.planes import FloatArray, checked_planes

# A straight line needs two levels; but OpenCV 4's remap knows 32 places between two, and 33 levels make that 1024.
N_LEVELS = 33


def guided_grid(
    chroma_low: FloatArray,
    lightness_low: FloatArray,
    shape: tuple[int, int],
    *,
    radius: int = 1,
    sigma_lightness: float = 0.1,
) -> ChromaGrid:
    """The grid whose bands are chroma_low raised to full size along local straight lines in lightness.

    chroma(p) = Σ_q f(p−q) (chroma_q + slope_q (L_p − L_q)) over the four small pixels around p, f bilinear. It brings
    back shading finer than the small grid; unlike joint bilateral upsampling it may leave the range of its four chroma
    values. Arrays as of `refine.upsample.chroma_grid`.

    Parameters
    ----------
    radius, sigma_lightness
        Of the fit of the slopes, in small pixels and in lightness; see `refine.guided.guided`.
    """
    slope, offset = lines_through(chroma_low, lightness_low, radius=radius, sigma_lightness=sigma_lightness)
    level = np.linspace(0, 1, N_LEVELS, dtype=np.float32)[None, :, None, None]
    nodes = slope[:, None] * level
    nodes += offset[:, None]  # in place: another array of this size costs as much again
    return ChromaGrid(nodes, shape)


def lines_through(
    chroma_low: FloatArray, lightness_low: FloatArray, *, radius: int = 1, sigma_lightness: float = 0.1
) -> LocalLines:
    """The line of each small pixel, which passes through its own chroma and lightness; parameters as `guided_grid`.

    Slope and offset, raised linearly, give chroma of a full-size picture at once; a grid is read in bands of any rows.
    """
    chroma_low, lightness_low, _ = checked_planes(chroma_low, lightness_low)
    slope = local_lines(chroma_low, lightness_low, radius=radius, sigma_lightness=sigma_lightness).slope
    return LocalLines(slope, chroma_low - slope * lightness_low[..., None])
