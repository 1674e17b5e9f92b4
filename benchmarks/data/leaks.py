"""Test pictures that are among the references: one file, or one picture cropped, resized, recompressed, mirrored.

Three steps, each for what the one before lets through:

1. SHA-256 of the files.
2. A signature of 63 numbers: the lowest 8 x 8 coefficients of the lightness thumbnail's cosine transform, without the
   mean, weighted by frequency and scaled to length 1. The weight makes their product the correlation of gradients,
   whose spectrum is nearly flat in photographs (Field 1987), where lightness itself is dominated by "bright above,
   dark below". They stay numbers rather than bits: all pairs are one matrix product. Signatures of the whole picture,
   of its inner part and of its centre square are compared, and mirroring changes signs only.
3. Candidates are aligned by an affine map and the gradients of the thumbnails correlated, each divided by its local
   strength: else one strong outline (a disc, a frame) makes unlike pictures the same.

`featcolor.models.references.find_duplicates` looks for copies among references with thumbnails that a fit computes
anyway; it tells no crops and no mirror images, which do a fit no harm. Here they would flatter a method, hence another
search.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.layouts_base import TestPicture
from featcolor.colour.lab import bands, lightness_of
from featcolor.parallel.engine import Engine, Progress
from featcolor.parallel.local import local_engine
from featcolor.pictures.io import read_reference

THUMBNAIL: Final = 64
"""Side of the lightness thumbnails, in pixels."""
READ_PIXELS: Final = 4 * THUMBNAIL**2
"""Pictures are decoded at about this many pixels."""
FREQUENCIES: Final = 8
"""Side of the block of cosine coefficients."""
INNER: Final = 0.88
"""Side of the inner part, as a share: by it crops of 7 % on every side are found."""
LIKELY: Final = 0.6
"""Signatures with this product or more are aligned: about 4 in 10,000 pairs of unlike photographs."""
SAME: Final = 0.75
"""Least gradient correlation of one picture: copies are above, unlike photographs below; product photographs of one
shape on white come near."""
FLAT: Final = 1.0
"""Deviation of a thumbnail, in codes of 255, below which there is nothing to compare."""
REFERENCE_BLOCK: Final = 1024
"""References whose products with all test pictures are in memory at once."""

_ECC_STOP: Final = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
_ECC_BLUR: Final = 5  # pixels, side of the Gaussian that findTransformECC smooths with
_GRADIENT_SIGMA: Final = 0.8  # pixels: alignment leaves errors of a fraction of a pixel
_STRENGTH_SIGMA: Final = 3.0  # pixels: the neighbourhood that a gradient's strength is taken over
_NOISE: Final = 2.0  # codes a pixel: weaker gradients are noise, and are not raised to the strength of others
_LARGEST_STRETCH: Final = 1.5  # of the area, beyond what the views say: else the alignment has run away
_SMALLEST_OVERLAP: Final = 0.5

Thumbnail = NDArray[np.uint8]
Window = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture's sides. All lie in the middle, so that mirroring moves none."""
WHOLE: Final[Window] = (0.0, 0.0, 1.0, 1.0)


class Leak(NamedTuple):
    """A reference that shows a test picture.

    `distance` is 0 for the same file, else 1 - correlation of the gradients, at most 1 - SAME.
    """

    reference: Path
    picture: str
    kind: Literal["same file", "near duplicate"]
    distance: float


@dataclass(frozen=True)
class Seen:
    """A picture's traces: the hash of its file, its lightness 0..255 as a thumbnail, its centre square."""

    digest: str
    thumbnail: Thumbnail
    square: Window


class Candidate(NamedTuple):
    """A pair whose signatures agree, and the windows in which they do."""

    reference: int
    picture: int
    reference_window: Window
    picture_window: Window
    mirrored: bool


def find_leaks(
    references: Sequence[Path],
    pictures: Sequence[TestPicture],
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> list[Leak]:
    """Pairs of a reference and a test picture that show the same, in the order of the test pictures.

    Found are recompressed, resized and squeezed copies, crops of up to 5 % on a side, crops to the centre square,
    mirror images, and changes of brightness. Files that cannot be read are passed over: fitting and loading name them.

    `references`: paths; `pictures`: test pictures; `engine`: who reads; None: this process; `progress`: called with
    ("reading" or "comparing", done, in all).
    """
    paths = [*references, *(picture.truth for picture in pictures)]
    seen: list[Seen | None] = [None] * len(paths)
    for done, outcome in enumerate((engine or local_engine(1)).run(look_at, paths), start=1):
        seen[outcome.index] = outcome.result
        if progress is not None:
            progress("reading", done, len(paths))
    ours, theirs = _readable(seen[: len(references)]), _readable(seen[len(references) :])
    leaks: dict[tuple[int, int], Leak] = {}
    copies: dict[str, list[int]] = defaultdict(list)
    for index, reference in ours:
        copies[reference.digest].append(index)
    for number, picture in theirs:
        for index in copies[picture.digest]:
            leaks[number, index] = Leak(references[index], pictures[number].name, "same file", 0.0)
    candidates = list(likely_pairs([each for _, each in ours], [each for _, each in theirs]))
    for done, candidate in enumerate(candidates, start=1):
        (index, reference), (number, picture) = ours[candidate.reference], theirs[candidate.picture]
        if (number, index) not in leaks:
            correlation = aligned_correlation(reference.thumbnail, picture.thumbnail, candidate)
            if correlation >= SAME:
                leak = Leak(references[index], pictures[number].name, "near duplicate", 1.0 - correlation)
                leaks[number, index] = leak
        if progress is not None:
            progress("comparing", done, len(candidates))
    return [leaks[key] for key in sorted(leaks)]


def look_at(path: Path) -> Seen:
    """Read a picture once; PictureError when it is none."""
    data = path.read_bytes()
    rgb = read_reference(data, READ_PIXELS, name=str(path))
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    across, down = 0.5 * min(1.0, height / width), 0.5 * min(1.0, width / height)
    square = (0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down)
    return Seen(hashlib.sha256(data).hexdigest(), np.rint(255 * lightness_of(small)).astype(np.uint8), square)


def likely_pairs(references: Sequence[Seen], pictures: Sequence[Seen]) -> Iterator[Candidate]:
    """Pairs with a product of signatures of LIKELY or more, each once, with the windows that agree best.

    At least one of the two is seen whole: two crops of one picture that leave out different parts are not looked for.
    """
    if not references or not pictures:
        return
    windows = [_windows(picture) for picture in pictures]
    picture_views = [signatures(pictures, [each[view] for each in windows]) for view in range(3)]
    signs = np.where(np.arange(FREQUENCIES**2) % FREQUENCIES % 2, -1, 1)[1:].astype(np.float32)
    for block in bands(len(references), REFERENCE_BLOCK):
        some = references[block]
        some_windows = [_windows(reference) for reference in some]
        best = np.full((len(some), len(pictures)), LIKELY, np.float32)
        how = np.full(best.shape, -1, np.int8)
        kinds = [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]
        reference_views = [signatures(some, [each[view] for each in some_windows]) for view in range(3)]
        for number, (view, picture_view) in enumerate(kinds):
            for mirrored in (False, True):
                product = reference_views[view] @ (picture_views[picture_view] * (signs if mirrored else 1)).T
                better = product > best
                best[better] = product[better]
                how[better] = 2 * number + mirrored
        for index, picture in np.argwhere(how >= 0):
            number, flipped = divmod(int(how[index, picture]), 2)
            view, picture_view = kinds[number]
            yield Candidate(
                block.start + int(index),
                int(picture),
                some_windows[index][view],
                windows[picture][picture_view],
                bool(flipped),
            )


def signatures(pictures: Sequence[Seen], windows: Sequence[Window]) -> NDArray[np.float32]:
    """Signatures (n, 63) of the windows, of length 1; 0 where there is nothing to see, or where the window is empty."""
    side = THUMBNAIL // 2
    row, column = np.mgrid[:FREQUENCIES, :FREQUENCIES]
    weights = np.hypot(row, column).astype(np.float32)
    rows = np.zeros((len(pictures), FREQUENCIES**2), np.float32)
    for values, picture, window in zip(rows, pictures, windows, strict=True):
        left, top, right, bottom = (round(THUMBNAIL * edge) for edge in window)
        seen = picture.thumbnail[top:bottom, left:right]
        if seen.size and seen.std() >= FLAT:
            small = cv2.resize(seen, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
            values[:] = (cv2.dct(small)[:FREQUENCIES, :FREQUENCIES] * weights).ravel()
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[:, 1:] / np.maximum(norms, np.finfo(np.float32).tiny)


def aligned_correlation(reference: Thumbnail, picture: Thumbnail, candidate: Candidate) -> float:
    """Correlation of the gradients of two thumbnails, -1..1, the larger of: as the windows lie, and aligned from there.

    The affine alignment maximises the correlation of lightness (Evangelidis, Psarakis: PAMI 2008).
    """
    other = np.ascontiguousarray(picture[:, ::-1]) if candidate.mirrored else picture
    # The one that is seen whole is the template: all of it lies inside the other.
    if candidate.reference_window == WHOLE:
        template, image, (left, top, right, bottom) = reference, other, candidate.picture_window
    else:
        template, image, (left, top, right, bottom) = other, reference, candidate.reference_window
    start = np.array([[right - left, 0, THUMBNAIL * left], [0, bottom - top, THUMBNAIL * top]], np.float32)
    first, second = template.astype(np.float32), image.astype(np.float32)
    correlation = _correlation_under(start, first, second)
    try:
        _, warp = cv2.findTransformECC(
            first, second, start.copy(), cv2.MOTION_AFFINE, _ECC_STOP, inputMask=None, gaussFiltSize=_ECC_BLUR
        )
    except cv2.error:  # it does not converge
        return correlation
    stretch = np.linalg.det(warp[:, :2]) / np.linalg.det(start[:, :2])
    if not 1 / _LARGEST_STRETCH < stretch < _LARGEST_STRETCH:
        return correlation
    return max(correlation, _correlation_under(warp, first, second))


def _correlation_under(warp: NDArray[np.float32], template: NDArray[np.float32], image: NDArray[np.float32]) -> float:
    """Gradient correlation where the image, moved by `warp`, covers the template; 0 where that is too little."""
    size, flags = (THUMBNAIL, THUMBNAIL), cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, warp, size, flags=flags | cv2.INTER_LINEAR)
    covered = cv2.warpAffine(np.ones(size, np.uint8), warp, size, flags=flags | cv2.INTER_NEAREST)
    inside = cv2.erode(covered, np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
    if inside.mean() < _SMALLEST_OVERLAP:
        return 0.0
    first, second = (_even_gradients(plane)[:, inside].ravel() for plane in (template, moved))
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / scale if scale > 0 else 0.0


def _even_gradients(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gradients (2, H, W) over their local strength."""
    gradients = np.stack(np.gradient(cv2.GaussianBlur(plane, (0, 0), _GRADIENT_SIGMA)))
    power = cv2.GaussianBlur(np.sum(gradients**2, axis=0), (0, 0), _STRENGTH_SIGMA)
    even: NDArray[np.float32] = gradients / np.sqrt(power + np.float32(_NOISE**2))
    return even


def _windows(picture: Seen) -> tuple[Window, Window, Window]:
    """The whole picture, its inner part, and its centre square (empty where the whole is nearly square itself)."""
    edge = 0.5 * (1 - INNER)
    left, top, right, bottom = picture.square
    nearly = min(right - left, bottom - top) > INNER
    return WHOLE, (edge, edge, 1 - edge, 1 - edge), (0.0, 0.0, 0.0, 0.0) if nearly else picture.square


def _readable(seen: Sequence[Seen | None]) -> list[tuple[int, Seen]]:
    return [(index, each) for index, each in enumerate(seen) if each is not None]
