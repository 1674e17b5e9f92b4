"""Warmth of colours: a picture as under a warmer or cooler light than daylight, its lightness untouched.

The light moves along the CIE daylight locus, on which D65 lies, by steps of its reciprocal temperature (mired), which
look about equal. X and Z are scaled as those of the white are, Y stays: what CIELAB itself takes for adaptation (von
Kries in XYZ), left out.

Source: CIE 15:2004, Colorimetry (the chromaticity of daylight illuminants).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from featcolor.colour.lab import lab_f, lab_f_inverse
from featcolor.colour.srgb import FloatArray

D65_KELVIN: Final = 6504.0
"""Correlated colour temperature of D65."""
FULL_SHIFT: Final = 50.0
"""Mired between D65 and the light of warmth 1, and that of -1."""
_KNEE = 7000.0  # kelvin, above which x has the other row of coefficients
_X_OF_WARM = (0.244063, 0.09911e3, 2.9678e6, -4.6070e9)
_X_OF_COOL = (0.237040, 0.24748e3, 1.9018e6, -2.0064e9)
_Y_OF_X = (-0.275, 2.870, -3.000)


def daylight(kelvin: float) -> tuple[float, float]:
    """Chromaticity x, y of daylight of a correlated colour temperature of 4000 to 25000 kelvin.

    >>> x, y = daylight(5003)  # D50
    >>> round(x, 4), round(y, 4)
    (0.3457, 0.3586)
    """
    x = _polynomial(_X_OF_WARM if kelvin <= _KNEE else _X_OF_COOL, 1 / kelvin)
    return x, _polynomial(_Y_OF_X, x)


def light_scale(warmth: float) -> tuple[float, float]:
    """Factors on X and Z of a light of this warmth against D65, Y being the same.

    >>> light_scale(0)
    (1.0, 1.0)
    """
    kelvin = 1e6 / (1e6 / D65_KELVIN + FULL_SHIFT * warmth)
    (x, y), (x_65, y_65) = daylight(kelvin), daylight(D65_KELVIN)
    return (x / y) / (x_65 / y_65), ((1 - x - y) / y) / ((1 - x_65 - y_65) / y_65)


def warmed(lightness: FloatArray, chroma: FloatArray, warmth: float) -> FloatArray:
    """Chroma of the same things at the same lightness in another light; black stays without any.

    Parameters
    ----------
    lightness : (h, w), 0..1
    chroma : (h, w, 2), a* and b*
    warmth : -1 (towards blue sky) to 1 (towards the light of a lamp)

    Returns
    -------
    (h, w, 2) float32
    """
    of_x, of_z = map(np.float32, light_scale(warmth))
    f_y = (lightness + np.float32(0.16)) / np.float32(1.16)
    f_x, f_z = f_y + chroma[..., 0] / np.float32(500), f_y - chroma[..., 1] / np.float32(200)
    a = np.float32(500) * (lab_f(of_x * lab_f_inverse(f_x)) - f_y)
    b = np.float32(200) * (f_y - lab_f(of_z * lab_f_inverse(f_z)))
    return np.stack([a, b], axis=-1)


def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    return sum(coefficient * x**power for power, coefficient in enumerate(coefficients))
