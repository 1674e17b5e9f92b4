"""Films behind the end of another in one file, which FFmpeg's readers of these formats do not come to."""

from __future__ import annotations

import mmap
from pathlib import Path

BEGINNINGS = {
    "mov": (b"ftyp", 4),
    "matroska": (b"\x1a\x45\xdf\xa3", 0),
    "flv": (b"FLV\x01", 0),
    "asf": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", 0),
}
"""By FFmpeg's name of a format: bytes at which each of its files begins, and the number of bytes before them."""


def unread_film(path: Path, format: str, end: int) -> int | None:
    """Place in a file where a film begins that was not read; None where none does.

    Parameters
    ----------
    format : FFmpeg's names of its format, with commas
    end : of the last packet that was read
    """
    beginning = BEGINNINGS.get(format.split(",")[0])
    if beginning is None or end >= path.stat().st_size:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = content.find(beginning[0], end)
    return None if found < 0 else found - beginning[1]
