"""SSIM, and the PSNR that wraps."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import check_rgb

SSIM_SIDE: Final = 11
"""Side of SSIM's Gaussian window in pixels, whose deviation is 1.5 (Wang et al. 2004, section III B)."""


def ssim(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Structural similarity of two uint8 pictures (H, W, 3), at most 1 (equal); pure number.

    Per channel, Gaussian window 11 x 11 with sigma 1.5, population moments, over the pixels whose window lies inside
    the picture; mean over pixels and channels. Colorizers keep lightness, so that values crowd near 1.

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error visibility to structural similarity, IEEE
    Transactions on Image Processing 13 (2004), eq. 13, by scikit-image.

    Raises ValueError when a side is below 11 pixels.
    """
    from skimage.metrics import structural_similarity

    check_rgb(truth, output)
    if min(truth.shape[:2]) < SSIM_SIDE:
        raise ValueError(f"SSIM needs at least {SSIM_SIDE} x {SSIM_SIDE} pixels, got {truth.shape[:2]}")
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(truth, output, channel_axis=-1, **gaussian))


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
