"""Black-and-white film: its response to a colour picture, and its ageing.

References are turned grey as the stock did, so that what a model learns of lightness holds for the old picture: on an
orthochromatic plate red lips are black and a blue sky is white.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import (
    LUMINANCE_WEIGHTS,
    FloatArray,
    bands,
    check_picture,
    lightness_from_luminance,
    luminance_of,
)

PANCHROMATIC_FILTER_FACTORS = (8.0, 6.0, 8.0)
"""How many times longer a panchromatic film is exposed in daylight behind the red (Wratten 25), green (58) and blue
(47) tricolour filter: Kodak publication F-4016, T-MAX films, filter corrections. Sensitivity is the inverse."""
_ORTHO_GREEN_SHARE = 0.275
"""Part of an orthochromatic emulsion's daylight sensitivity that its dye adds, in 500-600 nm: 25 to 30 per cent (Great
Soviet Encyclopedia, Orthochromatic Materials). The rest is silver halide's own, in 400-500 nm."""
_PAN_TOTAL = sum(1.0 / factor for factor in PANCHROMATIC_FILTER_FACTORS)
_PAN_RED, _PAN_GREEN, _PAN_BLUE = (1.0 / factor / _PAN_TOTAL for factor in PANCHROMATIC_FILTER_FACTORS)
FILM_STOCKS = {
    "none": LUMINANCE_WEIGHTS,
    "panchromatic": (_PAN_RED, _PAN_GREEN, _PAN_BLUE),
    "orthochromatic": (0.0, _ORTHO_GREEN_SHARE, 1.0 - _ORTHO_GREEN_SHARE),
    "blue-sensitive": (0.0, 0.0, 1.0),
}
"""Black-and-white emulsions by name: the share of each linear sRGB channel in the exposure.

They sum to 1, so greys stay as they are. The channels stand for the thirds of the spectrum that the sources speak of:
red for 600-700 nm, green for 500-600 nm, blue for 400-500 nm. Exposed without a filter; ultraviolet is not in a colour
picture. Panchromatic film is common since about 1930, orthochromatic was from about 1885 to 1930, blue-sensitive plates
(collodion, and ordinary dry plates) until about 1890.
"""
FADED_GREY = 0.6
"""L*/100 toward which a fading print drifts: its whites yellow and darken, its blacks lose silver."""


def film_lightness(rgb: NDArray[Any], stock: str | tuple[float, float, float] = "none") -> FloatArray:
    """Lightness L*/100, (H, W) float32, of the grey picture that a film makes of an sRGB picture, as `lightness_of`.

    The weighted linear light is the exposure; it is shown as the luminance of the print. `stock` is a key of
    `FILM_STOCKS`, or shares as they hold.
    """
    if isinstance(stock, str):
        if stock not in FILM_STOCKS:
            raise ValueError(f"film must be one of {', '.join(FILM_STOCKS)}, got {stock!r}")
        stock = FILM_STOCKS[stock]
    check_picture(rgb)
    lightness = np.empty(rgb.shape[:2], np.float32)
    for band in bands(len(rgb)):
        lightness[band] = lightness_from_luminance(luminance_of(rgb[band], stock))
    return lightness


def augment(
    lightness: FloatArray,
    rng: np.random.Generator,
    *,
    grain: float = 0.0,
    blur: float = 0.0,
    fading: float = 0.0,
    tone: float = 0.0,
) -> FloatArray:
    """A lightness (H, W), 0..1, as an old picture may show it: each flaw drawn between none and the strength given.

    Parameters
    ----------
    grain : largest standard deviation of the grain, L*/100; 0.05 is coarse.
    blur : largest sigma of the softening, pixels.
    fading : largest loss of contrast, 0..1.
    tone : largest change of the tone curve: gamma between exp(-tone) and exp(tone), S-curve between -tone and tone.
    """
    draws = rng.uniform(0.0, 1.0, 3)
    gamma, contrast = rng.uniform(-1.0, 1.0, 2)
    aged = tone_curve(lightness, gamma=float(np.exp(tone * gamma)), contrast=float(tone * contrast))
    aged = soften(aged, sigma=float(blur * draws[0]))
    aged = fade(aged, strength=float(fading * draws[1]))
    return add_grain(aged, rng, strength=float(grain * draws[2]))


def add_grain(lightness: FloatArray, rng: np.random.Generator, *, strength: float, size: float = 0.7) -> FloatArray:
    """Film grain: Gaussian noise of standard deviation `strength` in the middle tones, none in black and white.

    `size` is the sigma, in pixels, that clumps it; strength 0 is the identity.
    """
    if strength == 0.0:
        return lightness.copy()
    noise = soften(rng.standard_normal(lightness.shape, np.float32), sigma=size)
    # what smoothing leaves of the variance, 1 / (4 pi sigma^2) for wide Gaussians, is measured: sigma is near a pixel
    noise *= np.float32(strength / (float(noise.std()) + 1e-6))
    visible = 2.0 * np.sqrt(lightness * (1.0 - lightness))
    return np.clip(lightness + noise * visible, 0.0, 1.0)


def soften(lightness: FloatArray, *, sigma: float) -> FloatArray:
    """Gaussian blur by `sigma` pixels, of a soft lens or an enlargement; 0 is the identity."""
    if sigma == 0.0:
        return lightness.copy()
    return np.asarray(cv2.GaussianBlur(lightness, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))


def fade(lightness: FloatArray, *, strength: float) -> FloatArray:
    """Loss of contrast toward `FADED_GREY`: 0 is the identity, 1 an even grey."""
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"fading must be 0..1, got {strength}")
    return lightness + np.float32(strength) * (np.float32(FADED_GREY) - lightness)


def tone_curve(lightness: FloatArray, *, gamma: float = 1.0, contrast: float = 0.0) -> FloatArray:
    """Another exposure and paper grade: L^gamma, then a share `contrast` (-1..1) of the S-curve 3 L^2 - 2 L^3.

    Black and white stay; the curve rises everywhere. Gamma 1 with contrast 0 is the identity.
    """
    if gamma <= 0.0 or not -1.0 <= contrast <= 1.0:
        raise ValueError(f"gamma must be above 0 and contrast -1..1, got {gamma} and {contrast}")
    curved = lightness.copy() if gamma == 1.0 else np.power(lightness, np.float32(gamma))
    if contrast == 0.0:
        return curved
    s_curve = curved * curved * (3.0 - 2.0 * curved)
    return np.clip(curved + np.float32(contrast) * (s_curve - curved), 0.0, 1.0)
