"""The command suggest: what is printed, marked and refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.commands import main, suggest
from featcolor.hints import suggest as colours
from featcolor.pictures.io import read_picture
from tests.samples import grey, write_rgb


@pytest.fixture
def desk(
    tmp_path: Path, photographs: dict[str, NDArray[np.uint8]], default_network: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working folder with a grey picture of 160 x 107."""
    write_rgb(tmp_path / "old.png", grey(photographs["coffee"]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("featcolor: error: ")
    return line


def test_the_default_is_told_as_it_is() -> None:
    assert suggest.SUGGESTED == colours.SUGGESTED


def test_a_line_a_colour_ready_to_be_a_hint(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "old.png", "20,30", "150,100", "-k", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    for line, place in zip(lines, ["20,30"] * 3 + ["150,100"] * 3, strict=True):
        assert re.fullmatch(rf"--hint {place}=#[0-9a-f]{{6}} +\d+ %", line)


def test_questions_as_json(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "old.png", "20,30", "--ask", "4", "-k", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["picture"], said["width"], said["height"]) == ("old.png", 160, 107)
    (named,) = said["places"]
    assert (named["x"], named["y"], len(named["suggestions"])) == (20, 30, 2)
    assert "worth" not in named
    assert len(said["asked"]) == 4
    assert all({"x", "y", "worth", "suggestions"} == set(each) for each in said["asked"])


def test_places_are_numbered_where_some_are_asked(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suggest", "old.png", "20,30", "--ask", "2", "-k", "1"]) == 0
    named, _, first, _, second, _ = capsys.readouterr().out.splitlines()
    assert named == "1  20,30"
    assert re.fullmatch(r"2  \d+,\d+, worth \d+ % of the error that is expected", first)
    assert second.startswith("3  ")


def test_the_marked_picture_is_the_coloured_one_but_for_the_rings(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "old.png", "-o", "new.png", "-q"]) == 0
    assert main(["suggest", "old.png", "80,50", "-o", "marked.png"]) == 0
    assert "wrote marked.png: 1 place marked" in capsys.readouterr().err
    plain, marked = read_picture("new.png").pixels, read_picture("marked.png").pixels
    differs = (plain != marked).any(axis=2)
    assert differs[40:60, 70:110].any()
    differs[35:65, 65:115] = False
    assert not differs.any()


def test_a_marked_picture_that_exists_is_kept(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "marked.png").write_bytes(b"mine")
    call = ["suggest", "old.png", "80,50", "-o", "marked.png"]
    assert main(call) == 2
    assert "marked.png exists" in complaint(capsys)
    assert (desk / "marked.png").read_bytes() == b"mine"
    assert main([*call, "--overwrite"]) == 0
    assert main(["suggest", "old.png", "80,50", "-o", "old.png", "--overwrite"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a place, such as 320,410, or let --ask 5 find five"),
        (("160,0",), "old.png: the place 160,0 is outside, the picture has 160 x 107 pixels"),
        (("80;50",), "a place is x,y in whole pixels, such as 320,410; got '80;50'"),
        (("1.5,2",), "a place is x,y in whole pixels"),
        (("1,2", "-k", "0"), "a whole number from 1 to 20 is needed, got '0'"),
        (("--ask", "0"), "a whole number from 1 to 100 is needed, got '0'"),
        (("1,2", "-o", "marked.txt"), "marked.txt: no picture format is called .txt"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    desk: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    try:
        code = main(["suggest", "old.png", *words])
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 2
    assert said in complaint(capsys)
    assert [path.name for path in desk.iterdir() if path.is_file()] == ["old.png"]


def test_one_picture_at_a_time(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "two").mkdir()
    for name in "ab":
        (desk / "two" / f"{name}.png").write_bytes((desk / "old.png").read_bytes())
    assert main(["suggest", "two", "--ask", "3"]) == 2
    assert "two: 2 pictures are there; name one" in complaint(capsys)
    assert main(["suggest", "nowhere.png", "--ask", "3"]) == 2
    assert "nowhere.png" in complaint(capsys)
    (desk / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert main(["suggest", "broken.png", "--ask", "3"]) != 0
    assert "broken.png" in complaint(capsys)
