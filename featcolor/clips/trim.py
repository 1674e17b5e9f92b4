"""A part of a film, read from one timecode up to another."""

from __future__ import annotations

from collections.abc import Iterator

from featcolor.clips.frames import ClipReader, Frame
from featcolor.clips.timecode import Timecode
from featcolor.errors import UsageError


class TrimmedReader(ClipReader):
    """A `ClipReader` of the frames from `start` up to, not including, `end`; numbers and time stamps stay.

    Decoding stops at the end of the part.

    Raises
    ------
    UsageError : while it is read: the film has frames, but the part has none.
    """

    def __init__(self, reader: ClipReader, start: Timecode | None = None, end: Timecode | None = None) -> None:
        self._reader, self._start, self._end = reader, start, end
        self.info, self.stems, self.problems = reader.info, reader.stems, reader.problems

    def __iter__(self) -> Iterator[Frame]:
        origin: int | None = None
        passed = 0
        for frame in self._reader:
            origin = frame.pts if origin is None else origin
            if self._end is not None and self._reaches(frame, origin, self._end):
                break
            if self._start is None or self._reaches(frame, origin, self._start):
                passed += 1
                yield frame
        if origin is not None and not passed:
            raise UsageError(
                f"{self.info.name}: no frame lies in the part from {self._start or 'the first frame'} to "
                f"{self._end or 'the last'}; choose another --start or --end"
            )

    def close(self) -> None:
        self._reader.close()

    def _reaches(self, frame: Frame, origin: int, end: Timecode) -> bool:
        if end.seconds is not None:
            return (frame.pts - origin) * self.info.time_base >= end.seconds
        return frame.index >= (end.frame or 0)
