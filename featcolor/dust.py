"""Dust and scratches found on a scan and painted over with what is around them.

What is found, and what is left: a speck is small, sharp and alone on an even ground, nearly as bright or dark as the
picture gets; a scratch is a thin upright line over half the height or more that reaches the top or the bottom. Catchlights,
letters, twigs and fences have neighbours of their own kind, or an uneven ground, and stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.contrast import tone_range
from featcolor.spaces import FloatArray

Mask = NDArray[np.bool_]

SEARCHED_SIDE: Final = 2000
"""Longest side, pixels, that is searched; a larger picture is shrunk for it."""

SPECK_SHARE: Final = 0.02
"""Longest extent of a speck, as a share of the shorter side."""

CONTRAST: Final = 0.12
"""Least difference of a speck from its ground, L*/100."""

NOISE_FACTOR: Final = 6.0
"""Least difference in deviations of the ground around."""

EXTREME: Final = 0.2
"""How near to the picture's white or black a speck must be, as a share of its range."""

GROUND_SPREAD: Final = 0.35
"""Spread of the ground around a speck, as a share of the speck's difference from it, at most."""

SCRATCH_HEIGHT: Final = 0.5
SCRATCH_WIDTH: Final = 5
SCRATCH_FACTOR: Final = 2.5
"""Least height of a scratch, share of the picture's; greatest width, pixels searched; least difference, deviations."""

INPAINT_RADIUS: Final = 3.0
_BAND_ROWS = 512
_BAND_MARGIN = 32
_MOST_CANDIDATES = 4000  # of one polarity: a picture with more is texture, and the largest contrasts are taken


def remove_dust(lightness: FloatArray, *, sensitivity: float = 1.0) -> FloatArray:
    """The picture with specks and upright scratches painted over; all other pixels stay bit for bit.

    Parameters
    ----------
    lightness : (H, W) float32, 0..1
    sensitivity : float
        Above 1 finds fainter dust, and more that is none; above 0.

    Returns
    -------
    (H, W) float32, 0..1

    Source of the painting: Telea, "An image inpainting technique based on the fast marching method" (2004).
    """
    mask = find_dust(lightness, sensitivity=sensitivity)
    clean = lightness.copy()
    height = len(lightness)
    for start in range(0, height, _BAND_ROWS):
        stop = min(start + _BAND_ROWS, height)
        if not mask[start:stop].any():
            continue
        rows = slice(max(0, start - _BAND_MARGIN), min(height, stop + _BAND_MARGIN))
        band = np.ascontiguousarray(lightness[rows])
        painted = cv2.inpaint(band, mask[rows].astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_TELEA)
        inner = slice(start - rows.start, stop - rows.start)
        np.copyto(clean[start:stop], painted[inner], where=mask[start:stop])
    return np.clip(clean, 0.0, 1.0, out=clean)


def find_dust(lightness: FloatArray, *, sensitivity: float = 1.0) -> Mask:
    """Where specks and scratches are, (H, W) bool, their blurred edges with them."""
    height, width = lightness.shape
    scale = max(1.0, max(height, width) / SEARCHED_SIDE)
    size = max(1, round(width / scale)), max(1, round(height / scale))
    small = lightness if scale == 1.0 else cv2.resize(lightness, size, interpolation=cv2.INTER_AREA)
    codes = np.rint(small * 255).astype(np.uint8)
    found = find_specks(codes, sensitivity) | find_scratches(codes, sensitivity)
    mask = cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8))
    if scale > 1.0:
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return mask.astype(bool)


def find_specks(codes: NDArray[np.uint8], sensitivity: float = 1.0) -> Mask:
    """Specks of grey codes (H, W), (H, W) bool without their edges."""
    short = min(codes.shape)
    radius = int(np.clip(round(0.006 * short), 3, 9))
    ground = cv2.medianBlur(codes, 2 * radius + 1)
    difference = codes.astype(np.int16) - ground
    noise = 1.4826 * cv2.medianBlur(cv2.absdiff(codes, ground), 4 * radius + 3).astype(np.float32)
    low, high = tone_range(codes.astype(np.float32) / np.float32(255))
    slack = EXTREME * (high - low)
    extremes = {1: (high - slack) * 255, -1: (low + slack) * 255}
    longest = max(4, round(SPECK_SHARE * short))
    found = np.zeros(codes.shape, bool)
    least = np.maximum(CONTRAST * 255, NOISE_FACTOR * noise) / sensitivity
    for sign, extreme in extremes.items():
        height = sign * difference
        core = (height > least) & (sign * codes.astype(np.int16) >= sign * extreme)
        for rows, columns, speck in _components(core, height > least / 2, longest):
            if _is_alone(codes, rows, columns, speck):
                found[rows, columns] |= speck
    return found


def find_scratches(codes: NDArray[np.uint8], sensitivity: float = 1.0) -> Mask:
    """Thin upright lines of grey codes (H, W), (H, W) bool."""
    height, width = codes.shape
    across = np.ones((1, 2 * SCRATCH_WIDTH + 1), np.uint8)
    gap = np.ones((max(3, height // 40), 1), np.uint8)
    run = np.ones((max(3, height // 10), 1), np.uint8)
    found = np.zeros(codes.shape, bool)
    for shape in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        line = cv2.morphologyEx(codes, shape, across)
        least = max(8.0, SCRATCH_FACTOR * 1.4826 * float(np.median(line))) / sensitivity
        hits = (line > least).astype(np.uint8)
        wide = cv2.dilate(hits, np.ones((1, 3), np.uint8))
        upright = cv2.morphologyEx(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, gap), cv2.MORPH_OPEN, run)
        count, labels, facts, _ = cv2.connectedComponentsWithStats(upright, connectivity=8)
        for label in range(1, count):
            left, top, across_it, tall, area = facts[label]
            reaches = top <= 0.02 * height or top + tall >= 0.98 * height
            if tall >= SCRATCH_HEIGHT * height and reaches and area <= (SCRATCH_WIDTH + 2) * tall:
                box = np.s_[top : top + tall, left : left + across_it]
                found[box] |= labels[box] == label
    return found


def _components(core: Mask, body: Mask, longest: int) -> Iterator[tuple[slice, slice, Mask]]:
    """Connected parts of `body` that hold some of `core` and are no longer than `longest`: place and shape."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(body.astype(np.uint8), connectivity=8)
    has_core = np.zeros(count, bool)
    has_core[labels[core]] = True
    has_core[0] = False
    small = (facts[:, cv2.CC_STAT_WIDTH] <= longest) & (facts[:, cv2.CC_STAT_HEIGHT] <= longest)
    for label in np.flatnonzero(has_core & small)[:_MOST_CANDIDATES]:
        left, top, width, height, _ = facts[label]
        rows, columns = slice(top, top + height), slice(left, left + width)
        yield rows, columns, labels[rows, columns] == label


def _is_alone(codes: NDArray[np.uint8], rows: slice, columns: slice, speck: Mask) -> bool:
    """Whether the ground around a speck is even, and empty of others."""
    inner, outer = 2, 3 + max(speck.shape)
    top, left = max(0, rows.start - outer), max(0, columns.start - outer)
    box = np.s_[top : rows.stop + outer, left : columns.stop + outer]
    near = codes[box].astype(np.float32)
    shape = np.zeros(near.shape, np.uint8)
    shape[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = speck
    ring = cv2.dilate(shape, np.ones((2 * inner + 1, 2 * inner + 1), np.uint8)) == 0
    ground = near[ring]
    if len(ground) < 8:
        return False
    contrast = abs(float(near[shape > 0].mean()) - float(np.median(ground)))
    low, high = np.percentile(ground, (4, 96))
    return bool(high - low <= GROUND_SPREAD * contrast + 4)
