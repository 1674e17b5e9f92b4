"""Oklab, a colour space whose blues stay blue when they get lighter, which those of CIELAB do not.

Björn Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import LUMINANCE_WEIGHTS

Float64Array = NDArray[np.float64]

_CONES_FROM_LINEAR: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB_FROM_ROOTS: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LINEAR_FROM_CONES: Final = np.linalg.inv(_CONES_FROM_LINEAR)
_ROOTS_FROM_AB: Final = np.linalg.inv(_OKLAB_FROM_ROOTS)[:, 1:]
_LUMINANCE_FROM_CONES: Final = np.array(LUMINANCE_WEIGHTS) @ _LINEAR_FROM_CONES
_NEWTON_STEPS: Final = 5
_BISECTIONS: Final = 14
_SLACK: Final = 1e-4  # linear light outside 0..1, a third of a code: near blue the gamut is hollow by so much


def linear_to_ab(linear: NDArray[Any]) -> Float64Array:
    """Oklab's a and b, (n, 2), of linear sRGB (n, 3)."""
    return np.asarray(np.cbrt(linear @ _CONES_FROM_LINEAR.T) @ _OKLAB_FROM_ROOTS[1:].T)


def linear_at(ab: NDArray[Any], luminance: NDArray[Any]) -> Float64Array:
    """Linear sRGB (n, 3) within the gamut, of a and b (n, 2) and relative luminance (n,), 0..1.

    Luminance and hue stay; where the gamut has no such colour, a and b are scaled toward neutral until it has.
    """
    linear = _solve(ab, luminance)
    outside = ~_is_inside(linear)
    low, high = np.zeros(outside.sum()), np.ones(outside.sum())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = _is_inside(_solve(ab[outside] * middle[:, None], luminance[outside]))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    linear[outside] = _solve(ab[outside] * low[:, None], luminance[outside])
    return np.clip(linear, 0, 1)


def _is_inside(linear: Float64Array) -> NDArray[np.bool_]:
    return np.asarray(((linear >= -_SLACK) & (linear <= 1 + _SLACK)).all(axis=1))


def _solve(ab: NDArray[Any], luminance: NDArray[Any]) -> Float64Array:
    """Linear sRGB, anywhere, of this luminance: a cubic in Oklab's lightness, by Newton's steps."""
    offsets = ab @ _ROOTS_FROM_AB.T
    lightness = np.cbrt(luminance) - offsets[:, 1]  # most of the luminance is the second cone's
    for _ in range(_NEWTON_STEPS):
        roots = lightness[:, None] + offsets
        excess = roots**3 @ _LUMINANCE_FROM_CONES - luminance
        lightness = lightness - excess / np.maximum(3 * (roots**2 @ _LUMINANCE_FROM_CONES), 1e-6)
    return np.asarray((lightness[:, None] + offsets) ** 3 @ _LINEAR_FROM_CONES.T)
