"""Domain transform: one-dimensional filters along rows and columns that steps of lightness stretch apart.

Gastal and Oliveira, "Domain transform for edge-aware image and video processing", 2011,
normalised convolution (section 4.1).
"""

from __future__ import annotations

from refine.planes import FloatArray, checked_planes, weighted, ximgproc


def domain_transform(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    sigma_space: float = 20.0,
    sigma_lightness: float = 0.4,
    iterations: int = 3,
) -> FloatArray:
    """Filter chroma along rows and columns in turn, slowed by lightness.

    Two neighbours are ``1 + sigma_space / sigma_lightness · |ΔL|`` apart; the filter is a box of deviation sigma_space
    in that distance, so that a step of sigma_lightness counts like sigma_space pixels of flat picture.

    Parameters
    ----------
    sigma_space : float
        In pixels. Time does not depend on it.
    sigma_lightness : float
        In units of lightness, 0..1, summed along the way. OpenCV's filter takes it unscaled with a float guide.
    iterations : int
        Passes over rows and columns; fewer than 3 leave streaks.
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, sigma_space=sigma_space, sigma_lightness=sigma_lightness, iterations=iterations
    )
    transform = ximgproc()

    def smooth(planes: FloatArray) -> FloatArray:
        return transform.dtFilter(
            lightness, planes, sigma_space, sigma_lightness, mode=transform.DTF_NC, numIters=int(iterations)
        )

    return weighted(smooth, chroma, confidence)
