"""PNG with 16 bits a channel: OpenCV for the pixels (Pillow would cut them to 8 bits), chunks read and put by us.

OpenCV is given the critical chunks only, after their checksums held: it neither sees nor keeps metadata, and does not
report files that are cut off.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.pictures.coding import SAME_PRIMARIES, SRGB_PRIMARIES, profile_of, profile_of_code_points
from featcolor.pictures.icc import profile_space
from featcolor.pictures.picture import Metadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
OPAQUE = 65_535
COMPRESSION = 3
"""Deflate level of PNG output: a third of level 6's time for a few per cent of size."""
_KEPT_FOR_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_OF_PIXELS = (b"XML:com.adobe.xmp", b"Raw profile type ")  # keys of texts that tell how the pixels lie, as EXIF does
_COLOURS = (b"IHDR", b"cICP", b"sRGB", b"gAMA", b"cHRM")
_SRGB_GAMMA, _SAME_GAMMA = 0.45455, 0.02  # what programs write for sRGB, and how far off is the same
_GAMMAS = 0.1, 4.0  # what else is no exponent but damage
_MOST_TEXT = 1 << 20  # bytes of all texts together
_INCHES_A_METRE = 39.3701
_DEPTH_OFFSET = 24  # bit depth: after the signature, the chunk's head, width and height
_GREY_KINDS = (0, 4)  # colour types: grey, grey with alpha


def bit_depth(data: bytes) -> int:
    """Bits a channel, 1 to 16, from the header."""
    return data[_DEPTH_OFFSET] if len(data) > _DEPTH_OFFSET else 0


def exif_chunk(data: bytes) -> bytes | None:
    """The EXIF block, which may stand before or after the pixels."""
    return next((bytes(body) for kind, body in _chunks(data, checked=False) if kind == b"eXIf"), None)


def text_chunks(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Kind and body of each text (title, author, comment), as they are, but for XMP and the like."""
    found, left = [], _MOST_TEXT
    for kind, body in _chunks(data, checked=False):
        if kind in _TEXTS and not bytes(body).startswith(_OF_PIXELS) and (left := left - len(body)) >= 0:
            found.append((kind, bytes(body)))
    return tuple(found)


def colour_profile(data: bytes, icc: bytes | None) -> bytes | None:
    """The profile that the samples lie under: the embedded one, or what is told by numbers where that goes before it.

    The order is cICP, iCCP, sRGB, gAMA with cHRM (PNG, third edition, 4.3). A profile of another kind of picture
    counts last. ValueError for colours that are not read, such as HDR.
    """
    found = {kind: bytes(body) for kind, body in _chunks(data, checked=False) if kind in _COLOURS}
    grey = found.get(b"IHDR", bytes(10))[9] in _GREY_KINDS
    if len(code_points := found.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, is_full = code_points
        if matrix or not is_full:
            raise ValueError("has its colours coded as video has them; convert it to sRGB first")
        return profile_of_code_points(primaries, transfer, grey=grey)
    if b"sRGB" in found or profile_space(icc) == ("GRAY" if grey else "RGB"):
        return icc
    return _profile_of_gamma(found.get(b"gAMA", b""), found.get(b"cHRM", b""), grey=grey) or icc


def _profile_of_gamma(gamma_chunk: bytes, primaries_chunk: bytes, *, grey: bool) -> bytes | None:
    """A profile of gAMA and cHRM, None where they are sRGB's, missing or damaged."""
    coded = int.from_bytes(gamma_chunk[:4], "big") / 100_000
    gamma = 1 / coded if _GAMMAS[0] <= coded <= _GAMMAS[1] else None
    primaries = SRGB_PRIMARIES
    if len(primaries_chunk) == 32 and not grey:
        primaries = tuple(number / 100_000 for number in struct.unpack(">8I", primaries_chunk))
    if max(abs(one - other) for one, other in zip(primaries, SRGB_PRIMARIES, strict=True)) < SAME_PRIMARIES:
        if gamma is None or abs(coded - _SRGB_GAMMA) < _SAME_GAMMA:
            return None
        primaries = SRGB_PRIMARIES
    with suppress(ValueError):
        return profile_of(primaries, gamma, grey=grey)
    return None


def read_16_bit(data: bytes) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Pixels (H, W) or (H, W, 3) and alpha (H, W) or None; ValueError when the file is cut off or damaged."""
    parts = [SIGNATURE]
    grey, clear = False, None
    for kind, body in _chunks(data, checked=True):
        if kind in _KEPT_FOR_PIXELS:
            parts.append(_chunk(kind, body))
        if kind == b"IHDR":
            grey = body[9] in _GREY_KINDS
        if kind == b"tRNS" and len(body) == 2:
            (clear,) = struct.unpack(">H", body)  # the grey that is transparent, which OpenCV passes over
    stored = cv2.imdecode(np.frombuffer(b"".join(parts), np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        raise ValueError("its pixels cannot be unpacked; the file is damaged, restore it from its source")
    if stored.ndim == 2:
        return stored, None if clear is None else np.where(stored == clear, 0, OPAQUE).astype(np.uint16)
    alpha = stored[..., 3].copy() if stored.shape[2] == 4 else None
    if grey:
        return stored[..., 0].copy(), alpha
    return np.ascontiguousarray(stored[..., 2::-1]), alpha


def encode_16_bit(pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata) -> bytes:
    """The bytes of a 16-bit PNG, grey (H, W) or RGB (H, W, 3)."""
    if alpha is not None:
        rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        stored = np.dstack([rgb[..., ::-1], alpha])
    else:
        stored = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, buffer = cv2.imencode(".png", np.ascontiguousarray(stored), [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])
    if not done:
        raise ValueError("cannot be encoded as PNG; choose another format")
    encoded = buffer.tobytes()
    header_end = len(SIGNATURE) + 12 + 13
    return encoded[:header_end] + _metadata_chunks(metadata) + encoded[header_end:]


def _metadata_chunks(metadata: Metadata) -> bytes:
    chunks = b""
    if metadata.icc:
        chunks += _chunk(b"iCCP", b"ICC profile\x00\x00" + zlib.compress(metadata.icc))
    if metadata.dpi:
        across, down = (round(value * _INCHES_A_METRE) for value in metadata.dpi)
        chunks += _chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if metadata.exif:
        chunks += _chunk(b"eXIf", metadata.exif)
    return chunks + b"".join(_chunk(*text) for text in metadata.texts)


def _chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _chunks(data: bytes, *, checked: bool) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each chunk; with `checked`, ValueError when one is damaged or the end is missing."""
    view, position = memoryview(data), len(SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        body = view[position + 8 : end - 4]
        if checked and zlib.crc32(body, zlib.crc32(kind)) != struct.unpack_from(">I", data, end - 4)[0]:
            raise ValueError(f"its {kind!r} part is damaged (checksum); restore it from its source")
        yield kind, body
        if kind == b"IEND":
            return
        position = end
    if checked:
        raise ValueError("ends too early; the file is cut off, restore it from its source")
