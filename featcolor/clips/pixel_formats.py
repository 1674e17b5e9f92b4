"""Pixel formats read as planes of codes: exact copies wherever the stream holds Y'CbCr or grey."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from featcolor.clips.frames import Codes
from featcolor.clips.output.containers import CHROMA_SHIFTS, GREY_NAME, PLANAR_NAME

Planes = tuple[Codes, Codes | None, Codes | None]

# Chroma of these is one plane of Cb, Cr pairs (Cr, Cb where swapped); the deep ones keep their bits at the top of 16.
SEMI_PLANAR = {"nv12": "420", "nv21": "420", "nv16": "422", "nv24": "444", "nv42": "444"}
SWAPPED = ("nv21", "nv42")
DEEP_SEMI_PLANAR = re.compile(r"p([024])(10|12|16)(le|be)")

# Y'CbCr in one plane: taking it apart is exact.
PACKED = {
    **dict.fromkeys(("yuyv422", "uyvy422", "yvyu422"), "yuv422p"),
    **dict.fromkeys(("vuya", "vuyx", "ayuv", "uyva"), "yuv444p"),
    **dict.fromkeys(("monow", "monob", "ya8"), "gray"),
    **dict.fromkeys(("ya16le", "ya16be"), "gray16le"),
    **{"uyyvyy411": "yuv411p", "xv30le": "yuv444p10le", "xv36le": "yuv444p12le"},
    **{"y210le": "yuv422p10le", "y212le": "yuv422p12le"},
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Order of the samples of a pixel format.

    Attributes
    ----------
    bits : of a sample.
    chroma_shift : halvings, None for grey.
    big_endian, semi_planar, swapped, low_zeros : order of bytes, Cb and Cr in one plane, Cr first, empty low bits.
    convert : the format to convert to first; "" for none.
    from_rgb : whether that conversion makes Y' (it is then this conversion's Y' that is kept).
    """

    bits: int
    chroma_shift: tuple[int, int] | None
    big_endian: bool = False
    semi_planar: bool = False
    swapped: bool = False
    low_zeros: int = 0
    convert: str = ""
    from_rgb: bool = False


@lru_cache
def layout_of(name: str, depth: int) -> Layout:
    """The layout of FFmpeg's pixel format `name`, whose deepest component has `depth` bits.

    Anything that is not Y'CbCr or grey (RGB, palettes, X'Y'Z') is converted to 4:4:4 Y'CbCr of 16..235 codes at its
    depth: Y' is then defined by that conversion.
    """
    if found := PLANAR_NAME.fullmatch(name):
        return Layout(bits=int(found[2] or 8), chroma_shift=CHROMA_SHIFTS[found[1]], big_endian=found[3] == "be")
    if found := GREY_NAME.fullmatch(name):
        return Layout(bits=int(found[1] or 8), chroma_shift=None, big_endian=found[2] == "be")
    if name in SEMI_PLANAR:
        shift = CHROMA_SHIFTS[SEMI_PLANAR[name]]
        return Layout(bits=8, chroma_shift=shift, semi_planar=True, swapped=name in SWAPPED)
    if found := DEEP_SEMI_PLANAR.fullmatch(name):
        bits, shift = int(found[2]), CHROMA_SHIFTS[{"0": "420", "2": "422", "4": "444"}[found[1]]]
        big = found[3] == "be"
        return Layout(bits=bits, chroma_shift=shift, semi_planar=True, low_zeros=16 - bits, big_endian=big)
    bits = next((bits for bits in (8, 10, 12) if depth <= bits), 16)
    target = PACKED.get(name, "yuv444p" if bits == 8 else f"yuv444p{bits}le")
    return replace(layout_of(target, bits), convert=target, from_rgb=name not in PACKED)


def read_planes(picture: Any, layout: Layout, *, matrix: str) -> Planes:
    """Y', Cb, Cr of an `av.VideoFrame` as arrays of their own, uint8 or uint16; Cb and Cr are None for grey."""
    if layout.convert:
        picture = _converted(picture, layout, matrix)
    height, width = picture.height, picture.width
    luma = _plane(picture.planes[0], height, width, layout)
    if layout.chroma_shift is None:
        return luma, None, None
    rows, columns = layout.chroma_shift
    shape = -(-height >> rows), -(-width >> columns)
    if not layout.semi_planar:
        return luma, _plane(picture.planes[1], *shape, layout), _plane(picture.planes[2], *shape, layout)
    pairs = _plane(picture.planes[1], shape[0], shape[1] * 2, layout)
    first, second = pairs[:, 0::2].copy(), pairs[:, 1::2].copy()
    return (luma, second, first) if layout.swapped else (luma, first, second)


def _converted(picture: Any, layout: Layout, matrix: str) -> Any:
    from av.video.reformatter import ColorRange, Colorspace

    if not layout.from_rgb:
        same = picture.color_range or ColorRange.MPEG
        return picture.reformat(format=layout.convert, src_color_range=same, dst_color_range=same)
    space = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709, "bt2020": Colorspace.BT2020}[matrix]
    return picture.reformat(
        format=layout.convert, src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG, dst_colorspace=space
    )


def _plane(plane: Any, height: int, width: int, layout: Layout) -> Codes:
    deep = layout.bits > 8 or layout.low_zeros
    dtype = np.dtype((">u2" if layout.big_endian and not layout.convert else "<u2") if deep else "u1")
    # FFmpeg pads lines; the last one need not be there in full, so the stride is laid over the bytes.
    line = plane.line_size
    codes: Codes = np.ndarray((height, width), dtype, buffer=memoryview(plane), strides=(line, dtype.itemsize))
    # A copy: the decoder takes its buffer back.
    native: Codes = codes.astype(np.uint16) if deep else codes.astype(np.uint8)
    return np.right_shift(native, layout.low_zeros) if layout.low_zeros else native
