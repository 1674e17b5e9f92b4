"""Results of a benchmark run as plain data, from which every report is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Score(NamedTuple):
    """One line of `results.csv`."""

    method: str
    picture: str
    metric: str
    value: float


class Summary(NamedTuple):
    """One line of `summary.csv`: mean over pictures (or the value of the whole set) with a bootstrap interval.

    `low` and `high` bound the central 95 %; nan where a measure of the set has no interval. `n` counts pictures.
    """

    method: str
    metric: str
    mean: float
    low: float
    high: float
    n: int


class Comparison(NamedTuple):
    """Ours against a rival at the rival's colourfulness, picture by picture.

    `ours`, `rival`: names of methods; `metric`: what is compared; `factor`: what our chroma was multiplied by, so that
    mean CF equals the rival's; `ours_cf`, `rival_cf`: mean colourfulness after that; `ours_mean`, `rival_mean`: of the
    metric; `difference`, `low`, `high`: mean of (ours - rival) and its 95 % paired bootstrap interval; `won`: share of
    pictures on which ours is better, 0..1, ties count half; `matched`: whether the colourfulness could be brought
    within 2 of the rival's.
    """

    ours: str
    rival: str
    metric: str
    factor: float
    ours_cf: float
    rival_cf: float
    ours_mean: float
    rival_mean: float
    difference: float
    low: float
    high: float
    won: float
    matched: bool


class CurvePoint(NamedTuple):
    """A method read with its chroma multiplied: means over pictures."""

    factor: float
    cf: float
    gain: float
    delta_e00: float


@dataclass(frozen=True)
class MethodRecord:
    """A method's time, memory, settings and failure, besides its scores.

    Seconds are wall time on this machine; memory is the peak resident set in bytes, of fitting with the largest worker;
    nan or 0 where unknown, and for outputs that were made elsewhere. `settings` also hold the time budget of a method
    that takes one (`budget_seconds`), and what its fit reported (`fit`).
    `lightness_deviation` is the mean over pictures of the mean |L* of output - L* of grey input|.
    `failure` says in one line why a method has no or not all outputs.
    """

    name: str
    title: str
    group: str
    settings: dict[str, Any] = field(default_factory=dict)
    fit_seconds: float = 0.0
    fit_memory: int = 0
    picture_seconds: float = float("nan")
    picture_memory: int = 0
    lightness_deviation: float = 0.0
    failure: str = ""


@dataclass(frozen=True)
class Results:
    """A finished run.

    `title`: of the report; `ours`: the name of the method that is compared with each other one; `data`: facts of the
    test set, printed as they are: name, layout, protocol, counts, fingerprint, references; `pictures`: names, in order;
    `truth_cf`: mean colourfulness of the truth; `scores`, `summaries`, `comparisons`: tables; `curves`: {method:
    points}, by growing factor; `methods`: records, in the order that reports show; `environment`: machine, versions,
    command, seed, date; `left_out`: (picture, reason); `by_source`: (source, means over its pictures) where they were
    asked for; the method "truth" has CF alone.
    """

    title: str
    ours: str
    data: dict[str, Any]
    pictures: list[str]
    truth_cf: float
    scores: list[Score]
    summaries: list[Summary]
    comparisons: list[Comparison]
    curves: dict[str, list[CurvePoint]]
    methods: list[MethodRecord]
    environment: dict[str, Any]
    left_out: list[tuple[str, str]] = field(default_factory=list)
    by_source: list[tuple[str, Summary]] = field(default_factory=list)
