"""From kept outputs to tables: scores of every picture, means with intervals, ours beside each rival at its colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.intervals import bootstrap_combined, bootstrap_mean, paired
from benchmarks.metrics import PICTURE_METRICS, SET_METRICS, Pair
from benchmarks.outputs import lightness_deviation
from benchmarks.results import Comparison, CurvePoint, Score, Summary
from benchmarks.running import OutputFolder
from featcolor.measures import colourfulness, grey_picture, mean_delta_e00, psnr
from featcolor.parallel import available_cores, run_over
from featcolor.spaces import lab_to_rgb, rgb_to_lab

Progress: TypeAlias = Callable[[str, int, int], None]

CURVE_FACTORS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Chroma of ours is multiplied by these to find the factor that gives a rival's colourfulness."""
RIVAL_FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Chroma of the others, for their curves."""
MATCHED_WITHIN: Final = 2.0
"""Colourfulness this near to a rival's counts as equal."""
COMPARED: Final = {"delta_e00": "lower", "gain": "higher"}
"""Measures that ours and a rival are compared by at equal colourfulness, and which way is better."""
WORTH_WORKERS: Final = 60
"""Pictures from which on worker processes save more than their start costs."""


class Reading(NamedTuple):
    """One picture with its chroma multiplied."""

    cf: float
    gain: float
    delta_e00: float


@dataclass
class Table:
    """Scores as they are gathered.

    `scores` by (method, picture); `statistics` of set measures by (method, measure), one entry a picture, in the order
    of the pictures; `deviations` of lightness by method.
    """

    scores: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    statistics: dict[tuple[str, str], dict[str, NDArray[Any]]] = field(default_factory=dict)
    deviations: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreTask:
    """Measure one output: what a worker does."""

    folder: Path
    metrics: tuple[str, ...]

    def __call__(self, item: tuple[str, str]) -> tuple[dict[str, float], dict[str, NDArray[Any]], float]:
        outputs = OutputFolder(self.folder)
        method, picture = item
        sample, output = outputs.sample(picture), outputs.read(method, picture)
        if output is None:
            raise FileNotFoundError(f"{outputs.path(method, picture)} is gone")
        pair = Pair(sample.truth, output)
        values = {key: float(PICTURE_METRICS[key].measure(pair)) for key in self.metrics if key in PICTURE_METRICS}
        statistics = {key: SET_METRICS[key].statistic(pair) for key in self.metrics if key in SET_METRICS}
        return values, statistics, lightness_deviation(sample.grey, output)


@dataclass(frozen=True)
class ReadTask:
    """Read one output with its chroma multiplied, by the factors of its method: what a worker does."""

    folder: Path
    factors: Mapping[str, tuple[float, ...]]

    def __call__(self, item: tuple[str, str]) -> list[Reading]:
        outputs = OutputFolder(self.folder)
        method, picture = item
        truth, output = outputs.sample(picture).truth, outputs.read(method, picture)
        if output is None:
            raise FileNotFoundError(f"{outputs.path(method, picture)} is gone")
        lightness, chroma = rgb_to_lab(output)
        baseline = psnr(truth, grey_picture(truth))
        readings = []
        for factor in self.factors[method]:
            # 1 is the picture as it is: one more rounding would move it.
            rgb = output if factor == 1 else lab_to_rgb(lightness, chroma * np.float32(factor))
            readings.append(Reading(colourfulness(rgb), psnr(truth, rgb) - baseline, mean_delta_e00(truth, rgb)))
        return readings


def score_all(
    outputs: OutputFolder, done: Mapping[str, Sequence[str]], metrics: Sequence[str], *, progress: Progress
) -> Table:
    """Measure every output that is there.

    Parameters
    ----------
    done : {method: its pictures}.
    metrics : keys of `PICTURE_METRICS` and `SET_METRICS`.
    """
    items = [(method, picture) for method, pictures in done.items() for picture in pictures]
    table = Table()
    task = ScoreTask(outputs.folder, tuple(metrics))
    for (method, picture), (values, statistics, deviation) in _over(task, items, "measuring", progress):
        table.scores[method, picture] = values
        table.deviations.setdefault(method, {})[picture] = deviation
        for key, statistic in statistics.items():
            table.statistics.setdefault((method, key), {})[picture] = statistic
    return table


def rows(table: Table, pictures: Sequence[str], methods: Sequence[str]) -> list[Score]:
    """The lines of `results.csv`, by method, picture, measure."""
    return [
        Score(method, picture, metric, value)
        for method in methods
        for picture in pictures
        for metric, value in table.scores.get((method, picture), {}).items()
    ]


def summarise(
    table: Table, pictures: Sequence[str], methods: Sequence[str], metrics: Sequence[str], *, seed: int
) -> list[Summary]:
    """Means over pictures, and measures of the whole set, with bootstrap intervals."""
    summaries = []
    for method in methods:
        mine = [picture for picture in pictures if (method, picture) in table.scores]
        for metric in metrics if mine else ():
            if metric in PICTURE_METRICS:
                values = np.array([table.scores[method, picture][metric] for picture in mine])
                interval = bootstrap_mean(values, seed=seed)
            else:
                statistics = np.stack([table.statistics[method, metric][picture] for picture in mine])
                interval = bootstrap_combined(statistics, SET_METRICS[metric].combine, seed=seed)
            summaries.append(Summary(method, metric, interval.mean, interval.low, interval.high, len(mine)))
    return summaries


def trace_curves(
    outputs: OutputFolder, done: Mapping[str, Sequence[str]], ours: str, *, progress: Progress
) -> dict[str, list[CurvePoint]]:
    """Each method's mean gain, colourfulness and CIEDE2000 with its chroma multiplied, by growing factor."""
    factors = {method: CURVE_FACTORS if method == ours else RIVAL_FACTORS for method in done}
    read = read_at(outputs, done, factors, stage="tracing curves", progress=progress)
    return {
        method: [
            CurvePoint(factor, *(float(mean) for mean in means))
            for factor, means in zip(factors[method], values.mean(axis=0), strict=True)
        ]
        for method, values in read.items()
    }


def compare_all(
    outputs: OutputFolder,
    done: Mapping[str, Sequence[str]],
    curves: Mapping[str, Sequence[CurvePoint]],
    ours: str,
    *,
    seed: int,
    progress: Progress,
) -> list[Comparison]:
    """Ours against every other method: our chroma multiplied so that mean colourfulness is the rival's."""
    if not done.get(ours):
        return []
    common = {rival: [p for p in done[rival] if p in set(done[ours])] for rival in done if rival != ours}
    common = {rival: pictures for rival, pictures in common.items() if pictures}
    theirs = read_at(outputs, common, dict.fromkeys(common, (1.0,)), stage="reading rivals", progress=progress)
    comparisons = []
    for rival, pictures in common.items():
        rival_cf = float(theirs[rival][:, 0, 0].mean())
        factor = factor_for(curves[ours], rival_cf)
        stage = f"at the colour of {rival}"
        mine = read_at(outputs, {ours: pictures}, {ours: (factor,)}, stage=stage, progress=progress)[ours]
        comparisons += [
            compare(mine[:, 0], theirs[rival][:, 0], metric, names=(ours, rival), factor=factor, seed=seed)
            for metric in COMPARED
        ]
    return comparisons


def compare(
    mine: NDArray[np.float64],
    theirs: NDArray[np.float64],
    metric: str,
    *,
    names: tuple[str, str],
    factor: float,
    seed: int,
) -> Comparison:
    """One measure of ours beside a rival's, picture by picture; both (n_pictures, 3) as `Reading` orders them."""
    column = Reading._fields.index(metric)
    outcome = paired(mine[:, column], theirs[:, column], better=COMPARED[metric], seed=seed)
    ours_cf, rival_cf = float(mine[:, 0].mean()), float(theirs[:, 0].mean())
    return Comparison(
        ours=names[0],
        rival=names[1],
        metric=metric,
        factor=factor,
        ours_cf=ours_cf,
        rival_cf=rival_cf,
        ours_mean=float(mine[:, column].mean()),
        rival_mean=float(theirs[:, column].mean()),
        difference=outcome.difference,
        low=outcome.low,
        high=outcome.high,
        won=outcome.won,
        matched=abs(ours_cf - rival_cf) <= MATCHED_WITHIN,
    )


def factor_for(curve: Sequence[CurvePoint], cf: float) -> float:
    """The factor on the chroma that gives a mean colourfulness, interpolated on a curve and held at its ends."""
    return float(np.interp(cf, [point.cf for point in curve], [point.factor for point in curve]))


def read_at(
    outputs: OutputFolder,
    done: Mapping[str, Sequence[str]],
    factors: Mapping[str, tuple[float, ...]],
    *,
    stage: str,
    progress: Progress,
) -> dict[str, NDArray[np.float64]]:
    """`Reading` of each picture at each factor of its method: {method: (n_pictures, n_factors, 3)}."""
    items = [(method, picture) for method, pictures in done.items() for picture in pictures]
    found = dict(_over(ReadTask(outputs.folder, factors), items, stage, progress))
    return {
        method: np.array([found[method, picture] for picture in pictures], np.float64)
        for method, pictures in done.items()
        if pictures
    }


def _over(
    task: Callable[[tuple[str, str]], Any], items: Sequence[tuple[str, str]], stage: str, progress: Progress
) -> Iterable[tuple[tuple[str, str], Any]]:
    """Results by item as they come; a failure here is ours, not a method's, and ends the run."""
    jobs = available_cores() if len(items) >= WORTH_WORKERS else 1
    with closing(run_over(task, items, jobs=jobs)) as outcomes:
        for count, outcome in enumerate(outcomes, start=1):
            if outcome.failure is not None:
                method, picture = items[outcome.index]
                raise RuntimeError(f"{method}, {picture}: {outcome.failure.message}\n{outcome.failure.trace}")
            progress(stage, count, len(items))
            yield items[outcome.index], outcome.result
