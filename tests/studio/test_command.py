"""The command `featcolor studio`: what it says, and how it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest

from featcolor.commands import main
from featcolor.studio.serve import bind
from tests.studio.command import ROOT, Command, clean_environment


def test_it_answers_where_it_says_and_ends_with_all_its_workers_though_a_page_listens(tmp_path: Path) -> None:
    studio = Command(tmp_path / "home")
    with urllib.request.urlopen(f"{studio.origin}/healthz") as answer:
        assert answer.read() == b"ok"
    with pytest.raises(HTTPError, match="401") as refused:
        urllib.request.urlopen(f"{studio.origin}/api/workspace")
    refused.value.close()
    cookie = {"Cookie": cookie_of(studio)}
    with urllib.request.urlopen(urllib.request.Request(f"{studio.origin}/", headers=cookie)) as answer:
        assert b"<!doctype html>" in answer.read().lower()
    workers = studio.workers()
    assert workers
    with urllib.request.urlopen(urllib.request.Request(f"{studio.origin}/api/events", headers=cookie)) as stream:
        assert stream.readline() == b": here\n"
        code, said = studio.press_ctrl_c()
    assert code == 130
    assert not any(psutil.pid_exists(worker.pid) for worker in workers)
    lines = said.splitlines()
    assert len(lines) == 2, said
    assert "Ctrl-C" in lines[0]
    assert lines[1].startswith("featcolor: stopped")


def cookie_of(studio: Command) -> str:
    """What a browser is given for the token."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    with pytest.raises(HTTPError, match="303") as sent:
        urllib.request.build_opener(Stay).open(studio.address)
    with sent.value as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def test_a_password_is_told_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    studio = Command(tmp_path / "home", "--quiet", "--password-file", tmp_path / "password")
    assert studio.address == f"{studio.origin}/"
    form = urllib.request.Request(f"{studio.origin}/sign-in", b"token=open+sesame", {"Origin": studio.origin})
    with pytest.raises(HTTPError, match="401") as refused:  # signed in, and sent on without the cookie
        urllib.request.urlopen(form)
    refused.value.close()
    code, said = studio.press_ctrl_c()
    assert code == 130
    assert len(said.splitlines()) == 1, said
    assert "sesame" not in said


def test_a_port_that_is_taken_is_named_and_otherwise_the_next_one_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["studio", "--no-browser", "--home", str(tmp_path / "home"), "--port", str(port)]) == 2
        with bind("127.0.0.1", port, exactly=False) as bound:
            assert bound.getsockname()[1] > port
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"--port {port}" in said


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
