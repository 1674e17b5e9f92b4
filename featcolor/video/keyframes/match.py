"""Matching of coloured pictures with the frames that they show; what fits none is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from featcolor.clips.frames import ClipInfo
from featcolor.colour.correlation import LEAST_CORRELATION, correlation, correlations
from featcolor.colour.lab import lightness_of
from featcolor.errors import PictureError
from featcolor.pictures.find import expand_references
from featcolor.pictures.resize import resize
from featcolor.video.keyframes.pictures import FEW_COLOURED, coloured_share, comparing_size, read_key
from featcolor.video.scan import Thumbnails
from features.base import FloatArray

SURE_CORRELATION: Final = 0.95
"""From here on nobody asks whether another frame fits better than the one that the name says."""

CLEARLY_BETTER: Final = 0.05
"""By this much another frame must fit better before a person is told so."""

A_FRAME_OFF: Final = 0.001
"""By this much the frame before must fit better to count as a sign that names count from 1."""

BLOCK: Final = 512
"""Thumbnails compared at once."""

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class KeyFile:
    """A picture and the number of the frame that its name says it shows; None where it says nothing."""

    path: Path
    number: int | None


@dataclass(frozen=True)
class KeyFrame:
    """A picture that gives the colour of one frame.

    Attributes
    ----------
    path : of the picture.
    frame : number in the whole film.
    correlation : of its lightness with the frame's, at thumbnail size.
    located : whether the frame was found by lightness, not by the name.
    """

    path: Path
    frame: int
    correlation: float
    located: bool


@dataclass(frozen=True)
class KeyMatch:
    """Outcome of the matching.

    Attributes
    ----------
    keys : by frame, at most one a frame.
    refused : pictures that cannot be read, or show no frame or that of another picture, each with a line that says so.
    notes : lines for a person: pictures found by lightness, without colour, or outside the part.
    """

    keys: tuple[KeyFrame, ...]
    refused: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A frame that a picture may show: its place among the thumbnails, and the correlation of their lightness."""

    place: int
    correlation: float


def find_keyframes(source: str | Path | Iterable[str | Path], *, stems: Sequence[str] | None = None) -> list[KeyFile]:
    """Pictures in a folder (or files, globs, lists, as every command takes them), in name order, with numbers.

    The number is the one made of the last digits of the name without its suffix. With `stems`, those of a folder's
    frames in order, it is the place of the frame with the same stem, else of the only one whose stem ends in the same
    number, else None. UsageError where there are no pictures.
    """
    paths = expand_references([source] if isinstance(source, str | Path) else source)
    return [KeyFile(*pair) for pair in zip(paths, frame_numbers([path.stem for path in paths], stems), strict=True)]


def frame_numbers(names: Sequence[str], stems: Sequence[str] | None = None) -> list[int | None]:
    """Numbers of the frames that files of these names, without their suffix, are about; see `find_keyframes`."""
    if stems is None:
        return [_last_number(name) for name in names]
    places = {stem: place for place, stem in reversed(list(enumerate(stems)))}
    by_number: dict[int | None, int | None] = {}
    for place, stem in enumerate(stems):
        number = _last_number(stem)
        by_number[number] = None if number in by_number or number is None else place
    return [places.get(name, by_number.get(_last_number(name))) for name in names]


def locate(lightness: FloatArray, thumbnails: Thumbnails) -> Candidate:
    """The frame that looks most like a picture (h, w), 0..1, by lightness; brightness and contrast do not count."""
    found = np.concatenate(
        [
            correlations(lightness, thumbnails.block(first, min(first + BLOCK, len(thumbnails))))
            for first in range(0, len(thumbnails), BLOCK)
        ]
    )
    best = int(found.argmax())
    return Candidate(best, float(found[best]))


def match_keys(
    files: Sequence[KeyFile],
    thumbnails: Thumbnails,
    info: ClipInfo,
    n_frames: int | None = None,
    *,
    first: int = 0,
) -> KeyMatch:
    """The frame that each picture shows. Pictures are read one at a time.

    A picture without any colour is left out, with a note: an exported frame that nobody has painted yet would turn its
    shot grey.

    Parameters
    ----------
    files : of `find_keyframes`
    thumbnails : one a frame of the film, or of the part that begins with frame `first`
    info : of the film
    n_frames : of the whole film; a number below it outside the part is left out, with a note, not looked for elsewhere
    first : number of the first thumbnail's frame
    """
    matcher = _Matcher(thumbnails, info, n_frames, first)
    grey: list[Path] = []
    strokes: list[Path] = []
    # Names go before likeness, so that a located picture never takes the frame of a numbered one.
    for file in sorted(files, key=lambda file: (file.number is None, str(file.path))):
        try:
            rgb = read_key(file.path, info, comparing_size(info))
        except PictureError as error:
            matcher.refused.append((file.path, str(error)))
            continue
        share = coloured_share(rgb)
        if share:
            matcher.place(file, resize(lightness_of(rgb), thumbnails.shape))
        else:
            grey.append(file.path)
        if 0 < share < FEW_COLOURED:
            strokes.append(file.path)
    matcher.place_rest()
    if strokes:
        others = f" (and {len(strokes) - 1} more)" if len(strokes) > 1 else ""
        matcher.notes.append(
            f"{strokes[0]}{others}: most of it is grey, and its shot becomes so; strokes on a grey frame go to --hints"
        )
    if grey:
        others = f" (and {len(grey) - 1} more)" if len(grey) > 1 else ""
        matcher.notes.append(f"{grey[0]}{others}: no colour in it at all; left out until it is painted")
    keys = sorted(matcher.keys.values(), key=lambda key: key.frame)
    return KeyMatch(tuple(keys), tuple(sorted(matcher.refused)), tuple(matcher.notes))


class _Matcher:
    """State of the matching: frames that are taken, pictures that wait to be located, and what there is to say."""

    def __init__(self, thumbnails: Thumbnails, info: ClipInfo, n_frames: int | None, first: int) -> None:
        self.thumbnails, self.info, self.n_frames, self.first = thumbnails, info, n_frames, first
        self.keys: dict[int, KeyFrame] = {}
        self.refused: list[tuple[Path, str]] = []
        self.notes: list[str] = []
        self._waiting: list[tuple[Path, str, Candidate]] = []
        self._better_before: list[bool] = []

    def place(self, file: KeyFile, lightness: FloatArray) -> None:
        """By its number where lightness agrees; else it waits until all numbers are placed."""
        path, number = file.path, file.number
        end = self.first + len(self.thumbnails)
        if number is None:
            why = "no frame number in its name"
        elif self.first <= number < end:
            fit = correlation(lightness, self.thumbnails[number - self.first])
            if fit >= LEAST_CORRELATION:
                self._check_rivals(path, number, fit, lightness)
                if number > self.first:
                    before = correlation(lightness, self.thumbnails[number - 1 - self.first])
                    self._better_before.append(before > fit + A_FRAME_OFF)
                self._take(KeyFrame(path, number, fit, located=False))
                return
            why = f"frame {number}, which its name says, looks different (correlation {fit:.2f})"
        elif number < max(self.first, self.n_frames or 0):
            part = f"frames {self.first} to {end - 1}"
            self.notes.append(f"{path}: frame {number} is outside the part that is coloured, {part}; left out")
            return
        else:
            why = f"there is no frame {number}, the last is {end - 1}"
        self._waiting.append((path, why, locate(lightness, self.thumbnails)))

    def place_rest(self) -> None:
        """The pictures whose names did not tell; a word where all that did seem to count from 1."""
        if self._better_before and all(self._better_before):
            what = "key frames look like the frames before theirs; their names"
            if len(self._better_before) == 1:
                what = "key frame looks like the frame before the one that its name says; names"
            self.notes.append(f"the {what} must count from 0, not 1")
        for path, why, (place, fit) in sorted(self._waiting, key=lambda waiting: str(waiting[0])):
            frame = place + self.first
            if fit < LEAST_CORRELATION:
                line = (
                    f"{path}: {why}, and no frame of {self.info.name} looks like it (at best frame {frame}, "
                    f"correlation {fit:.2f}; {LEAST_CORRELATION} is needed); colour a frame that "
                    "'featcolor keyframes' wrote, without cropping it"
                )
                self.refused.append((path, line))
            elif self._take(KeyFrame(path, frame, fit, located=True)):
                self.notes.append(f"{path}: {why}; looks like frame {frame} (correlation {fit:.2f}) and is used for it")

    def _check_rivals(self, path: Path, number: int, fit: float, lightness: FloatArray) -> None:
        if fit >= SURE_CORRELATION:
            return
        place, best = locate(lightness, self.thumbnails)
        if best >= fit + CLEARLY_BETTER:
            self.notes.append(
                f"{path}: used for frame {number} as its name says (correlation {fit:.2f}), though frame "
                f"{place + self.first} looks more like it ({best:.2f}); numbers count from 0"
            )

    def _take(self, key: KeyFrame) -> bool:
        other = self.keys.setdefault(key.frame, key)
        if other is not key:
            line = f"{key.path}: {other.path} already gives the colour of frame {key.frame}; keep one of them"
            self.refused.append((key.path, line))
        return other is key


def _last_number(stem: str) -> int | None:
    found = _DIGITS.findall(stem)
    return int(found[-1]) if found else None
