"""The layer that gives a scan the luma of its coloured version, rounded so that editors of whole codes clip nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import bands

LUMA = np.array([0.3, 0.59, 0.11], np.float32)
"""Weights of red, green and blue in Lum (W3C, Compositing and Blending Level 1)."""


def lightness_layer(flat: NDArray[Any]) -> NDArray[Any]:
    """The coloured picture (H, W, 3), uint8 or uint16, one code of grey lighter or darker on the border of the gamut.

    An editor that rounds after each layer rounds the luma. SetLum then shifts the colour above it by up to half a code,
    which on the border of the gamut leaves it, and ClipColor makes up to nine times that of it: (0, 0, 95) becomes
    (0, 0, 91). Shifted towards middle grey the same colour stays inside; so where the luma would be rounded away from
    that, this layer's is a code on the other side.
    """
    top = np.iinfo(flat.dtype).max
    layer = np.empty_like(flat)
    for rows in bands(len(flat)):
        codes = flat[rows]
        luma = codes @ LUMA
        rounding = np.rint(luma) - luma
        is_bright = luma > top / 2
        step = np.where(is_bright, -(rounding > 0).astype(np.int64), (rounding < 0).astype(np.int64))
        step *= (codes.min(axis=2) == 0) | (codes.max(axis=2) == top)
        layer[rows] = np.clip(codes + step[..., None], 0, top)
    return layer
