"""Timings put in order for people: tables by class, growth with the size of the picture, ratios to others."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Final, NamedTuple

from benchmarks.speed.cases import MEASURES, Timing
from benchmarks.speed.networks import OURS
from benchmarks.speed.suite import find_classes

RATIO_CASE: Final = "networks.Networks.time_colorize"
RIVALS: Final = ("zhang16", "ddcolor-tiny")
GROWTH: Final = MappingProxyType(
    {
        "pictures.WholePictures.time_colorize": "colouring in memory",
        "commands.OneFile.time_command": "whole command",
        "commands.OneFile.time_decode_encode": "decoding and encoding alone",
        "pictures.Memory.peakmem_colorize": "colouring in memory",
        "commands.OneFile.track_peak_memory": "whole command",
    }
)
"""What is plotted over the size of the picture, and what the plot calls it."""


@dataclass(frozen=True)
class Table:
    """Timings of one method: a row of cells a case, the first columns its parameters."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Group:
    """What one class measures; `text` is its docstring, empty for a class that is not of the suite."""

    title: str
    text: str
    tables: tuple[Table, ...]


class Ratio(NamedTuple):
    """Seconds of one picture by each network, of the same run; None where it was not measured."""

    side: int
    threads: int
    seconds: dict[str, float]

    def times_ours(self, network: str) -> float | None:
        """How many times as long as featcolor the network takes."""
        ours, theirs = self.seconds.get(OURS), self.seconds.get(network)
        return theirs / ours if ours and theirs else None


class Series(NamedTuple):
    """One curve of a plot, in growing x."""

    title: str
    points: list[tuple[float, float]]


def group_timings(timings: Sequence[Timing]) -> list[Group]:
    """A group for each class, in the order of the timings."""
    texts = {f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}": describe(kind) for kind in find_classes()}
    groups = []
    for name in dict.fromkeys(timing.name.rpartition(".")[0] for timing in timings):
        methods = dict.fromkeys(timing.name for timing in timings if timing.name.rpartition(".")[0] == name)
        tables = [_tabulate(method, [timing for timing in timings if timing.name == method]) for method in methods]
        groups.append(Group(split_words(name.rpartition(".")[2]), texts.get(name, ""), tuple(tables)))
    return groups


def describe(kind: type) -> str:
    """A class's docstring as running text."""
    return " ".join((inspect.getdoc(kind) or "").replace("`", "").split())


def split_words(name: str) -> str:
    """A class's name as a heading.

    >>> split_words("WholePictures")
    'Whole pictures'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def format_value(value: float, unit: str) -> str:
    """Three digits and a unit that suits them; a dash for what is not finite.

    >>> format_value(0.0123, "s"), format_value(1.5, "s"), format_value(412.3, "MiB")
    ('12.3 ms', '1.50 s', '412 MiB')
    """
    if not isfinite(value):
        return "–"
    if unit != "s":
        return f"{_three_digits(value)} {unit}".strip()
    for factor, name in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{_three_digits(value * factor)} {name}"
    return f"{_three_digits(value * 1e6)} µs"


def find_ratios(timings: Sequence[Timing]) -> list[Ratio]:
    """featcolor beside the networks, a row for each size and number of threads."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for timing in timings:
        if timing.name == RATIO_CASE and not timing.failure:
            key = timing.parameters["side"], timing.parameters["threads"]
            found.setdefault(key, {})[timing.parameters["network"]] = timing.median
    return [Ratio(*key, seconds) for key, seconds in found.items()]


def find_growth(timings: Sequence[Timing], unit: str) -> list[Series]:
    """Curves over megapixels of what was measured in `unit`, a curve for each number of threads; grey input."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for timing in timings:
        values = timing.parameters
        if timing.name in GROWTH and timing.unit == unit and not timing.failure and values.get("input") != "colour":
            threads = values.get("threads")
            plural = "" if threads == 1 else "s"
            title = GROWTH[timing.name] + (f", {threads} thread{plural}" if threads else "")
            curves.setdefault(title, []).append((values["megapixels"], timing.median))
    return [Series(title, sorted(points)) for title, points in curves.items() if len(points) > 1]


def _tabulate(method: str, timings: Sequence[Timing]) -> Table:
    names = tuple(timings[0].parameters)
    rows = []
    for timing in timings:
        if timing.failure:
            measured = (f"failed: {timing.failure}", "", "")
        else:
            span = "" if timing.n == 1 else " – ".join(format_value(v, timing.unit) for v in (timing.low, timing.high))
            measured = (format_value(timing.median, timing.unit), span, str(timing.n))
        rows.append((*(str(timing.parameters[name]) for name in names), *measured))
    return Table(_bare(method), (*names, "median", "least – most", "n"), tuple(rows))


def _bare(method: str) -> str:
    """What a method measures, in words: "module.Class.time_decode_encode" is "decode encode"."""
    name = method.rpartition(".")[2]
    prefix = next(prefix for prefix in MEASURES if name.startswith(prefix))
    return name.removeprefix(prefix).replace("_", " ")


def _three_digits(value: float) -> str:
    decimals = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{decimals}f}"
