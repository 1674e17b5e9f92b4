"""sRGB <-> CIELAB (D65, 2 degree observer) in float32, exact, band by band; chroma brought into the sRGB gamut.

Definitions: IEC 61966-2-1 (sRGB transfer curve, primaries) and CIE 1976 L*a*b* with the constants that scikit-image
uses (0.008856, 7.787, 16/116; white 0.95047, 1, 1.08883), so that both libraries agree to 1e-4.
`cv2.cvtColor` interpolates and is off by up to 0.4, hence not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from featcolor.colour.srgb import FloatArray, decode_srgb, encode_srgb, linear_table, quantize

BAND_ROWS = 64
"""Rows converted at a time by default: the temporaries of a band stay near the processor's caches."""
XYZ_FROM_LINEAR = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
"""Linear sRGB to XYZ (ITU-R BT.709 primaries, D65), as in scikit-image."""
D65_WHITE = np.array([0.95047, 1.0, 1.08883])
"""White point XYZ of D65, 2 degree observer, Y = 1."""
LUMINANCE_WEIGHTS: tuple[float, float, float] = (0.212671, 0.715160, 0.072169)
"""Share of linear red, green, blue in the luminance Y; they sum to 1."""
_LAB_KNEE = 0.008856  # CIE 1976: below this share of white, f is a straight line
_LAB_SLOPE = 7.787
_LAB_OFFSET = 16.0 / 116.0
_LAB_KNEE_ROOT = 0.2068966  # cube root of the knee, as scikit-image rounds it
GAMUT_SLACK = np.array([1e-5, 1e-5, 2e-5])
"""Linear red, green and blue this far outside 0..1 count as inside, below 0 as a share of X, Y, Z.

It covers float32 error; clipping it moves L* by less than 0.0004, half a 16-bit code being up to 0.001."""
NEARLY_WHITE = 0.99999
"""Lightness above which chroma becomes 0 at once: less than 0.01 of it would fit."""
_BISECTED_AT_ONCE = 2**14  # pixels: a dozen planes of them fit the cache
_BISECTIONS = 14  # halvings of the chroma scale: 180 / 2**14 = 0.01

# Matrices for cv2.transform; a fourth column is added.
# (L*/100, a*, b*) -> (f(X), f(Y), f(Z)); f(Y) = (L* + 16) / 116
_F_FROM_LAB = np.array(
    [[100 / 116, 1 / 500, 0, 16 / 116], [100 / 116, 0, 0, 16 / 116], [100 / 116, 0, -1 / 200, 16 / 116]], np.float32
)
_CHROMA_FROM_F = np.array([[500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])
_LUMINANCE_ROW = np.array([LUMINANCE_WEIGHTS], np.float32)
_RELATIVE_XYZ_FROM_LINEAR = (XYZ_FROM_LINEAR / D65_WHITE[:, None]).astype(np.float32)
_LINEAR_FROM_RELATIVE_XYZ = np.linalg.inv(XYZ_FROM_LINEAR) * D65_WHITE
_SLACKENED_LINEAR = _LINEAR_FROM_RELATIVE_XYZ + np.diag(GAMUT_SLACK)
# half the slack, so that what bisection leaves inside is inside for the test before it
_BISECTED_LINEAR = (_LINEAR_FROM_RELATIVE_XYZ + np.diag(GAMUT_SLACK / 2)).astype(np.float32)
_BISECTED_TOP = (1.0 + GAMUT_SLACK).astype(np.float32)


def bands(height: int, rows: int = BAND_ROWS) -> Iterator[slice]:
    """Slices of `rows` rows that cover 0..height.

    >>> list(bands(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))


def lightness_of(picture: NDArray[Any]) -> FloatArray:
    """Lightness L*/100, (H, W) float32, of an sRGB or grey picture, uint8, uint16 or float 0..1 (clipped).

    A grey value v is taken as the colour (v, v, v).
    """
    check_picture(picture)
    if picture.ndim == 2 and picture.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(picture), _lightness_table(8)))
    if picture.ndim == 2 and picture.dtype == np.uint16:
        return np.take(_lightness_table(16), picture)
    lightness = np.empty(picture.shape[:2], np.float32)
    for band in bands(len(picture)):
        lightness[band] = lightness_from_luminance(luminance_of(picture[band]))
    return lightness


def luminance_of(picture: NDArray[Any], weights: tuple[float, float, float] = LUMINANCE_WEIGHTS) -> FloatArray:
    """Weighted sum of the linear channels, (H, W) float32, 0..1 when the weights sum to 1."""
    linear = decode_srgb(picture)
    if linear.ndim == 2:
        return linear * np.float32(sum(weights))
    return _transform(linear, np.array([weights]))


def lightness_from_luminance(luminance: FloatArray) -> FloatArray:
    """L*/100 of a relative luminance Y (white = 1), clipped to 0..1."""
    lightness = lab_f(luminance)
    lightness -= np.float32(_LAB_OFFSET)
    lightness *= np.float32(1.16)
    return np.clip(lightness, 0.0, 1.0, out=lightness)


def rgb_to_lab(rgb: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """Lightness (H, W) 0..1 and chroma (H, W, 2), a* and b*, of (H, W, 3) sRGB, uint8, uint16 or float (clipped)."""
    check_picture(rgb)
    if rgb.ndim != 3:
        raise ValueError(f"rgb must be (H, W, 3), got {rgb.shape}")
    lightness = np.empty(rgb.shape[:2], np.float32)
    chroma = np.empty((*rgb.shape[:2], 2), np.float32)
    for band in bands(len(rgb)):
        linear = decode_srgb(rgb[band])
        lightness[band] = lightness_from_luminance(_transform(linear, _LUMINANCE_ROW))
        # a* is 500 times a small difference: float64 from here, at the price of float32
        share = _transform(linear, _RELATIVE_XYZ_FROM_LINEAR).astype(np.float64)
        chroma[band] = _transform(lab_f(share), _CHROMA_FROM_F)
    return lightness, chroma


def lab_to_rgb(lightness: FloatArray, chroma: FloatArray, dtype: DTypeLike = np.uint8) -> NDArray[Any]:
    """An sRGB picture with this lightness, and with this chroma as far as the gamut reaches.

    Where it leaves the gamut, a* and b* are scaled toward neutral, so that hue and lightness stay; the scale is found
    by bisection, to 1/16384, on the side inside.

    Parameters
    ----------
    lightness : (H, W), 0..1
    chroma : (H, W, 2), a* and b*; (0, 0) is drawn as R = G = B (D65_WHITE alone would give 2 codes of 65535 more blue)
    dtype : uint8, uint16 (rounded to the nearest code) or float32 (0..1)

    Returns
    -------
    rgb : (H, W, 3) of `dtype`
        Its L* differs from the one asked for by the rounding of the three channels alone: half a code of each moves
        L* by at most 0.27 in 8 bits and 0.0011 in 16 (at dark green).
    """
    if lightness.ndim != 2 or lightness.size == 0 or chroma.shape != (*lightness.shape, 2):
        raise ValueError(f"lightness must be (H, W) and chroma (H, W, 2), got {lightness.shape} and {chroma.shape}")
    dtype = np.dtype(dtype)
    if dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"dtype must be uint8, uint16 or float32, got {dtype}")
    rgb = np.empty((*lightness.shape, 3), dtype)
    for band in bands(len(lightness)):
        lab = _as_lab(lightness[band], chroma[band])
        xyz = _relative_xyz(lab)
        _shrink_to_gamut(lab, xyz)
        coded = encode_srgb(_transform(xyz, _LINEAR_FROM_RELATIVE_XYZ))
        neutral = (lab[..., 1] == 0.0) & (lab[..., 2] == 0.0)
        if neutral.any():
            np.copyto(coded, encode_srgb(xyz[..., 1])[..., None], where=neutral[..., None])
        rgb[band] = quantize(coded, dtype)
    return rgb


def check_picture(picture: NDArray[Any]) -> None:
    """Check of a picture's array: ValueError unless it is (H, W) or (H, W, 3), not empty, uint8, uint16 or float."""
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3) or picture.size == 0:
        raise ValueError(f"a picture must be (H, W) or (H, W, 3) and not empty, got {picture.shape}")
    if picture.dtype not in (np.uint8, np.uint16) and not np.issubdtype(picture.dtype, np.floating):
        raise ValueError(f"a picture must be uint8, uint16 or float 0..1, got {picture.dtype}")


@lru_cache(maxsize=2)
def _lightness_table(bits: int) -> FloatArray:
    return lightness_from_luminance(linear_table(bits)[None]).ravel()


def _transform(pixels: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """`matrix` (n, 3) or (n, 4), the last column added, times every pixel of (h, W, 3); computed in their dtype."""
    return np.asarray(cv2.transform(pixels, matrix))


def lab_f(share: NDArray[Any]) -> NDArray[Any]:
    """CIE 1976's f: cube root above the knee, straight below; same shape and dtype."""
    f = cv2.pow(np.maximum(share, share.dtype.type(_LAB_KNEE)), 1 / 3)
    below = share <= share.dtype.type(_LAB_KNEE)
    if below.any():  # the rounded constants leave a step of 3e-7 at the knee, 1.7e-4 in a*
        np.copyto(f, share * share.dtype.type(_LAB_SLOPE) + share.dtype.type(_LAB_OFFSET), where=below)
    return np.asarray(f)


def _as_lab(lightness: FloatArray, chroma: FloatArray) -> FloatArray:
    """(h, W, 3) float32: L*/100, a*, b* side by side, without chroma in white; a new array."""
    planes = [np.ascontiguousarray(plane, np.float32) for plane in (lightness, chroma)]
    lab: FloatArray = np.asarray(cv2.merge(planes), np.float32)
    white = lightness > NEARLY_WHITE
    if white.any():
        np.copyto(lab[..., 1:], np.float32(0.0), where=white[..., None])
    return lab


def _relative_xyz(lab: FloatArray) -> FloatArray:
    """X, Y, Z as shares of white, (h, W, 3), of (L*/100, a*, b*)."""
    return lab_f_inverse(_transform(lab, _F_FROM_LAB))


def lab_f_inverse(f: FloatArray) -> FloatArray:
    """Share of white of CIE 1976's f: the cube above the knee, straight below; `f` is overwritten."""
    upper = np.maximum(f, np.float32(_LAB_KNEE_ROOT))
    f -= upper
    np.multiply(f, np.float32(1 / _LAB_SLOPE), out=f)
    share = np.multiply(upper, upper)
    share *= upper
    share += f
    return share


def _inside_gamut(xyz: FloatArray) -> NDArray[np.uint8]:
    """(h, W) uint8, 255 where red, green and blue are in 0..1, slack given."""
    linear = _transform(xyz, _SLACKENED_LINEAR)
    return np.asarray(cv2.inRange(linear, (0.0, 0.0, 0.0), tuple(1.0 + 2.0 * GAMUT_SLACK)))


def _shrink_to_gamut(lab: FloatArray, xyz: FloatArray) -> None:
    """Scale the chroma of `lab` where it leaves the gamut; both arrays, (h, W, 3), are updated in place."""
    flat_lab, flat_xyz = lab.reshape(-1, 3), xyz.reshape(-1, 3)
    outside = np.flatnonzero((_inside_gamut(xyz) == 0) & (lab[..., 0] <= NEARLY_WHITE))
    for part in bands(len(outside), _BISECTED_AT_ONCE):
        pixels = flat_lab[outside[part]]
        pixels[:, 1:] *= _largest_scale(*pixels.T.copy())[:, None]
        flat_lab[outside[part]] = pixels
        flat_xyz[outside[part]] = _relative_xyz(pixels[:, None])[:, 0]


def _largest_scale(lightness: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """(n,) factors in 0..1 that bring a*, b* (n,) onto the border of the gamut, from inside.

    f(X) and f(Z) move along a straight line while f(Y) stays, so that only X and Z are computed anew.
    """
    f_y = (lightness + np.float32(0.16)) / np.float32(1.16)
    toward_x, toward_z = a / np.float32(500), b / np.float32(-200)
    from_y = _BISECTED_LINEAR[:, 1:2] * lab_f_inverse(f_y.copy())
    scale = np.zeros_like(f_y)  # known to lie inside: neutral always does
    step = np.float32(1.0)
    for _ in range(_BISECTIONS):
        step /= 2
        trial = scale + step
        x, z = (lab_f_inverse(f_y + trial * toward) for toward in (toward_x, toward_z))
        inside = np.ones(len(trial), bool)
        for (weight_x, _, weight_z), constant, top in zip(_BISECTED_LINEAR, from_y, _BISECTED_TOP, strict=True):
            channel = weight_x * x
            channel += weight_z * z
            channel += constant
            inside &= channel >= 0.0
            inside &= channel <= top
        scale += step * inside
    return scale
