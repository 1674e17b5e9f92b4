"""Colours of sRGB that have a given Y' and given a*, b*: a table over (Y', a*, b*), then a step of Newton's on f(Y).

f is CIE 1976's, f(Y) = (L* + 16) / 116; a* and b* fix f(X) - f(Y) and f(Z) - f(Y), so f(Y) is the one unknown.
Y' = w . encode(M (X, Y, Z)) bends most where a channel nears 0 (the toe of the sRGB curve): a grey's f(Y) as a start
makes Newton's method swing there, the table's does not, and is so near that one step along the tangent is enough.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from featcolor.colour.lab import D65_WHITE, XYZ_FROM_LINEAR, FloatArray, bands
from featcolor.colour.srgb import encode_srgb

Weights = tuple[float, float, float]

# CIE 1976 as in featcolor.colour.lab: cube above the knee, straight below
_KNEE_ROOT = np.float32(0.2068966)
_BELOW_KNEE = np.float32(1 / 7.787)
_CODED_KNEE, _LINEAR_KNEE = np.float32(0.04045), np.float32(0.0031308)  # sRGB: end of the straight piece

_TO_LINEAR = np.linalg.inv(XYZ_FROM_LINEAR) * D65_WHITE
# rows that sum to exactly 1 (they do within 3e-5): a* = b* = 0 is R = G = B in 16 bits as well
_LINEAR_FROM_SHARES = (_TO_LINEAR / _TO_LINEAR.sum(axis=1, keepdims=True)).astype(np.float32)

_PIXELS_AT_ONCE = 10_240  # the temporaries of a band stay in the processor's cache
_LUMAS = 65  # of the table
_SIDE = 81  # of the table along a* and b*; odd, so that 0 lies on the grid
_REACH = np.float32(112)  # no sRGB colour's |a*| or |b*| is larger
_LIGHTNESSES = np.linspace(-20, 140, 161)  # L* tried for the table; beyond 0..100 where the gamut is left
_RETRIES = 3  # without them a colour far outside is units of a*b* and tens of degrees off the one by bisection
_CAUTION = np.float32(0.35)  # exponent: below 0 the curve is straight and steep, so the factor itself is too small
_OUTSIDE = np.float32(0.95)  # a factor smaller than this is worth retries; rounding of Y' alone causes larger ones
_LEAST_SLOPE = np.float32(0.3)  # of Y' over f(Y); inside the gamut it is 1 or more


def differences_at_luma(luma: FloatArray, chroma: FloatArray, weights: Weights) -> tuple[FloatArray, FloatArray]:
    """R' - Y' and B' - Y', (h, w) each, of the colours with this unit Y' (h, w), 0..1, and these a*, b* (h, w, 2).

    A colour that leaves 0..1 is brought back at this Y': a* and b* are scaled, so that hue stays, by a power of the
    factor that its differences need, a few times; what is still too much then is scaled off the differences exactly.
    """
    red, blue, scale = (np.empty(luma.shape, np.float32) for _ in range(3))
    for band in bands(len(luma), max(1, _PIXELS_AT_ONCE // luma.shape[1])):
        red[band], blue[band], scale[band] = _differences_and_scale(luma[band], chroma[band], weights)
    outside = np.flatnonzero((scale < _OUTSIDE) & (scale > 0))
    for part in bands(len(outside), _PIXELS_AT_ONCE):
        pixels = outside[part]
        shrunk, there, factor = chroma.reshape(-1, 2)[pixels][None], luma.ravel()[pixels][None], scale.ravel()[pixels]
        for _ in range(_RETRIES):
            shrunk = shrunk * (factor**_CAUTION)[..., None]
            again_red, again_blue, factor = _differences_and_scale(there, shrunk, weights)
        for plane, again in ((red, again_red), (blue, again_blue), (scale, factor)):
            plane.ravel()[pixels] = again[0]  # a view: the planes are contiguous
    return red * scale, blue * scale


def _differences_and_scale(
    luma: FloatArray, chroma: FloatArray, weights: Weights
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """R' - Y', B' - Y' and the factor, 0..1, of both that brings R'G'B' into 0..1 (linear, since Y' stays)."""
    coded = _coded_at_luma(luma, chroma, weights)
    own = cv2.transform(coded, np.array([weights]))  # a hair off the luma that was asked for
    red, green, blue = (channel - own for channel in cv2.split(coded))
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    tiny = np.float32(1e-12)
    scale = np.minimum(luma / np.maximum(-least, tiny), (1 - luma) / np.maximum(most, tiny))
    return red, blue, np.minimum(scale, np.float32(1), out=scale)


def _coded_at_luma(luma: FloatArray, chroma: FloatArray, weights: Weights) -> FloatArray:
    """R'G'B', (h, w, 3), with this Y' and a*, b*; beyond 0..1 outside the gamut (a straight piece below 0)."""
    f_y = _start(luma, chroma, weights)
    toward_x, toward_z = chroma[..., 0] * np.float32(1 / 500), chroma[..., 1] * np.float32(-1 / 200)
    row = np.array([weights])
    coded, slopes = _coded_and_slopes(cv2.merge([f_y + toward_x, f_y, f_y + toward_z]))
    off = luma - cv2.transform(coded, row)
    off /= np.maximum(cv2.transform(slopes, row), _LEAST_SLOPE)
    slopes *= cv2.merge([off, off, off])
    coded += slopes
    return coded


def _coded_and_slopes(f: FloatArray) -> tuple[FloatArray, FloatArray]:
    """R'G'B' of (f(X), f(Y), f(Z)), and its derivative by f(Y); both (h, w, 3)."""
    linear, slopes = (cv2.transform(planes, _LINEAR_FROM_SHARES) for planes in _shares_and_slopes(f))
    coded = encode_srgb(linear)
    np.maximum(linear, _LINEAR_KNEE, out=linear)
    curve = np.maximum(coded, _CODED_KNEE)
    curve += np.float32(0.055)
    curve /= linear
    curve *= np.float32(1 / 2.4)  # d encode(t) / dt = (encode(t) + 0.055) / (2.4 t)
    slopes *= curve
    return coded, slopes


def _shares_and_slopes(f: FloatArray) -> tuple[FloatArray, FloatArray]:
    """X, Y, Z as shares of white, and their derivatives by f."""
    upper = np.maximum(f, _KNEE_ROOT)
    slopes = upper * upper
    shares = slopes * upper
    shares += (f - upper) * _BELOW_KNEE
    slopes *= np.float32(3)
    return shares, slopes


def _start(luma: FloatArray, chroma: FloatArray, weights: Weights) -> FloatArray:
    """f(Y) by interpolation in the table: bilinear in a*, b* (cv2.remap on slices), linear in Y'."""
    place = luma * np.float32(_LUMAS - 1)
    below = np.minimum(np.floor(place), np.float32(_LUMAS - 2))
    a, b = (
        (np.clip(chroma[..., i], -_REACH, _REACH) + _REACH) * np.float32((_SIDE - 1) / (2 * _REACH)) for i in (0, 1)
    )
    a += below * np.float32(_SIDE)
    table = _table(weights)
    lower, upper = (cv2.remap(table, b, rows, cv2.INTER_LINEAR) for rows in (a, a + np.float32(_SIDE)))
    place -= below
    upper -= lower
    upper *= place
    upper += lower
    return np.asarray(upper, np.float32)


@lru_cache(maxsize=3)
def _table(weights: Weights) -> FloatArray:
    """f(Y) by (Y' and a*, b*): slices of a* rows and b* columns, one a Y', on top of each other."""
    axis = np.linspace(-_REACH, _REACH, _SIDE, dtype=np.float32)
    a, b = (plane.reshape(1, -1) for plane in np.meshgrid(axis, axis, indexing="ij"))
    f_y = ((_LIGHTNESSES + 16) / 116).astype(np.float32)
    lumas = np.empty((len(f_y), a.size), np.float32)
    for row, middle in zip(lumas, f_y, strict=True):
        coded, _ = _coded_and_slopes(cv2.merge([middle + a / 500, np.full_like(a, middle), middle - b / 200]))
        row[:] = cv2.transform(coded, np.array([weights])).ravel()
    np.maximum.accumulate(lumas, axis=0, out=lumas)  # far outside the gamut Y' falls here and there
    wanted = np.linspace(0, 1, _LUMAS)
    table = np.stack([np.interp(wanted, column, f_y) for column in lumas.T], axis=1)
    return np.ascontiguousarray(table.reshape(_LUMAS * _SIDE, _SIDE), np.float32)
