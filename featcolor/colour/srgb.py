"""The sRGB transfer curve (IEC 61966-2-1) in float32: coded values to linear light, back, and to whole codes.

The piecewise curve is computed without branches: with u = max(t, knee), the power law is taken of u and the straight
piece of t - u, which is zero above the knee. `cv2.pow` has an error of 1e-7 here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_SRGB_KNEE_CODED = 0.04045  # IEC 61966-2-1: end of the straight piece, in coded values
_SRGB_KNEE_LINEAR = 0.0031308
_SRGB_SLOPE = 12.92


def decode_srgb(picture: NDArray[Any]) -> FloatArray:
    """Linear light, float32 0..1, of coded sRGB values (uint8, uint16, or float clipped to 0..1); same shape."""
    if picture.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(picture), linear_table(8)))
    if picture.dtype == np.uint16:
        return np.take(linear_table(16), picture)
    coded = np.clip(np.ascontiguousarray(picture, np.float32), 0.0, 1.0)
    upper = np.maximum(coded, np.float32(_SRGB_KNEE_CODED))
    straight = np.subtract(coded, upper)
    straight *= np.float32(1 / _SRGB_SLOPE)
    upper += np.float32(0.055)
    upper *= np.float32(1 / 1.055)
    linear = cv2.pow(upper, 2.4, dst=upper)
    linear += straight
    return np.asarray(linear)


def encode_srgb(linear: FloatArray) -> FloatArray:
    """Coded sRGB values, float32, of linear light; not clipped (values a hair outside 0..1 stay so)."""
    upper = np.maximum(linear, np.float32(_SRGB_KNEE_LINEAR))
    straight = np.subtract(linear, upper)
    straight *= np.float32(_SRGB_SLOPE)
    coded: FloatArray = np.asarray(cv2.pow(upper, 1 / 2.4, dst=upper), np.float32)
    coded *= np.float32(1.055)
    coded -= np.float32(0.055)
    coded += straight
    return coded


def quantize(coded: FloatArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Coded values 0..1 (clipped, in place) as uint8 or uint16, rounded to the nearest code, or as float32."""
    np.clip(coded, 0.0, 1.0, out=coded)
    if dtype == np.float32:
        return coded
    if dtype == np.uint8:
        return np.asarray(cv2.convertScaleAbs(coded, alpha=255))
    coded *= np.float32(65535)
    return np.rint(coded, out=coded).astype(np.uint16)


@lru_cache(maxsize=2)
def linear_table(bits: int) -> FloatArray:
    """Linear light of every code of 8 or 16 bits, (2**bits,)."""
    coded = np.arange(2**bits) / (2**bits - 1)
    linear = np.where(coded > _SRGB_KNEE_CODED, ((coded + 0.055) / 1.055) ** 2.4, coded / _SRGB_SLOPE)
    return linear.astype(np.float32)
