"""Masks: where a person wants colour, as shares of it a pixel; elsewhere a picture keeps its own chroma."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import bands, lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.errors import PictureError, UsageError
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import Picture, as_depth
from featcolor.pictures.resize import resize
from features.base import FloatArray
from features.threads import side_by_side

SMEAR: Final = 4 / 255
"""Lossy codecs smear black and white by a few codes: what is nearer than that to either is taken for it."""
ROUNDING: Final = 1e-5
"""Of the means that bring a mask to another size, which leave black and white a little off."""
_PART: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(\.[0-9]{1,6})?%")


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture as it is shown.

    Attributes
    ----------
    parts : x, y, width, height, each in pixels ("120") or in hundredths of the picture's side ("12.5%")
    """

    parts: tuple[str, str, str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """The region that a person typed as "x,y,w,h"; UsageError where it is none."""
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 4 or not all(_PART.fullmatch(part) for part in parts):
            raise UsageError(
                f"--region {text!r:.60}: x,y,w,h are wanted, in whole pixels or per cent, such as 40,0,200,150 or "
                "10%,0,50%,100%"
            )
        x, y, width, height = parts
        return cls((x, y, width, height))

    def slices(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Its rows and columns in a picture (H, W); UsageError where it leaves the picture or holds no pixel of it."""
        x, y, w, h = self.parts
        height, width = shape
        rows, columns = _span(y, h, height), _span(x, w, width)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            raise UsageError(f"--region {self}: it holds no pixel; width and height are at least 1")
        if rows.stop > height or columns.stop > width:
            raise UsageError(f"--region {self}: it leaves the picture, which is {width}x{height}; choose one inside")
        return rows, columns

    def mask(self, shape: tuple[int, int]) -> FloatArray:
        """1 inside and 0 outside, (H, W) float32."""
        mask = np.zeros(shape, np.float32)
        mask[self.slices(shape)] = 1
        return mask

    def __str__(self) -> str:
        return ",".join(self.parts)


@dataclass(frozen=True)
class Mask:
    """Where a still picture is coloured.

    Attributes
    ----------
    file : as `read_mask` takes it; None: all of the picture
    regions : colour is added inside one of them only; none: everywhere
    """

    file: Path | None = None
    regions: tuple[Region, ...] = ()

    def of(self, shape: tuple[int, int]) -> FloatArray:
        """Share of colour of each pixel of a picture (H, W): float32, 0..1, a new array.

        Raises
        ------
        PictureError
            When the file cannot be read, or has other proportions than the picture.
        UsageError
            When a region leaves the picture.
        """
        inside = [region.mask(shape) for region in self.regions]
        share = np.ones(shape, np.float32)
        if self.file is not None:
            drawn = read_mask(self.file)
            _check_proportions(self.file, drawn.shape, shape)
            share = resized_mask(drawn, shape)
        return share * np.maximum.reduce(inside) if inside else share


def read_mask(path: Path) -> FloatArray:
    """The mask that a picture is, upright: (H, W) float32, 1 where colour goes, 0 where none does.

    Of a picture with transparency the opacity counts and nothing else: where somebody has painted, in whatever colour.
    Else white is 1, black 0, and between them the luma of ITU-R BT.601. PictureError for what cannot be read.
    """
    picture = read_picture(path)
    mask = _shares(picture)
    lossy = picture.metadata.format == "JPEG" or (picture.metadata.format == "WEBP" and not picture.metadata.compact)
    return without_smear(mask) if lossy else mask


def without_smear(mask: FloatArray) -> FloatArray:
    """A mask that went through a lossy codec, (H, W), with its black 0 and its white 1."""
    return np.where(mask < SMEAR, 0, np.where(mask > 1 - SMEAR, 1, mask)).astype(np.float32)


def resized_mask(mask: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """A mask in (height, width): box means where it shrinks, linear where it grows; 0 and 1 stay what they are."""
    if mask.shape == shape:
        return mask
    share = resize(mask, shape)
    return np.where(share < ROUNDING, 0, np.where(share > 1 - ROUNDING, 1, share)).astype(np.float32)


def keep_outside(
    coloured: NDArray[Any], given: NDArray[Any], share: FloatArray, repaired: NDArray[Any] | None = None
) -> NDArray[Any]:
    """A picture coloured under a mask: (H, W, 3), a new array of the given picture's type.

    Where the share is 1 it is the coloured picture and where it is 0 the given one, code for code; between them a* and
    b* are mixed by the share, at the lightness of the given picture.

    Parameters
    ----------
    coloured : (H, W, 3)
    given : (H, W) or (H, W, 3), of the same type
    share : (H, W) 0..1
    repaired : (H, W) grey, of the same type: what a preparation made of the given picture's lightness. Where that is
        another, the given picture has its own chroma at the repaired lightness.
    """
    kept = np.empty_like(coloured)

    def convert(rows: slice) -> None:
        mend = None if repaired is None else repaired[rows]
        kept[rows] = _kept_band(coloured[rows], given[rows], share[rows], mend)

    side_by_side([partial(convert, rows) for rows in bands(len(coloured))])
    return kept


def _kept_band(
    coloured: NDArray[Any], given: NDArray[Any], share: FloatArray, repaired: NDArray[Any] | None
) -> NDArray[Any]:
    own = given if given.ndim == 3 else np.repeat(given[..., None], 3, axis=2)
    kept = np.where(share[..., None] >= 1, coloured, own)
    mixed = (share > 0) & (share < 1)
    if repaired is not None:
        lightness = lightness_of(given)
        grey = lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32), coloured.dtype)[..., 0]
        mixed |= (share < 1) & (grey != repaired)
    if mixed.any():
        tone = (given if repaired is None else repaired)[mixed][None]
        below, above = (rgb_to_lab(each[mixed][None])[1] for each in (own, coloured))
        chroma = below + share[mixed][None, :, None] * (above - below)
        kept[mixed] = lab_to_rgb(lightness_of(tone), chroma, coloured.dtype)[0]
    return kept


def _shares(picture: Picture) -> FloatArray:
    if picture.alpha is not None:
        opacity = _unit(picture.alpha)
        if opacity.min() < 1:
            return opacity
    mask = _unit(picture.pixels)
    if mask.ndim == 2:
        return mask
    red, green, blue = cv2.split(mask)
    # Of grey exactly the grey, so that white is 1.
    return np.asarray(green + np.float32(0.299) * (red - green) + np.float32(0.114) * (blue - green), np.float32)


def _unit(plane: NDArray[Any]) -> FloatArray:
    return np.clip(np.nan_to_num(as_depth(plane, np.float32)), 0, 1)


def _span(start: str, length: str, side: int) -> slice:
    first, size = (float(part[:-1]) * side / 100 if part.endswith("%") else float(part) for part in (start, length))
    return slice(round(first), round(first + size))


def _check_proportions(path: Path, mask: Sequence[int], picture: tuple[int, int]) -> None:
    """PictureError, naming the mask, where the two are not one shape in two sizes, but for rounding to pixels."""
    if _is_scaled(mask, picture):
        return
    sizes = f"{path}: the mask is {mask[1]}x{mask[0]} and the picture {picture[1]}x{picture[0]}"
    if _is_scaled(mask[::-1], picture):
        raise PictureError(f"{sizes}; turn the mask by a quarter")
    raise PictureError(f"{sizes}, which are other proportions; paint the mask over the whole picture as it is now")


def _is_scaled(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether one scale takes the larger shape to the smaller, each side to less than a pixel."""
    small, large = sorted((first, second), key=lambda shape: shape[0] * shape[1])
    lower = max((one - 1) / other for one, other in zip(small, large, strict=True))
    upper = min((one + 1) / other for one, other in zip(small, large, strict=True))
    return lower < upper
