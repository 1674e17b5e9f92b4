"""Fast global smoother: the chroma that is near the given one and as flat as lightness allows, over the whole picture.

Min et al., "Fast global image smoothing based on weighted least squares", 2014: the two-dimensional least squares
problem is solved by turns along rows and columns, a tridiagonal system each.
"""

from __future__ import annotations

import threading
from functools import partial

import cv2
import numpy as np

from refine.planes import FloatArray, checked_planes, weighted, ximgproc

# OpenCV's guide is 8-bit: lightness is rounded to 255 steps and sigma_lightness scaled alike.
GUIDE_LEVELS = 255.0

_ALONE = threading.Lock()


def fast_global_smoother(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    sigma_space: float = 10.0,
    sigma_lightness: float = 0.04,
    iterations: int = 3,
) -> FloatArray:
    """Smooth chroma by weighted least squares with lightness as guide.

    Each turn minimises ``Σ_p (u_p − chroma_p)² + λ Σ_pq exp(−|L_p−L_q| / sigma_lightness) (u_p − u_q)²`` along a
    line. Where lightness is flat the answer decays as ``exp(−|distance| / √λ)``; λ = sigma_space², so that
    sigma_space is that length.

    Parameters
    ----------
    sigma_space : float
        In pixels. Time does not depend on it.
    sigma_lightness : float
        In units of lightness, 0..1; only steps between neighbours count.
    iterations : int
        Turns over rows and columns; λ falls to a quarter after each.
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, sigma_space=sigma_space, sigma_lightness=sigma_lightness, iterations=iterations
    )
    smooth = partial(
        smooth_planes,
        lightness,
        sigma_space=sigma_space,
        sigma_lightness=sigma_lightness,
        iterations=iterations,
    )
    return weighted(smooth, chroma, confidence)


def smooth_planes(
    lightness: FloatArray, planes: FloatArray, *, sigma_space: float, sigma_lightness: float, iterations: int = 3
) -> FloatArray:
    """Planes (H, W, k), k up to 4, smoothed each alike; float32 as checked, options as `fast_global_smoother`."""
    guide = np.rint(np.clip(lightness, 0, 1) * GUIDE_LEVELS).astype(np.uint8)
    smoother = ximgproc().fastGlobalSmootherFilter
    # OpenCV cuts the rows into as many strips as it has threads, and rounds otherwise at their ends.
    with _ALONE:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            smoothed = smoother(
                guide, planes, float(sigma_space) ** 2, sigma_lightness * GUIDE_LEVELS, num_iter=int(iterations)
            )
        finally:
            cv2.setNumThreads(threads)
    return np.asarray(smoothed, np.float32)
