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

from benchmarks.data.datasets import Sample
from benchmarks.methods.outputs import lightness_deviation
from benchmarks.metrics.film import colour_distribution_table, mean_cdc, temporal_errors
from benchmarks.metrics.intervals import Interval, bootstrap_combined, bootstrap_mean
from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.table import PICTURE_METRICS, SET_METRICS, SetMetric, bind_weights
from benchmarks.runs.output_folder import TRUTH, OutputFolder
from benchmarks.runs.results import Score, Summary
from featcolor.errors import FeatcolorError, UsageError
from featcolor.parallel.cores import available_cores
from featcolor.parallel.engine import Engine, Progress
from featcolor.parallel.local import local_engine

Done: TypeAlias = Mapping[str, Sequence[str]]
"""{method: pictures that it has an output of}."""
Item: TypeAlias = tuple[str, tuple[str, ...]]
"""A picture and the methods that have an output of it."""
Found = TypeVar("Found")

BY_SOURCE: Final = ("gain", "delta_e00", "cf")
"""Measures whose means are told by source, where they were taken."""
ALL_SOURCES: Final = "all"
TRUTH_NAME: Final = "truth"

WORTH_WORKERS: Final = 12
"""Pictures from which on worker processes save more than their start costs."""


class Scored(NamedTuple):
    """One output measured: values by key, statistics of set measures by key, mean |ΔL*| from the grey input."""

    values: dict[str, float]
    statistics: dict[str, NDArray[Any]]
    deviation: float


@dataclass(frozen=True)
class ScoreTask:
    """Measure every method's output of one picture, {method: Scored}: what a worker does."""

    folder: Path
    metrics: tuple[str, ...]
    weights: Mapping[str, Path]

    def __call__(self, item: Item) -> dict[str, Scored]:
        outputs, (picture, methods) = OutputFolder(self.folder), item
        of_picture, of_set = bind_weights(self.weights)
        sample = outputs.sample(picture)
        truth = Picture(sample.truth)
        found = {}
        for method in methods:
            output = Picture(outputs.output(method, picture))
            values = {key: float(of_picture[key].measure(truth, output)) for key in self.metrics if key in of_picture}
            statistics = {key: of_set[key].statistic(truth, output) for key in self.metrics if key in of_set}
            found[method] = Scored(values, statistics, lightness_deviation(sample.grey, output.rgb))
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
    engine: Engine | None = None,
) -> Table:
    """Measure every output that is there by measures named by their keys; for `weights` see `bind_weights`."""
    table = Table()
    task = ScoreTask(outputs.folder, tuple(metrics), dict(weights))
    for picture, found in over_pictures(task, done, "measuring", progress, engine):
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


def summarise_sources(
    table: Table, sources: Mapping[str, str], truth_cf: Mapping[str, float], *, seed: int
) -> list[tuple[str, Summary]]:
    """Means of `BY_SOURCE` over the pictures of each source in alphabetic order, then over all of them.

    `sources`: of pictures, by their names; `truth_cf`: colourfulness of the truth of every picture that was measured.
    """
    groups = {
        source: [p for p in truth_cf if sources[p] == source] for source in sorted({sources[p] for p in truth_cf})
    }
    means = []
    for source, pictures in {**groups, ALL_SOURCES: list(truth_cf)}.items():
        truths = bootstrap_mean([truth_cf[picture] for picture in pictures], seed=seed)
        means.append((source, Summary(TRUTH_NAME, "cf", *truths)))
        for method, scored in table.scored.items():
            there = [scored[picture].values for picture in pictures if picture in scored]
            for key in BY_SOURCE:
                if there and key in there[0]:
                    interval = bootstrap_mean([values[key] for values in there], seed=seed)
                    means.append((source, Summary(method, key, *interval)))
    return means


def _of_set(statistics: NDArray[Any], metric: SetMetric, seed: int) -> Interval:
    if not metric.bootstrap:
        return Interval(metric.combine(statistics), np.nan, np.nan, len(statistics))
    return bootstrap_combined(statistics, metric.combine, bounds=metric.bounds, seed=seed)


def summarise_film(
    outputs: OutputFolder, done: Done, sequences: Mapping[str, Sequence[str]], *, progress: Progress
) -> list[Summary]:
    """Steadiness of every method that has all frames of a sequence: means over such sequences, without interval.

    `sequences`: {sequence: its frames, in order}.
    """
    summaries = []
    for count, method in enumerate(done, start=1):
        there = set(done[method])
        whole = [frames for frames in sequences.values() if there.issuperset(frames)]
        tables, errors = [], []
        for frames in whole:
            tables.append(colour_distribution_table(outputs.output(method, frame) for frame in frames))
            truth = (outputs.output(TRUTH, frame) for frame in frames)
            errors.append(temporal_errors(truth, (outputs.output(method, frame) for frame in frames)))
        known = [each for each in errors if each.n_pairs]
        values = {"cdc": (mean_cdc(tables), len(tables))} if tables else {}
        for key in ("warp_error", "chroma_flicker") if known else ():
            values[key] = float(np.mean([getattr(each, key) for each in known])), len(known)
        summaries += [Summary(method, key, mean, np.nan, np.nan, n) for key, (mean, n) in values.items()]
        progress("steadiness", count, len(done))
    return summaries


def over_pictures(
    task: Callable[[Item], Found], done: Done, stage: str, progress: Progress, engine: Engine | None = None
) -> Iterable[tuple[str, Found]]:
    """Results by picture as they come; without an engine, by processes of this machine where they are worth it.

    Raises FeatcolorError: A picture cannot be measured: a method's own failures have been told before, so this ends the
    run.
    """
    having: dict[str, list[str]] = {}
    for method, pictures in done.items():
        for picture in pictures:
            having.setdefault(picture, []).append(method)
    items = [(picture, tuple(methods)) for picture, methods in having.items()]
    engine = engine or local_engine(available_cores() if len(items) >= WORTH_WORKERS else 1)
    with closing(engine.run(task, items)) as outcomes:
        for count, outcome in enumerate(outcomes, start=1):
            picture = items[outcome.index][0]
            if outcome.failure is not None:
                error = FeatcolorError(f"{stage}: {picture}: {outcome.failure.message}")
                error.add_note(outcome.failure.trace)
                raise error
            progress(stage, count, len(items))
            yield picture, outcome.result  # type: ignore[misc]  # without failure there is a result


def try_metrics(sample: Sample, metrics: Sequence[str], weights: Mapping[str, Path]) -> None:
    """Measure a sample's grey picture by every measure, so that what cannot be measured is known before hours of work.

    Raises UsageError names the measure and why: a package that is missing, a network that does not fit, pictures that
    are too small.
    """
    of_picture, of_set = bind_weights(weights)
    truth, output = Picture(sample.truth), Picture(np.dstack([sample.grey] * 3))
    for key in metrics:
        try:
            if key in of_picture:
                of_picture[key].measure(truth, output)
            else:
                of_set[key].statistic(truth, output)
        except (FeatcolorError, ValueError) as error:
            raise UsageError(f"{key} cannot measure {sample.name}: {error}; choose other --metrics") from error
