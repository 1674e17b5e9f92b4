"""A report says exactly what the results say, in files that parse, and its page needs nothing but itself."""

from __future__ import annotations

import base64
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.report.contact_sheet import choose_rows, gather_tiles, label_columns
from benchmarks.report.write import SCHEMA, write_report
from benchmarks.runs.results import Comparison, Results, Score, Summary
from featcolor.errors import UsageError
from tests.benchmarks.report.samples import (
    FILES,
    HOSTILE,
    INF,
    NAN,
    Outline,
    build_results,
    picture_of,
    read_table,
)
from tests.samples import read_rgb


@pytest.fixture(scope="module")
def results() -> Results:
    return build_results()


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("matplotlib")
    place = tmp_path_factory.mktemp("report") / "new" / "report"
    assert write_report(results, place, picture_of=picture_of) == place / "index.html"
    assert sorted(path.name for path in place.iterdir()) == sorted((*FILES, "contact-sheet.jpg"))
    return place


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def test_any_number_and_name_survives_the_table_of_scores(tmp_path: Path) -> None:
    values = (NAN, INF, -INF, 0.1 + 0.2, 1e-300)
    odd = replace(build_results(), scores=[Score(HOSTILE, 'a,"b"\nc', "psnr", value) for value in values])
    write_report(odd, tmp_path, picture_of=lambda method, picture: None)
    rows = [{**row, "value": float(row["value"])} for row in read_table(tmp_path / "results.csv")]
    assert repr(rows) == repr([score._asdict() for score in odd.scores])


def test_tables_have_the_fields_of_the_contract(folder: Path, results: Results) -> None:
    for name, kind, rows in (
        ("summary.csv", Summary, results.summaries),
        ("comparisons.csv", Comparison, results.comparisons),
    ):
        table = read_table(folder / name)
        assert tuple(table[0]) == kind._fields
        assert [list(row.values()) for row in table] == [list(map(str, row)) for row in rows]
    curves = read_table(folder / "curves.csv")
    assert [row["method"] for row in curves] == ["ours"] * 3
    assert [float(row["cf"]) for row in curves] == [10.0, 20.0, 40.0]


def test_the_json_is_strict_and_holds_everything(folder: Path, results: Results) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = (folder / "report.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=refuse)
    assert document["schema"] == SCHEMA
    assert document["data"] == results.data
    assert document["environment"] == results.environment
    assert document["pictures"] == results.pictures
    assert document["left_out"] == [{"picture": "flat", "reason": "its truth is grey"}]
    assert document["methods"][1]["settings"] == {"preset": "fast"}
    assert document["curves"]["ours"][0] == {"factor": 0.5, "cf": 10.0, "gain": 2.75, "delta_e00": 9.0}
    infinite = next(s for s in document["summaries"] if (s["method"], s["metric"]) == ("ours", "psnr"))
    assert infinite["mean"] is None
    assert document["comparisons"][-1]["difference"] is None
    for method, picture, metric, value in results.scores:
        assert document["scores"][method][metric][results.pictures.index(picture)] == value
    assert document["scores"]["odd"]["psnr"][-1] is None


def test_the_same_results_make_the_same_files(results: Results, folder: Path, tmp_path: Path) -> None:
    write_report(results, tmp_path, picture_of=picture_of)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_a_failed_write_leaves_the_old_report(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(results, tmp_path, picture_of=picture_of)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(self: Path, *arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="No space left"):
        write_report(results, tmp_path, picture_of=picture_of)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(results, tmp_path / "report.md" / "report", picture_of=picture_of)


def test_markdown_tables_are_whole(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert len(tables) == 7  # scores and further ones, two comparisons, costs, left out, definitions
    for table in tables:
        assert re.fullmatch(r"\| ---( \| ---:)* \|", table[1])
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert "\\<b\\>" in text
    assert "<b>" not in text
    assert "**+3.00** (+2.75 to +3.50)" in text
    assert not re.search(r"\b(nan|inf)\b", text)


def test_the_page_asks_nothing_of_anybody(page: str) -> None:
    check_structure(page)
    outline = Outline(page)
    assert not re.search(r"https?:|@import|url\((?!#)", page)
    for tag, attributes in outline.tags:
        assert not (tag == "script" and "src" in attributes)
        for name in ("src", "href", "srcset", "action", "poster"):
            value = attributes.get(name) or ""
            assert not value.startswith("//")
            assert ":" not in value or value.startswith("data:")
    assert "default-src 'none'" in page


def check_structure(page: str) -> None:
    """Elements close in turn, ids are unique, and every link leads somewhere."""
    outline = Outline(page)
    assert not outline.wrong + outline.open
    assert page.startswith("<!DOCTYPE html>")
    ids = outline.values("id")
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in outline.tags if tag == "a"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} <= {*FILES, "contact-sheet.jpg", "by_source.csv"}


def test_the_page_speaks_to_those_who_do_not_see_it(page: str) -> None:
    outline = Outline(page)
    images = [attributes for tag, attributes in outline.tags if tag == "img"]
    assert images
    assert all(attributes.get("alt") for attributes in images)
    assert all(attributes.get("loading") == "lazy" for attributes in images)
    assert all(attributes.get("scope") for tag, attributes in outline.tags if tag == "th")
    for tag, attributes in outline.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])


def test_names_are_text_not_html(page: str) -> None:
    assert "<b>&quot;R&amp;D&quot; | $x_1$ &amp; co</b>" not in page
    assert HOSTILE not in page
    assert HOSTILE in "".join(Outline(page).text)
    assert "<i>odd" not in page
    assert "&lt;missing&gt;" in page


def test_means_intervals_measures_failures_shifts_and_left_out_pictures_are_named(page: str) -> None:
    assert re.search(r"\+3\.00(</span><span[^>]*> best)?(</span>)?<small>\+2\.75 to \+3\.50</small>", page)
    assert ">∞<" in page
    assert not re.search(r">[^<]*\b(nan|inf)\b[^<]*<", page)
    head = page[: page.index("</header>")]
    assert "Test set photos/drawn; layout folder; protocol plain resize to 64." in head
    assert "1 left out" in head
    for key in ("gain", "delta_e00", "cf", "psnr", "nobody_knows"):  # one that no table knows by its key
        assert f'class="code">{key}<' in page
    for text in ("the file is &lt;missing&gt;", "1.25 L*", "its truth is grey", "8 of 9 pictures", "not matched"):
        assert text in page
    for text in ("plain resize to 64", "abc123", "featcolor benchmark", "numpy 2", "2025-01-01", "preset fast"):
        assert text in page


def test_the_page_stays_small_whatever_the_pictures_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (150, 150, 3), np.uint8)
    path = write_report(build_results(14, 40), tmp_path, picture_of=lambda method, picture: noise)
    assert path.stat().st_size < 6_000_000


def test_a_report_of_nothing_is_a_report(tmp_path: Path) -> None:
    nothing = replace(
        build_results(), pictures=[], scores=[], summaries=[], comparisons=[], curves={}, left_out=[], truth_cf=NAN
    )
    page = write_report(nothing, tmp_path, picture_of=lambda method, picture: None).read_text(encoding="utf-8")
    check_structure(page)
    assert not (tmp_path / "contact-sheet.jpg").exists()
    assert "contact-sheet.jpg" not in page


def test_without_matplotlib_the_page_says_what_to_install_and_keeps_its_tables(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = write_report(results, tmp_path, picture_of=picture_of).read_text(encoding="utf-8")
    assert "pip install matplotlib" in page
    assert 'class="plot' not in page
    assert page.count("<table") >= 4


def test_leaks_are_warned_of_before_any_number(results: Results, tmp_path: Path, page: str) -> None:
    assert "Leaks." not in page
    leaky = replace(results, data={**results.data, "leaks": 3})
    text = write_report(leaky, tmp_path, picture_of=lambda method, picture: None).read_text(encoding="utf-8")
    assert "reference shows a test picture: 3." in text[: text.index("class=facts")]
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "reference shows a test picture: 3." in markdown[: markdown.index("## ")]


def test_without_grey_the_sheet_shows_where_ours_is_nearest_and_says_so(page: str, tmp_path: Path) -> None:
    assert "Ours gains most over grey here" in page
    results = build_results(5, 30)
    deltas = [Score("ours", name, "delta_e00", 5.0 + i) for i, name in enumerate(results.pictures)]
    alone = replace(results, scores=deltas, methods=[m for m in results.methods if m.name != "grey"])
    rows = choose_rows(alone)
    assert [row.picture for row in rows[:4]] == results.pictures[:4]
    text = write_report(alone, tmp_path, picture_of=picture_of).read_text(encoding="utf-8")
    assert "Ours comes nearest to the truth here" in text
    assert "over grey here" not in text
    assert "than grey does" not in text


def test_the_sheet_beside_the_page_has_a_column_for_each_method_with_pictures(folder: Path, results: Results) -> None:
    sheet = read_rgb(folder / "contact-sheet.jpg")
    tiles = gather_tiles(results.pictures, ["truth", "grey", "ours", "odd", "broken", "m0", "m1"], picture_of)
    columns = label_columns(results, tiles)
    assert list(columns) == ["truth", "grey", "ours", "odd", "m0", "m1"]
    assert sheet.shape[1] == 6 + len(columns) * 156


def test_plots_are_images_that_hold_no_address_of_the_page(page: str) -> None:
    plots = re.findall(r'<img class="plot"[^>]* src="data:image/svg\+xml;base64,([^"]+)">', page)
    assert len(plots) == 2
    for plot in plots:
        assert base64.b64decode(plot).startswith(b"<?xml")


def test_means_by_source_stand_in_every_form(results: Results, tmp_path: Path) -> None:
    means = [
        (source, Summary(method, metric, mean, NAN, NAN, 4))
        for source, mean in (("fields", 1.25), ("all", 2.5))
        for method, metric in (("truth", "cf"), ("ours", "cf"), ("ours", "gain"), ("grey", "gain"))
    ]
    page = write_report(replace(results, by_source=means), tmp_path, picture_of=lambda method, picture: None)
    assert [row["mean"] for row in read_table(tmp_path / "by_source.csv")] == [str(mean.mean) for _, mean in means]
    assert len(json.loads((tmp_path / "report.json").read_text())["by_source"]) == len(means)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| fields | 4 | +1.25 | +1.25 |" in markdown
    assert "| all | 4 | 2.5 | 2.5 |" in markdown
    html = page.read_text(encoding="utf-8")
    check_structure(html)
    assert '<th scope="row">fields</th>' in html
