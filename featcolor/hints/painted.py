"""Painted pictures: strokes of colour over a grey photograph, as a layer with transparency or flattened, as hints.

In a layer, what is opaque is paint, grey too. In a flattened picture paint is what has colour that the photograph below
has not: its tone (sepia) and the noise of JPEG are none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.correlation import LEAST_CORRELATION, correlation
from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import PictureError, UsageError
from featcolor.hints.pixels import MOST_PIXELS, HintPixels, same_shape
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import as_depth
from featcolor.pictures.resize import resize
from features.base import FloatArray

MOST_LOOKED_AT: Final = 8_000_000
"""Pixels of a painted picture; of a larger one every second, third, .. row and column is looked at."""
OPAQUE: Final = 0.5
"""Opacity from which a layer's pixel is paint; strokes fade at their rims."""
LAYER_SHARE: Final = 0.5
"""Share of a picture that is opaque above which it is a photograph with paint on it, not a layer of paint."""
LEAST_CHROMA: Final = 12.0
"""Of a flattened picture's paint, distance of a*, b* from the photograph's tone; JPEG noise and fringes have less."""
LEAST_SPOT: Final = 9
"""Pixels; smaller spots with so much colour in a mean of 3 by 3 are a sepia photograph's noise, not one painted dot."""
RIM: Final = 0.75
"""Share of the largest such distance nearby below which a pixel is the rim of a stroke."""
EVEN: Final = 12.0
"""Range of a* and of b* in the neighbourhood of a pixel above which two colours meet there."""
MOST_PAINTED: Final = 0.5
"""Share of a picture with colour above which it is a colour picture, not paint on a grey one."""
FAINT: Final = 4.0
"""Distance from the photograph's tone that far from all paint hardly a pixel of a grey picture has, smoothed."""
MOST_FAINT: Final = 0.06
"""Share of the pixels far from all paint with more than that above which it is a colour picture."""
COMPARED_SIDE: Final = 128
"""Longest side at which lightness is compared, pixels."""
_TONE_PIXELS: Final = 20_000
_TONE_ROUNDS: Final = 12
_NEXT: Final = np.ones((3, 3), np.uint8)
_NEAR: Final = np.ones((7, 7), np.uint8)
_WIDTH: Final = np.ones((9, 9), np.uint8)
_REACH: Final = np.ones((25, 25), np.uint8)  # of a coarse JPEG's fringes, whose chroma comes in blocks of 16


class Painting(NamedTuple):
    """What was painted: its pixels, and a word on it for a person, "" mostly."""

    pixels: HintPixels
    note: str = ""


def read_painted(path: Path, lightness: FloatArray) -> Painting:
    """The paint of a painted picture's file, as pixels of the photograph (H, W) that it was painted over.

    UsageError, naming the file, for what cannot be read, is a colour picture, or shows another picture.
    """
    try:
        picture = read_picture(path)
    except PictureError as error:
        raise UsageError(str(error)) from error
    step = int(np.ceil(np.sqrt(picture.pixels.shape[0] * picture.pixels.shape[1] / MOST_LOOKED_AT)))
    pixels = _as_rgb(picture.pixels[::step, ::step])
    opaque = np.ones(pixels.shape[:2], bool)
    if picture.alpha is not None:
        opaque = as_depth(picture.alpha[::step, ::step], np.float32) >= OPAQUE
    if not same_shape(picture.pixels.shape[1::-1], lightness.shape[::-1]):
        raise UsageError(
            f"{path}: {_size(picture.pixels.shape)} pixels, but the picture that it belongs to has "
            f"{_size(lightness.shape)}, another shape; paint over the whole picture, neither cropped nor turned"
        )
    if opaque.mean() <= LAYER_SHARE:
        paint, note = opaque, "this layer holds no paint; paint with a brush that covers" if not opaque.any() else ""
    else:
        paint, note = _flattened_paint(path, pixels, opaque, lightness)
    return Painting(_on_photograph(pixels, paint, lightness.shape).thinned(MOST_PIXELS), note and f"{path}: {note}")


def _flattened_paint(
    path: Path, rgb: NDArray[Any], opaque: NDArray[np.bool_], lightness: FloatArray
) -> tuple[NDArray[np.bool_], str]:
    """What of a flattened picture is paint, (h, w), and a word on it."""
    levels, chroma = rgb_to_lab(rgb)
    chroma -= _tone(levels[opaque], chroma[opaque], levels)
    coloured = _without_specks(opaque & (_length(cv2.blur(chroma, (3, 3))) >= LEAST_CHROMA))
    bare = opaque & ~cv2.dilate(coloured.astype(np.uint8), _REACH).astype(bool)
    _check_lightness(path, levels, bare, lightness)
    faint = _length(cv2.blur(chroma, (5, 5)))[bare] > FAINT
    if coloured.sum() > MOST_PAINTED * opaque.sum() or faint.sum() > MOST_FAINT * len(faint):
        raise UsageError(
            f"{path}: a picture in full colour, not a grey one with paint on it; for a photograph that is a reference "
            "(--refs), for a film a key frame (--keyframes)"
        )
    distance = _length(chroma)
    paint = coloured & (distance >= np.maximum(LEAST_CHROMA, RIM * cv2.dilate(distance, _NEAR)))
    return _cores(paint, chroma), "" if paint.any() else "no colour in it; paint on it, or leave it out"


def _without_specks(coloured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, spots, stats, _ = cv2.connectedComponentsWithStats(coloured.astype(np.uint8), connectivity=8)
    return coloured & (stats[spots, cv2.CC_STAT_AREA] >= LEAST_SPOT)


def _tone(levels: FloatArray, chroma: FloatArray, at: FloatArray) -> FloatArray:
    """a*, b* (h, w, 2) of the photograph below, as far as lightness (h, w) tells: a parabola, 0 for a grey one.

    It is fitted to the pixels (n,), (n, 2) by least absolute deviations, which paint on less than half does not move.
    """
    step = max(1, len(levels) // _TONE_PIXELS)
    powers = np.vander(levels[::step], 3).astype(np.float64)
    some = chroma[::step].astype(np.float64)
    weights = np.ones(len(some))
    tone: NDArray[Any] = np.zeros((3, 2))
    for _ in range(_TONE_ROUNDS):
        weighted = powers * weights[:, None]
        tone = np.linalg.solve(weighted.T @ powers + 1e-6 * np.eye(3), weighted.T @ some)
        weights = 1 / np.maximum(np.hypot(*(some - powers @ tone).T), 0.1)
    return np.asarray(np.stack([np.polyval(tone[:, i], at) for i in range(2)], axis=-1), np.float32)


def _check_lightness(path: Path, levels: FloatArray, bare: NDArray[np.bool_], lightness: FloatArray) -> None:
    """UsageError unless the lightness of the pixels without paint is that of the photograph."""
    scale = min(1.0, COMPARED_SIDE / max(lightness.shape))
    small = (max(1, round(lightness.shape[0] * scale)), max(1, round(lightness.shape[1] * scale)))
    compared = resize(bare.astype(np.float32), small) > 0.99
    if not compared.any():
        return
    fit = correlation(resize(levels, small)[compared][None], resize(lightness, small)[compared][None])
    if fit < LEAST_CORRELATION:
        raise UsageError(
            f"{path}: it shows another picture (correlation of lightness {fit:.2f}; {LEAST_CORRELATION} is needed); "
            "paint over this very picture, or name the file after the one that it shows"
        )


def _cores(paint: NDArray[np.bool_], chroma: FloatArray) -> NDArray[np.bool_]:
    """The even part of the strokes, and all of them where they are too thin to have one."""
    planes = np.ascontiguousarray(chroma)
    spread = cv2.dilate(planes, _NEXT) - cv2.erode(planes, _NEXT)
    even = paint & (spread.max(axis=2) <= EVEN)
    return np.asarray(even | (paint & ~cv2.dilate(even.astype(np.uint8), _WIDTH).astype(bool)))


def _on_photograph(rgb: NDArray[Any], paint: NDArray[np.bool_], shape: tuple[int, ...]) -> HintPixels:
    """Painted pixels (h, w) as pixels of the photograph (H, W); where several become one, their mean."""
    yx = np.argwhere(paint)
    places = ((yx + 0.5) * np.divide(shape, paint.shape)).astype(np.intp)
    return HintPixels.together([HintPixels(places, as_depth(rgb[paint][None], np.float32)[0] * np.float32(255))])


def _length(chroma: FloatArray) -> FloatArray:
    return cv2.magnitude(*cv2.split(chroma))


def _as_rgb(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
