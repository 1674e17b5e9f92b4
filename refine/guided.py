"""Guided filter: in each window chroma is a straight line in lightness; a pixel takes the mean of its windows' lines.

He, Sun, Tang, "Guided image filtering", 2010 and 2013. Written on box means rather than taken from OpenCV, so that
confidence weighs the fit of the line itself.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from refine.planes import FloatArray, checked_planes


class LocalLines(NamedTuple):
    """chroma ≈ slope · lightness + offset around each pixel; both (H, W, 2) float32."""

    slope: FloatArray
    offset: FloatArray


def guided(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    radius: int = 16,
    sigma_lightness: float = 0.06,
) -> FloatArray:
    """Filter chroma by local straight lines in lightness, fitted by confidence.

    Parameters
    ----------
    radius : int
        Half the side of the square window, in pixels: 2 · radius + 1 pixels, cut at the border of the picture.
    sigma_lightness : float
        Deviation of lightness inside a window at which the slope is halved; the paper's eps is its square.
    """
    lines = local_lines(chroma, lightness, confidence, radius=radius, sigma_lightness=sigma_lightness)
    out: FloatArray = lines.slope * np.asarray(lightness, np.float32)[..., None] + lines.offset
    return out


def local_lines(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    radius: int,
    sigma_lightness: float,
) -> LocalLines:
    """The averaged slopes and offsets of the guided filter; parameters as `guided`."""
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, radius=radius, sigma_lightness=sigma_lightness
    )
    weight = np.ones_like(lightness) if confidence is None else confidence
    total = _box_sum(weight, radius)

    def mean(plane: FloatArray) -> FloatArray:
        return _box_sum(plane * weight, radius) / total

    # Variances are small differences of large sums: taken about the mean of the picture they keep their digits.
    guide, centre = _centred(lightness)
    guide_mean = mean(guide)
    variance: FloatArray = np.maximum(mean(guide * guide) - guide_mean * guide_mean, 0)
    slopes, offsets = [], []
    slope: FloatArray
    offset: FloatArray
    for channel in (chroma[..., 0], chroma[..., 1]):
        values, channel_centre = _centred(channel)
        values_mean = mean(values)
        slope = (mean(guide * values) - guide_mean * values_mean) / (variance + np.float32(sigma_lightness**2))
        offset = values_mean - slope * guide_mean
        slope = mean(slope)
        slopes.append(slope)
        offsets.append(mean(offset) - slope * centre + channel_centre)
    return LocalLines(np.dstack(slopes), np.dstack(offsets))


def _centred(plane: FloatArray) -> tuple[FloatArray, np.float32]:
    """The plane less its mean, and the mean."""
    centre = np.float32(plane.mean(dtype=np.float64))
    return plane - centre, centre


def _box_sum(plane: FloatArray, radius: int) -> FloatArray:
    """Sum over the square window inside the picture, (H, W)."""
    size = 2 * int(radius) + 1
    total: FloatArray = np.asarray(
        cv2.boxFilter(plane, cv2.CV_32F, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32
    )
    return total
