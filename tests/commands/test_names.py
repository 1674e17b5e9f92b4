"""Files of any name through the commands: coloured, found again in reports, and typed again from what is printed."""

from __future__ import annotations

import html
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from featcolor.commands import main
from featcolor.names import NAME_BYTES
from featcolor.video.report import ClipReport, NextFrame, ShotReport
from featcolor.video.report_page import build_page
from tests.clips.samples import make_clip
from tests.samples import HARD_NAMES

NAMES = [os.fsdecode(name) for name in HARD_NAMES]
LONGEST = "漢" * 83  # with a suffix of four letters 253 bytes, of 255
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]")


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with grey pictures of hard names in `old`, and the tiny model in the environment."""
    old = tmp_path / "old"
    old.mkdir()
    for level, name in enumerate(NAMES):
        with (old / name).open("wb") as stream:
            Image.fromarray(np.full((20, 24), 10 * level, np.uint8)).save(stream, "JPEG")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return old


def typed(line: str) -> list[str]:
    """The words that a shell makes of a printed command line."""
    said = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    return [os.fsdecode(word) for word in said.split(b"\0")[:-1]]


def test_every_name_is_coloured_and_found_again_by_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = "bad\udce9  \x1b[31m\n.jpg"
    (folder / bad).write_text("x")
    assert main(["colorize", "old", "-o", "new", "--report", "r.json", "--confidence", "sure", "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert not UNSEEN.search(said.out + said.err)
    assert [line for line in said.err.splitlines() if "error" in line] == [
        r"featcolor: error: old/bad\xe9  \x1b[31m\n.jpg: is not a picture that is read; convert it to TIFF, PNG or JPEG"
    ]
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert sorted(Path(each["input"]).name for each in report["pictures"]) == sorted([*NAMES, bad])
    assert all(Path(each["output"]).is_file() == (bad not in each["input"]) for each in report["pictures"])


def test_a_link_to_nothing_is_a_picture_that_failed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So does git-annex leave what was not fetched; the others are coloured."""
    (folder / "annex.jpg").symlink_to("gone.jpg")
    assert main(["colorize", "old", "-o", "new", "--jobs", "1"]) == 1
    assert "old/annex.jpg: is a link to a file that is not there; fetch that file" in capsys.readouterr().err
    assert len(list(Path("new").iterdir())) == len(NAMES)


def test_a_preview_shows_every_name_and_its_command_line_can_be_typed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / NAMES[-1]).rename("-b.jpg")
    words = ["preview", "-o", "../p.html", "--json", "--grid", "saturation=1", "--", *NAMES[:5], "-b.jpg"]
    assert main(words) == 0
    (cell,) = json.loads(capsys.readouterr().out)["cells"]
    assert typed(cell["command"])[2:8] == [*NAMES[:5], "./-b.jpg"]
    page = Path("../p.html").read_text(encoding="utf-8")
    assert not UNSEEN.search(page)
    assert r"caf\xe9.jpg" in page


@pytest.mark.parametrize("name", ["caf\udce9 it's %d\x1b[1m.mp4", f"-{LONGEST}.mp4"])
def test_a_film_of_any_name_with_its_report_and_key_frames(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clip(Path("plain.mp4"), n=6)
    path = str(Path("plain.mp4").rename(Path.cwd() / name))
    Path("new").mkdir()
    out = f"new/{name}"
    assert main(["video", path, "-o", out, "--model", "default", "--every", "6", "--report", "r.json", "-q"]) == 0
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert (report["clip"], report["output"]) == (path, out)
    assert not UNSEEN.search(Path("r.html").read_text(encoding="utf-8"))
    assert main(["keyframes", path, "-o", "keys", "--hints"]) == 0
    said = capsys.readouterr().out
    assert not UNSEEN.search(said)
    words = typed(said.splitlines()[-1].partition("then: ")[2])
    assert words[:3] == ["featcolor", "video", path]
    assert all(len(os.fsencode(Path(word).name)) <= NAME_BYTES for word in words)


def test_the_command_on_a_films_page_can_be_typed() -> None:
    guess = NextFrame(frame=0, shot=0, gain=1.0, reason="")
    shot = ShotReport(first=0, last=0, confidence=(0.1,), guessed=(1.0,))
    for name in (*NAMES, "-reel.mp4"):
        report = ClipReport(clip=name, output="out.mp4", frames=1, shots=(shot,), next=(guess,))
        page = build_page(report, [])
        command = re.search("<code>(.*?)</code>", page)
        assert command
        assert typed(html.unescape(command[1]))[2].removeprefix("./") == name
        assert not UNSEEN.search(page)


def test_a_name_of_255_bytes_has_outputs_of_every_kind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"{LONGEST}ab.jpg"
    (folder / NAMES[0]).rename(name)
    assert main(["colorize", name]) == 0
    assert main(["colorize", name, "-o", "new/", "--confidence", "sure"]) == 0
    assert main(["colorize", name, "-o", "layered/", "--layers", "ora"]) == 0
    assert Path("new", name).is_file()
    assert len(list(Path("sure").iterdir())) == len(list(Path("layered").iterdir())) == 1
    assert len(list(Path.cwd().glob("*-colour.jpg"))) == 1


def test_masks_are_found_by_names_that_another_system_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("masks").mkdir()
    (folder / NAMES[0]).rename("cafe\u0301.jpg")
    Image.new("L", (24, 20)).save("masks/caf\u00e9.png")
    assert main(["colorize", "cafe\u0301.jpg", "-o", "new/", "--mask", "masks"]) == 0
    assert "1 of 1 picture got no colour" in capsys.readouterr().err


def test_a_stream_that_is_ascii_takes_every_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    assert main(["colorize", "old", "-o", "new", "--dry-run"]) == 0
    streams[0].flush()
    assert len(streams[0].buffer.getvalue().splitlines()) == len(NAMES)


def test_a_file_that_looks_like_an_option_is_told_how_to_be_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / NAMES[0]).rename("-pier.jpg")
    with pytest.raises(SystemExit):
        main(["colorize", "-pier.jpg"])
    assert "; the file -pier.jpg is named as ./-pier.jpg; see" in capsys.readouterr().err
    assert main(["colorize", "./-pier.jpg"]) == 0
