"""Page: the files that a browser is given, and a sign of life."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

FOLDER: Final = Path(__file__).parent.parent / "page"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


async def index(request: Request) -> Response:
    """The page itself."""
    return FileResponse(FOLDER / "index.html", media_type=TYPES[".html"])


async def part(request: Request) -> Response:
    """A module or style sheet; KeyError for all else."""
    files = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
    path = files[request.path_params["name"]]
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})


async def health(request: Request) -> Response:
    """That the server answers."""
    return PlainTextResponse("ok")
