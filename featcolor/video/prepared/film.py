"""A film that several passes read: as it was given, or as it was made ready for colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from featcolor.clips.deinterlace import as_whole, whole_frames
from featcolor.clips.fields import WHOLE
from featcolor.clips.frames import ClipInfo, ClipReader, Closing, Frame
from featcolor.clips.kept import KeptFilm, keep_film
from featcolor.clips.open import open_clip
from featcolor.clips.timecode import Timecode
from featcolor.clips.trim import TrimmedReader
from featcolor.video.scan import SCANNING, ClipScan, scan_clip

PREPARING: Final = "preparing"


@dataclass(frozen=True)
class Preparation:
    """What is to be made of a film before it is coloured.

    Attributes
    ----------
    deinterlace : whole frames of woven ones.
    """

    deinterlace: bool = False

    def __bool__(self) -> bool:
        return self.deinterlace

    def made(self, info: ClipInfo) -> ClipInfo:
        """Facts of the film that is made, by those of the film that is given."""
        return as_whole(info) if self.deinterlace else info


class Film(Closing):
    """A film, or a part of it, that is read several times; a context manager, since what is made is kept meanwhile.

    Parameters
    ----------
    path : of a film, or of a folder of frames, shown `rate` a second
    start, end : of the part; None: its first frame, its last

    Attributes
    ----------
    kept : what was made of it by `prepare`, and is read since; None: it is read as it is.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        rate: Fraction | None = None,
        start: Timecode | None = None,
        end: Timecode | None = None,
    ) -> None:
        self._path, self._rate, self._part = path, rate, (start, end)
        self._stack = ExitStack()
        self.kept: KeptFilm | None = None

    def close(self) -> None:
        self._stack.close()

    def open(self, reach: tuple[int, int] | None = None) -> TrimmedReader:
        """The part, to be read once; `reach`: see `TrimmedReader`."""
        return TrimmedReader(self.open_whole(), *self._part, reach=reach)

    def open_whole(self) -> ClipReader:
        """All of the film, as far as it was kept, to be read once."""
        return open_clip(self._path, rate=self._rate) if self.kept is None else self.kept.open()

    def prepare(
        self,
        how: Preparation,
        *,
        reach: tuple[int, int] | None = None,
        progress: Callable[[str, int, int], None],
        note: Callable[[str], None],
    ) -> None:
        """Make what is to be made of the part and of what is within `reach`, and keep it without loss.

        The file is in the system's temporary folder until the film is closed. Where nothing is to be made, `note` is
        told, and the film is read as it is.
        """
        if not how:
            return
        with self.open(reach) as reader, scan_clip(reader, progress=partial(progress, SCANNING)) as scan:
            part = reader.part
        assert part is not None, "a part without frames is refused"
        with self.open(reach) as reader:
            info = reader.info
            frames = self._made(reader, scan, how, note)
            if frames is None:
                return
            folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="featcolor-")))
            told = partial(progress, PREPARING)
            counted = (_told(frame, count, scan.n_frames, told) for count, frame in enumerate(frames, start=1))
            self.kept = keep_film(counted, how.made(info), folder, like=reader)
        self._part = Timecode(frame=part[0]), Timecode(frame=part[1] + 1)

    def _made(
        self, reader: ClipReader, scan: ClipScan, how: Preparation, note: Callable[[str], None]
    ) -> Iterable[Frame] | None:
        """Frames as they are to be, None where they are so already."""
        woven = any(order != WHOLE for order in scan.fields)
        if how.deinterlace and not woven:
            note(f"{reader.info.name}: its frames are whole already; --deinterlace changes nothing")
        if not woven:
            return None
        return whole_frames(reader, reader.info.bits)


def _told(frame: Frame, count: int, total: int, progress: Callable[[int, int], None]) -> Frame:
    progress(count, total)
    return frame
