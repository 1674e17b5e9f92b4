"""How near a coloured picture is to the truth, and how colourful it is: PSNR, CIEDE2000, colourfulness, gain.

PSNR rewards grey pictures, so it is never shown without colourfulness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb, lightness_of, rgb_to_lab

GREY_SPREAD = 3
"""Largest difference of a pixel's channels that still counts as grey, in codes of 255: JPEG noise on a grey picture."""

GREY_SHARE = 0.999
"""Share of pixels that must be grey for the picture to be."""

_CF_MEAN_WEIGHT = 0.3  # Hasler and Suesstrunk 2003, eq. 11 (M3)


def psnr(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures of one shape, in dB: 20 log10(255 / RMSE); inf when equal.

    The mean squared error is over all pixels and channels, in float64.
    """
    check_rgb(truth, output)
    error = np.subtract(truth, output, dtype=np.int32).ravel()
    squared = float(np.dot(error, error.astype(np.float64)))
    return float("inf") if squared == 0 else float(10.0 * np.log10(255.0**2 * error.size / squared))


def colourfulness(rgb: NDArray[np.uint8], *, signed: bool = True) -> float:
    """Colourfulness CF: sigma + 0.3 mu of the opponent channels rg = R - G and yb = (R + G) / 2 - B.

    Hasler, Suesstrunk: Measuring colourfulness in natural images (2003). In codes of 255: 0 is not colourful, 33
    moderately, 59 quite. `signed=False` takes ``|rg|`` and ``|yb|`` first, as the released scripts of DDColor and
    ColorMNet do: another scale, whose numbers must not be mixed with the signed ones.
    """
    check_rgb(rgb)
    red, green, blue = (rgb[..., channel].astype(np.float64) for channel in range(3))
    rg = red - green
    yb = 0.5 * (red + green) - blue
    if not signed:
        rg, yb = np.abs(rg), np.abs(yb)
    return float(np.hypot(rg.std(), yb.std()) + _CF_MEAN_WEIGHT * np.hypot(rg.mean(), yb.mean()))


def mean_delta_e00(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """CIEDE2000 difference of two sRGB pictures, mean over pixels."""
    check_rgb(truth, output)
    return float(delta_e00(lab_of(truth), lab_of(output)).mean(dtype=np.float64))


def gain(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """PSNR of the output less that of the exact grey picture, in dB; positive when colour brought it nearer.

    A truth that is grey itself has no gain (nan): leave such pictures out, and count them.
    """
    return psnr(truth, output) - grey_psnr(truth)


def grey_psnr(truth: NDArray[np.uint8]) -> float:
    """PSNR of the exact grey picture, in dB: where gains are measured from; nan when the truth is grey itself."""
    grey = psnr(truth, grey_picture(truth))
    return float("nan") if np.isinf(grey) else grey


def grey_picture(truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The truth's lightness with zero chroma, as (H, W, 3) uint8: what PSNR gains are measured from."""
    check_rgb(truth)
    lightness = lightness_of(truth)
    return lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32))


def is_grey(rgb: NDArray[np.uint8]) -> bool:
    """Whether a picture is grey to within JPEG noise: its channels differ by at most 3 codes on 99.9 % of the pixels.

    Toned pictures (sepia) are not grey.
    """
    check_rgb(rgb)
    spread = rgb.max(axis=-1) - rgb.min(axis=-1)
    return float(np.mean(spread <= GREY_SPREAD)) >= GREY_SHARE


def delta_e00(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """CIEDE2000 colour difference of two arrays (..., 3) of L* (0..100), a*, b*, with kL = kC = kH = 1.

    Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, Color Research and Application 30 (2005), as scikit-image
    has it. The result (...) has the float dtype of the arguments; float32 is computed in float32.
    """
    from skimage.color import deltaE_ciede2000

    return np.asarray(deltaE_ciede2000(first, second))


def lab_of(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """L* (0..100), a*, b* of an sRGB picture, (H, W, 3): what `delta_e00` takes."""
    lightness, chroma = rgb_to_lab(rgb)
    return np.concatenate([100 * lightness[..., None], chroma], axis=-1)


def check_rgb(*pictures: NDArray[Any]) -> None:
    """Raise ValueError unless every picture is (H, W, 3) uint8, and all have one shape."""
    for picture in pictures:
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3:
            raise ValueError(f"pictures are measured as (H, W, 3) uint8, got {picture.shape} {picture.dtype}")
        if picture.shape != pictures[0].shape:
            raise ValueError(f"pictures must have one shape, got {pictures[0].shape} and {picture.shape}")
