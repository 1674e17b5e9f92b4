"""The strips or tiles of a TIFF picture: where they lie in the file, and whether they can hold what it claims."""

from __future__ import annotations

from bisect import bisect_right
from math import prod
from typing import Any

from featcolor.pictures.picture import check_size

UNCOMPRESSED, OLD_JPEG = 1, 6
CCITT = (2, 3, 4)
_DENSE = (*CCITT, 34712, 34887, 34925, 50000, 50001, 50002, 34933, 34934, 22610)
_SELF_ENDING = (5, 8, 32946)  # LZW, deflate: what follows in the file does not disturb their decoders
MAX_TILE = 4096
"""Longest side of a tile that is larger than the picture; programs write up to 1024."""
MAX_RATIO, MAX_RATIO_DENSE = 4096, 2**16
"""More bytes a stored byte than compressions reach. LZW codes strings of up to 3840 bytes in 12 bits; of the dense
ones, CCITT's, JPEG 2000, LERC, LZMA, Zstandard, WebP, JPEG XL, PNG and JPEG XR, an even picture takes next to nothing:
a fax a bit a row.
"""
_BYTE_COUNTS = 325, 279  # of tiles, of strips


def check_strips(page: Any, n_bytes: int) -> None:
    """Check of a picture's size and strips before anything is decoded; counts of bytes that are missing are computed.

    ValueError when the picture is too large, or when its strips do not fit into a file of `n_bytes`.
    """
    check_size(page.imagewidth, page.imagelength)
    if page.tilewidth > max(page.imagewidth, MAX_TILE) or page.tilelength > max(page.imagelength, MAX_TILE):
        raise ValueError(f"claims tiles of {page.tilewidth}x{page.tilelength} pixels; the file is damaged")
    if page.imagedepth > 1:
        raise ValueError("is a volume; save each slice as a file of its own")
    if isinstance(page.bitspersample, tuple):
        bits = ", ".join(map(str, page.bitspersample))
        raise ValueError(f"mixes samples of {bits} bits; save it with 8 or 16 bits")
    if page.compression != OLD_JPEG:  # whose strips libtiff finds
        n_strips = prod(page.chunked)
        if len(page.dataoffsets) < n_strips:
            raise ValueError(f"has {len(page.dataoffsets)} of its {n_strips} strips; the file is damaged or cut off")
        page.dataoffsets = tuple(page.dataoffsets[:n_strips])
        page.databytecounts = _byte_counts(page, n_bytes)
    ends = [start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or max(ends) > n_bytes:
        raise ValueError("points behind its own end; the file is cut off, restore it from its source")
    stored = 8 * sum(page.databytecounts)
    claimed = int(page.imagewidth) * int(page.imagelength) * int(page.samplesperpixel) * int(page.bitspersample)
    if page.compression == UNCOMPRESSED and not page.is_subsampled and stored < claimed:
        raise ValueError("holds fewer pixels than it claims; the file is damaged, restore it from its source")
    ratio = MAX_RATIO_DENSE if page.compression in _DENSE else MAX_RATIO
    if page.is_tiled:
        claimed = len(page.dataoffsets) * 8 * _decoded_bytes(page, 0)
    if claimed > ratio * (stored + 8):
        raise ValueError("holds fewer bytes than its pixels need; the file is damaged or cut off")


def says_byte_counts(page: Any) -> bool:
    """Whether a page says how many bytes each of its strips has, or libtiff sees it: of one strip, of 0 bytes."""
    said = _said_byte_counts(page)
    return len(said) >= len(page.dataoffsets) and (all(said) or len(said) == 1)


def _said_byte_counts(page: Any) -> tuple[int, ...]:
    return next((tuple(value) for tag in _BYTE_COUNTS if (value := page.tags.valueof(tag))), ())


def _byte_counts(page: Any, n_bytes: int) -> tuple[int, ...]:
    """Stored bytes of each strip; where the file leaves them out or says 0: its pixels' where nothing is compressed,
    else all up to the next strip."""
    starts = page.dataoffsets
    counts = [*_said_byte_counts(page), *[0] * len(starts)][: len(starts)]
    is_exact = page.compression == UNCOMPRESSED and not page.is_subsampled
    if is_exact and len(counts) == 1:
        return (_decoded_bytes(page, 0),)
    if not all(starts):
        raise ValueError("leaves out strips that are empty (a sparse file); save it whole")
    if all(counts):
        return tuple(counts)
    if not is_exact and page.compression not in _SELF_ENDING and not says_byte_counts(page):
        raise ValueError("does not say how many bytes its strips have; save it with LZW or deflate")
    following = sorted({*starts, n_bytes})
    rooms = [following[bisect_right(following, start, hi=len(following) - 1)] - start for start in starts]
    return tuple(
        count or (_decoded_bytes(page, index) if is_exact else rooms[index]) for index, count in enumerate(counts)
    )


def _decoded_bytes(page: Any, index: int) -> int:
    """Bytes of a strip or tile when it is unpacked, each row filled up to a byte."""
    rows, width = page.tilelength, page.tilewidth
    if not page.is_tiled:
        below = index % -(-page.imagelength // page.rowsperstrip) * page.rowsperstrip
        rows, width = min(page.rowsperstrip, page.imagelength - below), page.imagewidth
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    return int(rows) * -(-int(width) * int(samples) * int(page.bitspersample) // 8)
