"""The arrays that every filter here takes, checked in one place, and filtering with weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]

# A pixel nobody is sure of still counts this much, so that a region without any confident pixel is
# smoothed among itself instead of divided by zero.
MIN_CONFIDENCE = 1e-3


def checked_planes(
    chroma: FloatArray, lightness: FloatArray, confidence: FloatArray | None = None, **options: float
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """The three arrays as contiguous float32; ValueError when their shapes do not belong together.

    chroma : (H, W, 2); lightness : (H, W), 0..1; confidence : (H, W), 0..1, or None. Confidence comes back
    clipped to MIN_CONFIDENCE..1. An option that is no finite number above zero is a ValueError that names it.
    """
    for name, value in options.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above 0, got {value}")
    if lightness.ndim != 2 or lightness.size == 0:
        raise ValueError(f"lightness must be a plane (H, W) with pixels, got shape {lightness.shape}")
    if chroma.shape != (*lightness.shape, 2):
        raise ValueError(
            f"chroma must be {(*lightness.shape, 2)} beside lightness {lightness.shape}, got {chroma.shape}"
        )
    if confidence is not None:
        if confidence.shape != lightness.shape:
            raise ValueError(f"confidence must be {lightness.shape} as lightness is, got {confidence.shape}")
        confidence = np.clip(confidence, MIN_CONFIDENCE, 1).astype(np.float32)
    return np.ascontiguousarray(chroma, np.float32), np.ascontiguousarray(lightness, np.float32), confidence


def weighted(smooth: Callable[[FloatArray], FloatArray], chroma: FloatArray, weight: FloatArray | None) -> FloatArray:
    """smooth(weight · chroma) / smooth(weight): normalised convolution (Knutsson and Westin 1993).

    smooth takes (H, W, 3), filters each channel alike and is linear with positive weights. Without weights it is
    smooth(chroma).
    """
    if weight is None:
        return smooth(chroma)
    stacked = np.dstack([chroma * weight[..., None], weight])
    a, b, total = cv2.split(smooth(stacked))
    # Rounding may leave a total of zero where only far pixels weigh anything; the floor is far below any real one.
    total = np.maximum(total, np.float32(1e-12))
    return np.dstack([a / total, b / total])


def ximgproc() -> Any:
    """OpenCV's module of edge-aware filters, from the contrib wheel.

    Raises
    ------
    ImportError
        Where the installed OpenCV has none; the message names the wheel that has.
    """
    # Two OpenCV wheels in one environment leave the module's name but not its functions.
    module = getattr(cv2, "ximgproc", None)
    if not hasattr(module, "jointBilateralFilter"):
        raise ImportError(
            "this OpenCV lacks its contrib module ximgproc: pip uninstall every opencv package, "
            "then pip install opencv-contrib-python-headless"
        )
    return module
