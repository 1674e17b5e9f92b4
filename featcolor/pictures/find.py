"""Which pictures a person means: files, folders, globs and lists, as they are typed on the command line."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from featcolor.colour.lab import lightness_of
from featcolor.errors import PictureError, UsageError
from featcolor.pictures.io import PICTURE_SUFFIXES, read_reference
from featcolor.pictures.kinds import kinds_of, suffix_of, ways_out
from featcolor.pictures.picture import CONVERTED_SUFFIXES

LIST_MARK = "@"
COMMENT_MARK = "#"
LOOKED_FOR = f"looked for {', '.join(sorted(PICTURE_SUFFIXES))}"
COLOURED_MARK = "-colour"
"""What is added to a picture's stem where it is coloured beside itself."""
COMPARED = 3
"""Pictures of a folder that are looked at to tell whether it holds coloured versions of others."""
COMPARED_PIXELS = 64 * 64
SAME_LIGHTNESS = 0.9
"""Correlation above which two pictures of one name and size show the same; preparation lowers it a little."""
SAME_CODES = 1.0
"""Mean difference, in 8-bit codes, below which one is a copy of the other."""


@dataclass(frozen=True)
class FoundPicture:
    """One picture that an argument led to.

    `relative` is the path below the folder that was named (the file's name where a file was named): what an output
    tree mirrors. `named` says that the argument named this very file.
    """

    path: Path
    relative: Path
    named: bool


def expand_references(arguments: Iterable[str | Path]) -> list[Path]:
    """The picture files that arguments lead to, in a stable order, each once.

    An argument is a file, a folder (searched through, hidden files and folders skipped), a glob (`**` crosses folders)
    or `@list.txt`: one path a line, relative to the list file; a line that starts with `#` is a comment.

    Raises
    ------
    UsageError
        An argument that leads nowhere: a missing path, a folder without pictures, an empty list.
    """
    return [found.path for found in find_pictures(arguments)]


def find_pictures(
    arguments: Iterable[str | Path], *, leave_out: Path | None = None, foreign: set[Path] | None = None
) -> list[FoundPicture]:
    """As `expand_references`, with each picture's place below the folder that was named.

    `leave_out` is a folder that no search enters: the output folder, where it lies inside an input folder. Files that
    are no pictures are added to `foreign`.
    """
    search = _Search(None if leave_out is None else leave_out.resolve(), set() if foreign is None else foreign)
    pictures: dict[Path, FoundPicture] = {}
    for argument in arguments:
        for found in search.expand(os.fspath(argument)):
            pictures.setdefault(found.path.resolve(), found)
    return list(pictures.values())


def earlier_outputs(pictures: Sequence[FoundPicture]) -> dict[Path, Path]:
    """Those of the pictures that an earlier run wrote beside or below the others, each with the folder of that run.

    NAME-colour.SUFFIX beside NAME.SUFFIX, and the confidence NAME.SUFFIX.png, are known by their names. A folder that
    repeats names of one above it is known by its pictures, since cameras count from 1 again: some are compared.
    """
    known = {picture.path for picture in pictures}
    written: dict[Path, Path] = {}
    repeated: dict[tuple[Path, Path], list[tuple[Path, Path]]] = {}
    for picture in pictures:
        *folders, name = picture.relative.parts
        root = picture.path.parents[len(folders)]
        for start, end in itertools.combinations_with_replacement(range(len(folders) + 1), 2):
            run, original = root.joinpath(*folders[:end]), root.joinpath(*folders[:start], *folders[end:])
            if any(original / each in known for each in _coloured_from(name)):
                written[picture.path] = run
            elif start < end:
                same = next((original / each for each in _called(name) if original / each in known), None)
                if same is not None:
                    repeated.setdefault((run, root.joinpath(*folders[:start])), []).append((picture.path, same))
    for (run, _), pairs in repeated.items():
        compared = pairs[:: -(-len(pairs) // COMPARED)]
        if 2 * sum(_is_recoloured(*pair) for pair in compared) > len(compared):
            written |= {path: run for path, _ in pairs}
    return written


def _coloured_from(name: str) -> Iterator[str]:
    """The names that a run may have made this one of."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - of a name
    if stem.endswith(COLOURED_MARK):
        yield from _called(stem.removesuffix(COLOURED_MARK) + suffix)
    if suffix == ".png" and is_picture_name(stem):
        yield stem


def _called(name: str) -> Iterator[str]:
    """What a picture may be called whose coloured one has this name: PNG is written of what is only read, too."""
    yield name
    if name.endswith(".png"):
        for suffix in CONVERTED_SUFFIXES:
            yield name.removesuffix(".png") + suffix
            yield name.removesuffix(".png") + suffix.upper()


def _is_recoloured(path: Path, original: Path) -> bool:
    """Whether two pictures show the same lightness in other colours."""
    try:
        first, second = (read_reference(each, COMPARED_PIXELS).astype(np.float32) for each in (path, original))
    except (PictureError, OSError):
        return False
    if first.shape != second.shape or np.abs(first - second).mean() < SAME_CODES:
        return False
    levels = np.stack([lightness_of(each / np.float32(255)).ravel() for each in (first, second)])
    levels -= levels.mean(axis=1, keepdims=True)
    return bool(levels.prod(axis=0).sum() > SAME_LIGHTNESS * np.linalg.norm(levels, axis=1).prod())


@dataclass(frozen=True)
class _Search:
    """Where what is typed leads: no search enters the folder `leave_out`; what is no picture is added to `foreign`."""

    leave_out: Path | None
    foreign: set[Path]

    def expand(self, argument: str, *, lists: bool = True) -> Sequence[FoundPicture]:
        """The pictures of one argument."""
        if not argument:
            raise UsageError("an empty path was given; name a picture or a folder")
        if lists and argument.startswith(LIST_MARK) and not os.path.lexists(argument):
            return self._list(Path(argument[len(LIST_MARK) :]).expanduser())
        path = Path(argument)
        if not os.path.lexists(argument):
            path = path.expanduser()
            if glob.has_magic(argument) and not path.exists():
                return self._glob(os.fspath(path))
        if path.is_dir():
            paths = list(self._walk(path))
            if not paths:
                raise UsageError(f"{path}: no pictures in this folder; {LOOKED_FOR}{self._found_instead()}")
            return [FoundPicture(each, each.relative_to(path), named=False) for each in paths]
        if not path.exists():
            raise UsageError(f"{argument}: no such file or folder")
        if not path.is_file():
            raise UsageError(f"{argument}: not a file or folder; name pictures, folders, globs or @list.txt")
        return [FoundPicture(path, Path(path.name), named=True)]

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Pictures below a folder, files before folders, by name; a folder reached again through a link is skipped."""

        def refuse(error: OSError) -> None:
            raise UsageError(f"{error.filename}: this folder cannot be read ({error.strerror})") from error

        visited: set[Path] = set()
        for parent, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
            here = Path(parent).resolve()
            if here in visited or here == self.leave_out != folder.resolve():
                folders.clear()
                continue
            visited.add(here)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from filter(self._takes, (Path(parent, name) for name in sorted(names)))

    def _takes(self, path: Path) -> bool:
        """Whether a search takes a file, a broken link too, which is refused by name; notes what it is not for."""
        if path.name.startswith(".") or not (path.is_file() or is_broken_link(path)):
            return False
        if not is_picture_name(path.name) or (is_heic_name(path.name) and not reads_heic()):
            self.foreign.add(path.resolve())
            return False
        return True

    def _found_instead(self) -> str:
        return "; ".join([f", found {kinds_of(self.foreign)}", *ways_out(self.foreign)]) if self.foreign else ""

    def _glob(self, pattern: str) -> Sequence[FoundPicture]:
        """Matches of a glob: files that look like pictures, and the pictures in folders that match."""
        # The last folder without a wildcard.
        base = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts[:-1]))
        barred = None if self.leave_out == base.resolve() else self.leave_out
        found: dict[Path, None] = {}
        for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (Path.glob takes no absolute pattern)
            path = Path(match)
            if path.is_dir() and "**" not in pattern:
                found.update(dict.fromkeys(self._walk(path)))
            elif not (barred and Path(os.path.realpath(path)).is_relative_to(barred)) and self._takes(path):
                found[path] = None
        if not found:
            raise UsageError(f"{pattern}: no picture matches; {LOOKED_FOR}{self._found_instead()}")
        return [FoundPicture(path, _below(path, base), named=False) for path in found]

    def _list(self, file: Path) -> Sequence[FoundPicture]:
        try:
            # File names are bytes on Linux: what is no UTF-8 must survive the round trip.
            text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
        except OSError as error:
            raise UsageError(f"{LIST_MARK}{file}: the list cannot be read ({error.strerror})") from error
        pictures: list[FoundPicture] = []
        # Of what str.splitlines takes for the end of a line, much may stand in a name.
        for number, raw in enumerate(text.split("\n"), start=1):
            line = raw.strip()
            if not line or line.startswith(COMMENT_MARK):
                continue
            if "\0" in line:
                raise UsageError(f"{LIST_MARK}{file}: line {number} is no path; is this a text file, one path a line?")
            whole = raw.removesuffix("\r")  # which may begin or end in a space
            path = Path(whole if os.path.lexists(file.parent / whole) else line).expanduser()
            try:
                found = self.expand(os.fspath(file.parent / path), lists=False)
            except UsageError as error:
                raise UsageError(f"{LIST_MARK}{file}, line {number}: {error}") from error
            inside = not path.is_absolute() and ".." not in path.parts
            for picture in found:
                relative = path.parent / picture.relative if inside and picture.named else picture.relative
                pictures.append(FoundPicture(picture.path, relative, named=False))
        if not pictures:
            raise UsageError(f"{LIST_MARK}{file}: the list names no picture; write one path a line")
        return pictures


def is_picture_name(name: str) -> bool:
    """Whether a search takes a file of this name: a picture's suffix in any case, not hidden."""
    return not name.startswith(".") and suffix_of(name) in PICTURE_SUFFIXES


def is_broken_link(path: Path) -> bool:
    """Whether a path is a link to nothing, as git-annex leaves for what was not fetched."""
    try:
        path.stat()
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:  # a ring of links, above all
        return False
    return False


def is_heic_name(name: str) -> bool:
    """Whether a file of this name is a HEIC, which needs a package to be read."""
    return CONVERTED_SUFFIXES.get(suffix_of(name)) == "HEIF"


def reads_heic() -> bool:
    """Whether that package is there."""
    return find_spec("pillow_heif") is not None


def _below(path: Path, base: Path) -> Path:
    """A match's path below the fixed folder; its name alone where a pattern climbs out of it."""
    relative = path.relative_to(base)
    return Path(path.name) if ".." in relative.parts else relative
