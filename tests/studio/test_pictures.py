"""Pictures of the studio: what the page is shown is what the library gives, and what is written what the command is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from starlette.testclient import TestClient

from featcolor.commands import main
from featcolor.hints.hint import Hint, Hints
from featcolor.hints.picture import HintablePicture
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.pictures.io import read_picture
from featcolor.studio import desk
from tests.studio.serving import by_name, ended, grey_album, served

HINTS = [
    {"points": [[20, 30]], "colour": "#a03020"},
    {"points": [[60, 40], [80, 60]], "colour": "#808080", "radius": 2},
]
JPEG_ERROR = 3.0
"""Mean difference in codes that JPEG makes."""


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    return grey_album(tmp_path_factory.mktemp("album") / "album", photographs)


@pytest.fixture(scope="module")
def client(album: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with served(tmp_path_factory.mktemp("home"), album, output=album.parent / "out") as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_told(client: TestClient) -> Iterator[None]:
    yield
    for picture in by_name(client).values():
        view(client, picture["id"], [], {}, keep=True)
        client.delete(f"/api/pictures/{picture['id']}/mask")


def view(
    client: TestClient, picture: str, hints: list[Any], choices: dict[str, Any] | None = None, *, keep: bool = False
) -> NDArray[np.uint8]:
    answer = client.post(f"/api/pictures/{picture}/view", json={"hints": hints, "choices": choices or {}, "keep": keep})
    assert answer.status_code == 200, answer.text
    return decoded(answer.content)


def decoded(content: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_the_view_is_what_the_library_gives(client: TestClient, album: Path) -> None:
    item = by_name(client)["astronaut.jpg"]["id"]
    picture = HintablePicture(load_colorizer(None, ColouringSettings()), read_picture(album / "astronaut.jpg").pixels)
    for hints in ([], HINTS):
        told = Hints(tuple(Hint(**each) for each in hints)).pixels(picture.picture.shape[:2])
        apart = np.abs(view(client, item, hints).astype(int) - picture.colorize(told))
        assert apart.mean() < JPEG_ERROR


def test_a_large_deep_scan_is_shown_by_a_megapixel(client: TestClient, album: Path) -> None:
    coffee = read_picture(album / "coffee.png").pixels
    large = cv2.resize(coffee, (2400, 1600), interpolation=cv2.INTER_CUBIC)
    stream = cv2.imencode(".tif", large)[1].tobytes()
    added = client.put("/api/pictures", params={"name": "scan.tif"}, content=stream).json()
    opened = client.get(f"/api/pictures/{added['id']}").json()
    assert (opened["width"], opened["height"]) == (2400, 1600)
    shown = opened["view"]["width"], opened["view"]["height"]
    assert shown[0] * shown[1] <= desk.VIEW_PIXELS < 1.01 * shown[0] * shown[1]
    before = decoded(client.get(f"/api/pictures/{added['id']}/grey.jpg").content)
    # A hint in pixels of the whole picture colours the same place of the view.
    hint = {"points": [[1800, 400]], "colour": "#b02020"}
    after = view(client, added["id"], [hint])
    assert before.shape[:2] == after.shape[:2] == shown[::-1]
    change = np.ptp(after.astype(int), axis=2)
    row, column = int(400.5 * shown[1] / 1600), int(1800.5 * shown[0] / 2400)
    assert change[row, column] > 20
    assert client.delete(f"/api/pictures/{added['id']}").status_code == 204
    assert "scan.tif" not in by_name(client)


def test_hints_lie_beside_the_picture_as_the_command_line_reads_them(client: TestClient, album: Path) -> None:
    item = by_name(client)["astronaut.jpg"]["id"]
    view(client, item, HINTS, keep=True)
    file = album / "astronaut.hints.json"
    assert Hints.read(file).hints == tuple(Hint(**each) for each in HINTS)
    assert client.get(f"/api/pictures/{item}").json()["hints"][1]["radius"] == 2
    view(client, item, [], keep=False)
    assert file.exists()
    view(client, item, [], keep=True)
    assert not file.exists()


def test_hints_of_another_program_are_not_written_over(client: TestClient, album: Path) -> None:
    item = by_name(client)["astronaut.jpg"]["id"]
    file = album / "astronaut.hints.json"
    file.write_text("not JSON")
    try:
        answer = client.post(f"/api/pictures/{item}/view", json={"hints": HINTS, "choices": {}, "keep": True})
        assert answer.status_code == 400
        assert "no JSON" in answer.json()["error"]
        assert file.read_text() == "not JSON"
    finally:
        file.unlink()


@pytest.mark.parametrize("name", ["astronaut.jpg", "coffee.png", "below/chelsea.tif"])
def test_what_is_written_is_what_the_command_line_writes(client: TestClient, album: Path, name: str) -> None:
    """The same bytes, by the command that the page shows."""
    item = by_name(client)[name]["id"]
    choices = {"saturation": 1.3, "warmth": -0.25, "boldness": 0.5, "prepare": "contrast"}
    shown = view(client, item, HINTS, choices, keep=True)
    mask = np.zeros(shown.shape[:2], np.uint8)
    mask[:, : mask.shape[1] // 2] = 255
    assert client.put(f"/api/pictures/{item}/mask", content=cv2.imencode(".png", mask)[1].tobytes()).status_code == 200
    job = client.post("/api/write", json={"pictures": [item]}).json()
    assert ended(client, job)["state"] == "done", job
    written = client.get(f"/api/pictures/{item}/file").content
    _, command, *words = _split(client.get(f"/api/pictures/{item}").json()["command"])
    target = album.parent / "typed" / Path(name).name
    words[words.index("-o") + 1] = str(target)
    assert main([command, *words, "--overwrite", "--quiet"]) == 0
    assert target.read_bytes() == written == (album.parent / "out" / name).read_bytes()
    assert by_name(client)[name]["state"] == "corrected"
    view(client, item, HINTS[:1], choices, keep=True)
    assert by_name(client)[name]["state"] == "changed"


def _split(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


def test_all_are_written_the_broken_one_named_and_zipped(client: TestClient, album: Path) -> None:
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    try:
        job = ended(client, client.post("/api/write", json={"pictures": None, "overwrite": True}).json())
        assert job["state"] == "done"
        assert len(job["errors"]) == 1
        assert "broken.jpg" in job["errors"][0]
        with zipfile.ZipFile(io.BytesIO(client.get("/api/written.zip").content)) as archive:
            assert archive.testzip() is None
            assert set(archive.namelist()) == {"astronaut.jpg", "coffee.png", "below/chelsea.tif"}
    finally:
        (album / "broken.jpg").unlink()


def test_shared_hints_are_written_as_the_command_line_shares_them(client: TestClient, album: Path) -> None:
    names = ("astronaut.jpg", "coffee.png")
    items = [by_name(client)[name]["id"] for name in names]
    view(client, items[0], HINTS, keep=True)
    assert client.put("/api/workspace", json={"share": True}).json()["share"]
    try:
        assert (
            ended(client, client.post("/api/write", json={"pictures": items, "overwrite": True}).json())["state"]
            == "done"
        )
    finally:
        client.put("/api/workspace", json={"share": False})
    folder = album.parent / "shared"
    inputs = [str(album / name) for name in names]
    assert main(["colorize", *inputs, "-o", f"{folder}/", "--hints", str(album), "--share-hints", "--quiet"]) == 0
    for name in names:
        assert (folder / name).read_bytes() == (album.parent / "out" / name).read_bytes()


def test_a_file_of_somebody_else_is_not_written_over(client: TestClient, album: Path) -> None:
    added = client.put("/api/pictures", params={"name": "mine.jpg"}, content=(album / "astronaut.jpg").read_bytes())
    item = added.json()["id"]
    target = album.parent / "out" / "mine.jpg"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(b"somebody's")
    answer = client.post("/api/write", json={"pictures": [item]})
    assert answer.status_code == 409
    assert answer.json()["exists"] == ["mine.jpg"]
    assert target.read_bytes() == b"somebody's"
    assert (
        ended(client, client.post("/api/write", json={"pictures": [item], "overwrite": True}).json())["state"] == "done"
    )
    assert read_picture(target).pixels.shape == read_picture(album / "astronaut.jpg").pixels.shape
    client.delete(f"/api/pictures/{item}")


def test_places_are_suggested_and_asked_in_pixels_of_the_picture(client: TestClient, album: Path) -> None:
    item = by_name(client)["coffee.png"]["id"]
    height, width = read_picture(album / "coffee.png").pixels.shape[:2]
    told = client.get(f"/api/pictures/{item}/suggest", params={"x": width - 1, "y": height - 1}).json()
    assert 0 <= told["lightness"] <= 1
    assert told["suggestions"]
    asked = client.get(f"/api/pictures/{item}/ask", params={"count": 4}).json()["questions"]
    assert len(asked) == 4
    assert all(0 <= each["x"] < width and 0 <= each["y"] < height for each in asked)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("view", {"hints": [{"points": [[1e9, 1]], "colour": "red"}]}),
        ("view", {"hints": [{"points": [[1, 1]], "colour": "reddd"}]}),
        ("view", {"hints": [{"points": [], "colour": "red"}]}),
        ("view", {"hints": [{"points": [[1000, 1]], "colour": "red"}]}),
        ("view", {"hints": "red"}),
        ("view", {"choices": {"saturation": "much"}}),
        ("view", {"choices": {"saturation": -1}}),
        ("view", {"choices": {"warmth": 3}}),
        ("view", {"choices": {"boldness": "x"}}),
        ("view", {"choices": {"refine": "nothing"}}),
        ("view", {"choices": {"prepare": "rm"}}),
        ("view", {"choices": {"colour": 1}}),
        ("view", []),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(client: TestClient, path: str, content: Any) -> None:
    item = by_name(client)["astronaut.jpg"]["id"]
    answer = client.post(f"/api/pictures/{item}/{path}", content=json.dumps(content))
    assert answer.status_code == 400, answer.text
    words = answer.json()["error"]
    assert words
    assert "\n" not in words
    assert "Traceback" not in words
    assert "defect" not in words


def test_controls_name_their_options(client: TestClient) -> None:
    from featcolor.commands.program import build_parser

    parser = build_parser()
    values = {"saturation": "1", "boldness": "0.5", "warmth": "0.5", "refine": "guided", "prepare": "auto"}
    for name, control in client.get("/api/options").json().items():
        parser.parse_args(["colorize", "a.jpg", "-o", "b.jpg", control["option"], values[name]])
