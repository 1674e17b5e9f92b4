"""The stored samples of a TIFF picture, unpacked by the decoder that can; refused where none is sure to be right.

libtiff (through imagecodecs) unpacks whole bytes in the chain of pages, tifffile packed bits, what lies in directories
inside others, and compressions that libtiff does not know. What they give is compared with what the header says.
"""

from __future__ import annotations

from typing import Any, Final

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from featcolor.pictures.tiff.strips import CCITT, UNCOMPRESSED, says_byte_counts

FLOAT_RANGE = (-1.0, 2.0)
"""Float samples mean 0..1. What lies outside is clipped, up to here; a picture in 0..255 is refused, not guessed."""
JPEG: Final = 7
_PACKBITS, _LERC, _WEBP = 32773, 34887, 50001
_PREDICTED: Final = (5, 8, 32946, 34925, 50000)  # LZW, deflate, LZMA, Zstandard: what a predictor goes with
_COLOUR_PICTURES: Final = (JPEG, 22610, 33005, 34712, 34933, 34934, 50002, _WEBP)
"""JPEG, JPEG XR, JPEG 2000, WebP, PNG, JPEG XL: pictures of their own in each strip, with all their channels."""
_PICTURES: Final = (_LERC, *_COLOUR_PICTURES)
"""These and LERC, which know no predictor."""
_JPEG_BITS: Final = (8, 12)  # a JPEG of 12 bits is also found where 16 are said
_LIBTIFF: Final = (UNCOMPRESSED, _PACKBITS, *_PREDICTED, _LERC, _WEBP)
_COMPRESSIONS: Final = (*_LIBTIFF, *CCITT, *_PICTURES)
_WHOLE_BYTES: Final = (8, 16, 32, 64)
_INKS: Final = 5  # photometric interpretation, which imagecodecs would have libtiff turn into RGB
_BITS: Final = {1: (*range(1, 17), 32), 3: (16, 24, 32, 64), 4: (*range(1, 17), 32)}
"""Bits that are read by sample format (TIFF 6.0, tag 339): whole numbers, floats, unknown, which means whole."""
_VOID: Final = 4
_FORMATS: Final = {2: "signed", 5: "complex", 6: "complex"}
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3  # predictors


def read_samples(data: bytes, page: Any, number: int | None) -> NDArray[Any]:
    """Samples (H, W, n) as they are stored: whole numbers in as many bits as they have, or floats.

    ValueError for what is stored in a way that no decoder here is sure of.
    """
    _check_readable(page)
    is_plain = page.bitspersample in _WHOLE_BYTES and page.sampleformat != _VOID and page.photometric != _INKS
    is_known = (is_plain and page.compression in _LIBTIFF) or _is_fax(page)
    for_libtiff = is_known and number is not None and says_byte_counts(page)
    if _is_fax(page) and not for_libtiff:
        raise ValueError("has a fax inside another picture; save it with LZW or deflate")
    stored = imagecodecs.tiff_decode(data, index=number) if for_libtiff else _unpacked(page)
    samples = np.moveaxis(stored, 0, -1) if is_planar(page) else stored.reshape(*stored.shape[:2], -1)
    claimed = page.imagelength, page.imagewidth, page.samplesperpixel
    if samples.shape != claimed or not _is_alike(stored, page.dtype):
        raise ValueError("holds other pixels than it says; the file is damaged, restore it from its source")
    return samples


def to_depth(stored: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers of up to 8 bits as uint8, of more as uint16, floats as float32 0..1; all in native byte order."""
    if not np.issubdtype(stored.dtype, np.floating):
        if bits in (8, 16):
            return stored.astype(stored.dtype.newbyteorder("="), copy=False)
        if bits == 32:
            return (stored >> 16).astype(np.uint16)
        top = 255 if bits < 8 else 65535
        table = np.rint(np.arange(2**bits) * (top / (2**bits - 1))).astype(np.uint8 if bits < 8 else np.uint16)
        return table[stored.view(np.uint8) if bits == 1 else stored]
    low, high = float(stored.min()), float(stored.max())
    if np.isnan(low):
        raise ValueError("has pixels without a value (NaN); fill them, and save it again")
    if not (FLOAT_RANGE[0] <= low and high <= FLOAT_RANGE[1]):
        raise ValueError(f"has float values from {low:g} to {high:g}; scale them to 0..1")
    return np.clip(stored, 0.0, 1.0).astype(np.float32)


def is_planar(page: Any) -> bool:
    """Whether each channel lies in a plane of its own."""
    return bool(page.planarconfig == 2 and page.samplesperpixel > 1)


def _unpacked(page: Any) -> NDArray[Any]:
    """Samples through tifffile, strip by strip, since it would fit strips of any depth into the header's."""
    if page.is_contiguous:
        return np.asarray(page.asarray())
    stored = np.empty(page.shaped, page.dtype)
    for strip, (plane, _, top, left, _), _ in page.segments():
        if strip is None or not _is_alike(strip, page.dtype):
            raise ValueError("holds strips of another depth than it says; the file is damaged")
        place = stored[plane, 0, top : top + strip.shape[1], left : left + strip.shape[2]]
        place[:] = strip[0, : place.shape[0], : place.shape[1]]
    return stored.reshape(page.shape)


def _check_readable(page: Any) -> None:
    """ValueError that says what the file has, where that is not read, and what to do."""
    bits, format, predictor = page.bitspersample, page.sampleformat, page.predictor
    odd_fax = page.compression in CCITT and not _is_fax(page)
    if page.compression not in _COMPRESSIONS or odd_fax or not _has_codec(page):
        what = f"has {bits} bits compressed as {_name(page.compression)}"
        raise ValueError(f"{what}, which is not read; save it with LZW or deflate")
    if format in _FORMATS:
        raise ValueError(f"has {_FORMATS[format]} samples; save it with 8 or 16 bits, unsigned")
    if bits not in _BITS.get(format, ()) or page.dtype is None:
        raise ValueError(f"has {'float ' * (format == 3)}samples of {bits} bits; save it with 8 or 16 bits")
    if page.compression in _COLOUR_PICTURES and (odd := _oddity(page)):
        raise ValueError(f"has {odd} compressed as {_name(page.compression)}; save it with LZW or deflate")
    if predictor == 1 or page.compression in (*_PICTURES, *CCITT):
        return
    fits = {_DIFFERENCES: bits in (8, 16, 32, 64), _FLOAT_DIFFERENCES: format == 3 and bits != 24}
    if page.compression not in _PREDICTED or not fits.get(predictor, False):
        what = f"has predictor {_name(predictor)} for {bits} bits, compression {_name(page.compression)}"
        raise ValueError(f"{what}, which do not go together; save it without a predictor")


def _oddity(page: Any) -> str:
    """What programs put into pictures in strips in more than one way, or wrongly; '' where nothing is odd."""
    if is_planar(page):
        return "planes"
    if page.compression == JPEG:
        return "" if page.bitspersample in _JPEG_BITS else f"samples of {page.bitspersample} bits"
    if page.fillorder == 2:
        return "bits from right to left"
    return "big-endian samples" if page.parent.byteorder == ">" and page.bitspersample > 8 else ""


def _is_fax(page: Any) -> bool:
    return page.compression in CCITT and (page.bitspersample, page.samplesperpixel) == (1, 1)


def _has_codec(page: Any) -> bool:
    try:
        return page.compression == UNCOMPRESSED or tifffile.TIFF.DECOMPRESSORS[page.compression] is not None
    except KeyError:
        return False


def _name(value: Any) -> str:
    """What tifffile calls a tag's value, and its number."""
    return f"{value.name} ({int(value)})" if hasattr(value, "name") else str(value)


def _is_alike(array: NDArray[Any], dtype: Any) -> bool:
    """Whether samples are floats or whole numbers of as many bytes as `dtype`."""
    return array.dtype.itemsize == dtype.itemsize and (array.dtype.kind == "f") == (dtype.kind == "f")
