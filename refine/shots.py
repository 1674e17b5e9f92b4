"""Where one shot of a film ends and the next begins: cuts, dissolves and fades, from small pictures of each frame.

Frames are compared by the correlation of their thumbnails, which knows nothing of exposure, after one has been warped
onto the other, so that motion is no change. A cut is a change that stands out from its neighbourhood and lasts (a flash
does not). A dissolve is a run whose middle is explained by both its ends together and not by one, while these do not
look alike (twin comparison looks at the ends too: Zhang, Kankanhalli, Smoliar: Automatic partitioning of full-motion
video, 1993). A fade goes through an empty picture. No colour is carried across a boundary, so a dissolve or a fade is
parted in its middle.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from refine.flow import estimate_flow, normalise_contrast
from refine.planes import FloatArray
from refine.warp import warp

THUMBNAIL_SIDE: Final = 64
"""Longer side of a thumbnail, in pixels."""

HALF_LENGTHS: Final = (4, 6, 9)
"""Frames from the middle of a dissolve to where its ends are looked for."""

LOOK_AHEAD: Final = 2 * max(HALF_LENGTHS)
"""Frames after which a boundary no longer changes."""

FLAT: Final = 0.012
"""Deviation of lightness (0..1) below which a picture is empty: the middle of a fade."""

MAX_LIKENESS: Final = 0.8
"""Correlation of the ends of a run beyond which it is no dissolve."""

MIN_GAIN: Final = 0.03
"""Part of the variance by which two ends must at least beat one for a dissolve to be looked for any further."""

MAX_FLASH: Final = 3
"""Empty frames that may come amid a shot: a flash, or frames that were lost."""

NEIGHBOURS: Final = 5
"""Frames before and after a change that it has to stand out from."""


class Shot(NamedTuple):
    """Frames first..last, both within, and how the shot begins: "start", "cut", "dissolve" or "fade"."""

    first: int
    last: int
    kind: str


class _Numbers(NamedTuple):
    """What is kept of a frame: contrast, change from the frame before, the part of it that lasts, blend of its ends."""

    contrast: float
    change: float
    lasting: float
    blend: float


def thumbnail(lightness: FloatArray) -> FloatArray:
    """A small copy of a frame for `ShotDetector`, its longer side 64 pixels (never enlarged).

    Parameters
    ----------
    lightness : (H, W), 0..1

    Returns
    -------
    (h, w) float32, 0..1
    """
    height, width = lightness.shape
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(np.asarray(lightness, np.float32), size, interpolation=cv2.INTER_AREA))


class ShotDetector:
    """Finds the shots of a film that comes one thumbnail at a time; keeps 19 of these and four numbers a frame.

    Parameters
    ----------
    cut : least lasting change of a cut, 0..1 (1 - correlation after motion).
    ratio : how many times the changes around it a cut has to be.
    blend : least blend of a dissolve, 0..0.5: what two ends explain more than one, times their difference.
    min_length : frames of the shortest shot; a shorter one goes to its neighbour.
    """

    def __init__(self, *, cut: float = 0.25, ratio: float = 2.0, blend: float = 0.112, min_length: int = 5) -> None:
        self.cut, self.ratio, self.blend, self.min_length = cut, ratio, blend, min_length
        self._recent: deque[FloatArray] = deque(maxlen=2 * max(HALF_LENGTHS) + 1)
        self._blurred: deque[FloatArray] = deque(maxlen=self._recent.maxlen)
        self._numbers: list[_Numbers] = []
        self._fades: list[int] = []
        self._filled: FloatArray | None = None
        self._n_empty = 0

    def push(self, picture: FloatArray) -> None:
        """Take the next frame's `thumbnail`; ValueError when its shape is not that of those before."""
        if picture.ndim != 2 or (self._recent and picture.shape != self._recent[0].shape):
            raise ValueError(f"thumbnails must be (h, w) of one shape, got {picture.shape}")
        self._recent.append(np.array(picture, np.float32))
        self._blurred.append(centred(self._recent[-1]))
        recent, numbers = self._recent, self._numbers
        change = difference(recent[-1], recent[-2]) if len(recent) > 1 else 0.0
        numbers.append(_Numbers(float(picture.std()), change, 0.0, 0.0))
        self._follow_fade(recent[-1], numbers[-1].contrast)
        # The change into frame t is seen to last once t + 2 is there.
        at = len(numbers) - 3
        if at >= 0:
            numbers[at] = numbers[at]._replace(lasting=self._lasting(at))
        for half in HALF_LENGTHS:
            if len(recent) > 2 * half:
                blend = _blend(list(self._blurred)[-1 - 2 * half :])
                blend *= difference(recent[-1 - 2 * half], recent[-1]) if blend else 0
                middle = len(numbers) - 1 - half
                numbers[middle] = numbers[middle]._replace(blend=max(numbers[middle].blend, blend))

    def finish(self) -> list[Shot]:
        """Shots of all frames so far, in order, without gap.

        May be called while frames still come: what it says up to `LOOK_AHEAD` frames ago is final, but for a fade
        that goes on.
        """
        n_frames = len(self._numbers)
        if not n_frames:
            return []
        boundaries = self._boundaries()
        firsts = [(0, "start"), *sorted(boundaries.items())]
        lasts = [first - 1 for first, _ in firsts[1:]] + [n_frames - 1]
        return [Shot(first, last, kind) for (first, kind), last in zip(firsts, lasts, strict=True)]

    def _follow_fade(self, picture: FloatArray, contrast: float) -> None:
        """Note the middle of a run of empty pictures once it is over; a flash, the same before and after, is none."""
        if contrast < FLAT:
            self._n_empty += 1
            return
        if self._n_empty and self._filled is not None:
            flash = self._n_empty <= MAX_FLASH and difference(picture, self._filled) < self.cut
            self._fades += [] if flash else [len(self._numbers) - 1 - (self._n_empty + 1) // 2]
        self._filled, self._n_empty = picture, 0

    def _lasting(self, at: int) -> float:
        """The least change from before frame `at` to after it; 0 where nothing much changes anyway."""
        change = self._numbers[at].change
        if change < self.cut or at == 0:
            return 0.0
        frames = list(self._recent)[-5:]  # at - 2 .. at + 2 (from at - 1 on when at is 1)
        before, after = frames[: len(frames) - 3], frames[-2:]
        return min(change, *(difference(later, earlier) for later in after for earlier in before))

    def _boundaries(self) -> dict[int, str]:
        """First frames of shots, and how each begins; of those nearer than `min_length` the strongest."""
        contrast, change, lasting, blend = (np.array(column) for column in zip(*self._numbers, strict=True))
        found: list[tuple[float, int, str]] = [(2.0, at, "fade") for at in self._fades]
        # Into and out of an empty picture leads a fade, if anything.
        filled = (contrast >= FLAT) & (np.roll(contrast, 1) >= FLAT)
        cuts = np.flatnonzero((lasting >= self.cut) & filled)
        found += [(1 + lasting[at], at, "cut") for at in map(int, cuts) if self._stands_out(change, at)]
        found += [(blend[at], int(at), "dissolve") for at in np.flatnonzero(blend >= self.blend)]
        found.sort(key=lambda each: (-each[0], each[1]))
        kept: dict[int, str] = {}
        stronger = np.zeros(len(change), bool)
        # Weaker than a neighbour goes, whether or not that one stays: so that nothing far away has a say.
        for _, at, kind in found:
            room = self.min_length if kind != "dissolve" else max(self.min_length, *HALF_LENGTHS)
            alone = not stronger[max(0, at - room + 1) : at + room].any()
            if alone and room <= at <= len(change) - room:
                kept[at] = kind
            stronger[at] = True
        return kept

    def _stands_out(self, change: NDArray[np.float64], at: int) -> bool:
        before, after = change[max(1, at - NEIGHBOURS) : at], change[at + 1 : at + 1 + NEIGHBOURS]
        around = max((float(np.median(side)) for side in (before, after) if len(side)), default=0.0)
        return bool(change[at] >= self.ratio * around)


def difference(target: FloatArray, source: FloatArray) -> float:
    """1 - correlation of two thumbnails, the source warped onto the target where that helps; 0 (alike) .. 1.

    Two empty pictures are alike, an empty and another are not.
    """
    empty = [float(picture.std()) < FLAT for picture in (target, source)]
    if any(empty):
        return 0.0 if all(empty) else 1.0
    still = _correlation(target, source)
    if still > 0.97 or max(target.shape) < 12:
        return 1 - max(0.0, still)
    flow = estimate_flow(normalise_contrast(target), normalise_contrast(source))
    return 1 - max(0.0, still, _correlation(target, warp(source, flow)))


def _correlation(first: FloatArray, second: FloatArray) -> float:
    a, b = first - first.mean(), second - second.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-9))


def _blend(run: list[FloatArray]) -> float:
    """How much better both ends of a run of blurred thumbnails explain its middle than one does; 0 where hardly.

    The explained part of the variance; an ideal blend of two unlike ends has 0.5. 0 too unless the share of the first
    end falls along the run and that of the second rises.
    """
    half = len(run) // 2
    ends = np.stack([run[0], run[-1]])
    gram = (ends @ ends.T).astype(np.float64)
    sizes = np.diag(gram)
    # Beyond that likeness the shares of the two ends are not told apart.
    if sizes.min() < FLAT**2 * run[0].size or abs(gram[0, 1]) > MAX_LIKENESS * np.sqrt(sizes.prod()):
        return 0.0
    inner = np.stack([run[half // 2], run[half], run[len(run) - 1 - half // 2]], axis=1)
    products = (ends @ inner).astype(np.float64)
    shares = np.linalg.solve(gram, products)
    if not (np.diff(shares[0]) < 0).all() or not (np.diff(shares[1]) > 0).all():
        return 0.0
    variance = max(float(run[half] @ run[half]), 1e-9)
    alone = products[:, 1]
    gain = float(alone @ shares[:, 1] - (alone**2 / sizes).max()) / variance
    return gain if gain > MIN_GAIN else 0.0


def centred(picture: FloatArray) -> FloatArray:
    """Pixels of a blurred thumbnail in a row, their mean taken away: motion and grain count for less."""
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1))
    return np.asarray(picture.ravel() - picture.mean())
