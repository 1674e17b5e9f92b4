"""A method runs in a process of its own: what it makes is kept, what it breaks is its own."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.datasets import Sample
from benchmarks.runs.output_folder import OutputFolder
from benchmarks.runs.results import MethodRecord
from benchmarks.runs.running import Job, code_hash, fingerprint, peak_memory, run_job, run_jobs
from featcolor.parallel.here import Here
from tests.benchmarks.runs.toy_methods import Dies, Raises, Sleeps, Tint, WrongShape
from tests.samples import HARD_NAMES

PICTURES = ["a", "b", "c"]


@pytest.fixture
def outputs(tmp_path: Path) -> OutputFolder:
    folder = OutputFolder(tmp_path / "outputs")
    random = np.random.default_rng(0)
    for name in PICTURES:
        truth = random.integers(0, 200, (16, 20, 3), dtype=np.uint8)
        folder.write_sample(Sample(name, truth, np.ascontiguousarray(truth[..., 1])))
    return folder


def run(job: Job, outputs: OutputFolder, data: str = "data"):
    steps = []
    record = run_job(replace(job, data=data), PICTURES, outputs, progress=lambda *step: steps.append(step))
    return record, steps


def test_a_kept_picture_may_have_any_name(outputs: OutputFolder) -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for name in map(os.fsdecode, HARD_NAMES):
        assert outputs.read("tint", name) is None
        outputs.write("tint", name, picture)
        np.testing.assert_array_equal(outputs.output("tint", name), picture)


def test_a_method_colours_every_picture_and_says_what_it_took(outputs: OutputFolder) -> None:
    record, steps = run(Job("tint", Tint(7)), outputs)
    for name in PICTURES:
        rgb, grey = outputs.read("tint", name), outputs.sample(name).grey
        np.testing.assert_array_equal(rgb[..., 0], grey + 7)
        np.testing.assert_array_equal(rgb[..., 1], grey)
        np.testing.assert_array_equal(outputs.sample(name).truth[..., 1], grey)
    assert record.picture_seconds > 0
    assert record.picture_memory > 2**20
    assert (record.failure, record.settings, record.fit_seconds, record.fit_memory) == ("", {"amount": 7}, 0, 0)
    assert steps[-1] == ("tint", 3, 3)


def test_a_fitted_method_sees_references_and_budget(outputs: OutputFolder) -> None:
    references = (Path("one.png"), Path("two.png"))
    record, _ = run(Job("plain", Tint(), references), outputs)
    assert outputs.read("plain", "a")[0, 0, 0] == outputs.sample("a").grey[0, 0] + 2
    assert record.fit_seconds > 0
    assert record.fit_memory > 2**20
    run(Job("timed", Tint(), references, seconds=30), outputs)
    assert outputs.read("timed", "a")[0, 0, 0] == outputs.sample("a").grey[0, 0] + 30


def test_an_equal_run_is_not_run_again(outputs: OutputFolder, tmp_path: Path) -> None:
    log = tmp_path / "log"
    first, _ = run(Job("tint", Tint(7, log), (Path("one.png"),)), outputs)
    assert log.read_text().split() == ["fit", *["colorize"] * 3]
    second, steps = run(Job("tint", Tint(7, log), (Path("one.png"),)), outputs)
    assert len(log.read_text().split()) == 4
    assert second == first
    assert not steps


def test_by_an_engine_an_earlier_run_of_any_machine_counts(outputs: OutputFolder, tmp_path: Path) -> None:
    """Here it does not: times of two machines would stand beside each other, and nothing would say so."""
    log, steps = tmp_path / "log", []
    job = Job("tint", Tint(7, log), (), data="data")
    other = {"cpu": "of another machine"}

    def over(engine: Here | None) -> MethodRecord:
        (record,) = run_jobs([job], PICTURES, outputs, engine=engine, progress=lambda *step: steps.append(step))
        return record

    first = over(Here(1))
    assert steps == [("running methods", 1, 1)]
    assert set(first.settings["machine"]) >= {"cpu", "cores", "memory"}
    kept = outputs.record("tint")
    outputs.write_record("tint", {**kept, "machine": other, "fingerprint": fingerprint(job, other)})
    assert over(Here(1)) == replace(first, settings={"amount": 7, "machine": other})
    assert log.read_text().split() == ["colorize"] * 3
    assert over(None).settings == {"amount": 7}
    assert outputs.record("tint")["machine"] == kept["machine"]


def test_a_changed_run_starts_anew(outputs: OutputFolder) -> None:
    job = Job("tint", Tint(7), (Path("one.png"),), 2.0)
    run(job, outputs)
    changes = ({"method": Tint(8)}, {"references": (Path("a"), Path("b"))}, {"seconds": 3.0}, {})
    for change, data in zip(changes, ("data", "data", "data", "other"), strict=True):
        record, steps = run(replace(job, **change), outputs, data=data)
        assert steps[-1] == ("tint", 3, 3)
        assert record.failure == ""


def test_a_stopped_run_goes_on_unless_it_must_be_fitted_again(outputs: OutputFolder, tmp_path: Path) -> None:
    for references, colourings in (((), 1), ((Path("one.png"),), 3)):
        name = f"tint{len(references)}"
        run(Job(name, Raises("b"), references), outputs)
        log = tmp_path / name
        job = Job(name, Tint(7, log), references)
        run(job, outputs)
        # As it is left by a run that was killed before its last picture.
        outputs.path(name, "b").unlink()
        outputs.write_record(name, {"started": outputs.record(name)["fingerprint"]})
        log.unlink()
        run(job, outputs)
        assert log.read_text().split().count("colorize") == colourings
        assert outputs.has(name, "b")


@pytest.mark.parametrize(
    ("method", "failure", "kept"),
    [
        (Raises("b"), "no output of 1 of 3 pictures; the first: b: has no output", ["a", "c"]),
        (Raises(), "no idea", []),
        (Dies(), "died (exit code 9)", []),
        (WrongShape(), "(15, 20, 3)", []),
    ],
)
def test_a_failure_is_the_methods_own_and_the_rest_is_done(
    method: Tint, failure: str, kept: list[str], outputs: OutputFolder
) -> None:
    record, _ = run(Job("some", method), outputs)
    assert failure in record.failure
    assert [name for name in PICTURES if outputs.has("some", name)] == kept
    assert (outputs.record("some").get("fingerprint") is None) == (not kept)


def test_stopping_ends_the_process(outputs: OutputFolder) -> None:
    def stop(*step: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(Job("sleeps", Sleeps(), (Path("x"),)), PICTURES, outputs, progress=stop)
    assert not [child for child in multiprocessing.active_children() if child.name == "sleeps"]


def test_peak_memory_sees_what_was_held() -> None:
    before = peak_memory()
    held = np.ones(2**24)
    assert peak_memory() >= before
    assert peak_memory() > held.nbytes


@pytest.mark.parametrize("statement", ["from benchmarks.b.helper import work", "from benchmarks.b import helper"])
def test_a_change_of_what_a_method_imports_changes_its_fingerprint(statement: str, tmp_path: Path) -> None:
    """Two imports away, each in another sub-package, the first one where it is needed; and no other file counts."""
    package = tmp_path / "benchmarks"
    for folder in (package, package / "a", package / "b", package / "c"):
        folder.mkdir()
        (folder / "__init__.py").touch()
    method, other, helper, deep = (package / name for name in ("a/method.py", "a/other.py", "b/helper.py", "c/deep.py"))
    method.write_text(f"def fit():\n    {statement}\n")
    helper.write_text("import benchmarks.c.deep\n")
    deep.write_text("from benchmarks.a.method import fit\n")
    before = code_hash(method)
    other.write_text("two = 2\n")
    assert code_hash(method) == before
    deep.write_text("from benchmarks.a.method import fit  # changed\n")
    assert code_hash(method) != before
