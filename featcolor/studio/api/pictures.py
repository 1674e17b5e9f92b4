"""Pictures: how one is shown, told of, chosen for, and fetched."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from featcolor.errors import PictureError, UsageError
from featcolor.hints.hint import Hint, Hints
from featcolor.names import shown_name
from featcolor.studio import desk, filming
from featcolor.studio.api.requests import (
    JSONResponse,
    Refusal,
    ask_desk,
    body_of,
    choices_in,
    hints_in,
    item_of,
    json_of,
    number_in,
    studio_of,
    workspace_of,
)
from featcolor.studio.api.uploads import check_picture, keep
from featcolor.studio.desk import Facts
from featcolor.studio.given import DROPPED
from featcolor.studio.items import Item
from featcolor.studio.stamps import FileStamp
from featcolor.studio.workers import WorkError
from featcolor.studio.workspace import Workspace

MOST_QUESTIONS = 20
MOST_COVERINGS = 500
"""Of a picture by the bounding boxes of its hints."""
MOST_MASK = 16 * 2**20
"""Bytes of a mask, which has the size of a view."""


async def add(request: Request) -> Response:
    """A picture that is given."""
    workspace, limits = workspace_of(request), studio_of(request).config.limits
    path = await keep(request, DROPPED, check_picture, limits.pixels)
    await asyncio.to_thread(workspace.refresh)
    item = next(each for each in workspace.items.values() if each.path == path)
    studio_of(request).publish(workspace, {"kind": "picture", "picture": workspace.describe(item)})
    return JSONResponse(workspace.describe(item), 201)


async def remove(request: Request) -> Response:
    """A picture that was given, deleted."""
    workspace = workspace_of(request)
    workspace.forget(item_of(request))
    studio_of(request).publish(workspace, {"kind": "workspace"})
    return Response(status_code=204)


async def get(request: Request) -> Response:
    """A picture that is opened: its size, its hints, what is chosen for it."""
    workspace, item = workspace_of(request), item_of(request)
    facts = await _facts(request, item)
    hints = workspace.hints(item)
    choices = workspace.kept(item).choices
    return JSONResponse(
        {
            **workspace.describe(item),
            "width": facts.width,
            "height": facts.height,
            "view": {"width": facts.view_width, "height": facts.view_height},
            "hints": _on_picture(hints, facts),
            "choices": choices.to_dict(),
            "signs": list(facts.signs),
            "command": workspace.command(item, choices),
        }
    )


async def thumbnail(request: Request) -> Response:
    """A small picture, as it is or in colour; nothing of one that was taken away meanwhile."""
    workspace, item = workspace_of(request), item_of(request)
    try:
        if request.query_params.get("colour"):
            look = workspace.look(item, workspace.kept(item).choices)
            content = await ask_desk(request, desk.coloured_thumbnail, look, workspace.hints(item), rank=1)
        else:
            content = await ask_desk(request, desk.thumbnail, FileStamp.of(item.path), rank=1)
    except (PictureError, WorkError):
        if item.path.exists():
            raise
        return Response(status_code=204)
    return _jpeg(content, kept="s" in request.query_params)


async def before(request: Request) -> Response:
    """A picture as it is, as large as a screen."""
    return _jpeg(await ask_desk(request, desk.before, FileStamp.of(item_of(request).path)))


async def view(request: Request) -> Response:
    """A picture in colour, as large as a screen, with these hints and choices, which are kept if asked."""
    workspace, item = workspace_of(request), item_of(request)
    content = await json_of(request)
    hints, choices = hints_in(content), choices_in(content)
    facts = await _facts(request, item)
    _check(Hints(hints), (facts.width, facts.height))
    if content.get("keep"):
        before = workspace.hints(item), workspace.kept(item).choices
        workspace.tell(item, hints, (facts.width, facts.height))
        workspace.choose(item, choices)
        if before != (workspace.hints(item), choices):
            _publish(request, workspace, item)
    start = time.perf_counter()
    content = await ask_desk(request, desk.coloured, workspace.look(item, choices), Hints(hints))
    spent = 1000 * (time.perf_counter() - start)
    return _jpeg(content, timing=f"desk;dur={spent:.0f}")


async def command(request: Request) -> Response:
    """What a person types for the same picture."""
    workspace, item = workspace_of(request), item_of(request)
    content = await json_of(request)
    return JSONResponse({"command": workspace.command(item, choices_in(content), hints_in(content))})


async def suggest(request: Request) -> Response:
    """The likely colours of a place."""
    workspace, item = workspace_of(request), item_of(request)
    look = workspace.look(item, workspace.kept(item).choices)
    return JSONResponse(await ask_desk(request, desk.suggest, look, number_in(request, "x"), number_in(request, "y")))


async def ask(request: Request) -> Response:
    """The places where a hint would help most."""
    workspace, item = workspace_of(request), item_of(request)
    count = int(number_in(request, "count", 5.0))
    if not 1 <= count <= MOST_QUESTIONS:
        raise UsageError(f"count must be 1 to {MOST_QUESTIONS}, got {count}")
    look = workspace.look(item, workspace.kept(item).choices)
    return JSONResponse({"questions": await ask_desk(request, desk.ask, look, workspace.hints(item), count, rank=1)})


async def mask(request: Request) -> Response:
    """The mask of a picture: given, fetched or taken away."""
    workspace, item = workspace_of(request), item_of(request)
    path = workspace.mask_file(item)
    if request.method == "GET":
        if not path.exists():
            raise Refusal(404, "this picture has no mask")
        return FileResponse(path, media_type="image/png")
    content = None
    if request.method == "PUT":
        content = await body_of(request, MOST_MASK)
        await ask_desk(request, desk.check_mask, content, FileStamp.of(item.path))
    workspace.set_mask(item, content)
    described = workspace.describe(item)
    studio_of(request).publish(workspace, {"kind": "picture", "picture": described})
    return JSONResponse(described)


async def file(request: Request) -> Response:
    """The written picture, to keep."""
    workspace, item = workspace_of(request), item_of(request)
    written = workspace.written(item)
    if written is None:
        raise Refusal(409, "this picture is not written yet")
    return FileResponse(written, filename=shown_name(written.name), content_disposition_type="attachment")


async def _facts(request: Request, item: Item) -> Facts:
    """Of a picture, which notes why it cannot be opened where it cannot."""
    try:
        facts = await ask_desk(request, desk.open_picture, FileStamp.of(item.path))
    except WorkError as error:
        item.error = str(error)
        workspace = workspace_of(request)
        studio_of(request).publish(workspace, {"kind": "picture", "picture": workspace.describe(item)})
        raise
    item.error = None
    assert isinstance(facts, Facts)
    return facts


def _publish(request: Request, workspace: Workspace, item: Item) -> None:
    """Tell of a picture, and of the film that it is a frame of."""
    studio = studio_of(request)
    studio.publish(workspace, {"kind": "picture", "picture": workspace.describe(item)})
    if item.film is not None:
        card = filming.describe(workspace, workspace.film(item.film), studio.jobs.of(workspace))
        studio.publish(workspace, {"kind": "film", "film": card})


def _check(hints: Hints, size: tuple[int, int]) -> None:
    """UsageError for hints outside a picture of this size, or so many that drawing them takes no end."""
    hints.check_inside(size)
    if hints.coverings(size) > MOST_COVERINGS:
        raise UsageError(f"the strokes cover the picture more than {MOST_COVERINGS} times; paint a picture to say more")


def _on_picture(hints: Hints, facts: Facts) -> list[dict[str, Any]]:
    """Hints in pixels of the picture, whatever size the file is about."""
    width, height = hints.size or (facts.width, facts.height)
    across, down = facts.width / width, facts.height / height

    def placed(hint: Hint) -> Hint:
        points = tuple((max(0.0, (x + 0.5) * across - 0.5), max(0.0, (y + 0.5) * down - 0.5)) for x, y in hint.points)
        return Hint(points, hint.colour, hint.radius * (across * down) ** 0.5)

    return [asdict(placed(hint) if (across, down) != (1, 1) else hint) for hint in hints.hints]


def _jpeg(content: bytes, *, kept: bool = False, timing: str = "") -> Response:
    """`kept`: a browser may keep it, since its address changes with it; `timing` is what its work took."""
    headers = {"Cache-Control": "private, max-age=86400, immutable" if kept else "no-store"}
    return Response(content, media_type="image/jpeg", headers=headers | ({"Server-Timing": timing} if timing else {}))


def describe_all(workspace: Workspace) -> list[dict[str, Any]]:
    """All pictures of a workspace as the page knows them, in the order of the folder, and frames that were opened."""
    return [workspace.describe(item) for item in (*workspace.items.values(), *workspace.frames.values())]
