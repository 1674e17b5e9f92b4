"""Application: which request goes to which handler."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import wraps
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from featcolor.studio.api import album, description, films, page, pictures, single
from featcolor.studio.api.requests import Handler, answer_error, told_plainly
from featcolor.studio.gate import Gate
from featcolor.studio.sessions import Cookies
from featcolor.studio.studio import Studio

ROUTES: Final = (
    ("/", page.index, ("GET",)),
    ("/healthz", page.health, ("GET",)),
    ("/page/{name}", page.part, ("GET",)),
    ("/api/openapi.json", description.openapi, ("GET",)),
    ("/api/colorize", single.colorize, ("POST",)),
    ("/api/workspace", album.get, ("GET",)),
    ("/api/workspace", album.settle, ("PUT",)),
    ("/api/options", album.options, ("GET",)),
    ("/api/names", album.names, ("GET",)),
    ("/api/queue", album.queue, ("GET",)),
    ("/api/events", album.events, ("GET",)),
    ("/api/write", album.write, ("POST",)),
    ("/api/written.zip", album.archive, ("GET",)),
    ("/api/references", album.add_reference, ("PUT",)),
    ("/api/references/fit", album.fit, ("POST",)),
    ("/api/references/{id}", album.remove_reference, ("DELETE",)),
    ("/api/models", album.add_model, ("PUT",)),
    ("/api/jobs/{id}/{what}", album.job, ("POST",)),
    ("/api/pictures", pictures.add, ("PUT",)),
    ("/api/pictures/{id}", pictures.get, ("GET",)),
    ("/api/pictures/{id}", pictures.remove, ("DELETE",)),
    ("/api/pictures/{id}/thumb.jpg", pictures.thumbnail, ("GET",)),
    ("/api/pictures/{id}/grey.jpg", pictures.before, ("GET",)),
    ("/api/pictures/{id}/view", pictures.view, ("POST",)),
    ("/api/pictures/{id}/command", pictures.command, ("POST",)),
    ("/api/pictures/{id}/suggest", pictures.suggest, ("GET",)),
    ("/api/pictures/{id}/ask", pictures.ask, ("GET",)),
    ("/api/pictures/{id}/mask", pictures.mask, ("PUT", "DELETE")),
    ("/api/pictures/{id}/mask.png", pictures.mask, ("GET",)),
    ("/api/pictures/{id}/file", pictures.file, ("GET",)),
    ("/api/films", films.add, ("PUT",)),
    ("/api/films/{id}", films.get, ("GET",)),
    ("/api/films/{id}", films.remove, ("DELETE",)),
    ("/api/films/{id}/scan", films.scan, ("POST",)),
    ("/api/films/{id}/play", films.play, ("POST",)),
    ("/api/films/{id}/write", films.write, ("POST",)),
    ("/api/films/{id}/frames/{frame:int}", films.frame, ("POST",)),
    ("/api/films/{id}/frames/{frame:int}/thumb.jpg", films.thumbnail, ("GET",)),
    ("/api/films/{id}/shots/{shot:int}.mp4", films.clip, ("GET",)),
    ("/api/films/{id}/file", films.file, ("GET",)),
)


def build_app(studio: Studio, cookies: Cookies) -> Starlette:
    """The application that serves a studio."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with studio.running():
            yield

    config = studio.config
    app = Starlette(
        routes=[Route(path, _served(handler), methods=list(methods)) for path, handler, methods in ROUTES],
        middleware=[Middleware(Gate, config.secret, cookies, config.hosts, config.prefix, config.limits.waiting)],
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )
    app.state.studio = studio
    app.state.cookie = cookies.name
    app.router.redirect_slashes = False
    return app


def _served(handler: Handler) -> Handler:
    """A handler whose every error is told in one line."""

    @wraps(handler)
    async def serve(request: Request) -> Response:
        try:
            answer = await handler(request)
        except Exception as error:
            answer = answer_error(error)
        return told_plainly(request, answer)

    return serve


async def _refuse(request: Request, error: Exception) -> Response:
    """A path or a method that there is not."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
