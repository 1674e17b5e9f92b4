"""What is not believed of a film's file: sizes that FFmpeg would make room for, and tracks that it would not find."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from featcolor.errors import ClipError, reason

MAX_FRAME_PIXELS = 8192 * 8192
"""Twice an 8K film's. A few bytes can claim more, and a decoder holds a dozen frames."""
LIMITS = {"max_pixels": str(MAX_FRAME_PIXELS)}
"""The same for decoders, also where a film changes as it goes on."""

MOST_UNITS = 1 << 56
"""Of a time stamp: two years of nanoseconds. What is reckoned with larger ones leaves FFmpeg's 64 bits."""

RIFF_HEAD = 12
"""Bytes: the name and the length of a chunk, and of a list its kind."""
MOST_CHUNKS = 10_000
"""That are looked at before the pictures of an AVI, and boxes beside each other in an MP4; there are a few dozen."""

TO_SAMPLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""Boxes that hold the sizes of samples, one in the other."""
MOST_SAMPLES = 1 << 24
"""Of a track, which take half a gigabyte; sound may have more, as FFmpeg takes it in larger pieces."""
PARTS_LOST = 16
"""Times that an index may tell of what there is: a film may break off after its index."""


def check_size(context: Any, path: Path) -> None:
    """ClipError for a decoder whose frames would be too large."""
    if context.width * context.height > MAX_FRAME_PIXELS:
        raise ClipError(
            f"{path}: claims frames of {context.width}x{context.height} pixels, more than the "
            f"{MAX_FRAME_PIXELS // 10**6} megapixels that are read; is the file damaged?"
        )


def check_texts(path: Path) -> None:
    """ClipError for a RIFF file whose list of texts ends behind the file: FFmpeg would make room for what is not there.

    Lists are gone into and other chunks passed over, as FFmpeg does before it comes to the pictures.
    """
    try:
        with path.open("rb") as file:
            size, start = os.fstat(file.fileno()).st_size, RIFF_HEAD
            if file.read(4) != b"RIFF":
                return
            for _ in range(MOST_CHUNKS):
                file.seek(start)
                head = file.read(RIFF_HEAD)
                if len(head) < RIFF_HEAD or head[8:] == b"movi":
                    return
                length = int.from_bytes(head[4:8], "little")
                if head[8:] == b"INFO" and start + length > size:
                    raise ClipError(f"{path}: its head is damaged (texts of {length} bytes); copy the film again")
                start += RIFF_HEAD if head.startswith(b"LIST") else 8 + length + length % 2
    except OSError as error:
        raise ClipError(f"{path}: not a film that can be read ({reason(error)})") from error


def check_index(path: Path) -> None:
    """ClipError for an MP4 whose index tells of far more samples than its bytes can be: FFmpeg would list them all."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            for each, count in _sample_sizes(file, 0, size):
                if count > MOST_SAMPLES and each * count > PARTS_LOST * size:
                    raise ClipError(
                        f"{path}: its index is damaged ({count} pieces of {each} bytes); copy the film again"
                    )
    except OSError as error:
        raise ClipError(f"{path}: not a film that can be read ({reason(error)})") from error


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each box of an MP4 or QuickTime file from one place to another, where its content begins, and where it
    ends, which may be behind the file (ISO/IEC 14496-12, 4.2)."""
    for _ in range(MOST_CHUNKS):
        if start >= end:
            return
        file.seek(start)
        length, kind, long = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        first = start + (16 if length == 1 else 8)
        stop = start + (long if length == 1 else length or end)
        if stop < first:
            return
        yield kind, first, stop
        start = stop


def _sample_sizes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Size of a sample and how many there are, of each track whose samples have one size (ISO/IEC 14496-12, 8.7.3)."""
    for kind, first, stop in boxes(file, start, end):
        if kind in TO_SAMPLES:
            yield from _sample_sizes(file, first, min(stop, end))
        elif kind == b"stsz":
            file.seek(first + 4)
            yield struct.unpack(">II", file.read(8).ljust(8, b"\0"))


def packets_of(container: Any, streams: Any) -> Iterator[Any]:
    """Packets of some tracks in the film's order, an empty one of each at the end; stamps without end are unknown."""
    with suppress(IndexError):  # at the end PyAV asks for tracks that began in the middle, of which it knows nothing
        for packet in container.demux(streams):
            if packet.pts is not None and abs(packet.pts) > MOST_UNITS:
                packet.pts = None
            if packet.dts is not None and abs(packet.dts) > MOST_UNITS:
                packet.dts = None
            if packet.duration is not None and not 0 <= packet.duration <= MOST_UNITS:
                packet.duration = 0
            yield packet
