"""Colours that a person names, and what a named colour is at the lightness of a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np

from featcolor.colour.lab import LUMINANCE_WEIGHTS, rgb_to_lab
from featcolor.colour.oklab import linear_at, linear_to_ab
from featcolor.colour.srgb import decode_srgb, encode_srgb
from featcolor.errors import UsageError
from featcolor.hints.colour_names import COMMON
from features.base import FloatArray

GREY: Final = "grey"
"""The name that keeps a place grey."""
DARKER: Final = 0.75
LIGHTER: Final = 0.5
"""Powers of the ratio of lightness, as Oklab has it, that chroma changes with: 1 would keep the chromaticity, as of a
thing in more or less light, but what is lighter in a photograph is mostly paler too."""
_NEAR: Final = 4  # names that are proposed for one that there is not
_CODE = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_DARKEST: Final = 1e-4  # relative luminance, in place of black's


def parse_colour(text: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255, of "#rrggbb", "#rgb" or a name in any case; UsageError for what there is not.

    >>> parse_colour("Field-Grey") == parse_colour("fieldgrey") == parse_colour("#4d5d53")
    True
    """
    if not isinstance(text, str):
        raise UsageError(f"a colour must be a name or #rrggbb, got {text!r:.40}")
    code = colour_names().get(_plain(text), text.strip().lower())
    if not _CODE.fullmatch(code):
        raise UsageError(_unknown(text.strip()))
    digits = code[1:] if len(code) == 7 else "".join(2 * digit for digit in code[1:])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def hex_of(colour: tuple[int, int, int]) -> str:
    """The colour as "#rrggbb"."""
    return "#" + bytes(colour).hex()


@cache
def colour_names() -> Mapping[str, str]:
    """Every name, without spaces, and its "#rrggbb": those of CSS, and `COMMON`, which goes before."""
    from PIL import ImageColor

    css = {name: str(code) for name, code in ImageColor.colormap.items()}
    return css | {_plain(name): colour.code for group in COMMON.values() for name, colour in group.items()}


def colour_table() -> str:
    """All names for a person: ours with their codes by what they are used of, then those that CSS has besides."""
    lines = ["colours: #rrggbb, #rgb, or a name; grey (and black, white, silver) keeps a place without colour"]
    for group, colours in COMMON.items():
        lines += ["", f"{group}:"]
        lines += [f"  {name:<16} {colour.code}" for name, colour in colours.items()]
    ours = {_plain(name) for group in COMMON.values() for name in group}
    css = sorted(set(colour_names()) - ours)
    lines += ["", "CSS:"] + ["  " + " ".join(css[start : start + 8]) for start in range(0, len(css), 8)]
    return "\n".join(lines)


def chroma_at(rgb: FloatArray, lightness: FloatArray) -> FloatArray:
    """Chroma a*, b* (n, 2) of colours (n, 3), 0..255, at places of another lightness L*/100 (n,), within the gamut.

    Hue is Oklab's and stays. Chroma changes with lightness, see `DARKER` and `LIGHTER`, as far as the gamut reaches; a
    colour at its own lightness is itself, and what is grey is exactly neutral.
    """
    coded = np.asarray(rgb, np.float32)[None] / np.float32(255)
    linear = decode_srgb(coded)[0].astype(np.float64)
    own = np.maximum(linear @ LUMINANCE_WEIGHTS, _DARKEST)
    wanted = _luminance(np.asarray(lightness, np.float64))
    ratio = np.cbrt(np.maximum(wanted, _DARKEST) / own)
    scale = ratio ** np.where(ratio < 1, DARKER, LIGHTER)
    relit = linear_at(linear_to_ab(linear) * scale[:, None], wanted)
    chroma = rgb_to_lab(encode_srgb(relit.astype(np.float32)[None]))[1][0]
    return np.where(np.ptp(coded[0], axis=1, keepdims=True) == 0, np.float32(0), chroma)


def _luminance(lightness: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Relative luminance of L*/100 (CIE 1976)."""
    f = (100 * np.clip(lightness, 0, 1) + 16) / 116
    return np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower()).replace("gray", GREY)


def _unknown(text: str) -> str:
    from difflib import get_close_matches

    names = {name: name for group in COMMON.values() for name in group} | {name: name for name in colour_names()}
    plain = {_plain(name): name for name in reversed(names)}
    within = [name for key, name in plain.items() if len(_plain(text)) > 2 and _plain(text) in key]
    near = [plain[key] for key in get_close_matches(_plain(text)[:40], plain, n=_NEAR)]
    found = list(dict.fromkeys([*near, *within]))[:_NEAR]
    if text.startswith("#") or not text:
        return f"{text!r:.40} is no colour; write #rrggbb, or a name: featcolor colorize --hint help lists them"
    perhaps = f", perhaps {', '.join(found)}" if found else ""
    return f"unknown colour {text!r:.40}{perhaps}; write #rrggbb, or see the names: featcolor colorize --hint help"
