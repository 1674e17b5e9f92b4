"""The joint bilateral filter computed on a bilateral grid: any width in the same time.

Chen, Paris, Durand, "Real-time edge-aware image processing with the bilateral grid", 2007, section 3.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from refine.chroma_grid import ChromaGrid
from refine.planes import FloatArray, checked_planes

# Small pixels in one sigma_space: the blurred grid is then sampled twice as finely as a Gaussian asks for.
SMALL_PIXELS_A_SIGMA = 2.0
# Variance, in small pixels squared, that shrinking by box means (1/12) and reading by tents (1/6) add to the blur.
SAMPLING_VARIANCE = 0.25
# Weight of a pixel however unlike it is: what is read where no pixel around is alike.
MIN_WEIGHT = 1e-4


def bilateral_grid(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    sigma_space: float = 12.0,
    sigma_lightness: float = 0.1,
) -> FloatArray:
    """Filter chroma with lightness as guide; the sum of `refine.joint_bilateral` over the whole plane, nearly.

    Chroma, weighted by likeness to each of a few levels of lightness, is shrunk and blurred once for a level; a pixel
    interpolates between the levels beside its own lightness.

    Parameters
    ----------
    sigma_space : float
        In pixels. Time does not depend on it.
    sigma_lightness : float
        In units of lightness, 0..1. Time goes with its inverse.
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, sigma_space=sigma_space, sigma_lightness=sigma_lightness
    )
    height, width = lightness.shape
    factor = max(1.0, sigma_space / SMALL_PIXELS_A_SIGMA)
    h, w = math.ceil(height / factor), math.ceil(width / factor)
    n_levels = math.ceil(1 / sigma_lightness) + 1
    blur_y, blur_x = (_blur_sigma(sigma_space * small / full) for small, full in ((h, height), (w, width)))
    nodes = np.empty((h, n_levels, w, 3), np.float32)
    for k, level in enumerate(np.linspace(0, 1, n_levels, dtype=np.float32)):
        weight = np.exp(-((lightness - level) ** 2) / np.float32(2 * sigma_lightness**2)) + np.float32(MIN_WEIGHT)
        if confidence is not None:
            weight *= confidence
        stacked = cv2.merge([chroma[..., 0] * weight, chroma[..., 1] * weight, weight])
        small = cv2.resize(stacked, (w, h), interpolation=cv2.INTER_AREA)
        nodes[:, k] = cv2.GaussianBlur(small, (0, 0), blur_x, sigmaY=blur_y, borderType=cv2.BORDER_REFLECT)
    return ChromaGrid(nodes, (height, width)).band(lightness)


def _blur_sigma(sigma: float) -> float:
    """What is left for the blur of a deviation of `sigma` small pixels; hardly anything where sampling does it all."""
    return math.sqrt(max(sigma**2 - SAMPLING_VARIANCE, 1e-6))
