"""A film that several passes read: as it was given, or as it was made ready for colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
from featcolor.errors import UsageError
from featcolor.video.options import DEFLICKER, STABILISE
from featcolor.video.prepared.drift import Step
from featcolor.video.prepared.repairs import drift_of, repaired
from featcolor.video.scan import SCANNING, scan_clip

MEASURING: Final = "measuring what shakes"
PREPARING: Final = "preparing"
DRIFTS: Final = frozenset({STABILISE, DEFLICKER})
"""Repairs of what is measured from frame to frame over the whole shot first."""


@dataclass(frozen=True)
class Preparation:
    """What is to be made of a film before it is coloured.

    Attributes
    ----------
    deinterlace : whole frames of woven ones.
    repairs : names of `featcolor.video.options.REPAIRS`.
    """

    deinterlace: bool = False
    repairs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.deinterlace or bool(self.repairs)

    def words(self) -> list[str]:
        """Options of a command that ask for it."""
        return ["--deinterlace"] * self.deinterlace + (["--prepare", ",".join(self.repairs)] if self.repairs else [])

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
            info, name = reader.info, reader.info.name
            woven = any(order != WHOLE for order in scan.fields)
            if woven and not how.deinterlace:
                raise UsageError(f"{name}: --prepare needs whole frames, and these are woven; add --deinterlace")
            if how.deinterlace and not woven:
                note(f"{name}: its frames are whole already; --deinterlace changes nothing")
            if not woven and not how.repairs:
                return
            drift: list[Step] = []
            if DRIFTS & {*how.repairs}:
                with self.open(reach) as again:
                    given = whole_frames(again, info.bits) if woven else again
                    drift = drift_of(_counted(given, scan.n_frames, partial(progress, MEASURING)), info)
            frames: Iterable[Frame] = whole_frames(reader, info.bits) if woven else reader
            if how.repairs:
                frames = repaired(frames, scan.shots, info, how.repairs, drift)
            folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="featcolor-")))
            counted = _counted(frames, scan.n_frames, partial(progress, PREPARING))
            self.kept = keep_film(counted, how.made(info), folder, like=reader)
        self._part = Timecode(frame=part[0]), Timecode(frame=part[1] + 1)


def _counted(frames: Iterable[Frame], total: int, progress: Callable[[int, int], None]) -> Iterator[Frame]:
    """The frames as they come, `progress` told of each."""
    for count, frame in enumerate(frames, start=1):
        progress(count, total)
        yield frame
