"""Which pictures a person means: files, folders, globs and lists, as they are typed on the command line."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from featcolor.errors import UsageError
from featcolor.pictures.io import PICTURE_SUFFIXES

LIST_MARK = "@"
COMMENT_MARK = "#"


@dataclass(frozen=True)
class FoundPicture:
    """One picture that an argument led to.

    `relative` is the path below the folder that was named (the file's name where a file was named): what an output
    tree mirrors. `named` says that the argument named this very file.
    """

    path: Path
    relative: Path
    named: bool


def expand_references(arguments: Iterable[str | Path], *, leave_out: Path | None = None) -> list[Path]:
    """The picture files that arguments lead to, in a stable order, each once.

    An argument is a file, a folder (searched through, hidden files and folders skipped), a glob (`**` crosses folders)
    or `@list.txt`: one path a line, relative to the list file; a line that starts with `#` is a comment.

    Raises
    ------
    UsageError
        An argument that leads nowhere: a missing path, a folder without pictures, an empty list.
    """
    return [found.path for found in find_pictures(arguments, leave_out=leave_out)]


def find_pictures(arguments: Iterable[str | Path], *, leave_out: Path | None = None) -> list[FoundPicture]:
    """As `expand_references`, with each picture's place below the folder that was named.

    `leave_out` is a folder that no search enters: the output folder, where it lies inside an input folder.
    """
    forbidden = leave_out.resolve() if leave_out is not None else None
    seen: set[Path] = set()
    pictures = []
    for argument in arguments:
        for found in _expand(os.fspath(argument), leave_out=forbidden):
            resolved = found.path.resolve()
            if resolved not in seen:
                seen.add(resolved)
                pictures.append(found)
    return pictures


def _expand(argument: str, *, leave_out: Path | None, lists: bool = True) -> Sequence[FoundPicture]:
    if not argument:
        raise UsageError("an empty path was given; name a picture or a folder")
    if lists and argument.startswith(LIST_MARK) and not os.path.lexists(argument):
        return _expand_list(Path(argument[len(LIST_MARK) :]).expanduser(), leave_out=leave_out)
    path = Path(argument)
    if not os.path.lexists(argument):
        path = path.expanduser()
        if glob.has_magic(argument) and not path.exists():
            return _expand_glob(os.fspath(path), leave_out=leave_out)
    if path.is_dir():
        return _expand_folder(path, leave_out=leave_out)
    if not path.exists():
        raise UsageError(f"{argument}: no such file or folder")
    if not path.is_file():
        raise UsageError(f"{argument}: not a file or folder; name pictures, folders, globs or @list.txt")
    return [FoundPicture(path, Path(path.name), named=True)]


def _expand_folder(folder: Path, *, leave_out: Path | None) -> Sequence[FoundPicture]:
    paths = list(_walk(folder, leave_out=leave_out))
    if not paths:
        raise UsageError(f"{folder}: no pictures in this folder; looked for {', '.join(sorted(PICTURE_SUFFIXES))}")
    return [FoundPicture(path, path.relative_to(folder), named=False) for path in paths]


def _walk(folder: Path, *, leave_out: Path | None) -> Iterator[Path]:
    """Pictures below a folder, files before folders, by name; a folder reached again through a link is skipped."""

    def refuse(error: OSError) -> None:
        raise UsageError(f"{error.filename}: this folder cannot be read ({error.strerror})") from error

    visited: set[Path] = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        here = Path(parent).resolve()
        if here in visited or (leave_out is not None and here == leave_out != folder.resolve()):
            folders.clear()
            continue
        visited.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if is_picture_name(name) and path.is_file():
                yield path


def is_picture_name(name: str) -> bool:
    """Whether a search takes a file of this name: a picture's suffix in any case, not hidden."""
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES


def _expand_glob(pattern: str, *, leave_out: Path | None) -> Sequence[FoundPicture]:
    """Matches of a glob: files that look like pictures, and the pictures in folders that match."""
    base = _fixed_folder(pattern)
    found: dict[Path, None] = {}
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (Path.glob takes no absolute pattern)
        path = Path(match)
        if path.is_dir() and "**" not in pattern:
            found.update(dict.fromkeys(_walk(path, leave_out=leave_out)))
        elif path.is_file() and is_picture_name(path.name) and not _left_out(path, base, leave_out):
            found[path] = None
    if not found:
        raise UsageError(f"{pattern}: no picture matches; looked for {', '.join(sorted(PICTURE_SUFFIXES))}")
    return [FoundPicture(path, _below(path, base), named=False) for path in found]


def _fixed_folder(pattern: str) -> Path:
    """The last folder of a pattern that holds no wildcard."""
    return Path(*itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts[:-1]))


def _left_out(path: Path, base: Path, leave_out: Path | None) -> bool:
    return leave_out is not None and leave_out != base.resolve() and path.resolve().is_relative_to(leave_out)


def _below(path: Path, base: Path) -> Path:
    """A match's path below the fixed folder; its name alone where a pattern climbs out of it."""
    relative = path.relative_to(base)
    return Path(path.name) if ".." in relative.parts else relative


def _expand_list(file: Path, *, leave_out: Path | None) -> Sequence[FoundPicture]:
    try:
        # File names are bytes on Linux: what is no UTF-8 must survive the round trip.
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{LIST_MARK}{file}: the list cannot be read ({error.strerror})") from error
    pictures: list[FoundPicture] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(COMMENT_MARK):
            continue
        if "\0" in line:
            raise UsageError(f"{LIST_MARK}{file}: line {number} is no path; is this a text file, one path a line?")
        path = Path(line).expanduser()
        try:
            found = _expand(os.fspath(file.parent / path), leave_out=leave_out, lists=False)
        except UsageError as error:
            raise UsageError(f"{LIST_MARK}{file}, line {number}: {error}") from error
        inside = not path.is_absolute() and ".." not in path.parts
        for picture in found:
            relative = path.parent / picture.relative if inside and picture.named else picture.relative
            pictures.append(FoundPicture(picture.path, relative, named=False))
    if not pictures:
        raise UsageError(f"{LIST_MARK}{file}: the list names no picture; write one path a line")
    return pictures
