"""A study: leaks are refused, what cannot be measured is counted, budgets are kept, a second run works less."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.datasets import open_dataset
from benchmarks.load.local_cluster import local_cluster
from benchmarks.methods.baselines import Grey
from benchmarks.runs.output_folder import OutputFolder
from benchmarks.runs.photos import BUDGET_UNIT, Entry, Study, run_study
from featcolor.errors import UsageError
from featcolor.parallel.cluster import Cluster
from tests.benchmarks.runs.toy_methods import Learns, Raises, Tint
from tests.samples import write_rgb

METRICS = ("gain", "delta_e00", "cf", "auc_rebalanced")


def silent(stage: str, done: int, total: int) -> None:
    pass


def run(study: Study):
    told: list[str] = []
    return run_study(study, progress=silent, tell=told.append), told


@pytest.fixture
def folder(photographs: dict[str, NDArray[np.uint8]], tmp_path: Path) -> Path:
    """Test pictures: three photographs, one in grey, one broken; and two references."""
    for name in ("astronaut", "coffee", "flower"):
        write_rgb(tmp_path / "tests" / f"{name}.png", photographs[name])
    write_rgb(tmp_path / "tests" / "grey.png", np.repeat(photographs["china"][..., 1:2], 3, axis=2))
    (tmp_path / "tests" / "broken.jpg").write_bytes(b"no picture")
    for name in ("chelsea", "rocket"):
        write_rgb(tmp_path / "references" / f"{name}.png", photographs[name])
    return tmp_path


def make_study(folder: Path, *entries: Entry, **changes: Any) -> Study:
    study = Study(
        dataset=open_dataset(folder / "tests"),
        references=tuple(sorted((folder / "references").iterdir())),
        entries=entries or (Entry("grey", Grey()), Entry("tint", Learns())),
        ours="tint",
        metrics=METRICS,
        folder=folder / "report",
    )
    return dataclasses.replace(study, **changes)


def test_results_hold_what_was_measured_and_what_was_not(folder: Path) -> None:
    results, told = run(make_study(folder))
    assert results.pictures == ["astronaut", "coffee", "flower"]
    assert dict(results.left_out)["grey"] == "its truth is grey"
    assert "broken.jpg" in dict(results.left_out)["broken"]
    assert len(told) == 1
    assert "broken.jpg" in told[0]
    assert [method.name for method in results.methods] == ["grey", "tint"]
    assert {row.metric for row in results.summaries} == set(METRICS)
    assert all(row.n == 3 for row in results.summaries)
    gains = {row.method: row.mean for row in results.summaries if row.metric == "gain"}
    assert gains["grey"] == pytest.approx(0, abs=1e-9)
    assert results.data["pictures"] == 3
    assert results.data["left out"] == 2
    assert "256 x 256" in results.data["protocol"]
    # What it wrote is a gallery, which `benchmark outputs` reads.
    gallery = open_dataset(folder / "report" / "outputs")
    assert gallery.layout == "gallery"
    assert set(gallery.outputs) == {"tint"}


def test_the_references_and_the_budget_reach_the_method(folder: Path) -> None:
    entries = (Entry("twice", Learns(), 2.0), Entry("plain", Tint(5)), Entry(BUDGET_UNIT, Learns()))
    results, _ = run(make_study(folder, *entries, ours=BUDGET_UNIT))
    outputs = OutputFolder(folder / "report" / "outputs")
    grey = outputs.sample("coffee").grey[:1, :1]
    assert outputs.output(BUDGET_UNIT, "coffee")[0, 0, 0] == grey + 2  # two references
    assert outputs.output("plain", "coffee")[0, 0, 0] == grey + 5  # none
    assert [method.name for method in results.methods] == ["twice", "plain", BUDGET_UNIT]
    unit = results.methods[2].fit_seconds
    budget = results.methods[0].settings["budget_seconds"]
    assert budget == pytest.approx(2 * unit)
    assert outputs.output("twice", "coffee")[0, 0, 0] == grey + round(budget)
    # Nothing to count a budget in: a failure that is said, not a time that nobody asked for.
    study = make_study(folder, Entry("twice", Learns(), 2.0), Entry("tint", Tint()))
    results, told = run(dataclasses.replace(study, folder=folder / "b"))
    assert BUDGET_UNIT in results.methods[0].failure
    assert len(told) == 2


@pytest.mark.slow
def test_a_cluster_gives_the_results_of_one_machine_but_for_times(folder: Path) -> None:
    entries = (Entry("grey", Grey()), Entry("tint", Learns()), Entry("fails", Raises()))
    study = make_study(folder, *entries)
    alone, told_alone = run(study)
    (folder / "cluster").mkdir()
    with local_cluster(folder / "cluster") as started, Cluster(started.address) as cluster:
        told: list[str] = []
        again = dataclasses.replace(study, folder=folder / "report2")
        results = run_study(again, progress=silent, tell=told.append, engine=cluster, runners=cluster)
    assert sorted(told) == sorted(told_alone)
    assert [method.name for method in results.methods] == ["grey", "tint", "fails"]
    for one, other in zip(results.methods, alone.methods, strict=True):
        assert other.settings.items() <= one.settings.items()
        assert {"cpu", "cores"} <= set(one.settings["machine"])
        assert (one.lightness_deviation, one.failure) == (other.lightness_deviation, other.failure)
    same = {field.name for field in dataclasses.fields(results)} - {"methods"}
    for name in same:
        assert getattr(results, name) == getattr(alone, name), name


def test_a_reference_that_shows_a_test_picture_is_an_error(
    folder: Path, photographs: dict[str, NDArray[np.uint8]]
) -> None:
    write_rgb(folder / "references" / "mirror.jpg", photographs["coffee"][:, ::-1])
    study = make_study(folder)
    with pytest.raises(UsageError, match=r"mirror\.jpg shows coffee .*--allow-leaks"):
        run(study)
    assert not (folder / "report").exists()
    results, told = run(dataclasses.replace(study, allow_leaks=True))
    assert results.data["leaks"] == 1
    assert any("mirror.jpg" in line for line in told)
    # Nobody looks at the references: nothing leaks.
    results, _ = run(dataclasses.replace(study, entries=(Entry("tint", Tint()),), folder=folder / "other"))
    assert results.data["leaks"] == 0


def test_a_second_run_uses_the_outputs_of_the_first_until_the_data_change(
    folder: Path, photographs: dict[str, NDArray[np.uint8]]
) -> None:
    log = folder / "log"
    entries = (Entry("tint", Learns(log=log)),)
    first, _ = run(make_study(folder, *entries))
    assert len(log.read_text().split()) == 4
    second, _ = run(make_study(folder, *entries))
    assert len(log.read_text().split()) == 4
    assert second == first
    run(make_study(folder, *entries, fresh=True))
    assert len(log.read_text().split()) == 8
    write_rgb(folder / "tests" / "china.png", photographs["china"])
    with pytest.raises(UsageError, match="other test pictures"):
        run(make_study(folder, *entries))
    assert len(log.read_text().split()) == 8
    third, _ = run(make_study(folder, *entries, fresh=True))
    assert len(log.read_text().split()) == 13
    assert len(third.pictures) == 4


def test_a_failed_method_is_told_and_the_rest_are_measured(folder: Path) -> None:
    entries = (Entry("raises", Raises()), Entry("some", Raises("coffee")), Entry("tint", Tint()))
    results, told = run(make_study(folder, *entries))
    failures = {method.name: method.failure for method in results.methods}
    assert "no idea" in failures["raises"]
    assert "coffee" in failures["some"]
    assert not failures["tint"]
    assert any(line.startswith("raises: ") for line in told)
    counts = {row.method: row.n for row in results.summaries}
    assert counts == {"some": 2, "tint": 3}


def test_a_folder_with_other_things_is_not_touched(folder: Path) -> None:
    precious = folder / "report" / "outputs" / "precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    with pytest.raises(UsageError, match="other things"):
        run(make_study(folder))
    assert precious.read_text() == "mine"


def test_nothing_is_read_from_among_the_outputs(folder: Path) -> None:
    run(make_study(folder))
    kept = folder / "report" / "outputs"
    before = sorted(kept.rglob("*"))
    for changes in (
        {"dataset": open_dataset(kept)},
        {"references": (kept / "gt" / "coffee.png",)},
        {"sources": (kept / "tint",)},
    ):
        with pytest.raises(UsageError, match="among the outputs"):
            run(make_study(folder, **changes, fresh=True))
    assert sorted(kept.rglob("*")) == before


def test_what_cannot_be_measured_is_known_before_anything_is_fitted(folder: Path, tmp_path: Path) -> None:
    log = folder / "log"
    for name in ("astronaut", "coffee", "flower"):
        write_rgb(folder / "small" / f"{name}.png", np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8))
    dataset = open_dataset(folder / "small", protocol="as-is")
    with pytest.raises(UsageError, match="ssim cannot measure"):
        run(make_study(folder, Entry("tint", Learns(log=log)), dataset=dataset, metrics=("ssim",)))
    assert not log.exists()


def test_frames_in_order_are_measured_as_film(folder: Path) -> None:
    results, _ = run(make_study(folder, sequences=True))
    # Two of its frames could not be measured: their neighbours are no neighbours of each other.
    assert not [row for row in results.summaries if row.metric == "warp_error"]
    for name in ("grey.png", "broken.jpg"):
        (folder / "tests" / name).unlink()
    results, _ = run(dataclasses.replace(make_study(folder, sequences=True), folder=folder / "film"))
    rows = {(row.method, row.metric): row for row in results.summaries}
    assert rows["grey", "chroma_flicker"].mean < 0.1
    assert rows["tint", "warp_error"].mean >= 0
    assert rows["tint", "warp_error"].n == 1


def test_pictures_without_any_colour_are_no_test_set(folder: Path) -> None:
    for path in (folder / "tests").iterdir():
        if path.name != "grey.png":
            path.unlink()
    with pytest.raises(UsageError, match="colour is needed"):
        run(make_study(folder))
