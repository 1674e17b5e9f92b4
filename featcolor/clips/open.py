"""The reader of a film, by what its source is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from featcolor.clips.frames import ClipReader
from featcolor.clips.reader import VideoFileReader
from featcolor.errors import UsageError


def open_clip(source: str | Path, *, rate: Fraction | None = None) -> ClipReader:
    """The reader of a film file, or of a folder of pictures shown `rate` frames a second.

    A film of RGB, a palette or other non-Y'CbCr pixels is converted to 4:4:4 Y'CbCr when read; its luma is that
    conversion's. Every other film's planes are those of the decoder, bit for bit.

    Raises
    ------
    ClipError : not a film, no picture track, damaged beyond its first frames.
    UsageError : no such film, or a folder without a rate.
    """
    path = Path(source)
    if not path.is_dir():
        return VideoFileReader(path)
    if rate is None:
        raise UsageError(f"{path}: a folder of frames needs its frames a second; give --fps, for instance --fps 24")
    from featcolor.clips.folders import FrameFolderReader

    return FrameFolderReader(path, rate=rate)
