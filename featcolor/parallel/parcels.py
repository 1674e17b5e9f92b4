"""Parcels: one item's work on its way to a machine of a cluster, and what comes back.

Files go as paths where the machine sees the same ones, else as bytes. A file of the item is the same when it has the
same size and time; a folder that is written to, when a token that the sender has put there can be read. The files of
the function, such as a model, are known by their hash: a worker that has none of that hash asks for it, once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic

from featcolor.files import replacing
from featcolor.parallel.alike import difference, facts
from featcolor.parallel.cores import keep_freed_memory, library_threads
from featcolor.parallel.engine import Item, Outcome, Result, attempt
from featcolor.parallel.paths import moved, told_as

UNLIKE_SECONDS: Final = 1.0
"""Before a worker that does nothing says so: it would be given all that waits, since it is never busy."""

Signature = tuple[int, int]
"""Size of a file and the time of its last change, in nanoseconds; of a folder (-1, 0)."""

_TURN: Final = threading.Lock()
"""One item at a time in a process: OpenCV's number of threads is the whole process's."""


@dataclass(frozen=True)
class Token:
    """A file that a sender has put where outputs go, so that a worker can tell whether it sees that place."""

    path: Path
    content: str

    def seen(self) -> bool:
        """Whether it can be read here, and others be written beside it."""
        try:
            return os.access(self.path.parent, os.W_OK) and self.path.read_text(encoding="ascii") == self.content
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class Parcel(Generic[Item, Result]):
    """One item's work, with paths as the sender has them.

    Attributes
    ----------
    function, index, item : as `attempt` takes them
    facts : of the sender (`featcolor.parallel.alike`)
    whole : every path of function and item as a whole one
    seen : signatures of the files that are read where they are; None: it is not there on the sender either
    hashes : of the function's files
    contents : bytes of files that go along
    outputs : paths that the function writes
    tokens : where they go
    as_bytes : whether the item's files are among the contents, and the outputs' bytes are to be sent back
    """

    function: Callable[[Item], Result]
    index: int
    item: Item
    facts: Mapping[str, str]
    whole: Mapping[Path, Path]
    seen: Mapping[Path, Signature | None]
    hashes: Mapping[Path, str]
    contents: Mapping[Path, bytes] = field(default_factory=dict)
    outputs: tuple[Path, ...] = ()
    tokens: tuple[Token, ...] = ()
    as_bytes: bool = False


@dataclass(frozen=True)
class Done(Generic[Result]):
    """An outcome, and the bytes of files for the sender to write."""

    outcome: Outcome[Result]
    files: Mapping[Path, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Lacking:
    """Paths that a worker does not see: nothing was done."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Unlike:
    """A worker that is not as the sender is, in words: nothing was done."""

    worker: str
    difference: str


Reply = Done[Any] | Lacking | Unlike


def perform(parcel: Parcel[Any, Any]) -> Reply:
    """What a worker does with a parcel."""
    if unlike := difference(parcel.facts, facts()):
        time.sleep(UNLIKE_SECONDS)
        return Unlike(_address(), unlike)
    keep_freed_memory()
    with _TURN, tempfile.TemporaryDirectory(dir=_own_folder()) as folder:
        places, lacking = _places(parcel, Path(folder))
        if lacking:
            return Lacking(tuple(lacking))
        with library_threads(1):
            outcome = attempt(moved(parcel.function, places), parcel.index, moved(parcel.item, places))
        files = {}
        if parcel.as_bytes:
            files = {path: places[path].read_bytes() for path in parcel.outputs if places[path].is_file()}
        return Done(told_as(outcome, places), files)


def is_busy() -> bool:
    """Whether this process is at work on a parcel."""
    return _TURN.locked()


def signature(path: Path) -> Signature | None:
    """What tells a file from others of its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (-1, 0) if path.is_dir() else (status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def hash_of(path: Path, _: Signature) -> str:
    """SHA-256 of a file, read anew when its signature changes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _places(parcel: Parcel[Any, Any], folder: Path) -> tuple[dict[Path, Path], list[Path]]:
    """Where this machine has the paths of a parcel, and those that it lacks."""
    places: dict[Path, Path] = {}
    lacking = []
    for number, (path, whole) in enumerate(parcel.whole.items()):
        if path in parcel.hashes:
            kept = _kept(whole, parcel.hashes[path], parcel.contents.get(path))
            places[path] = kept or whole
            lacking += [] if kept else [path]
        elif parcel.as_bytes and (path in parcel.contents or parcel.seen.get(path) is None):
            places[path] = folder / str(number) / path.name
            places[path].parent.mkdir()
            if path in parcel.contents:
                places[path].write_bytes(parcel.contents[path])
        else:
            places[path] = whole
            lacking += [] if path not in parcel.seen or signature(whole) == parcel.seen[path] else [path]
    if not parcel.as_bytes and not all(token.seen() for token in parcel.tokens):
        lacking += parcel.outputs
    return places, lacking


def _kept(path: Path, digest: str, content: bytes | None) -> Path | None:
    """A file of this hash in the worker's own folder, of the bytes that came along or of its path; None: neither."""
    kept = _own_folder() / digest / path.name
    if kept.is_file():
        return kept
    seen = signature(path)
    if content is None and (seen is None or not path.is_file() or hash_of(path, seen) != digest):
        return None
    kept.parent.mkdir(parents=True, exist_ok=True)
    with replacing(kept) as part:
        if content is None:
            shutil.copyfile(path, part)
        else:
            part.write_bytes(content)
    return kept


def _own_folder() -> Path:
    """The folder of this worker, which goes when it ends."""
    from distributed import get_worker

    folder = Path(get_worker().local_directory) / "featcolor"
    folder.mkdir(exist_ok=True)
    return folder


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def with_contents(parcel: Parcel[Any, Any], contents: Mapping[Path, bytes]) -> Parcel[Any, Any]:
    """The same parcel with the bytes of more of its files."""
    return replace(parcel, contents={**parcel.contents, **contents})
