"""The picture that a network is shown, and reading its coarse maps at the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

#: The cells before and after each point along one axis, and the weight of the cell after.
Taps: TypeAlias = tuple[IndexArray, IndexArray, FloatArray]

#: Sides of what the network sees are raised to a multiple of this, the stride of the usual five halvings.
SIDE_MULTIPLE: Final = 32
#: CIE 1976: f(t) = t^(1/3) above (6/29)^3, with L* = 116 f - 16.
LAB_LINEAR_BELOW: Final = 8.0
LAB_KAPPA: Final = 24389 / 27
#: Points that `gather` reads at once: what they hold stays in the processor's cache.
POINTS_AT_ONCE: Final = 1024


@dataclass(frozen=True)
class FrameAxis:
    """One axis of the way from a picture to the network's frame: resized first, then mirrored outwards.

    Attributes
    ----------
    side : pixels of the picture
    seen : pixels that they were resized to
    before : mirrored pixels in front of them
    frame : pixels of the whole frame
    """

    side: int
    seen: int
    before: int
    frame: int

    @classmethod
    def mirrored(cls, side: int, seen: int | None = None) -> FrameAxis:
        """Resized to `seen` pixels (None: as it is) and mirrored out to the next multiple of `SIDE_MULTIPLE`."""
        seen = side if seen is None else seen
        before, after = borders(seen)
        return cls(side, seen, before, before + seen + after)

    @classmethod
    def resized(cls, side: int, frame: int) -> FrameAxis:
        """Resized to the one size that the network takes."""
        return cls(side, frame, 0, frame)

    def positions(self, pixels: IndexArray | NDArray[np.floating], cells: int) -> NDArray[np.float64]:
        """Where among the centres of so many cells these pixels of the picture are, clipped to 0..cells - 1.

        Pixel p of the picture is at (p + 1/2) seen / side - 1/2 of the resized one. Cell i of stride s stands for the
        s pixels of the frame around s i + (s - 1) / 2; beyond the outer cells their values go on.

        TensorFlow's one-sided padding puts the receptive fields around s i + s - 1 instead, yet a network trained on
        mirrored pictures has learned to make up for that: of offsets k (s - 1), the maps of mirrored pictures agree
        best at k = 0.4 to 0.6 (EfficientNet-Lite0, strides 8 to 32, 60 photographs), and ridge regression of a*b* on
        them is best at 0.3 to 0.5.
        """
        stride = self.frame / cells
        at = (pixels + 0.5) * self.seen / self.side - 0.5 + self.before
        return np.asarray(np.clip((at - (stride - 1) / 2) / stride, 0, cells - 1), np.float64)

    def taps(self, pixels: IndexArray | NDArray[np.floating], cells: int) -> Taps:
        """The cell before each pixel, the one after, and the weight of the latter."""
        at = self.positions(pixels, cells)
        low = np.minimum(at.astype(np.intp), max(cells - 2, 0))
        return low, np.minimum(low + 1, cells - 1), (at - low).astype(np.float32)

    def inside(self, cells: int) -> slice:
        """The cells between which the whole picture lies, up to the outer edges of its pixels."""
        first, last = self.positions(np.array([-0.5, self.side - 0.5], np.float32), cells)
        return slice(int(np.floor(first)), int(np.ceil(last)) + 1)


def borders(side: int) -> tuple[int, int]:
    """Pixels to add before and after so that a side becomes a multiple of `SIDE_MULTIPLE`."""
    missing = -side % SIDE_MULTIPLE
    return missing // 2, missing - missing // 2


def mirror_out(picture: FloatArray) -> FloatArray:
    """A picture (H, W) mirrored outwards until its sides are multiples of `SIDE_MULTIPLE`."""
    return np.pad(picture, [borders(side) for side in picture.shape], mode="symmetric")


def gather(each: FloatArray, rows: Taps, columns: Taps) -> FloatArray:
    """Bilinear interpolation of a map (C, h, w) by four weights a point: (n_points, C)."""
    width = each.shape[2]
    channels = np.ascontiguousarray(each.reshape(len(each), -1).T)
    cells = [row * width + column for row in rows[:2] for column in columns[:2]]
    weights = [a * b for a in (1 - rows[2], rows[2]) for b in (1 - columns[2], columns[2])]
    values = np.zeros((len(rows[0]), len(each)), np.float32)
    for start in range(0, len(values), POINTS_AT_ONCE):
        part = slice(start, start + POINTS_AT_ONCE)
        for cell, weight in zip(cells, weights, strict=True):
            values[part] += channels[cell[part]] * weight[part, None]
    return values


def grey_codes(lightness: FloatArray) -> FloatArray:
    """The sRGB code 0..255, not rounded, of the grey with this lightness: (H, W) float32 both ways.

    Y = ((L* + 16) / 116)^3 above L* = 8, below it L* / 903.3 (CIE 1976); code = 255 (1.055 Y^(1/2.4) - 0.055) above
    Y = 0.0031308, below it 255 * 12.92 Y (IEC 61966-2-1).
    """
    lab = np.clip(lightness, 0, 1) * np.float32(100)
    luminance = np.where(lab > LAB_LINEAR_BELOW, ((lab + 16) / 116) ** 3, lab / np.float32(LAB_KAPPA))
    curved = np.float32(1.055) * luminance ** np.float32(1 / 2.4) - np.float32(0.055)
    codes = np.where(luminance > 0.0031308, curved, np.float32(12.92) * luminance)
    return (np.float32(255) * codes).astype(np.float32)
