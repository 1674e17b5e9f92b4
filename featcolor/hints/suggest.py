"""Suggestions: the few distinct colours that a place is likely to have.

Greedy cover: each suggestion takes the cell around which most of the distribution lies that none before it has taken.
What counts as one colour is measured as CIE94 does (graphic arts), by which vivid colours differ less than pale ones at
the same distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.hints.colours import hex_of
from features.base import FloatArray

SUGGESTED: Final = 5
"""Colours, where nobody says how many."""
ALIKE: Final = 8.0
"""CIE94 difference within which colours are about one, the deviation of a Gaussian, and which suggestions are apart."""
SLIGHT: Final = 0.002
"""A share that is not worth a suggestion."""


@dataclass(frozen=True)
class Suggestion:
    """One likely colour of a place.

    Attributes
    ----------
    colour : "#rrggbb", at the place's own lightness
    a, b : its chroma, a* and b*, within the gamut there
    share : 0..1, of what is likely; those of all suggestions of a place add up to 1 at most
    """

    colour: str
    a: float
    b: float
    share: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "colour": self.colour,
            "a": round(self.a, 1),
            "b": round(self.b, 1),
            "share": round(self.share, 4),
        }


def suggestions(shares: FloatArray, cells: FloatArray, lightness: float, count: int) -> tuple[Suggestion, ...]:
    """The likely colours of a place, likeliest first; fewer than asked for where there are no more.

    Parameters
    ----------
    shares : (Q,), the distribution there
    cells : (Q, 2), a* and b*
    lightness : of the place, 0..1
    """
    rgb, chroma = within_gamut(cells, lightness)
    apart = _cie94(chroma)
    alike = np.exp(-0.5 * (apart / ALIKE) ** 2)
    free = np.ones(len(cells), bool)
    left = np.asarray(shares / shares.sum(), np.float64)
    found: list[tuple[float, int]] = []
    for _ in range(count):
        held = np.where(free, alike @ left, 0)
        best = int(np.argmax(held))
        if held[best] < SLIGHT:
            break
        found.append((float(held[best]), best))
        left = left * (1 - alike[best])
        free &= apart[best] > ALIKE
    return tuple(
        Suggestion(hex_of(_codes(rgb[cell])), float(chroma[cell, 0]), float(chroma[cell, 1]), share)
        for share, cell in found
    )


def within_gamut(chroma: FloatArray, lightness: float) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], FloatArray]:
    """Chroma (n, 2) at a lightness as codes (n, 3), and as what the gamut leaves of it, (n, 2)."""
    level = np.full((1, len(chroma)), lightness, np.float32)
    rgb = lab_to_rgb(level, np.asarray(chroma, np.float32)[None])
    return rgb[0], rgb_to_lab(rgb)[1][0]


def _codes(rgb: Sequence[int]) -> tuple[int, int, int]:
    red, green, blue = (int(code) for code in rgb)
    return red, green, blue


def _cie94(chroma: FloatArray) -> FloatArray:
    """Differences (n, n) of colours of one lightness; the weights by the geometric mean of both chromas."""
    length = np.hypot(chroma[:, 0], chroma[:, 1])
    along = (length[:, None] - length) ** 2
    squared = ((chroma[:, None] - chroma) ** 2).sum(axis=2)
    both = np.sqrt(length[:, None] * length)
    across = np.maximum(squared - along, 0)
    return np.sqrt(along / (1 + 0.045 * both) ** 2 + across / (1 + 0.015 * both) ** 2)
