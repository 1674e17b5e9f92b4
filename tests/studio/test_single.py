"""One picture in one request: the bytes of the command line, and nothing left behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featcolor.commands import main
from featcolor.pictures.io import write_picture
from featcolor.studio.config import FOR_STRANGERS
from tests.studio.serving import SECRET, served, served_apart

PROGRAM = {"Authorization": f"Bearer {SECRET}", "Origin": ""}
LIMITS = replace(FOR_STRANGERS, pixels=100_000, free=0)
HINTS = ["20,30=#a03020", "60,40 80,60=navy", "90,50,4=grey"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[TestClient]:
    """A program that has the token, of a studio that keeps visitors apart."""
    with served_apart(home, limits=LIMITS) as visitors:
        visitors.client.cookies.clear()
        del visitors.client.headers["Origin"]
        visitors.client.headers["Authorization"] = f"Bearer {SECRET}"
        yield visitors.client


@pytest.fixture
def files(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> dict[str, Path]:
    """Grey pictures by their suffix, TIFF and PNG with 16 bits."""
    grey = photographs["astronaut"].mean(axis=2).astype(np.uint8)
    files = {suffix: tmp_path / f"old pier.{suffix}" for suffix in ("jpg", "png", "tif", "webp")}
    for suffix, path in files.items():
        write_picture(path, grey.astype(np.uint16) * 257 if suffix in ("png", "tif") else grey)
    return files


def by_command(source: Path, *words: str) -> bytes:
    target = source.with_name(f"by-command{source.suffix}")
    assert main(["colorize", str(source), "-o", str(target), "--quiet", *words]) == 0
    return target.read_bytes()


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_it_is_the_bytes_of_the_command_line(client: TestClient, files: dict[str, Path], suffix: str) -> None:
    params = [("name", files[suffix].name), *(("hint", hint) for hint in HINTS)]
    answer = client.post("/api/colorize", params=params, content=files[suffix].read_bytes())
    assert answer.status_code == 200, answer.text
    words = [word for hint in HINTS for word in ("--hint", hint)]
    assert answer.content == by_command(files[suffix], *words)
    assert answer.headers["content-type"] == f"image/{ {'jpg': 'jpeg', 'tif': 'tiff'}.get(suffix, suffix) }"
    assert f"old%20pier-colour.{suffix}" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, []),
        ({"saturation": "1.3", "boldness": "0.2"}, ["--saturation", "1.3", "--boldness", "0.2"]),
        ({"saturation": "auto", "warmth": "-0.4"}, ["--saturation", "auto", "--warmth=-0.4"]),
        ({"refine": "none", "prepare": "auto"}, ["--refine", "none", "--prepare", "auto"]),
    ],
)
def test_what_is_chosen_is_the_command_lines(
    client: TestClient, files: dict[str, Path], params: dict[str, str], words: list[str]
) -> None:
    answer = client.post("/api/colorize", params=params, content=files["png"].read_bytes())
    assert answer.status_code == 200, answer.text
    assert answer.content == by_command(files["png"], *words)


@pytest.mark.parametrize(
    "params",
    [
        {"hint": "1000,1=navy"},
        {"hint": "navy"},
        {"hint": "nan,1=navy"},
        {"hint": "1,1=<script>"},
        {"model": "../../etc/passwd"},
        {"model": "/etc/passwd"},
        {"saturation": "nan"},
        {"saturation": "-1"},
        {"boldness": "2"},
        {"boldness": "auto"},
        {"warmth": "inf"},
        {"refine": "../x"},
        {"prepare": "rm"},
    ],
)
def test_what_there_is_not_is_refused(client: TestClient, files: dict[str, Path], params: dict[str, str]) -> None:
    answer = client.post("/api/colorize", params=params, content=files["jpg"].read_bytes())
    assert answer.status_code == 400, answer.text
    assert "\n" not in answer.json()["error"]


def test_what_is_no_picture_is_named(client: TestClient, home: Path) -> None:
    for content in (b"", b"text", b"\xff\xd8\xff"):
        answer = client.post("/api/colorize", params={"name": "../old.jpg"}, content=content)
        assert answer.status_code == 422
        assert "old.jpg" in answer.json()["error"]
        assert str(home) not in answer.text


def test_a_picture_of_too_many_pixels_is_refused(client: TestClient) -> None:
    stream = io.BytesIO()
    from PIL import Image

    Image.new("L", (400, 300)).save(stream, "PNG")
    answer = client.post("/api/colorize", content=stream.getvalue())
    assert answer.status_code == 422
    assert "megapixels" in answer.json()["error"]


def test_nothing_is_left(client: TestClient, home: Path, files: dict[str, Path]) -> None:
    assert client.post("/api/colorize", content=files["jpg"].read_bytes()).status_code == 200
    assert client.post("/api/colorize", content=b"text").status_code == 422
    assert not list((home / "incoming").iterdir())
    assert not (home / "visitors").exists()


def test_the_page_may_ask_too_and_is_asked_from_where(tmp_path: Path, files: dict[str, Path]) -> None:
    with served(tmp_path / "home") as client:
        content = files["jpg"].read_bytes()
        assert client.post("/api/colorize", content=content).status_code == 200
        assert (
            client.post("/api/colorize", content=content, headers={"Origin": "http://evil.example"}).status_code == 403
        )
        client.cookies.clear()
        assert client.post("/api/colorize", content=content).status_code == 401
