"""Signs of age that a scan shows: what preparation would mend, found before anybody asks for it.

Told from a few probes in some milliseconds, and shy: a sign that is missed costs a hint, a false one costs trust. So
only pictures that are grey or of one tint are looked at, for a colour photograph is no old scan, and each bound is such
that clean photographs, made grey, do not reach it.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray, lightness_of, rgb_to_lab
from featcolor.preparation.contrast import FLAT, tone_range
from featcolor.preparation.grain import evenness

FADED: Final = "faded"
GRAINY: Final = "grainy"
SCRATCHED: Final = "scratched"
SIGNS: Final = (FADED, GRAINY, SCRATCHED)

GREYEST_BLACK: Final = 0.12
GREYEST_WHITE: Final = 0.85
"""Lightness that the darkest and the lightest tones of a faded picture do not reach."""
FULL: Final = 0.7
"""Least share of a faded picture's range that eight tenths of its pixels span: a small bird before a plain sky has low
contrast too, but is not faded."""
LEAST_GRAIN: Final = 0.009
"""Deviation of the finest detail where the picture is quietest, L*/100: grain that is seen."""
LEAST_EVENNESS: Final = 0.43
"""Energy of the finest detail in the quietest blocks over that of the quieter fifth: grain is everywhere alike,
grass and cloth are not."""
SCRATCH_SHARE: Final = 0.9
"""Share of the height over which a scratch is seen, at least."""
SCRATCH_SIDES: Final = 0.2
"""Difference between the grounds left and right of it over its own difference from them, at most: a pole or the edge of
a door has another ground on each side."""
SCRATCH_CONTRAST: Final = 0.03
SCRATCH_FACTOR: Final = 4.0
"""Least difference of a scratch from its ground, L*/100, and in deviations of the picture's other thin lines."""
TINT: Final = 2.5
"""Root mean square of what is left of a*, b* without the commonest hue, at most: paper and sepia are of one hue."""
_TONES = 2**16  # pixels, at most, that tones and tint are told from
_PROBE = 256
_PROBES = 2  # along each side
_ROWS = 64  # that a picture's height is averaged to: scratches stay, texture goes
_COLUMNS = 2000
_LEAST_SIDE = 200  # below it is no scan, and texture is as fine as grain
_DRIFTS = range(-6, 7, 2)  # columns that a scratch leans from top to bottom
_THIN = 7  # columns: wider lines are none


def signs_of_age(picture: NDArray[Any]) -> tuple[str, ...]:
    """Those of `SIGNS` that a picture shows: (H, W) or (H, W, 3), uint8, uint16 or float32 0..1."""
    step = int(np.ceil(np.sqrt(picture.shape[0] * picture.shape[1] / _TONES)))
    sample = np.ascontiguousarray(picture[::step, ::step])
    if min(picture.shape[:2]) < _LEAST_SIDE or not _has_one_tint(sample):
        return ()
    found = (_is_faded(lightness_of(sample)), _is_grainy(picture), _is_scratched(picture))
    return tuple(sign for sign, seen in zip(SIGNS, found, strict=True) if seen)


def _has_one_tint(sample: NDArray[Any]) -> bool:
    if sample.ndim == 2:
        return True
    chroma = rgb_to_lab(sample)[1].reshape(-1, 2).astype(np.float64)
    return bool(np.linalg.eigvalsh(chroma.T @ chroma / len(chroma))[0] <= TINT**2)


def _is_faded(lightness: FloatArray) -> bool:
    low, high = tone_range(lightness)
    if low < GREYEST_BLACK or high > GREYEST_WHITE or high - low <= FLAT:
        return False
    dark, light = np.quantile(lightness, (0.1, 0.9))
    return bool(light - dark >= FULL * (high - low))


def _is_grainy(picture: NDArray[Any]) -> bool:
    starts = [np.unique(np.linspace(0, max(0, side - _PROBE), _PROBES).astype(int)) for side in picture.shape[:2]]
    probes = [picture[top : top + _PROBE, left : left + _PROBE] for top in starts[0] for left in starts[1]]
    grain, even = evenness([lightness_of(np.ascontiguousarray(probe)) for probe in probes])
    return grain >= LEAST_GRAIN and even >= LEAST_EVENNESS


def _is_scratched(picture: NDArray[Any]) -> bool:
    columns = min(_COLUMNS, picture.shape[1])
    lines = lightness_of(cv2.resize(picture, (columns, _ROWS), interpolation=cv2.INTER_AREA))
    codes = np.rint(lines * 255).astype(np.uint8)
    for shape in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        height = cv2.morphologyEx(codes, shape, np.ones((1, _THIN), np.uint8))
        least = max(255 * SCRATCH_CONTRAST, SCRATCH_FACTOR * 1.4826 * float(np.median(height)))
        hits = cv2.dilate((height > least).astype(np.uint8), np.ones((1, 3), np.uint8))
        for drift in _DRIFTS:
            share = _along(hits, drift).mean(axis=0)
            for column in (np.flatnonzero(share[2 * _THIN : -2 * _THIN] >= SCRATCH_SHARE) + 2 * _THIN).tolist():
                if _has_one_ground(_along(lines, drift), column):
                    return True
    return False


def _along(plane: NDArray[Any], drift: int) -> NDArray[Any]:
    """The plane sheared so that a line that leans by so many columns stands upright."""
    shear = np.array([[1, drift / len(plane), 0], [0, 1, 0]], np.float32)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, shear, plane.shape[::-1], flags=flags))


def _has_one_ground(lines: FloatArray, column: int) -> bool:
    half = _THIN // 2
    left, right = (lines[:, column + way * _THIN + np.arange(-half + 1, half)].mean(axis=1) for way in (-1, 1))
    own = np.abs(lines[:, column] - (left + right) / 2)
    return bool(np.median(np.abs(left - right)) <= SCRATCH_SIDES * np.median(own))
