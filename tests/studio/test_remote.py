"""A studio for remote users: what is deleted when, what a restart finds, and how the command is told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import HTTPErrorProcessor, Request, build_opener

import pytest

from featcolor.commands.studio import PASSWORD_VARIABLE
from featcolor.studio.config import FOR_STRANGERS
from featcolor.studio.studio import EMPTY_S, Studio
from tests.studio.command import Command
from tests.studio.serving import Visitor, Visitors, served_apart, wait_for
from tests.studio.test_uploads import small

LIMITS = replace(FOR_STRANGERS, visitors=3, free=0)
HOUR = 3600.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def visitors(home: Path) -> Iterator[Visitors]:
    with served_apart(home, limits=LIMITS, keep_hours=2.0) as visitors:
        yield visitors


def studio_of(visitors: Visitors) -> Studio:
    studio: Studio = visitors.client.app.state.studio
    return studio


def folder_of(home: Path, visitor: Visitor) -> Path:
    return home / "visitors" / visitor.id


def test_pictures_are_deleted_after_the_time_that_is_said(visitors: Visitors, home: Path) -> None:
    studio, visitor = studio_of(visitors), visitors.new()
    assert visitor.give(small()).status_code == 201
    assert visitor.workspace()["keep_hours"] == 2.0
    assert studio.sweep(time.time() + 1.9 * HOUR) == []
    assert folder_of(home, visitor).exists()
    assert studio.sweep(time.time() + 2.1 * HOUR) == [visitor.id]
    assert not folder_of(home, visitor).exists()
    assert visitor.workspace()["pictures"] == []  # the cookie is still good, for an empty page


def test_what_somebody_looks_at_or_waits_for_is_not_deleted(visitors: Visitors, home: Path) -> None:
    studio, visitor = studio_of(visitors), visitors.new()
    visitor.give(small())
    workspace, later = studio.workspace(visitor.id), time.time() + 9 * HOUR
    with studio.listening(workspace, visitor.id):
        assert studio.sweep(later) == []
    studio.coming[workspace.folder] = [1]
    assert studio.sweep(later) == []
    del studio.coming[workspace.folder]
    job = visitor("POST", "/api/write", json={}).json()
    assert visitor.ended(job)["state"] == "done"
    studio.jobs.find(workspace, job["id"]).state = "waiting"
    assert studio.sweep(later) == []
    studio.jobs.find(workspace, job["id"]).state = "paused"  # which may be for ever
    assert studio.sweep(later) == [visitor.id]


def test_a_full_studio_has_room_for_who_gives_something(
    visitors: Visitors, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [visitors.new() for _ in range(3)]
    for each in there:
        each.workspace()
    there[0].give(small())
    late = visitors.new()
    assert late("GET", "/api/workspace").status_code == 503
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + EMPTY_S + 1)
    assert late("GET", "/api/workspace").status_code == 200
    assert len(there[0].workspace()["pictures"]) == 1
    assert not folder_of(home, there[1]).exists()


def test_a_restart_finds_visitors_and_their_time_goes_on(home: Path) -> None:
    with served_apart(home, limits=LIMITS) as visitors:
        visitor = visitors.new()
        visitor.give(small(), "mine.jpg")
    broken = home / "visitors" / ("0" * 32)
    broken.mkdir()
    (broken / "workspace.json").write_text("{")
    (home / "incoming").mkdir()
    (home / "incoming" / "left.given").write_bytes(b"of a request that was cut off")
    with served_apart(home, limits=LIMITS) as visitors:
        again = Visitor(visitors.client, visitor.cookies)
        studio = studio_of(visitors)
        assert not broken.exists()
        assert not list((home / "incoming").glob("*"))
        assert studio.sweep(time.time() + 25 * HOUR) == [again.id]
    with served_apart(home, limits=LIMITS) as visitors:
        assert Visitor(visitors.client, visitor.cookies).workspace()["pictures"] == []


def test_sweeping_goes_on_by_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from featcolor.studio import studio as module

    monkeypatch.setattr(module, "SWEEP_S", 0.05)
    with served_apart(home, limits=LIMITS, keep_hours=1e-5) as visitors:
        visitor = visitors.new()
        visitor.workspace()
        wait_for(lambda: not folder_of(home, visitor).exists())
        visitor.workspace()
        wait_for(lambda: not folder_of(home, visitor).exists())


class _AsItIs(HTTPErrorProcessor):
    """No answer is an exception, and none is followed."""

    def http_response(self, request, response):  # type: ignore[no-untyped-def]
        return response


def ask(address: str, **headers: str) -> tuple[int, str, str]:
    """Status, body and cookie."""
    with build_opener(_AsItIs()).open(Request(address, headers=headers), timeout=60) as answer:
        return answer.status, answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]


def test_the_command_for_everybody_prints_a_token_and_keeps_them_apart(home: Path) -> None:
    studio = Command(home, "--host", "0.0.0.0")
    try:
        address, _, token = studio.address.partition("?token=")
        local = f"http://127.0.0.1:{studio.port}"
        assert len(token) >= 32
        assert ask(f"{local}/")[0] == 401
        status, _, cookie = ask(f"{local}/?token={token}")
        assert status == 303
        content = json.loads(ask(f"{local}/api/workspace", Cookie=cookie)[1])
        assert content["apart"] is True
        assert content["limits"]["bytes"]
        assert ask(f"{address}healthz")[1] == "ok"
        assert ask(f"{local}/", Host="evil.example")[0] == 421
    finally:
        studio.press_ctrl_c()
    studio = Command(home, "--host", "0.0.0.0", port=studio.port)
    try:
        assert ask(f"{local}/api/workspace", Cookie=cookie)[0] == 200
        assert ask(f"{local}/?token={token}")[0] == 401
    finally:
        studio.press_ctrl_c()


def test_a_password_is_not_printed_and_ends_the_cookies_of_another(home: Path, tmp_path: Path) -> None:
    first = Command(home, "--apart", environment={PASSWORD_VARIABLE: "one"})
    try:
        assert "one" not in first.address
        status, _, cookie = ask(f"{first.address}?token=one")
        assert status == 303
    finally:
        first.press_ctrl_c()
    (tmp_path / "password").write_text("two\n")
    second = Command(home, "--apart", "--password-file", tmp_path / "password")
    try:
        assert ask(f"{second.address}api/workspace", Cookie=cookie)[0] == 401
        assert ask(f"{second.address}api/options", Authorization="Bearer two")[0] == 200
    finally:
        second.press_ctrl_c()


def test_who_asks_is_believed_of_a_proxy_alone(home: Path) -> None:
    for words in ((), ("--behind-proxy",)):
        studio = Command(home, "--apart", "--prefix", "/colour", *words)
        try:
            status, _, _ = ask(f"{studio.address}", **{"X-Forwarded-Proto": "https"})
            assert status in (303, 401)
            for _ in range(10):
                ask(f"{studio.origin}/colour/?token=no", **{"X-Forwarded-For": "203.0.113.9"})
            others = ask(studio.address, **{"X-Forwarded-For": "203.0.113.10"})[0]
            assert others == (303 if words else 429)
        finally:
            studio.press_ctrl_c()
