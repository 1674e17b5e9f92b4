"""The study of the default model: fair splits, exact differences, and every row on tiny made data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import default_references, default_sheets, default_speed, default_study
from benchmarks.datasets import Sample
from benchmarks.default_parts import (
    StudySettings,
    colour_by,
    constant_chroma,
    held_back_paths,
    open_default,
    split,
    spread,
)
from benchmarks.default_rows import Reading, equal_colour_table, measure_corpus, own_saturation, read_grid
from benchmarks.default_scores import Scores, join, measure, score, table_of_pairs
from benchmarks.default_sheets import tint_share
from benchmarks.pictures import Picture
from featcolor.errors import FeatcolorError, UsageError
from featcolor.measures import gain, grey_picture, mean_delta_e00
from featcolor.spaces import lab_to_rgb
from tests.networks import colour_network
from tests.samples import quick_config, write_rgb

Photographs = dict[str, NDArray[np.uint8]]

QUICK_FIT = quick_config(features="context,position", size=48, pixels=40, hidden=(16,))
HELD = ("gardens/tulips/a.png", "gardens/tulips/b.png", "towns/c.png")


@pytest.fixture(scope="module")
def samples(photographs: Photographs) -> list[Sample]:
    chosen = list(photographs.items())[:3]
    return [Sample(name, truth[:64, :80].copy(), grey_picture(truth)[:64, :80, 0].copy()) for name, truth in chosen]


@pytest.fixture(scope="module")
def data(photographs: Photographs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of the data with a few tiny pictures each: pieces of the sample photographs, each another one."""
    root = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    names = ("astronaut", "chelsea", "coffee", "flower")

    def piece(index: int) -> NDArray[np.uint8]:
        photograph = photographs[names[index % len(names)]]
        top, left = (int(random.integers(n - 56)) for n in photograph.shape[:2])
        return photograph[top : top + 48, left : left + 56].copy()

    places = [
        *(f"photos/bsds/test/{i}.png" for i in range(3)),
        *(f"photos/imagenet/n{i}.png" for i in range(8)),
        "photos/highres/1.png",
        *(f"corpus/{name}" for name in (*HELD, "towns/d.png", "gardens/tulips/e.png")),
        *(f"domains/{name}/{i}.png" for name in ("street", "people", "flowers") for i in range(7)),
        *(f"film/davis/{name}/{i:05d}.png" for name in ("dog", "cows") for i in range(6)),
        *(f"history/bw/{i}.png" for i in range(2)),
        *(f"history/prokudin-gorskii/{i}.png" for i in range(2)),
    ]
    for index, place in enumerate(places):
        write_rgb(root / place, piece(index))
    return root


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = {"pictures": 2, "held_back": list(HELD), "mean_chroma": [2.0, 7.0]}
    return colour_network(tmp_path_factory.mktemp("network") / "made.onnx", card=card)


@pytest.fixture(scope="module")
def settings(data: Path, network: Path) -> StudySettings:
    return StudySettings(data=data, network=network)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows with splits and fits that take no time."""
    monkeypatch.setattr(default_references, "DOMAINS", dict.fromkeys(("street", "people", "flowers"), (4, 3)))
    monkeypatch.setattr(default_references, "COUNTS", (3, 100))
    monkeypatch.setattr(default_references, "PRESETS", {default_references.DEFAULT_PRESET: QUICK_FIT})
    monkeypatch.setattr(default_sheets, "TILE", 32)
    return


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(("references", "tests"), [(12, 11), (56, 11), (1, 1), (3, 20)])
def test_a_split_shares_nothing_and_is_the_same_again(references: int, tests: int, seed: int | None) -> None:
    known, unknown = split(range(67), references, tests, seed=seed)
    assert (len(known), len(unknown)) == (references, tests)
    assert not set(known) & set(unknown)
    assert (known, unknown) == split(range(67), references, tests, seed=seed)
    with pytest.raises(UsageError, match="there are 67"):
        split(range(67), 60, 8)


def test_what_is_evenly_spaced_is_in_order_and_never_far_from_its_place() -> None:
    for n in (1, 7, 67):
        for count in range(1, n + 3):
            chosen = spread(range(n), count)
            assert len(chosen) == min(n, count)
            assert chosen == sorted(set(chosen))
            ideal = (np.arange(len(chosen)) + 0.5) * n / len(chosen) - 0.5
            assert np.abs(np.array(chosen) - ideal).max() <= 0.5


def test_scores_are_those_of_the_measures_and_grey_truths_are_left_out(samples: list[Sample]) -> None:
    plain = Sample("plain", np.dstack([samples[0].grey] * 3), samples[0].grey)

    def tinted(sample: Sample) -> NDArray[np.uint8]:
        tint: NDArray[np.uint8] = sample.truth // 2 + np.dstack([sample.grey] * 3) // 2
        return tint

    scores = measure([*samples, plain], {"tinted": tinted})
    assert scores.left_out == ("plain",)
    assert scores.of("tinted", "gain") == pytest.approx([gain(s.truth, tinted(s)) for s in samples])
    assert scores.of("tinted", "delta_e00") == pytest.approx([mean_delta_e00(s.truth, tinted(s)) for s in samples])
    assert scores.of("grey", "gain") == pytest.approx(0)
    assert scores.of("grey", "cf") == pytest.approx(0)
    with pytest.raises(UsageError, match="no test picture is in colour"):
        measure([plain], {})


def test_differences_are_of_the_same_pictures(samples: list[Sample]) -> None:
    values = {"grey": np.zeros((3, 3)), "ours": np.array([[1.0, 9, 2], [2, 9, 3], [6, 9, 4]])}
    scores = Scores(("a", "b", "c"), np.ones(3), values)
    assert scores.compare("ours", "grey", "gain").difference == 3
    assert scores.compare("ours", "grey", "gain").won == 1
    assert scores.compare("ours", "grey", "delta_e00").won == 0
    assert scores.select([2, 0]).of("ours", "gain").tolist() == [6, 1]
    assert list(scores.beside(replace(scores, values={"theirs": np.ones((3, 3))})).values) == ["grey", "ours", "theirs"]
    both = join([scores, replace(scores, values={"ours": values["ours"]})])
    assert list(both.values) == ["ours"]
    assert len(both.of("ours", "cf")) == len(both.pictures) == 6
    assert [line[0] for line in table_of_pairs(scores, [("ours", "grey"), ("absent", "grey")], "").lines] == [
        "ours − grey"
    ]


def test_a_reading_of_the_grid_is_the_model_with_those_settings(samples: list[Sample], settings: StudySettings) -> None:
    default = open_default(settings)
    own = own_saturation(default)
    assert own == pytest.approx(1.25)
    for reading in read_grid(samples, default, [0.5, 1.0], [0.6, 1.5]):
        options = {"temperature": reading.temperature, "saturation": reading.saturation / own}
        scores = measure(samples, {"asked": colour_by(default.with_options(**options))})
        for key in ("gain", "cf", "delta_e00"):
            assert getattr(reading, key) == pytest.approx(scores.mean("asked", key), abs=0.02)


def test_the_grid_runs_the_network_once_a_picture_and_mirror(
    samples: list[Sample], settings: StudySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    default: Any = open_default(settings)
    calls = []
    run = type(default.network).maps
    monkeypatch.setattr(type(default.network), "maps", lambda *given, **at: calls.append(1) or run(*given, **at))
    read_grid(samples, default, [0.4, 0.6, 1.0], [1.0])
    assert len(calls) == len(samples) * (2 if default.config.mirrored else 1)


def test_equal_colour_is_read_between_saturations() -> None:
    readings = [Reading(0.6, s, gain=3 - s, cf=20 * s, delta_e00=10 + s) for s in (1.0, 1.5, 2.0)]
    lines = equal_colour_table("set", readings, 60.0).lines
    assert lines[0] == ("25", "0.6", "1.25", "+1.75", "11.25")
    assert lines[1][2] == "1.50"
    assert lines[2][2] == "beyond the grid"


def test_constant_chroma_is_the_cards_or_of_pictures_that_are_no_test(settings: StudySettings, data: Path) -> None:
    held = held_back_paths(settings)
    assert {path.relative_to(data / "corpus").as_posix() for path in held} == set(HELD)
    assert constant_chroma(settings, held).tolist() == [2, 7]
    silent = replace(settings, network=colour_network(data / "silent.onnx", card={}))
    others = [path for path in sorted((data / "corpus").rglob("*.png")) if path not in held]
    assert len(others) == 2
    expected = constant_chroma(silent, held)
    assert expected.shape == (2,)
    assert expected.tolist() != [2, 7]
    with pytest.raises(UsageError, match="--held-back"):
        held_back_paths(silent)
    with pytest.raises(UsageError, match=r"gone\.jpg"):
        held_back_paths(replace(silent, held_back=("gone.jpg",)))


def test_the_corpus_is_told_source_by_source(settings: StudySettings) -> None:
    result = measure_corpus(settings)
    table = result.tables[-1]
    assert [line[:2] for line in table.lines] == [("gardens", "2"), ("towns", "1")]
    below = {line[0] for line in table.lines if float(line[4]) < float(line[5])}
    assert result.notes[-1].split(": ")[1] == (", ".join(sorted(below)) or "none")


def test_one_tint_is_told_from_two() -> None:
    lightness = np.full((8, 8), 0.6, np.float32)
    chroma = np.zeros((8, 8, 2), np.float32)
    chroma[..., 1] = 20
    assert tint_share(lab_to_rgb(lightness, chroma)) == pytest.approx(1, abs=1e-3)
    chroma[:, 4:] *= -1
    assert tint_share(lab_to_rgb(lightness, chroma)) < 0.01
    assert tint_share(np.zeros((4, 4, 3), np.uint8)) == 0


def test_a_plate_is_darker_where_the_truth_is_red(data: Path) -> None:
    path = write_rgb(data / "red.png", np.tile(np.array([[[200, 30, 20]]], np.uint8), (60, 60, 1)))
    sample = default_references.old_sample(path)
    assert sample.grey.shape == sample.truth.shape[:2] == (28, 28)
    assert sample.grey.max() < grey_picture(sample.truth).min()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "row", ["bsds", "imagenet", "corpus", "domains", "refcount", "davis", "prokudin", "sheet", "grid"]
)
def test_a_row_leaves_its_table_and_every_score(row: str, data: Path, network: Path, tmp_path: Path) -> None:
    words = [row, "--data", str(data), "-o", str(tmp_path), "--network", str(network), "--grid", "temperature=0.5,1"]
    assert default_study.main(words) == 0
    text = (tmp_path / f"{row}.md").read_text()
    assert text.startswith(f"## {row}\n\n")
    assert "| --- |" in text
    document = json.loads((tmp_path / f"{row}.json").read_text())
    assert document["seconds"] > 0
    for scores in document["scores"].values():
        for method in scores["methods"].values():
            assert len(method["gain"]) == len(scores["pictures"]) == len(scores["truth_cf"])
    if row in ("domains", "refcount", "davis"):
        assert not document["notes"]
        assert {"default", "fit", "refs"} <= next(iter(document["scores"].values()))["methods"].keys()
    if row == "sheet":
        assert {path.name for path in tmp_path.glob("*.png")} == {"sheet-held-back.png", "sheet-history-bw.png"}


def test_what_cannot_be_measured_is_one_line(data: Path, network: Path, tmp_path: Path, capsys: Any) -> None:
    common = ["--data", str(data), "-o", str(tmp_path / "out")]
    assert default_study.main(["bsds", "--data", str(tmp_path / "none"), "-o", str(tmp_path)]) == 2
    assert default_study.main(["grid", *common, "--grid", "size=3"]) == 2
    assert default_study.main(["bsds", *common, "--limit", "0"]) == 2
    assert default_study.main(["grid", *common, "--network", str(network), "--sets", "moon"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("default_study: ") for line in lines)


def test_times_are_of_whole_processes_and_a_failure_is_told() -> None:
    assert len(default_speed.time_command(["colorize", "--help"], 1)) == 1
    with pytest.raises(FeatcolorError, match="colorize"):
        default_speed.time_command(["colorize", "no-such-file.jpg", "-o", "x.jpg"], 1)


def test_score_is_of_the_pictures_given(samples: list[Sample]) -> None:
    truth = samples[0].truth
    assert score(Picture(truth), grey_picture(truth)) == pytest.approx(
        [0, 0, mean_delta_e00(truth, grey_picture(truth))]
    )
