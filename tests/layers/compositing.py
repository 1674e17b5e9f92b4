"""W3C's Compositing and Blending Level 1, pixel by pixel as it is written there: the slow plain reference."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]


def lum(c: Colour) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def clip_color(c: Colour) -> Colour:
    lightness, low, high = lum(c), min(c), max(c)
    if low < 0.0:
        c = tuple(lightness + (x - lightness) * lightness / (lightness - low) for x in c)
    if high > 1.0:
        c = tuple(lightness + (x - lightness) * (1 - lightness) / (high - lightness) for x in c)
    return c


def set_lum(c: Colour, lightness: float) -> Colour:
    d = lightness - lum(c)
    return clip_color((c[0] + d, c[1] + d, c[2] + d))


BLEND = {
    "normal": lambda below, source: source,
    "color": lambda below, source: set_lum(source, lum(below)),
    "luminosity": lambda below, source: set_lum(below, lum(source)),
}


def compose(layers: list[tuple[str, NDArray[np.float64]]], *, codes: int | None = None) -> NDArray[np.float64]:
    """Opaque layers (H, W, 3) in 0..1, the lowest first; with `codes`, rounded to them after each."""
    _, below = layers[0]
    for mode, source in layers[1:]:
        done = np.empty_like(below)
        for at in np.ndindex(below.shape[:2]):
            done[at] = BLEND[mode](tuple(map(float, below[at])), tuple(map(float, source[at])))
        below = done if codes is None else np.rint(done * codes) / codes
    assert math.isfinite(below.sum())
    return below
