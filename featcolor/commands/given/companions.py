"""Files that each belong to a picture by their names: masks and hints of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from unicodedata import normalize

from featcolor.errors import UsageError

NAMES_SHOWN = 3
"""Of the files that a message is about."""


@dataclass(frozen=True)
class Companions:
    """Files below a folder, each named as the picture that it is for: its whole name, or its stem, at its place.

    Attributes
    ----------
    what : what they are, in the plural
    by_place : files by their places below the folder, in NFC, without what their own names add to those of the pictures
    """

    what: str
    by_place: Mapping[str, Sequence[Path]]

    @classmethod
    def of(cls, what: str, files: Iterable[tuple[Path, Path]]) -> Self:
        """Of pairs of a place and a file."""
        by_place: dict[str, list[Path]] = {}
        for place, file in files:
            by_place.setdefault(_key(place), []).append(file)
        return cls(what, by_place)

    @classmethod
    def below(cls, what: str, folder: Path) -> Self:
        """Those of a folder that are pictures; UsageError where it holds none."""
        from featcolor.pictures.find import find_pictures

        return cls.of(what, ((each.relative.with_suffix(""), each.path) for each in find_pictures([folder])))

    def find(self, relative: Path) -> Path | None:
        """That of the picture at a place, or None; UsageError where there are two.

        A whole name, as --confidence writes it, goes before a stem.
        """
        files = self.by_place.get(_key(relative)) or self.by_place.get(_key(relative.with_suffix(""))) or ()
        if len(files) > 1:
            raise UsageError(f"{files[0]} and {files[1]} are both {self.what} of {relative}; keep one")
        return files[0] if files else None

    def files(self) -> list[Path]:
        """All of them."""
        return [path for paths in self.by_place.values() for path in paths]


def _key(place: Path) -> str:
    """A place as it is compared: macOS writes an accent apart from its letter (Unicode's NFD), others with it."""
    return normalize("NFC", str(place))


def few_names(paths: Sequence[Path]) -> str:
    """The first few of them for a message."""
    more = f" and {len(paths) - NAMES_SHOWN} more" if len(paths) > NAMES_SHOWN else ""
    return ", ".join(map(str, paths[:NAMES_SHOWN])) + more
