"""Colours that a person names, and what a named colour is at the lightness of a place."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import UsageError, unknown
from features.base import FloatArray

GREY: Final = "grey"
"""The name that keeps a place grey."""
NAMES: Final = {"grey": "#808080", "navy": "#000080", "khaki": "#f0e68c", "red": "#ff0000"}


def parse_colour(text: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255, of "#rrggbb" or a name; UsageError for what there is not."""
    name = text.strip().lower()
    code = NAMES.get(name, name)
    if re.fullmatch(r"#[0-9a-f]{6}", code) is None:
        raise UsageError(unknown("colour", text, NAMES))
    red, green, blue = bytes.fromhex(code[1:])
    return red, green, blue


def hex_of(colour: tuple[int, int, int]) -> str:
    """The colour as "#rrggbb"."""
    return "#" + bytes(colour).hex()


def chroma_at(rgb: FloatArray, lightness: FloatArray) -> FloatArray:
    """Chroma (n, 2) of colours (n, 3), 0..255, at places of another lightness (n,), 0..1: the hue and saturation stay.

    Saturation is chroma over lightness, as of a thing in more light or less.
    """
    light, chroma = rgb_to_lab(np.asarray(rgb, np.float32)[None] / np.float32(255))
    scale = lightness / np.maximum(light[0], np.float32(0.05))
    return np.asarray(chroma[0] * scale[:, None], np.float32)
