"""Uploads: files that people give, as the body of a request, believed by what is in them and not by their names."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

from featcolor.errors import ModelFileError, PictureError
from featcolor.files import PART_SUFFIX
from featcolor.pictures.io import PICTURE_SUFFIXES, claimed_pixels, picture_format
from featcolor.pictures.picture import SUFFIX_OF
from featcolor.studio.api.requests import Refusal, length_of, pieces_of, studio_of, workspace_of
from featcolor.studio.config import MEGABYTE
from featcolor.studio.desk import open_picture
from featcolor.studio.stamps import FileStamp
from featcolor.studio.studio import Studio
from featcolor.studio.workspace import Workspace

CHECK_S: Final = 60.0
"""That a worker may take to find a file good or bad."""
LONGEST_NAME: Final = 120
"""Characters of the name of a file that are looked at."""


async def receive(request: Request, target: Path) -> None:
    """The body of a request, written to a file."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("xb") as file:
        async for piece in pieces_of(request, studio_of(request).config.limits.bytes):
            file.write(piece)


async def keep(request: Request, kind: str, check: Callable[..., str], *arguments: Any) -> Path:
    """A file that is given under ?name=, kept in a folder of the workspace once a worker found it good.

    `check` is called in the worker with the file, its name and the arguments, and gives the name that it is kept under.
    """
    workspace, studio = workspace_of(request), studio_of(request)
    name = name_in(request)
    part = workspace.folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"
    async with _room(request, workspace):
        try:
            await receive(request, part)
            who = str(request.state.visitor)
            kept_as = await studio.desk.call(check, part, name, *arguments, about=part.name, who=who, limit_s=CHECK_S)
            target = workspace.given.place_for(kind, kept_as)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def name_in(request: Request) -> str:
    """The name that a person's file has, its folders left out."""
    name = request.query_params.get("name", "").replace("\\", "/").rpartition("/")[2]
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - of a name
    return stem[: max(0, LONGEST_NAME - len(suffix))] + suffix[:LONGEST_NAME]


async def check_room(studio: Studio, workspace: Workspace, *, files: int = 0) -> None:
    """Refusal where a workspace has no room for so many files more, with all that is being given now, or the disk."""
    limits, coming = studio.config.limits, studio.coming.get(workspace.folder, [])
    if limits.pictures is not None and files and len(workspace.given) + len(coming) > limits.pictures:
        raise Refusal(413, f"{limits.pictures} files are here already; delete some first")
    if limits.total is not None and await asyncio.to_thread(_bytes_in, workspace.folder) + sum(coming) > limits.total:
        raise Refusal(413, f"your files may have {limits.total / MEGABYTE:.0f} MB in all; delete some first")
    if shutil.disk_usage(workspace.folder).free - sum(map(sum, studio.coming.values())) < limits.free:
        raise Refusal(507, "the disk of the studio is nearly full; try again later")


def check_picture(path: Path, name: str, most_pixels: int | None) -> str:
    """The name of a good picture, in a worker; PictureError for a broken one, or one of too many pixels."""
    try:
        format = picture_format(path)
        check_pixels(path, most_pixels)
        open_picture(FileStamp.of(path))
    except PictureError as error:
        raise PictureError(str(error).replace(str(path), name or "the picture")) from error
    if Path(name).suffix.lower() in PICTURE_SUFFIXES:
        return name
    return f"{name or 'picture'}{SUFFIX_OF.get(format, '.png')}"


def check_model(path: Path, name: str, networks: bool) -> str:
    """The name of a good model, in a worker; an error for a broken one, and for ONNX unless `networks` are taken.

    Its suffix is that of what it is, by which it is read from then on.
    """
    from featcolor.models.load import NETWORK_SUFFIX, is_network, load

    foreign = is_network(path)
    if foreign and not networks:
        raise ModelFileError(f"{name or 'the model'}: ONNX is not taken here; give what 'featcolor fit' wrote")
    try:
        load(path)
    except ModelFileError as error:
        raise ModelFileError(str(error).replace(str(path), name or "the model")) from error
    return f"{Path(name).stem or 'model'}{NETWORK_SUFFIX if foreign else '.featcolor'}"


def check_pixels(path: Path, most: int | None) -> None:
    """PictureError for a picture whose head says that it has more pixels."""
    if most is not None and (claimed := claimed_pixels(path)) > most:
        raise PictureError(f"{path}: has {claimed / 1e6:.0f} megapixels, and {most / 1e6:g} may be opened here")


@asynccontextmanager
async def _room(request: Request, workspace: Workspace) -> AsyncIterator[None]:
    """Room for one more file of a workspace; it is taken from now on, so that many at a time get no more than one."""
    studio, mine = studio_of(request), length_of(request)
    if mine is None:
        mine = studio.config.limits.bytes or 0
    coming = studio.coming.setdefault(workspace.folder, [])
    coming.append(mine)
    try:
        await check_room(studio, workspace, files=1)
        yield
    finally:
        coming.remove(mine)
        if not coming:
            del studio.coming[workspace.folder]


def _bytes_in(folder: Path) -> int:
    """Of all files below a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - many files
            except OSError:  # gone meanwhile
                continue
    return total
