"""Where the numbers of a format lie that steer its reader: sizes, counts, offsets, types; and checksums mended."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple


class Spot(NamedTuple):
    """A whole number in a file."""

    start: int
    size: int
    order: Literal["big", "little"] = "big"


HEAD = 160
"""Bytes at the beginning of a format without a walker, all of them spots."""
LEAF = 256
"""Bytes of an atom, chunk or segment that are spots."""
BOXES = re.compile(rb"moov|trak|mdia|minf|stbl|edts|udta|dinf|moof|traf|mvex|meta|iprp|ipco|jp2h|ilst")
"""Boxes of MP4 and its kin that hold others."""
MASTERS = frozenset(
    bytes.fromhex(number)
    for number in (
        *("1A45DFA3", "18538067", "114D9B74", "4DBB", "1549A966", "1654AE6B", "AE", "E0", "E1", "6D80", "6240"),
        *("1F43B675", "A0", "1C53BB6B", "BB", "B7", "1254C367", "7373", "63C0", "67C8", "1043A770", "45B9", "B6", "80"),
        *("1941A469", "61A7"),
    )
)
"""EBML elements that hold others (RFC 9559, section 5)."""
TIFF_KINDS = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes of a value by its type (TIFF 6.0, section 2, and BigTIFF)."""


def spots(kind: str, data: bytes) -> list[Spot]:
    """The numbers of a file; those of its beginning where nothing is known of its kind."""
    try:
        found = list(WALKERS[kind](data)) if kind in WALKERS else []
    except (struct.error, IndexError):
        found = []
    return found or [Spot(start, size) for size in (1, 2, 4) for start in range(0, min(HEAD, len(data) - size), size)]


def mended(kind: str, data: bytes) -> bytes:
    """The file with its checksums right again, where its kind has any."""
    if kind.endswith("png"):
        return _mended_png(data)
    return _mended_model(data) if kind in ("featcolor", "album") else data


def _words(start: int, end: int, order: Literal["big", "little"] = "big") -> Iterator[Spot]:
    for size in (1, 2, 4):
        yield from (Spot(place, size, order) for place in range(start, min(end, start + LEAF) - size + 1, size))


def _png(data: bytes) -> Iterator[Spot]:
    for start, length, kind in png_chunks(data):
        yield from (Spot(start, 4), Spot(start + 4, 1))
        yield from () if kind == b"IDAT" else _words(start + 8, start + 8 + length)


def png_chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, length of the body, and kind of each chunk that the file holds whole."""
    start = 8
    while start + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        if start + 12 + length > len(data):
            return
        yield start, length, kind
        start += 12 + length


def _tiff(data: bytes) -> Iterator[Spot]:
    order: Literal["big", "little"] = "little" if data[:2] == b"II" else "big"
    big = int.from_bytes(data[2:4], order) == 43
    count, word, entry = (8, 8, 20) if big else (2, 4, 12)
    place = 8 if big else 4
    seen: set[int] = set()
    while (start := int.from_bytes(data[place : place + word], order)) and start not in seen and start < len(data):
        seen.add(start)
        yield from (Spot(place, word, order), Spot(start, count, order))
        n = min(64, int.from_bytes(data[start : start + count], order))
        for at in range(start + count, start + count + n * entry, entry):
            yield from (Spot(at, 2, order), Spot(at + 2, 2, order), Spot(at + 4, word, order))
            yield from 3 * (Spot(at + 4 + word, word, order), Spot(at + 4 + word, 2, order))
            kind = int.from_bytes(data[at + 2 : at + 4], order)
            size = TIFF_KINDS[kind] * int.from_bytes(data[at + 4 : at + 4 + word], order) if kind < 19 else 0
            if word < size < LEAF:
                values = int.from_bytes(data[at + 4 + word : at + 4 + 2 * word], order)
                yield from (spot for spot in _words(values, values + size, order) if spot.size == TIFF_KINDS[kind])
        place = start + count + n * entry


def _jpeg(data: bytes) -> Iterator[Spot]:
    start = 2
    while start + 4 <= len(data) and data[start] == 0xFF:
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        yield from (Spot(start + 1, 1), Spot(start + 2, 2))
        yield from _words(start + 4, start + 2 + length)
        if data[start + 1] == 0xDA:
            return
        start += 2 + length


def _riff(data: bytes) -> Iterator[Spot]:
    start = 12
    yield Spot(4, 4, "little")
    while start + 8 <= len(data):
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        yield Spot(start + 4, 4, "little")
        if data[start : start + 4] == b"LIST" and data[start + 8 : start + 12] != b"movi":
            start += 12
            continue
        yield from _words(start + 8, start + 8 + length, "little")
        start += 8 + length + length % 2


def _boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Spot]:
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        yield Spot(start, 4)
        if BOXES.fullmatch(kind):
            yield from _boxes(data, start + 8 + 4 * (kind == b"meta"), min(end, start + length))
        else:
            yield from _words(start + 8, min(end, start + length))
        if length < 8:
            return
        start += length


def _ebml(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Spot]:
    end = len(data) if end is None else end
    while start + 2 <= end and data[start]:
        id_size = 9 - data[start].bit_length()
        number = data[start : start + id_size]
        start += id_size
        if start >= end or not data[start]:
            return
        size = 9 - data[start].bit_length()
        length = int.from_bytes(data[start : start + size], "big") & ((1 << 7 * size) - 1)
        yield from (Spot(start, 1), Spot(start, size))
        start += size
        stop = min(end, start + length)
        if number in MASTERS:
            yield from _ebml(data, start, stop)
        elif stop > start:
            yield from [Spot(start, stop - start)] if stop - start <= 8 else _words(start, min(stop, start + 16))
        start = stop


WALKERS: dict[str, Callable[[bytes], Iterator[Spot]]] = {
    "png": _png,
    "painted.png": _png,
    "tif": _tiff,
    "jpg": _jpeg,
    **dict.fromkeys(("webp", "avi"), _riff),
    **dict.fromkeys(("mp4", "mov", "avif", "heic", "jp2"), _boxes),
    **dict.fromkeys(("mkv", "webm"), _ebml),
}


def _mended_png(data: bytes) -> bytes:
    whole = bytearray(data)
    for start, length, _ in png_chunks(data):
        struct.pack_into(">I", whole, start + 8 + length, zlib.crc32(data[start + 4 : start + 8 + length]))
    return bytes(whole)


def _mended_model(data: bytes) -> bytes:
    """A model file whose digest is that of what it holds; as it is where it holds nothing that can be read."""
    import json

    from safetensors import SafetensorError
    from safetensors.numpy import load

    from featcolor.models.model_file import DIGEST_KEY, HEADER_KEY, digest

    try:
        (length,) = struct.unpack_from("<Q", data)
        document = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][HEADER_KEY])
        told = document.pop(DIGEST_KEY)
        true = digest(document, load(data))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error, SafetensorError):
        return data
    return data.replace(told.encode(), true.encode()) if re.fullmatch("[0-9a-f]{64}", str(told)) else data
