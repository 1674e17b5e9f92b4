"""Files of hints on single frames of a film: found, told apart, and read when their frame is coloured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from featcolor.clips.frames import ClipInfo
from featcolor.clips.ycbcr import upright
from featcolor.errors import UsageError
from featcolor.hints.hint import SUFFIX, Hints
from featcolor.hints.painted import read_painted
from featcolor.hints.pixels import HintPixels, same_shape
from featcolor.pictures.find import is_picture_name
from featcolor.video.keyframes.match import frame_numbers
from featcolor.video.scan import ClipScan
from features.base import FloatArray


@dataclass(frozen=True)
class HintFile:
    """A file of hints and the number of the frame that its name says it is about; None where it says nothing."""

    path: Path
    number: int | None

    @property
    def painted(self) -> bool:
        """Whether it is a picture of the frame with paint on it, not JSON."""
        return is_picture_name(self.path.name)


@dataclass(frozen=True)
class FrameHints:
    """Hints by the number of the frame that they were given on.

    Attributes
    ----------
    by_frame : JSON as it was read, none of it empty; of painted frames the path, since their pixels are many
    notes : lines for a person: files without a hint, or outside the part
    """

    by_frame: Mapping[int, Hints | Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __contains__(self, frame: int) -> bool:
        return frame in self.by_frame

    @property
    def frames(self) -> tuple[int, ...]:
        """Numbers of the frames that have hints, rising."""
        return tuple(sorted(self.by_frame))

    def pixels(self, frame: int, lightness: FloatArray) -> HintPixels:
        """The hints on a frame as pixels of it, upright and as large as `lightness` (h, w)."""
        hints = self.by_frame[frame]
        if isinstance(hints, Path):
            return read_painted(hints, lightness).pixels
        return hints.pixels((lightness.shape[0], lightness.shape[1]))


def find_hints(sources: Iterable[str | Path], *, stems: Sequence[str] | None = None) -> list[HintFile]:
    """Files of hints in folders, or files, in name order, with numbers as `find_keyframes` reads them off names.

    In a folder a picture beside the JSON of its name only shows the frame that the JSON is about. UsageError where
    there is none.
    """
    paths: dict[Path, None] = {}
    for source in map(Path, sources):
        if source.is_dir():
            paths |= dict.fromkeys(_in_folder(source))
        elif source.is_file():
            paths[source] = None
        else:
            raise UsageError(f"{source}: no such file or folder of hints")
    names = [_name(path) for path in paths]
    return [HintFile(*pair) for pair in zip(paths, frame_numbers(names, stems), strict=True)]


def check_hints(files: Sequence[HintFile], info: ClipInfo) -> None:
    """UsageError, naming the file, for what can be refused before the film is looked at; see `match_hints`."""
    paths: dict[int, Path] = {}
    for file in files:
        if file.number is None:
            raise UsageError(f"{file.path}: no frame number in its name; its last digits are the frame's, from 0")
        if (other := paths.setdefault(file.number, file.path)) != file.path:
            raise UsageError(f"{file.path}: {other} already gives hints on frame {file.number}; keep one of them")
        if not file.painted:
            _read(file.path, info)


def match_hints(files: Sequence[HintFile], info: ClipInfo, scan: ClipScan, n_frames: int | None = None) -> FrameHints:
    """Hints by frame; UsageError for files that are none, on a frame that there is not, or painted over another.

    Parameters
    ----------
    files : that `check_hints` has passed
    info : of the film
    scan : of the part that is coloured
    n_frames : of the whole film; None: not known, so that any frame outside the part may be one
    """
    by_frame: dict[int, Hints | Path] = {}
    notes, empty = [], []
    last = scan.first + scan.n_frames - 1
    for file in files:
        assert file.number is not None
        if n_frames is not None and file.number >= n_frames:
            raise UsageError(f"{file.path}: there is no frame {file.number}, the last is {n_frames - 1}")
        if not scan.first <= file.number <= last:
            part = f"frames {scan.first} to {last}"
            notes.append(f"{file.path}: frame {file.number} is outside the part that is coloured, {part}; left out")
            continue
        if file.painted:
            seen = upright(scan.thumbnails[file.number - scan.first], info.rotation)
            painting = read_painted(file.path, seen)
            notes += [painting.note] if painting.note else []
            by_frame |= {file.number: file.path} if len(painting.pixels) else {}
        elif (hints := _read(file.path, info)).hints:
            by_frame[file.number] = hints
        else:
            empty.append(file.path)
    if empty:
        others = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        notes.append(f"{empty[0]}{others}: no hint in it yet; left out")
    return FrameHints(by_frame, tuple(notes))


def _in_folder(folder: Path) -> list[Path]:
    names = {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    told = {name for name in names if name.endswith(SUFFIX)}
    painted = {name for name in names if is_picture_name(name) and Path(name).stem + SUFFIX not in told}
    if not told | painted:
        raise UsageError(f"{folder}: no hints in this folder; 'featcolor keyframes FILM -o DIR --hints' begins some")
    return [folder / name for name in sorted(told | painted)]


def _name(path: Path) -> str:
    """A file's name without what tells its kind."""
    return path.name.removesuffix(SUFFIX) if path.name.endswith(SUFFIX) else path.stem


def _read(path: Path, info: ClipInfo) -> Hints:
    """The hints in a file, on a frame as it is shown."""
    hints = Hints.read(path)
    width, height = info.shown_size
    if hints.size is not None and not same_shape(hints.size, (width, height)):
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
