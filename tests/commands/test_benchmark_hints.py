"""`featcolor benchmark hints` as a person types it, on small pictures and a small network."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from featcolor.colour.measures import grey_picture
from featcolor.commands import main
from tests.samples import write_rgb


@pytest.fixture
def folder(
    tmp_path: Path, photographs: dict[str, np.ndarray], default_network: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """`data/` with two photographs and a grey one, in a fresh working folder."""
    for name in ("astronaut", "coffee"):
        write_rgb(tmp_path / "data" / f"{name}.png", photographs[name])
    write_rgb(tmp_path / "data" / "grey.png", grey_picture(np.array(photographs["rocket"])))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bench(*words: str) -> int:
    return main(["benchmark", "hints", "--counts", "1,3", "--seeds", "2", *words])


def rows() -> list[dict[str, str]]:
    with Path("report/hints.csv").open() as file:
        return list(csv.DictReader(file))


def test_hints_are_given_measured_and_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--data", "data", "--methods", "default,nearest", "--clumsy", "-o", "report")
    assert bench(*words) == 0
    text = capsys.readouterr().out
    for word in ("nearest", "2 pictures, 2 seeds", "where it asks", "stroke", "index.html"):
        assert word in text
    found = [row for row in rows() if row["kind"] != "megapixel"]
    # Two pictures, two methods, two seeds: once without hints, and five kinds of two numbers of them.
    asked = [row for row in found if row["kind"] == "asked"]
    assert {(row["method"], row["hints"]) for row in asked} == {("default", "1"), ("default", "3")}
    assert len(asked) == 2 * 2
    assert len(found) - len(asked) == 2 * 2 * 2 * (1 + 5 * 2)
    document = json.loads(Path("report/hints.json").read_text())
    assert document["left_out"] == ["grey"]
    assert document["seeds"] == [0, 1]
    assert document["counts"] == [0, 1, 3]
    by_place = {(row["picture"], row["method"], row["kind"], row["seed"], row["hints"]): row for row in found}
    gains = [
        float(by_place[picture, "nearest", "random", seed, "3"]["psnr"])
        - float(by_place[picture, "nearest", "random", seed, "0"]["psnr"])
        for picture in ("astronaut", "coffee")
        for seed in "01"
    ]
    assert document["gains"]["nearest"]["3"]["mean"] == pytest.approx(np.mean(gains), abs=1e-3)
    page = Path("report/index.html").read_text()
    assert "What clumsy hints keep" in page
    assert "SIGGRAPH17, published" in Path("report/index.md").read_text()


def test_a_second_run_reads_what_is_done_and_several_jobs_say_the_same(folder: Path) -> None:
    words = ("--data", "data", "--methods", "nearest", "-q", "-o", "report")
    assert bench(*words) == 0
    first = Path("report/hints.csv").read_bytes()
    records = sorted(Path("report/records").rglob("*.json"))
    assert [path.stem for path in records] == ["astronaut", "coffee"]
    assert bench(*words) == 0  # the times in the table are the first run's: nothing was done again
    assert Path("report/hints.csv").read_bytes() == first
    measured = [row["psnr"] for row in rows()]
    assert bench(*words, "--fresh", "--jobs", "2") == 0
    assert [row["psnr"] for row in rows()] == measured


def test_without_a_folder_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.rglob("*"))
    assert bench("--data", "data", "--methods", "nearest", "--every", "3") == 0
    assert sorted(folder.rglob("*")) == before
    assert "1 pictures" in capsys.readouterr().out


def test_a_broken_picture_is_told_and_the_rest_go_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "data" / "broken.png").write_bytes(b"no picture")
    assert bench("--data", "data", "--methods", "nearest", "-o", "report") == 1
    captured = capsys.readouterr()
    assert "broken" in captured.err
    assert "2 pictures" in captured.out


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("--data none", "none"),
        ("--data data --methods wrong", "no method of hints is called 'wrong'"),
        ("--data data --methods nearest,nearest", "two methods of this name"),
        ("--data data --counts 0", "--counts 0"),
        ("--data data --counts 1,many", "--counts 1,many"),
        ("--data data --counts 5000", "up to 1000"),
        ("--data data -m none.featcolor", "none.featcolor"),
        ("--data data --onnx none.onnx", "none.onnx"),
        ("--data data --methods nearest --refs data", "references show test pictures"),
        ("--data data/grey.png --methods nearest", "grey"),
        ("--data data --methods nearest -o data/grey.png", "a file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    words: str, needed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(*words.split()) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert needed in lines[0]
