"""Description of all that can be asked for, in OpenAPI, from the table of routes and what is said here of bodies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from featcolor.studio.api.requests import JSONResponse, studio_of

VERSION: Final = "3.1.0"
JSON, JPEG, FILE, ZIP = "application/json", "image/jpeg", "application/octet-stream", "application/zip"
NO_BODY: Final = ""
ERRORS: Final = {
    400: "what was sent is no such thing",
    401: "no token, or a wrong one",
    404: "there is nothing of that name",
    413: "too large, or too many",
    422: "the file cannot be used",
    429: "too many at a time",
}
"""What can be answered wherever a visitor is needed, beside what a row says."""


@dataclass(frozen=True)
class Said:
    """What is said of one row of the table of routes, beside its path and its handler's docstring.

    Attributes
    ----------
    query : parameters, by name, and what they mean; those that begin with "*" may be repeated
    body : of the request: its media type, NO_BODY for none
    fields : of a JSON body, by name, and what they are
    answer : media type of what comes back, NO_BODY for none
    status : of what comes back
    """

    query: dict[str, str] = field(default_factory=dict)
    body: str = NO_BODY
    fields: dict[str, str] = field(default_factory=dict)
    answer: str = JSON
    status: int = 200


NAME: Final = {"name": "of the file, for a person"}
PLACE: Final = {"x": "column, in pixels of the whole picture", "y": "row"}
CHOSEN: Final = {
    "hints": 'array|[{"points": [[x, y], ...], "colour": "#rrggbb", "radius"?: r}], in pixels of the whole picture',
    "choices": 'object|{"model", "saturation", "boldness", "warmth", "refine", "prepare"}, each null or as in options',
}
SAID: Final = {
    ("GET", "/"): Said({"token": "signs in"}, answer="text/html"),
    ("GET", "/healthz"): Said(answer="text/plain"),
    ("GET", "/page/{name}"): Said(answer=FILE),
    ("POST", "/api/colorize"): Said(
        {
            **NAME,
            "*hint": "X,Y=COLOUR, as --hint of 'featcolor colorize'",
            "model": "identifier of a model of the workspace",
            "saturation": "--saturation: a number, or auto",
            "boldness": "--boldness",
            "warmth": "--warmth",
            "refine": "--refine",
            "prepare": "--prepare",
        },
        body=FILE,
        answer="image/*",
    ),
    ("PUT", "/api/workspace"): Said(
        body=JSON, fields={"share": "boolean|whether hints count for all pictures", "model": "string|for all pictures"}
    ),
    ("GET", "/api/events"): Said(answer="text/event-stream"),
    ("POST", "/api/write"): Said(
        body=JSON,
        fields={"pictures": "array|identifiers; null for all", "overwrite": "boolean|files of others too"},
        status=202,
    ),
    ("GET", "/api/written.zip"): Said(answer=ZIP),
    ("PUT", "/api/references"): Said(NAME, body=FILE, status=201),
    ("DELETE", "/api/references/{id}"): Said(answer=NO_BODY, status=204),
    ("POST", "/api/references/fit"): Said(status=202),
    ("PUT", "/api/models"): Said(NAME, body=FILE, status=201),
    ("PUT", "/api/pictures"): Said(NAME, body=FILE, status=201),
    ("DELETE", "/api/pictures/{id}"): Said(answer=NO_BODY, status=204),
    ("GET", "/api/pictures/{id}/thumb.jpg"): Said(
        {"s": "the picture's stamp, with which it may be kept", "colour": "1: in colour"}, answer=JPEG
    ),
    ("GET", "/api/pictures/{id}/grey.jpg"): Said(answer=JPEG),
    ("POST", "/api/pictures/{id}/view"): Said(
        body=JSON, fields=CHOSEN | {"keep": "boolean|whether they are the picture's from now on"}, answer=JPEG
    ),
    ("POST", "/api/pictures/{id}/command"): Said(body=JSON, fields=CHOSEN),
    ("GET", "/api/pictures/{id}/suggest"): Said(PLACE),
    ("GET", "/api/pictures/{id}/ask"): Said({"count": "places, 1 to 20"}),
    ("PUT", "/api/pictures/{id}/mask"): Said(body="image/png"),
    ("GET", "/api/pictures/{id}/mask.png"): Said(answer="image/png"),
    ("GET", "/api/pictures/{id}/file"): Said(answer=FILE),
    ("PUT", "/api/films"): Said(NAME, body=FILE, status=201),
    ("POST", "/api/films/{id}/scan"): Said(status=202),
    ("GET", "/api/films/{id}/frames/{frame}/thumb.jpg"): Said(answer=JPEG),
    ("POST", "/api/films/{id}/play"): Said(body=JSON, fields={"shot": "integer|its number"}, status=202),
    ("GET", "/api/films/{id}/shots/{shot}.mp4"): Said({"s": "the shot's stamp"}, answer="video/mp4"),
    ("POST", "/api/films/{id}/write"): Said(
        body=JSON, fields={"overwrite": "boolean|a file of others too"}, status=202
    ),
    ("GET", "/api/films/{id}/file"): Said(answer=FILE),
}
"""By method and path; a row that is not here takes no body and answers JSON."""


async def openapi(request: Request) -> Response:
    """This description, in OpenAPI 3.1."""
    studio = studio_of(request)
    paths: dict[str, dict[str, Any]] = {}
    for route in request.app.routes:
        if isinstance(route, Route):
            path = re.sub(r":\w+}", "}", route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(path, {})[method.lower()] = _operation(route, method, path)
    return JSONResponse(
        {
            "openapi": VERSION,
            "info": {
                "title": "featcolor studio",
                "version": studio.version,
                "description": "Colour pictures and correct them by hints. Errors are {'error': one line}.",
            },
            "servers": [{"url": studio.config.prefix or "/"}],
            "security": [{"token": []}, {"session": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": request.app.state.cookie},
                },
                "schemas": {
                    "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
                },
            },
        }
    )


def _operation(route: Route, method: str, path: str) -> dict[str, Any]:
    said = SAID.get((method, path), Said())
    summary = (route.endpoint.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    answer: dict[str, Any] = {"description": summary}
    if said.answer:
        answer["content"] = {said.answer: {"schema": _schema_of(said.answer)}}
    errors = {} if path == "/healthz" else {str(status): _error(words) for status, words in ERRORS.items()}
    operation: dict[str, Any] = {
        "summary": summary,
        "operationId": f"{method.lower()}{re.sub(r'[^a-z0-9]+', '_', path.lower()).rstrip('_')}",
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in re.findall(r"{(\w+)}", path)
            ),
            *(_query(name, words) for name, words in said.query.items()),
        ],
        "responses": {str(said.status): answer, **errors},
    }
    if said.body:
        schema = _object(said.fields) if said.fields else _schema_of(said.body)
        operation["requestBody"] = {"required": True, "content": {said.body: {"schema": schema}}}
    if path == "/healthz":
        operation["security"] = []
    return operation


def _query(name: str, words: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name.startswith("*"):
        schema = {"type": "array", "items": schema}
    return {"name": name.removeprefix("*"), "in": "query", "description": words, "schema": schema}


def _schema_of(media: str) -> dict[str, Any]:
    """Of a body by its media type; what is no JSON and no text is bytes, of which OpenAPI 3.1 says nothing."""
    if media == JSON:
        return {"type": "object"}
    return {"type": "string"} if media.startswith("text/") else {}


def _object(fields: dict[str, str]) -> dict[str, Any]:
    properties = {}
    for name, said in fields.items():
        kind, _, words = said.partition("|")
        properties[name] = {"type": [kind, "null"], "description": words}
    return {"type": "object", "properties": properties}


def _error(words: str) -> dict[str, Any]:
    return {"description": words, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
