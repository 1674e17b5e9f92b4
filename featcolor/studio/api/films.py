"""Films: how one is given, looked into, tried shot by shot, and written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from featcolor.clips.open import open_clip
from featcolor.clips.probe import claimed_pixels
from featcolor.errors import ClipError, UsageError
from featcolor.studio import filming
from featcolor.studio.api.requests import JSONResponse, Refusal, ask_desk, json_of, studio_of, workspace_of
from featcolor.studio.api.uploads import check_room, keep
from featcolor.studio.films.colour import fitting_target
from featcolor.studio.films.folder import FilmFolder
from featcolor.studio.films.frames import write_frame, write_thumb
from featcolor.studio.films.shelf import FILMS, Film, is_film_name
from featcolor.studio.jobs import Job, TooManyJobsError
from featcolor.studio.studio import Studio
from featcolor.studio.workspace import Workspace

LONGEST_S = 600.0
"""Of finding a frame in a film that has to be read from its start."""
KEPT = "private, max-age=86400, immutable"
"""Of what has another address when it is another."""


async def add(request: Request) -> Response:
    """A film that is given; its shots are looked for."""
    workspace, studio = workspace_of(request), studio_of(request)
    path = await keep(request, FILMS, check_film, studio.config.limits.pixels)
    await asyncio.to_thread(workspace.refresh)
    film = next(each for each in workspace.shelf.films.values() if each.path == path)
    with suppress(TooManyJobsError):  # it is scanned when it is opened
        _scan(studio, workspace, film)
    return JSONResponse(_publish(studio, workspace, film), 201)


async def get(request: Request) -> Response:
    """A film as it is now."""
    workspace, studio, film = _asked_for(request)
    return JSONResponse(filming.describe(workspace, film, studio.jobs.of(workspace)))


async def remove(request: Request) -> Response:
    """A film that was given, deleted with all that was told of it."""
    workspace, studio, film = _asked_for(request)
    if not film.dropped:
        raise Refusal(403, f"{film.name}: lies in your own folder, and is not the studio's to delete")
    for job in _under_way(studio, workspace, film):
        studio.jobs.cancel(workspace, job)
    await asyncio.to_thread(workspace.shelf.forget, film)
    await asyncio.to_thread(workspace.refresh)
    studio.publish(workspace, {"kind": "workspace"})
    return Response(status_code=204)


async def scan(request: Request) -> Response:
    """A job that finds the shots of a film, the one that is under way where there is one."""
    workspace, studio, film = _asked_for(request)
    await check_room(studio, workspace)
    job = _scan(studio, workspace, film)
    _publish(studio, workspace, film)
    return JSONResponse(studio.jobs.describe(job), 202)


async def play(request: Request) -> Response:
    """A job that colours a shot, in place of one on the same shot that is not done."""
    workspace, studio, film = _asked_for(request)
    shot = (await json_of(request)).get("shot")
    if isinstance(shot, bool) or not isinstance(shot, int):
        raise UsageError("shot must be the number of one, from 0")
    await check_room(studio, workspace)
    _folder(workspace, film).shot(shot)
    for job in _under_way(studio, workspace, film, "play"):
        if job.what["shot"] == shot:
            studio.jobs.cancel(workspace, job)
    job = studio.jobs.add(workspace, "play", f"Try shot {shot + 1} of {film.name}", film=film.id, shot=shot)
    return JSONResponse(studio.jobs.describe(job), 202)


async def write(request: Request) -> Response:
    """A job that writes a film; refused where a file stands in the way that the studio did not write."""
    workspace, studio, film = _asked_for(request)
    overwrite = (await json_of(request)).get("overwrite") is True
    if under_way := _under_way(studio, workspace, film, "film"):
        job = under_way[-1]
        studio.jobs.resume(workspace, job)
        return JSONResponse(studio.jobs.describe(job), 202)
    await check_room(studio, workspace)
    targets = workspace.shelf.targets(film)
    target = await _ask(request, film, fitting_target, film.path, targets)
    own = filming.describe(workspace, film, ())["written"] == target.name
    if target.exists() and not overwrite and not own:
        raise Refusal(409, f"{target.name} is there already, and not from the studio", exists=[target.name])
    what: dict[str, Any] = {"film": film.id, "target": str(target), "overwrite": overwrite or own}
    job = studio.jobs.add(workspace, "film", f"Write {film.name}", **what)
    return JSONResponse(studio.jobs.describe(job), 202)


async def frame(request: Request) -> Response:
    """A frame as a picture, on which hints can be given."""
    workspace, studio, film = _asked_for(request)
    number = int(request.path_params["frame"])
    await check_room(studio, workspace)
    await _ask(request, film, write_frame, film.path, _folder(workspace, film).path, number)
    return JSONResponse(workspace.describe(workspace.frame(film, number)))


async def thumbnail(request: Request) -> Response:
    """A small picture of a frame."""
    workspace, _, film = _asked_for(request)
    folder, number = _folder(workspace, film), int(request.path_params["frame"])
    path = folder.thumb(number)
    if folder.facts() is None or not path.exists():
        path = await _ask(request, film, write_thumb, film.path, folder.path, number, rank=1)
    return _file(request, path, "image/jpeg")


async def clip(request: Request) -> Response:
    """A shot as it was tried."""
    workspace, _, film = _asked_for(request)
    path = _folder(workspace, film).clip(int(request.path_params["shot"]))
    if not path.exists():
        raise Refusal(404, "this shot was not tried yet")
    return _file(request, path, "video/mp4")


async def file(request: Request) -> Response:
    """The written film, to keep."""
    workspace, _, film = _asked_for(request)
    path = _folder(workspace, film).written_film()
    if path is None:
        raise Refusal(409, "this film is not written yet")
    return FileResponse(path, filename=path.name, content_disposition_type="attachment")


def check_film(path: Path, name: str, most_pixels: int | None) -> str:
    """The name of a good film, in a worker; ClipError for what is none, or one of too many pixels."""
    shown = Path(name).name or "the film"
    try:
        if most_pixels is not None and claimed_pixels(path) > most_pixels:
            raise ClipError(f"{path}: its frames have more than the {most_pixels / 1e6:g} megapixels taken here")
        open_clip(path).close()
    except ClipError as error:
        raise ClipError(str(error).replace(str(path), shown)) from error
    return name if is_film_name(shown) else f"{name or 'film'}.mkv"


def _asked_for(request: Request) -> tuple[Workspace, Studio, Film]:
    """Of the film that the path names; KeyError where there is none."""
    workspace = workspace_of(request)
    return workspace, studio_of(request), workspace.film(request.path_params["id"])


def _folder(workspace: Workspace, film: Film) -> FilmFolder:
    return workspace.shelf.folder(film)


async def _ask(request: Request, film: Film, function: Callable[..., Any], *arguments: Any, rank: int = 0) -> Any:
    """What a function gives in a worker that answers at once."""
    with filming.by_name(film.path):
        return await ask_desk(request, function, *arguments, rank=rank, limit_s=LONGEST_S)


def _under_way(studio: Studio, workspace: Workspace, film: Film, *kinds: str) -> list[Job]:
    """The jobs on a film that have not ended, of some kinds or of all."""
    return [
        studio.jobs.find(workspace, job["id"])
        for job in studio.jobs.of(workspace)
        if job["film"] == film.id and job["state"] in filming.UNDER_WAY and (not kinds or job["kind"] in kinds)
    ]


def _scan(studio: Studio, workspace: Workspace, film: Film) -> Job:
    under_way = _under_way(studio, workspace, film, "scan")
    if under_way:
        studio.jobs.resume(workspace, under_way[-1])
        return under_way[-1]
    what = {"film": film.id, "most_frames": studio.config.limits.frames}
    return studio.jobs.add(workspace, "scan", f"Find the shots of {film.name}", **what)


def _publish(studio: Studio, workspace: Workspace, film: Film) -> dict[str, Any]:
    card = filming.describe(workspace, film, studio.jobs.of(workspace))
    studio.publish(workspace, {"kind": "film", "film": card})
    return card


def _file(request: Request, path: Path, kind: str) -> Response:
    headers = {"Cache-Control": KEPT if "s" in request.query_params else "no-store"}
    return FileResponse(path, media_type=kind, headers=headers)
