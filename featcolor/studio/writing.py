"""Writing: pictures of a workspace coloured in full size, by the very code of `featcolor colorize`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from featcolor.batch.colour import Coloured, ColourPicture, PictureTask
from featcolor.files import remove_parts
from featcolor.hints.told import Told
from featcolor.names import shown, shown_name
from featcolor.studio.jobs import Running
from featcolor.studio.stamps import FileStamp
from featcolor.studio.workers import WorkError

CHUNK = 1 << 20
"""Bytes of an archive that are passed on at a time."""


def write_one(work: ColourPicture, told_of_all: Mapping[Path, Told], task: PictureTask) -> Coloured:
    """A picture read, coloured and written, in a worker; `told_of_all` are hints that all pictures share."""
    if not told_of_all:
        return work(task)
    files = [path for picture, told in told_of_all.items() for path in (picture, *told.files)]
    return _sharing(work, tuple(told_of_all.items()), tuple(map(FileStamp.of, files)))(task)


@lru_cache(maxsize=1)
def _sharing(work: ColourPicture, told: tuple[tuple[Path, Told], ...], files: tuple[FileStamp, ...]) -> ColourPicture:
    """The work with hints that all pictures share, `files` as they are now, found out once."""
    return work.sharing(dict(told))


async def write_pictures(running: Running) -> None:
    """The job of writing pictures; those that are done are not done again."""
    workspace, what = running.workspace, running.job.what
    wanted = [each for each in what["pictures"] if each in workspace.items]
    written = what.setdefault("written", [])
    for item_id in wanted:
        if item_id in written:
            continue
        item = workspace.item(item_id)
        running.progress(item.name, len(written), len(wanted))
        told = workspace.told_of_all() if workspace.share else {}
        fingerprint, task = workspace.fingerprint(item), workspace.task(item)
        try:
            await running.call_plainly(write_one, workspace.work(item), told, task)
        except WorkError as error:
            remove_parts([task.target])
            if running.interrupted or error.kind == "disk full":
                raise
            message = str(error)
            running.job.errors.append(message if shown(item.name) in message else f"{item.name}: {message}")
        else:
            workspace.note_written(item, fingerprint)
        written.append(item_id)
        running.keep()
        running.tell({"kind": "picture", "picture": workspace.describe(item)})
    running.progress("written", len(wanted), len(wanted))


class _Pipe:
    """The end of an archive that is written to while it is read."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)

    def flush(self) -> None:
        pass


def zipped(files: Mapping[str, Path]) -> Iterator[bytes]:
    """A zip archive of files by the names that they have in it, piece by piece; what is gone is left out."""
    pipe: Any = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files.items():
            try:
                source: IO[bytes] = path.open("rb")
            except OSError:
                continue
            with source, archive.open(shown_name(name), "w", force_zip64=True) as target:
                while data := source.read(CHUNK):
                    target.write(data)
                    yield bytes(pipe.content)
                    pipe.content.clear()
    yield bytes(pipe.content)
