"""Closer views of a picture: at which scales and in which tiles a network sees it beside the whole, and their merge.

A network that shrinks a picture to its own short side sees a small face as a few pixels. Seen closer, in overlapping
tiles, the face has what it takes to be one; what is large has lost its surroundings there, and the view of the whole
knows it better. So a finer view counts where it is surer than the coarser one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from features.base import FloatArray
from features.colournet import LONGEST

CLOSER: Final = (2.0, 4.0)
"""Short sides of the closer views, in the network's own."""
WORTH: Final = 0.7
"""Of such a short side, how much of it a picture must have in pixels of its own to be seen so; it is not enlarged."""
TILE_PIXELS: Final = 230_000
"""Pixels of one tile at most, as the network sees them: a whole picture of 16:9 at twice the short side."""
OVERLAP: Final = 64
"""Pixels, as the network sees them, that neighbouring tiles share."""
SURER: Final = 6.0
"""Power of the ratio of two confidences at which their views are weighed."""


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


def closer_sights(shape: Sequence[int], short_side: int) -> tuple[float, ...]:
    """Pixels that the network sees for each of a picture (H, W) in its closer views, coarse to fine: 1 at most."""
    whole = min(short_side / min(shape), LONGEST * short_side / max(shape))
    return tuple(min(1.0, scale * whole) for scale in CLOSER if WORTH * scale * whole <= 1)


def tiles(shape: tuple[int, int], sight: float) -> list[Tile]:
    """Tiles that together cover a working picture (h, w), seen at `sight` pixels for each of its own."""
    parts = [1, 1]
    while True:
        lengths = [_length(side, n, sight) for side, n in zip(shape, parts, strict=True)]
        if lengths[0] * lengths[1] * sight**2 <= TILE_PIXELS:
            break
        parts[int(np.argmax(lengths))] += 1
    rows, columns = (_spans(side, n, sight) for side, n in zip(shape, parts, strict=True))
    return [Tile(y, x, np.outer(v, u)) for y, v in rows for x, u in columns]


def _length(side: int, parts: int, sight: float) -> int:
    """Pixels of each of so many overlapping parts of a side."""
    return min(side, ceil((side + (parts - 1) * OVERLAP / sight) / parts))


def _spans(side: int, parts: int, sight: float) -> list[tuple[slice, FloatArray]]:
    """Parts of one side, and weights of their pixels, which fall linearly where two overlap."""
    length = _length(side, parts, sight)
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
    """Chroma and confidence above 0, (h, w, 3), of two views, each pixel by the one that is surer of it.

    Averages of the colours, of the distributions and of their logarithms came out alike.
    """
    lead = (fine[..., 2:] / coarse[..., 2:]) ** np.float32(SURER)
    return coarse + (fine - coarse) * (lead / (1 + lead))
