"""A still picture and its metadata; what readers and writers of all formats share: limits, sniffing, depths."""

from __future__ import annotations

import logging
import os
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image, UnidentifiedImageError

from featcolor.errors import PictureError
from featcolor.pictures.kinds import RAW, kind_of_content, kind_of_name, suffix_of

MAX_PIXELS = 500_000_000
"""Largest picture read, in pixels; a header that claims more is refused before anything is allocated."""
MAX_SIDE = 300_000
"""Longest side read, in pixels (libtiff and libpng have no useful limit of their own)."""
MAX_PIXELS_A_BYTE = {"JPEG": 1024, "PNG": 8_800}
"""More pixels a byte of file than the format can code: JPEG needs a bit for each block of 64, deflate shrinks to
1/1032 at best and PNG has at least one bit a pixel. A header beyond that is damaged or a bomb."""
PLAIN_PIXELS = 16_000_000
"""That a header may claim in a few bytes where the format can code a plain surface so: GIF, JPEG 2000, WebP and others.
A JPEG 2000 of 159 bytes and 400 megapixels took 7 GB and two minutes."""
LIKELY_PIXELS_A_BYTE = 8_800
"""Beyond that, fifty times what a photograph of the poorest quality has."""
FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")
SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".png": "PNG",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".webp": "WEBP",
}
SUFFIX_OF = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}
"""What a file of a format is called."""
CONVERTED_SUFFIXES = {
    **dict.fromkeys((".pnm", ".pgm", ".ppm", ".pbm", ".pam"), "PNM"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    ".gif": "GIF",
    ".tga": "TGA",
    ".pcx": "PCX",
    ".ico": "ICO",
    ".mpo": "JPEG",
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".jpc"), "JPEG2000"),
    ".avif": "AVIF",
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
}
"""Of formats that are read, and written as PNG."""

_MAX_CODES = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
_CV2_SILENT = 0  # log level
_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}  # EXIF orientation, transposed where it is a quarter turn: cv2's code
_MAX_DPI = 65_535  # JFIF stores 16 bits
_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
    *((b"\n%c\1" % version, "PCX") for version in (0, 2, 3, 4, 5)),
    (b"\0\0\1\0", "ICO"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)
NETPBM = re.compile(rb"P[1-6][\s#]|P7\n")
_UNREAD = re.compile("unsupported|not supported", re.IGNORECASE)
"""In a decoder's words, what is not damage."""
_TGA_HEAD = 18  # bytes
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

for _library in ("PIL", "tifffile"):  # their complaints about damaged files would go to the error stream
    logging.getLogger(_library).addHandler(logging.NullHandler())

SNIFFED = 64
"""Bytes that tell."""
_FILM = re.compile(
    rb"\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|0&\xb2u|\x1f\x07\0|FLV\x01|OggS|YUV4MPEG2|G@|RIFF....AVI |"
    rb"....(ftyp(?!hei|mif1|msf1|avi[fs])|moov|mdat|wide)",
    re.DOTALL,
)
"""Matroska, MPEG, ASF, DV, Flash, Ogg, Y4M, MPEG transport, AVI, MP4 (but for HEIC and AVIF) and QuickTime begin so."""


@dataclass(frozen=True)
class Metadata:
    """Metadata that travels with the pixels.

    Attributes
    ----------
    format : {"JPEG", "PNG", "TIFF", "WEBP"}
    exif : bytes or None
        An EXIF block (TIFF structure without the `Exif` prefix), its orientation already 1, without thumbnail.
    icc : bytes or None
        An ICC profile of an RGB space, under which the picture is written; others are used up by reading.
    dpi : (across, down) or None
        Resolution in pixels an inch.
    compact : bool
        WebP: lossless. TIFF: compressed. The output follows.
    texts : PNG's text chunks, kind and body, as they are; a PNG is written with them
    comment : that of a JPEG or GIF, as it is; a JPEG is written with it
    notes : lines for a person on what of the file was not taken
    """

    format: str
    exif: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    compact: bool = False
    texts: tuple[tuple[bytes, bytes], ...] = ()
    comment: bytes | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A still picture, upright.

    Attributes
    ----------
    pixels : (H, W) grey or (H, W, 3), sRGB whatever the profile; uint8, uint16 or float32 0..1
        The dtype is the bit depth of the file.
    alpha : (H, W) or None
        Opacity, same dtype as `pixels`.
    metadata : Metadata
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    metadata: Metadata = field(default_factory=lambda: Metadata("PNG"))


def sniff(head: bytes, name: str = "") -> str:
    """Format of a file from its first bytes, whatever its suffix says; ValueError when it is none of ours.

    The name helps where content does not tell: a camera's raw file is a TIFF inside.
    """
    kind = kind_of_content(head)
    format = next((format for magic, format in _MAGIC if head.startswith(magic)), None)
    if format == "TIFF" and (kind is RAW or suffix_of(name) in RAW.suffixes):
        raise ValueError(f"is {RAW}")
    if format is not None:
        return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and (head[8:12] in (b"avif", b"avis") or b"avif" in head[12:40]):
        return "AVIF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "HEIF"
    if NETPBM.match(head):
        return "PNM"
    if not head:
        raise ValueError("is empty (0 bytes); restore it from its source")
    if kind is not None:
        raise ValueError(f"is {kind}")
    if _FILM.match(head):
        raise ValueError("is a film; use: featcolor video FILM -o OUT")
    if _is_tga(head):
        return "TGA"
    if (kind := kind_of_name(name)) is not None:
        raise ValueError(f"is named as {kind}")
    raise ValueError("is not a picture that is read; convert it to TIFF, PNG or JPEG")


def _is_tga(head: bytes) -> bool:
    """Whether a file begins as a TGA, which has no magic: every field of its head makes sense (Truevision TGA 2.0)."""
    if len(head) < _TGA_HEAD:
        return False
    _, has_map, kind, start, count, depth_of_map, _, _, width, height, depth, _ = struct.unpack_from("<3B2HB4H2B", head)
    fits_map = (
        depth_of_map in (15, 16, 24, 32) and 0 < count <= 256 if has_map else not (start or count or depth_of_map)
    )
    kinds = {1: (8,), 2: (15, 16, 24, 32), 3: (8, 16)}
    return (
        has_map in ((1,) if kind in (1, 9) else (0, 1))
        and fits_map
        and depth in kinds.get(kind & 7, ())
        and kind < 12
        and width * height > 0
    )


def check_size(width: int, height: int, *, format: str | None = None, n_bytes: int = 0) -> None:
    """Check of a header before anything is allocated; ValueError for one that claims too many pixels."""
    if width < 1 or height < 1:
        raise ValueError(f"claims to be {width}x{height} pixels; the file is damaged")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ValueError(
            f"claims {width}x{height} pixels, more than the {MAX_PIXELS // 10**6} megapixels or {MAX_SIDE} a side that "
            "are read; scale it down or cut it into parts"
        )
    if format in MAX_PIXELS_A_BYTE:
        most = (64 + n_bytes) * MAX_PIXELS_A_BYTE[format]
    else:
        most = max(PLAIN_PIXELS, n_bytes * LIKELY_PIXELS_A_BYTE)
    if format not in (None, "TIFF") and width * height > most:
        raise ValueError(f"claims {width}x{height} pixels in {n_bytes} bytes; the file is damaged or cut off")


def clean_dpi(dpi: Any, *, turned: bool = False) -> tuple[float, float] | None:
    """Resolution as two sane floats, or None; swapped when the picture was turned by a quarter."""
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(isfinite(value) and 0 < value <= _MAX_DPI for value in (across, down)):
        return None
    return (down, across) if turned else (across, down)


def upright(plane: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A plane (H, W) or (H, W, C) turned as EXIF's orientation 1..8 asks (EXIF 2.32, tag 274)."""
    if is_quarter_turn(orientation):
        plane = cv2.transpose(np.ascontiguousarray(plane))
    axis = _FLIPS.get(orientation)
    return plane if axis is None else np.asarray(cv2.flip(np.ascontiguousarray(plane), axis))


def is_quarter_turn(orientation: int) -> bool:
    """Whether EXIF's orientation exchanges width and height."""
    return 5 <= orientation <= 8


def as_depth(plane: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Values scaled to another depth, rounded; as they are when it is theirs already."""
    dtype = np.dtype(dtype)
    if plane.dtype == dtype:
        return plane
    if np.issubdtype(plane.dtype, np.floating):
        plane = np.clip(plane, 0.0, 1.0).astype(np.float32)
    if plane.dtype not in _MAX_CODES or dtype not in _MAX_CODES:
        raise ValueError(f"pixels must be uint8, uint16 or float 0..1, got {plane.dtype}")
    scaled = plane * np.float32(_MAX_CODES[dtype] / _MAX_CODES[plane.dtype])
    return scaled if dtype == np.float32 else np.rint(scaled).astype(dtype)


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """A block that decodes: warnings and logs stay inside, whatever is raised becomes a PictureError.

    Damaged files make Pillow, tifffile and OpenCV raise nearly every kind of exception there is.
    """
    cv2_log: Any = getattr(cv2.utils, "logging", cv2)  # where OpenCV 5 and 4 keep it
    log_level, pixel_limit = cv2_log.getLogLevel(), Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cv2_log.setLogLevel(_CV2_SILENT)
        Image.MAX_IMAGE_PIXELS = None  # check_size is the limit here
        try:
            yield
        except PictureError:
            raise
        except MemoryError:
            raise PictureError(f"{name}: too little memory to open it; close programs or scale it down") from None
        except Exception as error:
            raise PictureError(f"{name}: {explain(error)}") from error
        finally:
            cv2_log.setLogLevel(log_level)
            Image.MAX_IMAGE_PIXELS = pixel_limit


@contextmanager
def silent_stderr() -> Iterator[None]:
    """A block in which C libraries print nothing: libtiff's decoders report damage on the error stream, too."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no error stream
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


def explain(error: Exception) -> str:
    """One line that says what is wrong with a file: our own words, or the decoder's put into a sentence."""
    if type(error) is ValueError and "; " in str(error):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        return "cannot be decoded (its header is damaged or of a rare kind); restore it from its source"
    reason = " ".join(str(error).split())[:150] or type(error).__name__
    if isinstance(error, NotImplementedError) or _UNREAD.search(reason):
        return f"is of a kind that is not read ({reason}), or damaged; save it as TIFF or PNG with what reads it"
    return f"cannot be decoded ({reason}); the file is damaged or cut off, restore it from its source"
