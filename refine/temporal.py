"""Colour along time: how far a link between two frames can be believed, and colour carried over such links.

Confidence is the belief, 0..1, in the weakest link of the way that a pixel's colour has come: a product over many good
links would fall to nothing, and a way is as good as its worst step.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from refine.flow import estimate_flow, normalise_contrast
from refine.planes import FloatArray
from refine.warp import compose, inside, warp

LIGHTNESS_SIGMA: Final = 0.1
"""Local difference of lightness, 0..1, at which a link counts 1/e: L* 10."""

MATCH_RADIUS: Final = 3
"""Half the side, in pixels, of the window in which lightness is compared: one pixel alone agrees by chance."""

NOISE_QUANTILE: Final = 0.2
"""Part of a frame whose difference to the frame before is taken to be grain alone."""

ROUND_TRIP_SHARE: Final = 0.08
"""Part of the squared motion by which forward and backward flow may miss each other before a link counts 1/e."""

ROUND_TRIP_SLACK: Final = 4.0
"""The same in squared pixels. Both are softer than the mask of Ruder et al. (2016), 0.01 and 0.5: there a pixel is
left out of a comparison, here it loses its colour for the rest of the shot."""

EXPOSURE_GAINS: Final = (0.7, 1.4)
"""Factors of contrast between neighbouring frames that are taken for flicker of the exposure."""

LEAST_SPREAD: Final = 0.02
"""Distance of the quartiles of lightness, 0..1, below which a frame's contrast cannot be told."""

QUARTILES: Final = (0.25, 0.5, 0.75)

BORDER_SLACK: Final = 0.75
"""Pixels from beyond the border that count as within: grain shakes the flow by fractions of a pixel, and what lost its
colour so would have lost it for the rest of the shot."""


class Link(NamedTuple):
    """What one frame has from its neighbour.

    Attributes
    ----------
    flow : (H, W, 2) float32, target to source.
    confidence : (H, W) float32, 0..1.
    """

    flow: FloatArray
    confidence: FloatArray


class Carried(NamedTuple):
    """Colour that has come from a key frame.

    Attributes
    ----------
    chroma : (H, W, 2) float32, a* and b*.
    confidence : (H, W) float32, 0..1, of the weakest link on the way.
    """

    chroma: FloatArray
    confidence: FloatArray


def flow_both(
    first: FloatArray, second: FloatArray, *, method: str = "dis_medium", reverse: str | None = None
) -> tuple[FloatArray, FloatArray]:
    """Flow between two neighbouring frames: the second from the first, and the first from the second.

    Parameters
    ----------
    first, second : (H, W) lightness, 0..1
    method, reverse : names of `refine.flow.FLOWS`; of the latter is the flow of the first from the second, None: as the
        other
    """
    luma = normalise_contrast(first), normalise_contrast(second)
    return estimate_flow(luma[1], luma[0], method=method), estimate_flow(luma[0], luma[1], method=reverse or method)


def link_confidence(target: FloatArray, source: FloatArray, flow: FloatArray, reverse: FloatArray) -> FloatArray:
    """How far each pixel of the target can be believed to be where the flow says in the source.

    The product of three: exp(-(e / 0.1)^2) with e the root mean squared difference of lightness around the pixel, less
    the grain; exp(-d / (0.08 m + 4)) with d the squared distance by which forward and backward flow miss each other and
    m the sum of their squared lengths; 0 for what comes from outside the source by more than grain explains.

    Parameters
    ----------
    target, source : (H, W) lightness, 0..1; a difference of the whole frame's exposure does not count
    flow : (H, W, 2), target to source
    reverse : (H, W, 2), source to target

    Returns
    -------
    (H, W) float32, 0..1
    """
    difference = target - _same_exposure(warp(source, flow), target)
    side = 2 * MATCH_RADIUS + 1
    squared = cv2.blur(difference * difference, (side, side), borderType=cv2.BORDER_REFLECT)
    squared -= np.float32(np.quantile(squared[::4, ::4], NOISE_QUANTILE))
    returned = warp(reverse, flow)
    miss = _squared(returned + flow)
    slack = np.float32(ROUND_TRIP_SHARE) * (_squared(returned) + _squared(flow)) + np.float32(ROUND_TRIP_SLACK)
    exponent = np.maximum(squared, 0) * np.float32(1 / LIGHTNESS_SIGMA**2) + miss / slack
    return np.asarray(cv2.exp(-exponent) * inside(flow, slack=BORDER_SLACK), np.float32)


def carry(before: Carried, link: Link) -> Carried:
    """Colour one frame on: moved along the flow, believed as far as before and as the link."""
    confidence = np.minimum(warp(before.confidence, link.flow), link.confidence)
    return Carried(warp(before.chroma, link.flow), confidence)


def chain(first: Link, second: Link) -> Link:
    """One link for two: a from c, given a from b and b from c; believed as far as the weaker of them."""
    confidence = np.minimum(first.confidence, warp(second.confidence, first.flow))
    return Link(compose(first.flow, second.flow), confidence)


def join(earlier: Carried, later: Carried, position: float) -> Carried:
    """Colour that has come from the key frames on both sides.

    Each counts by its confidence and by how near its key frame is; what either knows is known.

    Parameters
    ----------
    position : 0 at the earlier key frame .. 1 at the later
    """
    weight_earlier = earlier.confidence * np.float32(1 - position) + np.float32(1e-6)
    weight_later = later.confidence * np.float32(position) + np.float32(1e-6)
    share = (weight_later / (weight_earlier + weight_later))[..., None]
    chroma = earlier.chroma + share * (later.chroma - earlier.chroma)
    return Carried(chroma, 1 - (1 - earlier.confidence) * (1 - later.confidence))


def lay_over(above: Carried, beneath: Carried) -> Carried:
    """What is known of a frame, and where that is not sure what has come to it; what either knows is known."""
    through = beneath.confidence * (1 - above.confidence)
    confidence = above.confidence + through
    share = (through / np.maximum(confidence, np.float32(1e-6)))[..., None]
    return Carried(above.chroma + share * (beneath.chroma - above.chroma), confidence)


def trust(confidence: FloatArray) -> FloatArray:
    """The share of carried colour in a blend with a guess: 1 - (1 - c)^2, which leans to what was carried."""
    return np.asarray(1 - np.square(1 - confidence), np.float32)


def _same_exposure(source: FloatArray, target: FloatArray) -> FloatArray:
    """The source with the target's median and, within limits, the distance of its quartiles.

    Unlike mean and deviation these hardly move when something bright comes into the frame.
    """
    low, middle, high = np.quantile(source[::4, ::4], QUARTILES)
    target_low, target_middle, target_high = np.quantile(target[::4, ::4], QUARTILES)
    gain = np.clip((target_high - target_low) / (high - low), *EXPOSURE_GAINS) if high - low > LEAST_SPREAD else 1.0
    return np.asarray((source - np.float32(middle)) * np.float32(gain) + np.float32(target_middle), np.float32)


def _squared(field: FloatArray) -> FloatArray:
    """Squared length of each vector of (H, W, 2); in float32, which is enough here, unlike for the metrics' masks."""
    return np.asarray(field[..., 0] ** 2 + field[..., 1] ** 2, np.float32)
