"""Interior filter: chroma spreads from inside a region to its edges, so that what bled across an edge counts little.

A network's colour is blurred over the edges of things, by about its stride: a halo on either side. Far from edges it
is right, so that a pixel near one takes the chroma that its own side has further in. The weighting is normalised
convolution (Knutsson and Westin 1993), along lightness by the smoother of Min et al. 2014.
"""

from __future__ import annotations

import cv2
import numpy as np

from refine.bilateral_grid import bilateral_grid
from refine.fast_global_smoother import smooth_planes
from refine.planes import FloatArray, checked_planes

# Lightness a pixel: the slope of an edge that, on a line of its own, halves the weight of what lies beside it.
EDGE_SLOPE = 0.05
# Steeper is no more of an edge.
STEEPEST = 0.15
# Deviation of the blur below which a slope is grain or texture, in pixels.
GRAIN = 1.0
# Share that a pixel on an edge keeps: a thing that is nothing but edge is smoothed among itself.
LEAST_SHARE = 0.02
# Weight of a pixel's own chroma beside that which is spread to it: far inside, and added everywhere. The latter keeps
# the colour of a thing too small to have an inside, into which its surroundings would leak.
OWN_INSIDE = 4.0
OWN_ANYWHERE = 0.1


def interior(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    reach: float = 5.0,
    sigma_space: float = 30.0,
    sigma_lightness: float = 0.012,
    near_space: float = 8.0,
    near_lightness: float = 0.05,
) -> FloatArray:
    """Filter chroma with lightness as guide: near pixels that are alike first, then from the inside of regions out.

    out = (S(s c) + d c) / (S(s) + d), c the chroma after the joint bilateral filter, s = `interior_share`, S the fast
    global smoother, d = 4 s² + 0.1.

    Parameters
    ----------
    reach : float
        Pixels from an edge within which chroma is little trusted: how far the edges of the given chroma are blurred.
    sigma_space, sigma_lightness : float
        Of the smoother that carries chroma outward, see `refine.fast_global_smoother`.
    near_space, near_lightness : float
        Of the bilateral filter before it, see `refine.bilateral_grid`.
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, reach=reach, sigma_space=sigma_space, sigma_lightness=sigma_lightness
    )
    near = bilateral_grid(chroma, lightness, confidence, sigma_space=near_space, sigma_lightness=near_lightness)
    share = interior_share(lightness, reach)
    own: FloatArray = np.float32(OWN_INSIDE) * share * share + np.float32(OWN_ANYWHERE)
    if confidence is not None:
        share, own = share * confidence, own * confidence
    stacked = np.dstack([near * share[..., None], share])
    spread = smooth_planes(lightness, stacked, sigma_space=sigma_space, sigma_lightness=sigma_lightness)
    out: FloatArray = (spread[..., :2] + near * own[..., None]) / (spread[..., 2:] + own[..., None])
    return out


def interior_share(lightness: FloatArray, reach: float) -> FloatArray:
    """How far inside a region each pixel (H, W) lies: 1 in flat lightness, near 0 within `reach` of a strong edge.

    1 / (1 + reach · G(slope²) / EDGE_SLOPE²), G a Gaussian of deviation `reach`, slope that of lightness a pixel.
    """
    steep = np.minimum(squared_slope(lightness), np.float32(STEEPEST**2))
    edges = cv2.GaussianBlur(steep, (0, 0), reach)
    return np.asarray(1 / (1 + edges * np.float32(reach / EDGE_SLOPE**2)) + np.float32(LEAST_SHARE), np.float32)


def squared_slope(plane: FloatArray) -> FloatArray:
    """Square of the change of a plane (H, W) a pixel, grain blurred away."""
    smooth = cv2.GaussianBlur(plane, (0, 0), GRAIN)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axes, ksize=3, scale=1 / 8) for axes in ((1, 0), (0, 1)))
    return np.asarray(across * across + down * down, np.float32)
