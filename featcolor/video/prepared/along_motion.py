"""Frames beside what their neighbours show of them, moved along the motion: spots taken out, grain averaged away."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.pictures.resize import resize, shrink
from features.base import FloatArray
from refine.flow import estimate_flow, normalise_contrast

FLOW_SIDE: Final = 640
"""Longer side, in pixels, of the frames whose flow is estimated."""

_MAD: Final = 1.4826
"""Median absolute deviation to standard deviation, of Gaussian noise."""

SPOT: Final = 5.0
"""Deviations of the noise by which a spot stands out from both neighbours, at its strongest."""

SPOT_EDGE: Final = 2.5
"""The same where it ends."""

MISFIT: Final = 3.0
"""Deviations of the noise that are more than grain."""

LEAST_SPOT: Final = 12.0
"""Codes of 8 bits by which it stands out at least."""

LARGEST_SPOT: Final = 0.003
"""Of the frame's pixels: what is larger is a thing that moves, or light."""

BLUR: Final = 5
"""Side, in pixels, of the median by which spots are hidden from the flow."""

MOST_TURN: Final = 6.0
"""Pixels, a frame 640 wide, by which the motion before and after a spot may differ, the whole frame's apart."""

RING: Final = 21
"""Side, in pixels, of the neighbourhood of a spot in which its neighbours have to fit."""

MISFITS: Final = 0.05
"""Part of it that may differ from one of them by more than grain: where more does, a thing moves that is no spot."""

AGREEMENT: Final = 2.0
"""Deviations of the noise by which neighbours may differ before they count 1/e."""

WINDOW: Final = 5
"""Side, in pixels, of the neighbourhood in which frames are compared."""


def without_spots(lumas: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Frames of a shot, (H, W) Y' in codes of 8 bits, without what is in one of them only.

    The spike detection index: what differs from both neighbours, moved along the motion, in one direction and by more
    than grain (Kokaram: Motion Picture Restoration, 1998, section 2.2.1). It is filled up from them. The first and the
    last frame stay.
    """
    for luma, around in _with_neighbours(lumas, 1):
        yield luma if len(around) < 2 else _without_spots(luma, around[0], around[1])


def without_grain(lumas: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Frames of a shot, (H, W) Y' in codes of 8 bits, each averaged with two on either side along the motion.

    A neighbour counts, pixel by pixel, as far as it agrees within the grain.
    """
    for luma, around in _with_neighbours(lumas, 2):
        yield _averaged(luma, around) if around else luma


def _with_neighbours(lumas: Iterable[FloatArray], reach: int) -> Iterator[tuple[FloatArray, list[FloatArray]]]:
    """Each frame, and up to `reach` frames before it and after it, in order."""
    held: deque[FloatArray] = deque(maxlen=2 * reach + 1)
    place = 0  # of the next frame in what is held
    for luma in lumas:
        place -= len(held) == held.maxlen
        held.append(luma)
        if len(held) > place + reach:
            yield _centre(held, place, reach)
            place += 1
    while place < len(held):
        yield _centre(held, place, reach)
        place += 1


def _centre(held: Sequence[FloatArray], place: int, reach: int) -> tuple[FloatArray, list[FloatArray]]:
    frames = list(held)
    return frames[place], frames[max(0, place - reach) : place] + frames[place + 1 : place + 1 + reach]


def _flow(target: FloatArray, source: FloatArray, *, blur: int = 0) -> FloatArray:
    """Flow (H, W, 2), in pixels, estimated at a moderate size; `blur`: side of a median that goes before."""
    height, width = target.shape
    small = [normalise_contrast(shrink(each, FLOW_SIDE)) for each in (target, source)]
    flow = estimate_flow(*(np.asarray(cv2.medianBlur(each, blur)) if blur else each for each in small))
    return np.asarray(resize(flow, (height, width)) * np.float32(width / flow.shape[1]))


def _moved(source: FloatArray, flow: FloatArray) -> FloatArray:
    """The source read where the flow says: cubic, so that averages of it stay sharp."""
    height, width = source.shape
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(source, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _noise(difference: FloatArray) -> float:
    """Standard deviation of the noise in the difference of two frames, codes."""
    return _MAD * float(np.median(np.abs(difference[::2, ::2]))) + 0.5


def _without_spots(luma: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    flows = _flow(luma, before, blur=BLUR), _flow(luma, after, blur=BLUR)
    earlier, later = _moved(before, flows[0]), _moved(after, flows[1])
    differences = luma - earlier, luma - later
    noise = max(map(_noise, differences))
    sizes = tuple(map(np.abs, differences))
    spike = np.minimum(*sizes) * (differences[0] * differences[1] > 0)
    limit = max(SPOT * noise, LEAST_SPOT)
    agree = np.abs(earlier - later) <= np.maximum(spike / 2, SPOT_EDGE * noise)
    calm = _turn(*flows) <= MOST_TURN * max(luma.shape) / FLOW_SIDE
    found = (spike > limit * SPOT_EDGE / SPOT) & agree & calm
    spots = _spots(found, spike > limit, np.maximum(*sizes) > MISFIT * noise)
    if not spots.any():
        return luma
    share = cv2.GaussianBlur(cv2.dilate(spots.astype(np.float32), np.ones((3, 3))), (0, 0), 0.7)
    return np.asarray(luma + share * ((earlier + later) / 2 - luma), np.float32)


def _turn(before: FloatArray, after: FloatArray) -> FloatArray:
    """By how many pixels the way on differs from the way before, (H, W): at one speed both flows are opposite."""
    turn = before + after
    turn -= np.median(turn[::4, ::4].reshape(-1, 2), axis=0)
    return np.asarray(cv2.blur(cv2.magnitude(*cv2.split(turn)), (9, 9)))


def _spots(found: NDArray[np.bool_], strong: NDArray[np.bool_], misfits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Connected places of `found` that are strong somewhere, of more than one pixel and not too large.

    What does not fit around them must be little, else a thing moves there.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA]
    free = cv2.dilate(found.astype(np.uint8), np.ones((5, 5))) == 0
    part = cv2.blur((misfits & free).astype(np.float32), (RING, RING))
    part /= np.maximum(cv2.blur(free.astype(np.float32), (RING, RING)), np.float32(1 / RING))
    around = np.bincount(labels.ravel(), part.ravel(), minlength=len(sizes)) / np.maximum(sizes, 1)
    kept = (sizes > 1) & (sizes <= max(8, LARGEST_SPOT * found.size)) & (around <= MISFITS)
    kept &= np.bincount(labels[strong], minlength=len(sizes)) > 0
    kept[0] = False
    return np.asarray(kept[labels])


def _averaged(luma: FloatArray, around: Sequence[FloatArray]) -> FloatArray:
    total, weights = luma.copy(), np.ones_like(luma)
    for neighbour in around:
        moved = _moved(neighbour, _flow(luma, neighbour))
        difference = luma - moved
        noise = np.float32(_noise(difference))
        squared = cv2.blur(difference * difference, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
        weight = cv2.exp(-np.maximum(squared - noise**2, 0) / (AGREEMENT * noise) ** 2)
        total += weight * moved
        weights += weight
    return np.asarray(total / weights, np.float32)
