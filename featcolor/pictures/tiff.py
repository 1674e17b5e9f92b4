"""TIFF: more than 8 bits, floating point and planes beyond three through tifffile, the rest through Pillow."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

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
MAX_TILE = 4096
"""Longest side of a tile that is larger than the picture; programs write up to 1024."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2  # photometric interpretation, TIFF 6.0, tag 262
_REDUCED_IMAGE, _TRANSPARENCY_MASK = 1, 4  # bits of the new subfile type, tag 254
_UNCOMPRESSED = 1
_SEPARATE = 2  # planar configuration, tag 284
_PREMULTIPLIED, _ALPHA = 1, 2  # extra samples, tag 338; what is unspecified (0) is no transparency
_KINDS = (np.uint8, np.uint16, np.uint32, np.float16, np.float32, np.float64)
_ODD_BITS = range(17, 32)  # of a sample: nothing writes them, and no reader of ours was tried on them
_RAW_TAG = 50706  # DNGVersion
_CENTIMETRES_AN_INCH = 2.54
_TEXT_TAGS = (270, 271, 272, 305, 306, 315, 33432)  # description, make, model, software, date, artist, copyright


class _Header(NamedTuple):
    """What the file's one picture is: size, number of its page, whether Pillow reads it, EXIF orientation."""

    size: tuple[int, int]
    page: int
    by_pillow: bool
    orientation: int
    metadata: Metadata


def read(data: bytes) -> Picture:
    """A TIFF picture of any depth, upright."""
    _, page, by_pillow, orientation, metadata = _read_header(data)
    with silent_stderr():
        if not by_pillow:
            pixels, alpha = _read_samples(data, page)
        else:
            image = pillow.open_header(data, "TIFF")
            image.seek(page)
            pixels, alpha = pillow.decode(image, metadata.icc)
            if pillow.orientation_left(image) == 1:  # some versions of Pillow turn TIFF pictures themselves
                metadata = replace(metadata, dpi=clean_dpi(metadata.dpi, turned=is_quarter_turn(orientation)))
                orientation = 1
    exif = pillow.tiff_exif(data) or metadata.exif
    return settle(pixels, alpha, replace(metadata, exif=exif), orientation)


def claimed_size(data: bytes) -> tuple[int, int]:
    """Width and height as a file's head says, nothing decoded."""
    return _read_header(data).size


def _read_header(data: bytes) -> _Header:
    """The header of the one picture in the file; of EXIF the texts.

    ValueError when there are several pages (reduced copies and masks aside), when it is a camera's raw file, when it is
    too large, or when its strips point behind the end of the file.
    """
    with tifffile.TiffFile(BytesIO(data)) as file:
        # A damaged chain of pages can lead through the whole file: no more of it is walked than the answer needs.
        pages: list[Any] = list(islice(file.pages, MAX_PAGES))
        if _RAW_TAG in pages[0].tags:
            raise ValueError("is a camera's raw file (DNG); develop it first and save it as TIFF or JPEG")
        whole = [n for n, each in enumerate(pages) if not _subfile_type(each) & (_REDUCED_IMAGE | _TRANSPARENCY_MASK)]
        if len(whole) > 1:
            raise ValueError(f"holds {len(whole)} pages; save each page as a file of its own (tiffsplit does it)")
        number = whole[0] if whole else 0
        page = pages[number]
        check_size(page.imagewidth, page.imagelength)
        if page.tilewidth > max(page.imagewidth, MAX_TILE) or page.tilelength > max(page.imagelength, MAX_TILE):
            raise ValueError(f"claims tiles of {page.tilewidth}x{page.tilelength} pixels; the file is damaged")
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
        compact = page.compression != _UNCOMPRESSED
        metadata = Metadata("TIFF", exif, icc, clean_dpi(_dpi(tags)), compact, notes=_notes(page))
        is_deep = page.bitspersample > 8 or page.sampleformat == 3
        # Pillow knows no fourth plane of its own.
        by_pillow = not is_deep and not (page.planarconfig == _SEPARATE and page.extrasamples)
        size = int(page.imagewidth), int(page.imagelength)
        return _Header(size, number, by_pillow, int(tags.valueof(274, 1)), metadata)


def _notes(page: Any) -> tuple[str, ...]:
    left_out = sum(kind not in (_PREMULTIPLIED, _ALPHA) for kind in page.extrasamples)
    if not left_out:
        return ()
    what = "a channel" if left_out == 1 else f"{left_out} channels"
    return (f"left out {what} that the file does not explain, such as infrared",)


def _read_samples(data: bytes, number: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Pixels (H, W) or (H, W, 3) and alpha or None, uint8, uint16 or float32 0..1, of a page that has a header."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[number]
        if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
            raise ValueError(f"stores such pixels as {page.photometric.name}; save it as RGB or grey")
        bits = page.bitspersample
        if page.dtype not in _KINDS or bits in _ODD_BITS:
            raise ValueError(f"has samples of {bits} bits ({page.dtype}); save it with 8 or 16 bits")
        try:
            stored = page.asarray()
        except NotImplementedError as error:
            raise ValueError(f"is stored in a way that cannot be unpacked ({error}); save it uncompressed") from error
        if page.planarconfig == _SEPARATE and stored.ndim == 3:
            stored = np.moveaxis(stored, 0, -1)
        inverted = page.photometric == _WHITE_IS_ZERO
        n_colours = 3 if page.photometric == _RGB else 1
        extra = tuple(map(int, page.extrasamples))
    stored = _to_depth(stored, bits)
    stored = stored.reshape(*stored.shape[:2], -1)
    if stored.shape[2] < n_colours:
        raise ValueError("has fewer samples than its colours need; the file is damaged, restore it from its source")
    pixels = stored[..., :3] if n_colours == 3 else stored[..., 0]
    white = 1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    if inverted:
        pixels = white - pixels
    kind = next((kind for kind in extra if kind in (_PREMULTIPLIED, _ALPHA)), None)
    if kind is None:
        return np.ascontiguousarray(pixels), None
    alpha = np.ascontiguousarray(stored[..., n_colours + extra.index(kind)])
    return np.ascontiguousarray(_divided(pixels, alpha, white) if kind == _PREMULTIPLIED else pixels), alpha


def _divided(pixels: NDArray[Any], alpha: NDArray[Any], white: int) -> NDArray[Any]:
    """Premultiplied pixels, 0..white, without their alpha; black where nothing is seen."""
    opacity = (alpha / np.float32(white)).reshape(*alpha.shape, *[1] * (pixels.ndim - 2))
    divided = np.clip(np.divide(pixels, opacity, out=np.zeros(pixels.shape, np.float32), where=opacity > 0), 0, white)
    return np.asarray((divided if pixels.dtype == np.float32 else np.rint(divided)).astype(pixels.dtype))


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


def _to_depth(stored: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers of 9 to 15, or 32, bits as uint16, floats as float32 0..1; all in native byte order."""
    if not np.issubdtype(stored.dtype, np.floating):
        if bits in (8, 16):
            return stored.astype(stored.dtype.newbyteorder("="), copy=False)
        return np.rint(stored * (65535 / (2**bits - 1))).astype(np.uint16)
    low, high = float(stored.min()), float(stored.max())
    if not (FLOAT_RANGE[0] <= low and high <= FLOAT_RANGE[1]):
        raise ValueError(f"has float values from {low:g} to {high:g}; scale them to 0..1")
    return np.clip(stored, 0.0, 1.0).astype(np.float32)
