"""TIFF with 16 bits or floating point: tifffile where it can unpack, else OpenCV (LZW and others through libtiff).

Eight-bit files go through Pillow, which would cut deeper ones to 8 bits.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from featcolor.pictures import pillow
from featcolor.pictures.metadata import EXIF_PREFIX, settle
from featcolor.pictures.picture import Metadata, Picture, check_size, clean_dpi, is_quarter_turn, silent_stderr

FLOAT_RANGE = (-1.0, 2.0)
"""Float samples mean 0..1. What lies outside is clipped, up to here; a picture in 0..255 is refused, not guessed."""
MAX_PAGES = 64
"""Directories that are looked at; a picture with reduced copies and masks has a dozen."""
MAX_RATIO = 4096
"""More bytes a stored byte than TIFF's compressions reach: LZW codes strings of up to 3840 bytes in 12 bits."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2  # photometric interpretation, TIFF 6.0, tag 262
_REDUCED_IMAGE, _TRANSPARENCY_MASK = 1, 4  # bits of the new subfile type, tag 254
_UNCOMPRESSED = 1
_PLAIN_COMPRESSIONS = (1, 8, 32946)  # none, deflate: what tifffile unpacks without imagecodecs
_CENTIMETRES_AN_INCH = 2.54
_TEXT_TAGS = (270, 271, 272, 305, 306, 315, 33432)  # description, make, model, software, date, artist, copyright


def read(data: bytes) -> Picture:
    """A TIFF picture of any depth, upright."""
    is_deep, orientation, metadata = _read_header(data)
    with silent_stderr():
        if is_deep:
            pixels, alpha = _read_deep(data)
        else:
            image = pillow.open_header(data, "TIFF")
            pixels, alpha = pillow.decode(image, metadata.icc)
            if pillow.orientation_left(image) == 1:  # some versions of Pillow turn TIFF pictures themselves
                metadata = replace(metadata, dpi=clean_dpi(metadata.dpi, turned=is_quarter_turn(orientation)))
                orientation = 1
    exif = pillow.tiff_exif(data) or metadata.exif
    return settle(pixels, alpha, replace(metadata, exif=exif), orientation)


def _read_header(data: bytes) -> tuple[bool, int, Metadata]:
    """Whether the one picture in the file is deep, its EXIF orientation, and its metadata; of EXIF the texts.

    ValueError when there are several pages (reduced copies aside), when it is too large, or when its strips point
    behind the end of the file.
    """
    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        # A damaged chain of pages can lead through the whole file: no more of it is walked than the answer needs.
        pages = islice(file.pages, MAX_PAGES)
        n_pages = sum(not _subfile_type(other) & (_REDUCED_IMAGE | _TRANSPARENCY_MASK) for other in pages)
        if n_pages > 1:
            raise ValueError(f"holds {n_pages} pages; save each page as a file of its own (tiffsplit does it)")
        check_size(page.imagewidth, page.imagelength)
        if page.imagedepth > 1:
            raise ValueError("is a volume; save each slice as a file of its own")
        ends = [start + size for start, size in zip(page.dataoffsets, page.databytecounts, strict=False)]
        if not ends or max(ends) > len(data):
            raise ValueError("points behind its own end; the file is cut off, restore it from its source")
        if page.compression == _UNCOMPRESSED and 8 * sum(page.databytecounts) < _bits(page):
            raise ValueError("holds fewer pixels than it claims; the file is damaged, restore it from its source")
        if page.bitspersample > 1 and _bits(page) > 8 * (MAX_RATIO * sum(page.databytecounts) + MAX_RATIO):
            raise ValueError("holds fewer bytes than its pixels need; the file is damaged or cut off")
        tags = page.tags
        icc = tags.valueof(34675)
        exif = _texts_exif({tag: text for tag in _TEXT_TAGS if isinstance(text := tags.valueof(tag), str) and text})
        icc = icc if isinstance(icc, bytes) else None
        metadata = Metadata("TIFF", exif, icc, clean_dpi(_dpi(tags)), page.compression != _UNCOMPRESSED)
        return page.bitspersample > 8 or page.sampleformat == 3, int(tags.valueof(274, 1)), metadata


def _read_deep(data: bytes) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Pixels (H, W) or (H, W, 3) and alpha or None, uint16 or float32 0..1, of a file that `_read_header` accepted."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
            raise ValueError(f"stores deep pixels as {page.photometric.name}; save it as RGB or grey")
        if page.dtype not in (np.uint16, np.float16, np.float32, np.float64):
            raise ValueError(f"has samples of {page.bitspersample} bits ({page.dtype}); save it with 8 or 16 bits")
        if page.compression in _PLAIN_COMPRESSIONS:
            stored = page.asarray()
            if page.planarconfig == 2 and stored.ndim == 3:
                stored = np.moveaxis(stored, 0, -1)
        else:
            stored = _unpack_by_opencv(data, page.samplesperpixel)
        inverted = page.photometric == _WHITE_IS_ZERO
        n_colours = 3 if page.photometric == _RGB else 1
    stored = _to_depth(stored)
    stored = stored.reshape(*stored.shape[:2], -1)
    pixels = stored[..., :3] if n_colours == 3 else stored[..., 0]
    alpha = np.ascontiguousarray(stored[..., n_colours]) if stored.shape[2] > n_colours else None
    if inverted:
        pixels = (1 if pixels.dtype == np.float32 else np.iinfo(np.uint16).max) - pixels
    return np.ascontiguousarray(pixels), alpha


def write_deep(stream: BinaryIO, pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata) -> None:
    """Encoder of uint16 or float32 pixels; of EXIF the descriptive texts only."""
    texts = _exif_texts(metadata.exif)
    stored = pixels if alpha is None else np.dstack([pixels, alpha])
    tifffile.imwrite(
        stream,
        np.ascontiguousarray(stored),
        photometric="rgb" if pixels.ndim == 3 else "minisblack",
        planarconfig="contig" if stored.ndim == 3 else None,
        extrasamples=None if alpha is None else ["unassalpha"],
        compression="zlib" if metadata.compact else None,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc,
        metadata=None,
        software=texts.get(305, "featcolor"),
        extratags=[(tag, "s", 0, _ascii(text), True) for tag, text in texts.items() if tag != 305],
    )


def _texts_exif(texts: dict[int, str]) -> bytes | None:
    """An EXIF block of descriptive texts by tag; None when there are none."""
    block = Image.Exif()
    for tag, text in texts.items():
        block[tag] = text
    return block.tobytes().removeprefix(EXIF_PREFIX) if texts else None


def _exif_texts(exif: bytes | None) -> dict[int, str]:
    """The descriptive texts (description, camera, date, author, copyright) of an EXIF block, by tag."""
    if exif is None:
        return {}
    block = Image.Exif()
    block.load(exif)
    return {tag: text for tag in _TEXT_TAGS if isinstance(text := block.get(tag), str) and text}


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace") + b"\x00"


def _subfile_type(page: Any) -> int:
    return int(getattr(page, "subfiletype", 0) or 0)


def _bits(page: Any) -> int:
    return int(page.imagewidth) * int(page.imagelength) * int(page.samplesperpixel) * int(page.bitspersample)


def _dpi(tags: Any) -> tuple[float, float] | None:
    across, down = tags.valueof(282), tags.valueof(283)
    unit = tags.valueof(296, 2)
    if not across or not down or unit not in (2, 3) or not across[1] or not down[1]:
        return None
    scale = _CENTIMETRES_AN_INCH if unit == 3 else 1.0
    return scale * across[0] / across[1], scale * down[0] / down[1]


def _unpack_by_opencv(data: bytes, n_samples: int) -> NDArray[Any]:
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or (stored.ndim == 3) != (n_samples > 1):
        raise ValueError("has a compression that cannot be unpacked; save it uncompressed")
    if stored.ndim == 3:
        stored = stored[..., [2, 1, 0, 3][: stored.shape[2]]]
    return np.asarray(stored)


def _to_depth(stored: NDArray[Any]) -> NDArray[Any]:
    """uint16 in native byte order as it is, floats as float32 0..1."""
    if not np.issubdtype(stored.dtype, np.floating):
        return stored.astype(np.uint16, copy=False)
    low, high = float(stored.min()), float(stored.max())
    if not (FLOAT_RANGE[0] <= low and high <= FLOAT_RANGE[1]):
        raise ValueError(f"has float values from {low:g} to {high:g}; scale them to 0..1")
    return np.clip(stored, 0.0, 1.0).astype(np.float32)
