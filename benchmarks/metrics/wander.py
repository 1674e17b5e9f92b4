"""Wander of a film's colour: how far the chroma of a place strays while the place is followed through its shot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.film import Motion
from features.base import FloatArray

SPACING: Final = 8
"""Pixels between places that are followed, and the side of the cell that one stands for."""
LEAST_FRAMES: Final = 8
"""Frames that a place must be followed over."""
WINDOW: Final = 5
"""Pixels of the square whose mean chroma is the place's: grain is no wander."""


class Tracks(NamedTuple):
    """Places of a shot, followed along the truth's motion; one row a place and frame.

    Attributes
    ----------
    place : (n,) its number, from 0, none left out.
    frame : (n,) number of the frame.
    xy : (n, 2) float32, where it is there.
    """

    place: NDArray[np.intp]
    frame: NDArray[np.intp]
    xy: FloatArray


def follow(motions: Sequence[Motion]) -> Tracks:
    """Places of a regular grid followed until they cannot be compared any more (`refine.warp.valid_pixels`).

    In every frame a place begins in each cell that none is in (as dense trajectories do: Wang et al., CVPR 2011).

    `motions`: of each pair of neighbouring frames, one at least.
    """
    height, width = motions[0].valid.shape
    rows, columns = height // SPACING, width // SPACING
    y, x = np.mgrid[SPACING // 2 : rows * SPACING : SPACING, SPACING // 2 : columns * SPACING : SPACING]
    grid = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    place, xy, begun = np.arange(len(grid)), grid, len(grid)
    followed = [(place, np.zeros(len(place), np.intp), xy)]
    for number, motion in enumerate(motions, start=1):
        column, row = np.rint(xy).astype(np.intp).T
        moved = xy + _read(motion.flow, xy)
        kept = motion.valid[row, column] & (moved >= 0).all(axis=1) & (moved <= [width - 1, height - 1]).all(axis=1)
        place, xy = place[kept], moved[kept]
        cells = np.minimum((xy // SPACING).astype(np.intp), [columns - 1, rows - 1])
        free = np.setdiff1d(np.arange(len(grid)), cells[:, 1] * columns + cells[:, 0])
        place = np.concatenate([place, np.arange(begun, begun + len(free))])
        xy, begun = np.concatenate([xy, grid[free]]), begun + len(free)
        followed.append((place, np.full(len(place), number), xy))
    places, frames, where = (np.concatenate(each) for each in zip(*followed, strict=True))
    long = np.bincount(places, minlength=begun)[places] >= LEAST_FRAMES
    return Tracks(np.unique(places[long], return_inverse=True)[1].astype(np.intp), frames[long], where[long])


def wander(tracks: Tracks, chroma: Iterable[FloatArray]) -> float:
    """Mean deviation of a place's a*b* from its own mean over the frames in which it was followed, in a*b* units.

    Of a place the root mean squared distance from its mean colour, and of places the mean, each counting by the frames
    that it was followed over. nan where nothing was.

    `chroma`: (H, W, 2) of every frame in order.
    """
    values = np.zeros((len(tracks.place), 2))
    for number, plane in enumerate(chroma):
        here = tracks.frame == number
        if here.any():
            smooth = cv2.blur(np.asarray(plane, np.float32), (WINDOW, WINDOW))
            values[here] = _read(smooth, tracks.xy[here])
    if not len(values):
        return float("nan")
    counts = np.bincount(tracks.place)
    mean = np.stack([np.bincount(tracks.place, channel) / counts for channel in values.T], axis=1)
    squared = np.square(values - mean[tracks.place]).sum(axis=1)
    return float(np.sqrt(np.bincount(tracks.place, squared) / counts) @ counts / counts.sum())


def _read(planes: FloatArray, xy: FloatArray) -> FloatArray:
    """Planes (H, W, 2) at places (n, 2), bilinear: (n, 2)."""
    x, y = np.ascontiguousarray(xy.T)[:, None]  # a row each: OpenCV reads maps of one dimension wrongly
    return np.asarray(cv2.remap(planes, x, y, cv2.INTER_LINEAR)[0])
