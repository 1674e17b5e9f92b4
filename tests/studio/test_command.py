"""The command `featcolor studio`: what it says, and how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest

from featcolor.commands import main
from tests.studio.command import ROOT, Command, clean_environment


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Command]:
    started = Command(tmp_path / "home")
    yield started
    started.close()


def test_it_answers_where_it_says_and_ends_with_all_its_workers(studio: Command) -> None:
    with urllib.request.urlopen(f"{studio.origin}/healthz") as answer:
        assert answer.read() == b"ok"
    with urllib.request.urlopen(urllib.request.Request(studio.address, headers={"Cookie": cookie(studio)})) as answer:
        assert b"<!doctype html>" in answer.read().lower()
    with pytest.raises(HTTPError, match="401") as refused:
        urllib.request.urlopen(f"{studio.origin}/api/workspace")
    refused.value.close()
    workers = studio.workers()
    assert workers
    code, said = studio.press_ctrl_c()
    assert code == 130
    assert not any(psutil.pid_exists(worker.pid) for worker in workers)
    lines = said.splitlines()
    assert len(lines) == 2, said
    assert "Ctrl-C" in lines[0]
    assert lines[1].startswith("featcolor: stopped")


def cookie(studio: Command) -> str:
    """What a browser is given for the token."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    with pytest.raises(HTTPError, match="303") as sent:
        urllib.request.build_opener(Stay).open(studio.address)
    with sent.value as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def test_ctrl_c_ends_it_though_a_page_listens(studio: Command) -> None:
    asked = urllib.request.Request(f"{studio.origin}/api/events", headers={"Cookie": cookie(studio)})
    with urllib.request.urlopen(asked) as stream:
        assert stream.readline() == b": here\n"
        code, said = studio.press_ctrl_c()
    assert code == 130
    assert "Traceback" not in said
    assert len(said.splitlines()) == 2, said


def test_quietly_it_says_the_address_alone(tmp_path: Path) -> None:
    studio = Command(tmp_path / "home", "--quiet")
    code, said = studio.press_ctrl_c()
    assert code == 130
    assert len(said.splitlines()) == 1, said


def test_a_password_is_not_in_the_address(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    studio = Command(tmp_path / "home", "--password-file", tmp_path / "password")
    try:
        assert studio.address == f"{studio.origin}/"
        form = urllib.request.Request(f"{studio.origin}/sign-in", b"token=open+sesame", {"Origin": studio.origin})
        with pytest.raises(HTTPError, match="401") as refused:  # signed in, and sent on without the cookie
            urllib.request.urlopen(form)
        refused.value.close()
    finally:
        _, said = studio.press_ctrl_c()
    assert "sesame" not in said


def test_the_second_studio_takes_the_next_port_unless_one_is_named(
    studio: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["studio", "--no-browser", "--home", str(tmp_path / "h"), "--port", str(studio.port)]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"--port {studio.port}" in said


def test_the_first_free_port_is_taken(tmp_path: Path) -> None:
    from featcolor.studio.serve import bind

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with bind("127.0.0.1", port, exactly=False) as bound:
            assert bound.getsockname()[1] > port


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["no such folder"], "no such folder"),
        (["--prefix", "colour"], "--prefix colour"),
        (["--prefix", "/"], "--prefix /"),
        (["--apart", "."], "--apart"),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid"),
        (["--password-file", "no such file"], "no such file"),
        (["--model", "no such model"], "no such model"),
        (["--keep", "0"], "--keep"),
        (["--workers", "0"], "--workers"),
        (["--port", "70000"], "--port"),
        (["-o", "cli.py"], "cli.py"),
    ],
)
def test_what_cannot_be_is_one_line_that_names_it(
    words: list[str], names: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("FEATCOLOR_MODEL", raising=False)
    try:
        code = main(["studio", "--no-browser", "--home", str(tmp_path / "home"), *words])
    except SystemExit as refused:  # what argparse sees
        code = int(refused.code or 0)
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert names in said[-1]
    assert not any("Traceback" in line or "defect" in line for line in said)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_its_packages_one_line_says_how_to_get_them(package: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from featcolor.commands import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "studio", "--no-browser", "--home", str(tmp_path / "home")]
    ended = subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "pip install 'featcolor[studio]'" in ended.stderr
    assert not ended.stdout
