"""Test pictures, and the look into one folder that every layout of a test set shares."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from featcolor.errors import UsageError
from featcolor.pictures.find import is_picture_name

Paths: TypeAlias = Sequence[str]
"""What a person named: mostly one folder."""

SEPARATOR: Final = "__"
"""Stands for / in the names of pictures."""


@dataclass(frozen=True)
class TestPicture:
    """One picture to measure on.

    `name` is unique in its set, without suffix, and names the picture in every table; `grey` is the grey input where
    the set brings one, else the truth's lightness is.
    """

    __test__ = False  # no test for pytest

    name: str
    truth: Path
    grey: Path | None = None


@dataclass(frozen=True)
class Found:
    """Contents of a layout.

    `pictures`: in order; `outputs`: of others, as {method: {picture's name: file}}; `foreign`: other files.
    """

    pictures: tuple[TestPicture, ...]
    outputs: dict[str, dict[str, Path]] = field(default_factory=dict)
    foreign: frozenset[Path] = frozenset()


def single_folder(paths: Paths, below: str = "") -> Path | None:
    """The one folder that is named, or its part `below` where there is one; None where no single folder is named."""
    folder = Path(paths[0]).expanduser() if len(paths) == 1 else None
    if folder is None or not folder.is_dir():
        return None
    return folder / below if below and (folder / below).is_dir() else folder


def require_folder(paths: Paths, layout: str, holds: str, *, below: str = "") -> Path:
    """As `single_folder`; UsageError where there is none."""
    folder = single_folder(paths, below)
    if folder is None:
        raise UsageError(f"{', '.join(paths)}: the layout {layout} is one folder with {holds}; name that folder")
    return folder


def folder_names(folder: Path | None) -> list[str]:
    """Names of the folders in a folder, sorted, hidden ones left out; none in None."""
    if folder is None:
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())


def picture_names(folder: Path | None) -> list[str]:
    """Names of the pictures directly in a folder, sorted; none in None."""
    if folder is None:
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if is_picture_name(entry.name) and entry.is_file())


def whole_set(root: Path, layout: str, holds: str, names: Sequence[str], files: Mapping[str, Path]) -> Found:
    """The named pictures of a published set, in order, from {file name: path}; UsageError where one is missing."""
    missing = [name for name in names if name not in files]
    if missing:
        what = f"{len(missing):,} of {len(names):,} are missing, the first {missing[0]}"
        raise incomplete(root, layout, holds, what)
    return Found(tuple(TestPicture(Path(name).stem, files[name]) for name in names))


def incomplete(root: Path, layout: str, holds: str, what: str) -> UsageError:
    """The error of a published set that is not whole."""
    return UsageError(
        f"{root}: the layout {layout} wants {holds}; {what}; complete the folder, or choose the layout folder for the "
        "pictures that are there"
    )
