"""Pictures of 8 bits a channel through Pillow: JPEG, PNG, WebP read; these and TIFF written."""

from __future__ import annotations

from io import BytesIO
from math import sqrt
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from featcolor.pictures import png
from featcolor.pictures.metadata import EXIF_PREFIX, cmyk_to_srgb, settle, settle_exif, through_curve
from featcolor.pictures.picture import Metadata, Picture, check_size, clean_dpi

MAX_JPEG_SIDE, MAX_WEBP_SIDE = 65_500, 16_383
"""Longest sides that libjpeg and WebP can write, in pixels."""
_MAX_JPEG_EXIF = 65_533 - len(EXIF_PREFIX)  # one marker segment
_SRGB_GAMMA, _SAME_GAMMA = 0.45455, 0.02  # what programs write for sRGB, and how far off is the same
_GAMMAS = 0.1, 4.0  # what else is no exponent but damage
_WEBP_EFFORT = 4  # 0 fast .. 6 slow
_EXIF_DIRECTORY, _GPS_DIRECTORY = 0x8769, 0x8825
_STRUCTURE_TAGS = frozenset(
    (*range(254, 260), *range(262, 267), 273, 274, *range(277, 285), *range(288, 294), 296, 301, 317, *range(320, 326))
).union((330, *range(332, 348), 351, 433, *range(512, 533), 700, 33723, 34377, 34675, 37724, 42113, 50674))
"""TIFF tags that say how pixels lie in the file and what samples mean, not what the photograph is (and profile,
resolution, orientation, blocks of Photoshop's, XMP, IPTC): not copied as EXIF."""


def read(data: bytes, format: str, *, max_pixels: int | None = None) -> Picture:
    """A JPEG, PNG or WebP picture, upright; a JPEG at a fraction of its size that has at least `max_pixels` still."""
    image = open_header(data, format)
    if max_pixels is not None:
        _draft(image, max_pixels)
    icc = image.info.get("icc_profile")
    exif, orientation = settle_exif(png.exif_chunk(data) if format == "PNG" else image.info.get("exif"))
    is_deep = format == "PNG" and png.bit_depth(data) == 16
    pixels, alpha = png.read_16_bit(data) if is_deep else decode(image, icc)
    if format == "PNG" and (gamma := _other_gamma(image.info)) is not None:
        pixels = through_curve(pixels, lambda x: x ** (1 / gamma))
    compact = format == "WEBP" and _is_lossless_webp(data)
    texts = png.text_chunks(data) if format == "PNG" else ()
    metadata = Metadata(format, exif, icc, clean_dpi(image.info.get("dpi")), compact, texts)
    return settle(pixels, alpha, metadata, orientation)


def _other_gamma(info: dict[Any, Any]) -> float | None:
    """The exponent that a PNG's samples were coded with, by its gAMA, where that is not sRGB's and nothing goes before:
    a profile, or sRGB (PNG specification, 11.3.3)."""
    gamma = info.get("gamma")
    if gamma is None or "icc_profile" in info or "srgb" in info or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return None
    return None if abs(gamma - _SRGB_GAMMA) < _SAME_GAMMA else float(gamma)


def open_header(data: bytes, format: str) -> Image.Image:
    """The image with its header read, nothing decoded, its size checked; ValueError when it is animated."""
    image = Image.open(BytesIO(data), formats=[format])
    check_size(*image.size, format=format, n_bytes=len(data))
    n_frames = getattr(image, "n_frames", 1)
    if n_frames > 1 and format in ("PNG", "WEBP"):
        raise ValueError(f"is animated ({n_frames} frames); export its frames as pictures and colour those")
    return image


def _draft(image: Image.Image, max_pixels: int) -> None:
    """Set the JPEG decoder to 1/2, 1/4 or 1/8 where that still gives at least `max_pixels`."""
    width, height = image.size
    scale = sqrt(max_pixels / (width * height))
    if scale < 1.0:
        image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))


def decode(image: Image.Image, icc: bytes | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Pixels (H, W) or (H, W, 3) and alpha (H, W) or None."""
    if image.mode == "CMYK":
        return np.asarray(cmyk_to_srgb(image, icc)), None
    is_grey = image.mode in ("1", "L", "LA")
    if not image.has_transparency_data:
        mode = "L" if is_grey else "RGB"
        return np.asarray(image if image.mode == mode else image.convert(mode)), None
    stored = np.asarray(image.convert("RGBA"))
    pixels = stored[..., 0] if is_grey else stored[..., :3]
    return np.ascontiguousarray(pixels), np.ascontiguousarray(stored[..., 3])


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the picture is stored without loss: a VP8L chunk, alone or after a VP8X header."""
    position = 12
    while data[position : position + 4] in (b"VP8X", b"ICCP", b"ANIM", b"ALPH"):
        position += 8 + int.from_bytes(data[position + 4 : position + 8], "little")
        position += position % 2
    return data[position : position + 4] == b"VP8L"


def tiff_exif(data: bytes) -> bytes | None:
    """EXIF block of what a TIFF file says about the photograph: camera, date, place, author.

    None when it says nothing, or when Pillow cannot open this kind of TIFF.
    """
    try:
        return _descriptive_exif(Image.open(BytesIO(data), formats=["TIFF"]).getexif())
    except Exception:  # damaged tags raise nearly anything, and must not cost the picture
        return None


def _descriptive_exif(source: Image.Exif) -> bytes | None:
    copy = Image.Exif()
    for tag, value in source.items():
        if tag not in _STRUCTURE_TAGS and tag not in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
            copy[tag] = value
    for directory in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
        if entries := source.get_ifd(directory):
            copy.get_ifd(directory).update(entries)
            copy[directory] = dict(entries)
    return copy.tobytes().removeprefix(EXIF_PREFIX) if len(copy) else None


def _has_directories(exif: bytes) -> bool:
    block = Image.Exif()
    block.load(exif)
    return _EXIF_DIRECTORY in block or _GPS_DIRECTORY in block


def write(
    stream: BinaryIO,
    pixels: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None,
    metadata: Metadata,
    *,
    quality: int,
) -> None:
    """Encoder of 8-bit pixels as `metadata.format`; ValueError when it cannot hold them."""
    format, exif, compact = metadata.format, metadata.exif, metadata.compact
    height, width = pixels.shape[:2]
    limit = {"JPEG": MAX_JPEG_SIDE, "WEBP": MAX_WEBP_SIDE}.get(format)
    if limit is not None and max(height, width) > limit:
        raise ValueError(f"{width}x{height} pixels, it holds {limit} a side")
    if format == "JPEG":
        alpha = None
        if exif is not None and len(exif) > _MAX_JPEG_EXIF:
            exif = None
    choices: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": "4:4:4"},
        "PNG": {"compress_level": png.COMPRESSION},
        "WEBP": {"quality": quality, "lossless": compact, "method": _WEBP_EFFORT, "exact": True},
        "TIFF": {"compression": "tiff_adobe_deflate" if compact else None},
    }
    options = choices[format]
    if format == "TIFF" and exif is not None and _has_directories(exif):
        options["compression"] = None  # Pillow writes the Exif and GPS directories into uncompressed files only
    if exif is not None:
        options["exif"] = EXIF_PREFIX + exif
    if metadata.icc is not None:
        options["icc_profile"] = metadata.icc
    if metadata.dpi is not None:
        options["dpi"] = metadata.dpi
    if format == "PNG" and metadata.texts:
        options["pnginfo"] = PngInfo()
        for kind, body in metadata.texts:
            options["pnginfo"].add(kind, body)
    stored = pixels if alpha is None else np.dstack([pixels, alpha])
    Image.fromarray(stored).save(stream, format, **options)
