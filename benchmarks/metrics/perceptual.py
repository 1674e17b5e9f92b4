"""Distances that follow the eye: FLIP and SSIMULACRA2.

Each takes truth and output, (H, W, 3) uint8 of one shape, and gives one number. LPIPS and FID, which need weights of
the user's, are in `benchmarks.metrics.lpips_fid`.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import check_rgb
from featcolor.errors import UsageError

FLIP_PIXELS_PER_DEGREE: Final = 0.7 * (3840 / 0.7) * (np.pi / 180)
"""FLIP's default, 67.02: seen from 0.7 m, a display of 3840 pixels that is 0.7 m wide (Andersson et al. 2020)."""

SSIMULACRA2_MIN_SIDE: Final = 8
"""Shorter sides leave SSIMULACRA2 without any scale, in pixels."""

_INSTALL = "pip install flip-evaluator ssimulacra2"


def flip(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Mean FLIP error of two sRGB pictures, 0 (equal) .. 1, at 67.02 pixels a degree.

    How different they look when one flips between them. Andersson, Nilsson, Akenine-Möller, Oskarsson, Åström,
    Fairchild: FLIP, a difference evaluator for alternating images, HPG 2020; the LDR variant of the authors' wheel.

    Raises
    ------
    UsageError : the wheel `flip-evaluator` is not installed.
    """
    check_rgb(truth, output)
    try:
        import flip_evaluator
    except ImportError as error:
        raise UsageError(f"FLIP needs the wheel flip-evaluator: {_INSTALL}") from error
    unit = [picture.astype(np.float32) / np.float32(255) for picture in (truth, output)]
    viewing = {"ppd": FLIP_PIXELS_PER_DEGREE}
    _, mean, _ = flip_evaluator.evaluate(*unit, "LDR", inputsRGB=True, applyMagma=False, parameters=viewing)
    return float(mean)


def ssimulacra2_score(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """SSIMULACRA2 score, higher is better: 100 for equal pictures, 90 very high quality, below 0 for very bad ones.

    Sneyers: SSIMULACRA 2 (2022, Cloudinary and libjxl); made for compression. By the wheel `ssimulacra2`, a port of the
    C++ code to Python. Not symmetric: the truth is the original. A side shorter than 225 pixels leaves fewer than the
    six scales, and the score compares with others of that size only.

    Raises
    ------
    UsageError : the wheel `ssimulacra2` is not installed.
    ValueError : a side is shorter than 8 pixels.
    """
    check_rgb(truth, output)
    if min(truth.shape[:2]) < SSIMULACRA2_MIN_SIDE:
        raise ValueError(f"SSIMULACRA2 takes sides of {SSIMULACRA2_MIN_SIDE} pixels or more, got {truth.shape[:2]}")
    try:
        import ssimulacra2
    except ImportError as error:
        raise UsageError(f"SSIMULACRA2 needs the wheel ssimulacra2: {_INSTALL}") from error
    return float(ssimulacra2.compute_ssimulacra2(_png(truth), _png(output)))


def _png(rgb: NDArray[np.uint8]) -> Any:
    """A picture as the file that the wheel wants to open, in memory."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "png", compress_level=0)
    file.seek(0)
    return file
