"""Tables of the film report: means of every method over sequences, on the same frames where methods are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from benchmarks.metrics.film_scores import summarise_scores
from benchmarks.metrics.intervals import Paired, paired
from benchmarks.runs.film import TRUTH, WORN, FilmRecord, FilmResults

ALL: Final = "all"
INNER: Final = "inner"
RECORDED: Final = "recorded"
"""The method that stands for `FilmStudy.recorded`."""

GAPS: Final = (
    ("ours less the recipe, run here", "ours", "recipe", "psnr", ALL),
    ("ours less the recipe, as recorded", "ours", RECORDED, "psnr", ALL),
    ("the recipe, run here less as recorded", "recipe", RECORDED, "psnr", ALL),
    ("ours less the recipe, run here, wrapped PSNR", "ours", "recipe", "wrapped_psnr", ALL),
    ("two key frames less one, inner frames", "ours2", "ours", "psnr", INNER),
    ("worn reel less clean", "ours" + WORN, "ours", "psnr", ALL),
    ("worn reel less clean, two key frames", "ours2" + WORN, "ours2", "psnr", INNER),
    ("excess of flicker, ours less frame by frame", "ours", "frames", "flicker_excess", ALL),
    ("excess of coarse flicker, ours less frame by frame", "ours", "frames", "coarse_excess", ALL),
)
"""What is compared: text, first and second method, measure, set of frames."""


class Column(NamedTuple):
    """A measure as tables show it: its title, digits after the point, and a factor before that."""

    key: str
    title: str
    digits: int
    factor: float = 1.0


COLUMNS: Final = (
    Column("psnr", "PSNR, dB", 2),
    Column("wrapped_psnr", "wrapped PSNR, dB", 2),
    Column("cf", "CF", 1),
    Column("cf_share", "CF, % of truth's", 0, 100.0),
    Column("delta_e00", "ΔE00", 2),
    Column("cdc", "CDC, 1/1000", 2, 1000.0),
    Column("warp_error", "warp error, 1/1000", 3, 1000.0),
    Column("flicker", "flicker", 2),
    Column("flicker_excess", "excess", 2),
    Column("coarse_flicker", "coarse flicker", 2),
    Column("coarse_excess", "coarse excess", 2),
    Column("seconds", "ms a frame", 0, 1000.0),
)

METRICS: Final = tuple(column.key for column in COLUMNS)


class FilmRow(NamedTuple):
    """One method on one sequence, over one set of its frames; `values` by the names of `METRICS`."""

    sequence: str
    method: str
    frames_of: str
    frames: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Gap:
    """Difference of two methods in one measure, over sequences, on the same frames."""

    text: str
    unit: str
    paired: Paired


def list_rows(results: FilmResults) -> list[FilmRow]:
    """Every record's means over each set of frames.

    The sets: all that the method was not given ("all"), those that no method is given ("inner"), and the frames that
    precomputed outputs have where they have not all.
    """
    truths = {record.sequence: record.scores for record in results.records if record.method == TRUTH}
    rows = []
    for record in results.records:
        truth = truths[record.sequence]
        for name, frames in _frame_sets(results, record.sequence, len(truth.cf)).items():
            values = summarise_scores(record.scores, truth, frames)
            if values["frames"]:
                count = int(values.pop("frames"))
                rows.append(FilmRow(record.sequence, record.method, name, count, {**values, "seconds": record.seconds}))
    for sequence, (psnr, wrapped) in results.study.recorded.items():
        if sequence in truths:
            values = dict.fromkeys(METRICS, math.nan) | {"psnr": psnr, "wrapped_psnr": wrapped}
            rows.append(FilmRow(sequence, RECORDED, ALL, len(truths[sequence].cf) - 1, values))
    return rows


def list_frame_sets(rows: Sequence[FilmRow]) -> list[str]:
    """Names of the sets of frames, in order."""
    return list(dict.fromkeys(row.frames_of for row in rows))


def list_methods(results: FilmResults) -> dict[str, str]:
    """Titles of methods by name, in the order of the study; the recorded figures before ours."""
    titles: dict[str, str] = {}
    for record in results.records:
        titles.setdefault(record.method, record.title)
    if results.study.recorded:
        titles[RECORDED] = "the quick study, as recorded"
    return titles


def average(rows: Sequence[FilmRow], frames_of: str) -> dict[str, dict[str, float]]:
    """Mean over sequences of every measure, by method; only methods that have as many frames as the fullest one.

    A method that lacks a sequence or frames is not averaged: its mean would be of other pictures.
    """
    chosen = [row for row in rows if row.frames_of == frames_of]
    sequences = {row.sequence for row in chosen}
    means = {}
    for method in dict.fromkeys(row.method for row in chosen):
        own = [row for row in chosen if row.method == method]
        if {row.sequence for row in own} == sequences and not _lacks_frames(own, chosen):
            means[method] = {key: float(np.mean([row.values[key] for row in own])) for key in METRICS}
    return means


def list_gaps(rows: Sequence[FilmRow], seed: int) -> list[Gap]:
    """The differences that the report is for, with their intervals over sequences; those that can be told."""
    gaps = []
    for text, first, second, metric, frames_of in GAPS:
        ours, theirs = (
            {row.sequence: row.values[metric] for row in rows if (row.method, row.frames_of) == (method, frames_of)}
            for method in (first, second)
        )
        if both := [sequence for sequence in ours if sequence in theirs]:
            fidelity = "psnr" in metric
            difference = paired(
                [ours[sequence] for sequence in both],
                [theirs[sequence] for sequence in both],
                better="higher" if fidelity else "lower",
                seed=seed,
            )
            gaps.append(Gap(text, "dB" if fidelity else "a*b*", difference))
    return gaps


def mean_curves(results: FilmResults) -> dict[str, list[float]]:
    """PSNR of frame 0, 1, ... as a mean over sequences, by method; nan where a sequence has no such frame scored."""
    curves = {}
    complete = average(list_rows(results), ALL)
    for method in complete:
        own = [record.scores.psnr for record in results.records if record.method == method]
        if own and method != TRUTH:
            shortest = min(len(values) for values in own)
            curves[method] = np.mean([values[:shortest] for values in own], axis=0).tolist()
    return curves


def _frame_sets(results: FilmResults, sequence: str, count: int) -> dict[str, Sequence[int] | None]:
    sets: dict[str, Sequence[int] | None] = {ALL: None, INNER: range(1, count - 1)}
    groups: dict[tuple[int, ...], list[str]] = {}
    for record in _precomputed(results, sequence):
        scored = tuple(np.flatnonzero(record.scores.scored).tolist())
        if len(scored) < count - 1:
            groups.setdefault(scored, []).append(record.method)
    for frames, methods in groups.items():
        sets["frames of " + ", ".join(methods)] = frames
    return sets


def _precomputed(results: FilmResults, sequence: str) -> list[FilmRecord]:
    names = {outputs.name for outputs in results.study.outputs}
    return [record for record in results.records if record.sequence == sequence and record.method in names]


def _lacks_frames(own: Sequence[FilmRow], others: Sequence[FilmRow]) -> bool:
    """Whether a method has two frames fewer of a sequence than another one: one fewer is a key frame at the end."""
    fullest: dict[str, int] = {}
    for row in others:
        if row.method != TRUTH:
            fullest[row.sequence] = max(row.frames, fullest.get(row.sequence, 0))
    return any(row.frames + 1 < fullest.get(row.sequence, 0) for row in own)
