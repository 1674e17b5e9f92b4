"""Routes of pictures: an output tree that mirrors the input's and never touches an input."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from featcolor.errors import UsageError
from featcolor.files import beside as name_beside
from featcolor.layers.formats import LAYERED_SUFFIXES, refuse_missing
from featcolor.pictures.find import COLOURED_MARK, FoundPicture, is_picture_name
from featcolor.pictures.io import WRITTEN_SUFFIXES, picture_format, written_name
from featcolor.pictures.kinds import suffix_of
from featcolor.pictures.picture import SUFFIX_OF

OUTPUT_SUFFIXES = WRITTEN_SUFFIXES | LAYERED_SUFFIXES
"""Suffixes, lower case with the dot, of what a coloured picture may be called."""


class Existing(Enum):
    """Treatment of an output that exists: stop before anything starts, write it anew, or leave it as it is."""

    REFUSE = "refuse"
    OVERWRITE = "overwrite"
    SKIP = "skip"


@dataclass(frozen=True)
class Route:
    """One picture's way: read from `source`, written to `target`; `done` when the target is there and stays."""

    source: Path
    target: Path
    done: bool = False


def plan_routes(
    pictures: Sequence[FoundPicture],
    output: str,
    *,
    existing: Existing = Existing.REFUSE,
    layers: str | None = None,
) -> tuple[Route, ...]:
    """Routes of all pictures; `layers`, of `featcolor.layers.formats.LAYERED`, is the suffix of all files in a folder.

    One picture that was named as a file goes to the file `output`, if that has a picture's suffix and is no folder;
    else `output` is a folder and each picture keeps its place below the folder that was named.

    Raises
    ------
    UsageError
        An output that is an input, two inputs with one output, an output that exists (under Existing.REFUSE), an
        `output` that cannot be what it must be, or one that needs a package that is not installed.
    """
    if not output:
        raise UsageError("-o needs a file or a folder")
    if goes_to_file(pictures, output):
        targets = [Path(output)]
        suffix = suffix_of(targets[0].name)
        if suffix not in OUTPUT_SUFFIXES:
            raise UsageError(
                f"{output}: no picture format is called {targets[0].suffix}; use one of "
                f"{', '.join(sorted(OUTPUT_SUFFIXES))}, or end a folder's name in /"
            )
        if layers is not None and suffix != f".{layers}":
            raise UsageError(f"{output}: --layers {layers} writes .{layers} files; end the name so, or leave one out")
    else:
        folder = _output_folder(output, len(pictures))
        targets = [folder / each for each in _written_names([picture.relative for picture in pictures])]
        if layers is not None:
            targets = [target.with_suffix(f".{layers}") for target in targets]
    refuse_missing(targets)
    _refuse_collisions(pictures, targets)
    _refuse_inputs(pictures, targets)
    for target in targets:
        if target.is_dir():
            raise UsageError(f"{target}: a folder stands where a picture is to be written; choose another -o")
    present = [target.exists() for target in targets]
    if existing is Existing.REFUSE and any(present):
        first = targets[present.index(True)]
        others = f" (and {sum(present) - 1} more)" if sum(present) > 1 else ""
        raise UsageError(f"{first} exists{others}; add --overwrite to replace or --skip-existing to continue")
    skip = existing is Existing.SKIP
    return tuple(
        Route(picture.path, target, done=skip and there)
        for picture, target, there in zip(pictures, targets, present, strict=True)
    )


def beside(pictures: Sequence[FoundPicture], layers: str | None = None) -> str:
    """Where one picture that was named goes when nobody says: OLD-colour.jpg, or .ora with layers, beside OLD.jpg.

    Raises
    ------
    UsageError, PictureError
        Where there are several, they come from a folder, a glob or a list, or it is none.
    """
    if len(pictures) != 1 or not pictures[0].named:
        raise UsageError(
            "only one picture, named as a file, goes beside itself; add -o and a folder's name for the coloured ones"
        )
    path = pictures[0].path
    known = is_picture_name(path.name)
    suffix = written_name(path).suffix if known else SUFFIX_OF.get(picture_format(path), ".png")
    if layers is not None:
        suffix = f".{layers}"
    return str(name_beside(path.with_name(path.stem), f"{COLOURED_MARK}{suffix}"))


def goes_to_file(pictures: Sequence[FoundPicture], output: str) -> bool:
    """Whether `output` is the file of one picture rather than a folder."""
    path = Path(output)
    return (
        len(pictures) == 1
        and pictures[0].named
        and not output.endswith(("/", os.sep))
        and not path.is_dir()
        and bool(path.suffix)
    )


def _written_names(names: Sequence[Path]) -> list[Path]:
    """What pictures of these names are written as; of a.bmp beside a.png that is a.bmp.png."""
    taken = Counter(map(written_name, names))
    changed = (written_name(name) for name in names)
    return [
        name if new == name else new if taken[new] == 1 else name_beside(name, ".png")
        for name, new in zip(names, changed, strict=True)
    ]


def _output_folder(output: str, count: int) -> Path:
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: a file, but {count} pictures need a folder; choose another -o")
    if suffix_of(folder.name) in OUTPUT_SUFFIXES and not folder.is_dir() and not output.endswith(("/", os.sep)):
        raise UsageError(
            f"{folder}: looks like one picture's name, but a folder is needed for what was given; "
            "name a folder (or end it in / if you mean it)"
        )
    return folder


def _refuse_collisions(pictures: Sequence[FoundPicture], targets: Sequence[Path]) -> None:
    first: dict[str, Path] = {}
    for picture, target in zip(pictures, targets, strict=True):
        key = os.path.normpath(target)
        if key in first:
            raise UsageError(f"{first[key]} and {picture.path} would both become {target}; colour them in two calls")
        first[key] = picture.path


def _refuse_inputs(pictures: Sequence[FoundPicture], targets: Sequence[Path]) -> None:
    """No target may be an input: by its place, or by being the same file under another name (links)."""
    places = {picture.path.resolve() for picture in pictures}
    identities = {_identity(picture.path) for picture in pictures if picture.path.exists()}
    for target in targets:
        if target.resolve() in places or (target.exists() and _identity(target) in identities):
            raise UsageError(f"{target}: the output would overwrite an input; choose another -o")


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
