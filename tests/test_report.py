"""A report says exactly what the results say, in files that parse, and its page needs nothing but itself."""

from __future__ import annotations

import builtins
import csv
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.contact_sheet import SheetRow, build_sheet, choose_rows, gather_tiles, label_columns
from benchmarks.environment import environment_facts, hide_person
from benchmarks.label_places import place_labels
from benchmarks.plot_marks import find_gain_marks, find_time_marks
from benchmarks.report import SCHEMA, read_results_csv, write_report
from benchmarks.report_tables import (
    Column,
    describe_metric,
    find_best,
    find_pareto_front,
    group_methods,
    judge,
    list_columns,
    name_beside,
    shifted_lightness,
    show_interval,
    show_memory,
    show_number,
    show_seconds,
)
from benchmarks.results import Comparison, CurvePoint, MethodRecord, Results, Score, Summary
from featcolor.errors import UsageError
from tests.samples import read_rgb

NAN, INF = math.nan, math.inf
HOSTILE = '<b>"R&D" | $x_1$ & co</b>'
FILES = ("results.csv", "summary.csv", "comparisons.csv", "curves.csv", "report.json", "report.md", "index.html")
VOID = {"meta", "img", "link"}
PAGE_BYTES = 6_000_000

PictureOf = Callable[[str, str], NDArray[np.uint8] | None]


def draw(name: str, number: int, side: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    """A picture that depends on both."""
    rng = np.random.default_rng([sum(map(ord, name)), number])
    return np.kron(rng.integers(0, 256, (6, 8, 3), np.uint8), np.ones((side[0] // 6, side[1] // 8, 1), np.uint8))


def build_results(methods: int = 6, pictures: int = 9) -> Results:
    """Results with every oddity: a method that failed, one that lacks a picture, nan, inf, HTML in names."""
    names = [f"picture {i:03}" for i in range(pictures - 1)] + ["<i>odd</i>"]
    records = [
        MethodRecord("grey", "Grey", "baseline", picture_seconds=0.0004),
        MethodRecord("ours", "featcolor", "same references", {"preset": "fast"}, 61.0, 2**29, 0.3, 2**28, 0.1),
        MethodRecord("odd", HOSTILE, "pretrained", fit_seconds=900, picture_seconds=4.5, lightness_deviation=1.25),
        MethodRecord("broken", "Broken", "pretrained", failure="model.onnx: the file is <missing>"),
    ]
    records += [MethodRecord(f"m{i}", f"Method {i}", "precomputed") for i in range(methods - len(records))]
    scores, summaries = [], []
    for rank, method in enumerate(records):
        if method.name == "broken":
            continue
        own = names[:-1] if method.name == "odd" else names
        for i, name in enumerate(own):
            delta = 14.0 - 2.0 * i / pictures if method.name == "grey" else 8.0 + rank
            scores += [Score(method.name, name, "delta_e00", delta), Score(method.name, name, "psnr", 20.0 + rank)]
        gain = 0.0 if method.name == "grey" else 4.0 - rank
        cf = 0.0 if method.name == "grey" else 20.0 + 3 * rank
        summaries += [
            Summary(method.name, "gain", gain, gain - 0.25, gain + 0.5, len(own)),
            Summary(method.name, "delta_e00", 1.0 if method.name == "grey" else 8.0 + rank, 7.0, 9.5, len(own)),
            Summary(method.name, "cf", cf, cf - 2, cf + 2, len(own)),
            Summary(method.name, "psnr", INF if method.name == "ours" else 20.0, NAN, NAN, len(own)),
            Summary(method.name, "nobody_knows", 0.5, NAN, NAN, len(own)),
        ]
    rivals = [m.name for m in records if m.name not in ("grey", "ours", "broken")]
    comparisons = [
        Comparison("ours", rival, "delta_e00", 1.2, 26.0, 26.5, 8.5, 10.0, -1.5, -2.0, -1.0, 0.75, True)
        for rival in rivals
    ]
    comparisons.append(Comparison("ours", "odd", "gain", 3.0, 20.0, 26.0, 1.0, 1.0, NAN, NAN, NAN, NAN, False))
    curves = {"ours": [CurvePoint(f, 20 * f, 3 - (f - 1) ** 2, 9.0) for f in (0.5, 1.0, 2.0)], "odd": []}
    return Results(
        title="Drawn pictures & more",
        ours="ours",
        data={
            "set": "photos/drawn",
            "layout": "folder",
            "protocol": "plain resize to 64",
            "left out": 1,
            "references": 12,
            "leaks": 0,
            "fingerprint": "abc123",
        },
        pictures=names,
        truth_cf=30.0,
        scores=scores,
        summaries=summaries,
        comparisons=comparisons,
        curves=curves,
        methods=records,
        environment={"command": "featcolor benchmark", "date": "2025-01-01", "seed": 7, "versions": {"numpy": "2"}},
        left_out=[("flat", "its truth is grey")],
    )


def picture_of(method: str, picture: str) -> NDArray[np.uint8] | None:
    """Drawn pictures of every method; none of the broken one, and not the odd one's last."""
    if method == "broken" or (method == "odd" and picture == "<i>odd</i>"):
        return None
    return draw(method, len(picture))


class Outline(HTMLParser):
    """Gathers tags with attributes and text, and finds elements that are closed wrongly."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def results() -> Results:
    return build_results()


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("matplotlib")
    place = tmp_path_factory.mktemp("report") / "new" / "report"
    assert write_report(results, place, picture_of=picture_of) == place / "index.html"
    return place


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


# Files


def test_every_file_is_there_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted((*FILES, "contact-sheet.jpg"))


def test_scores_come_back_as_they_were(folder: Path, results: Results) -> None:
    assert read_results_csv(folder / "results.csv") == results.scores


def test_any_number_and_name_survives_the_table_of_scores(tmp_path: Path) -> None:
    values = (NAN, INF, -INF, 0.1 + 0.2, 1e-300)
    odd = replace(build_results(), scores=[Score(HOSTILE, 'a,"b"\nc', "psnr", value) for value in values])
    write_report(odd, tmp_path, picture_of=lambda method, picture: None)
    assert repr(read_results_csv(tmp_path / "results.csv")) == repr(odd.scores)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "not a table of scores"),
        ("method,picture,metric,value\na,b,c,x\n", "damaged"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_table_of_scores_is_said_to_be_none(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_results_csv(path)


def test_tables_have_the_fields_of_the_contract(folder: Path, results: Results) -> None:
    for name, kind, rows in (
        ("summary.csv", Summary, results.summaries),
        ("comparisons.csv", Comparison, results.comparisons),
    ):
        table = read_table(folder / name)
        assert list(table[0]) == [field.name for field in fields(kind)]
        assert [list(row.values()) for row in table] == [
            [str(getattr(row, field.name)) for field in fields(kind)] for row in rows
        ]
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


def test_a_folder_that_cannot_be_made_is_a_clear_error(results: Results, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(results, tmp_path / "file" / "report", picture_of=picture_of)


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


def test_markdown_tables_are_whole(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert len(tables) == 6  # scores, two comparisons, costs, left out, definitions
    for table in tables:
        assert re.fullmatch(r"\| ---( \| ---:)* \|", table[1])
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert "\\<b\\>" in text
    assert "<b>" not in text
    assert "**+3.00** (+2.75 to +3.50)" in text
    assert not re.search(r"\b(nan|inf)\b", text)


# The page


def test_the_page_asks_nothing_of_anybody(page: str) -> None:
    outline = Outline(page)
    assert not re.search(r"https?:", page)
    assert not re.search(r"@import|url\((?!#)", page)
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
    assert not outline.wrong
    assert not outline.open
    assert page.startswith("<!DOCTYPE html>")
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for tag, attributes in outline.tags if tag == "a"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} <= {*FILES, "contact-sheet.jpg"}


def test_the_page_is_well_formed(page: str) -> None:
    check_structure(page)


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


def test_means_stand_with_their_intervals(page: str) -> None:
    assert re.search(r"\+3\.00(</span><span[^>]*> best)?(</span>)?<small>\+2\.75 to \+3\.50</small>", page)
    assert ">∞<" in page
    assert not re.search(r">[^<]*\b(nan|inf)\b[^<]*<", page)


def test_failures_shifts_and_left_out_pictures_are_named(page: str) -> None:
    for text in ("the file is &lt;missing&gt;", "1.25 L*", "its truth is grey", "8 of 9 pictures", "not matched"):
        assert text in page
    for text in ("plain resize to 64", "abc123", "featcolor benchmark", "numpy 2", "2025-01-01", "preset fast"):
        assert text in page


def test_every_measure_is_defined_and_an_unknown_one_called_by_its_key(page: str) -> None:
    for key in ("gain", "delta_e00", "cf", "psnr", "nobody_knows"):
        assert f"<code>{key}</code>" in page


def test_the_page_stays_small_whatever_the_pictures_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (150, 150, 3), np.uint8)
    path = write_report(build_results(14, 40), tmp_path, picture_of=lambda method, picture: noise)
    assert path.stat().st_size < PAGE_BYTES


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
    really = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return really(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    page = write_report(results, tmp_path, picture_of=picture_of).read_text(encoding="utf-8")
    assert "pip install matplotlib" in page
    assert 'class="plot' not in page
    assert page.count("<table") >= 4


# What the tables claim


def test_the_front_of_a_case_worked_by_hand() -> None:
    points = {
        "grey": (0.0, 0.0),  # behind timid in both
        "timid": (10.0, 3.0),  # 20 from the truth; nobody is higher
        "right": (28.0, 1.0),  # 2 from the truth; nobody is nearer
        "loud": (36.0, 1.5),  # 6 from the truth on the other side; higher than right
        "beaten": (22.0, 1.4),  # 8 from the truth; loud is nearer and higher
        "lost": (NAN, 9.0),
    }
    assert find_pareto_front(points, 30.0) == ["right", "loud", "timid"]
    assert find_pareto_front({"a": (10.0, 1.0), "b": (10.0, 1.0)}, 30.0) == ["a", "b"]
    assert find_pareto_front({}, 30.0) == []


def test_a_grey_method_is_never_best(results: Results) -> None:
    columns = {column.key: column for column in list_columns(results)}
    least = min(results.summaries, key=lambda s: s.mean if s.metric == "delta_e00" else INF)
    assert least.method == "grey"
    assert find_best(results, columns["delta_e00"]) == {"ours"}
    others = [s for s in results.summaries if s.metric != "cf"]
    pale = [Summary(m.name, "cf", 7.0 if m.name == "ours" else 20.0, NAN, NAN, 9) for m in results.methods]
    assert find_best(replace(results, summaries=others + pale), columns["delta_e00"]) == {"m0"}


def test_best_needs_every_picture_and_a_direction(results: Results) -> None:
    columns = {column.key: column for column in list_columns(results)}
    summaries = [replace(s, mean=99.0) if (s.method, s.metric) == ("odd", "gain") else s for s in results.summaries]
    assert find_best(replace(results, summaries=summaries), columns["gain"]) == {"ours"}  # odd lacks a picture
    assert find_best(results, columns["nobody_knows"]) == set()


def test_colourfulness_is_best_nearest_to_the_truth(results: Results) -> None:
    columns = {column.key: column for column in list_columns(results)}
    means = {"ours": 23.0, "m0": 32.0, "m1": 35.0}
    summaries = [Summary(name, "cf", mean, NAN, NAN, 9) for name, mean in means.items()]
    assert find_best(replace(results, summaries=summaries), columns["cf"]) == {"m0"}


@pytest.mark.parametrize(
    ("metric", "low", "high", "verdict"),
    [
        ("delta_e00", -2.0, -0.1, "better"),
        ("delta_e00", 0.1, 2.0, "worse"),
        ("gain", 0.1, 2.0, "better"),
        ("gain", -2.0, -0.1, "worse"),
        ("gain", -0.1, 2.0, "not told apart"),
        ("gain", 0.0, 2.0, "not told apart"),
        ("gain", NAN, NAN, "no interval"),
        ("cf", 0.1, 2.0, "no interval"),
    ],
)
def test_who_is_better_follows_from_the_interval(metric: str, low: float, high: float, verdict: str) -> None:
    comparison = Comparison("a", "b", metric, 1, 30, 30, 1, 1, (low + high) / 2, low, high, 0.5, True)
    assert judge(comparison) == verdict


def test_columns_and_groups_come_in_the_promised_order(results: Results) -> None:
    assert [column.key for column in list_columns(results)] == ["gain", "delta_e00", "cf", "psnr", "nobody_knows"]
    assert describe_metric("nobody_knows").title == "nobody_knows"
    mixed = [MethodRecord(n, n, g) for n, g in (("a", "other"), ("b", "pretrained"), ("c", "baseline"), ("d", "other"))]
    assert {g: [m.name for m in members] for g, members in group_methods(mixed).items()} == {
        "baseline": ["c"],
        "pretrained": ["b"],
        "other": ["a", "d"],
    }
    assert list(group_methods(mixed)) == ["baseline", "pretrained", "other"]
    assert [m.name for m in shifted_lightness(results)] == ["odd"]


def test_numbers_are_written_as_people_read_them() -> None:
    plain, plus = Column("a", "a", "", "", "", 2), Column("a", "a", "", "", "", 1, plus=True)
    assert [show_number(v, plain) for v in (1.005, -1.25, NAN, INF, -INF)] == ["1.00", "−1.25", "–", "∞", "−∞"]
    assert [show_number(v, plus) for v in (1.0, -1.0, -0.01)] == ["+1.0", "−1.0", "0.0"]
    assert show_interval(NAN, 1.0, plain) == ""
    assert show_interval(-1.0, 1.0, plain) == "−1.00 to 1.00"
    assert [show_seconds(s) for s in (0.0042, 0.31, 4.62, 132.4, 660.0, NAN)] == [
        *("4.2 ms", "310 ms", "4.6 s", "132 s", "11.0 min", "–")
    ]
    assert [show_memory(s) for s in (0, NAN, 2**28, 3 * 2**29)] == ["–", "–", "256 MiB", "1.5 GiB"]


def test_a_mean_over_fewer_pictures_is_neither_on_the_front_nor_beats_anyone(results: Results) -> None:
    means = {"ours": (29.0, 2.0), "m0": (20.0, 3.0), "odd": (30.0, 9.0)}  # odd would beat both, but lacks a picture
    summaries = [
        Summary(name, metric, mean, NAN, NAN, 8 if name == "odd" else 9)
        for name, pair in means.items()
        for metric, mean in zip(("cf", "gain"), pair, strict=True)
    ]
    marks = find_gain_marks(replace(results, summaries=summaries))
    assert {mark.name: mark.filled for mark in marks} == {"ours": True, "m0": True, "odd": False}


def test_marks_of_time_have_areas_in_proportion_to_memory(results: Results) -> None:
    methods = [
        replace(results.methods[0], picture_memory=2**26),
        *results.methods[1:3],
        MethodRecord("m0", "M", "precomputed"),
    ]
    marks = {mark.name: mark for mark in find_time_marks(replace(results, methods=methods))}
    assert set(marks) == {"grey", "ours", "odd"}  # m0 has no time
    assert marks["ours"].side ** 2 == pytest.approx(4 * marks["grey"].side ** 2)
    assert (marks["odd"].filled, marks["odd"].side) == (False, 1.0)


def test_leaks_are_warned_of_before_any_number(results: Results, tmp_path: Path, page: str) -> None:
    assert "Leaks." not in page
    leaky = replace(results, data={**results.data, "leaks": 3})
    text = write_report(leaky, tmp_path, picture_of=lambda method, picture: None).read_text(encoding="utf-8")
    assert "reference shows a test picture: 3." in text[: text.index('class="facts"')]
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "reference shows a test picture: 3." in markdown[: markdown.index("## ")]


def test_the_head_names_set_and_layout(page: str) -> None:
    head = page[: page.index("</header>")]
    assert "Test set photos/drawn; layout folder; protocol plain resize to 64." in head
    assert "1 left out" in head


def test_methods_of_one_title_are_told_apart_by_their_names(results: Results, tmp_path: Path) -> None:
    twins = [
        MethodRecord("net", "Net", "precomputed", {"a_b": 1}),
        MethodRecord("net_2", "Net", "precomputed", {"fit": {"c": 2, "d": 3}}),
        MethodRecord("net-three", "A net, three times", "precomputed"),
    ]
    told = replace(results, methods=twins)
    assert [name_beside(told, method) for method in twins] == ["net", "net_2", ""]
    text = write_report(told, tmp_path, picture_of=lambda method, picture: None).read_text(encoding="utf-8")
    assert "<dt>net</dt><dd>Net: a b 1</dd>" in text
    assert "<dt>net_2</dt><dd>Net: fit (c 2, d 3)</dd>" in text


# Contact sheet


def test_the_sheet_shows_best_worst_and_between() -> None:
    results = build_results(5, 30)
    rows = choose_rows(results)
    assert [row.kind for row in rows] == ["best"] * 4 + ["between"] * 4 + ["worst"] * 4
    # grey's difference falls from picture to picture and ours stays, so that the improvement falls
    assert [row.picture for row in rows[:4]] == results.pictures[:4]
    assert [row.picture for row in rows[-4:]] == results.pictures[-4:]
    assert len({row.picture for row in rows}) == 12


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_few_pictures_are_all_shown_once(count: int) -> None:
    results = build_results(4, count)
    assert sorted(row.picture for row in choose_rows(results)) == sorted(results.pictures)


def test_without_scores_of_ours_the_sheet_is_spread_over_the_set() -> None:
    results = build_results(4, 100)
    results = replace(results, scores=[score for score in results.scores if score.method != "ours"])
    rows = choose_rows(results)
    assert [row.picture for row in rows] == [results.pictures[i] for i in (*range(0, 99, 9), 99)]
    assert rows[0] == SheetRow(results.pictures[0], "", rows[0].improvement)


def test_without_grey_the_sheet_shows_where_ours_is_nearest_and_says_so(page: str, tmp_path: Path) -> None:
    assert "Ours gains most over grey here" in page
    results = build_results(5, 30)
    deltas = [Score("ours", name, "delta_e00", 5.0 + i) for i, name in enumerate(results.pictures)]
    alone = replace(results, scores=deltas, methods=[m for m in results.methods if m.name != "grey"])
    rows = choose_rows(alone)
    assert [row.picture for row in rows[:4]] == results.pictures[:4]
    assert rows[0].improvement == -5.0
    text = write_report(alone, tmp_path, picture_of=picture_of).read_text(encoding="utf-8")
    assert "Ours comes nearest to the truth here" in text
    assert "over grey here" not in text
    assert "than grey does" not in text


def test_the_sheet_holds_each_picture_in_its_place(results: Results) -> None:
    names = results.pictures[:2]
    tiles = gather_tiles(names, ["truth", "ours", "broken"], picture_of, side=40)
    assert set(tiles) == {(method, name) for method in ("truth", "ours") for name in names}
    assert all(max(tile.shape[:2]) == 40 for tile in tiles.values())
    sheet = build_sheet({n: n for n in names}, {"truth": "truth", "ours": HOSTILE}, tiles, side=40)
    for tile in tiles.values():
        windows = np.lib.stride_tricks.sliding_window_view(sheet, tile.shape)[..., 0, :, :, :]
        assert (windows == tile).all(axis=(2, 3, 4)).sum() >= 1
    with pytest.raises(ValueError, match="rows and columns"):
        build_sheet({}, {}, {})


def test_the_sheet_beside_the_page_has_a_column_for_each_method_with_pictures(folder: Path, results: Results) -> None:
    sheet = read_rgb(folder / "contact-sheet.jpg")
    tiles = gather_tiles(results.pictures, ["truth", "grey", "ours", "odd", "broken", "m0", "m1"], picture_of)
    columns = label_columns(results, tiles)
    assert list(columns) == ["truth", "grey", "ours", "odd", "m0", "m1"]
    assert sheet.shape[1] == 6 + len(columns) * 156


# Plots


def boxes_of(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> Iterable[tuple[float, ...]]:
    return [(*(c - s / 2), *(c + s / 2)) for c, s in zip(centres, sizes, strict=True)]


def test_labels_cover_neither_each_other_nor_points() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform((100, 100), (500, 300), (15, 2))
    sizes = np.column_stack([rng.uniform(40, 130, 15), np.full(15, 16.0)])
    markers = np.hstack([points - 5, points + 5])
    boxes = [*boxes_of(place_labels(points, sizes, (0, 0, 620, 400), hard=markers), sizes), *map(tuple, markers)]
    for i, a in enumerate(boxes[:15]):
        assert a[0] >= 0 <= a[1]
        assert a[2] <= 620
        assert a[3] <= 400
        for b in boxes[i + 1 :]:
            assert min(a[2], b[2]) - max(a[0], b[0]) <= 1e-9 or min(a[3], b[3]) - max(a[1], b[1]) <= 1e-9


def test_plots_take_their_colours_from_the_page(page: str) -> None:
    plots = re.findall(r'<svg class="plot.*?</svg>', page, re.DOTALL)
    assert len(plots) == 4  # two plots, each for wide and for narrow windows
    for plot in plots:
        assert "var(--ours)" in plot
        assert not re.search(r"#0[1-9]0[1-9]0[1-9]\b", plot)
        assert "xmlns" not in plot
        assert "DOCTYPE" not in plot
        assert "featcolor</text>" in plot


# Facts


def test_facts_of_the_run_name_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "people" / "ada"
    work = home / "work"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "ada")
    command = ["featcolor", "--data", f"{work}/a b", f"--onnx=x={home}/nets/x.onnx", "/media/ada/disk", "--to", "adage"]
    facts = environment_facts(command, 3)
    assert facts["command"] == "featcolor --data 'a b' --onnx=x=~/nets/x.onnx /media/…/disk --to adage"
    assert str(home) not in json.dumps(facts)
    assert facts["seed"] == 3
    assert facts["versions"]["numpy"] == np.__version__
    assert set(facts["machine"]) == {"cpu", "cores", "memory", "system", "python"}
    assert hide_person({"a": [f"{home}/b", 1, None]}) == {"a": ["~/b", 1, None]}


def test_messages_in_a_report_name_nobody(results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/people/ada")
    methods = [
        replace(m, failure="/people/ada/x.onnx: missing", settings={"file": "/people/ada/x"}) for m in results.methods
    ]
    told = replace(
        results,
        title="Colorizers compared on ada/photos",
        data={**results.data, "set": "people/ada"},
        methods=methods,
        left_out=[("p", "/people/ada/p.jpg: damaged")],
    )
    write_report(told, tmp_path, picture_of=lambda method, picture: None)
    for name in ("report.json", "report.md", "index.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not re.search(r"\bada\b", text)
        assert re.search(r"compared on (…|\\u2026)/photos", text)
        assert "x.onnx" in text
