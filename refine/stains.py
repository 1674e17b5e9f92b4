"""Stains: small regions of another colour than their surroundings, borne out by nothing, and calming them.

What surrounds a pixel is what can be reached from it without crossing a strong edge of lightness: a red spot in a grey
blouse has the blouse. Its colour is a weighted least squares fit with outliers taken out (Holland and Welsch, "Robust
regression using iteratively reweighted least squares", 1977). Two things bear out a colour that is unlike it: that it
ends where lightness has an edge, as that of a red ball does, and that the model is sure of it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from refine.fast_global_smoother import smooth_planes
from refine.interior import squared_slope
from refine.planes import FloatArray, checked_planes, weighted

# Turns of the fit of the surroundings, each with what the one before it found alien weighing less.
TURNS = 3
# A deviation of this share of the picture's chroma is half alien.
ALIEN = 0.35
# Chroma of a picture below which its own is no measure: less cannot be seen.
VISIBLE = 5.0
# Chroma of the surroundings less that of the pixel, over the deviation, from which on nothing is calmed, and up to
# which all is: a grey spot among colours is no stain, and calming must not colour it.
PALER, AS_VIVID = 0.5, -0.1
# Slopes of lightness a pixel that are no edge, and a whole one; how near a change of colour is to its edge, and how far
# around the changes are counted, in pixels.
FAINT, CLEAR = 0.02, 0.05
NEAR = 3
WIDE = 10.0
# Share of the changes of colour that have an edge: up to which nothing is borne out, and from which on all is. Edges
# are everywhere in a photograph, so that half of them is chance.
BY_CHANCE, BORNE_OUT = 0.7, 0.95


def calm_stains(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray,
    *,
    bound: float = 0.4,
    unsure: float = 0.4,
    sure: float = 0.6,
    sigma_space: float = 40.0,
    sigma_lightness: float = 0.025,
) -> FloatArray:
    """Chroma with its stains drawn toward the colour around them; all else as it is.

    A deviation d from the surroundings becomes d / (1 + (d / b)⁴)^¼: it stays where small and does not pass b.

    Parameters
    ----------
    chroma : (H, W, 2) float32
    lightness : (H, W) float32, 0..1
    confidence : (H, W) float32, 0..1
    bound : float
        b over the chroma of the picture (its root mean square, and at least `VISIBLE`).
    unsure, sure : float
        Confidence up to which a stain is calmed wholly, and from which on a colour is borne out.
    sigma_space, sigma_lightness : float
        How wide the surroundings are, in pixels, and which step of lightness ends them: see
        `refine.fast_global_smoother`.

    Returns
    -------
    (H, W, 2) float32

    Raises
    ------
    ValueError
        Shapes that do not fit, an option out of range.
    """
    chroma, lightness, _ = checked_planes(
        chroma, lightness, confidence, bound=bound, sigma_space=sigma_space, sigma_lightness=sigma_lightness
    )
    if not unsure < sure:
        raise ValueError(f"unsure must be below sure, got {unsure} and {sure}")
    scale = np.float32(math.hypot(VISIBLE, math.sqrt(2 * np.mean(chroma * chroma, dtype=np.float64))))
    around = _surroundings(chroma, lightness, scale * np.float32(ALIEN), sigma_space, sigma_lightness)
    away = chroma - around
    deviation = _length(away)
    square = (deviation / (scale * np.float32(bound))) ** 2
    kept = 1 / np.sqrt(np.sqrt(1 + square * square))
    paler = np.divide(_length(around) - _length(chroma), np.maximum(deviation, np.float32(1e-6)), dtype=np.float32)
    doubt = _fall(paler, AS_VIVID, PALER) * _fall(confidence, unsure, sure)
    doubt = doubt * _fall(_edged_share(away, lightness), BY_CHANCE, BORNE_OUT)
    out: FloatArray = around + away * (1 - doubt * (1 - kept))[..., None]
    return out


def _surroundings(
    chroma: FloatArray, lightness: FloatArray, alien: np.float32, sigma_space: float, sigma_lightness: float
) -> FloatArray:
    def smooth(planes: FloatArray) -> FloatArray:
        return smooth_planes(lightness, planes, sigma_space=sigma_space, sigma_lightness=sigma_lightness)

    around = smooth(chroma)
    for _ in range(TURNS):
        away = _length(chroma - around) / alien
        around = weighted(smooth, chroma, np.reciprocal(1 + away * away))
    return around


def _edged_share(away: FloatArray, lightness: FloatArray) -> FloatArray:
    """Of the changes of colour around each pixel, by their squares, the share that has an edge of lightness: 0..1."""
    slope = cv2.dilate(np.sqrt(squared_slope(lightness)), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8))
    edge = np.clip((slope - FAINT) / np.float32(CLEAR - FAINT), 0, 1)
    change = sum(squared_slope(np.ascontiguousarray(away[..., channel])) for channel in (0, 1))
    edged, changes = (
        cv2.GaussianBlur(np.asarray(plane, np.float32), (0, 0), WIDE) for plane in (change * edge, change)
    )
    return np.asarray(edged / (changes + np.float32(1e-4)), np.float32)


def _length(chroma: FloatArray) -> FloatArray:
    # Not cv2.magnitude: its last bit goes with where the arrays happen to lie.
    a, b = chroma[..., 0], chroma[..., 1]
    return np.asarray(np.sqrt(a * a + b * b), np.float32)


def _fall(values: FloatArray, first: float, last: float) -> FloatArray:
    """1 up to `first`, 0 from `last` on, smooth between."""
    share = np.clip((last - values) / np.float32(last - first), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
