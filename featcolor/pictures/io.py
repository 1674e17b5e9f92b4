"""Reading and writing of still pictures without losing what travels with them.

- The format is what the content says, not the suffix. JPEG, PNG, TIFF and WebP; 8 and 16 bits, float TIFF (0..1).
  Netpbm (PBM, PGM, PPM, PAM), BMP, GIF, TGA, PCX, ICO, JPEG 2000, AVIF and HEIC are read, and written as PNG. Of an
  MPO, which is several JPEG pictures, the first is read.
- EXIF orientation is applied and its tag set to 1; a thumbnail in EXIF (grey, unturned) is cut off.
- EXIF, resolution and RGB profiles are kept, and the texts of a PNG and the comment of a JPEG or GIF; in another
  format title, author, copyright and comment as EXIF, in a PNG a comment as its text.
- Pixels are sRGB, by the file's profile or by what it tells in numbers (PNG's cICP, gAMA and cHRM, code points, EXIF's
  Adobe RGB), and are brought back under an RGB profile by writing. What cannot stay on a colour picture is used up:
  profiles of grey and CMYK, and of RGB those that have no way back.
- Deep (16-bit, float) TIFF keeps the descriptive texts of EXIF only; 8-bit TIFF with Exif or GPS directories is written
  uncompressed. XMP and IPTC blocks are not kept.
- Alpha is kept, except in JPEG, which has none.
- Animated pictures and TIFF files of several pages are refused, rather than all frames but one lost.
- A file is written beside its place and renamed, so that nothing half-written is ever seen.
"""

from __future__ import annotations

import os
from dataclasses import replace
from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import PictureError
from featcolor.files import replacing
from featcolor.pictures import converted, pillow, png
from featcolor.pictures.icc import from_srgb
from featcolor.pictures.kinds import suffix_of
from featcolor.pictures.picture import (
    CONVERTED_SUFFIXES,
    FORMATS,
    SNIFFED,
    SUFFIXES,
    Metadata,
    Picture,
    as_depth,
    decoding,
    explain,
    sniff,
)
from featcolor.pictures.resize import resize
from featcolor.pictures.texts import comment_chunk, exif_with_texts
from featcolor.pictures.tiff.reader import claimed_tiff_size, read_tiff
from featcolor.pictures.tiff.writer import write_deep

WRITTEN_SUFFIXES = frozenset(SUFFIXES)
"""Suffixes, lower case with the dot, of the files that can be written."""
PICTURE_SUFFIXES = WRITTEN_SUFFIXES | frozenset(CONVERTED_SUFFIXES)
"""Suffixes of the files that folders are searched for."""
JPEG_QUALITY = 95
"""Quality of JPEG (without chroma subsampling) and of lossy WebP output."""
MAX_FILE_BYTES = 4 * 2**30
"""Largest file read: what classic TIFF can address."""


def read_picture(source: str | os.PathLike[str] | bytes, *, name: str = "-") -> Picture:
    """A still picture read from a file, or from its bytes, which messages call `name`; upright.

    PictureError when there is no such file, it is no picture, damaged, cut off, animated, or too large.
    """
    data, name, format = _load(source, name)
    with decoding(name):
        return _decode(data, format)


def read_reference(source: str | os.PathLike[str] | bytes, max_pixels: int, *, name: str = "-") -> NDArray[np.uint8]:
    """A reference picture as (H, W, 3) uint8, scaled down (by area) to at most `max_pixels`; alpha is ignored.

    Large JPEG files are decoded at a fraction of their size, which is several times faster than `read_picture`.
    """
    data, name, format = _load(source, name)
    with decoding(name):
        pixels = _decode(data, format, max_pixels).pixels
        height, width = pixels.shape[:2]
        scale = sqrt(max_pixels / (height * width))
        if scale < 1.0:
            pixels = resize(pixels, (max(1, int(height * scale)), max(1, int(width * scale))))
        pixels = as_depth(pixels, np.uint8)
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def claimed_pixels(source: str | os.PathLike[str] | bytes, *, name: str = "-") -> int:
    """Pixels that a picture has by its head, whatever follows; PictureError as of `read_picture`."""
    data, name, format = _load(source, name)
    with decoding(name):
        if format == "TIFF":
            width, height = claimed_tiff_size(data)
        else:
            width, height = (
                pillow.open_header(data, format).size if format in FORMATS else converted.claimed_size(data, format)
            )
        return width * height


def _decode(data: bytes, format: str, max_pixels: int | None = None) -> Picture:
    if format == "TIFF":
        return read_tiff(data)
    if format in FORMATS:
        return pillow.read(data, format, max_pixels=max_pixels)
    return converted.read(data, format)


def written_name(path: Path) -> Path:
    """A picture's path with the suffix of what is written of it: PNG where its own format is only read.

    >>> written_name(Path("old/pier.bmp")), written_name(Path("old/pier.JPG"))
    (PosixPath('old/pier.png'), PosixPath('old/pier.JPG'))
    """
    return path.with_suffix(".png") if suffix_of(path.name) in CONVERTED_SUFFIXES else path


def picture_format(path: str | os.PathLike[str]) -> str:
    """The format of a picture's file by its content; PictureError for what is none."""
    with decoding(str(path)), Path(path).open("rb") as stream:
        return sniff(stream.read(SNIFFED), str(path))


def output_format(path: str | os.PathLike[str], like: Picture | None = None) -> str:
    """Format that a file of this name gets: by its suffix, else as `like`; PictureError when neither tells."""
    format = SUFFIXES.get(suffix_of(Path(path).name))
    if format is None and like is not None:
        format = like.metadata.format
    if format is None:
        raise PictureError(f"{path}: its name does not say which format; end it in .jpg, .png, .tif or .webp")
    return format


def output_dtype(format: str, like: Picture | None = None) -> np.dtype[Any]:
    """Depth to render for: that of `like` where the format can hold it, else the next best."""
    depth = np.dtype(np.uint8) if like is None else like.pixels.dtype
    if format in ("JPEG", "WEBP"):
        return np.dtype(np.uint8)
    if format == "PNG" and depth == np.float32:
        return np.dtype(np.uint16)
    return depth


def encode_picture(
    pixels: NDArray[Any],
    *,
    format: str | None = None,
    like: Picture | None = None,
    quality: int = JPEG_QUALITY,
    name: str = "-",
) -> bytes:
    """Bytes of a picture file, as `write_picture` writes it."""
    stream = BytesIO()
    _encode(stream, pixels, format or (like.metadata.format if like else "PNG"), like=like, quality=quality, name=name)
    return stream.getvalue()


def write_picture(
    path: str | os.PathLike[str],
    pixels: NDArray[Any],
    *,
    like: Picture | None = None,
    format: str | None = None,
    quality: int = JPEG_QUALITY,
) -> None:
    """A picture written beside its place and then renamed; on any failure nothing is left behind.

    Parameters
    ----------
    path : path
        Its folder must exist; a file that is there is replaced.
    pixels : (H, W, 3), (H, W, 4) with alpha, or (H, W), in sRGB; uint8, uint16 or float 0..1
        Brought to the depth that the format holds (JPEG and WebP 8 bits, PNG 8 or 16).
    like : Picture
        Where alpha, EXIF, profile and resolution come from.
    format : {"JPEG", "PNG", "TIFF", "WEBP"}
        By default what the name's suffix says, else as `like`.
    quality : int
        1..100, for JPEG and lossy WebP.

    Raises
    ------
    PictureError
        When the format cannot hold the picture or the file cannot be written.
    """
    path = Path(path)
    format = format or output_format(path, like)
    try:
        with replacing(path) as part, part.open("xb") as stream:
            _encode(stream, pixels, format, like=like, quality=quality, name=str(path))
    except OSError as error:
        raise PictureError(f"{path}: cannot be written ({error.strerror or error}); is there room, may you?") from error


def _load(source: str | os.PathLike[str] | bytes, name: str) -> tuple[bytes, str, str]:
    """Bytes, name and format of a picture file; its beginning is looked at before the rest is read."""
    try:
        if isinstance(source, bytes):
            return source, name, sniff(source[:SNIFFED], name)
        path = Path(source)
        name = str(path)
        if path.is_dir():
            raise ValueError("is a folder; name the pictures in it")
        with path.open("rb") as stream:
            format = sniff(stream.read(SNIFFED), name)
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError(f"is larger than {MAX_FILE_BYTES // 2**30} GiB; scale it down or cut it into parts")
            stream.seek(0)
            return stream.read(), name, format
    except FileNotFoundError:
        if Path(name).is_symlink():
            raise PictureError(f"{name}: is a link to a file that is not there; fetch that file") from None
        raise PictureError(f"{name}: there is no such file; check the path") from None
    except OSError as error:
        raise PictureError(f"{name}: cannot be read ({error.strerror or error}); check the file") from error
    except MemoryError:
        raise PictureError(f"{name}: too little memory to read it; close programs or scale it down") from None
    except ValueError as error:
        raise PictureError(f"{name}: {explain(error)}") from None


def _encode(
    stream: BinaryIO, pixels: NDArray[Any], format: str, *, like: Picture | None, quality: int, name: str
) -> None:
    if format not in FORMATS:
        raise PictureError(f"{name}: {format!r} is no format that is written; choose from {', '.join(FORMATS)}")
    pixels = np.asarray(pixels, np.float32 if pixels.dtype.kind == "f" else pixels.dtype.newbyteorder("="))
    alpha = like.alpha if like is not None else None
    if pixels.shape[2:] == (4,):
        pixels, alpha = pixels[..., :3], pixels[..., 3]
    if alpha is not None and alpha.shape != pixels.shape[:2]:
        raise ValueError(f"alpha is {alpha.shape}, the picture {pixels.shape[:2]}")
    metadata = like.metadata if like is not None else Metadata(format)
    metadata = replace(metadata, format=format, compact=metadata.compact and metadata.format == format)
    if metadata.comment and format != "JPEG":
        metadata = replace(metadata, texts=(*metadata.texts, comment_chunk(metadata.comment)))
    if metadata.texts and format != "PNG":
        metadata = replace(metadata, exif=exif_with_texts(metadata.exif, metadata.texts))
    depth = output_dtype(format, Picture(pixels))
    pixels = as_depth(from_srgb(pixels, metadata.icc), depth)
    alpha = None if alpha is None else as_depth(alpha, depth)
    try:
        if format == "TIFF" and depth != np.uint8:
            write_deep(stream, pixels, alpha, metadata)
        elif depth == np.uint16:
            stream.write(png.encode_16_bit(pixels, alpha, metadata))
        else:
            pillow.write(stream, pixels, alpha, metadata, quality=quality)
    except OSError:
        raise
    except MemoryError:
        raise PictureError(f"{name}: too little memory to write it; close programs or scale it down") from None
    except Exception as error:  # encoders raise nearly anything when metadata is odd
        raise PictureError(f"{name}: cannot be written as {format} ({error}); choose another format") from error
