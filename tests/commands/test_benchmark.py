"""`featcolor benchmark` as a person types it: what comes back, with which exit code, and one line for each mistake."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import benchmarks.speed.suite
from benchmarks.data.layouts import LAYOUTS
from benchmarks.runs.photos import OUTPUTS
from benchmarks.speed.cases import Timing
from benchmarks.speed.export_networks import random_network
from featcolor.colour.measures import grey_picture
from featcolor.commands import main
from featcolor.commands.benchmark.command import LAYOUT_NAMES, OUTPUTS_FOLDER
from tests.samples import write_rgb

Photographs = dict[str, NDArray[np.uint8]]


@pytest.fixture
def folders(tmp_path: Path, photographs: Photographs, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`tests/` and `refs/` in a fresh working folder, and a gallery with a method that halves the contrast."""
    for name in ("astronaut", "coffee"):
        write_rgb(tmp_path / "tests" / f"{name}.png", photographs[name])
        write_rgb(tmp_path / "gallery" / "gt" / f"{name}.png", photographs[name])
        write_rgb(tmp_path / "gallery" / "gray" / f"{name}.png", grey_picture(np.array(photographs[name]))[..., 0])
        write_rgb(tmp_path / "gallery" / "Flat" / f"{name}.png", photographs[name] // 2 + 60)
    for name in ("chelsea", "rocket"):
        write_rgb(tmp_path / "refs" / f"{name}.png", photographs[name])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bench(*words: str) -> int:
    return main(["benchmark", *words])


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("featcolor: error: ")
    return lines[0]


def test_photographs_are_coloured_measured_and_reported(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("photos", "--data", "tests", "--refs", "refs", "--methods", "grey,constant,welsh2002", "-o", "report")
    assert bench(*words) == 0
    text = capsys.readouterr().out
    for word in ("welsh2002", "ΔE00", "CF of the truth", "index.html"):
        assert word in text
    with (folders / "report" / "summary.csv").open() as file:
        rows = {(row["method"], row["metric"]): row for row in csv.DictReader(file)}
    assert float(rows["grey", "gain"]["mean"]) == pytest.approx(0, abs=1e-6)
    assert rows["welsh2002", "delta_e00"]["n"] == "2"
    report = json.loads((folders / "report" / "report.json").read_text())
    assert "benchmark photos" in report["environment"]["command"] or report["environment"]["command"]
    assert (folders / "report" / "index.html").stat().st_size > 10_000


def test_outputs_of_others_stand_beside_a_model_and_a_network(
    folders: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("net.onnx").write_bytes(random_network("zhang16"))
    assert (
        bench("outputs", "gallery", "--model", str(tiny_model), "--onnx", "zhang16=net.onnx", "-o", "report", "-j", "1")
        == 0
    )
    with (folders / "report" / "results.csv").open() as file:
        methods = {row["method"] for row in csv.DictReader(file)}
    assert methods == {"grey", "Flat", "zhang16", "featcolor"}
    assert "featcolor at each rival's CF" in capsys.readouterr().out
    records = {each["name"]: each for each in json.loads((folders / "report" / "report.json").read_text())["methods"]}
    assert records["Flat"]["lightness_deviation"] > 5
    assert records["featcolor"]["lightness_deviation"] < 0.3


def test_a_bound_that_does_not_hold_fails_the_run(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("outputs", "gallery", "-o", "report", "-q")
    assert bench(*words, "--fail-under", "Flat:ssim=0.1", "--fail-under", "Flat:delta_e00=90") == 0
    assert bench(*words, "--fail-under", "Flat:ssim=0.9999") == 1
    assert "Flat: ssim is" in complaint(capsys)
    assert bench(*words, "--fail-under", "Flat:delta_e00=0.1") == 1
    assert "delta_e00" in complaint(capsys)


def test_skin_is_measured_where_it_is_asked_for(folders: Path) -> None:
    words = ("outputs", "gallery", "-o", "report", "-q", "--metrics")
    for asked, has_skin, has_ssim in (("core", False, True), ("people", True, False), ("core,people", True, True)):
        assert bench(*words, asked) == 0
        with (folders / "report" / "summary.csv").open() as file:
            measured = {row["metric"] for row in csv.DictReader(file)}
        assert ({"skin", "skin_dark", "skin_medium", "skin_light"} <= measured) == has_skin
        assert ("ssim" in measured) == has_ssim


def test_a_missing_output_is_named_and_fails_the_run(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "gallery" / "Flat" / "coffee.png").unlink()
    assert bench("outputs", "gallery", "-o", "report", "-q") == 1
    error = capsys.readouterr().err
    assert "Flat: no output of 1 of 2 pictures" in error
    assert "coffee" in error


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("photos --data none --refs refs -o r", "none"),
        ("photos --data tests -o r --methods constant", "--refs"),
        ("photos --refs refs -o r", "--data"),
        ("photos --data tests --refs refs -o r --methods wrong", "wrong"),
        ("photos --data tests --refs refs -o r --methods grey --ours ridge", "--ours ridge"),
        ("photos --data tests --refs refs -o r --methods grey --metrics wrong", "no measure is called 'wrong'"),
        ("photos --data tests --refs refs -o r --methods grey --metrics lpips", "--lpips FILE.onnx"),
        ("photos --data tests --refs refs -o r --methods grey --lpips no.onnx", "no.onnx"),
        ("photos --data tests --refs refs -o r --methods grey --onnx ddcolor-tiny=no.onnx", "huggingface"),
        ("photos --data tests --refs refs -o r --methods grey --onnx no.onnx", "NAME=PATH"),
        ("photos --data tests --refs refs -o r --methods grey --outputs a", "--outputs a: NAME=FOLDER"),
        ("photos --data tests --refs refs -o r --methods grey --outputs a=none", "none: no such"),
        ("photos --data tests --refs refs -o r --methods grey --outputs gt=refs", "'gt'"),
        ("photos --data tests --refs refs -o r --methods grey,grey", "two methods of this name"),
        ("photos --data tests --refs refs -o r --methods grey --model none.featcolor", "none.featcolor"),
        ("photos --data tests --refs refs -o r --methods grey --protocol wrong", "wrong"),
        ("photos --data tests --refs refs -o r --methods unet", "featcolor-balanced"),
        ("photos --data tests --refs refs -o r --methods grey --fail-under wrong=1", "--fail-under wrong"),
        (
            "photos --data tests --refs refs -o r --methods grey --fail-under psnr=1",
            "psnr: no such method",
        ),
        ("photos --data tests --refs refs -o r --fail-under wrong", "--fail-under wrong"),
        ("photos --data tests --refs refs -o r --fail-under ssim=much", "--fail-under ssim=much"),
        ("photos --data tests --refs tests -o r --methods constant", "--allow-leaks"),
        ("outputs refs -o r", "gt"),
        ("outputs gallery -o gallery/gt/coffee.png", "a file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    words: str, needed: str, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(*words.split()) == 2
    assert needed in complaint(capsys)
    assert not (folders / "r" / "outputs").exists()


def test_leaks_that_are_allowed_are_told(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "photos --data tests --refs tests refs -o r --methods constant --allow-leaks -q"
    assert bench(*words.split()) == 0
    assert "2 of the references show test pictures" in capsys.readouterr().err


def test_without_torch_the_u_net_is_left_out_and_said(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from argparse import Namespace

    from featcolor.commands.benchmark import plan

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    told: list[str] = []
    arguments = Namespace(methods=None, benchmark="photos", quick=False)
    names = plan._method_names(arguments, ["grey", "unet", "unet-x10"], told.append)
    assert names == ["grey"]
    assert "pip install torch" in told[0]


def test_the_default_model_is_ours_where_nothing_was_fitted() -> None:
    from featcolor.commands.benchmark import plan

    assert plan._ours(None, ["grey", "default"]) == "default"
    assert plan._ours(None, ["default", "featcolor-balanced"]) == "featcolor-balanced"
    assert plan._ours(None, ["default", "featcolor"]) == "featcolor"
    assert plan._ours("default", ["default", "featcolor-balanced"]) == "default"


def test_speed_writes_its_report_and_fails_with_a_failed_timing(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Timing("module.Class.time_it", {}, "s", 1.0, 0.9, 1.1, 3)
    bad = Timing("module.Class.time_that", {}, "s", float("nan"), float("nan"), float("nan"), 0, failure="no luck")
    for timings, code in (([good], 0), ([good, bad], 1)):
        monkeypatch.setattr(benchmarks.speed.suite, "run_suite", lambda timings=timings, **options: timings)
        assert bench("speed", "-o", "report", "--quick") == code
    assert "no luck" in capsys.readouterr().err
    assert (folders / "report" / "report.md").is_file()


def test_reports_do_not_write_over_each_other(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("outputs", "gallery", "-o", "report", "-q") == 0
    before = (folders / "report" / "index.html").read_bytes()
    assert bench("speed", "-o", "report") == 2
    assert "another benchmark" in complaint(capsys)
    assert bench("photos", "--data", "tests", "--methods", "grey", "-o", "report") == 2
    assert "other test pictures" in complaint(capsys)
    assert (folders / "report" / "index.html").read_bytes() == before
    (folders / "fast").mkdir()
    (folders / "fast" / "speed.json").write_text("{}")
    assert bench("outputs", "gallery", "-o", "fast") == 2
    assert "benchmark speed" in complaint(capsys)


def test_outputs_at_the_size_of_the_files_go_through_the_protocol(folders: Path) -> None:
    words = "photos --data tests --methods grey --outputs same=tests --protocol crop-256 -o report -q"
    assert bench(*words.split()) == 0
    with (folders / "report" / "summary.csv").open() as file:
        rows = {(row["method"], row["metric"]): row for row in csv.DictReader(file)}
    assert float(rows["same", "delta_e00"]["mean"]) == 0


def test_the_layouts_of_the_command_are_those_of_the_data_sets() -> None:
    assert set(LAYOUT_NAMES) == {"auto", *LAYOUTS}
    assert OUTPUTS_FOLDER == OUTPUTS
