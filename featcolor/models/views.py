"""Closer views of a picture: at which scales and in which tiles a network sees it beside the whole, and their merge.

A network that shrinks a picture to its own short side sees a small face as a few pixels. Seen closer, in overlapping
tiles, the face has what it takes to be one; what is large has lost its surroundings there, and the view of the whole
knows it better. So a finer view counts where what it changes is small beside the picture, and where it is no less sure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import cv2
import numpy as np

from features.base import FloatArray
from features.colournet import LONGEST

CLOSER: Final = (2.0, 3.0)
"""Short sides of the closer views, in the network's own."""
WORTH: Final = 0.85
"""Of such a short side, how much a picture must have in pixels of its own to be seen so: it is not enlarged, and at 1.5
times the network's own a closer view says little new."""
TILE_PIXELS: Final = 230_000
"""Pixels of one tile at most, as the network sees them: a whole picture of 16:9 at twice the short side."""
OVERLAP: Final = 64
"""Pixels, as the network sees them, that neighbouring tiles share."""
SURER: Final = 8.0
"""Power of the ratio of the confidences by which a finer view that is less sure counts less."""
LEAST: Final = 1e-3
"""Confidence below which one is as good as none."""
LARGE: Final = 0.15
"""Standard deviation, in short sides, of the Gaussian whose mean change tells the large from the small."""
COARSENESS: Final = 4
"""Pixels between those at which that mean is taken, in its standard deviation."""


@dataclass(frozen=True)
class Tile:
    """A part of a picture that is seen by itself.

    Attributes
    ----------
    rows, columns : of the working picture (h, w)
    share : (rows, columns) float32 above 0; over all tiles of a view they add up to 1 at each pixel
    """

    rows: slice
    columns: slice
    share: FloatArray

    def of(self, picture: FloatArray, working: FloatArray) -> FloatArray:
        """The part of a picture (H, W) that this is of the working picture."""
        rows, columns = (
            slice(side * span.start // small, -(-side * span.stop // small))
            for side, small, span in zip(picture.shape, working.shape, (self.rows, self.columns), strict=True)
        )
        return picture[rows, columns]


def closer_ratios(shape: Sequence[int], short_side: int) -> tuple[float, ...]:
    """Pixels that the network sees for each of a picture (H, W) in its closer views, coarse to fine: 1 at most."""
    whole = min(short_side / min(shape), LONGEST * short_side / max(shape))
    return tuple(min(1.0, scale * whole) for scale in CLOSER if WORTH * scale * whole <= 1)


def tiles(shape: tuple[int, int], ratio: float) -> list[Tile]:
    """Tiles that together cover a working picture (h, w), seen at `ratio` pixels for each of its own."""
    parts = [1, 1]
    while True:
        lengths = [_length(side, n, ratio) for side, n in zip(shape, parts, strict=True)]
        if lengths[0] * lengths[1] * ratio**2 <= TILE_PIXELS:
            break
        parts[int(np.argmax(lengths))] += 1
    rows, columns = (_spans(side, n, ratio) for side, n in zip(shape, parts, strict=True))
    return [Tile(y, x, np.outer(v, u)) for y, v in rows for x, u in columns]


def _length(side: int, parts: int, ratio: float) -> int:
    """Pixels of each of so many overlapping parts of a side."""
    return min(side, ceil((side + (parts - 1) * OVERLAP / ratio) / parts))


def _spans(side: int, parts: int, ratio: float) -> list[tuple[slice, FloatArray]]:
    """Parts of one side, and weights of their pixels, which fall linearly where two overlap."""
    length = _length(side, parts, ratio)
    starts = [round(i * (side - length) / max(1, parts - 1)) for i in range(parts)]
    ramps = np.zeros((parts, side), np.float32)
    for ramp, start in zip(ramps, starts, strict=True):
        to_edge = np.minimum(np.arange(length) + 1, length - np.arange(length))
        ramp[start : start + length] = to_edge
    ramps /= ramps.sum(axis=0)
    return [
        (slice(start, start + length), ramp[start : start + length]) for ramp, start in zip(ramps, starts, strict=True)
    ]


def joined(shape: tuple[int, int], parts: Iterable[tuple[Tile, FloatArray]]) -> FloatArray:
    """Chroma and confidence, (h, w, 3), of a view from those of its tiles."""
    whole = np.zeros((*shape, 3), np.float32)
    for tile, planes in parts:
        whole[tile.rows, tile.columns] += planes * tile.share[..., None]
    return whole


def merge(coarse: FloatArray, fine: FloatArray) -> FloatArray:
    """Chroma and confidence, (h, w, 3), of a view, and what a finer one of the same picture makes better.

    What the finer view changes likewise all around, by the mean m of the change c in a wide Gaussian, is large, and
    there the coarse view is kept: the share of c that counts is 1 - |m|^2 / |c|^2, more where the finer view is surer,
    up to twice and all of it, and less where it is not, by a power r of the confidences' ratio: times 2 r / (1 + r).
    """
    change = fine - coarse
    surer = np.maximum(fine[..., 2:], np.float32(LEAST)) / np.maximum(coarse[..., 2:], np.float32(LEAST))
    lead = surer ** np.float32(SURER)
    around = _blurred(change[..., :2])
    small = 1 - _squared(around) / np.maximum(_squared(change[..., :2]), np.float32(1e-6))
    return coarse + change * np.minimum(1, np.maximum(small, 0) * (2 * lead / (1 + lead)))


def _blurred(planes: FloatArray) -> FloatArray:
    """Planes (h, w, k) under the Gaussian of `LARGE`, computed on fewer pixels."""
    height, width = planes.shape[:2]
    deviation = LARGE * min(height, width)
    step = max(1.0, deviation / COARSENESS)
    few = cv2.resize(planes, (max(1, round(width / step)), max(1, round(height / step))), interpolation=cv2.INTER_AREA)
    few = cv2.GaussianBlur(few, (0, 0), deviation / step, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)


def _squared(planes: FloatArray) -> FloatArray:
    return np.sum(planes**2, axis=2, keepdims=True)
