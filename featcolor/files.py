"""Files that appear whole or not at all, and plain JSON."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from featcolor.names import NAME_BYTES, cut_name

PART_SUFFIX = ".part"
PART_NAME_BYTES = 100
"""Of a name, what is kept in the name of the file written beside it."""


def beside(path: Path, suffix: str) -> Path:
    """The path with something more at the end of its name, which is cut where that makes it too long."""
    return path.with_name(cut_name(path.name, NAME_BYTES - len(suffix)) + suffix)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A file beside `path` to write to: it takes the place of `path` at the end, or goes when something failed."""
    target = Path(path)
    part = target.with_name(f"{_beginning(target)}{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _beginning(target: Path) -> str:
    return f".{cut_name(target.name, PART_NAME_BYTES)}."


def write_text(path: str | Path, text: str) -> None:
    """A UTF-8 text file, whole or not at all; a file name's bytes that are no UTF-8 are written as escapes."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")


def write_json(path: str | Path, value: Any, *, indent: int | None = None) -> None:
    """A JSON file of `jsonable(value)`, whole or not at all.

    A name's byte that is no UTF-8 is a surrogate in Python; its escape, "\\udce9", is JSON's own, and is read back so.
    """
    write_text(path, json.dumps(jsonable(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def jsonable(value: Any) -> Any:
    """A card in JSON's own types: NumPy's numbers as Python's, and None for a number that is not finite."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def remove_parts(targets: Iterable[Path]) -> None:
    """Removal of what a worker that was killed in the middle of writing has left beside these targets."""
    by_folder: dict[Path, list[str]] = {}
    for target in targets:
        by_folder.setdefault(target.parent, []).append(_beginning(target))
    for folder, beginnings in by_folder.items():
        if folder.is_dir():
            parts = [path for path in folder.iterdir() if path.name.startswith(".") and path.suffix == PART_SUFFIX]
            for part in parts:
                if part.name.startswith(tuple(beginnings)):
                    part.unlink(missing_ok=True)
