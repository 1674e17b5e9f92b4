"""Album: the workspace as a whole, its references and models, and what is done to all pictures at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from featcolor.errors import UsageError
from featcolor.hints.colour_names import COMMON
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pictures.io import PICTURE_SUFFIXES
from featcolor.studio import filming
from featcolor.studio.api.pictures import describe_all
from featcolor.studio.api.requests import JSONResponse, Refusal, json_of, studio_of, visitor_of, workspace_of
from featcolor.studio.api.uploads import check_model, check_picture, check_room, keep
from featcolor.studio.choices import controls
from featcolor.studio.films.shelf import FILM_SUFFIXES
from featcolor.studio.given import MODELS, REFERENCES, id_of_given
from featcolor.studio.items import Item
from featcolor.studio.studio import Studio
from featcolor.studio.workspace import ALBUM, Workspace
from featcolor.studio.writing import zipped

MODEL_NAMES = {"default": "Default model", ALBUM: "Your references"}
HEARTBEAT_S = 15.0
"""After which a quiet stream of events says that it is still there."""
LOOK_S = 0.5
"""Between two looks of a stream whether the server is about to end."""


async def get(request: Request) -> Response:
    """All that the page shows at first."""
    workspace = workspace_of(request)
    await asyncio.to_thread(workspace.refresh)
    return JSONResponse(_described(studio_of(request), workspace))


async def settle(request: Request) -> Response:
    """What is chosen for all pictures."""
    workspace, content = workspace_of(request), await json_of(request)
    share, model = content.get("share"), content.get("model")
    if not isinstance(share, bool | None) or not isinstance(model, str | None):
        raise UsageError("share is true or false, and model the identifier of one")
    workspace.settle(share=share, model=model)
    studio_of(request).publish(workspace, {"kind": "workspace"})
    return JSONResponse(_described(studio_of(request), workspace))


async def write(request: Request) -> Response:
    """A job that writes pictures; refused where a file stands in the way that the studio did not write."""
    workspace, content = workspace_of(request), await json_of(request)
    wanted = content.get("pictures")
    if wanted is not None and not (isinstance(wanted, list) and all(isinstance(each, str) for each in wanted)):
        raise UsageError("pictures must be a list of identifiers")
    if wanted is None:
        await asyncio.to_thread(workspace.refresh)
    items = list(workspace.items.values()) if wanted is None else [workspace.items[each] for each in {*wanted}]
    if not items:
        raise Refusal(409, "there is no picture to write yet")
    await check_room(studio_of(request), workspace)
    _keep_inputs(workspace, items)
    if not content.get("overwrite"):
        standing = [item for item in items if workspace.target(item).exists() and workspace.written(item) is None]
        if standing:
            names = [workspace.target(item).name for item in standing]
            more = f" (and {len(names) - 1} more)" if names[1:] else ""
            raise Refusal(409, f"{names[0]}{more} is there already, and not from the studio", exists=names)
    title = items[0].name if len(items) == 1 else f"{len(items)} pictures"
    job = studio_of(request).jobs.add(workspace, "write", f"Write {title}", pictures=[item.id for item in items])
    return JSONResponse(studio_of(request).jobs.describe(job), 202)


async def archive(request: Request) -> Response:
    """All written pictures in one zip."""
    workspace = workspace_of(request)
    written = {item.name: workspace.written(item) for item in workspace.items.values()}
    files = {name: path for name, path in written.items() if path is not None}
    if not files:
        raise Refusal(409, "no picture is written yet")
    headers = {"Content-Disposition": 'attachment; filename="coloured.zip"'}
    return StreamingResponse(zipped(files), media_type="application/zip", headers=headers)


async def add_reference(request: Request) -> Response:
    """A colour picture that shows what the colours were."""
    path = await keep(request, REFERENCES, check_picture, studio_of(request).config.limits.pixels)
    return JSONResponse({"id": id_of_given(path), "name": path.name}, 201)


async def remove_reference(request: Request) -> Response:
    """One of them taken away."""
    paths = {id_of_given(path): path for path in workspace_of(request).given.of(REFERENCES)}
    paths[request.path_params["id"]].unlink(missing_ok=True)
    return Response(status_code=204)


async def fit(request: Request) -> Response:
    """A job that fits an album on the references."""
    workspace = workspace_of(request)
    count = len(workspace.given.of(REFERENCES))
    if not count:
        raise Refusal(409, "there are no references yet; drop a few colour pictures of the same things")
    job = studio_of(request).jobs.add(workspace, "fit", f"Learn from {count} references")
    return JSONResponse(studio_of(request).jobs.describe(job), 202)


async def add_model(request: Request) -> Response:
    """A model that 'featcolor fit' made."""
    path = await keep(request, MODELS, check_model, studio_of(request).config.limits.networks)
    studio_of(request).publish(workspace_of(request), {"kind": "workspace"})
    return JSONResponse({"id": id_of_given(path), "name": path.name}, 201)


async def options(request: Request) -> Response:
    """The controls of a whole picture, each with its option on the command line."""
    return JSONResponse(await asyncio.to_thread(_controls))


async def names(request: Request) -> Response:
    """The names of colours by what they are used of."""
    groups = {group: {name: colour.code for name, colour in each.items()} for group, each in COMMON.items()}
    return JSONResponse({"groups": groups})


async def queue(request: Request) -> Response:
    """How many requests of others are before one's own."""
    return JSONResponse({"place": studio_of(request).desk.n_waiting})


async def job(request: Request) -> Response:
    """A job paused, cancelled, or gone on with."""
    workspace, jobs = workspace_of(request), studio_of(request).jobs
    found = jobs.find(workspace, request.path_params["id"])
    {"pause": jobs.pause, "cancel": jobs.cancel, "resume": jobs.resume}[request.path_params["what"]](workspace, found)
    return JSONResponse(jobs.describe(found))


async def events(request: Request) -> Response:
    """What changes, as it does, in a stream that lasts as long as the page."""
    studio, workspace = studio_of(request), workspace_of(request)
    visitor = visitor_of(request)
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    if studio.streams[visitor] >= studio.config.limits.streams:
        raise Refusal(429, "this page is open too often; close it elsewhere")

    async def stream() -> AsyncIterator[str]:
        with studio.listening(workspace, visitor) as messages:
            yield ": here\n\n"
            quiet = 0.0
            while not studio.stopping():
                try:
                    message = await asyncio.wait_for(messages.get(), LOOK_S)
                except TimeoutError:
                    quiet += LOOK_S
                    if quiet >= HEARTBEAT_S:
                        quiet = 0.0
                        studio.see(visitor)
                        yield ": still here\n\n"
                    continue
                yield f"data: {studio.plainly(json.dumps(message))}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _described(studio: Studio, workspace: Workspace) -> dict[str, Any]:
    config = studio.config
    limits, jobs = config.limits, studio.jobs.of(workspace)
    return {
        "version": studio.version,
        "apart": config.apart,
        "keep_hours": config.keep_hours if config.apart else None,
        "limits": {"bytes": limits.bytes, "pixels": limits.pixels, "pictures": limits.pictures},
        "output": _output_in_words(studio, workspace),
        "share": workspace.share,
        "model": workspace.model,
        "pictures": describe_all(workspace),
        "films": [filming.describe(workspace, film, jobs) for film in workspace.shelf.films.values()],
        "models": [{"id": key, "name": _model_name(key, path)} for key, path in workspace.models()],
        "references": [{"id": id_of_given(path), "name": path.name} for path in workspace.given.of(REFERENCES)],
        "jobs": jobs,
        "accept": sorted(PICTURE_SUFFIXES),
        "accept_films": sorted(FILM_SUFFIXES),
    }


def _model_name(key: str, path: Path | None) -> str:
    return MODEL_NAMES.get(key) or (path.stem if path else key)


def _output_in_words(studio: Studio, workspace: Workspace) -> str:
    if workspace.output is not None:
        return f"in {workspace.output}"
    if studio.config.apart or not workspace.sources:
        return "here, to be downloaded"
    return "beside each picture, as NAME-colour"


def _keep_inputs(workspace: Workspace, items: list[Item]) -> None:
    """Refusal where what is written would take the place of a picture."""
    inputs = {item.path.resolve() for item in workspace.items.values()}
    for item in items:
        if workspace.target(item).resolve() in inputs:
            raise Refusal(409, f"{item.name} would be written over a picture; start the studio with another -o")


@cache
def _controls() -> dict[str, Any]:
    return controls(PretrainedColorizer().config)
