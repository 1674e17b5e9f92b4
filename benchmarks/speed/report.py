"""Reports of timings: CSV and JSON for programs, Markdown for people; `asv publish` draws."""

from __future__ import annotations

import csv
import inspect
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any, Final

from benchmarks.speed.cases import MEASURES, Timing
from benchmarks.speed.networks import OURS
from benchmarks.speed.suite import find_classes
from featcolor.files import write_json, write_text

COLUMNS: Final = ("name", "parameters", "unit", "median", "low", "high", "n", "failure")
"""Of `speed.csv`; parameters are "name=value", by spaces."""
PAGE: Final = "report.md"
RATIO_CASE: Final = "networks.Networks.time_colorize"
RIVALS: Final = ("zhang16", "ddcolor-tiny")
CAUTION: Final = (
    "Wall time on one machine, in one run: the median, and the least and the most of n repeats after a warm-up. "
    "Compare ratios within this page, not seconds between machines."
)
BESIDE: Final = (
    "The architectures of Zhang et al. 2016 and of DDColor-tiny, with random weights, on the same runtime and threads. "
    "Of the networks the forward pass alone, of featcolor the whole picture, grey in and RGB out. In brackets: how "
    "many times as long as featcolor."
)


def write_speed_report(timings: Sequence[Timing], folder: Path, environment: Mapping[str, Any]) -> Path:
    """Write `speed.csv`, `speed.json` and `report.md`; none is ever seen half-written.

    `timings`: what `run_suite` returned; `folder`: made where it is missing, files of an earlier report are replaced;
    `environment`: facts of the machine and the run, shown and kept as they are.

    Returns the Markdown file's path.
    """
    table, page = build_csv(timings), build_markdown(timings, environment)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "speed.csv", table)
    write_json(folder / "speed.json", build_document(timings, environment), indent=1)
    write_text(folder / PAGE, page)
    return folder / PAGE


def build_csv(timings: Sequence[Timing]) -> str:
    """One line a timing, with `COLUMNS` as the first; what is not finite is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for timing in timings:
        parameters = " ".join(f"{name}={value}" for name, value in timing.parameters.items())
        numbers = [value if isfinite(value) else "" for value in (timing.median, timing.low, timing.high)]
        writer.writerow([timing.name, parameters, timing.unit, *numbers, timing.n, timing.failure])
    return stream.getvalue()


def build_document(timings: Sequence[Timing], environment: Mapping[str, Any]) -> dict[str, Any]:
    """All of it: environment, timings, and how many times as long as featcolor the networks take."""
    networks = [
        {
            **{"side": side, "threads": threads, "seconds": seconds},
            "times_ours": {rival: times_ours(seconds, rival) for rival in RIVALS},
        }
        for (side, threads), seconds in find_seconds(timings).items()
    ]
    return {"environment": environment, "timings": [asdict(timing) for timing in timings], "networks": networks}


def build_markdown(timings: Sequence[Timing], environment: Mapping[str, Any]) -> str:
    """What failed, the networks beside, and a table of every measurement under its class."""
    parts = ["# featcolor: speed", CAUTION]
    if failures := [f"- {t.name} {t.parameters}: {t.failure}" for t in timings if t.failure]:
        parts += ["## What failed", "\n".join(failures)]
    if found := find_seconds(timings):
        rows = [
            [f"{side} x {side}", str(threads), *(_beside(seconds, network) for network in (OURS, *RIVALS))]
            for (side, threads), seconds in found.items()
        ]
        parts += ["## Beside deep networks", BESIDE, _table(("picture", "threads", OURS, *RIVALS), rows)]
    texts = {kind.__name__: " ".join((inspect.getdoc(kind) or "").replace("`", "").split()) for kind in find_classes()}
    heading = ""
    for name in dict.fromkeys(timing.name for timing in timings):
        _, kind, method = name.split(".")
        if heading != (heading := split_words(kind)):
            parts += [f"## {heading}", *([texts[kind]] if kind in texts else [])]
        prefix = next(prefix for prefix in MEASURES if method.startswith(prefix))
        parts += [
            f"{method.removeprefix(prefix)}:".replace("_", " "),
            _tabulate([t for t in timings if t.name == name]),
        ]
    parts += ["## Where and how", "\n".join(f"- {name}: {_show(value)}" for name, value in environment.items())]
    return "\n\n".join(parts) + "\n"


def find_seconds(timings: Sequence[Timing]) -> dict[tuple[int, int], dict[str, float]]:
    """Seconds of one picture by featcolor and by the networks, by (side, threads); those that were measured."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for timing in timings:
        if timing.name == RATIO_CASE and not timing.failure:
            key = timing.parameters["side"], timing.parameters["threads"]
            found.setdefault(key, {})[timing.parameters["network"]] = timing.median
    return found


def times_ours(seconds: Mapping[str, float], network: str) -> float | None:
    """How many times as long as featcolor a network takes; None where either was not measured."""
    ours, theirs = seconds.get(OURS), seconds.get(network)
    return theirs / ours if ours and theirs else None


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
    if unit == "s":
        factor, unit = next(((f, name) for f, name in ((1, "s"), (1e3, "ms")) if value * f >= 1), (1e6, "µs"))
        value *= factor
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}".strip()


def _beside(seconds: Mapping[str, float], network: str) -> str:
    if network not in seconds:
        return ""
    times = times_ours(seconds, network)
    return format_value(seconds[network], "s") + (f" (× {times:.1f})" if times and network != OURS else "")


def _tabulate(timings: Sequence[Timing]) -> str:
    rows = []
    for timing in timings:
        spans = [format_value(value, timing.unit) for value in (timing.median, timing.low, timing.high)]
        measured = [spans[0], " – ".join(spans[1:]) if timing.n > 1 else "", str(timing.n)]
        rows.append([*map(str, timing.parameters.values()), *(["failed", "", ""] if timing.failure else measured)])
    return _table((*timings[0].parameters, "median", "least – most", "n"), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in (columns, *rows)]
    lines.insert(1, " | ".join(["---", *["---:"] * (len(columns) - 1)]))
    return "\n".join(f"| {line} |" for line in lines)


def _show(value: Any) -> str:
    """A fact on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_show(inner)}" for name, inner in value.items())
    return ", ".join(map(_show, value)) if isinstance(value, list | tuple) else str(value)
