"""What the samples of a TIFF picture mean (photometric interpretation): grey or sRGB, and opacity."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featcolor.colour.lab import lab_to_rgb
from featcolor.pictures.icc import cmyk_to_srgb, profile_space, srgb_profile
from featcolor.pictures.tiff.samples import JPEG, is_planar, to_depth
from featcolor.pictures.tiff.strips import CCITT, OLD_JPEG

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
"""Photometric interpretations that are read (TIFF 6.0, tag 262; Adobe's technical notes on ICCLAB)."""
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, CIELAB: 3, ICCLAB: 3}
_WHOLE_BITS = {PALETTE: range(1, 17), CMYK: (8, 16), YCBCR: (8, 12), CIELAB: (8, 16), ICCLAB: (8, 16)}
"""Bits of what is never stored as floats."""
_PLAIN_COMPRESSIONS = (1, 5, 8, 32773, 32946)  # none, LZW, deflate, packbits: what every libtiff has
_PREMULTIPLIED, _ALPHA = 1, 2  # extra samples, tag 338; what is unspecified (0) is no transparency
_INK_SET, _DOT_RANGE, _INDEXED, _COLOUR_MAP = 332, 336, 346, 320


def photometric(page: Any) -> int:
    """What a picture's samples mean; where it does not say so, what their number and compression suggest."""
    if 262 in page.tags or page.compression == OLD_JPEG:
        return int(page.photometric)
    if page.samplesperpixel >= 3:
        return RGB
    return WHITE_IS_ZERO if page.compression in CCITT else BLACK_IS_ZERO


def check_colours(page: Any) -> None:
    """ValueError for a picture whose samples have a meaning that is not read, in words for the person who has it."""
    kind, tags = photometric(page), page.tags
    name = getattr(page.photometric, "name", f"kind {kind} of colours")
    if kind not in _COLOURS or (tags.valueof(_INDEXED, 0) and kind != PALETTE):
        raise ValueError(f"stores such pixels as {name}; save it as RGB or grey")
    if page.samplesperpixel < _COLOURS[kind]:
        raise ValueError("has fewer samples than its colours need; the file is damaged, restore it from its source")
    bits, is_float = page.bitspersample, page.sampleformat == 3
    if kind in _WHOLE_BITS and (bits not in _WHOLE_BITS[kind] or is_float):
        raise ValueError(f"stores {name} in {bits} bits{' of floats' * is_float}; save it as RGB or grey")
    if kind == YCBCR and (page.compression != JPEG or is_planar(page) or page.samplesperpixel > 3):
        raise ValueError("stores YCbCr without JPEG, in planes or with more channels; save it as RGB or grey")
    if kind == CMYK and not _is_plain_cmyk(tags, bits):
        raise ValueError("stores other inks than plain cyan, magenta, yellow and black; save it as RGB or grey")
    if _PREMULTIPLIED in extra_samples(page) and kind not in (BLACK_IS_ZERO, RGB):
        raise ValueError(f"has premultiplied transparency in {name}; save it as RGB or grey")


def extra_samples(page: Any) -> tuple[int, ...]:
    """Kinds of the samples that follow the colours: 0 unexplained, 1 premultiplied opacity, 2 opacity."""
    n_extra = max(0, page.samplesperpixel - _COLOURS.get(photometric(page), 0))
    return (*map(int, page.extrasamples), *[0] * n_extra)[:n_extra]


def colours_of(stored: NDArray[Any], page: Any, icc: bytes | None) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Pixels (H, W) or (H, W, 3) and alpha or None, uint8, uint16 or float32 0..1, of stored samples (H, W, n)."""
    kind, extra = photometric(page), extra_samples(page)
    samples = to_depth(stored, page.bitspersample)
    pixels = _looked_up(stored, page) if kind == PALETTE else _pixels(samples[..., : _COLOURS[kind]], kind, icc)
    which = next((each for each in extra if each in (_PREMULTIPLIED, _ALPHA)), None)
    if which is None:
        return np.ascontiguousarray(pixels), None
    alpha = np.ascontiguousarray(samples[..., _COLOURS[kind] + extra.index(which)])
    return np.ascontiguousarray(_divided(pixels, alpha) if which == _PREMULTIPLIED else pixels), alpha


def is_for_libtiff(page: Any) -> bool:
    """Whether a page is of those that libtiff alone reads, and turns into 8-bit RGB at once: JPEG of the old style,
    YCbCr that is not JPEG's."""
    kind, bits, samples = photometric(page), page.bitspersample, page.samplesperpixel
    is_ycbcr = kind == YCBCR and page.compression in _PLAIN_COMPRESSIONS and (bits, samples) == (8, 3)
    return is_ycbcr or page.compression == OLD_JPEG


def uses_up_profile(page: Any) -> bool:
    """Whether a profile is not of the RGB or grey that comes out."""
    return photometric(page) in (CMYK, CIELAB, ICCLAB)


def libtiff_colours(data: bytes, page: Any, number: int) -> NDArray[Any]:
    """Pixels (H, W) or (H, W, 3), uint8, of a page that is for libtiff; mirrored upright, but not turned."""
    rgba = imagecodecs.tiff_decode(data, index=number, asrgb=True)
    if rgba.shape != (page.imagelength, page.imagewidth, 4):
        raise ValueError("is not what it says in size; the file is damaged")
    return np.ascontiguousarray(rgba[..., 0] if photometric(page) in (WHITE_IS_ZERO, BLACK_IS_ZERO) else rgba[..., :3])


def _pixels(samples: NDArray[Any], kind: int, icc: bytes | None) -> NDArray[Any]:
    if kind == CMYK:
        return _srgb_of_cmyk(samples, icc)
    if kind in (CIELAB, ICCLAB):
        return _srgb_of_lab(samples, kind)
    pixels = samples if kind in (RGB, YCBCR) else samples[..., 0]
    return _white(pixels) - pixels if kind == WHITE_IS_ZERO else pixels


def _looked_up(stored: NDArray[Any], page: Any) -> NDArray[np.uint8]:
    """Colours of a palette, whose entries have 16 bits, or 8 where a writer did not know (libtiff's rule)."""
    palette = np.asarray(page.tags.valueof(_COLOUR_MAP, ())).reshape(3, -1).T
    if len(palette) != 2**page.bitspersample:
        raise ValueError(f"has {len(palette)} colours for {page.bitspersample} bits; the file is damaged")
    palette = palette if palette.max() < 256 else palette >> 8
    return palette.astype(np.uint8)[stored[..., 0].astype(np.intp)]


def _is_plain_cmyk(tags: Any, bits: int) -> bool:
    """Whether inks are cyan, magenta, yellow and black, from none at 0 to full at the top (TIFF 6.0, section 16)."""
    dots = np.ravel(tags.valueof(_DOT_RANGE, (0, 2**bits - 1)))
    return int(tags.valueof(_INK_SET, 1)) == 1 and set(dots[::2]) == {0} and set(dots[1::2]) == {2**bits - 1}


def _srgb_of_cmyk(inks: NDArray[Any], icc: bytes | None) -> NDArray[Any]:
    if inks.dtype == np.uint8:
        size = inks.shape[1], inks.shape[0]
        return np.asarray(cmyk_to_srgb(Image.frombytes("CMYK", size, np.ascontiguousarray(inks).tobytes()), icc))
    if icc is not None and profile_space(icc) == "CMYK":
        inks = np.ascontiguousarray(inks)
        return np.asarray(imagecodecs.cms_transform(inks, icc, srgb_profile(), colorspace="cmyk", outcolorspace="rgb"))
    paper = 65535 - inks.astype(np.float32)
    return np.rint(paper[..., :3] * paper[..., 3:] / 65535).astype(np.uint16)


def _srgb_of_lab(samples: NDArray[Any], kind: int) -> NDArray[Any]:
    """CIELAB with a* and b* as whole numbers with a sign, or ICC's with an offset and, in 16 bits, L* up to 0xFF00."""
    deep = samples.dtype == np.uint16
    unit = 256 if deep else 1
    top = 65280 if kind == ICCLAB and deep else _white(samples)
    lightness = np.minimum(samples[..., 0] / np.float32(top), 1)
    signed = samples[..., 1:].astype(np.float32) - 128 * unit
    if kind == CIELAB:
        signed = np.ascontiguousarray(samples[..., 1:]).view(np.int16 if deep else np.int8).astype(np.float32)
    return lab_to_rgb(lightness.astype(np.float32), (signed / unit).astype(np.float32), samples.dtype)


def _divided(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Premultiplied pixels without their alpha; black where nothing is seen."""
    white = _white(pixels)
    opacity = (alpha / np.float32(white)).reshape(*alpha.shape, *[1] * (pixels.ndim - 2))
    divided = np.clip(np.divide(pixels, opacity, out=np.zeros(pixels.shape, np.float32), where=opacity > 0), 0, white)
    return np.asarray((divided if pixels.dtype == np.float32 else np.rint(divided)).astype(pixels.dtype))


def _white(pixels: NDArray[Any]) -> int:
    return 1 if pixels.dtype == np.float32 else int(np.iinfo(pixels.dtype).max)
