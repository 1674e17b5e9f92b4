"""Requests: what handlers have in common, from the workspace that is asked for to an error in words."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from starlette import responses
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from featcolor.errors import FeatcolorError, PictureError, UsageError, is_disk_full, one_line
from featcolor.hints.hint import Hint, Hints
from featcolor.studio.choices import Choices
from featcolor.studio.config import MEGABYTE
from featcolor.studio.gate import NOBODY
from featcolor.studio.items import Item
from featcolor.studio.jobs import TooManyJobsError
from featcolor.studio.studio import Studio
from featcolor.studio.workers import WorkError
from featcolor.studio.workspace import Workspace

MOST_JSON: Final = 4 * 2**20
"""Bytes of a request in JSON: the most hints that a picture may have."""
STATUS: Final = {"usage": 400, "file": 422, "disk full": 507, "stopped": 422, "too long": 422, "defect": 500}

ANSWER_S: Final = 120.0
"""That an answer may take, in seconds."""
SILENCE: Final = 0.1
"""Share of the time that a body may take that it may be silent."""

Handler = Callable[[Request], Awaitable[Response]]


class JSONResponse(responses.JSONResponse):
    """JSON in ASCII, which even holds the name of a file that is no text."""

    def render(self, content: Any) -> bytes:
        """The bytes of it."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """What is asked for cannot be had, in words for a person, with a status of HTTP and more for the page."""

    def __init__(self, status: int, words: str, **more: Any) -> None:
        super().__init__(words)
        self.status, self.more = status, more


def answer_error(error: Exception) -> Response:
    """Any error as one line for a person."""
    if isinstance(error, Refusal):
        return JSONResponse({"error": str(error), **error.more}, error.status)
    if isinstance(error, WorkError):
        return JSONResponse({"error": str(error)}, STATUS[error.kind])
    if isinstance(error, KeyError):
        return JSONResponse({"error": "there is nothing of that name; load the page again"}, 404)
    if isinstance(error, UsageError):
        return JSONResponse({"error": one_line(error)}, 429 if isinstance(error, TooManyJobsError) else 400)
    status = 507 if is_disk_full(error) else 422 if isinstance(error, PictureError | FeatcolorError) else 500
    return JSONResponse({"error": one_line(error)}, status)


def told_plainly(request: Request, answer: Response) -> Response:
    """The same answer, without the studio's own folders where strangers read it."""
    if isinstance(answer, JSONResponse):
        answer.body = studio_of(request).plainly(bytes(answer.body).decode()).encode()
        answer.headers["content-length"] = str(len(answer.body))
    return answer


def studio_of(request: Request) -> Studio:
    """The studio that serves."""
    studio = request.app.state.studio
    assert isinstance(studio, Studio)
    return studio


def visitor_of(request: Request) -> str:
    """Who asks."""
    return str(request.state.visitor)


def workspace_of(request: Request) -> Workspace:
    """The workspace of whoever asks."""
    studio, visitor = studio_of(request), visitor_of(request)
    if studio.config.apart and visitor == NOBODY:
        raise Refusal(403, "a token alone has no pictures of its own; sign in, and send the cookie too")
    if not studio.has_room(visitor):
        raise Refusal(503, "the studio is full; try again in an hour")
    return studio.workspace(visitor)


def item_of(request: Request) -> Item:
    """The picture that the path names; KeyError where there is none."""
    return workspace_of(request).item(request.path_params["id"])


async def ask_desk(
    request: Request, function: Callable[..., Any], *arguments: Any, rank: int = 0, limit_s: float = ANSWER_S
) -> Any:
    """What a function gives, in a worker that answers at once, for the picture or film that the path names."""
    studio, visitor = studio_of(request), visitor_of(request)
    about = request.path_params.get("id", "")
    return await studio.desk.call(function, *arguments, about=about, who=visitor, rank=rank, limit_s=limit_s)


async def pieces_of(request: Request, most: int | None, *, seconds: float | None = None) -> AsyncIterator[bytes]:
    """A request's body as it comes; Refusal where it is too large, too slow, or breaks off.

    Parameters
    ----------
    most : bytes; None: no bound
    seconds : that it may take, and its silence a tenth of it; None: as the studio's limits say
    """
    seconds = studio_of(request).config.limits.upload_s if seconds is None else seconds
    ends, length = time.monotonic() + seconds, length_of(request)
    if most is not None and length is not None and length > most:
        raise _too_large(most)
    n_bytes, stream = 0, request.stream().__aiter__()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), seconds * SILENCE)
        except StopAsyncIteration:
            break
        except TimeoutError as error:
            raise Refusal(408, "what was sent stopped on the way; try again") from error
        except ClientDisconnect as error:
            raise Refusal(400, "what was sent broke off; try again") from error
        n_bytes += len(piece)
        if most is not None and n_bytes > most:
            raise _too_large(most)
        if time.monotonic() > ends:
            raise Refusal(408, f"what was sent took longer than {seconds:g} s; try again")
        yield piece


def length_of(request: Request) -> int | None:
    """Bytes of the body that a request tells of; None where it does not."""
    text = request.headers.get("content-length", "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


async def body_of(request: Request, most: int) -> bytes:
    """A small body as a whole."""
    body = bytearray()
    async for piece in pieces_of(request, most):
        body += piece
    return bytes(body)


async def json_of(request: Request) -> dict[str, Any]:
    """A request's JSON, an object; UsageError for what is none, or holds what JSON or UTF-8 cannot."""
    body = await body_of(request, MOST_JSON)
    try:
        content = json.loads(body or b"{}")
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise UsageError("the request is no JSON") from error
    if not isinstance(content, dict):
        raise UsageError("the request must be an object of JSON")
    return content


def hints_in(content: dict[str, Any]) -> tuple[Hint, ...]:
    """The hints of a request; UsageError for what are none."""
    return Hints.from_dict({"version": 1, "hints": content.get("hints", [])}).hints


def choices_in(content: dict[str, Any]) -> Choices:
    """The choices of a request; UsageError for what are none."""
    return Choices.from_dict(content.get("choices") or {})


def number_in(request: Request, name: str, default: float | None = None) -> float:
    """A number in the query; UsageError where it is none."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        number = float(text or "")
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise UsageError(f"{name} must be a number, got {text!r:.40}")
    return number


def _too_large(most: int) -> Refusal:
    size = f"{most / MEGABYTE:.0f} MB" if most >= MEGABYTE else f"{most} bytes"
    return Refusal(413, f"larger than the {size} that are taken here")
