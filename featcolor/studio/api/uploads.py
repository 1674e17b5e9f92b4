"""Uploads: files that people give, as the body of a request, believed by what is in them and not by their names."""

from __future__ import annotations

import asyncio
import secrets
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

from featcolor.errors import PictureError
from featcolor.files import PART_SUFFIX
from featcolor.pictures.io import PICTURE_SUFFIXES, picture_format
from featcolor.studio.api.requests import Refusal, studio_of, workspace_of
from featcolor.studio.desk import Stamped, open_picture
from featcolor.studio.studio import MEGABYTE
from featcolor.studio.workspace import DROPPED, REFERENCES, Workspace

SUFFIX_OF: Final = {"JPEG": ".jpg", "PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}
SILENCE: Final = 0.1
"""Share of an upload's time that it may be silent."""


async def receive(request: Request, target: Path) -> None:
    """The body of a request, written to a file; Refusal where it is too large, too slow, or breaks off."""
    limits = studio_of(request).config.limits
    ends, length = time.monotonic() + limits.upload_s, request.headers.get("content-length", "")
    if limits.bytes is not None and length.isdigit() and int(length) > limits.bytes:
        raise _too_large(limits.bytes)
    n_bytes, stream = 0, request.stream().__aiter__()
    with target.open("wb") as file:
        while True:
            try:
                chunk = await asyncio.wait_for(anext(stream), limits.upload_s * SILENCE)
            except StopAsyncIteration:
                break
            except TimeoutError as error:
                raise Refusal(408, "the upload stopped on the way; try again") from error
            n_bytes += len(chunk)
            if limits.bytes is not None and n_bytes > limits.bytes:
                raise _too_large(limits.bytes)
            if time.monotonic() > ends:
                raise Refusal(408, f"the upload took longer than {limits.upload_s:g} s; try again")
            file.write(chunk)
    if length.isdigit() and n_bytes != int(length):
        raise Refusal(400, "the upload broke off; try again")


async def keep(request: Request, kind: str, check: Callable[..., str], *arguments: Any) -> Path:
    """A file that is given under ?name=, kept in a folder of the workspace once a worker found it good.

    `check` is called in the worker with the file, its name and the arguments, and gives the name that it is kept under.
    """
    workspace, studio = workspace_of(request), studio_of(request)
    most = studio.config.limits.pictures
    if most is not None and _n_files(workspace) >= most:
        raise Refusal(413, f"{most} files are here already; delete some first")
    name = request.query_params.get("name", "")
    part = workspace.folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"
    try:
        await receive(request, part)
        who = str(request.state.visitor)
        kept_as = await studio.desk.call(check, part, name, *arguments, about=part.name, who=who, limit_s=60.0)
        target = workspace.place_for(kind, kept_as)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def check_picture(path: Path, name: str, most_pixels: int | None) -> str:
    """The name of a good picture, in a worker; PictureError for a broken one, or one of too many pixels."""
    try:
        format = picture_format(path)
        if most_pixels is not None:
            _check_pixels(path, most_pixels)
        open_picture(Stamped.of(path))
    except PictureError as error:
        raise PictureError(str(error).replace(str(path), Path(name).name or "the picture")) from error
    return name if Path(name).suffix.lower() in PICTURE_SUFFIXES else f"{name or 'picture'}{SUFFIX_OF[format]}"


def check_model(path: Path, name: str) -> str:
    """The name of a good model, in a worker; an error for a broken one."""
    from featcolor.errors import ModelFileError
    from featcolor.models.load import load

    try:
        load(path)
    except ModelFileError as error:
        raise ModelFileError(str(error).replace(str(path), Path(name).name or "the model")) from error
    return name or "model.featcolor"


def _check_pixels(path: Path, most: int) -> None:
    """PictureError for a picture whose head says that it has more pixels."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                n_pixels = image.width * image.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        n_pixels = 0  # what Pillow cannot read is left to the reader, which has a bound of its own
    if n_pixels > most:
        raise PictureError(f"{path}: has {n_pixels / 1e6:.0f} megapixels, and {most / 1e6:g} may be opened here")


def _n_files(workspace: Workspace) -> int:
    folders = (workspace.folder / kind for kind in (DROPPED, REFERENCES, "films"))
    return sum(len(list(folder.iterdir())) for folder in folders if folder.is_dir())


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the file is larger than the {most // MEGABYTE} MB that are taken here")
