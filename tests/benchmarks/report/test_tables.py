"""What a report says of results: who is best, what is on the front, what the sheet shows, whom it does not name."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.report.contact_sheet import SheetRow, build_sheet, choose_rows, gather_tiles
from benchmarks.report.plots import find_gain_marks, find_time_marks
from benchmarks.report.tables import (
    describe_metric,
    find_best,
    find_pareto_front,
    group_methods,
    judge,
    list_columns,
    name_beside,
    shifted_lightness,
)
from benchmarks.report.write import write_report
from benchmarks.runs.environment import environment_facts, hide_person
from benchmarks.runs.results import Comparison, MethodRecord, Results, Summary
from tests.benchmarks.report.samples import HOSTILE, NAN, build_results, picture_of


@pytest.fixture(scope="module")
def results() -> Results:
    return build_results()


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


def test_best_is_not_grey_has_every_picture_and_is_nearest_to_the_truths_colourfulness(results: Results) -> None:
    columns = {column.key: column for column in list_columns(results)}

    def best(summaries: list[Summary], key: str) -> set[str]:
        return find_best(replace(results, summaries=summaries), columns[key])

    delta = {s.method: s.mean for s in results.summaries if s.metric == "delta_e00"}
    assert min(delta, key=delta.__getitem__) == "grey"
    assert best(results.summaries, "delta_e00") == {"ours"}
    others = [s for s in results.summaries if s.metric != "cf"]
    pale = [Summary(m.name, "cf", 7.0 if m.name == "ours" else 20.0, NAN, NAN, 9) for m in results.methods]
    assert best(others + pale, "delta_e00") == {"m0"}
    odd = [s._replace(mean=99.0) if (s.method, s.metric) == ("odd", "gain") else s for s in results.summaries]
    assert best(odd, "gain") == {"ours"}  # odd lacks a picture
    assert best(results.summaries, "nobody_knows") == set()
    means = {"ours": 23.0, "m0": 32.0, "m1": 35.0}
    assert best([Summary(name, "cf", mean, NAN, NAN, 9) for name, mean in means.items()], "cf") == {"m0"}


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
    found = [(group, [m.name for m in members]) for group, members in group_methods(mixed).items()]
    assert found == [("baseline", ["c"]), ("pretrained", ["b"]), ("other", ["a", "d"])]
    assert [m.name for m in shifted_lightness(results)] == ["odd"]


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
    assert marks["ours"].area == pytest.approx(4 * marks["grey"].area)
    assert (marks["odd"].filled, marks["odd"].area) == (False, 1.0)


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
    assert rows[0] == SheetRow(results.pictures[0])


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
