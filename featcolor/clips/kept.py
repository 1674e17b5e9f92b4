"""A film of made frames, kept without loss in a temporary file while the passes over it read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, ClipReader, Codes, Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.reader import VideoFileReader

NAME: Final = "prepared.mkv"
_STEP: Final = 40
_KEPT: Final = {"time_base": Fraction(1, 1000), "rate": Fraction(1000, _STEP)}
"""The file counts its frames, one a step: what their own times are stands beside it, in any unit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class KeptFilm:
    """A lossless film (FFV1) of frames that were made of another's, and what that one says of them. Picklable.

    Attributes
    ----------
    path : of the file, which the caller deletes.
    info : of the film that was made.
    first : number of the first frame that was kept.
    pts, durations : (n,) in units of `info.time_base`.
    damaged : numbers of the frames that the decoder could not restore.
    stems, problems : as `ClipReader` has them.
    """

    path: Path
    info: ClipInfo
    first: int
    pts: NDArray[np.int64]
    durations: NDArray[np.int64]
    damaged: frozenset[int] = frozenset()
    stems: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()

    def open(self) -> KeptReader:
        """A reader of the film."""
        return KeptReader(self)


def keep_film(frames: Iterable[Frame], info: ClipInfo, folder: Path, *, like: ClipReader) -> KeptFilm:
    """Keep frames as they come, in a file in `folder`.

    Parameters
    ----------
    frames : with the numbers and time stamps of the film that they were made of, at least one
    info : of the film that they make
    like : the reader of the film that they were made of

    Raises
    ------
    ClipError : the folder is full.
    """
    path = folder / NAME
    stamps: list[tuple[int, int, int, bool]] = []
    # Woven or turned matters to who shows the frames; the file is of samples.
    sampled = replace(info, **_KEPT, interlaced=False, rotation=0, tags={}, pixel_aspect=Fraction(1))  # type: ignore[arg-type]
    with VideoFileWriter(path, sampled, source=None, codec="ffv1", seek_step=1) as writer:
        grey = np.full(writer.chroma_shape, 1 << (info.bits - 1), info.dtype)
        for count, frame in enumerate(frames):
            stamps.append((frame.index, frame.pts, frame.duration, frame.damaged))
            cb, cr = (grey if plane is None else plane for plane in (frame.cb, frame.cr))
            writer.write(replace(frame, pts=_STEP * count, duration=_STEP), cb, cr)
    numbers, pts, durations, damaged = zip(*stamps, strict=True)
    return KeptFilm(
        path=path,
        info=info,
        first=numbers[0],
        pts=np.array(pts, np.int64),
        durations=np.array(durations, np.int64),
        damaged=frozenset(number for number, is_damaged in zip(numbers, damaged, strict=True) if is_damaged),
        stems=None if like.stems is None else tuple(like.stems),
        problems=tuple(like.problems),
    )


class KeptReader(ClipReader):
    """A `ClipReader` of a kept film; its frames have the numbers and time stamps of those that they were made of."""

    def __init__(self, film: KeptFilm) -> None:
        self._film, self._file = film, VideoFileReader(film.path)
        self.info, self.stems, self.problems = film.info, film.stems, film.problems

    def __iter__(self) -> Iterator[Frame]:
        return map(self._stamped, self._file)

    def frames_from(self, pts: int, number: int) -> Iterator[Frame]:
        place = number - self._film.first
        return map(self._stamped, self._file.frames_from(_STEP * place, place))

    def close(self) -> None:
        self._file.close()

    def _stamped(self, frame: Frame) -> Frame:
        film, place = self._film, frame.index
        number = film.first + place
        chroma: tuple[Codes | None, Codes | None] = (frame.cb, frame.cr) if film.info.colour else (None, None)
        return replace(
            frame,
            index=number,
            cb=chroma[0],
            cr=chroma[1],
            pts=int(film.pts[place]),
            duration=int(film.durations[place]),
            damaged=number in film.damaged,
        )
