"""Dust and scratches found on a scan and painted over with what is around them.

A speck is small, sharp and alone on an even ground, nearly as bright or dark as the picture gets. Catchlights,
letters, twigs and fences have an uneven ground and stay; so do buttons and rivets, which stand in rows. A scratch is a
thin upright line seen over half the height or more, with the same ground on both sides: the edge of a house has two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray
from featcolor.preparation.contrast import tone_range
from featcolor.preparation.grain import denoise

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint8]

SEARCHED_SIDE: Final = 2000
"""Longest side, pixels, that is searched; a larger picture is shrunk for it."""
GROUND_SHARE: Final = 0.008
GROUND_RADII: Final = (4, 12)
"""Reach of the median that is a speck's ground: a share of the shorter side, within these pixels."""
SPECK_SHARE: Final = 0.025
"""Longest extent of a speck, as a share of the shorter side."""
CONTRAST: Final = 0.12
"""Least difference of a speck from its ground, L*/100."""
NOISE_FACTOR: Final = 6.0
"""Least difference in deviations of the ground around."""
EXTREME: Final = 0.2
"""How near to the picture's white or black a speck must be, as a share of its range."""
NEAREST: Final = 0.3
"""How near the ground comes to a speck's tone, as a share of its difference from the middle of the ground, at most."""
GROUND_SPREAD: Final = 0.5
"""Spread of the ground, dark to bright, as a share of the same difference, at most."""
ROW_SPACING: Final = 0.06
ROW_SLACK: Final = 0.1
"""Specks of a row are nearer to each other than this share of the shorter side, and this evenly spaced."""
SOLID: Final = 0.75
"""Least share of its convex hull that a speck fills: the rim of a button does not."""
SCRATCH_HEIGHT: Final = 0.5
SCRATCH_CLEAR: Final = 0.35
"""Share of the rows in which a scratch is seen, and how much more than of other columns near by, at least."""
SCRATCH_DRIFT: Final = 6
"""Most that a scratch leans from top to bottom, pixels of what is searched."""
SCRATCH_WIDTH: Final = 3
"""Greatest width of a scratch, pixels of what is searched."""
SCRATCH_FACTOR: Final = 2.5
"""Least difference of a scratch in deviations of the picture's detail."""
SCRATCH_SIDES: Final = 0.7
"""Difference between the grounds left and right of a scratch, as a share of its own difference from them, at most."""
INPAINT_RADIUS: Final = 3.0
_BAND_ROWS = 512
_BAND_MARGIN = 32
_LEAST_SIDE = 32  # of a picture that is searched for scratches
_ALONG = 15  # rows that a scratch is smoothed over
_USUAL_COLUMNS = 31  # over which the usual share of hits is taken
_MOST_CANDIDATES = 4000  # of one polarity: a picture with more is texture


def remove_dust(lightness: FloatArray, sensitivity: float = 1.0) -> FloatArray:
    """The picture (H, W), 0..1, with specks painted over; all other pixels stay bit for bit.

    `sensitivity`, above 0: above 1 finds fainter dust, and more that is none.
    """
    return paint_over(lightness, _find(find_specks, lightness, sensitivity))


def remove_scratches(lightness: FloatArray, sensitivity: float = 1.0) -> FloatArray:
    """The picture with upright scratches painted over; as `remove_dust`."""
    return paint_over(lightness, _find(find_scratches, lightness, sensitivity))


def paint_over(lightness: FloatArray, mask: Mask) -> FloatArray:
    """The picture with what is under the mask, (H, W), painted from around it.

    Source: Bertalmio, Bertozzi and Sapiro, "Navier-Stokes, fluid dynamics, and image and video inpainting" (2001).
    """
    clean = lightness.copy()
    height = len(lightness)
    for start in range(0, height, _BAND_ROWS):
        stop = min(start + _BAND_ROWS, height)
        if not mask[start:stop].any():
            continue
        rows = slice(max(0, start - _BAND_MARGIN), min(height, stop + _BAND_MARGIN))
        band = np.ascontiguousarray(lightness[rows])
        painted = cv2.inpaint(
            band, mask[rows].astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_NS
        )  # Telea's is wrong in float32
        inner = slice(start - rows.start, stop - rows.start)
        np.copyto(clean[start:stop], painted[inner].clip(0, 1), where=mask[start:stop])
    return clean


def _find(finder: Callable[[Codes, float], Mask], lightness: FloatArray, sensitivity: float) -> Mask:
    """Mask (H, W) bool of what is found in the shrunken picture without its grain, blurred edges included."""
    height, width = lightness.shape
    scale = max(1.0, max(height, width) / SEARCHED_SIDE)
    size = max(1, round(width / scale)), max(1, round(height / scale))
    small = lightness if scale == 1.0 else cv2.resize(lightness, size, interpolation=cv2.INTER_AREA)
    quiet = denoise(small)  # grain hides dust: at a grain of 0.06 five times as much is found without it
    found = finder(np.rint(quiet * 255).astype(np.uint8), sensitivity)
    mask = cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8))
    if scale > 1.0:
        mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    return mask.astype(bool)


def find_specks(codes: Codes, sensitivity: float = 1.0) -> Mask:
    """Specks of grey codes (H, W), (H, W) bool without their edges."""
    short = min(codes.shape)
    radius = int(np.clip(round(GROUND_SHARE * short), *GROUND_RADII))
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
        specks = [
            each for each in _components(core, height > least / 2, longest) if _is_alone(codes, *each, sensitivity)
        ]
        for (rows, columns, speck), in_row in zip(specks, _in_rows(specks, ROW_SPACING * short), strict=True):
            if not in_row:
                found[rows, columns] |= speck
    return found


def find_scratches(codes: Codes, sensitivity: float = 1.0) -> Mask:
    """Thin upright lines of grey codes (H, W), (H, W) bool without their edges."""
    height, width = codes.shape
    found = np.zeros(codes.shape, bool)
    if min(height, width) < _LEAST_SIDE:
        return found
    codes = cv2.GaussianBlur(codes, (1, _ALONG), 0)  # grain weakens along a scratch, the scratch does not
    across = np.ones((1, 2 * SCRATCH_WIDTH + 1), np.uint8)
    columns = np.arange(width)
    for shape in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        line = cv2.morphologyEx(codes, shape, across)
        least = max(8.0, SCRATCH_FACTOR * 1.4826 * float(np.median(line))) / sensitivity
        hits = (line > least).astype(np.uint8)
        for middle in _upright_lines(cv2.dilate(hits, np.ones((1, 3), np.uint8))):
            if _same_ground(codes, middle):
                found |= (np.abs(columns - middle[:, None]) <= SCRATCH_WIDTH / 2 + 1) & (hits > 0)
    return found


def _upright_lines(hits: NDArray[np.uint8]) -> list[FloatArray]:
    """Columns (H,) of straight lines that stand out by their share of hits; the surest first, one of each place."""
    height, width = hits.shape
    drifts = np.arange(-SCRATCH_DRIFT, SCRATCH_DRIFT + 1)
    shares = np.empty((len(drifts), width), np.float32)
    for share, drift in zip(shares, drifts, strict=True):
        shear = np.array([[1, drift / height, 0], [0, 1, 0]], np.float32)
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        share[:] = cv2.warpAffine(hits, shear, (width, height), flags=flags).mean(axis=0)
    around = np.pad(shares, ((0, 0), (_USUAL_COLUMNS // 2,) * 2), mode="edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(around, _USUAL_COLUMNS, axis=1), axis=2)
    shares[(shares < SCRATCH_HEIGHT) | (shares - usual < SCRATCH_CLEAR)] = 0
    lines = []
    while shares.any():
        which, column = np.unravel_index(int(np.argmax(shares)), shares.shape)
        lines.append(np.asarray(column + drifts[which] * np.arange(height) / height, np.float32))
        shares[:, max(0, column - 2 * SCRATCH_DRIFT) : column + 2 * SCRATCH_DRIFT + 1] = 0
    return lines


def _same_ground(codes: Codes, line: FloatArray) -> bool:
    """Whether left and right of an upright line, row by row, is the same ground."""
    away = SCRATCH_WIDTH + 2
    at = np.arange(len(line))

    def tone(offset: int) -> FloatArray:
        columns = (np.round(line).astype(int) + offset)[:, None] + np.arange(-1, 2)
        return np.asarray(codes[at[:, None], columns.clip(0, codes.shape[1] - 1)].mean(axis=1), np.float32)

    before, behind = tone(-away), tone(away)
    own = np.abs(tone(0) - (before + behind) / 2)
    return bool(np.median(np.abs(before - behind)) <= SCRATCH_SIDES * np.median(own))


def _components(core: Mask, body: Mask, longest: int) -> Iterator[tuple[slice, slice, Mask]]:
    """Place and shape of connected parts of `body` with some of `core`, no longer than `longest`, not cut off."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(body.astype(np.uint8), connectivity=8)
    has_core = np.zeros(count, bool)
    has_core[labels[core]] = True
    has_core[0] = False
    left, top, width, height, _ = facts.T
    small = (width <= longest) & (height <= longest)
    whole = (left > 0) & (top > 0) & (left + width < core.shape[1]) & (top + height < core.shape[0])
    for label in np.flatnonzero(has_core & small & whole)[:_MOST_CANDIDATES]:
        rows = slice(top[label], top[label] + height[label])
        columns = slice(left[label], left[label] + width[label])
        yield rows, columns, labels[rows, columns] == label


def _is_alone(codes: Codes, rows: slice, columns: slice, speck: Mask, sensitivity: float) -> bool:
    """Whether a speck is of one piece and the ground around it even."""
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
    tone = float(near[shape > 0].mean())
    low, middle, high = np.percentile(ground, (2, 50, 98))
    contrast = abs(tone - middle)
    nearest = high if tone > middle else low
    allowed = contrast * sensitivity
    even = abs(nearest - middle) <= NEAREST * allowed and high - low <= GROUND_SPREAD * allowed
    return bool(even) and _is_solid(speck)


def _is_solid(speck: Mask) -> bool:
    hull = cv2.convexHull(np.argwhere(speck)[:, ::-1].astype(np.int32))
    filled = cv2.fillConvexPoly(np.zeros(speck.shape, np.uint8), hull, 1)
    return bool(speck.sum() >= SOLID * filled.sum())


def _in_rows(specks: Sequence[tuple[slice, slice, Mask]], spacing: float) -> list[bool]:
    """Which specks stand in a row: three of like size, one in the middle between two others."""
    if not specks:
        return []
    centres = np.array(
        [[(rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2] for rows, columns, _ in specks]
    )
    areas = np.array([speck.sum() for _, _, speck in specks])
    in_row = np.zeros(len(specks), bool)
    for first, centre in enumerate(centres):
        # Who stands between two is within half of their distance, and the slack, of the first.
        near = np.flatnonzero(_distances(centre, centres) <= 2 * max(spacing, 1.0))
        seconds = near[(near > first) & (_distances(centre, centres[near]) <= 2 * spacing)]
        apart = _distances(centre, centres[seconds]) / 2
        away = _distances((centre + centres[seconds])[:, None] / 2, centres[near])
        which, between = np.nonzero(away <= np.maximum(1.0, ROW_SLACK * apart)[:, None])
        threes = np.stack([np.full(len(which), first), seconds[which], near[between]], axis=1)
        threes = threes[(threes[:, 2] != first) & (threes[:, 2] != threes[:, 1])]
        sizes = areas[threes]
        in_row[threes[sizes.max(axis=1) <= 2 * sizes.min(axis=1)]] = True
    return in_row.tolist()


def _distances(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(*np.moveaxis(first - second, -1, 0)))
