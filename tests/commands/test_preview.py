"""The command preview: what is written, what is refused, what is said."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.batch.preview_page import is_page
from featcolor.commands import main, preview
from tests.samples import grey, write_rgb


@pytest.fixture
def album(
    tmp_path: Path, photographs: dict[str, NDArray[np.uint8]], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A working folder with six grey pictures in `old it's`, and the model named in the environment."""
    for name, picture in photographs.items():
        write_rgb(tmp_path / "old it's" / f"{name}.png", grey(picture))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return tmp_path


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("featcolor: error: ")
    return line


def test_the_default_sheet_and_its_command_lines_which_work(
    album: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "old it's", "-o", "sheet.html", "--pictures", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert is_page(album / told["sheet"])
    assert told["found"] == 6
    assert [Path(each["input"]).name for each in told["pictures"]] == ["chelsea.png", "flower.png"]
    assert told["failed"] == []
    assert len(told["cells"]) == 6
    # The model's own, saturation 1 and temperature 0.6, is among them.
    assert [each["settings"] for each in told["cells"]] == [
        {"saturation": saturation, "temperature": temperature}
        for temperature in (0.6, 0.3)
        for saturation in (0.8, 1, 1.2)
    ]
    cell = told["cells"][-1]
    assert cell["model"] == str(tiny_model)
    assert cell["seconds_a_picture"] > 0
    for each in told["cells"][1], cell:
        assert main(shlex.split(each["command"])[1:]) == 0
    for folder in "coloured-saturation-1-boldness-0.4", "coloured-saturation-1.2-boldness-0.7":
        assert len(list((album / folder).iterdir())) == 6


def test_which_pictures_were_taken_is_said(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "old it's", "-o", "s.html", "--grid", "saturation=1,2", "--pictures", "2"]) == 0
    said = capsys.readouterr()
    assert "2 of 6 pictures in 2 settings" in said.out
    assert "old it's/chelsea.png, old it's/flower.png" in said.out
    assert not said.err
    assert main(["preview", "old it's/china.png", "-o", "s.html", "--grid", "saturation=1", "-q"]) == 0
    assert not capsys.readouterr().out


def test_a_setting_that_is_fixed_is_not_varied(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "old it's/china.png", "-o", "s.html", "--saturation", "1.5", "--json"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert [cell["settings"] for cell in cells] == [
        {"temperature": 0.6, "saturation": 1.5},
        {"temperature": 0.3, "saturation": 1.5},
    ]
    call = ["preview", "old it's", "-o", "s.html", "--saturation", "1", "--grid", "saturation=1,2"]
    assert main(call) == 2
    assert "leave out --saturation" in complaint(capsys)


def test_references_and_preparation_are_part_of_what_is_shown_and_typed(
    album: Path,
    default_network: Path,
    photographs: dict[str, NDArray[np.uint8]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_rgb(album / "refs/coffee.png", photographs["coffee"])
    call = ["preview", "old it's/coffee.png", "-o", "s.html", "--json", "--grid", "saturation=1"]
    more = ["--refs", "refs", "--prepare", "contrast,border"]
    shown = []
    for words in ([], more):
        assert main([*call, *words]) == 0
        (cell,) = json.loads(capsys.readouterr().out)["cells"]
        shown.append(Path("s.html").read_text())
    assert cell["model"] is None
    assert " --refs refs --prepare contrast,border --saturation 1" in cell["command"]
    assert len(set(shown)) == 2
    assert main(shlex.split(cell["command"])[1:]) == 0
    assert main([*call, "model=default,x.featcolor", *more]) == 2
    assert "--refs goes with one model" in capsys.readouterr().err


def test_models_side_by_side(
    album: Path,
    default_network: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call = ["preview", "old it's/china.png", "-o", "s.html", "--json", "--grid", f"model=default,{tiny_model}"]
    assert main(call) == 0
    said = capsys.readouterr()
    assert not said.err
    default, fitted = json.loads(said.out)["cells"]
    assert default["model"] is None
    words = "featcolor colorize 'old it'\"'\"'s/china.png' -o coloured-model-default/ --model default"
    assert default["command"] == words
    assert fitted["command"].endswith(shlex.join(["--model", str(tiny_model)]))
    assert main(["preview", "old it's/china.png", "-o", "s.html", "--grid", "saturation=1"]) == 0
    assert "default model" in capsys.readouterr().err


def test_a_broken_picture_is_named_and_the_rest_go_on(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = album / "old it's" / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    call = ["preview", "old it's", "-o", "s.html", "--grid", "saturation=1", "--pictures", "9", "--json"]
    assert main(call) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert len(told["pictures"]) == 6
    assert "broken.jpg" in told["failed"][0]
    assert "broken.jpg" in said.err
    assert "broken.jpg" in Path("s.html").read_text()


def test_without_a_picture_there_is_no_page(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert main(["preview", "broken.jpg", "-o", "s.html", "--grid", "saturation=1"]) == 1
    assert "s.html was not written" in capsys.readouterr().err.splitlines()[-1]
    assert not Path("s.html").exists()


def test_a_sheet_replaces_a_sheet_and_nothing_else(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["preview", "old it's/china.png", "--grid", "saturation=1", "-o"]
    for _ in range(2):
        assert main([*call, "s.html"]) == 0
    capsys.readouterr()
    Path("diary.html").write_text("dear diary")
    assert main([*call, "diary.html"]) == 2
    assert "no preview" in complaint(capsys)
    assert Path("diary.html").read_text() == "dear diary"
    Path("dangling.html").symlink_to("nowhere")
    assert main([*call, "dangling.html"]) == 2
    complaint(capsys)
    assert sorted(path.name for path in album.iterdir()) == ["dangling.html", "diary.html", "old it's", "s.html"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-o", "sheet.jpg"], "name of a page"),
        (["-o", "."], "such as sheet.html"),
        (["-o", "no/s.html"], "no such folder"),
        (["-o", "s.html", "--grid", "hue=1"], "does not know 'hue'"),
        (["-o", "s.html", "--grid", "saturation=9"], "saturation must be"),
        (["-o", "s.html", "--grid", "saturation=1", "other.jpg"], "pictures go before --grid"),
        (["-o", "s.html", "--grid", "model=nowhere.featcolor"], "nowhere.featcolor"),
        (["nowhere.jpg", "-o", "s.html"], "no such file"),
        (["-o", "s.html", "--thumb", "63"], "64 to 2000"),
        (["-o", "s.html", "--thumb", "2001"], "64 to 2000"),
    ],
)
def test_a_call_that_cannot_be_done_is_one_line(
    options: list[str], says: str, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["preview", "old it's", *options])
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 2
    assert says in complaint(capsys)
    assert [path.name for path in album.iterdir()] == ["old it's"]


def test_more_thumbnails_than_a_page_holds_are_refused(
    album: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preview, "TILES", 10)
    assert main(["preview", "old it's", "-o", "s.html", "--grid", "saturation=1,2", "--pictures", "4"]) == 2
    assert "lower --pictures" in complaint(capsys)


def test_the_default_thumb_is_that_of_the_table() -> None:
    from featcolor.batch.preview import THUMB

    assert THUMB == preview.THUMB
