"""Shape of the pixels in Matroska and WebM, as the size at which a picture is shown (RFC 9559, 5.1.4.1.28).

FFmpeg's muxer takes it from a field of the stream that PyAV does not set. H.264 and H.265 say it in their own
packets; films of other codecs get it here, once the file is whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from featcolor.clips.frames import ClipInfo

SHAPED_CODECS = ("h264", "h265")
"""Whose packets say the shape of pixels."""

SEGMENT, SEEK_HEAD, TRACKS, TRACK, TRACK_TYPE, VIDEO = 0x18538067, 0x114D9B74, 0x1654AE6B, 0xAE, 0x83, 0xE0
SEEK, SEEK_POSITION, VOID, CRC = 0x4DBB, 0x53AC, 0xEC, 0xBF
DISPLAY_WIDTH, DISPLAY_HEIGHT, DISPLAY_UNIT = 0x54B0, 0x54BA, 0x54B2
PICTURE_TRACK = b"\1"
HEAD = 16
"""Bytes that hold any element's name and length."""

LARGEST = 2
"""Times the picture's height that its size of display may have, to be exact."""


class _Element(NamedTuple):
    """A named piece of a file: where it, its content and what comes behind it begin."""

    name: int
    start: int
    content: int
    end: int


def keep_shape(path: Path, like: ClipInfo, *, muxer: str, codec: str) -> bool:
    """Write the shape of a film's pixels into a whole file of it where that lacks it; False where it cannot."""
    if like.pixel_aspect == 1 or muxer not in ("matroska", "webm") or codec in SHAPED_CODECS:
        return True
    return write_shown_size(path, shown_size(like.width, like.height, like.pixel_aspect))


def shown_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Width and height at which a picture with pixels of this shape is shown: exact, and near its own height.

    >>> shown_size(720, 576, Fraction(16, 15)), shown_size(720, 480, Fraction(32, 27))
    ((768, 576), (848, 477))
    """
    shape = Fraction(width, height) * aspect
    if shape.denominator > LARGEST * height:
        return round(width * aspect), height
    times = max(1, round(height / shape.denominator))
    return shape.numerator * times, shape.denominator * times


def write_shown_size(path: Path, size: tuple[int, int]) -> bool:
    """Write the size of display into a whole Matroska file, its length unchanged; False where it has no room."""
    with path.open("r+b") as file:
        segment = next((part for part in _parts(file, 0, path.stat().st_size) if part.name == SEGMENT), None)
        if segment is None:
            return False
        found: dict[int, _Element] = {}
        for part in _parts(file, segment.content, segment.end):
            found.setdefault(part.name, part)
            if part.name == TRACKS:
                break
        if not {SEEK_HEAD, VOID, TRACKS} <= found.keys():
            return False
        seeks, void, tracks = (found[name] for name in (SEEK_HEAD, VOID, TRACKS))
        head = _between(file, seeks.start, seeks.end)
        moved = _between(file, void.end, tracks.start)
        new = _element(TRACKS, _tracks(_between(file, tracks.content, tracks.end), size))
        grown = len(new) - (tracks.end - tracks.start)
        room = void.end - void.start - grown
        if seeks.end != void.start or room < HEAD:
            return False
        span = range(void.end - segment.content, tracks.start - segment.content + 1)
        head = head[: seeks.content - seeks.start] + _moved(head[seeks.content - seeks.start :], span, grown)
        file.seek(seeks.start)
        file.write(head + b"\xec\1" + (room - 9).to_bytes(7, "big") + bytes(room - 9) + moved + new)
    return True


def _tracks(content: bytes, size: tuple[int, int]) -> bytes:
    """Tracks, the size in that of the picture."""
    parts = []
    for track, data in _split(content):
        if track == TRACK and any(each == (TRACK_TYPE, PICTURE_TRACK) for each in _split(data)):
            data = b"".join(
                _element(name, _video(value, size) if name == VIDEO else value) for name, value in _split(data)
            )
        parts.append((track, data))
    return _checked(parts)


def _video(content: bytes, size: tuple[int, int]) -> bytes:
    kept = [each for each in _split(content) if each[0] not in (DISPLAY_WIDTH, DISPLAY_HEIGHT, DISPLAY_UNIT)]
    sides = (side.to_bytes(4, "big").lstrip(b"\0") for side in size)
    return b"".join(_element(*each) for each in (*kept, *zip((DISPLAY_WIDTH, DISPLAY_HEIGHT), sides, strict=True)))


def _moved(content: bytes, span: range, by: int) -> bytes:
    """An index of the file's parts, those whose places lie in `span` moved to the front."""
    parts = []
    for name, data in _split(content):
        if name == SEEK:
            pieces = [
                (key, (place - by).to_bytes(len(value), "big"))
                if key == SEEK_POSITION and (place := int.from_bytes(value, "big")) in span
                else (key, value)
                for key, value in _split(data)
            ]
            data = b"".join(_element(*each) for each in pieces)
        parts.append((name, data))
    return _checked(parts)


def _checked(parts: list[tuple[int, bytes]]) -> bytes:
    """Elements in a row; where the first is their checksum, it is made anew."""
    has_sum = bool(parts) and parts[0][0] == CRC
    content = b"".join(_element(*each) for each in parts[has_sum:])
    return (_element(CRC, zlib.crc32(content).to_bytes(4, "little")) if has_sum else b"") + content


def _element(name: int, content: bytes) -> bytes:
    size = len(content)
    width = next(width for width in range(1, 9) if size < (1 << 7 * width) - 1)
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (size | 1 << 7 * width).to_bytes(width, "big") + content


def _split(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Names and contents of the elements in a row."""
    place = 0
    while place < len(content):
        part = _read(content[place : place + HEAD], place)
        yield part.name, content[part.content : part.end]
        place = part.end


def _parts(file: BinaryIO, start: int, end: int) -> Iterator[_Element]:
    """The elements of a stretch of a file."""
    while start < end:
        part = _read(_between(file, start, start + HEAD), start)
        yield part
        start = part.end


def _read(head: bytes, start: int) -> _Element:
    name = 9 - head[0].bit_length()
    size = 9 - head[name].bit_length()
    length = int.from_bytes(head[name : name + size], "big") & ((1 << 7 * size) - 1)
    content = start + name + size
    return _Element(int.from_bytes(head[:name], "big"), start, content, content + length)


def _between(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)
