"""Films as the page asks for them: opened, corrected, tried, written, and gone on with by the next server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from featcolor.hints.hint import Hints
from featcolor.studio.config import Limits
from featcolor.video.colorize import colorize_video
from tests.clips.samples import make_clip
from tests.studio.serving import ended, served, wait_for
from tests.video.samples import COUNT, CUT, SIZE, make_reel, read, warmth

HINT = {"points": [[40, 30]], "colour": "#e03010"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reel(tmp_path_factory.mktemp("made") / "reel.mkv")


@pytest.fixture
def album(tmp_path: Path, made: Path) -> Path:
    (tmp_path / "album").mkdir()
    shutil.copy(made, tmp_path / "album/reel.mkv")
    return tmp_path / "album"


@pytest.fixture
def client(album: Path, tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path / "home", album) as client:
        yield client


def film_in(client: TestClient) -> dict[str, Any]:
    (film,) = client.get("/api/workspace").json()["films"]
    return dict(film)


def scanned(client: TestClient) -> dict[str, Any]:
    """The only film, its shots found."""
    answer = client.post(f"/api/films/{film_in(client)['id']}/scan")
    assert answer.status_code == 202
    assert ended(client, answer.json())["state"] == "done"
    return film_in(client)


def tried(client: TestClient, film: dict[str, Any], shot: int) -> bytes:
    answer = client.post(f"/api/films/{film['id']}/play", json={"shot": shot})
    assert answer.status_code == 202, answer.text
    assert ended(client, answer.json())["state"] == "done"
    clip = client.get(f"/api/films/{film['id']}/shots/{shot}.mp4")
    assert clip.headers["content-type"] == "video/mp4"
    return clip.content


def tell(client: TestClient, film: dict[str, Any], frame: int, *hints: dict[str, Any]) -> dict[str, Any]:
    """Hints given on a frame as the page gives them."""
    picture = client.post(f"/api/films/{film['id']}/frames/{frame}").json()
    body = {"hints": list(hints), "choices": {}, "keep": True}
    assert client.post(f"/api/pictures/{picture['id']}/view", json=body).status_code == 200
    return dict(picture)


def test_a_film_of_the_folder_is_there_and_is_no_picture(client: TestClient) -> None:
    workspace = client.get("/api/workspace").json()
    (film,) = workspace["films"]
    assert (film["name"], film["state"], film["dropped"], film["shots"]) == ("reel.mkv", "new", False, [])
    assert not workspace["pictures"]
    assert ".mp4" in workspace["accept_films"]


def test_a_film_that_is_named_is_no_picture_either(album: Path, tmp_path: Path) -> None:
    with served(tmp_path / "home", album / "reel.mkv") as client:
        assert film_in(client)["name"] == "reel.mkv"
        assert not client.get("/api/workspace").json()["pictures"]


def test_shots_with_small_pictures_of_their_key_frames(client: TestClient) -> None:
    film = scanned(client)
    assert film["state"] == "ready"
    assert [(shot["first"], shot["last"]) for shot in film["shots"]] == [(0, CUT - 1), (CUT, COUNT - 1)]
    for number in (film["shots"][0]["key"], COUNT - 1):
        thumb = client.get(f"/api/films/{film['id']}/frames/{number}/thumb.jpg", params={"s": film["stamp"]})
        assert thumb.content.startswith(b"\xff\xd8")
        assert "immutable" in thumb.headers["cache-control"]
    assert client.get(f"/api/films/{film['id']}/frames/{COUNT}/thumb.jpg").status_code == 400


def test_a_frame_is_a_picture_whose_hints_are_the_films(client: TestClient, album: Path, tmp_path: Path) -> None:
    film = scanned(client)
    picture = tell(client, film, 20, HINT)
    assert (picture["film"], picture["frame"]) == (film["id"], 20)
    detail = client.get(f"/api/pictures/{picture['id']}").json()
    assert (detail["width"], detail["height"]) == (SIZE[1], SIZE[0])
    assert detail["hints"][0]["points"] == HINT["points"]
    assert film_in(client)["corrected"] == [20]
    assert "featcolor video" in detail["command"]
    (hints,) = (tmp_path / "home").rglob("hints/*.hints.json")
    assert hints.name == "reel-000020.hints.json"
    assert Hints.read(hints).size == (SIZE[1], SIZE[0])
    assert sorted(path.name for path in album.iterdir()) == ["reel.mkv"]


def test_a_shot_is_tried_and_tells_what_to_correct_next(client: TestClient, tmp_path: Path) -> None:
    film = scanned(client)
    assert client.get(f"/api/films/{film['id']}/shots/1.mp4").status_code == 404
    plain = tried(client, film, 1)
    before = film_in(client)["shots"][1]
    tell(client, film, 20, HINT)
    assert film_in(client)["shots"][1]["changed"]
    (tmp_path / "plain.mp4").write_bytes(plain)
    (tmp_path / "told.mp4").write_bytes(tried(client, film, 1))
    assert warmth(read(tmp_path / "told.mp4")[20 - CUT]) > warmth(read(tmp_path / "plain.mp4")[20 - CUT]) + 2
    after = film_in(client)["shots"][1]
    assert after["playable"] != before["playable"]
    assert not after["changed"]
    assert 0 <= after["confidence"] <= 1
    part = client.get(f"/api/films/{film['id']}/shots/1.mp4", headers={"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert len(part.content) == 100


@pytest.mark.parametrize("shot", [2, -1, "1", None, True, 1e9])
def test_a_shot_that_there_is_not_is_refused(client: TestClient, shot: Any) -> None:
    film = scanned(client)
    assert client.post(f"/api/films/{film['id']}/play", json={"shot": shot}).status_code == 400


def test_a_written_film_is_that_of_the_command_line(client: TestClient, album: Path, tmp_path: Path) -> None:
    film = scanned(client)
    tell(client, film, 20, HINT)
    assert client.get(f"/api/films/{film['id']}/file").status_code == 409
    job = client.post(f"/api/films/{film['id']}/write", json={}).json()
    assert ended(client, job)["state"] == "done"
    colorize_video(album / "reel.mkv", tmp_path / "other.mkv", hints=next((tmp_path / "home").rglob("hints")))
    film = film_in(client)
    assert film["written"] == "reel-colour.mkv"
    assert all(shot["confidence"] is not None for shot in film["shots"])
    assert (album / "reel-colour.mkv").read_bytes() == (tmp_path / "other.mkv").read_bytes()
    assert client.get(f"/api/films/{film['id']}/file").content == (tmp_path / "other.mkv").read_bytes()
    again = client.post(f"/api/films/{film['id']}/write", json={})
    assert again.status_code == 202, "what the studio wrote it may replace"
    assert ended(client, again.json())["state"] == "done"


def test_a_film_that_stands_in_the_way_is_asked_about(client: TestClient, album: Path) -> None:
    (album / "reel-colour.mkv").write_bytes(b"theirs")
    film = scanned(client)
    answer = client.post(f"/api/films/{film['id']}/write", json={})
    assert answer.status_code == 409
    assert answer.json()["exists"] == ["reel-colour.mkv"]
    assert (album / "reel-colour.mkv").read_bytes() == b"theirs"


def test_a_film_is_written_on_by_the_next_server(album: Path, tmp_path: Path) -> None:
    with served(tmp_path / "home", album) as client:
        film = scanned(client)
        tell(client, film, 20, HINT)
        job = client.post(f"/api/films/{film['id']}/write", json={}).json()
        wait_for(lambda: list(album.glob("*.featcolor-work/shot-*.zip")))
    assert not (album / "reel-colour.mkv").exists()
    with served(tmp_path / "home", album) as client:
        assert ended(client, job)["state"] == "done"
        film = film_in(client)
        assert (film["state"], film["written"], film["corrected"]) == ("ready", "reel-colour.mkv", [20])
    assert len(read(album / "reel-colour.mkv")) == COUNT
    assert not list(album.glob("*.featcolor-work"))


def test_a_film_is_paused_and_gone_on_with(client: TestClient, album: Path) -> None:
    film = scanned(client)
    job = client.post(f"/api/films/{film['id']}/write", json={}).json()
    ended(client, job, "running")
    client.post(f"/api/jobs/{job['id']}/pause")
    assert ended(client, job, "paused")["errors"] == []
    assert not (album / "reel-colour.mkv").exists()
    again = client.post(f"/api/films/{film['id']}/write", json={}).json()
    assert again["id"] == job["id"]
    assert ended(client, job)["state"] == "done"


def test_a_film_that_is_dropped_is_scanned_and_can_be_deleted(tmp_path: Path) -> None:
    content = make_clip(tmp_path / "a.mp4", sound=["aac"]).read_bytes()
    with served(tmp_path / "home") as client:
        answer = client.put("/api/films", params={"name": "../old reel.mp4"}, content=content)
        assert answer.status_code == 201, answer.text
        film = answer.json()
        assert (film["name"], film["dropped"], film["state"]) == ("old reel.mp4", True, "scanning")
        wait_for(lambda: film_in(client)["state"] == "ready")
        job = client.post(f"/api/films/{film['id']}/write", json={}).json()
        assert ended(client, job)["state"] == "done"
        assert client.get(f"/api/films/{film['id']}/file").headers["content-disposition"].startswith("attachment")
        assert client.delete(f"/api/films/{film['id']}").status_code == 204
        assert not client.get("/api/workspace").json()["films"]
    assert not [path for path in (tmp_path / "home").rglob("*") if "old reel" in path.name]


def test_films_of_visitors_have_bounds(tmp_path: Path, made: Path) -> None:
    with served(tmp_path / "home", apart=True, limits=Limits(pixels=1000)) as client:
        answer = client.put("/api/films", params={"name": "reel.mkv"}, content=made.read_bytes())
        assert answer.status_code == 422
        assert "reel.mkv: its frames have more" in answer.json()["error"]
    with served(tmp_path / "home", apart=True, limits=Limits(frames=20)) as client:
        film = client.put("/api/films", params={"name": "reel.mkv"}, content=made.read_bytes()).json()
        wait_for(lambda: film_in(client)["state"] == "failed")
        assert film["name"] in film_in(client)["error"]
        assert "more than the 20 frames" in film_in(client)["error"]


def test_what_is_no_film_is_refused_by_its_name(tmp_path: Path) -> None:
    with served(tmp_path / "home") as client:
        answer = client.put("/api/films", params={"name": "reel.mp4"}, content=b"#EXTM3U\nfile:///etc/passwd\n")
        assert answer.status_code == 422
        assert "reel.mp4" in answer.json()["error"]
        assert str(tmp_path) not in answer.json()["error"]
        assert not client.get("/api/workspace").json()["films"]


def test_a_film_that_breaks_off_says_so(client: TestClient, album: Path) -> None:
    (album / "reel.mkv").write_bytes(b"none")
    job = client.post(f"/api/films/{film_in(client)['id']}/scan").json()
    assert ended(client, job)["state"] == "failed"
    film = film_in(client)
    assert film["state"] == "failed"
    assert film["error"].startswith("reel.mkv: is text, not a film")


def test_a_film_in_ones_own_folder_is_not_deleted(client: TestClient, album: Path) -> None:
    assert client.delete(f"/api/films/{film_in(client)['id']}").status_code == 403
    assert (album / "reel.mkv").exists()


def test_films_of_others_are_not_found(client: TestClient) -> None:
    for path in ("0" * 16, "..%2f..", "reel.mkv"):
        assert client.post(f"/api/films/{path}/scan").status_code == 404
