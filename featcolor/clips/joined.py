"""Ends of film files: other films behind them, which FFmpeg's readers do not come to, and ends that are missing."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from featcolor.clips.limits import boxes

BEGINNINGS = {
    "mov": (b"ftyp", 4),
    "matroska": (b"\x1a\x45\xdf\xa3", 0),
    "flv": (b"FLV\x01", 0),
    "asf": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", 0),
}
"""By FFmpeg's name of a format: bytes at which each of its files begins, and the number of bytes before them."""

FILM_BOXES = (b"moov", b"mdat", b"moof")
RIFF = b"RIFF"


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


def breaks_off(path: Path, format: str) -> bool:
    """Whether a file of one of FFmpeg's formats (its names, with commas) ends before the length that it tells."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        if format.split(",")[0] == "mov":
            return any(kind in FILM_BOXES and stop > end for kind, _, stop in boxes(file, 0, end))
        file.seek(0)
        head = file.read(8)
    return format == "avi" and head[:4] == RIFF and 8 + int.from_bytes(head[4:], "little") > end
