"""Pictures coloured by several methods and measured, and the tables that the study of the default model prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import Sample
from benchmarks.intervals import Interval, Paired, bootstrap_mean, paired
from benchmarks.metrics import PICTURE_METRICS
from benchmarks.pictures import Picture
from featcolor.errors import UsageError
from featcolor.measures import is_grey

Rgb: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = Callable[[Sample], Rgb]
"""A method: the coloured picture (H, W, 3) of a sample, of which it looks at the grey input only."""

GREY: Final = "grey"
MEASURES: Final = ("gain", "cf", "delta_e00")
"""Columns of `Scores.values`, keys of `benchmarks.metrics.PICTURE_METRICS`."""
BETTER: Final[Mapping[str, Literal["higher", "lower"]]] = {"gain": "higher", "delta_e00": "lower"}


@dataclass(frozen=True)
class Scores:
    """What pictures measured.

    Attributes
    ----------
    pictures : names, in order.
    truth_cf : (n,) colourfulness of each truth.
    values : {method: (n, 3)}, columns as `MEASURES`; grey is among the methods.
    left_out : names of pictures whose truth is grey.
    """

    pictures: tuple[str, ...]
    truth_cf: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    left_out: tuple[str, ...] = ()

    def of(self, method: str, measure: str) -> NDArray[np.float64]:
        """One measure of every picture, (n,)."""
        return self.values[method][:, MEASURES.index(measure)]

    def mean(self, method: str, measure: str) -> float:
        """Mean over pictures."""
        return float(self.of(method, measure).mean())

    def interval(self, method: str, measure: str, *, seed: int = 0) -> Interval:
        """Mean with its bootstrap interval."""
        return bootstrap_mean(self.of(method, measure), seed=seed)

    def compare(self, ours: str, theirs: str, measure: str, *, seed: int = 0) -> Paired:
        """Ours less theirs, picture by picture; "gain" is better higher, "delta_e00" lower."""
        return paired(self.of(ours, measure), self.of(theirs, measure), better=BETTER[measure], seed=seed)

    def select(self, rows: Sequence[int]) -> Scores:
        """The scores of some of the pictures."""
        names = tuple(self.pictures[row] for row in rows)
        return Scores(names, self.truth_cf[list(rows)], {m: v[list(rows)] for m, v in self.values.items()})

    def beside(self, other: Scores) -> Scores:
        """The other's methods on the same pictures, after these."""
        assert self.pictures == other.pictures
        return replace(self, values={**self.values, **other.values})

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it: one list a measure."""
        return {
            "pictures": list(self.pictures),
            "left_out": list(self.left_out),
            "truth_cf": self.truth_cf.tolist(),
            "methods": {
                method: {key: values[:, column].tolist() for column, key in enumerate(MEASURES)}
                for method, values in self.values.items()
            },
        }


@dataclass(frozen=True)
class Table:
    """Lines of text under a header, which is shown as Markdown."""

    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table after its title."""
        rows = (self.header, ("---",) * len(self.header), *self.lines)
        return f"{self.title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"title": self.title, "header": list(self.header), "lines": [list(line) for line in self.lines]}


def measure(samples: Sequence[Sample], methods: Mapping[str, Colour]) -> Scores:
    """Colour every sample by every method, and measure; plain grey is measured too.

    Measuring runs beside colouring, in a thread of its own, since a method may keep maps of the latest picture.

    Raises
    ------
    UsageError
        When no sample's truth has colour.
    """
    grey = {sample.name: is_grey(sample.truth) for sample in samples}
    kept = [sample for sample in samples if not grey[sample.name]]
    if not kept:
        raise UsageError("no test picture is in colour; there is nothing to measure")
    every: dict[str, Colour] = {GREY: lambda sample: np.dstack([sample.grey] * 3), **methods}
    waiting: dict[str, list[Any]] = {method: [] for method in every}
    with ThreadPoolExecutor(1) as pool:
        for sample in kept:
            truth = Picture(sample.truth)
            for method, colour in every.items():
                waiting[method].append(pool.submit(score, truth, colour(sample)))
        values = {method: np.array([each.result() for each in scored]) for method, scored in waiting.items()}
    truth_cf = np.array([Picture(sample.truth).colourfulness for sample in kept])
    left_out = tuple(sample.name for sample in samples if grey[sample.name])
    return Scores(tuple(sample.name for sample in kept), truth_cf, values, left_out)


def score(truth: Picture, output: Rgb) -> list[float]:
    """The `MEASURES` of one output."""
    made = Picture(output)
    return [PICTURE_METRICS[key].measure(truth, made) for key in MEASURES]


def join(parts: Sequence[Scores]) -> Scores:
    """The scores of several sets of pictures as one set, of the methods that all have."""
    common = [method for method in parts[0].values if all(method in part.values for part in parts)]
    return Scores(
        tuple(name for part in parts for name in part.pictures),
        np.concatenate([part.truth_cf for part in parts]),
        {method: np.concatenate([part.values[method] for part in parts]) for method in common},
        tuple(name for part in parts for name in part.left_out),
    )


def table_of(scores: Scores, title: str, *, seed: int = 0, more: Mapping[str, str] | None = None) -> Table:
    """A line a method: gain, CF and ΔE00 with intervals; `more` holds a last cell by method, such as its seconds."""
    extra = more or {}
    lines = [
        (
            method,
            show(scores.interval(method, "gain", seed=seed), sign=True),
            f"{scores.mean(method, 'cf'):.1f}",
            show(scores.interval(method, "delta_e00", seed=seed)),
            *((extra.get(method, "–"),) if extra else ()),
        )
        for method in scores.values
    ]
    title = f"{title}: {len(scores.pictures)} pictures, CF of the truth {scores.truth_cf.mean():.1f}"
    header = ("method", "gain, dB", "CF", "ΔE00", *(("fit",) if extra else ()))
    return Table(title, header, tuple(lines))


def table_of_pairs(scores: Scores, pairs: Sequence[tuple[str, str]], title: str, *, seed: int = 0) -> Table:
    """A line a pair of methods that are both there: first less second, picture by picture."""
    lines = []
    for ours, theirs in pairs:
        if ours in scores.values and theirs in scores.values:
            gain, error = (scores.compare(ours, theirs, key, seed=seed) for key in ("gain", "delta_e00"))
            lines.append((f"{ours} − {theirs}", show(gain, sign=True), show(error, sign=True), f"{gain.won:.0%}"))
    return Table(title, ("pair", "gain, dB", "ΔE00 (below 0: nearer)", "won by gain"), tuple(lines))


def show(value: Interval | Paired, *, sign: bool = False) -> str:
    """A mean, or a difference, with the ends of its interval.

    >>> show(Interval(1.0, 0.5, 1.5, 9), sign=True)
    '+1.00 [+0.50, +1.50]'
    """
    digits = "+.2f" if sign else ".2f"
    middle = f"{value[0]:{digits}}"
    return middle if np.isnan(value.low) else f"{middle} [{value.low:{digits}}, {value.high:{digits}}]"
