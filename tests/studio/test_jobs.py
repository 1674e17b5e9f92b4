"""Long work of the studio: paused, cancelled, gone on with, also by the next server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featcolor.pictures.io import read_picture, write_picture
from featcolor.studio.jobs import Jobs, Running
from featcolor.studio.workers import WorkerPool
from featcolor.studio.workspace import Workspace
from tests.studio.serving import by_name, ended, grey_album, served, wait_for


@pytest.fixture
def album(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    return grey_album(tmp_path / "album", photographs)


@pytest.fixture
def client(album: Path, tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path / "home", album, output=tmp_path / "out") as client:
        yield client


def large(album: Path, count: int) -> None:
    """Pictures that take a while."""
    picture = read_picture(album / "astronaut.jpg").pixels
    for number in range(count):
        write_picture(album / f"large-{number}.jpg", np.tile(picture, (8, 8, 1)))


def do(client: TestClient, job: dict[str, Any], what: str) -> dict[str, Any]:
    answer = client.post(f"/api/jobs/{job['id']}/{what}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_job_is_paused_and_gone_on_with(client: TestClient, album: Path, tmp_path: Path) -> None:
    large(album, 3)
    job = client.post("/api/write", json={}).json()
    wait_for(lambda: list((tmp_path / "out").rglob("*.jpg")))
    do(client, job, "pause")
    paused = ended(client, job, "paused")
    assert not paused["errors"]
    assert not list((tmp_path / "out").rglob("*.part"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    assert 0 < len(before) < 6
    do(client, job, "resume")
    assert ended(client, job)["state"] == "done"
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    assert len(written) == 6
    assert before.items() <= written.items(), "what was done is not done again"


def test_a_job_is_cancelled_and_leaves_whole_pictures(client: TestClient, album: Path, tmp_path: Path) -> None:
    large(album, 3)
    first = client.post("/api/write", json={}).json()
    second = client.post(
        "/api/write", json={"pictures": [by_name(client)["coffee.png"]["id"]], "overwrite": True}
    ).json()
    assert second["place"] == 1
    do(client, first, "cancel")
    assert ended(client, first)["state"] == "cancelled"
    assert ended(client, second)["state"] == "done"
    for path in (tmp_path / "out").rglob("*.*"):
        read_picture(path)
    assert not list((tmp_path / "home").rglob("jobs/*.json"))


def test_an_unfinished_job_goes_on_at_the_next_start(album: Path, tmp_path: Path) -> None:
    large(album, 3)
    with served(tmp_path / "home", album, output=tmp_path / "out") as client:
        job = client.post("/api/write", json={}).json()
        wait_for(lambda: list((tmp_path / "out").rglob("*.jpg")))
    left = list((tmp_path / "home").rglob("jobs/*.json"))
    assert len(left) == 1
    assert json.loads(left[0].read_text())["state"] in ("running", "waiting")
    with served(tmp_path / "home", album, output=tmp_path / "out") as client:
        assert ended(client, job)["state"] == "done"
        assert {each["state"] for each in by_name(client).values()} == {"coloured"}
    assert len(list((tmp_path / "out").rglob("*.*"))) == 6


def test_references_are_fitted_and_colour_from_then_on(
    client: TestClient, photographs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    assert client.post("/api/references/fit").status_code == 409
    for name in ("china", "flower", "rocket"):
        write_picture(tmp_path / f"{name}.png", photographs[name])
        content = (tmp_path / f"{name}.png").read_bytes()
        assert client.put("/api/references", params={"name": f"{name}.png"}, content=content).status_code == 201
    item = by_name(client)["coffee.png"]["id"]
    view = f"/api/pictures/{item}/view"
    before = client.post(view, json={"hints": [], "choices": {}}).content
    job = ended(client, client.post("/api/references/fit").json())
    assert job["state"] == "done", job
    workspace = client.get("/api/workspace").json()
    assert workspace["model"] == "album"
    assert {each["name"] for each in workspace["references"]} == {"china.png", "flower.png", "rocket.png"}
    assert client.post(view, json={"hints": [], "choices": {}}).content != before
    assert client.post(view, json={"hints": [], "choices": {"model": "default"}}).content == before
    first = workspace["references"][0]["id"]
    assert client.delete(f"/api/references/{first}").status_code == 204
    assert len(client.get("/api/workspace").json()["references"]) == 2


def test_what_was_dropped_and_chosen_is_there_at_the_next_start(album: Path, tmp_path: Path) -> None:
    content = (album / "astronaut.jpg").read_bytes()
    with served(tmp_path / "home") as client:
        names = [
            client.put("/api/pictures", params={"name": "x/../old.jpg"}, content=content).json()["name"] for _ in "ab"
        ]
        assert names == ["old.jpg", "old-2.jpg"]
        item = by_name(client)["old.jpg"]["id"]
        told = {"hints": [{"points": [[5, 5]], "colour": "#aa0000"}], "choices": {"warmth": 0.2}, "keep": True}
        assert client.post(f"/api/pictures/{item}/view", json=told).status_code == 200
    with served(tmp_path / "home") as client:
        opened = client.get(f"/api/pictures/{item}").json()
        assert opened["choices"]["warmth"] == 0.2
        assert opened["hints"][0]["colour"] == "#aa0000"
        assert opened["state"] == "corrected"


def test_two_of_one_name_are_both_written(album: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "astronaut.jpg").write_bytes((album / "astronaut.jpg").read_bytes())
    with served(tmp_path / "home", album, other, output=tmp_path / "out") as client:
        assert ended(client, client.post("/api/write", json={}).json())["state"] == "done"
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert written == {"astronaut.jpg", "astronaut-2.jpg", "coffee.png", "below/chelsea.tif"}


def test_who_has_many_jobs_waits_for_who_has_few(tmp_path: Path) -> None:
    told: list[str] = []

    async def note(running: Running) -> None:
        told.append(running.job.title)

    async def run() -> None:
        jobs = Jobs(WorkerPool(1), {"note": note}, lambda workspace, message: None)
        many, few = Workspace(tmp_path / "many"), Workspace(tmp_path / "few")
        for number in range(3):
            jobs.add(many, "note", f"many {number}")
        last = jobs.add(few, "note", "few")
        assert jobs.describe(last)["place"] == 1
        work = asyncio.create_task(jobs.work())
        while len(told) < 4:
            await asyncio.sleep(0)
        work.cancel()

    asyncio.run(run())
    assert told == ["many 0", "few", "many 1", "many 2"]
