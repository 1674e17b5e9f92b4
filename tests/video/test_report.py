"""The film report: what is written comes back, nothing else is taken for one, and no half file is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.errors import UsageError
from featcolor.video.report import (
    ORIGINS,
    ClipReport,
    KeyReport,
    NextFrame,
    ShotReport,
    curves_of,
    in_percent,
    read_report,
)


@pytest.fixture
def report() -> ClipReport:
    return ClipReport(
        clip="reel & <one>.mp4",
        output="out.mp4",
        frames=5,
        seconds=1.5,
        shots=(
            ShotReport(
                first=10,
                last=12,
                kind="start",
                key_frames=(10,),
                confidence=(1.0, 0.5, 0.25),
                guessed=(0.0, 0.125, 1.0),
            ),
            ShotReport(first=13, last=14, confidence=(0.5, 0.5), guessed=(0.5, 0.5), source="model", guess="model"),
        ),
        keys=(KeyReport(path="keys/000010.png", frame=10, correlation=0.99, located=True),),
        refused=("keys/a.png: its lightness is another's",),
        damaged=(12,),
        notes=("Größe",),
        next=(NextFrame(frame=14, shot=1, gain=1.0, reason="no key frame"),),
    )


def test_shares_add_up_to_all_colour_and_name_where_it_is_from() -> None:
    own = ShotReport(first=0, last=3, key_frames=(0,), guessed=(0, 0.25, 0.5, 0.75), told=(0, 0.25, 0, 0))
    models = ShotReport(first=4, last=6, guessed=(1, 1, 1), source="model", guess="model")
    assert own.origins() == pytest.approx(
        {"key frames": 2.25, "hints": 0.25, "likeness": 1.5, "model": 0, "likeness and model": 0}
    )
    report = ClipReport(clip="a", output="b", frames=7, shots=(own, models))
    assert report.percents() == {"key frames": 32, "hints": 4, "likeness": 21, "model": 43}
    assert report.to_dict()["percent"] == report.percents()
    assert [shot["percent"] for shot in report.to_dict()["shots"]] == [
        {"key frames": 56, "hints": 6, "likeness": 38},
        {"model": 100},
    ]


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=5).filter(any))
def test_percents_are_100_together(worths: list[float]) -> None:
    named = dict(zip(ORIGINS, worths, strict=False))
    percents = in_percent([named])
    assert sum(percents.values()) == 100
    for name, percent in percents.items():
        assert abs(percent - 100 * named[name] / sum(worths)) < 1


def test_without_key_frames_all_that_hints_do_not_say_is_a_guess() -> None:
    planes, told = np.ones((2, 3, 3), np.float32), np.float32([0, 0.25])
    assert curves_of(planes, told, "model") == {"confidence": (0, 0.25), "guessed": (1, 0.75), "told": (0, 0.25)}
    assert curves_of(planes) == {"confidence": (1, 1), "guessed": (0, 0), "told": ()}


def test_an_earlier_report_is_read_without_what_it_does_not_say(report: ClipReport) -> None:
    document = report.to_dict()
    for shot in document["shots"]:
        del shot["told"], shot["guess"], shot["percent"]
    assert [shot.guess for shot in ClipReport.from_dict(document).shots] == ["likeness", "model"]


def test_json_brings_the_report_back(report: ClipReport, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report.write_json(path)
    assert read_report(path) == report
    empty = ClipReport(clip="a", output="b", frames=0)
    assert ClipReport.from_dict(empty.to_dict()) == empty
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


def test_the_dictionary_is_json_and_its_curves_are_short(report: ClipReport) -> None:
    shot = ShotReport(first=0, last=0, confidence=(np.float32(1 / 3),), guessed=(2 / 3,))
    document = ClipReport(clip="a", output="b", frames=1, shots=(shot,), keys=report.keys).to_dict()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["shots"][0]["confidence"] == [0.333]
    assert json.loads(text)["shots"][0]["guessed"] == [0.667]


def test_a_number_that_is_none_survives(tmp_path: Path) -> None:
    key = KeyReport(path="a.png", frame=0, correlation=float("nan"))
    path = tmp_path / "r.json"
    ClipReport(clip="a", output="b", frames=1, keys=(key,)).write_json(path)
    assert np.isnan(read_report(path).keys[0].correlation)


def test_an_unwritable_place_leaves_the_old_report(report: ClipReport, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.mkdir()
    with pytest.raises(OSError):
        report.write_json(path)
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("format",), "other"),
        (("version",), 2),
        (("frames",), -1),
        (("frames",), True),
        (("frames",), 1e9),
        (("clip",), None),
        (("shots",), None),
        (("shots",), [1]),
        (("shots", 0, "source"), "witchcraft"),
        (("shots", 0, "guessed"), [0.5]),
        (("shots", 0, "guessed"), [0.5, 2.0, 0.5]),
        (("shots", 0, "confidence"), "abc"),
        (("shots", 0, "key_frames"), ["10"]),
        (("keys", 0, "located"), 1),
        (("next", 0, "gain"), "much"),
        (("seconds",), 10**400),
        (("damaged",), [1.5]),
    ],
)
def test_what_is_not_a_report_is_refused_in_one_line(
    report: ClipReport, tmp_path: Path, where: tuple[Any, ...], value: object
) -> None:
    document = report.to_dict()
    place: Any = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    path = tmp_path / "r.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"r\.json: .*name the file") as caught:
        read_report(path)
    assert "\n" not in str(caught.value)


def test_a_missing_part_is_refused(report: ClipReport) -> None:
    for key in report.to_dict().keys() - {"percent"}:
        document = report.to_dict()
        del document[key]
        with pytest.raises(ValueError):
            ClipReport.from_dict(document)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'"text"', b"1e999"])
def test_any_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"r\.json: "):
        read_report(path)
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="the report cannot be read"):
            read_report(path)
