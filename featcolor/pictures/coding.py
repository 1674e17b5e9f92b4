"""Colours that a file tells by numbers instead of a profile (gamma and primaries, code points), as ICC profiles."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from featcolor.colour.srgb import linear_table
from featcolor.pictures.icc import undated

Primaries = tuple[float, ...]
"""x and y of white, red, green and blue (CIE 1931)."""

_D65: Final = (0.3127, 0.3290)
SRGB_PRIMARIES: Final = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SAME_PRIMARIES: Final = 0.003
"""How far off primaries are the same."""
_PRIMARIES: Final = {  # ITU-T H.273, table 2; 2 is "unspecified"
    1: SRGB_PRIMARIES,
    2: SRGB_PRIMARIES,
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
# Table 3: gammas, None where screens show it as sRGB, which video's curves (1, 6, 14, 15) are taken for.
_GAMMAS: Final = {1: None, 2: None, 4: 2.2, 5: 2.8, 6: None, 8: 1.0, 13: None, 14: None, 15: None}
_HDR: Final = {16: "PQ", 18: "HLG"}
_ADOBE_RGB: Final = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 563 / 256  # Adobe RGB (1998), 4.3.1


def profile_of_code_points(primaries: int, transfer: int, *, grey: bool) -> bytes | None:
    """A profile of H.273's code points, None where they are sRGB; ValueError for what is not read, such as HDR."""
    if transfer not in _GAMMAS or primaries not in _PRIMARIES:
        kind = _HDR.get(transfer, f"code points {primaries}/{transfer}")
        raise ValueError(f"has colours of another kind than screens have ({kind}); convert it to sRGB first")
    gamma = _GAMMAS[transfer]
    if gamma is None and (grey or _PRIMARIES[primaries] == SRGB_PRIMARIES):
        return None
    return profile_of(_PRIMARIES[primaries], gamma, grey=grey)


def adobe_rgb() -> bytes:
    """A profile of Adobe RGB (1998)."""
    primaries, gamma = _ADOBE_RGB
    return profile_of(primaries, gamma)


@lru_cache(maxsize=8)
def profile_of(primaries: Primaries, gamma: float | None, *, grey: bool = False) -> bytes:
    """An ICC profile of these primaries and this exponent (None: sRGB's curve); ValueError for what is no colour."""
    import imagecodecs

    white, colours = primaries[:2], np.reshape(primaries[2:], (3, 2))
    curve = None if gamma else np.rint(linear_table(8) * 65535).astype(np.uint16)
    try:
        profile = imagecodecs.cms_profile(
            "gray" if grey else "rgb",
            whitepoint=[*white, 1.0],
            primaries=None if grey else [number for x, y in colours for number in (x, y, 1.0)],
            transferfunction=curve,
            gamma=gamma,
        )
    except RuntimeError as error:  # lcms's
        raise ValueError(f"tells colours that there are not ({error}); the file is damaged") from error
    return undated(profile)
