"""Pictures of 8 bits a channel through Pillow: JPEG, PNG, WebP read; these and TIFF written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from math import sqrt
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from featcolor.pictures import png
from featcolor.pictures.coding import adobe_rgb
from featcolor.pictures.icc import cmyk_to_srgb
from featcolor.pictures.metadata import EXIF_DIRECTORY, EXIF_PREFIX, is_adobe_rgb, settle, settle_exif
from featcolor.pictures.picture import Metadata, Picture, check_size, clean_dpi

MAX_JPEG_SIDE, MAX_WEBP_SIDE = 65_500, 16_383
"""Longest sides that libjpeg and WebP can write, in pixels."""
_MAX_JPEG_EXIF = 65_533 - len(EXIF_PREFIX)  # one marker segment
_WEBP_EFFORT = 4  # 0 fast .. 6 slow
MAX_SCANS = 100
"""Of a JPEG; programs write up to twenty."""
_MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])")  # of a segment: no stuffed zero, no restart
_END_OF_IMAGE, _START_OF_SCAN = b"\xd9", b"\xda"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers that begin a frame (ITU-T T.81, table B.1)
_ODD_FRAMES = {0xF7: "JPEG-LS", **dict.fromkeys((0xC3, 0xCB), "lossless")} | dict.fromkeys(
    (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical"
)
_GPS_DIRECTORY = 0x8825
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
    if format == "PNG" and image.mode == "L" and "transparency" in image.info:
        # Pillow scales the samples to 8 bits, but not the one that is transparent; of this the low bits count.
        top = 2 ** png.bit_depth(data) - 1
        image.info["transparency"] = (image.info["transparency"] & top) * 255 // top
    pixels, alpha = png.read_16_bit(data) if is_deep else decode(image, icc)
    if format == "PNG":
        icc = png.colour_profile(data, icc)
    elif image.mode == "CMYK":
        icc = None  # used up
    elif icc is None and pixels.ndim == 3 and is_adobe_rgb(exif):
        icc = adobe_rgb()
    compact = format == "WEBP" and _is_lossless_webp(data)
    texts = png.text_chunks(data) if format == "PNG" else ()
    dpi, notes = clean_dpi(image.info.get("dpi")), note_of_frames(image)
    metadata = Metadata(format, exif, icc, dpi, compact, texts, comment_of(image), notes)
    return settle(pixels, alpha, metadata, orientation)


def comment_of(image: Image.Image) -> bytes | None:
    """The comment of a JPEG or GIF; what JPEG 2000 calls so names the program."""
    comment = image.info.get("comment") if image.format in ("JPEG", "MPO", "GIF") else None
    return comment if isinstance(comment, bytes) and comment.strip(b"\0 ") else None


def note_of_frames(image: Image.Image) -> tuple[str, ...]:
    """What a person is told of a file that holds several pictures: a GIF, an MPO, a sequence."""
    n_frames = getattr(image, "n_frames", 1)
    return () if n_frames == 1 else (f"holds {n_frames} pictures; the first is coloured",)


def open_header(data: bytes, format: str) -> Image.Image:
    """The image with its header read, nothing decoded, its size checked; ValueError when it is animated."""
    try:
        image = Image.open(BytesIO(data), formats=[format])
    except UnidentifiedImageError:
        if format == "JPEG" and (kind := _odd_jpeg(data)):
            raise ValueError(f"is a JPEG of a rare kind ({kind}); save it as TIFF or PNG, or as 8-bit JPEG") from None
        raise
    check_size(*image.size, format=format, n_bytes=len(data))
    if format in ("PNG", "WEBP") and (n_frames := getattr(image, "n_frames", 1)) > 1:
        raise ValueError(f"is animated ({n_frames} frames); export its frames as pictures and colour those")
    if format == "JPEG" and _scans(data) > MAX_SCANS:
        raise ValueError(f"has more than {MAX_SCANS} scans, which would take hours; the file is damaged or hostile")
    return image


def _odd_jpeg(data: bytes) -> str:
    """What a JPEG that libjpeg does not read has, by the head of its frame; '' where that is nothing rare."""
    for marker, at in _segments(data):
        if marker[0] in _ODD_FRAMES:
            return _ODD_FRAMES[marker[0]]
        if marker[0] in _FRAMES and (bits := data[at + 2 : at + 3]) != b"\x08":
            return f"{bits[0]} bits" if bits else ""
    return ""


def _scans(data: bytes) -> int:
    """How often a JPEG goes over its pixels: a few bytes can be a scan of all of them."""
    return sum(marker == _START_OF_SCAN for marker, _ in _segments(data))


def _segments(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Marker of each segment of a JPEG, and where its length stands (ITU-T T.81, B.1)."""
    place = 2
    while (found := _MARKER.search(data, place)) and found[1] != _END_OF_IMAGE:
        yield found[1], found.end()
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")


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
        if tag not in _STRUCTURE_TAGS and tag not in (EXIF_DIRECTORY, _GPS_DIRECTORY):
            copy[tag] = value.encode("latin-1", "replace") if isinstance(value, str) else value
    for directory in (EXIF_DIRECTORY, _GPS_DIRECTORY):
        if entries := source.get_ifd(directory):
            copy.get_ifd(directory).update(entries)
            copy[directory] = dict(entries)
    return copy.tobytes().removeprefix(EXIF_PREFIX) if len(copy) else None


def _with_bytes(exif: bytes) -> Image.Exif:
    """An EXIF block whose texts are the bytes that they were: as text, Pillow writes all but ASCII into TIFF as '?'."""
    block = Image.Exif()
    block.load(exif)
    block.update({tag: text.encode("latin-1") for tag, text in block.items() if isinstance(text, str)})
    return block


def _has_directories(exif: bytes) -> bool:
    block = Image.Exif()
    block.load(exif)
    return EXIF_DIRECTORY in block or _GPS_DIRECTORY in block


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
        "JPEG": {"quality": quality, "subsampling": "4:4:4", "comment": metadata.comment},
        "PNG": {"compress_level": png.COMPRESSION},
        "WEBP": {"quality": quality, "lossless": compact, "method": _WEBP_EFFORT, "exact": True},
        "TIFF": {"compression": "tiff_adobe_deflate" if compact else None},
    }
    options = choices[format]
    if format == "TIFF" and exif is not None and _has_directories(exif):
        options["compression"] = None  # Pillow writes the Exif and GPS directories into uncompressed files only
    if exif is not None:
        options["exif"] = _with_bytes(exif) if format == "TIFF" else EXIF_PREFIX + exif
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
