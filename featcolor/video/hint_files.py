"""Files of hints on single frames of a film: found, told apart, and read when their frame is coloured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from featcolor.clips.frames import ClipInfo
from featcolor.errors import UsageError
from featcolor.hints.hint import SUFFIX, Hints
from featcolor.hints.pixels import HintPixels
from featcolor.video.keyframes.match import frame_numbers
from featcolor.video.scan import ClipScan
from features.base import FloatArray

MOST_ASPECT_ERROR: Final = 0.02
"""Share by which the picture that hints were given on may be too wide or too high for its frame."""


@dataclass(frozen=True)
class HintFile:
    """A file of hints and the number of the frame that its name says it is about; None where it says nothing."""

    path: Path
    number: int | None


@dataclass(frozen=True)
class FrameHints:
    """Hints by the number of the frame that they were given on.

    Attributes
    ----------
    by_frame : none of them empty
    notes : lines for a person: files without a hint, or outside the part
    """

    by_frame: Mapping[int, Hints] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __contains__(self, frame: int) -> bool:
        return frame in self.by_frame

    @property
    def frames(self) -> tuple[int, ...]:
        """Numbers of the frames that have hints, rising."""
        return tuple(sorted(self.by_frame))

    def pixels(self, frame: int, lightness: FloatArray) -> HintPixels:
        """The hints on a frame as pixels of it, upright and as large as `lightness` (h, w)."""
        return self.by_frame[frame].pixels((lightness.shape[0], lightness.shape[1]))


def find_hints(sources: Iterable[str | Path], *, stems: Sequence[str] | None = None) -> list[HintFile]:
    """Files of hints in folders, or files, in name order, with numbers as `find_keyframes` reads them off names.

    UsageError where there is none.
    """
    paths: dict[Path, None] = {}
    for source in map(Path, sources):
        if source.is_dir():
            found = sorted(path for path in source.iterdir() if path.name.endswith(SUFFIX))
            if not found:
                raise UsageError(
                    f"{source}: no hints in this folder; 'featcolor keyframes FILM -o DIR --hints' begins some"
                )
            paths |= dict.fromkeys(found)
        elif source.is_file():
            paths[source] = None
        else:
            raise UsageError(f"{source}: no such file or folder of hints")
    names = [path.name.removesuffix(SUFFIX) if path.name.endswith(SUFFIX) else path.stem for path in paths]
    return [HintFile(*pair) for pair in zip(paths, frame_numbers(names, stems), strict=True)]


def match_hints(files: Sequence[HintFile], info: ClipInfo, scan: ClipScan | None = None) -> FrameHints:
    """Hints by frame. UsageError, naming the file, for one that is none, is about no frame or has points outside.

    Parameters
    ----------
    files : of `find_hints`
    info : of the film
    scan : of the part that is coloured; None: not known yet, so that every number is taken for a frame's
    """
    by_frame: dict[int, Hints] = {}
    paths: dict[int, Path] = {}
    notes, empty = [], []
    for file in files:
        if file.number is None:
            raise UsageError(f"{file.path}: no frame number in its name; its last digits are the frame's, from 0")
        hints = _read(file.path, info)
        if (other := paths.setdefault(file.number, file.path)) != file.path:
            raise UsageError(f"{file.path}: {other} already gives hints on frame {file.number}; keep one of them")
        if scan is not None:
            last = scan.first + scan.n_frames - 1
            if not scan.first <= file.number <= last:
                if file.number >= max(scan.first, info.n_frames or 0):
                    raise UsageError(f"{file.path}: there is no frame {file.number}, the last is {last}")
                part = f"frames {scan.first} to {last}"
                notes.append(f"{file.path}: frame {file.number} is outside the part, {part}; left out")
                continue
        if hints.hints:
            by_frame[file.number] = hints
        else:
            empty.append(file.path)
    if empty:
        others = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        notes.append(f"{empty[0]}{others}: no hint in it yet; left out")
    return FrameHints(by_frame, tuple(notes))


def _read(path: Path, info: ClipInfo) -> Hints:
    """The hints in a file, on a frame as it is shown."""
    hints = Hints.read(path)
    width, height = info.shown_size
    if hints.size is not None and abs(hints.size[0] / hints.size[1] * height / width - 1) > MOST_ASPECT_ERROR:
        raise UsageError(
            f"{path}: hints on a picture of {hints.size[0]}x{hints.size[1]} pixels, but a frame of {info.name} is "
            f"{width}x{height}; give them on the whole frame"
        )
    hints = replace(hints, size=hints.size or (width, height))
    try:
        hints.pixels((height, width))
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return hints
