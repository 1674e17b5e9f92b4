"""A part of a film, read from one timecode up to another."""

from __future__ import annotations

from collections.abc import Iterator

from featcolor.clips.frames import ClipReader, Frame
from featcolor.clips.timecode import Timecode
from featcolor.errors import UsageError


class TrimmedReader(ClipReader):
    """A `ClipReader` of the frames from `start` up to, not including, `end`; numbers and time stamps stay.

    Decoding stops at the end of the part.

    Parameters
    ----------
    reader : of the film
    start, end : of the part; None: its first frame, its last
    reach : numbers of frames before and behind the part; what lies between them is read too

    Attributes
    ----------
    part : numbers of the first and last frame of the part, once it is read.

    Raises
    ------
    UsageError : while it is read: the film has frames, but the part has none.
    """

    def __init__(
        self,
        reader: ClipReader,
        start: Timecode | None = None,
        end: Timecode | None = None,
        *,
        reach: tuple[int, int] | None = None,
    ) -> None:
        self._reader, self._start, self._end, self._reach = reader, start, end, reach
        self.info, self.stems, self.problems = reader.info, reader.stems, reader.problems
        self.part: tuple[int, int] | None = None

    def __iter__(self) -> Iterator[Frame]:
        origin: int | None = None
        for frame in self._reader:
            origin = frame.pts if origin is None else origin
            began = self._start is None or self._reaches(frame, origin, self._start)
            ended = self._end is not None and self._reaches(frame, origin, self._end)
            if ended and (self._reach is None or frame.index > self._reach[1]):
                break
            if began and not ended:
                self.part = (self.part or (frame.index,))[0], frame.index
            if began or (self._reach is not None and frame.index >= self._reach[0]):
                yield frame
        if origin is not None and self.part is None:
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
