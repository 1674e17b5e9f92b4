"""colorize --hint and --hints as a person types them: what they change, whose they are, what is refused."""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featcolor.colour.lab import rgb_to_lab
from featcolor.commands import main
from featcolor.hints.hint import Hint, Hints
from tests.samples import grey, read_rgb, write_rgb, written

Photographs = dict[str, NDArray[np.uint8]]

X, Y = 60, 50
HERE = f"{X},{Y},4"


@pytest.fixture
def card(
    tmp_path: Path, photographs: Photographs, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> NDArray[np.uint8]:
    """`card.png`, a grey picture, in a fresh working folder."""
    picture = grey(photographs["china"])
    write_rgb(tmp_path / "card.png", picture)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return picture


@pytest.fixture
def batch(card: NDArray[np.uint8], photographs: Photographs) -> None:
    """A folder `old` of three pictures, and `told` with JSON of the first and a painting of the second."""
    write_rgb(Path("old/china.png"), card)
    write_rgb(Path("old/deep/coffee.jpg"), grey(photographs["coffee"]))
    write_rgb(Path("old/deep/er/rocket.tif"), grey(photographs["rocket"]))
    tell(Path("told/china.hints.json"), f"{HERE}=scarlet")
    write_rgb(Path("told/deep/coffee.png"), paint(grey(photographs["coffee"])))


def tell(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Hints(tuple(map(Hint.parse, texts))).write(path)


def paint(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture with a spot of scarlet on it."""
    painted = np.repeat(picture[..., None], 3, axis=2)
    cv2.circle(painted, (X, Y), 5, (190, 1, 25), -1)
    return painted


def redness(name: str | Path, x: int = X, y: int = Y) -> float:
    """Mean a* around a place of a written picture."""
    return float(rgb_to_lab(read_rgb(Path(name))[y - 1 : y + 2, x - 1 : x + 2] / np.float32(255))[1][..., 0].mean())


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.usefixtures("card")
def test_a_place_takes_its_hint_in_every_way_to_tell_it() -> None:
    tell(Path("card.hints.json"), f"{HERE}=scarlet")
    write_rgb(Path("painted.png"), paint(read_rgb(Path("card.png"))[..., 0]))
    assert main(["colorize", "card.png", "-o", "plain.png"]) == 0
    ways = [["--hint", f"{HERE}=scarlet"], ["--hints", "card.hints.json"], ["--hints", "painted.png"]]
    for number, words in enumerate(ways):
        assert main(["colorize", "card.png", "-o", f"new{number}.png", *words]) == 0
        assert redness(f"new{number}.png") > redness("plain.png") + 15
    assert Path("new0.png").read_bytes() == Path("new1.png").read_bytes()


@pytest.mark.usefixtures("card")
def test_what_was_told_adds_up_in_any_order() -> None:
    tell(Path("card.hints.json"), f"{HERE}=scarlet")
    for number, words in enumerate([("20,20=grey", "90,80=moss"), ("90,80=moss", "20,20=grey")]):
        hints = [word for text in words for word in ("--hint", text)]
        assert main(["colorize", "card.png", "-o", f"{number}.png", "--hints", "card.hints.json", *hints]) == 0
    np.testing.assert_array_equal(read_rgb(Path("0.png")), read_rgb(Path("1.png")))
    assert redness("0.png") > redness("0.png", 90, 80) + 15


@pytest.mark.usefixtures("batch")
def test_hints_of_a_folder_are_found_by_place_and_stem_and_the_rest_stays_byte_for_byte(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell(Path("told/deep/tea.hints.json"), f"{HERE}=navy")
    assert main(["colorize", "old", "-o", "plain"]) == 0
    capsys.readouterr()
    assert main(["colorize", "old", "-o", "new", "--hints", "told", "--report", "report.json", "--jobs", "2"]) == 0
    assert "1 file holds hints of no picture here: told/deep/tea.hints.json" in complaint(capsys)
    assert written("new") == written("plain")
    for name in ("china.png", "deep/coffee.jpg"):
        assert redness(Path("new", name)) > redness(Path("plain", name)) + 10
    assert Path("new/deep/er/rocket.tif").read_bytes() == Path("plain/deep/er/rocket.tif").read_bytes()
    report = json.loads(Path("report.json").read_text())
    assert report["hints"] == "told"
    assert [record.get("hinted pixels", 0) > 0 for record in report["pictures"]] == [True, True, False]
    assert main(["colorize", "old", "-o", "one", "--hints", "told", "--jobs", "1", "-q"]) == 0
    assert all(Path("one", name).read_bytes() == Path("new", name).read_bytes() for name in written("new"))


@pytest.mark.usefixtures("card")
def test_hints_of_one_picture_are_shared_with_another_of_the_same_thing(capsys: pytest.CaptureFixture[str]) -> None:
    write_rgb(Path("old/a.png"), read_rgb(Path("card.png"))[..., 0])
    write_rgb(Path("old/b.png"), read_rgb(Path("card.png"))[:, ::-1, 0])
    tell(Path("told/a.hints.json"), f"{HERE}=scarlet")
    for out, more in (("new", []), ("shared", ["--share-hints"]), ("again", ["--share-hints", "--jobs", "2"])):
        assert main(["colorize", "old", "-o", out, "--hints", "told", *more]) == 0
    mirrored = read_rgb(Path("old/b.png")).shape[1] - 1 - X
    assert redness("shared/b.png", mirrored) > redness("new/b.png", mirrored) + 10
    assert written("again") == written("shared")
    assert all(Path("again", name).read_bytes() == Path("shared", name).read_bytes() for name in written("again"))
    Path("again/a.png").unlink()
    assert main(["colorize", "old", "-o", "again", "--hints", "told", "--share-hints", "--skip-existing"]) == 0
    assert Path("again/a.png").read_bytes() == Path("shared/a.png").read_bytes()
    assert main(["colorize", "old", "-o", "none", "--share-hints"]) == 2
    assert "--share-hints needs hints to share" in capsys.readouterr().err


@pytest.mark.usefixtures("batch")
def test_text_and_paint_of_one_picture_add_up_and_whole_names_are_names(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Path("told/deep/coffee.jpg.hints.json"), "120,90,3=cobalt")
    assert main(["colorize", "old", "-o", "new", "--hints", "told"]) == 0
    assert not capsys.readouterr().err
    assert redness("new/deep/coffee.jpg") > redness("new/deep/coffee.jpg", 120, 90) + 10


@pytest.mark.usefixtures("batch")
def test_dry_run_names_the_hints_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = written(".")
    assert main(["colorize", "old", "-o", "new", "--hints", "told", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(", hints of told/china.hints.json")
    assert lines[1].endswith(", hints of told/deep/coffee.png")
    assert lines[2].endswith("rocket.tif")
    assert not capsys.readouterr().err
    Path("told/china.hints.json").write_text("{")
    before = written(".")
    assert main(["colorize", "old", "-o", "new", "--hints", "told", "--dry-run"]) == 0
    assert "warning: told/china.hints.json: no JSON" in complaint(capsys)
    assert written(".") == before


@pytest.mark.usefixtures("batch")
def test_hints_may_lie_beside_the_pictures_or_among_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorize", "old", "-o", "away", "--hints", "told"]) == 0
    Path("told").rename("old/told")
    assert main(["colorize", "old", "-o", "among", "--hints", "old/told"]) == 0
    assert written("among") == written("away")
    Path("old/told/china.hints.json").rename("old/china.hints.json")
    Path("old/told/deep/coffee.png").unlink()
    for words in (["old", "-o", "beside"], ["old/china.png", "-o", "beside/one.png"]):
        assert main(["colorize", *words, "--hints", "old"]) == 0
        assert "does not read" not in capsys.readouterr().err
    for name in ("among/china.png", "beside/china.png", "beside/one.png"):
        assert Path(name).read_bytes() == Path("away/china.png").read_bytes()


@pytest.mark.usefixtures("batch")
def test_a_picture_that_is_named_itself_has_the_hints_of_its_place() -> None:
    tell(Path("told/coffee.hints.json"), f"{HERE}=navy")  # of another coffee
    assert main(["colorize", "old", "-o", "tree", "--hints", "told"]) == 0
    assert main(["colorize", "old/deep/coffee.jpg", "old/china.png", "-o", "flat", "--hints", "told"]) == 0
    for there, here in (("tree/deep/coffee.jpg", "flat/coffee.jpg"), ("tree/china.png", "flat/china.png")):
        assert Path(here).read_bytes() == Path(there).read_bytes()


@pytest.mark.usefixtures("card")
def test_a_file_without_a_hint_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Path("card.hints.json"))
    assert main(["colorize", "card.png", "-o", "new.png", "--hints", "card.hints.json"]) == 0
    assert "card.hints.json: no hint in it yet" in complaint(capsys)


@pytest.mark.usefixtures("batch")
def test_of_a_batch_only_the_picture_fails_whose_hints_are_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Path("told/china.hints.json").write_text('{"version": 1, "hints": [')
    tell(Path("told/deep/er/rocket.hints.json"), "4000,1=navy")
    assert main(["colorize", "old", "-o", "new", "--hints", "told"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert any("told/china.hints.json: no JSON" in line for line in errors)
    assert any("told/deep/er/rocket.hints.json: the point 4000,1 is outside" in line for line in errors)
    assert written("new") == ["deep/coffee.jpg"]


@pytest.mark.usefixtures("card")
def test_paint_that_is_none_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    write_rgb(Path("bare.png"), read_rgb(Path("card.png")))
    assert main(["colorize", "card.png", "-o", "plain.png"]) == 0
    capsys.readouterr()
    assert main(["colorize", "card.png", "-o", "new.png", "--hints", "bare.png"]) == 0
    assert "bare.png: no colour in it" in complaint(capsys)
    assert Path("new.png").read_bytes() == Path("plain.png").read_bytes()


@pytest.mark.usefixtures("card")
def test_a_picture_goes_through_the_pipes_with_its_hints(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    tell(Path("told/card.hints.json"), f"{HERE}=scarlet")
    typed = ["--hint", f"{HERE}=scarlet"]
    assert main(["colorize", "card.png", "-o", "new.png", "-q", *typed]) == 0
    capfdbinary.readouterr()
    for words in (["-", *typed], ["-", "--hints", "told/card.hints.json"], ["card.png", "--hints", "told"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("card.png").read_bytes())))
        assert main(["colorize", *words, "-o", "-"]) == 0
        content, said = capfdbinary.readouterr()
        assert content == Path("new.png").read_bytes()
        assert not said
    assert main(["colorize", "-", "-o", "-", "--hints", "told"]) == 2


def test_a_hint_stays_at_its_place_where_a_frame_is_left_out(card: NDArray[np.uint8]) -> None:
    framed = cv2.copyMakeBorder(card, 12, 12, 16, 16, cv2.BORDER_CONSTANT, value=250)
    write_rgb(Path("framed.png"), framed)
    hint = ["--hint", f"{X + 16},{Y + 12},4=scarlet", "--hint", "3,3=navy"]
    assert main(["colorize", "framed.png", "-o", "plain.png", "--prepare", "border"]) == 0
    assert main(["colorize", "framed.png", "-o", "new.png", "--prepare", "border", *hint]) == 0
    assert redness("new.png", X + 16, Y + 12) > redness("plain.png", X + 16, Y + 12) + 15
    np.testing.assert_array_equal(read_rgb(Path("new.png"))[:8], read_rgb(Path("plain.png"))[:8])


def test_the_names_of_colours_are_listed_without_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["colorize", "--hint", "help"])
    assert not stop.value.code
    assert "field grey" in capsys.readouterr().out


def test_a_hint_with_spaces_and_no_quotes_is_answered_with_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["colorize", "card.png", "--hint", "3,3=light", "skin", "-q"])
    with pytest.raises(SystemExit):
        main(["colorize", "card.png", "-q", "--hint", "3,3=navy", "--nothing"])
    first, _ = capsys.readouterr().err.splitlines()
    assert "needs quotes: --hint '320,410=light skin'" in first


REFUSED = {
    "X,Y=COLOUR is wanted": ["card.png", "--hint", "navy"],
    "perhaps navy": ["card.png", "--hint", "3,3=nevy"],
    "--hint: the point 900,3 is outside the picture, which has": ["card.png", "--hint", "900,3=navy"],
    "no such file or folder": ["card.png", "--hints", "nothere.json"],
    "--hints: empty: no pictures in this folder": ["card.png", "--hints", "empty"],
    "tea: no hints there are named as a picture; card.png needs card.hints.json": ["card.png", "--hints", "tea"],
    "are both hints of card.png": ["card.png", "--hints", "twice"],
    "it may be of two/card.png or of two/card.tif; name it after one of them in full": ["two", "--hints", "told"],
    "--hint tells of one picture, and there are 2": ["two", "--hint", "3,3=navy"],
    "told/card.hints.json tells of one picture": ["two", "--hints", "told/card.hints.json"],
    "every picture to be coloured is one of hints": ["card.png", "--hints", "card.png"],
    "holds hints of --hints and would be overwritten": ["card.png", "--hints", "painted.png", "-o", "painted.png"],
}


@pytest.mark.parametrize("words", REFUSED)
def test_hints_that_cannot_be_used_are_one_line_before_anything_is_done(
    card: NDArray[np.uint8], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("empty").mkdir()
    tell(Path("tea/cup.hints.json"), "1,1=navy")
    tell(Path("told/card.hints.json"), "1,1=navy")
    for name in ("twice/card.png", "twice/card.tif", "painted.png"):
        write_rgb(Path(name), paint(card))
    for name in ("two/card.png", "two/card.tif"):
        write_rgb(Path(name), card)
    refuses(REFUSED[words], words, capsys, monkeypatch)


def refuses(words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the model colours anything, in one line, with nothing written or changed."""
    before = {name: Path(name).read_bytes() for name in written(".")}
    monkeypatch.setattr("featcolor.batch.colour.colorize_prepared", None)
    output = [] if "-o" in words else ["-o", "new"]
    assert main(["colorize", *words, *output, "--overwrite"]) == 2
    line = complaint(capsys)
    assert line.startswith("featcolor: error: ")
    assert said in line
    assert len(line) < 400
    assert {name: Path(name).read_bytes() for name in written(".")} == before


def js(hints: Any, **more: Any) -> bytes:
    return json.dumps({"version": 1, "hints": hints} | more).encode()


def one(**changes: Any) -> bytes:
    return js([{"points": [[3, 4]], "colour": "navy"} | changes])


WHOLE = one()
DAMAGED_TEXT: dict[str, bytes] = {
    "empty": b"",
    "spaces": b" \n ",
    **{f"cut at {n}": WHOLE[:n] for n in (1, 10, 20, len(WHOLE) - 1)},
    "twice": WHOLE * 2,
    "zeros": bytes(100),
    "latin": '{"version": 1, "café": 2}'.encode("latin-1"),
    "utf-16": WHOLE.decode().encode("utf-16"),
    "binary": bytes(range(256)),
    "deep": b"[" * 100_000,
    "long number": b'{"version": 1, "hints": [{"points": [[' + b"9" * 5000 + b', 1]], "colour": "navy"}]}',
    "large": b'{"version": 1, "hints": []' + b" " * (5 << 20) + b"}",
    "list": b"[]",
    "text": b'"navy"',
    "null": b"null",
    "number": b"3",
    "no version": b'{"hints": []}',
    "newer": js([], version=2),
    "version text": js([], version="1"),
    "version true": js([], version=True),
    "version 0": js([], version=0),
    "no hints": b'{"version": 1}',
    "hints none": js(None),
    "hints an object": js({}),
    "hints numbers": js([1]),
    "other key": js([], colour="navy"),
    "size text": js([], size="60x40"),
    "size one": js([], size=[60]),
    "size zero": js([], size=[0, 40]),
    "size float": js([], size=[60.5, 40]),
    "size huge": js([], size=[10**9, 10**9]),
    "size other": js([{"points": [[3, 4]], "colour": "navy"}], size=[40, 4000]),
    "no points": js([{"colour": "navy"}]),
    "points none": one(points=[]),
    "points flat": one(points=[3, 4]),
    "points three": one(points=[[3, 4, 5]]),
    "points text": one(points=[["3", "4"]]),
    "points true": one(points=[[True, 4]]),
    "points nan": one(points=[[float("nan"), 4]]),
    "points infinite": one(points=[[float("inf"), 4]]),
    "points 1e999": b'{"version": 1, "hints": [{"points": [[1e999, 1]], "colour": "navy"}]}',
    "points negative": one(points=[[-1, 4]]),
    "points outside": one(points=[[3, 4000]]),
    "points a million": one(points=[[1, 1]] * 10**6),
    "points many": one(points=[[1, 1]] * 20_000),
    "hints many": js([{"points": [[1, 1]], "colour": "red"}] * 20_000),
    "no colour": js([{"points": [[3, 4]]}]),
    "colour unknown": one(colour="nevy"),
    "colour empty": one(colour=""),
    "colour number": one(colour=3),
    "colour list": one(colour=[1, 2, 3]),
    "colour long": one(colour="navy" * 10_000),
    "radius negative": one(radius=-1),
    "radius nan": one(radius=float("nan")),
    "radius text": one(radius="3"),
    "key unknown": one(width=3),
}


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is that large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def encoded(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


DAMAGED_PAINT: dict[str, Callable[[NDArray[np.uint8], Photographs], bytes]] = {
    "empty": lambda card, _: b"",
    "text": lambda card, _: WHOLE,
    "cut": lambda card, _: encoded(paint(card))[:200],
    "huge": lambda card, _: png_of(200_000, 200_000),
    "wide": lambda card, _: encoded(paint(card)[:40]),
    "turned": lambda card, _: encoded(np.ascontiguousarray(np.rot90(paint(card)))),
    "another picture": lambda card, photographs: encoded(
        paint(cv2.resize(grey(photographs["rocket"]), card.shape[::-1]))
    ),
    "in colour": lambda card, photographs: encoded(photographs["china"]),
}


def test_there_are_sixty_damaged_files_and_more() -> None:
    assert len(DAMAGED_TEXT) + len(DAMAGED_PAINT) >= 60


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("damage", DAMAGED_TEXT)
def test_damaged_text_is_refused_by_name(
    damage: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad.hints.json").write_bytes(DAMAGED_TEXT[damage])
    refuses(["card.png", "--hints", "bad.hints.json"], "bad.hints.json", capsys, monkeypatch)


@pytest.mark.parametrize("damage", DAMAGED_PAINT)
def test_damaged_paint_is_refused_by_name(
    card: NDArray[np.uint8],
    photographs: Photographs,
    damage: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("bad.png").write_bytes(DAMAGED_PAINT[damage](card, photographs))
    refuses(["card.png", "--hints", "bad.png"], "bad.png", capsys, monkeypatch)
