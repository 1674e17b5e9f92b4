"""Contrast of a faded picture: its tones stretched to the full range, evenly or place by place."""

from __future__ import annotations

from itertools import product
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray, bands

CLIPPED_SHARE: Final = 0.005
"""Share of the pixels that may become black, and white: what specks and reflections take of a picture."""
MAX_GAIN: Final = 4.0
"""Steepest stretch: an 8-bit scan holds no more; beyond it grain and JPEG blocks are all that grows."""
FADED_RANGE: Final = 0.6
FULL_RANGE: Final = 0.8
"""Range of tones up to which a picture counts as faded to `restore`, and from which on it has its full contrast."""
LIGHT_AREA: Final = 0.88
"""Lightness to which `restore` raises the lightest tenth of a picture at most: so much of it is a sky, not a gleam."""
FLAT: Final = 0.02
"""A range of lightness, 0..1, that shows nothing (five codes of 255): such a picture stays as it is."""
TILES: Final = 8
BINS: Final = 256
CLIP_LIMIT: Final = 1.6
"""Zuiderveld's tiles a side and clip limit, in mean bin heights: the tone curve is at most about that steep."""
_COUNTED_PIXELS = 2**20


def stretch(lightness: FloatArray, *, clipped: float = CLIPPED_SHARE) -> FloatArray:
    """Lightness (H, W), 0..1, stretched in a straight line: the darkest share `clipped` is black, the brightest white.

    Tones keep their order. A picture within `FLAT` stays as it is, and nothing is raised by more than `MAX_GAIN`.
    """
    low, high = tone_range(lightness, clipped)
    return _line(lightness, (low, high), (0.0, 1.0))


def restore(lightness: FloatArray) -> FloatArray:
    """Lightness (H, W), 0..1, stretched as far as it has faded; a sky stays darker than white, and so keeps its colour.

    As `stretch` up to a range of tones of `FADED_RANGE`, less and less from there to `FULL_RANGE`; where the lightest
    tenth would be raised above `LIGHT_AREA`, only as far as that.
    """
    low, high = tone_range(lightness)
    area = tone_range(lightness, 0.1)[1]
    faded = float(np.clip((FULL_RANGE - (high - low)) / (FULL_RANGE - FADED_RANGE), 0.0, 1.0))
    black, white = low - faded * low, high + faded * (1.0 - high)
    if area > low:
        white = min(white, black + (max(area, LIGHT_AREA) - black) / (area - low) * (high - low))
    return _line(lightness, (low, high), (black, white))


def _line(lightness: FloatArray, tones: tuple[float, float], places: tuple[float, float]) -> FloatArray:
    """Lightness with two tones moved to their places, and all others in a straight line, within 0..1."""
    (low, high), (black, white) = tones, places
    if high - low <= FLAT or tones == places:
        return lightness.copy()
    gain = (white - black) / (high - low)
    if gain > MAX_GAIN:
        still = (black - gain * low) / (1.0 - gain)  # the tone that the full stretch would leave in its place
        gain = MAX_GAIN
        black = still + gain * (low - still)
    stretched = (lightness - np.float32(low)) * np.float32(gain)
    stretched += np.float32(black)
    return np.clip(stretched, 0.0, 1.0, out=stretched)


def tone_range(lightness: FloatArray, clipped: float = CLIPPED_SHARE) -> tuple[float, float]:
    """The lightness that a share `clipped` of the pixels lies below, and above; of a million pixels, evenly taken."""
    step = int(np.ceil(np.sqrt(lightness.size / _COUNTED_PIXELS)))
    low, high = np.quantile(lightness[::step, ::step], (clipped, 1 - clipped), method="nearest")
    return float(low), float(high)


def equalize_locally(lightness: FloatArray) -> FloatArray:
    """Lightness (H, W), 0..1, after a stretch and contrast-limited adaptive histogram equalization: its shadows open.

    Each of 8 x 8 tiles has a tone curve, its clipped histogram summed up; a pixel takes the curves of the four tiles
    around it. Unlike OpenCV's, curves are straight between bins, so that 16-bit tones do not fall into steps.

    Source: Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV (1994).
    """
    stretched = stretch(lightness)
    low, high = tone_range(stretched)
    if high - low <= FLAT:
        return stretched
    curves = _tile_curves(stretched)
    down, across = (_tile_places(side) for side in stretched.shape)
    for band in bands(len(stretched)):
        stretched[band] = _read_curves(curves, down[band, None], across[None], stretched[band] * np.float32(BINS))
    return np.clip(stretched, 0.0, 1.0, out=stretched)


def _read_curves(curves: FloatArray, *places: FloatArray) -> NDArray[np.float64]:
    """Curves (n, m, k), read between their values at three places that broadcast; outside is as at the edge."""
    read = np.zeros(np.broadcast_shapes(*(place.shape for place in places)))
    rows, columns, tones = (_neighbours(place, size) for place, size in zip(places, curves.shape, strict=True))
    for (row, down), (column, across), (tone, along) in product(rows, columns, tones):
        read += curves[row, column, tone] * down * across * along
    return read


def _neighbours(place: FloatArray, size: int) -> tuple[tuple[NDArray[np.intp], NDArray[np.float64]], ...]:
    """The numbers before and after each place among 0..size - 1, with the weight of each."""
    inside = np.clip(place.astype(np.float64), 0, size - 1)
    before = np.minimum(inside.astype(np.intp), size - 2)
    nearness = 1 - (inside - before)
    return (before, nearness), (before + 1, 1 - nearness)


def _tile_curves(lightness: FloatArray) -> FloatArray:
    """(tiles, tiles, BINS + 1) float32: each tile's tone curve at the edges of the bins, rising from 0 to 1."""
    curves = np.empty((TILES, TILES, BINS + 1), np.float32)
    for row, column in np.ndindex(TILES, TILES):
        rows, columns = _tile_slice(row, lightness.shape[0]), _tile_slice(column, lightness.shape[1])
        curves[row, column] = _clipped_curve(lightness[rows, columns])
    return curves


def _clipped_curve(tile: FloatArray) -> NDArray[np.float64]:
    histogram = cv2.calcHist([np.ascontiguousarray(tile)], [0], None, [BINS], [0.0, 1.0 + 1e-6]).ravel().astype(float)
    limit = CLIP_LIMIT * tile.size / BINS
    share = np.minimum(histogram, limit)
    share += (tile.size - share.sum()) / BINS  # what was cut off is given to all bins alike
    return np.concatenate([[0.0], np.cumsum(share) / tile.size])


def _tile_slice(index: int, side: int) -> slice:
    """Rows or columns of a tile; in a picture smaller than its tiles, neighbours share a pixel."""
    start = min(index * side // TILES, side - 1)
    return slice(start, max(start + 1, (index + 1) * side // TILES))


def _tile_places(side: int) -> FloatArray:
    """Places of pixels among the centres of tiles, which are at 0, 1, ..., TILES - 1."""
    return np.asarray((np.arange(side) + 0.5) * TILES / side - 0.5, np.float32)
