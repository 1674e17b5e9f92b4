"""How much of each shot the frames of a dissolve or a fade show, from small pictures of them.

A dissolve: frame t is (1 - r_t) a + r_t b, with a and b the frames on both its ends and r a ramp. Where it begins and
ends is found by least squares: the shares of both ends in each frame between them and a few beyond follow the ramp. A
fade: the frame's contrast over that of the shot beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refine.planes import FloatArray
from refine.shots import FLAT, MAX_LIKENESS, Shot, centred, difference

LONGEST: Final = 24
"""Frames from the boundary of two shots to either end of a dissolve, at most."""

LONGEST_FADE: Final = 48
"""Frames of a fade to one side of its empty picture, at most."""

BEYOND: Final = 3
"""Frames beyond either end that have to be of one shot alone."""

MOST_MISFIT: Final = 0.002
"""Mean squared distance of shares from the ramp beyond which a run is no dissolve, or none that can be followed."""

LEAST_CHANGE: Final = 0.2
"""Change from the middle of a dissolve to one of its ends at least, after motion: else it is motion itself."""

LEAST_SUM: Final = 0.3
"""Sum of both ends' shares below which neither explains a frame: what is left is motion."""

Thumbnail = Callable[[int], FloatArray]


class Shares(NamedTuple):
    """Shares that a frame shows of its own shot and of the neighbour, 0..1 each.

    Attributes
    ----------
    own, other : of them; in a fade that of the neighbour is 0.
    side : which neighbour, 1 the shot after, -1 the one before.
    """

    own: float
    other: float = 0.0
    side: int = 1


def transition_shares(shots: Sequence[Shot], thumbnail: Thumbnail) -> dict[int, Shares]:
    """Shares of the frames that show two shots, or one that is fading; the others show theirs alone.

    Parameters
    ----------
    shots : in order, without gap; before the first and after the last comes nothing
    thumbnail : of a frame by its number: (h, w), 0..1
    """
    found: dict[int, Shares] = {}
    for before, after in pairwise(shots):
        if after.kind == "dissolve":
            found |= _dissolve(before, after, thumbnail)
    for index, shot in enumerate(shots):
        frames = range(shot.first, shot.last + 1)
        if index + 1 == len(shots) or shots[index + 1].kind == "fade":
            found |= _fade(frames[::-1], thumbnail)
        if shot.kind in ("start", "fade"):
            found |= _fade(frames, thumbnail)
    return found


def _dissolve(before: Shot, after: Shot, thumbnail: Thumbnail) -> dict[int, Shares]:
    low = max(before.first, after.first - LONGEST - BEYOND)
    high = min(after.last, after.first + LONGEST + BEYOND)
    pictures = np.stack([centred(thumbnail(frame)) for frame in range(low, high + 1)]).astype(np.float64)
    products, middle = pictures @ pictures.T, after.first - low
    fits = [
        (_misfit(products, start, end), start, end)
        for start in range(BEYOND, middle)
        for end in range(middle, len(pictures) - BEYOND)
    ]
    misfit, start, end = min(fits, default=(np.inf, 0, 0))
    if misfit > MOST_MISFIT:
        return {}
    halfway = thumbnail(low + (start + end) // 2)
    if max(difference(halfway, thumbnail(low + place)) for place in (start, end)) < LEAST_CHANGE:
        return {}
    ramp = {place: (place - start) / (end - start) for place in range(start + 1, end)}
    return {
        low + place: Shares(1 - share, share, 1) if place < middle else Shares(share, 1 - share, -1)
        for place, share in ramp.items()
    }


def _misfit(products: NDArray[np.float64], start: int, end: int) -> float:
    """Mean squared distance of a run's shares from the ramp from `start` to `end`; infinite where they cannot be told.

    `products`: of the pictures, each with each.
    """
    places = np.arange(start - BEYOND, end + BEYOND + 1)
    ends = places[[0, -1]]
    gram = products[np.ix_(ends, ends)]
    sizes = np.diag(gram)
    if sizes.min() <= 0 or abs(gram[0, 1]) > MAX_LIKENESS * np.sqrt(sizes.prod()):
        return np.inf
    shares = np.maximum(np.linalg.solve(gram, products[np.ix_(ends, places)]), 0)
    ramp = np.clip((places - start) / (end - start), 0, 1)
    return float(np.mean(np.square(shares[1] / np.maximum(shares.sum(axis=0), LEAST_SUM) - ramp)))


def _fade(frames: Sequence[int], thumbnail: Thumbnail) -> dict[int, Shares]:
    """Shares of a shot in its frames, from its empty end on until it shows in full; none where no end is empty."""
    if not frames or float(thumbnail(frames[0]).std()) >= FLAT:
        return {}
    contrast = np.array([float(thumbnail(frame).std()) for frame in frames[: LONGEST_FADE + BEYOND]])
    filled = np.flatnonzero(contrast >= FLAT)
    if not len(filled):
        return {}
    dark = int(filled[0]) - 1
    fits = []
    for full in map(int, filled):
        level = float(contrast[full : full + BEYOND].mean())
        ramp = np.clip((np.arange(full + BEYOND) - dark) / (full - dark), 0, 1)[: len(contrast)]
        fits.append((float(np.mean(np.square(contrast[: len(ramp)] / level - ramp))), full, level))
    _, full, level = min(fits)
    return {frame: Shares(min(1.0, float(contrast[place]) / level)) for place, frame in enumerate(frames[:full])}
