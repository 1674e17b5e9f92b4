"""TIFF files written byte for byte by the specification (TIFF 6.0, section 2), whatever their tags say."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 11, 7
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
Tags = dict[int, tuple[int, Sequence[int]]]
ENCODERS: Mapping[int, Callable[[bytes], Any]] = {
    1: bytes,
    5: imagecodecs.lzw_encode,
    8: zlib.compress,
    32946: zlib.compress,
    32773: imagecodecs.packbits_encode,
}
"""Encoders by the number of the compression: none, LZW, deflate, deflate of the old number, packbits."""
FIRST_STRIP = 8
"""Where the first strip begins."""
_CODES = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", RATIONAL: "I", UNDEFINED: "B"}
_TILE = 16


def ramp(channels: int, seed: int = 0) -> NDArray[np.float64]:
    """Values (H, W, channels), 0..1, none of which is where a turn or another channel would have it."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, (HEIGHT, WIDTH, channels))


def unit(values: NDArray[Any]) -> NDArray[np.float64]:
    """Values of any depth as 0..1."""
    return values.astype(np.float64) / (1.0 if values.dtype.kind == "f" else np.iinfo(values.dtype).max)


def packed(codes: NDArray[Any], bits: int, order: str = "<") -> bytes:
    """Rows of codes (H, W, channels): whole bytes in their order; else the most significant bit first, rows filled."""
    if bits in (8, 16, 32):
        return codes.astype(f"{order}u{bits // 8}").tobytes()
    flat = codes.reshape(len(codes), -1)
    digits = flat[..., None] >> np.arange(bits - 1, -1, -1) & 1
    return np.packbits(digits.reshape(len(flat), -1).astype(np.uint8), axis=1).tobytes()


def parts(codes: NDArray[Any], layout: str) -> tuple[list[NDArray[Any]], Tags]:
    """A picture cut into one strip, strips of 4 rows or tiles of 16, and the tags that say so."""
    height, width = codes.shape[:2]
    if layout == "tiles":
        wide = np.pad(codes, ((0, -height % _TILE), (0, -width % _TILE), (0, 0)))
        tiles = [
            wide[top : top + _TILE, left : left + _TILE]
            for top in range(0, height, _TILE)
            for left in range(0, width, _TILE)
        ]
        return tiles, {322: (SHORT, [_TILE]), 323: (SHORT, [_TILE])}
    rows = 4 if layout == "strips" else height
    return [codes[top : top + rows] for top in range(0, height, rows)], {278: (LONG, [rows])}


def bare_tiff(tags: Tags, strips: Sequence[bytes], order: str = "<", *, leave_out: Collection[int] = ()) -> bytes:
    """A file of one directory after its strips, which lie without gaps; `tags` go before what is computed."""
    offsets, counts = (324, 325) if 322 in tags else (273, 279)
    starts = np.cumsum([FIRST_STRIP, *map(len, strips)]).tolist()
    full: Tags = {offsets: (LONG, starts[:-1]), counts: (LONG, [len(strip) for strip in strips]), **tags}
    full = {tag: full[tag] for tag in sorted(full) if tag not in leave_out}
    heap_start = starts[-1] + 2 + 12 * len(full) + 4
    directory, heap = struct.pack(order + "H", len(full)), b""
    for tag, (kind, values) in full.items():
        content = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        if len(content) > 4:
            content, heap = struct.pack(order + "I", heap_start + len(heap)), heap + content
        count = len(values) // 2 if kind == RATIONAL else len(values)
        directory += struct.pack(order + "HHI", tag, kind, count) + content.ljust(4, b"\x00")
    head = {"<": b"II*\x00", ">": b"MM\x00*"}[order] + struct.pack(order + "I", starts[-1])
    return head + b"".join(strips) + directory + bytes(4) + heap


def picture_tags(shape: tuple[int, ...], bits: int, photometric: int, compression: int = 1) -> Tags:
    """Tags that every picture (H, W, channels) has."""
    height, width, channels = shape
    return {
        256: (SHORT, [width]),
        257: (SHORT, [height]),
        258: (SHORT, [bits] * channels),
        259: (SHORT, [compression]),
        262: (SHORT, [photometric]),
        277: (SHORT, [channels]),
    }


def plain_tiff(codes: NDArray[Any], bits: int, photometric: int, tags: Tags | None = None, **options: Any) -> bytes:
    """Codes (H, W, channels) in one uncompressed strip; `tags` are added or go before."""
    content = packed(codes, bits)
    return bare_tiff({**picture_tags(codes.shape, bits, photometric), **(tags or {})}, [content], **options)
