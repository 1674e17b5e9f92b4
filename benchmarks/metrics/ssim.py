"""How near an output is to its truth, code by code: SSIM, and the PSNR that wraps."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import check_rgb

SSIM_SIDE: Final = 11
"""Side of SSIM's Gaussian window in pixels (Wang et al. 2004, section III B)."""

SSIM_SIGMA: Final = 1.5
"""Standard deviation of that window in pixels."""

# Wang et al. 2004, eq. 7 and section III B: C1 = (K1 L)^2, C2 = (K2 L)^2 with K1 = 0.01, K2 = 0.03, L = 255
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2


def ssim(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Structural similarity of two uint8 pictures (H, W, 3), at most 1 (equal); pure number.

    Per channel, Gaussian window 11 x 11 with sigma 1.5, population moments, over the pixels whose window lies inside
    the picture; mean over pixels and channels. Colorizers keep lightness, so that values crowd near 1.

    Raises
    ------
    ValueError
        When a side is below 11 pixels.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error visibility to structural similarity, IEEE
    Transactions on Image Processing 13 (2004), eq. 13.
    """
    check_rgb(truth, output)
    if min(truth.shape[:2]) < SSIM_SIDE:
        raise ValueError(f"SSIM needs at least {SSIM_SIDE} x {SSIM_SIDE} pixels, got {truth.shape[:2]}")
    x, y = truth.astype(np.float64), output.astype(np.float64)
    mean_x, mean_y = _window_mean(x), _window_mean(y)
    product, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    covariance = _window_mean(x * y) - product
    variances = _window_mean(x * x + y * y) - squares  # of x plus of y: eq. 13 needs only their sum
    similarity = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
    return float(similarity.mean())


def wrapped_psnr(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """PSNR as computed in uint8 without widening, in dB: a wrong number, kept to read published tables by.

    ColorMNet's released script squares the difference of two uint8 arrays in uint8. Squares wrap modulo 256 (the wrap
    of the difference itself cancels out): an error of 16 codes counts as 0, none as more than 15.8. Wherever errors are
    large, the figure flatters: no picture scores below 24.16 dB, uniform noise scores 27.9, and on frames of DAVIS grey
    scores 31 dB where its PSNR is 24. inf when every square wraps to 0.
    """
    check_rgb(truth, output)
    with np.errstate(over="ignore"):
        squares = (truth - output) ** 2  # uint8 throughout, on purpose
    mean = float(squares.mean(dtype=np.float64))
    return float("inf") if mean == 0 else float(10.0 * np.log10(255.0**2 / mean))


def _window_mean(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian-weighted mean around every pixel whose window lies inside the picture: (H - 10, W - 10, 3)."""
    blurred = cv2.GaussianBlur(plane, (SSIM_SIDE, SSIM_SIDE), SSIM_SIGMA)
    edge = SSIM_SIDE // 2
    return np.asarray(blurred[edge:-edge, edge:-edge])
