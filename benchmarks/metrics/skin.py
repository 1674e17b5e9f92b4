"""Skin of a picture by a colour rule, and the share of it that an output gives its colour back.

For pictures of people: in others the rule finds wood, sand and brick. What it takes for skin is a region, not a pixel,
so that one tone of skin, dark to light, stands for a face with its shadows.

References
----------
Chai, Ngan: Face segmentation using skin-color map in videophone applications (IEEE Trans. CSVT 9, 1999): skin of all
tones lies in one box of Cb and Cr, whatever its luma.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

CB: Final = (77, 127)
CR: Final = (133, 173)
"""Chai and Ngan's box: Cb and Cr of ITU-R BT.601 over the full range of 8 bits, both ends included."""
HUE: Final = (20.0, 75.0)
"""Hue in CIELAB, degrees: from pink to yellowish; the box alone takes red cloth and yellow walls along."""
CHROMA: Final = (10.0, 48.0)
"""Chroma in CIELAB: below it a hue is chance, above it is paint."""
LIGHTNESS: Final = (15.0, 92.0)
"""L*: black and white have no hue worth a name."""
LEAST_SHARE: Final = 0.002
"""Least region, as a share of the picture: a hand of a whole figure."""
LEAST_SOLIDITY: Final = 0.5
"""Least share of its convex hull that a region fills: limbs do, the gaps between planks and leaves do not."""
LEAST_HUE_SPREAD: Final = 4.0
"""Least standard deviation of a region's hue, degrees: skin is flushed here and pale there, planks and sand are not."""
LEAST_PORTRAIT: Final = 0.5
"""Share of the picture from which on a region as wide as the picture is a face seen from near."""
TONES: Final = ("dark", "medium", "light")
TONE_BOUNDS: Final = (51.0, 63.0)
"""Median L* of a region that is no longer dark, and no longer medium: thirds of the skin in the corpus's people."""
HUE_TOLERANCE: Final = 25.0
"""Degrees that the hue of a right pixel is off, at most."""
LEAST_CHROMA: Final = 0.5
"""Chroma of a right pixel over the truth's, at least."""


def skin_tones(rgb: NDArray[np.uint8], lab: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Tone of the skin at each pixel, (H, W): 0 for none, 1, 2, 3 for `TONES`.

    Skin-coloured pixels (`CB`, `CR`, `HUE`, `CHROMA`, `LIGHTNESS`), opened by 3 x 3, in regions that are large, solid
    and uneven in hue enough, and are no band from the left edge to the right one, as floors and walls behind people.

    `rgb`: (H, W, 3); `lab`: the same in CIELAB, L* 0..100.
    """
    _, cr, cb = cv2.split(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YCrCb))
    lightness = lab[..., 0]
    hue, chroma = _polar(lab)
    coloured = np.ones(hue.shape, bool)
    for plane, (low, high) in ((cb, CB), (cr, CR), (hue, HUE), (chroma, CHROMA), (lightness, LIGHTNESS)):
        coloured &= (plane >= low) & (plane <= high)
    opened = cv2.morphologyEx(coloured.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, facts, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    tones = np.zeros(hue.shape, np.uint8)
    for label, (left, top, width, height, area) in enumerate(facts[1:].tolist(), start=1):
        is_band = width == hue.shape[1] and area < LEAST_PORTRAIT * hue.size
        if area < LEAST_SHARE * hue.size or is_band:
            continue
        box = np.s_[top : top + height, left : left + width]
        region = labels[box] == label
        if _solidity(region) >= LEAST_SOLIDITY and np.std(hue[box][region]) >= LEAST_HUE_SPREAD:
            tone = np.searchsorted(TONE_BOUNDS, np.median(lightness[box][region]), side="right")
            tones[box][region] = 1 + tone
    return tones


def skin_parts(
    tones: NDArray[np.uint8], truth: NDArray[np.float32], output: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the share of skin that is right needs of one picture: (2, 3), by tone.

    First the share of the picture's pixels that are skin, then of those that are right: hue within `HUE_TOLERANCE` of
    the truth's and at least `LEAST_CHROMA` of its chroma.

    `tones`: `skin_tones` of the truth; `truth`, `output`: (H, W, 3) in CIELAB.
    """
    (true_hue, true_chroma), (hue, chroma) = _polar(truth), _polar(output)
    off = np.abs((hue - true_hue + 180) % 360 - 180)
    right = (off <= HUE_TOLERANCE) & (chroma >= LEAST_CHROMA * true_chroma)
    counts = [np.bincount(chosen.ravel(), minlength=4)[1:] for chosen in (tones, tones * right)]
    return np.asarray(counts, np.float32) / np.float32(tones.size)


def combine_skin(parts: NDArray[Any], tone: str | None = None) -> float:
    """Share of the skin of a set of pictures that is right, in %, of one of `TONES` or of all; nan where there is none.

    Grey scores 0, and so does what is coloured in another hue. Every pixel of skin counts the same, but for the size of
    its picture: a portrait weighs more than a figure in a street.

    `parts`: (n, 2, 3), `skin_parts` of every picture.
    """
    which = slice(None) if tone is None else TONES.index(tone)
    skin, right = parts.sum(axis=0, dtype=np.float64)[:, which].reshape(2, -1).sum(axis=1)
    return 100.0 * float(right / skin) if skin > 0 else float("nan")


def mean_skin(parts: NDArray[Any], tone: str | None = None) -> float:
    """As `combine_skin`, but the mean of the pictures' own shares: a hand weighs as much as a portrait.

    Pictures without such skin are left out.
    """
    shares = np.array([combine_skin(each[None], tone) for each in parts])
    return float(np.mean(shares[~np.isnan(shares)])) if not np.isnan(shares).all() else float("nan")


def _polar(lab: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees, -180..180, and chroma."""
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])


def _solidity(region: NDArray[np.bool_]) -> float:
    """Share of its convex hull that a region fills, holes (eyes, a mouth) counted as filled."""
    outlines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled, hull = np.zeros((2, *region.shape), np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(outlines)), 1)
    return float(filled.sum() / hull.sum())
