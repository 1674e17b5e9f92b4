"""Attacks on the studio by one who has the token: on other visitors, on paths, on what is read, and on its room."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featcolor.pictures.io import write_picture
from featcolor.studio.config import FOR_STRANGERS
from featcolor.studio.gate import HEADERS
from featcolor.studio.jobs import Jobs
from featcolor.studio.studio import Studio
from tests.studio.serving import SECRET, Visitor, Visitors, by_name, served, served_apart, wait_for
from tests.studio.test_uploads import small

LIMITS = replace(FOR_STRANGERS, jobs=3, streams=2, visitors=None, free=0)
BEARER = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    with served_apart(tmp_path_factory.mktemp("home"), limits=LIMITS) as visitors:
        yield visitors


@pytest.fixture(scope="module")
def victim(visitors: Visitors) -> Visitor:
    """One with a picture, hints, a mask, a reference and a job."""
    victim = visitors.new()
    given = victim.give(small(), "private.jpg").json()
    hints = [{"points": [[5, 5]], "colour": "#aa0000"}]
    assert victim("POST", f"/api/pictures/{given['id']}/view", json={"hints": hints, "keep": True}).status_code == 200
    assert victim.give(small("PNG"), "private.png", "references").status_code == 201
    assert victim("PUT", f"/api/pictures/{given['id']}/mask", content=small("PNG")).status_code == 200
    assert victim.ended(victim("POST", "/api/write", json={}).json())["state"] == "done"
    return victim


@pytest.fixture
def attacker(visitors: Visitors) -> Visitor:
    return visitors.new()


def studio_of(visitor: Visitor) -> Studio:
    studio: Studio = visitor.client.app.state.studio
    return studio


OF_A_PICTURE = [
    ("GET", ""),
    ("DELETE", ""),
    ("GET", "/thumb.jpg"),
    ("GET", "/thumb.jpg?colour=1"),
    ("GET", "/grey.jpg"),
    ("POST", "/view"),
    ("POST", "/command"),
    ("GET", "/suggest?x=1&y=1"),
    ("GET", "/ask"),
    ("PUT", "/mask"),
    ("DELETE", "/mask"),
    ("GET", "/mask.png"),
    ("GET", "/file"),
]


@pytest.mark.parametrize(("method", "rest"), OF_A_PICTURE)
def test_nobody_gets_anothers_picture(victim: Visitor, attacker: Visitor, method: str, rest: str) -> None:
    picture = victim.workspace()["pictures"][0]["id"]
    assert attacker(method, f"/api/pictures/{picture}{rest}").status_code == 404
    assert len(victim.workspace()["pictures"]) == 1


@pytest.mark.parametrize("what", ["pause", "cancel", "resume"])
def test_nobody_touches_anothers_work(victim: Visitor, attacker: Visitor, what: str) -> None:
    job = victim.workspace()["jobs"][0]["id"]
    assert attacker("POST", f"/api/jobs/{job}/{what}").status_code == 404
    reference = victim.workspace()["references"][0]["id"]
    assert attacker("DELETE", f"/api/references/{reference}").status_code == 404
    picture = victim.workspace()["pictures"][0]["id"]
    assert attacker("POST", "/api/write", json={"pictures": [picture]}).status_code == 404


def test_nobody_sees_anothers_workspace(victim: Visitor, attacker: Visitor) -> None:
    seen = attacker.workspace()
    for name in ("pictures", "films", "references", "jobs"):
        assert seen[name] == []
    assert attacker("GET", "/api/written.zip").status_code == 409
    for secret in (victim.id, "private", SECRET):
        assert secret not in json.dumps(seen)


def test_the_same_name_is_not_the_same_picture(victim: Visitor, attacker: Visitor) -> None:
    other = np.full((40, 40), 200, np.uint8)
    given = attacker.give(_jpeg(other), "private.jpg").json()
    mine = attacker("GET", f"/api/pictures/{given['id']}/grey.jpg").content
    its = victim("GET", f"/api/pictures/{victim.workspace()['pictures'][0]['id']}/grey.jpg").content
    assert mine != its
    assert attacker("GET", f"/api/pictures/{given['id']}").json()["hints"] == []


def test_a_token_alone_has_no_workspace(visitors: Visitors, victim: Visitor) -> None:
    visitors.client.cookies.clear()
    for method, path in (("GET", "/api/workspace"), ("PUT", "/api/pictures?name=a.jpg"), ("GET", "/api/events")):
        assert visitors.client.request(method, path, headers=BEARER, content=small()).status_code == 403
    assert visitors.client.get("/api/options", headers=BEARER).status_code == 200
    assert visitors.client.post("/api/colorize", headers=BEARER, content=small()).status_code == 200
    assert victim("GET", "/api/workspace", headers=BEARER).json()["pictures"][0]["name"] == "private.jpg"


def _jpeg(picture: Any) -> bytes:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG")
    return stream.getvalue()


PATHS = [
    "/page/../gate.py",
    "/page/%2e%2e/gate.py",
    "/page/..%2fgate.py",
    "/page/%2e%2e%2fgate.py",
    "/page/..%5cgate.py",
    "/page/....//gate.py",
    "/page//etc/passwd",
    "/page/%2fetc%2fpasswd",
    "/page/index.html%00.js",
    "/page/%00",
    "/page/app.js/",
    "/page/.",
    "/page/..",
    "/page/%c0%ae%c0%ae/gate.py",
    "/page/%ef%bc%8e%ef%bc%8e/gate.py",
    "/page/%252e%252e%252fgate.py",
    "/page/api.py",
    "/page/__init__.py",
    "//etc/passwd",
    "/../../etc/passwd",
    "/etc/passwd",
    "/.env",
    "/api",
    "/api/",
    "/api/pictures/../workspace",
    "/api/pictures/%2e%2e%2fkey",
    "/api/pictures/..%2f..%2fkey/file",
    "/api/pictures/%00/file",
    "/api/pictures/%0d%0aSet-Cookie:%20a=b/file",
    "/api/pictures/x/mask.png/../../../key",
    "/api/references/..%2fworkspace.json",
    "/api/jobs/..%2f..%2fkey/cancel",
    "/api/jobs/x/__class__",
    "/api/films/..%2fkey/file",
    "/api/events/../workspace",
    "/docs",
    "/static/../key",
    "/api/workspace/",
    "/API/workspace",
    "http://evil.example/api/workspace",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out(victim: Visitor, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = _ask_exactly(victim, method, path)
        assert answer["status"] in (404, 405), path
        assert b"root:" not in answer["body"]
        assert b"hmac" not in answer["body"]
        assert {name.lower().encode() for name in HEADERS} <= {name for name, _ in answer["headers"]}


def _ask_exactly(visitor: Visitor, method: str, path: str) -> dict[str, Any]:
    """The answer to a path that no client tidies up first."""
    from urllib.parse import unquote

    got: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        got.update({key: message[key] for key in ("status", "headers") if key in message})
        got["body"] += message.get("body", b"")

    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = {"host": "127.0.0.1:8710", "origin": "http://127.0.0.1:8710", "cookie": cookie}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 1),
    }
    portal: Any = visitor.client.portal
    portal.call(visitor.client.app, scope, receive, send)
    return got


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_a_method_that_there_is_not_is_refused(victim: Visitor, method: str) -> None:
    answer = victim(method, "/api/options")
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers
    if method != "HEAD":
        assert answer.json()["error"]


def test_a_head_is_an_answer_without_a_body(victim: Visitor) -> None:
    assert victim("HEAD", "/api/workspace").content == b""
    assert victim("HEAD", "/api/events").status_code == 200  # and it ends


DEEP = 100_000
JSONS = {
    "nothing but a list": b"[]",
    "a number": b"1",
    "no json": b"{",
    "gzip": b"\x1f\x8b\x08\x00",
    "half a surrogate": b'{"choices": {"model": "\\ud800"}}',
    "deep lists": b'{"hints": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "not a number": b'{"hints": [{"points": [[NaN, 1]], "colour": "#ff0000"}]}',
    "infinity": b'{"hints": [{"points": [[Infinity, 1]], "colour": "#ff0000"}]}',
    "beyond double": b'{"hints": [{"points": [[1e999, 1]], "colour": "#ff0000"}]}',
    "a number of 10,000 digits": b'{"hints": [{"points": [[' + b"9" * 10_000 + b', 1]], "colour": "#ff0000"}]}',
    "outside": b'{"hints": [{"points": [[1000, 1]], "colour": "#ff0000"}]}',
    "before": b'{"hints": [{"points": [[-1, 1]], "colour": "#ff0000"}]}',
    "three coordinates": b'{"hints": [{"points": [[1, 1, 1]], "colour": "#ff0000"}]}',
    "text for a point": b'{"hints": [{"points": ["12"], "colour": "#ff0000"}]}',
    "true for a point": b'{"hints": [{"points": [[true, true]], "colour": "#ff0000"}]}',
    "a huge spot": b'{"hints": [{"points": [[1, 1]], "colour": "#ff0000", "radius": 1e300}]}',
    "a colour that is script": b'{"hints": [{"points": [[1, 1]], "colour": "<script>alert(1)</script>"}]}',
    "a colour that is a list": b'{"hints": [{"points": [[1, 1]], "colour": ["#ff0000"]}]}',
    "20,000 points": json.dumps({"hints": [{"points": [[1, 1]] * 20_000, "colour": "#ff0000"}]}).encode(),
    "spots without end": json.dumps(
        {"hints": [{"points": [[1, 1]], "colour": "#ff0000", "radius": 99_999}] * 5_000}
    ).encode(),
    "hints that are text": b'{"hints": "abc"}',
    "hints that are null": b'{"hints": null}',
    "a choice that there is not": b'{"choices": {"__class__": 1}}',
    "choices that are a list": b'{"choices": [1]}',
    "a refinement that is a path": b'{"choices": {"refine": "../../etc/passwd"}}',
    "a step that is code": b'{"choices": {"prepare": "__import__(\'os\')"}}',
    "a saturation that is not a number": b'{"choices": {"saturation": NaN}}',
    "a saturation beyond double": b'{"choices": {"saturation": 1e999}}',
    "a saturation of a billion": b'{"choices": {"saturation": -1}}',
    "a boldness of 2": b'{"choices": {"boldness": 2}}',
    "a warmth of 9": b'{"choices": {"warmth": 9}}',
    "a warmth that is a list": b'{"choices": {"warmth": [0]}}',
    "a warmth of 400 digits": b'{"choices": {"warmth": ' + b"9" * 400 + b"}}",
    "a warmth of 300 digits": b'{"choices": {"warmth": ' + b"9" * 300 + b"}}",
}


@pytest.mark.parametrize("what", JSONS)
def test_what_is_sent_is_looked_at_first(victim: Visitor, what: str) -> None:
    picture = victim.workspace()["pictures"][0]["id"]
    before = victim("GET", f"/api/pictures/{picture}").json()
    content = JSONS[what]
    if content.startswith(b'{"h') or content.startswith(b'{"c'):
        content = content[:-1] + b', "keep": true}'
    answer = victim("POST", f"/api/pictures/{picture}/view", content=content)
    assert answer.status_code in (400, 422), (answer.status_code, answer.content[:200])
    assert answer.headers["content-type"] == "application/json"
    assert victim("GET", f"/api/pictures/{picture}").json() == before


def test_json_has_a_bound(victim: Visitor) -> None:
    picture = victim.workspace()["pictures"][0]["id"]
    for method, path in (
        ("POST", f"/api/pictures/{picture}/view"),
        ("POST", f"/api/pictures/{picture}/command"),
        ("POST", "/api/write"),
        ("PUT", "/api/workspace"),
    ):
        pieces = (b" " * 2**20 for _ in range(6))
        assert victim(method, path, content=pieces).status_code == 413


@pytest.mark.parametrize(
    "content",
    [{"share": 1}, {"share": "yes"}, {"model": 5}, {"model": "../x"}, {"model": ["default"]}, {"model": "__class__"}],
)
def test_the_workspace_is_not_set_to_what_there_is_not(victim: Visitor, content: dict[str, Any]) -> None:
    assert victim("PUT", "/api/workspace", json=content).status_code == 400


@pytest.mark.parametrize("query", ["x=nan&y=1", "x=inf&y=1", "x=1e400&y=1", "x=&y=", "x=1", "x=1&y=0x1", "x[]=1&y=1"])
def test_a_place_is_two_numbers(victim: Visitor, query: str) -> None:
    picture = victim.workspace()["pictures"][0]["id"]
    assert victim("GET", f"/api/pictures/{picture}/suggest?{query}").status_code == 400


@pytest.mark.parametrize("count", ["0", "-1", "21", "1e8", "nan", "many"])
def test_questions_have_a_bound(victim: Visitor, count: str) -> None:
    picture = victim.workspace()["pictures"][0]["id"]
    assert victim("GET", f"/api/pictures/{picture}/ask?count={count}").status_code == 400


def test_jobs_of_one_visitor_have_a_bound(attacker: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = attacker.give(small()).json()["id"]
    # None begins meanwhile, as if the worker were busy for somebody else.
    monkeypatch.setattr(Jobs, "_enqueue", lambda self, workspace, job: None)
    body = {"pictures": [picture] * 1000}
    jobs = [attacker("POST", "/api/write", json=body).json() for _ in range(3)]
    assert all(each["title"] == "Write old.jpg" for each in jobs)
    assert attacker("POST", f"/api/jobs/{jobs[0]['id']}/pause").json()["state"] == "paused"
    assert attacker("POST", "/api/write", json=body).status_code == 429
    attacker("POST", f"/api/jobs/{jobs[1]['id']}/cancel")
    assert attacker("POST", "/api/write", json=body).status_code == 202


def test_streams_of_one_visitor_have_a_bound(attacker: Visitor) -> None:
    attacker.workspace()
    streams = studio_of(attacker).streams
    streams[attacker.id] = 2
    assert attacker("GET", "/api/events").status_code == 429
    del streams[attacker.id]


def test_a_picture_that_goes_while_it_is_written_ends_nobodys_work(attacker: Visitor, victim: Visitor) -> None:
    pictures = [attacker.give(small(), f"{number}.jpg").json()["id"] for number in range(3)]
    job = attacker("POST", "/api/write", json={"pictures": pictures}).json()
    for picture in pictures:
        attacker("DELETE", f"/api/pictures/{picture}")
    assert attacker.ended(job)["state"] in ("done", "failed")
    assert victim.ended(victim("POST", "/api/write", json={}).json())["state"] == "done"


def test_a_link_out_of_the_folder_is_the_owners_alone(tmp_path: Path) -> None:
    # What the owner links, the owner shows; what is written goes below the output, and never through a link of theirs.
    album, outside = tmp_path / "album", tmp_path / "outside"
    album.mkdir()
    outside.mkdir()
    grey = np.tile(np.arange(40, dtype=np.uint8) * 5, (40, 1))
    write_picture(outside / "linked.png", grey)
    (album / "here.png").symlink_to(outside / "linked.png")
    (album / "broken.png").symlink_to(tmp_path / "nowhere.png")
    before = (outside / "linked.png").read_bytes()
    with served(tmp_path / "home", album, output=tmp_path / "out") as client:
        assert sorted(by_name(client)) == ["broken.png", "here.png"]
        job = client.post("/api/write", json={"overwrite": True}).json()
        wait_for(lambda: client.get("/api/workspace").json()["jobs"][0]["state"] == "done")
        assert job["kind"] == "write"
        (error,) = client.get("/api/workspace").json()["jobs"][0]["errors"]
        assert "broken.png: is a link to a file that is not there" in error
    assert (outside / "linked.png").read_bytes() == before
    assert [path.name for path in outside.iterdir()] == ["linked.png"]
    assert not (tmp_path / "nowhere.png").exists()


def test_a_file_whose_name_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    write_picture(album / "fine.png", np.full((40, 40), 90, np.uint8))
    try:
        (album / "fine.png").rename(album / os.fsdecode(b"f\xfcr.png"))
    except OSError:
        pytest.skip("this file system takes text alone")
    with served(tmp_path / "home", album) as client:
        pictures = client.get("/api/workspace").json()["pictures"]
        assert len(pictures) == 1
        assert client.get(f"/api/pictures/{pictures[0]['id']}").status_code == 200


def test_strangers_are_not_told_where_their_files_lie(attacker: Visitor) -> None:
    given = attacker.give(small(), "old pier.jpg").json()
    studio = studio_of(attacker)
    home = str(studio.config.home)
    path = f"/api/pictures/{given['id']}"
    assert attacker("GET", path).json()["command"] == "featcolor colorize 'old pier.jpg' -o 'coloured/old pier.jpg'"
    (studio.workspace(attacker.id).folder / "dropped" / "old pier.jpg").write_bytes(b"broken since")
    job = attacker.ended(attacker("POST", "/api/write", json={}).json())
    error = attacker("GET", path).json()["error"]
    assert error.startswith("old pier.jpg: ")
    assert job["errors"]
    for answer in (attacker("GET", path), attacker("GET", "/api/workspace"), attacker("POST", f"{path}/view")):
        assert home not in answer.text
        assert attacker.id not in answer.text


def test_the_token_is_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    with served(tmp_path / "home") as client:
        client.get("/api/pictures/x", headers={"Authorization": f"Bearer {SECRET}"})
        client.get("/", params={"token": SECRET + "x"})
    captured = capfd.readouterr()
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
    assert SECRET not in "\n".join([captured.out, captured.err, *ours])


def test_no_worker_is_left(tmp_path: Path) -> None:
    from psutil import pid_exists

    before = _threads()
    with served(tmp_path / "home") as client:
        studio = client.app.state.studio
        assert client.post("/api/colorize", content=small()).status_code == 200
        pids = [*studio.desk.processes, *studio.jobs.pool.processes, *studio.single.processes]
    assert not any(map(pid_exists, [*pids, *studio.desk.processes, *studio.jobs.pool.processes]))
    assert _threads() == before


def _threads() -> set[threading.Thread]:
    """Those that wait for workers."""
    return {each for each in threading.enumerate() if each.name.startswith("studio-worker")}
