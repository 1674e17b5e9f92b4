"""Stamps: files as they were at some time, and identifiers that tell the page of no path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from featcolor.errors import PictureError


@dataclass(frozen=True)
class FileStamp:
    """A file as it was at some time."""

    path: Path
    changed_ns: int
    n_bytes: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The file as it is now; PictureError where it is gone."""
        try:
            stat = path.stat()
        except OSError as error:
            raise PictureError(f"{path.name}: the file is gone; put it back, or leave this picture") from error
        return cls(path, stat.st_mtime_ns, stat.st_size)

    def to_list(self) -> list[str | int]:
        """As JSON can hold it."""
        return [os.fspath(self.path), self.changed_ns, self.n_bytes]


def id_of(text: str) -> str:
    """The identifier of a thing that has this place or name."""
    return blake2b(text.encode(errors="surrogateescape"), digest_size=8).hexdigest()
