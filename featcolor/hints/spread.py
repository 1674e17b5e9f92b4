"""Spreading of hints: what they change goes to what is alike, ends at edges, and leaves hints their very colour."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from featcolor.hints.places import Places
from featcolor.hints.process import HintProcess
from featcolor.hints.spots import Spots
from features.base import FloatArray, IndexArray
from refine.refiners import refine

EDGES: Final = "interior"
"""The refiner of what hints change: the slow one, as for stills."""
TOUCH_UP: Final = 1.5
"""Pixels around a hint that take what is left to its very colour, a deviation."""
TOUCHED: Final = 5
"""Pixels beyond which nothing of it is left."""
COARSE: Final = 4
"""Pixels between those at which influence is worked out."""


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
    process = HintProcess.of(places.kernel, spots.looks, spots.doubt)
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
