"""Y'CbCr arithmetic of film: codes <-> R'G'B' <-> L*, a*, b*, with Y' kept.

Y'CbCr is that of ITU-R BT.601-7, BT.709-6 and BT.2020-2 (non-constant luminance), limited or full range, 8 to 16 bits.
R'G'B' is taken as sRGB under every matrix: the transfer curve and primaries of the rest of the program, so that a film
and its key-frame stills agree.

Units: planes are *codes* (what a stream holds; means of codes are float32), or *unit* values, float32: Y' in 0..1,
Cb and Cr in -0.5..0.5. Functions say which.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from featcolor.clips.constant_luma import differences_at_luma
from featcolor.clips.frames import ClipInfo, Codes
from featcolor.colour.lab import FloatArray, check_picture, lightness_from_luminance, rgb_to_lab
from featcolor.colour.srgb import decode_srgb, quantize

LUMA_WEIGHTS: dict[str, tuple[float, float, float]] = {
    "bt601": (0.299, 0.587, 0.114),
    "bt709": (0.2126, 0.7152, 0.0722),
    "bt2020": (0.2627, 0.6780, 0.0593),
}
"""Shares of R', G', B' in Y', by matrix; each sums to 1."""


class CodeRange(NamedTuple):
    """Span of the codes of a plane: Y' = (code - black) / luma_span, Cb = (code - neutral) / chroma_span."""

    black: int
    luma_span: int
    neutral: int
    chroma_span: int
    top: int


def code_range(info: ClipInfo) -> CodeRange:
    """The constants of BT.601 to BT.2020 (16, 219, 128, 224 of 8 bits, shifted), or of full range."""
    return _code_range(info.bits, info.full_range)


def _code_range(bits: int, full_range: bool) -> CodeRange:
    if not 8 <= bits <= 16:
        raise ValueError(f"bits must be 8..16, got {bits}")
    extra, top = bits - 8, 2**bits - 1
    if full_range:
        return CodeRange(0, top, 128 << extra, top, top)
    return CodeRange(16 << extra, 219 << extra, 128 << extra, 224 << extra, top)


def luma_from_codes(luma: NDArray[Any], info: ClipInfo) -> FloatArray:
    """Unit Y' of codes (integers or float means); not clipped."""
    place = code_range(info)
    return (np.asarray(luma, np.float32) - np.float32(place.black)) * np.float32(1 / place.luma_span)


def chroma_from_codes(plane: NDArray[Any], info: ClipInfo) -> FloatArray:
    """Unit Cb or Cr of codes; not clipped."""
    place = code_range(info)
    return (np.asarray(plane, np.float32) - np.float32(place.neutral)) * np.float32(1 / place.chroma_span)


def luma_to_codes(luma: FloatArray, info: ClipInfo) -> Codes:
    """Nearest codes of unit Y', clipped to 0..1."""
    place = code_range(info)
    codes = np.clip(luma, 0.0, 1.0) * np.float32(place.luma_span) + np.float32(place.black)
    return np.rint(codes).astype(info.dtype)


def chroma_to_codes(plane: FloatArray, info: ClipInfo) -> Codes:
    """Nearest codes of unit Cb or Cr, clipped to -0.5..0.5."""
    place = code_range(info)
    codes = np.clip(plane, -0.5, 0.5) * np.float32(place.chroma_span) + np.float32(place.neutral)
    return np.minimum(np.rint(codes), np.float32(place.top)).astype(info.dtype)


def lightness_from_luma(luma: NDArray[Any], info: ClipInfo) -> FloatArray:
    """L*/100, (H, W) float32, of the greys with these Y' codes; codes beyond black and white are clipped."""
    table = _lightness_table(info.bits, info.full_range)
    if luma.dtype == np.uint8 and info.bits == 8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(luma), table))
    if np.issubdtype(luma.dtype, np.integer):
        return np.take(table, luma, mode="clip")
    return lightness_from_luminance(decode_srgb(luma_from_codes(luma, info)))


def rgb_to_ycbcr(rgb: NDArray[Any], info: ClipInfo) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Unit Y', Cb, Cr, each (H, W), of a picture (H, W, 3) or (H, W), uint8, uint16 or float 0..1 (clipped)."""
    check_picture(rgb)
    coded = _as_unit(rgb)
    if coded.ndim == 2:
        return coded, np.zeros_like(coded), np.zeros_like(coded)
    red, green, blue = LUMA_WEIGHTS[info.matrix]
    to_blue, to_red = 2 - 2 * blue, 2 - 2 * red
    rows = [red, green, blue], [-red / to_blue, -green / to_blue, 0.5], [0.5, -green / to_red, -blue / to_red]
    luma, cb, cr = cv2.split(cv2.transform(coded, np.array(rows)))
    return luma, cb, cr


def ycbcr_to_rgb(
    luma: FloatArray, cb: FloatArray, cr: FloatArray, info: ClipInfo, dtype: DTypeLike = np.uint8
) -> NDArray[Any]:
    """(H, W, 3) uint8, uint16 (rounded) or float32 of unit planes of one size; clipped to the cube."""
    red, green, blue = LUMA_WEIGHTS[info.matrix]
    planes = cv2.merge([np.ascontiguousarray(plane, np.float32) for plane in (luma, cb, cr)])
    to_blue, to_red = 2 - 2 * blue, 2 - 2 * red
    rows = [1.0, 0.0, to_red], [1.0, -to_blue * blue / green, -to_red * red / green], [1.0, to_blue, 0.0]
    return quantize(np.asarray(cv2.transform(planes, np.array(rows)), np.float32), np.dtype(dtype))


def cbcr_to_chroma(luma: NDArray[Any], cb: NDArray[Any], cr: NDArray[Any], info: ClipInfo) -> FloatArray:
    """a* and b*, (h, w, 2), of codes of one size (luma by `subsample`); R'G'B' outside the cube is clipped."""
    unit = luma_from_codes(luma, info), chroma_from_codes(cb, info), chroma_from_codes(cr, info)
    return rgb_to_lab(ycbcr_to_rgb(*unit, info, np.float32))[1]


def chroma_to_cbcr(luma: NDArray[Any], chroma: FloatArray, info: ClipInfo) -> tuple[Codes, Codes]:
    """Cb and Cr codes that give a frame of this Y' this a*, b*.

    Y' stays, not L*: at one Y' a saturated blue has an L* far above the grey's. The L* whose colour (L*, a*, b*) has
    the asked Y' is looked up in a table over (Y', a*, b*) and refined by a step of Newton's. A colour that leaves
    the R'G'B' cube is scaled toward neutral until it fits, at its Y' and nearly its hue.

    Parameters
    ----------
    luma : (h, w) codes, integers or float means, at the chroma planes' own resolution
    chroma : (h, w, 2), a* and b*; (0, 0) gives exactly the neutral code

    Returns
    -------
    cb, cr : (h, w) codes, inside the gamut the nearest ones
    """
    if luma.ndim != 2 or chroma.shape != (*luma.shape, 2):
        raise ValueError(f"luma must be (h, w) and chroma (h, w, 2), got {luma.shape} and {chroma.shape}")
    weights = LUMA_WEIGHTS[info.matrix]
    unit = np.clip(luma_from_codes(luma, info), 0.0, 1.0)
    red, blue = differences_at_luma(unit, np.ascontiguousarray(chroma, np.float32), weights)
    cb = chroma_to_codes(blue * np.float32(0.5 / (1 - weights[2])), info)
    return cb, chroma_to_codes(red * np.float32(0.5 / (1 - weights[0])), info)


def subsample(plane: NDArray[Any], shift: tuple[int, int]) -> FloatArray:
    """A plane (H, W) or (H, W, C) on the chroma grid, float32, sizes rounded up.

    Rows are averaged in pairs; columns by 1, 2, 1 quarters around the even ones: chroma samples of 4:2:0 and 4:2:2 lie
    on the even columns and between two rows (BT.601, and what H.264, H.265 and VP9 assume unless told otherwise).
    Borders are repeated. A constant plane stays constant.
    """
    small = np.asarray(plane, np.float32)
    for _ in range(shift[0]):
        upper, lower = small[0::2], small[1::2]
        mean = upper.copy()
        mean[: len(lower)] += lower
        mean[: len(lower)] *= np.float32(0.5)
        small = mean
    for _ in range(shift[1]):
        even, odd = small[:, 0::2], small[:, 1::2]
        mean = even * np.float32(2)
        mean[:, : odd.shape[1]] += odd
        mean[:, odd.shape[1] :] += even[:, odd.shape[1] :]
        mean[:, 1:] += odd[:, : even.shape[1] - 1]
        mean[:, :1] += even[:, :1]
        small = mean * np.float32(0.25)
    return small


def key_planes(rgb: NDArray[Any], info: ClipInfo) -> tuple[Codes, Codes]:
    """Cb and Cr codes on the chroma grid of a picture of the stored frame's size and orientation (`as_stored`)."""
    if rgb.shape[:2] != info.shape:
        raise ValueError(f"the picture is {rgb.shape[:2]}, frames are {info.shape}")
    cb, cr = (chroma_to_codes(subsample(plane, info.chroma_shift), info) for plane in rgb_to_ycbcr(rgb, info)[1:])
    return cb, cr


def upright(picture: NDArray[Any], rotation: int) -> NDArray[Any]:
    """The stored picture turned by `ClipInfo.rotation` degrees anticlockwise, as a player shows it."""
    if rotation % 90:
        raise ValueError(f"rotation must be a multiple of 90, got {rotation}")
    return np.ascontiguousarray(np.rot90(picture, rotation // 90))


def as_stored(picture: NDArray[Any], rotation: int) -> NDArray[Any]:
    """The inverse of `upright`."""
    return upright(picture, -rotation)


def _as_unit(picture: NDArray[Any]) -> FloatArray:
    if picture.dtype in (np.uint8, np.uint16):
        return picture.astype(np.float32) * np.float32(1 / np.iinfo(picture.dtype).max)
    return np.clip(np.ascontiguousarray(picture, np.float32), 0.0, 1.0)


@lru_cache(maxsize=8)
def _lightness_table(bits: int, full_range: bool) -> FloatArray:
    place = _code_range(bits, full_range)
    unit = (np.arange(2**bits)[None] - place.black) / place.luma_span
    return lightness_from_luminance(decode_srgb(unit)).ravel()
