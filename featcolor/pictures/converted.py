"""Pictures of formats that are read, and written as PNG: Netpbm, BMP, GIF, TGA, JPEG 2000, AVIF and, by an extra, HEIC.

Pillow reads heads, profiles and what has 8 bits a channel; deeper samples are imagecodecs', or pillow-heif's.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featcolor.pictures import netpbm
from featcolor.pictures.coding import profile_of_code_points
from featcolor.pictures.kinds import HEIC
from featcolor.pictures.metadata import settle, settle_exif
from featcolor.pictures.picture import Metadata, Picture, check_size, clean_dpi
from featcolor.pictures.pillow import comment_of, decode, note_of_frames

PLAIN_MODES: Final = {"L": 1, "I;16": 1, "LA": 2, "RGB": 3, "RGBA": 4}
"""Modes of Pillow whose samples are grey or RGB, and how many a pixel has."""
TOP: Final = 65_535
TGA_DESCRIPTOR: Final = 17
"""Byte of a TGA whose low four bits count the bits of alpha (Truevision TGA 2.0, field 5.6)."""


def read(data: bytes, format: str) -> Picture:
    """A picture, upright, that is to be written as PNG; of several frames the first, with a note."""
    if format == "PNM":
        return netpbm.read(data)
    image = open_header(data, format)
    icc = image.info.get("icc_profile")
    exif, orientation = settle_exif(image.info.get("exif"))
    deep = _deep(data, format, image)
    pixels, alpha = decode(image, icc) if deep is None else deep
    if format == "TGA" and not data[TGA_DESCRIPTOR] & 0x0F:
        alpha = None
    if icc is None:
        icc = _told_profile(data, format, grey=pixels.ndim == 2)
    dpi, notes = clean_dpi(image.info.get("dpi")), note_of_frames(image)
    metadata = Metadata("PNG", exif, icc, dpi, comment=comment_of(image), notes=notes)
    return settle(pixels, alpha, metadata, orientation)


def claimed_size(data: bytes, format: str) -> tuple[int, int]:
    """Width and height that the head claims, checked."""
    return netpbm.read_head(data).size if format == "PNM" else open_header(data, format).size


def open_header(data: bytes, format: str) -> Image.Image:
    """The image with its header read, nothing decoded, its size checked."""
    if format == "HEIF":
        _register_heif()
    image = Image.open(BytesIO(data), formats=[format])
    check_size(*image.size, format=format, n_bytes=len(data))
    return image


def _told_profile(data: bytes, format: str, *, grey: bool) -> bytes | None:
    """The profile of a colour box that Pillow passes over: code points (HEIF, 12.1.5), or JPEG 2000's ICC (I.5.3.3)."""
    if format in ("AVIF", "HEIF") and len(box := data.partition(b"colrnclx")[2]) >= 4:
        return profile_of_code_points(*struct.unpack_from(">HH", box), grey=grey)
    if format == "JPEG2000" and (at := data.find(b"colr\x02")) >= 4:
        (length,) = struct.unpack_from(">I", data, at - 4)
        return data[at + 7 : at - 4 + length]
    return None


def _deep(data: bytes, format: str, image: Image.Image) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None] | None:
    """Pixels and alpha of more than 8 bits, as 16; None where there are none."""
    if format == "HEIF":
        samples, bits = _heif_samples(data)
    else:
        bits = {"JPEG2000": _bits_of_jpeg2000, "AVIF": _bits_of_avif}.get(format, lambda _: 8)(data)
        samples = _samples(data, format) if bits > 8 else None
    if samples is None or bits <= 8:
        return None
    samples = samples if samples.ndim == 3 else samples[..., None]
    if PLAIN_MODES.get(image.mode, samples.shape[2]) != samples.shape[2] or samples.shape[:2] != image.size[::-1]:
        raise ValueError(f"has {bits} bits a channel in a way that is not read; convert it to 16-bit TIFF or PNG")
    codes = np.rint(np.minimum(samples, 2**bits - 1) * (TOP / (2**bits - 1))).astype(np.uint16)
    alpha = codes[..., -1].copy() if codes.shape[2] in (2, 4) else None
    colours = codes[..., : codes.shape[2] - (alpha is not None)]
    return (colours[..., 0].copy() if colours.shape[2] == 1 else np.ascontiguousarray(colours)), alpha


def _samples(data: bytes, format: str) -> NDArray[Any]:
    import imagecodecs

    return np.asarray((imagecodecs.jpeg2k_decode if format == "JPEG2000" else imagecodecs.avif_decode)(data))


def _bits_of_jpeg2000(data: bytes) -> int:
    """Bits of the first component, from the SIZ marker (ITU-T T.800, A.5.1)."""
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(data) < start + 43:
        raise ValueError("its head is damaged; restore it from its source")
    precision = data[start + 42]
    if precision & 0x80:
        raise ValueError("has signed samples; convert it to TIFF or PNG")
    return precision + 1


def _bits_of_avif(data: bytes) -> int:
    """Bits a channel, from the configuration of AV1 (AV1-ISOBMFF, 2.3.3)."""
    at = data.find(b"av1C")
    if at < 0 or len(data) < at + 7:
        return 8
    flags = data[at + 6]
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def _heif_samples(data: bytes) -> tuple[NDArray[Any] | None, int]:
    """Samples of a HEIC of more than 8 bits, and how many bits they have; None for one of 8."""
    import pillow_heif

    picture = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=False)
    return (np.asarray(picture), 16) if picture.mode.endswith(";16") else (None, 8)


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError:
        raise ValueError(f"is {HEIC}") from None
    pillow_heif.register_heif_opener()
