"""Tables from kept outputs: scores are the measures' own, ours meets a rival at the rival's colourfulness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.datasets import Sample
from benchmarks.metrics.table import PICTURE_METRICS, SET_METRICS
from benchmarks.runs.equal_colourfulness import CURVE_FACTORS, compare_all, factor_for, read_factors, trace_curve
from benchmarks.runs.output_folder import OutputFolder
from benchmarks.runs.results import CurvePoint
from benchmarks.runs.scoring import rows, score_all, summarise
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.colour.measures import colourfulness, gain, grey_picture, mean_delta_e00

METRICS = ("gain", "delta_e00", "cf", "delta_cf_of_means")


def silent(stage: str, done: int, total: int) -> None:
    pass


def with_chroma(rgb: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    lightness, chroma = rgb_to_lab(rgb)
    return lab_to_rgb(lightness, chroma * np.float32(factor))


@pytest.fixture
def outputs(photographs: dict[str, NDArray[np.uint8]], tmp_path: Path) -> OutputFolder:
    """Four photographs; `pale` has half of their chroma, `paler` a quarter, `wrong` the opposite of a quarter."""
    folder = OutputFolder(tmp_path)
    for name in ("astronaut", "chelsea", "coffee", "flower"):
        truth = np.array(photographs[name])
        folder.write_sample(Sample(name, truth, grey_picture(truth)[..., 0]))
        for method, factor in (("pale", 0.5), ("paler", 0.25), ("wrong", -0.25)):
            folder.write(method, name, with_chroma(truth, factor))
        folder.write("grey", name, grey_picture(truth))
    return folder


@pytest.fixture
def done(outputs: OutputFolder) -> dict[str, list[str]]:
    names = ["astronaut", "chelsea", "coffee", "flower"]
    return {"grey": names, "pale": names, "paler": names[:3], "wrong": names}


def test_scores_are_the_measures_of_each_output(outputs: OutputFolder, done: dict[str, list[str]]) -> None:
    table = score_all(outputs, done, METRICS, progress=silent)
    lines = {(line.method, line.picture, line.metric): line.value for line in rows(table, done["pale"], list(done))}
    assert len(lines) == 3 * (4 + 4 + 3 + 4)
    truth, output = outputs.sample("coffee").truth, outputs.output("pale", "coffee")
    assert lines["pale", "coffee", "gain"] == pytest.approx(gain(truth, output))
    assert lines["pale", "coffee", "delta_e00"] == pytest.approx(mean_delta_e00(truth, output))
    assert lines["grey", "coffee", "cf"] == pytest.approx(0, abs=1e-9)
    assert ("paler", "flower", "gain") not in lines
    assert table.deviation("pale") < 0.3


def test_summaries_are_means_with_intervals_over_the_pictures_there(
    outputs: OutputFolder, done: dict[str, list[str]]
) -> None:
    table = score_all(outputs, done, METRICS, progress=silent)
    found = {(row.method, row.metric): row for row in summarise(table, list(done), METRICS, seed=0)}
    values = [each.values["gain"] for each in table.scored["paler"].values()]
    row = found["paler", "gain"]
    assert row.mean == pytest.approx(np.mean(values))
    assert row.low < row.mean < row.high
    assert row.n == 3
    truth_cf = np.mean([colourfulness(outputs.sample(name).truth) for name in done["pale"]])
    pale_cf = np.mean([colourfulness(outputs.output("pale", name)) for name in done["pale"]])
    assert found["pale", "delta_cf_of_means"].mean == pytest.approx(truth_cf - pale_cf)
    assert set(METRICS) <= set(PICTURE_METRICS) | set(SET_METRICS)


def test_ours_meets_each_rival_at_the_rivals_colourfulness(outputs: OutputFolder, done: dict[str, list[str]]) -> None:
    readings = read_factors(outputs, done, "pale", progress=silent)
    curve = trace_curve(readings["pale"])
    assert [point.factor for point in curve] == list(CURVE_FACTORS)
    assert curve[0].gain == pytest.approx(0, abs=0.01)
    compared = compare_all(outputs, readings, "pale", seed=0, progress=silent)
    found = {(each.rival, each.metric): each for each in compared}
    assert set(found) == {(rival, metric) for rival in ("paler", "wrong") for metric in ("delta_e00", "gain")}
    paler, wrong = found["paler", "delta_e00"], found["wrong", "delta_e00"]
    # `paler` is `pale` at half its chroma: there is nothing between them at equal colourfulness.
    assert paler.matched
    assert paler.factor == pytest.approx(0.5, abs=0.05)
    assert paler.difference == pytest.approx(0, abs=0.15)
    assert wrong.matched
    assert wrong.difference < -3
    assert wrong.high < 0
    assert wrong.won == 1
    assert found["wrong", "gain"].difference > 1
    assert found["wrong", "gain"].won == 1


def test_the_factor_is_found_on_the_curve_and_held_at_its_ends() -> None:
    curve = [CurvePoint(factor, cf, 0, 0) for factor, cf in ((0, 0), (1, 20), (2, 30))]
    assert factor_for(curve, 10) == 0.5
    assert factor_for(curve, 25) == 1.5
    assert factor_for(curve, 99) == 2
