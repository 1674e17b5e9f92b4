"""Methods, sequences, study and report of `featcolor benchmark film` on small clips."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.film_sequences import FilmOutputs, check_outputs, find_sequences
from benchmarks.data.wear import Wear, wear
from benchmarks.methods.film import FILM_METHODS, build_film_method
from benchmarks.metrics.film_scores import Truth, score_pictures
from benchmarks.report.film import write_film_report
from benchmarks.report.film_tables import ALL, INNER, RECORDED, average, list_gaps, list_rows
from benchmarks.runs.film import TRUTH, FilmResults, FilmStudy, run_film_study
from featcolor.colour.lab import lab_to_rgb
from featcolor.colour.measures import grey_psnr
from featcolor.commands import main
from featcolor.commands.benchmark.film import METHOD_NAMES, PRESET_NAMES
from featcolor.errors import UsageError
from featcolor.video.options import VIDEO_PRESETS
from featcolor.video.propagation.sweeps import KeyChroma
from tests.benchmarks.film_clips import COUNT, HEIGHT, WIDTH, pan, score_chroma, summary, write_frames


def silent(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def truth(photographs: dict[str, np.ndarray]) -> Truth:
    return Truth(pan(photographs["coffee"]))


@pytest.fixture
def data(tmp_path: Path, photographs: dict[str, np.ndarray]) -> Path:
    for name in ("coffee", "astronaut"):
        write_frames(tmp_path / "data" / name, pan(photographs[name]))
    return tmp_path / "data"


def study(data: Path, *names: str, **more: object) -> FilmStudy:
    settings = {"sequences": find_sequences(data), "folder": data.parent / "report", **more}
    return FilmStudy(methods=tuple(build_film_method(name) for name in names), **settings)


@pytest.mark.parametrize("name", sorted(FILM_METHODS))
def test_every_method_gives_chroma_for_every_frame_and_changes_nothing(name: str, truth: Truth) -> None:
    method = build_film_method(name)
    keys = [KeyChroma(place % COUNT, truth.chroma[place].copy()) for place in method.keys]
    lightness = [plane.copy() for plane in truth.lightness]
    chroma = list(method.colour(lightness, keys))
    assert [plane.shape for plane in chroma] == [(HEIGHT, WIDTH, 2)] * COUNT
    assert all(np.isfinite(plane).all() for plane in chroma)
    assert all(np.array_equal(a, b) for a, b in zip(lightness, truth.lightness, strict=True))
    assert all(np.array_equal(key.chroma, truth.chroma[key.position]) for key in keys)
    json.dumps(method.settings())


@pytest.mark.parametrize("name", ["flow", "recipe", "frames"])
def test_on_a_calm_pan_colour_beats_grey(name: str, truth: Truth) -> None:
    chroma = build_film_method(name).colour(truth.lightness, [KeyChroma(0, truth.chroma[0])])
    grey = score_chroma(truth, (np.zeros_like(plane) for plane in truth.chroma))
    assert summary(score_chroma(truth, chroma), truth)["psnr"] > summary(grey, truth)["psnr"] + 3


def test_the_command_knows_the_methods_and_presets_that_there_are() -> None:
    assert tuple(FILM_METHODS) == METHOD_NAMES
    assert set(PRESET_NAMES) == set(VIDEO_PRESETS)


def test_sequences_are_found_in_both_layouts(data: Path, tmp_path: Path) -> None:
    assert [sequence.name for sequence in find_sequences(data)] == ["astronaut", "coffee"]
    whole = tmp_path / "davis" / "JPEGImages"
    whole.mkdir(parents=True)
    data.rename(whole / "480p")
    found = find_sequences(tmp_path / "davis", names={"coffee"}, limit=4)
    assert [(sequence.name, len(sequence.paths)) for sequence in found] == [("coffee", 4)]


def test_what_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    for root, names, limit, message in (
        (tmp_path / "none", None, None, "no such folder"),
        (data, {"dog"}, None, "no sequence dog; there are astronaut, coffee"),
        (data, None, 2, "2 frames; at least 3"),
        (data / "coffee", None, None, "holds no folder with frames"),
    ):
        with pytest.raises(UsageError, match=message):
            find_sequences(root, names=names, limit=limit)
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="NAME@SEQUENCE=FOLDER"):
        check_outputs([FilmOutputs("net", tmp_path / "out")], find_sequences(data))
    cv2.imwrite(str(data / "coffee" / "00003.png"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(UsageError, match=r"00003\.png: has another size"):
        find_sequences(data, names={"coffee"})[0].read()


def test_outputs_of_another_size_give_their_chroma_only(data: Path, tmp_path: Path, truth: Truth) -> None:
    write_frames(tmp_path / "out", [cv2.resize(frame, (32, 24)) for frame in truth.frames[3:5]], first=3)
    outputs = FilmOutputs("net", tmp_path / "out", "coffee")
    coffee, astronaut = find_sequences(data, names={"coffee"})[0], find_sequences(data, names={"astronaut"})[0]
    paths = outputs.find(coffee)
    assert [path is not None for path in paths] == [False] * 3 + [True] * 2 + [False] * 2
    assert outputs.find(astronaut) == [None] * COUNT
    assert paths[3] is not None
    small = outputs.read(paths[3], truth.lightness[3])
    assert small.shape == truth.frames[3].shape
    scores = score_pictures(truth, [small if index == 3 else None for index in range(COUNT)])
    assert scores.psnr[3] > grey_psnr(truth.frames[3])


def test_results_come_by_sequence_then_method(data: Path) -> None:
    results = run_film_study(study(data, "grey", "flow"), progress=silent, tell=silent)
    found = [(record.sequence, record.method) for record in results.records]
    assert found == [(s, m) for s in ("astronaut", "coffee") for m in (TRUTH, "grey", "flow")]
    assert all(record.seconds > 0 for record in results.records if record.method == "flow")


def test_a_second_run_computes_nothing_until_something_changes(data: Path) -> None:
    class Counting:
        name, title, keys, runs, level = "mine", "mine", (0,), 0, 1.0

        def colour(self, lightness: Sequence[np.ndarray], keys: Sequence[KeyChroma]) -> Iterator[np.ndarray]:
            type(self).runs += 1
            yield from (np.float32(self.level) * keys[0].chroma for _ in lightness)

        def settings(self) -> dict[str, float]:
            return {"level": self.level}

    method = Counting()
    plan = replace(study(data), methods=(method,))
    first = run_film_study(plan, progress=silent, tell=silent)
    again = run_film_study(plan, progress=silent, tell=silent)
    assert Counting.runs == 2
    for one, other in zip(first.records, again.records, strict=True):
        np.testing.assert_array_equal(one.scores.cf, other.scores.cf)
    frame = cv2.imread(str(data / "coffee" / "00002.png"))
    cv2.imwrite(str(data / "coffee" / "00002.png"), frame // 2)
    run_film_study(plan, progress=silent, tell=silent)
    assert Counting.runs == 3
    method.level = 0.5
    run_film_study(plan, progress=silent, tell=silent)
    assert Counting.runs == 5
    run_film_study(replace(plan, fresh=True), progress=silent, tell=silent)
    assert Counting.runs == 7


def test_a_damaged_record_is_made_again(data: Path) -> None:
    plan = study(data, "grey")
    first = run_film_study(plan, progress=silent, tell=silent)
    record = plan.folder / "records" / "coffee" / "grey.json"
    record.write_text(record.read_text()[:50])
    again = run_film_study(plan, progress=silent, tell=silent)
    assert len(again.records) == len(first.records)
    json.loads(record.read_text())


def test_a_sequence_that_fails_is_told_of_and_the_others_go_on(data: Path) -> None:
    write_frames(data / "bw", [np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8) for index in range(COUNT)])
    told: list[str] = []
    results = run_film_study(study(data, "grey"), progress=silent, tell=told.append)
    assert {record.sequence for record in results.records} == {"astronaut", "coffee"}
    assert results.failures[0][0] == "bw"
    assert len(told) == 1
    assert "is grey" in told[0]
    with pytest.raises(UsageError, match="none of 1 sequences"):
        run_film_study(study(data, "grey", sequences=find_sequences(data, names={"bw"})), progress=silent, tell=silent)


def test_a_worn_reel_is_scored_on_the_clean_lightness(data: Path, truth: Truth) -> None:
    results = run_film_study(study(data, "ours", worn=True), progress=silent, tell=silent)
    by_method = {r.method: r.scores for r in results.records if r.sequence == "coffee"}
    worn, clean = (by_method[name].psnr[1:].mean() for name in ("ours-worn", "ours"))
    assert worn < clean + 1
    # Were the grain scored, not even the true chroma would come so far: it is the clean lightness that counts.
    grainy = wear(truth.lightness, 0, how=Wear(flicker=0, weave=0, scratches=0)).lightness
    pictures = [lab_to_rgb(plane, chroma) for plane, chroma in zip(grainy, truth.chroma, strict=True)]
    assert worn > score_pictures(truth, pictures).psnr[1:].mean()
    texts = [gap.text for gap in list_gaps(list_rows(results), 0)]
    assert texts == ["worn reel less clean"]


@pytest.fixture
def results(data: Path, tmp_path: Path, photographs: dict[str, np.ndarray]) -> FilmResults:
    write_frames(tmp_path / "out", pan(photographs["coffee"])[2:5], first=2)
    plan = study(
        data,
        "grey",
        "ours",
        "ours2",
        outputs=(FilmOutputs("net", tmp_path / "out", "coffee"),),
        recorded={"coffee": (30.0, 35.0), "astronaut": (32.0, 36.0)},
        facts={"command": "featcolor benchmark film"},
    )
    return run_film_study(plan, progress=silent, tell=silent)


def test_one_and_two_key_frames_are_compared_on_the_same_frames(results: FilmResults) -> None:
    rows = list_rows(results)
    counts = {(row.method, row.frames_of): row.frames for row in rows if row.sequence == "astronaut"}
    assert counts["ours", ALL] == COUNT - 1
    assert counts["ours2", ALL] == counts["ours", INNER] == counts["ours2", INNER] == COUNT - 2


def test_means_are_of_methods_with_all_frames(results: FilmResults) -> None:
    means = average(list_rows(results), ALL)
    assert set(means) == {TRUTH, "grey", "ours", "ours2", RECORDED}
    assert means[RECORDED]["psnr"] == 31.0
    own = average(list_rows(results), "frames of net")
    assert set(own) == {TRUTH, "grey", "ours", "ours2", "net"}
    assert own["net"]["cf_share"] == pytest.approx(1.0)
    assert own["grey"]["psnr"] != means["grey"]["psnr"]


def test_the_report_says_the_same_in_every_form(results: FilmResults) -> None:
    page = write_film_report(results)
    folder = page.parent
    with (folder / "film.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["sequence"] for row in rows} == {"astronaut", "coffee"}
    document = json.loads((folder / "film.json").read_text())
    mean = average(list_rows(results), ALL)["ours"]["psnr"]
    assert document["means"][ALL]["ours"]["psnr"] == pytest.approx(mean)
    for name in ("index.md", "index.html"):
        text = (folder / name).read_text()
        assert f"{mean:.2f}" in text
        assert "ColorMNet 35.77" in text
    html = page.read_text()
    assert "http:" not in html.replace("http://www.w3.org", "")
    assert cv2.imread(str(folder / "contact-sheet.jpg")).shape[1] > 256


def test_the_command_writes_a_report(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "film"
    words = ["benchmark", "film", "--data", str(data), "-o", str(target), "--methods", "grey,ours", "--limit", "4"]
    assert main(words) == 0
    assert "index.html" in capsys.readouterr().out
    assert (target / "film.csv").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--methods", "gray"], "no method of film is called 'gray'"),
        (["--methods", "grey,grey"], "two methods of this name"),
        (["--outputs", "folder"], "NAME=FOLDER or NAME@SEQUENCE=FOLDER"),
        (["--outputs", "net=nowhere"], "no such folder"),
        (["--model", "nowhere"], "no such file"),
        (["--sequences", "dog"], "no sequence dog"),
    ],
)
def test_what_the_command_cannot_do_is_said(
    words: list[str], message: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "film", "--data", str(data), "-o", str(tmp_path / "film"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "film").exists()
    (data / "recipe.csv").write_text("sequence,db\ncoffee,3\n")
    assert main(["benchmark", "film", "--data", str(data), "-o", str(tmp_path / "film"), "--methods", "grey"]) == 2
