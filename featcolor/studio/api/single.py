"""Single picture: coloured in one request, which leaves nothing behind; what a program calls."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from featcolor.batch.colour import ColourPicture
from featcolor.errors import PictureError, UsageError
from featcolor.hints.hint import Hint, Hints
from featcolor.hints.told import Told
from featcolor.pictures.io import picture_format
from featcolor.pictures.picture import SUFFIX_OF
from featcolor.studio.api.requests import number_in, studio_of, visitor_of, workspace_of
from featcolor.studio.api.uploads import check_pixels, name_in, receive
from featcolor.studio.choices import Choices
from featcolor.studio.gate import NOBODY

TEXTS: Final = ("model", "refine", "prepare")
NUMBERS: Final = ("saturation", "boldness", "warmth")
"""What is chosen in the query, by the names of `Choices`."""
LONGEST_S: Final = 120.0
"""That one picture may take."""


async def colorize(request: Request) -> Response:
    """One picture coloured: the bytes that 'featcolor colorize' writes, in the format and depth of what was given."""
    studio, name = studio_of(request), name_in(request) or "the picture"
    work, told = _work(request), _told(request)
    key = secrets.token_hex(8)
    source, target = studio.incoming / f"{key}.given", studio.incoming / f"{key}.coloured"
    try:
        await receive(request, source)
        arguments = source, target, name, work, told, studio.config.limits.pixels
        suffix = await studio.single.call(colour_file, *arguments, who=_who(request), limit_s=LONGEST_S)
        stem = Path(name_in(request)).stem or "picture"
        return _Once(target, filename=f"{stem}-colour{suffix}", content_disposition_type="attachment")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        source.unlink(missing_ok=True)


def colour_file(source: Path, target: Path, name: str, work: ColourPicture, told: Told, most_pixels: int | None) -> str:
    """The suffix of a picture that was coloured from file to file, in a worker; errors call it `name`."""
    try:
        suffix = SUFFIX_OF.get(picture_format(source), ".png")
        check_pixels(source, most_pixels)
    except PictureError as error:
        raise PictureError(str(error).replace(str(source), name)) from error
    content, _ = work.of_bytes(source.read_bytes(), name=name, told=told)
    target.write_bytes(content)
    return suffix


class _Once(FileResponse):
    """A file that is deleted once it was sent, or could not be."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            Path(self.path).unlink(missing_ok=True)


def _work(request: Request) -> ColourPicture:
    """What the query chooses, as it is chosen on the command line."""
    query = request.query_params
    chosen: dict[str, Any] = {name: query[name] for name in TEXTS if query.get(name)}
    for name in NUMBERS:
        if query.get(name):
            chosen[name] = "auto" if query[name] == "auto" else number_in(request, name)
    choices = Choices(**chosen)
    known: dict[str, Path | None] = {"default": None}
    if visitor_of(request) != NOBODY or not studio_of(request).config.apart:
        workspace = workspace_of(request)
        known = {**dict(workspace.models()), "": workspace.model_file(Choices())}
    if (choices.model or "") not in {"", *known}:
        raise UsageError(f"there is no model {choices.model!r:.40}")
    return ColourPicture(known.get(choices.model or ""), choices.settings(), choices.steps())


def _who(request: Request) -> str:
    """The visitor, or the address of a program that shows a token alone."""
    return visitor_of(request) or (request.client.host if request.client else "")


def _told(request: Request) -> Told:
    return Told(Hints(tuple(Hint.parse(text) for text in request.query_params.getlist("hint"))))
