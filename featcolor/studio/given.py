"""Given files: what people drop or send, by kind, in the folder of a workspace."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from featcolor.hints.hint import SUFFIX
from featcolor.names import cut_name
from featcolor.studio.films.shelf import FILMS
from featcolor.studio.stamps import id_of

DROPPED, REFERENCES, MODELS = "dropped", "references", "models"
"""Kinds, and the folders of a workspace where they lie."""
KINDS: Final = (DROPPED, REFERENCES, MODELS, FILMS)
GIVEN_NAME_BYTES: Final = 120
"""Of a given file's name, what is kept."""
DEVICES: Final = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
"""Names that are no files on Windows, whatever the suffix."""


class Given:
    """The files that a person gave.

    Parameters
    ----------
    folder : of the workspace
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place_for(self, kind: str, name: str) -> Path:
        """A path that is free, for a file that a person gives; of its name only what is a name of a file is used."""
        stem, dot, suffix = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
        stem, suffix = (_plain(stem), _plain(f"{dot}{suffix}")) if dot else (_plain(suffix), "")
        suffix = cut_name(suffix, GIVEN_NAME_BYTES // 2)
        stem = cut_name(stem.strip(" ."), GIVEN_NAME_BYTES - len(os.fsencode(suffix))) or "picture"
        if stem.partition(".")[0].strip().upper() in DEVICES:
            stem = f"_{stem}"
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            if not os.path.lexists(path):
                return path
        return folder / f"{secrets.token_hex(8)}{suffix}"

    def of(self, kind: str) -> list[Path]:
        """Those of a kind, by name."""
        folder = self.folder / kind
        files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
        return sorted(path for path in files if not path.name.startswith("."))

    def __len__(self) -> int:
        """How many there are, of all kinds."""
        return sum(not path.name.endswith(SUFFIX) for kind in KINDS for path in self.of(kind))


def id_of_given(path: Path) -> str:
    """By which the page calls a reference or a model."""
    return id_of(path.name)


def _plain(name: str) -> str:
    """What of a name every system takes as one."""
    return "".join(each for each in name if each.isprintable() and each not in '/<>:"|?*')
