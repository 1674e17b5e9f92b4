"""From kept outputs to tables: scores of every picture, means with intervals, ours beside each rival at its colour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.film_metrics import colour_distribution_table, mean_cdc, temporal_errors
from benchmarks.intervals import Interval, bootstrap_combined, bootstrap_mean, paired
from benchmarks.metrics import PICTURE_METRICS, SET_METRICS, SetMetric, bind_weights
from benchmarks.outputs import lightness_deviation
from benchmarks.pictures import Picture
from benchmarks.results import Comparison, CurvePoint, Score, Summary
from benchmarks.running import OutputFolder
from featcolor.measures import colourfulness, delta_e00, lab_of, psnr
from featcolor.parallel import available_cores, run_over
from featcolor.spaces import lab_to_rgb

Progress: TypeAlias = Callable[[str, int, int], None]
Done: TypeAlias = Mapping[str, Sequence[str]]
"""{method: pictures that it has an output of}."""
Found = TypeVar("Found")

CURVE_FACTORS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Chroma of ours is multiplied by these to find the factor that gives a rival's colourfulness."""
RIVAL_FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Chroma of the others, for their curves."""
MATCHED_WITHIN: Final = 2.0
"""Colourfulness this near to a rival's counts as equal."""
COMPARED: Final = {"delta_e00": "lower", "gain": "higher"}
"""Measures that ours and a rival are compared by at equal colourfulness, and which way is better."""
WORTH_WORKERS: Final = 12
"""Pictures from which on worker processes save more than their start costs."""


class Reading(NamedTuple):
    """One picture with its chroma multiplied."""

    cf: float
    gain: float
    delta_e00: float


class Scored(NamedTuple):
    """One output measured: values by key, statistics of set measures by key, mean |ΔL*| from the grey input."""

    values: dict[str, float]
    statistics: dict[str, NDArray[Any]]
    deviation: float


@dataclass(frozen=True)
class ScoreTask:
    """Measure every method's output of one picture, {method: Scored}: what a worker does."""

    folder: Path
    done: Done
    metrics: tuple[str, ...]
    weights: Mapping[str, Path]

    def __call__(self, picture: str) -> dict[str, Scored]:
        outputs = OutputFolder(self.folder)
        of_picture, of_set = bind_weights(self.weights)
        sample = outputs.sample(picture)
        truth = Picture(sample.truth)
        found = {}
        for method in _having(self.done, picture):
            output = Picture(outputs.output(method, picture))
            values = {key: float(of_picture[key].measure(truth, output)) for key in self.metrics if key in of_picture}
            statistics = {key: of_set[key].statistic(truth, output) for key in self.metrics if key in of_set}
            found[method] = Scored(values, statistics, lightness_deviation(sample.grey, output.rgb))
        return found


@dataclass(frozen=True)
class ReadTask:
    """Read the outputs of one picture with their chroma multiplied, {method: readings}: what a worker does."""

    folder: Path
    done: Done
    factors: Mapping[str, tuple[float, ...]]

    def __call__(self, picture: str) -> dict[str, list[Reading]]:
        outputs = OutputFolder(self.folder)
        truth = Picture(outputs.sample(picture).truth)
        found = {}
        for method in _having(self.done, picture):
            output = outputs.output(method, picture)
            lab = lab_of(output)
            found[method] = [
                # At 1 the picture stays as it is: one more rounding would move it.
                _reading(truth, output if factor == 1 else _multiplied(lab, factor))
                for factor in self.factors[method]
            ]
        return found


@dataclass
class Table:
    """Scores as they are gathered: {method: {picture: Scored}}."""

    scored: dict[str, dict[str, Scored]] = field(default_factory=dict)

    def deviation(self, method: str) -> float:
        """Mean over pictures of |ΔL*| from the grey input; 0 for a method without output."""
        return (
            float(np.mean([each.deviation for each in self.scored[method].values()])) if method in self.scored else 0.0
        )


def score_all(
    outputs: OutputFolder,
    done: Done,
    metrics: Sequence[str],
    *,
    weights: Mapping[str, Path] = MappingProxyType({}),
    progress: Progress,
) -> Table:
    """Measure every output that is there by measures named by their keys; for `weights` see `bind_weights`."""
    table = Table()
    task = ScoreTask(outputs.folder, done, tuple(metrics), dict(weights))
    for picture, found in _over(task, _pictures(done), "measuring", progress):
        for method, scored in found.items():
            table.scored.setdefault(method, {})[picture] = scored
    return table


def rows(table: Table, pictures: Sequence[str], methods: Sequence[str]) -> list[Score]:
    """The lines of `results.csv`, by method, picture, measure."""
    return [
        Score(method, picture, metric, value)
        for method in methods
        for picture in pictures
        if picture in table.scored.get(method, {})
        for metric, value in table.scored[method][picture].values.items()
    ]


def summarise(table: Table, methods: Sequence[str], metrics: Sequence[str], *, seed: int) -> list[Summary]:
    """Means over pictures, and measures of the whole set, with bootstrap intervals."""
    summaries = []
    for method in methods:
        scored = [table.scored[method][picture] for picture in sorted(table.scored.get(method, {}))]
        for metric in metrics if scored else ():
            if metric in PICTURE_METRICS:
                interval = bootstrap_mean([each.values[metric] for each in scored], seed=seed)
            else:
                statistics = np.stack([each.statistics[metric] for each in scored])
                interval = _of_set(statistics, SET_METRICS[metric], seed)
            summaries.append(Summary(method, metric, *interval))
    return summaries


def _of_set(statistics: NDArray[Any], metric: SetMetric, seed: int) -> Interval:
    if not metric.bootstrap:
        return Interval(metric.combine(statistics), np.nan, np.nan, len(statistics))
    return bootstrap_combined(statistics, metric.combine, bounds=metric.bounds, seed=seed)


def summarise_film(
    outputs: OutputFolder, done: Done, sequences: Mapping[str, Sequence[str]], *, progress: Progress
) -> list[Summary]:
    """Steadiness of every method that has all frames of a sequence: means over such sequences, without interval.

    Parameters
    ----------
    sequences : {sequence: its frames, in order}.
    """
    summaries = []
    for count, method in enumerate(done, start=1):
        whole = [frames for frames in sequences.values() if set(frames) <= set(done[method])]
        tables, errors = [], []
        for frames in whole:
            tables.append(colour_distribution_table(outputs.output(method, frame) for frame in frames))
            truth = (outputs.sample(frame).truth for frame in frames)
            errors.append(temporal_errors(truth, (outputs.output(method, frame) for frame in frames)))
        if whole:
            values = {
                "cdc": mean_cdc(tables),
                "warp_error": float(np.mean([each.warp_error for each in errors])),
                "chroma_flicker": float(np.mean([each.chroma_flicker for each in errors])),
            }
            summaries += [Summary(method, key, value, np.nan, np.nan, len(whole)) for key, value in values.items()]
        progress("steadiness", count, len(done))
    return summaries


def trace_curves(outputs: OutputFolder, done: Done, ours: str, *, progress: Progress) -> dict[str, list[CurvePoint]]:
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
    done: Done,
    curves: Mapping[str, Sequence[CurvePoint]],
    ours: str,
    *,
    seed: int,
    progress: Progress,
) -> list[Comparison]:
    """Ours against every other method: our chroma multiplied so that mean colourfulness is the rival's."""
    mine = set(done.get(ours, ()))
    common = {rival: [p for p in pictures if p in mine] for rival, pictures in done.items() if rival != ours}
    common = {rival: pictures for rival, pictures in common.items() if pictures}
    theirs = read_at(outputs, common, dict.fromkeys(common, (1.0,)), stage="reading rivals", progress=progress)
    comparisons = []
    for rival, pictures in common.items():
        factor = factor_for(curves[ours], float(theirs[rival][:, 0, 0].mean()))
        at_theirs = read_at(
            outputs, {ours: pictures}, {ours: (factor,)}, stage=f"at the colour of {rival}", progress=progress
        )
        comparisons += [
            compare(at_theirs[ours][:, 0], theirs[rival][:, 0], metric, names=(ours, rival), factor=factor, seed=seed)
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
    done: Done,
    factors: Mapping[str, tuple[float, ...]],
    *,
    stage: str,
    progress: Progress,
) -> dict[str, NDArray[np.float64]]:
    """`Reading` of each picture at each factor of its method: {method: (n_pictures, n_factors, 3)}."""
    found = dict(_over(ReadTask(outputs.folder, done, factors), _pictures(done), stage, progress))
    return {
        method: np.array([found[picture][method] for picture in pictures], np.float64)
        for method, pictures in done.items()
        if pictures
    }


def _reading(truth: Picture, rgb: NDArray[np.uint8]) -> Reading:
    error = float(delta_e00(truth.lab, lab_of(rgb)).mean(dtype=np.float64))
    return Reading(colourfulness(rgb), psnr(truth.rgb, rgb) - truth.grey_psnr, error)


def _multiplied(lab: NDArray[np.float32], factor: float) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = lab_to_rgb(lab[..., 0] / 100, lab[..., 1:] * np.float32(factor))
    return rgb


def _pictures(done: Done) -> list[str]:
    """Pictures that any method has, each once, in order."""
    return list(dict.fromkeys(picture for pictures in done.values() for picture in pictures))


def _having(done: Done, picture: str) -> list[str]:
    return [method for method, pictures in done.items() if picture in pictures]


def _over(
    task: Callable[[str], Found], pictures: Sequence[str], stage: str, progress: Progress
) -> Iterable[tuple[str, Found]]:
    """Results by picture as they come; a failure here is ours, not a method's, and ends the run."""
    jobs = available_cores() if len(pictures) >= WORTH_WORKERS else 1
    with closing(run_over(task, pictures, jobs=jobs)) as outcomes:
        for count, outcome in enumerate(outcomes, start=1):
            if outcome.failure is not None or outcome.result is None:
                trace = outcome.failure.trace if outcome.failure else ""
                raise RuntimeError(f"{pictures[outcome.index]}: {stage} failed\n{trace}")
            progress(stage, count, len(pictures))
            yield pictures[outcome.index], outcome.result
