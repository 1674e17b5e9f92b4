"""Spreading of hints: a Gaussian process over what places look like carries what a hint changes to all that is alike.

Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2; the covariance is that of
`featcolor.hints.kernel`. A departure: what is out of reach of every hint stays as it was, however alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.errors import NetworkError
from featcolor.hints.kernel import CHROMA, HALF_SIDE, LIGHTNESS, LikenessKernel, bundled_kernel
from featcolor.models.pretrained import SCALES
from features.base import FloatArray, IndexArray
from features.colournet import ColourMaps, ColourNetwork
from features.threads import one_blas_thread, side_by_side
from refine.refiners import refine

BLOCK: Final = 4096
"""Places that are worked on at a time."""
SPOT: Final = 1 / 24
"""Side of a square, in the picture's short side, within which hints of one colour that touch are one."""
SPOT_CHROMA: Final = 12.0
"""Differences of a*, b* by which touching hints are two."""
MOST_SPOTS: Final = 512
"""Of one picture; of more hints, larger spots."""
WIDER: Final = 1.25
"""How much larger each time."""
EDGES: Final = "interior"
"""The refiner of what hints change: the slow one, as for stills."""
TOUCH_UP: Final = 1.5
"""Pixels around a hint that take what is left to its very colour, a deviation."""
TOUCHED: Final = 5
"""Pixels beyond which nothing of it is left."""
COARSE: Final = 4
"""Pixels between those at which influence is worked out."""


@dataclass(frozen=True)
class Places:
    """What each place of a picture looks like.

    Attributes
    ----------
    looks : (h, w, d) float32, as `LikenessKernel` compares them
    kernel : LikenessKernel
    """

    looks: FloatArray
    kernel: LikenessKernel

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.looks.shape[0], self.looks.shape[1]

    def likeness(self, yx: IndexArray) -> FloatArray:
        """Of all places to some (n, 2), 0..1: (h, w, n)."""
        return self.each(partial(_likeness_to, self.kernel, self.looks[yx[:, 0], yx[:, 1]]))

    def each(self, work: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """What some work makes of the looks (m, d) of a block of places, of all of them: (h, w, ...)."""
        flat = self.looks.reshape(-1, self.looks.shape[2])
        with one_blas_thread():
            parts = side_by_side([partial(work, flat[start : start + BLOCK]) for start in range(0, len(flat), BLOCK)])
        whole = np.concatenate(parts)
        return np.asarray(whole.reshape(*self.shape, *whole.shape[1:]), np.float32)


def _likeness_to(kernel: LikenessKernel, second: FloatArray, first: FloatArray) -> FloatArray:
    return kernel.likeness(first, second)


def places_of(network: ColourNetwork, lightness: FloatArray, working: FloatArray, chroma: FloatArray) -> Places:
    """Places of the working picture (h, w) that a picture (H, W) was shrunk to, painted with chroma (h, w, 2).

    The embedding is the mean of two views, as the default model sees a picture.
    """
    kernel = bundled_kernel()
    if network.info.channels != len(kernel.axes):
        raise NetworkError("the file of likeness is not of this colour network; install featcolor anew")
    height, width = shape = (working.shape[0], working.shape[1])
    flipped = np.ascontiguousarray(lightness[:, ::-1])
    straight = _projected(kernel, network.maps(lightness, scale=SCALES[0]), shape)
    mirrored = _projected(kernel, network.maps(flipped, scale=SCALES[1]), shape)
    embedding = (straight + mirrored[:, ::-1]) * np.float32(0.5) - kernel.mean
    unit = np.float32(HALF_SIDE * min(height, width))
    rows, columns = np.mgrid[:height, :width].astype(np.float32) / unit
    planes = [embedding, rows, columns, working / np.float32(LIGHTNESS), chroma / np.float32(CHROMA)]
    return Places(np.dstack(planes).astype(np.float32), kernel)


def _projected(kernel: LikenessKernel, maps: ColourMaps, shape: tuple[int, int]) -> FloatArray:
    inner = maps.inside(maps.embedding)
    cells = np.tensordot(inner, kernel.axes, axes=(0, 0)).astype(np.float32)
    four = range(0, cells.shape[2], 4)
    return np.dstack([maps.at_size(np.ascontiguousarray(cells[..., i : i + 4]), shape) for i in four])


@dataclass(frozen=True)
class Spots:
    """Hinted places in as few groups as tell the same: touching ones of one colour, side by side.

    Attributes
    ----------
    looks : (n, d), the mean of each
    number : (m,), of the spot that each hinted place belongs to
    """

    looks: FloatArray
    number: NDArray[np.intp]

    @classmethod
    def of(cls, places: Places, yx: IndexArray, chroma: FloatArray) -> Self:
        """Those of hinted places (m, 2), one at least, and what they are told to be, (m, 2)."""
        number = _spots(places.shape, yx, np.rint(chroma / np.float32(SPOT_CHROMA)).astype(np.intp))
        return cls(_means(places.looks[yx[:, 0], yx[:, 1]], number), number)

    def means(self, values: FloatArray) -> FloatArray:
        """Of values (m, k) at the hinted places, the mean of each spot: (n, k)."""
        return _means(values, self.number)


def _spots(shape: tuple[int, int], yx: IndexArray, shades: NDArray[np.intp]) -> NDArray[np.intp]:
    """Numbers (m,) of hinted places: of stroke, part of it and shade; or of part of the picture and shade."""
    mask = np.zeros(shape, np.uint8)
    mask[yx[:, 0], yx[:, 1]] = 1
    strokes = cv2.connectedComponents(mask, connectivity=8)[1][yx[:, 0], yx[:, 1]]
    corner = np.full((strokes.max() + 1, 2), np.iinfo(np.intp).max)
    np.minimum.at(corner, strokes, yx)
    side = SPOT * min(shape)
    number = _numbered(strokes, (yx - corner[strokes]) / side, shades)
    while number.max() >= MOST_SPOTS:
        number = _numbered(np.zeros_like(strokes), yx / side, shades)
        side *= WIDER
    return number


def _numbered(strokes: NDArray[np.intp], cells: NDArray[np.float64], shades: NDArray[np.intp]) -> NDArray[np.intp]:
    keys = np.column_stack([strokes, cells.astype(np.intp), shades])
    return np.asarray(np.unique(keys, axis=0, return_inverse=True)[1].ravel(), np.intp)


def _means(values: FloatArray, number: NDArray[np.intp]) -> FloatArray:
    sums = np.stack([np.bincount(number, column) for column in values.T], axis=1)
    return np.asarray(sums / np.bincount(number)[:, None], np.float32)


@dataclass(frozen=True)
class HintProcess:
    """The Gaussian process that spots, of one picture or of several, condition.

    Attributes
    ----------
    kernel : LikenessKernel
    looks : (n, d), of the spots
    inverse : (n, n), of their covariance, noise and all
    """

    kernel: LikenessKernel
    looks: FloatArray
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, kernel: LikenessKernel, looks: FloatArray) -> Self:
        """The process that is told of places with looks (n, d), one at least."""
        with one_blas_thread():
            covariance = kernel.likeness(looks, looks).astype(np.float64) + kernel.noise * np.eye(len(looks))
            return cls(kernel, looks, np.asarray(np.linalg.inv(covariance), np.float64))

    def change(self, places: Places, told: FloatArray) -> FloatArray:
        """What changes (n, 2) at the spots make of all places, of their picture or another: (h, w, 2)."""
        return carried(self.kernel, self.looks, np.asarray(self.inverse @ told, np.float32), places)

    def influence(self, places: Places) -> FloatArray:
        """How far the hints decide what stands at each place, 0..1, 1 at the hints: (h, w).

        The share of the process's variance that they take away, that of a lone hint at its place being 1.
        """
        inverse = ((1 + self.kernel.noise) * self.inverse).astype(np.float32)

        def at(looks: FloatArray) -> FloatArray:
            likeness = self.kernel.likeness(looks, self.looks)
            known = np.einsum("ij,ij->i", likeness @ inverse, likeness)
            return np.asarray(known * self.kernel.reached(looks, self.looks), np.float32)

        return np.clip(places.each(at), 0, 1)


def carried(kernel: LikenessKernel, looks: FloatArray, weights: FloatArray, places: Places) -> FloatArray:
    """What spots with looks (n, d) and weights (n, 2) make of all places, none where they do not reach: (h, w, 2)."""

    def at(some: FloatArray) -> FloatArray:
        return kernel.reached(some, looks)[:, None] * (kernel.likeness(some, looks) @ weights)

    return places.each(at)


def spread(
    places: Places, working: FloatArray, chroma: FloatArray, yx: IndexArray, told: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Chroma of a picture with hints, and how far they decide it.

    What the process makes of the picture ends where lightness has edges: the network's looks are coarse, and would
    leave rims around things. What that takes from the hints, the process makes good.

    Parameters
    ----------
    working : (h, w), lightness
    chroma : (h, w, 2), without hints
    yx : (m, 2), hinted places, one at least
    told : (m, 2), their chroma

    Returns
    -------
    chroma : (h, w, 2)
    influence : (h, w), 0..1
    """
    there = yx[:, 0], yx[:, 1]
    spots = Spots.of(places, yx, told)
    process = HintProcess.of(places.kernel, spots.looks)
    change = process.change(places, spots.means(told - chroma[there]))
    hinted = chroma + refine(change, working, None, method=EDGES)
    hinted += process.change(places, spots.means(told - hinted[there]))
    hinted += touch_up(places.shape, yx, told - hinted[there])
    coarse = Places(np.ascontiguousarray(places.looks[::COARSE, ::COARSE]), places.kernel)
    influence = cv2.resize(process.influence(coarse), working.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return hinted, np.asarray(influence, np.float32)


def touch_up(shape: tuple[int, int], yx: IndexArray, error: FloatArray) -> FloatArray:
    """What brings hinted places (n, 2) to their very colour, in a picture (h, w): (h, w, 2).

    The errors (n, 2) under a Gaussian of `TOUCH_UP` pixels: at a lone place its error, fading around it; among many
    their mean.
    """
    planes = np.zeros((*shape, 3), np.float32)
    planes[yx[:, 0], yx[:, 1], :2] = error
    planes[yx[:, 0], yx[:, 1], 2] = 1
    size = 2 * TOUCHED + 1
    profile = cv2.getGaussianKernel(size, TOUCH_UP, cv2.CV_32F)
    planes = cv2.GaussianBlur(planes, (size, size), TOUCH_UP, borderType=cv2.BORDER_CONSTANT)
    return planes[..., :2] / np.maximum(planes[..., 2:], np.float32(profile.max() ** 2))
