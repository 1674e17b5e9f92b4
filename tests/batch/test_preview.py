"""A preview shows what colorize would do, says how, and its page needs nothing but itself."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import fields
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from featcolor.batch.colour import colorize_prepared
from featcolor.batch.preview import PreviewedPicture, Previewer, load_cells, pick_evenly, preview_pictures
from featcolor.batch.preview_grid import CELLS, KEYS, MODEL, Axis, Cell, cells_of, default_grid, parse_grid
from featcolor.batch.preview_page import COLUMNS, Sheet, build_page, duration, is_page, write_page
from featcolor.commands.given.options import chosen_settings
from featcolor.commands.program import build_parser
from featcolor.errors import PictureError, UsageError
from featcolor.models.load import ColouringSettings, load, load_colorizer
from featcolor.preparation.steps import Step, parse_preparation
from tests.samples import grey, write_rgb
from tests.video.test_report_page import checked_outline

PARSER = build_parser()
EVIL = "<script>alert('&')</script>\".jpg"


def grid(*words: str, model: str | None = "m.featcolor", **settings: float) -> tuple[Cell, ...]:
    path = Path(model) if model is not None else None
    return cells_of(parse_grid(words), model=path, settings=ColouringSettings(**settings))


def sheet(*words: str, pictures: int = 1, **changes: object) -> Sheet:
    cells = grid(*words)
    jpeg = cv2.imencode(".jpg", np.zeros((6, 9, 3), np.uint8))[1].tobytes()
    shown = [
        PreviewedPicture(Path(EVIL), 900, 600, (9, 6), jpeg, (jpeg,) * len(cells), (0.5,) * len(cells))
        for _ in range(pictures)
    ]
    commands = [cell.command([EVIL]) for cell in cells]
    return Sheet(
        **{"axes": parse_grid(words), "cells": cells, "pictures": shown, "found": 9, "commands": commands} | changes
    )


# The grid


def test_a_grid_may_vary_the_model_and_every_setting() -> None:
    settings = {field.name for field in fields(ColouringSettings)}
    assert set(KEYS) == {MODEL, "boldness"} | settings - {"temperature"}


def test_cells_are_every_combination_once_and_the_first_setting_runs_fastest() -> None:
    cells = grid("saturation=0.8,1", "boldness=0.6,0.3,0")
    asked = [(cell.settings.saturation, cell.settings.temperature) for cell in cells]
    assert asked == [(saturation, temperature) for temperature in (0.4, 0.7, 1.0) for saturation in (0.8, 1.0)]
    assert cells[1].caption == "saturation 1, boldness 0.6"
    assert all(cell.model == Path("m.featcolor") for cell in cells)
    assert parse_grid(["saturation=1,1.0, 1.2"]) == (Axis("saturation", ("1", "1.2")),)  # the same is one value
    assert [cell.settings.saturation for cell in grid("saturation=auto,1")] == ["auto", 1.0]


def test_a_models_own_saturation_is_in_the_default_grid(network: Path, tiny_model: Path) -> None:
    assert [default_grid(load(each))[0].texts for each in (network, tiny_model)] == [
        ("auto", "1", "1.2"),
        ("0.8", "1", "1.2"),
    ]


def test_models_side_by_side_and_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [cell.model for cell in grid("model=default,a.featcolor")] == [None, Path("a.featcolor")]
    Path("a,b.featcolor").touch()
    assert [cell.model for cell in grid("model=a,b.featcolor")] == [Path("a,b.featcolor")]
    Path("default").touch()
    assert [cell.model for cell in grid("model=default")] == [Path("default")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hue=1"], "saturation, boldness, warmth, refine, size"),
        (["old.jpg"], "pictures go before --grid"),
        (["saturation="], "missing"),
        (["saturation=1,,2"], "missing"),
        (["saturation=much"], "a number, got 'much'"),
        (["size=96.5"], "a whole number"),
        (["size=96", "size=128"], "twice"),
        ([f"saturation={','.join(map(str, range(CELLS + 1)))}"], f"{CELLS} at most"),
        (["saturation=1,2,3,4,5,6,7,8,9", "size=1,2,3,4,5,6,7,8"], "72 combinations"),
    ],
)
def test_a_grid_that_is_none_is_one_clear_line(words: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        parse_grid(words)
    assert "\n" not in str(caught.value)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1),
    st.sampled_from(["1", "0.250", "1e-1"]),
    st.sampled_from(["-1", "-5e-1", "0", ".25"]),
)
def test_a_command_line_is_read_back_as_what_was_shown(name: str, saturation: str, warmth: str) -> None:
    (cell,) = grid(f"saturation={saturation}", f"warmth={warmth}", "refine=guided", model=name, size=96)
    program, *words = shlex.split(cell.command([name, "*.tif"]))
    assert program == "featcolor"
    arguments = PARSER.parse_args(words)
    assert [Path(each) for each in arguments.input] == [Path(name), Path("*.tif")]
    assert Path(arguments.model) == cell.model
    assert chosen_settings(arguments) == cell.settings
    assert str(saturation) in words
    assert "--model" not in grid("saturation=1", model=None)[0].command([name])  # the default one


# The pictures


@given(st.integers(0, 400), st.integers(1, 50))
def test_pictures_are_picked_evenly(found: int, count: int) -> None:
    picked = pick_evenly(range(found), count)
    assert len(picked) == min(found, count)
    assert picked == sorted(set(picked))
    if len(picked) == count:
        steps = np.diff([-picked[0] - 1, *picked, 2 * found - picked[-1]])
        assert steps.max() - steps.min() <= 2


@pytest.fixture
def picture(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    large = cv2.resize(grey(photographs["coffee"]), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    return write_rgb(tmp_path / "coffee.png", large)


def decoded(jpeg: bytes) -> NDArray[np.float32]:
    return np.float32(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize("steps", [(), parse_preparation("border")])
def test_a_thumbnail_shows_what_colorize_makes_of_the_whole_picture(
    picture: Path, tiny_model: Path, steps: tuple[Step, ...]
) -> None:
    framed = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE) // 2
    write_rgb(picture, cv2.copyMakeBorder(framed, 30, 50, 20, 40, cv2.BORDER_CONSTANT, value=250))
    cells = grid("saturation=0,1.5", "size=48,160", model=str(tiny_model))
    shown = Previewer(cells, thumb=128, preparation=steps)(picture)
    whole = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert (shown.height, shown.width) == whole.shape
    assert max(shown.thumb) == 128
    for cell, jpeg in zip(cells, shown.coloured, strict=True):
        rgb = colorize_prepared(load_colorizer(tiny_model, cell.settings), whole, steps)
        expected = np.float32(cv2.resize(rgb, shown.thumb, interpolation=cv2.INTER_AREA)[..., ::-1])
        assert np.abs(decoded(jpeg) - expected).mean() < 4
    livelier = [decoded(jpeg).std(axis=-1).mean() for jpeg in shown.coloured]
    assert livelier[0] < 1 < livelier[1]
    assert decoded(shown.grey).std(axis=-1).mean() < 1


def test_times_are_those_of_the_whole_picture_and_the_look_takes_none(picture: Path, tiny_model: Path) -> None:
    shown = Previewer(grid("saturation=0,1", "boldness=0,0.6", model=str(tiny_model)))(picture)
    assert len(set(shown.seconds)) == 1
    assert shown.seconds[0] > 0


def test_a_picture_is_read_once(picture: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import featcolor.batch.preview

    read = []
    previewer = Previewer(grid("saturation=0,1", model=str(tiny_model)))
    original = featcolor.batch.preview.read_picture
    monkeypatch.setattr(featcolor.batch.preview, "read_picture", lambda path: read.append(path) or original(path))
    previewer(picture)
    assert read == [picture]


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1, 3), (20, 30)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_small_thin_and_deep_pictures_are_shown(
    shape: tuple[int, ...], dtype: type, tmp_path: Path, tiny_model: Path
) -> None:
    path = write_rgb(tmp_path / "odd.png", np.full(shape, 90, dtype))
    shown = Previewer(grid("saturation=1", model=str(tiny_model)), thumb=64)(path)
    assert decoded(shown.grey).shape[1::-1] == shown.thumb
    assert max(shown.thumb) == min(64, max(shape[:2]))


def test_a_broken_picture_is_named_and_the_rest_go_on(picture: Path, tmp_path: Path, tiny_model: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    previewer = Previewer(grid("saturation=1", model=str(tiny_model)))
    steps: list[tuple[int, int]] = []
    done, failed = preview_pictures(
        [broken, picture], previewer, progress=lambda stage, *counts: steps.append((counts[0], counts[1]))
    )
    assert [each.path for each in done] == [picture]
    assert list(failed) == [broken]
    assert str(broken) in failed[broken]
    assert steps == [(1, 2), (2, 2)]
    with pytest.raises(PictureError):
        previewer(broken)


def test_settings_out_of_range_are_found_before_any_picture_is_read(tiny_model: Path) -> None:
    for words in ("saturation=1,99", "warmth=-2,0", "refine=magic", "boldness=nan"):
        with pytest.raises(UsageError, match=f"{words.partition('=')[0]} must be"):
            load_cells(grid(words, model=str(tiny_model)))


def test_the_default_model_beside_a_fitted_one(default_network: Path, picture: Path, tiny_model: Path) -> None:
    shown = Previewer(grid(f"model=default,{tiny_model}"))(picture)
    assert np.abs(decoded(shown.coloured[0]) - decoded(shown.coloured[1])).mean() > 1


# The page


@pytest.mark.parametrize(
    "words", [(), ("saturation=1",), ("saturation=1,2", "size=96,128"), ("model=a,b", "size=1,2", "refine=a,b")]
)
def test_the_page_asks_nothing_of_anybody_and_is_well_formed(words: tuple[str, ...]) -> None:
    outline = checked_outline(build_page(sheet(*words, pictures=2, failed=(EVIL,))))
    sources = outline.values("src", "srcset")
    assert len(sources) == 2 * (1 + len(grid(*words)))
    for source in sources:
        head, _, data = source.partition(",")
        assert head == "data:image/jpeg;base64"
        assert base64.b64decode(data, validate=True)[:2] == b"\xff\xd8"


def test_every_link_leads_to_a_picture_or_closes() -> None:
    outline = checked_outline(build_page(sheet("saturation=1,2,3", "size=96,128", pictures=2)))
    names = outline.values("id")
    assert len(names) == len(set(names)) == 2 * 7
    links = set(outline.values("href"))
    assert links == {f"#{name}" for name in names} | {"#-"}


def test_grey_comes_first_and_every_setting_has_its_command_line() -> None:
    shown = sheet("saturation=0.8,1", "boldness=0.3,0.6")
    page = build_page(shown)
    assert re.findall(r'<img alt="([^"]*)"', page) == ["grey", *(cell.caption for cell in shown.cells)]
    lines = re.findall(r"<p class=command><code>(.*?)</code>", page)
    assert [unescape(re.sub("</?span>", "", line)) for line in lines] == list(shown.commands)
    assert EVIL not in page


def test_one_setting_is_a_row_two_are_a_table_more_are_captions() -> None:
    for words, tables, rows in [
        (("saturation=1,2,3",), 1, 0),
        (("saturation=1,2,3", "size=96"), 1, 0),
        (("saturation=1,2,3", "size=96,128"), 1, 2),
        ((f"saturation={','.join('12345678')}", "size=96,128"), 1, 8),
        ((f"saturation={','.join('12345678')}",), 0, 0),
        (("saturation=1,2", "size=96,128", "boldness=0,1"), 0, 0),
    ]:
        page = build_page(sheet(*words))
        assert page.count("<table") == tables, words
        assert page.count("scope=rowgroup") == rows, words
        assert page.count("<td>") == tables * len(grid(*words))
        assert all(row.count("<td>") <= COLUMNS for row in re.findall(r"<tr>.*?</tr>", page))


def test_cells_of_a_table_stand_in_their_row_and_column() -> None:
    many = ",".join("12345678")
    for words in (("saturation=1,2,3", "size=96,128"), (f"saturation={many}", "size=96,128")):
        page = build_page(sheet(*words))
        heads = [re.sub("<[^>]*>", "", each) for each in re.findall(r"<th scope=col>(.*?)</th>", page)]
        rows = re.findall(r"scope=rowgroup>(.*?)</th></tr><tr>(.*?)</tr>", page)
        for label, row in rows:
            captions = re.findall(r'<img alt="([^"]*)"', row)
            for head, caption in zip(heads, captions, strict=True):
                assert set(caption.split(", ")) == {head, re.sub("<[^>]*>", "", label)}


def test_a_page_of_ours_is_known_and_no_other(tmp_path: Path) -> None:
    write_page(tmp_path / "sheet.html", sheet("saturation=1,2"))
    assert is_page(tmp_path / "sheet.html")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.html"]
    (tmp_path / "other.html").write_text("<!DOCTYPE html><title>featcolor preview</title>")
    assert not is_page(tmp_path / "other.html")
    (tmp_path / "empty.html").touch()
    assert not is_page(tmp_path / "empty.html")


def test_times_read_well() -> None:
    texts = ["0.01 s", "0.08 s", "1.9 s", "42 s", "14 min", "2 h 20 min", "2 h 0 min"]
    assert [duration(seconds) for seconds in (0.0, 0.08, 1.94, 42, 840, 8400, 7199)] == texts
