"""Description of the studio's API: all that can be asked for is in it, and in docs/studio-api.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from featcolor.studio.api.description import SAID
from featcolor.studio.app import ROUTES
from tests.studio.serving import served

DOCUMENT = Path(__file__).parents[2] / "docs" / "studio-api.md"
ROWS = sorted({(method, re.sub(r":\w+}", "}", path)) for path, _, methods in ROUTES for method in methods})


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with served(tmp_path_factory.mktemp("home")) as client:
        yield client.get("/api/openapi.json").json()


@pytest.mark.parametrize(("method", "path"), ROWS)
def test_every_route_is_described(described: dict[str, Any], method: str, path: str) -> None:
    operation = described["paths"][path][method.lower()]
    assert operation["summary"]
    assert {each["name"] for each in operation["parameters"] if each["in"] == "path"} == set(
        re.findall(r"{(\w+)}", path)
    )
    assert min(map(int, operation["responses"])) < 300


@pytest.mark.parametrize(("method", "path"), ROWS)
def test_every_route_is_in_the_document(method: str, path: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.search(rf"`{method} {re.escape(path)}[`?]", text), "it lacks this call"


def test_nothing_is_described_that_there_is_not() -> None:
    assert not set(SAID) - set(ROWS)


def test_it_is_openapi(described: dict[str, Any]) -> None:
    # The rules of OpenAPI 3.1 that a description can break here.
    assert described["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(described["info"])
    names = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    for path, operations in described["paths"].items():
        assert path.startswith("/")
        for method, operation in operations.items():
            assert method in ("get", "put", "post", "delete", "patch")
            for each in operation["parameters"]:
                assert each["in"] in ("path", "query")
                assert each["schema"]["type"] in ("string", "array")
                assert each["in"] == "query" or each["required"] is True
            for answer in operation["responses"].values():
                assert answer["description"]
    known = described["components"]["securitySchemes"]
    assert all(set(each) <= set(known) for each in described["security"])
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(described)):
        place: Any = described
        for step in reference.split("/"):
            place = place[step]
