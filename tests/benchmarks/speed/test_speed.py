"""The speed suite: every class runs, failures stay where they are, memory is the child's own, reports stand alone."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
from math import isnan, nan
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.speed import report as report_module
from benchmarks.speed.cases import SCALES, Timing
from benchmarks.speed.inputs import ASPECT, make_picture, run_process, sides_of
from benchmarks.speed.report import COLUMNS, find_seconds, times_ours, write_speed_report
from benchmarks.speed.suite import case_names, find_cases, find_classes, run_suite
from featcolor.errors import FeatcolorError, ModelFileError, UsageError
from features.spec import EXTRACTORS
from refine.refiners import REFINERS
from refine.upsample import UPSAMPLERS
from tests.benchmarks.speed.timed_classes import (
    Broken,
    Good,
    Holds,
    Imports,
    Inapplicable,
    WithCache,
    WithoutCache,
    WithSameCache,
)

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {"machine": {"cores": 2, "processor": "<some & other>"}, "command": "featcolor benchmark speed"}


@pytest.fixture(scope="module")
def smoke(tiny_model: Path) -> list[Timing]:
    """Every case of the suite on tiny inputs."""
    return run_suite(scale="smoke", model=tiny_model)


def test_every_case_runs(smoke: list[Timing]) -> None:
    assert [timing.failure for timing in smoke] == [""] * len(find_cases("smoke"))
    assert {timing.name for timing in smoke} == set(case_names("smoke")) == set(case_names("full"))
    for timing in smoke:
        assert timing.unit in ("s", "MiB")
        assert 0 < timing.low <= timing.median <= timing.high
        assert timing.n == 1


def test_the_suite_measures_what_there_is(smoke: list[Timing]) -> None:
    measured = {(name, value) for timing in smoke for name, value in timing.parameters.items()}
    for name, table in (("extractor", EXTRACTORS), ("refiner", REFINERS), ("upsampler", UPSAMPLERS)):
        assert {value for key, value in measured if key == name} == set(table)
    whole = {case.parameters["megapixels"] for case in find_cases("full") if case.kind.__name__ == "WholePictures"}
    assert {0.06, 1, 24} <= whole


@pytest.mark.parametrize("kind", find_classes())
def test_every_scale_names_one_value_a_parameter(kind: type) -> None:
    assert hasattr(kind, "smoke_params")
    assert kind.__doc__
    for scale in SCALES.values():
        for values in getattr(kind, scale.parameters, ()):
            assert isinstance(values, tuple)
    assert len(kind.params) == len(kind.param_names) == len(kind.smoke_params)


def test_asv_finds_the_same_benchmarks() -> None:
    pytest.importorskip("asv_runner")
    configuration = json.loads((ROOT / "asv.conf.json").read_text())
    folder = ROOT / configuration["benchmark_dir"]
    code = (
        f"import sys; sys.path[:0] = [{str(folder.parent)!r}, {str(ROOT)!r}]\n"
        "from asv_runner.discovery import disc_benchmarks\n"
        f"print(sorted(each.name for each in disc_benchmarks({str(folder)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sorted(case_names("full")))
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert f"{configuration['results_dir'].split('/')[0]}/" in ignored


def test_a_case_is_set_up_warmed_repeated_and_torn_down() -> None:
    Good.calls.clear()
    steps: list[tuple[str, int, int]] = []
    timings = run_suite(scale="quick", classes=[Good], progress=lambda *step: steps.append(step))
    first = timings[0]
    assert SCALES["quick"].fewest <= first.n <= SCALES["quick"].most
    assert first.parameters == {"letter": "a", "number": 1}
    assert Good.calls[: first.n + 3] == ["setup a1", *"a" * (first.n + 1), "teardown a1"]
    assert [step[1:] for step in steps] == [(0, 2), (1, 2), (2, 2)]


def test_a_failure_is_reported_and_the_rest_go_on() -> None:
    before = cv2.getNumThreads()
    timings = run_suite(scale="smoke", classes=[Broken, Inapplicable, WithoutCache, Imports, Good])
    assert cv2.getNumThreads() == before
    found = [(timing.name.split(".")[1], timing.failure != "") for timing in timings]
    assert found == [
        *[("Broken", False), ("Broken", True), ("Broken", False)],
        *[("WithoutCache", True), ("WithoutCache", True)],
        *[("Imports", False), ("Imports", True)],
        *[("Good", False), ("Good", False)],
    ]
    assert timings[0].median == 3
    assert timings[0].unit == "threads"
    assert "two is not allowed" in timings[1].failure
    assert isnan(timings[1].median)
    assert timings[1].n == 0
    assert "no model" in timings[3].failure
    assert "no_such_module" in timings[6].failure


def test_a_cache_is_set_up_once_in_a_folder_of_the_run() -> None:
    WithCache.made.clear()
    here = Path.cwd()
    timings = run_suite(scale="smoke", classes=[WithCache, WithSameCache])
    assert [timing.median for timing in timings] == [1, 2, 1, 2]
    assert len(WithCache.made) == 1
    assert Path.cwd() == here != WithCache.made[0]
    assert not WithCache.made[0].exists()


def test_an_interrupt_ends_the_run_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def stop(stage: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_suite(scale="smoke", classes=[Good], progress=stop)
    assert not list(tmp_path.iterdir())


def test_only_what_is_asked_for_runs() -> None:
    (found,) = run_suite(scale="smoke", only="number=3", classes=[Broken])
    assert found.parameters == {"number": 3}
    with pytest.raises(UsageError, match=r"no timing has 'nonsense' .* timed_classes\.Good\.time_nothing"):
        run_suite(scale="smoke", only="nonsense", classes=[Good])
    with pytest.raises(ValueError, match=r"scale must be one of full, quick, smoke; got 'tiny'"):
        run_suite(scale="tiny")


def test_a_useless_model_is_named_before_anything_runs(tmp_path: Path) -> None:
    broken = tmp_path / "broken.featcolor"
    broken.write_bytes(b"nonsense")
    Good.calls.clear()
    with pytest.raises(ModelFileError, match=r"broken\.featcolor"):
        run_suite(scale="smoke", model=broken, classes=[Good])
    assert not Good.calls


def test_memory_is_that_of_the_fresh_process_and_a_failed_one_says_why() -> None:
    with pytest.raises(FeatcolorError, match=r"exit code 1: no bread"):
        run_process(sys.executable, "-c", "import sys; print('more', file=sys.stderr); sys.exit('no bread')")
    with pytest.raises(FeatcolorError, match=r"nowhere"):
        run_process("/nowhere/at/all")
    resource = pytest.importorskip("resource")
    ours = np.ones(64 * 2**20, np.uint8)  # what a child of ours would be charged with
    unit = 1 if sys.platform == "darwin" else 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    assert held > ours.nbytes / 2**20
    assert 1 < run_process(sys.executable, "-I", "-S", "-c", "pass").peak < min(held, 60)
    nothing, much = run_suite(scale="smoke", classes=[Holds])
    assert much.median - nothing.median == pytest.approx(200, abs=20)


def test_pictures_have_the_size_that_they_are_called_by_and_are_grey_or_in_colour() -> None:
    for megapixels in (0.01, 0.06, 1, 24):
        height, width = sides_of(megapixels)
        assert height * width == pytest.approx(megapixels * 1e6, rel=0.02)
        assert width / height == pytest.approx(ASPECT, abs=0.01)
    assert make_picture(20, 30).shape == (20, 30)
    rgb = make_picture(20, 30, colour=True)
    assert rgb.shape == (20, 30, 3)
    assert np.ptp(rgb.astype(int), axis=2).max() > 20


def timing(name: str, median: float, unit: str = "s", failure: str = "", **parameters: object) -> Timing:
    return Timing(name, parameters, unit, median, median, median, 0 if failure else 1, failure)


NETWORKS = "networks.Networks.time_colorize"


def test_ratios_are_of_the_same_size_and_threads() -> None:
    found = find_seconds(
        [
            timing(NETWORKS, 0.1, network="featcolor", side=256, threads=1),
            timing(NETWORKS, 0.5, network="zhang16", side=256, threads=1),
            timing(NETWORKS, 0.05, network="featcolor", side=256, threads=2),
            timing(NETWORKS, 0.4, network="zhang16", side=256, threads=2),
            timing(NETWORKS, nan, network="ddcolor-tiny", side=256, threads=2, failure="too large"),
        ]
    )
    assert list(found) == [(256, 1), (256, 2)]
    assert [times_ours(seconds, "zhang16") for seconds in found.values()] == pytest.approx([5, 8])
    assert [times_ours(seconds, "ddcolor-tiny") for seconds in found.values()] == [None, None]


@pytest.fixture
def odd(smoke: list[Timing]) -> list[Timing]:
    """The smoke run with a ratio, a failure with markup in it, and a class that the suite does not know."""
    return [
        *smoke,
        timing(NETWORKS, 0.1, network="featcolor", side=256, threads=1),
        timing(NETWORKS, 0.5, network="zhang16", side=256, threads=1),
        timing("elsewhere.Odd.track_things", nan, "", "fell over <script src=x> | twice", kind="a|b"),
    ]


def test_the_report_is_complete(odd: list[Timing], tmp_path: Path) -> None:
    folder = tmp_path / "made" / "report"
    page = write_speed_report(odd, folder, ENVIRONMENT)
    assert page == folder / "report.md"
    assert sorted(path.name for path in folder.iterdir()) == ["report.md", "speed.csv", "speed.json"]
    with (folder / "speed.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["name"] for row in rows] == [each.name for each in odd]
    assert float(rows[0]["median"]) == odd[0].median
    assert rows[-1]["median"] == ""
    assert rows[-1]["failure"] == odd[-1].failure
    document = json.loads((folder / "speed.json").read_text())
    assert document["environment"] == ENVIRONMENT
    assert document["timings"][-1]["median"] is None
    assert document["networks"][-1]["times_ours"]["zhang16"] == pytest.approx(5)
    markdown = page.read_text()
    assert {"## Odd", "## Whole pictures", "## Beside deep networks", "## What failed"} <= set(markdown.splitlines())
    assert "(× 5.0)" in markdown
    odd_lines = [line for line in markdown.split("## Odd")[1].splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in odd_lines} == {5}


def test_a_report_that_fails_changes_nothing(
    odd: list[Timing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_speed_report(odd, tmp_path, ENVIRONMENT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*_: object) -> str:
        raise MemoryError

    monkeypatch.setattr(report_module, "build_markdown", fail)
    with pytest.raises(MemoryError):
        write_speed_report(odd[:1], tmp_path, ENVIRONMENT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
