"""Temporal consistency of a film: colour distribution consistency (CDC), warp error, chroma flicker.

Each takes the frames of one shot in order, as any iterable, and keeps no more than five of them. A grey film is steady:
none of these is shown without colourfulness.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any, Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.film_sequences import Frame
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import check_rgb
from refine.flow import estimate_flow
from refine.planes import FloatArray
from refine.warp import Mask, valid_pixels, warp

FlowEstimator: TypeAlias = Callable[[NDArray[np.uint8], NDArray[np.uint8]], FloatArray]


class Motion(NamedTuple):
    """Motion from one frame of a shot to the next.

    Attributes
    ----------
    flow : (H, W, 2) float32, from the frame to the next one, pixels.
    valid : (H, W) bool, pixels that can be compared (`refine.warp.valid_pixels`).
    """

    flow: FloatArray
    valid: Mask


GAPS: Final = (1, 2, 4)
"""Distances in frames at which colour distributions are compared (Liu et al. 2021)."""

CODES: Final = 256
"""Bins of a channel's histogram: one a code."""


class TemporalErrors(NamedTuple):
    """Warp error and chroma flicker of a clip, from the same flows and masks.

    Attributes
    ----------
    warp_error : squared difference of each frame, 0..1, to the next one warped to it along the truth's motion, mean of
        the valid pixels (`refine.warp.valid_pixels`) and channels, then over pairs of frames: 0 is steady. Lai et al.:
        Learning blind video temporal consistency, ECCV 2018, as their code computes it; their equation counts pixels
        and is three times as large. Their flow is FlowNet2's. Over clips take the plain mean.
    chroma_flicker : how far a point's chroma moves from frame to frame: Euclidean distance in a*b* between a frame and
        the next one warped to it, over the same pixels, then over pairs of frames.
    valid_share : mean share of pixels that could be compared, 0..1.
    n_pairs : pairs of neighbouring frames that had such pixels; without any, the others are nan.
    """

    warp_error: float
    chroma_flicker: float
    valid_share: float
    n_pairs: int


def cdc(frames: Iterable[Frame]) -> float:
    """Colour distribution consistency of one clip: mean of `colour_distribution_table`; 0 (steady) .. ln 2.

    A film without colour, or with the same wrong colour throughout, scores well: show CF beside it. nan for fewer than
    5 frames. For several clips see `mean_cdc`.
    """
    return mean_cdc([colour_distribution_table(frames)])


def mean_cdc(tables: Sequence[NDArray[np.float64]]) -> float:
    """Colour distribution consistency of a set of clips, 0..ln 2: mean over clips, then channels, then gaps.

    Each clip weighs the same, however long. A clip too short for a gap is left out there; nan when all are.

    `tables`: `colour_distribution_table` of each clip.
    """
    if not len(tables):
        raise ValueError("tables must hold at least one clip")
    stacked = np.stack(tables)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        over_clips = np.where(known, stacked, 0).sum(axis=0) / known.sum(axis=0)
    return float(over_clips.mean(axis=1).mean())


def colour_distribution_table(frames: Iterable[Frame]) -> NDArray[np.float64]:
    """Mean Jensen-Shannon divergence between the histograms of frames 1, 2 and 4 apart, for each channel.

    Liu et al.: Temporally consistent video colorization with deep feature propagation and self-regularization learning
    (2021): per channel the shares of the 256 codes, natural logarithm, mean over pairs of frames.

    `frames`: (H, W, 3) uint8 each.

    Returns (3 gaps, 3 channels) float64, 0..ln 2; nan in the rows of gaps that the clip is too short for.
    """
    recent: deque[NDArray[np.float64]] = deque(maxlen=max(GAPS))
    sums, counts = np.zeros((len(GAPS), 3)), np.zeros((len(GAPS), 1))
    for frame in frames:
        check_rgb(frame)
        shares = _code_shares(frame)
        for row, gap in enumerate(GAPS):
            if len(recent) >= gap:
                sums[row] += _jensen_shannon(recent[-gap], shares)
                counts[row] += 1
        recent.append(shares)
    with np.errstate(invalid="ignore"):
        return sums / counts


def temporal_errors(
    truth: Iterable[Frame], output: Iterable[Frame], *, flow: FlowEstimator = estimate_flow
) -> TemporalErrors:
    """Warp error and chroma flicker of one shot, (H, W, 3) uint8 frames, as many of one as of the other.

    `flow` takes the luma (H, W) uint8 of two frames, target and source, and gives (H, W, 2), target to source.
    """
    errors, shares = [], []
    for (truth_before, before), (truth_after, after) in pairwise(_frame_pairs(truth, output)):
        motion = measure_motion(truth_before, truth_after, flow=flow)
        shares.append(motion.valid.mean())
        if motion.valid.any():
            chroma_before, chroma_after = (rgb_to_lab(frame)[1] for frame in (before, after))
            errors.append([pair_warp_error(before, after, motion), pair_flicker(chroma_before, chroma_after, motion)])
    mean_error, mean_flicker = np.mean(errors, axis=0) if errors else (np.nan, np.nan)
    valid_share = np.mean(shares) if shares else np.nan
    return TemporalErrors(float(mean_error), float(mean_flicker), float(valid_share), len(errors))


def measure_motion(before: Frame, after: Frame, *, flow: FlowEstimator = estimate_flow) -> Motion:
    """The motion between two neighbouring frames of the truth, by their luma; to be shared over several outputs."""
    luma_before, luma_after = _luma(before), _luma(after)
    forward = flow(luma_before, luma_after)
    return Motion(forward, valid_pixels(forward, flow(luma_after, luma_before)))


def pair_warp_error(before: Frame, after: Frame, motion: Motion) -> float:
    """`warp_error` of one pair of neighbouring frames; nan where nothing can be compared."""
    if not motion.valid.any():
        return float("nan")
    difference = warp(_unit(after), motion.flow) - _unit(before)
    return float(np.square(difference[motion.valid], dtype=np.float64).mean())


def pair_flicker(before: FloatArray, after: FloatArray, motion: Motion, *, window: int = 1) -> float:
    """`chroma_flicker` of the chroma, (H, W, 2) each, of one pair of frames; nan where nothing can be compared.

    With a `window` (pixels, odd) the change is first averaged over a square of so many pixels, the valid ones of it:
    grain and coding noise, of which a film's own chroma is full, average out, and what flickers as a patch stays.
    """
    if not motion.valid.any():
        return float("nan")
    difference = warp(after, motion.flow) - before
    if window > 1:
        share = cv2.blur(motion.valid.astype(np.float32), (window, window))
        total = cv2.blur(difference * motion.valid[..., None], (window, window))
        difference = total / np.maximum(share, np.float32(0.5 / window**2))[..., None]
    return float(np.hypot(*difference[motion.valid].T).mean(dtype=np.float64))


def _frame_pairs(truth: Iterable[Frame], output: Iterable[Frame]) -> Iterator[tuple[Frame, Frame]]:
    """Frames of truth and output side by side, of one shape throughout and equally many."""
    first: Frame | None = None
    for index, (true, coloured) in enumerate(zip_longest(truth, output)):
        if true is None or coloured is None:
            ended = "truth" if true is None else "output"
            raise ValueError(f"truth and output must have as many frames as each other, {ended} ended after {index}")
        first = true if first is None else first
        check_rgb(first, true, coloured)
        yield true, coloured


def _luma(frame: Frame) -> NDArray[np.uint8]:
    """Y' of ITU-R BT.601 in whole codes, (H, W)."""
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY))


def _unit(frame: Frame) -> FloatArray:
    """Codes as 0..1."""
    return frame.astype(np.float32) / np.float32(255)


def _code_shares(frame: Frame) -> NDArray[np.float64]:
    """Share of each code in each channel, (3, 256), rows summing to 1."""
    pixels = frame.reshape(-1, 3)
    return np.stack([np.bincount(channel, minlength=CODES) for channel in pixels.T]) / len(pixels)


def _jensen_shannon(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Divergence, in nats, of distributions along the last axis: (K(p | m) + K(q | m)) / 2 with m = (p + q) / 2."""
    from scipy.special import rel_entr  # of the extra `fit`

    middle = 0.5 * (first + second)
    return np.asarray(0.5 * (rel_entr(first, middle) + rel_entr(second, middle)).sum(axis=-1))
