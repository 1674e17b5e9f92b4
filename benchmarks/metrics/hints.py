"""What hints moved that they were not about: colour differences at pixels unlike and far from every hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clumsy import UNLIKE
from benchmarks.data.told import Told
from featcolor.colour.measures import delta_e00, lab_of
from features.base import FloatArray
from features.colournet import ColourMaps, ColourNetwork

FAR: Final = 0.25
"""Share of the shorter side beyond which a pixel is far from a hint."""
LEAST_DEVIATION: Final = 1e-6


class Moved(NamedTuple):
    """How far pixels moved: mean and largest CIEDE2000, the row and column of that, and how many pixels there were.

    Without any pixel the mean and the largest are nan.
    """

    mean: float
    worst: float
    y: int
    x: int
    pixels: int


@dataclass(frozen=True)
class Looks:
    """What the places of a picture look like to the colour network: its embedding, less the picture's mean, each
    channel in units of its deviation over the picture.

    `maps`: of the picture; `mean`, `deviation`: (C,).
    """

    maps: ColourMaps
    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, lightness: FloatArray) -> Self:
        """Of a picture's lightness (H, W)."""
        maps = ColourNetwork().maps(lightness)
        inner = maps.inside(maps.embedding)
        return cls(maps, inner.mean(axis=(1, 2)), np.maximum(inner.std(axis=(1, 2)), LEAST_DEVIATION))

    def directions(self, embedding: FloatArray) -> FloatArray:
        """Unit vectors (n, C) of embeddings (n, C)."""
        scaled = (embedding - self.mean) / self.deviation
        return np.asarray(scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), LEAST_DEVIATION))

    def unlike(self, shape: tuple[int, int], hints: Sequence[Told]) -> NDArray[np.bool_]:
        """Pixels (H, W) that look like no hint: of a negative cosine with the middle of each of them."""
        if not hints:
            return np.ones(shape, bool)
        inner = self.maps.inside(self.maps.embedding)
        cells = self.directions(inner.reshape(len(inner), -1).T)
        told = self.directions(self.maps.sample_embedding(np.array([hint.centre for hint in hints])))
        nearest = (cells @ told.T).max(axis=1).reshape(inner.shape[1:])
        return np.asarray(self.maps.at_size(np.ascontiguousarray(nearest, np.float32), shape) < 0)


def far(shape: tuple[int, int], hints: Sequence[Told]) -> NDArray[np.bool_]:
    """Pixels (H, W) farther than a quarter of the shorter side from the middle of every hint."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    free = np.ones(shape, bool)
    for hint in hints:
        y, x = hint.centre
        free &= (rows - y) ** 2 + (columns - x) ** 2 > (FAR * min(shape)) ** 2
    return free


def unlike_in_truth(chroma: FloatArray, hints: Sequence[Told]) -> NDArray[np.bool_]:
    """Pixels (H, W) of a true chroma that is more than 20 in a*, b* from the true chroma of every hint.

    `chroma`: (H, W, 2), the truth's: so that what is unlike depends on no method.
    """
    free = np.ones(chroma.shape[:2], bool)
    for hint in hints:
        true = chroma[hint.yx[:, 0], hint.yx[:, 1]].mean(axis=0)
        free &= ((chroma - true) ** 2).sum(axis=2) > UNLIKE**2
    return free


def moved(before: NDArray[np.uint8], after: NDArray[np.uint8], where: NDArray[np.bool_]) -> Moved:
    """How far the pixels of a mask (H, W) moved between two pictures (H, W, 3)."""
    yx = np.argwhere(where)
    if not len(yx):
        return Moved(np.nan, np.nan, -1, -1, 0)
    first, second = (lab_of(picture[where][None])[0] for picture in (before, after))
    difference = delta_e00(first, second)
    worst = int(difference.argmax())
    return Moved(
        float(difference.mean(dtype=np.float64)),
        float(difference[worst]),
        int(yx[worst, 0]),
        int(yx[worst, 1]),
        len(yx),
    )
