"""Writes a speed report: tables for programs, tables for people, and one page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any, Final

from benchmarks.speed.cases import Timing
from benchmarks.speed.networks import OURS
from benchmarks.speed.page import CAUTION, build_speed_page, show
from benchmarks.speed.tables import RIVALS, Table, find_ratios, format_value, group_timings
from featcolor.files import jsonable, replacing

COLUMNS: Final = ("name", "parameters", "unit", "median", "low", "high", "n", "failure")
"""Of `speed.csv`; parameters are "name=value", by spaces."""
PAGE: Final = "index.html"


def write_speed_report(timings: Sequence[Timing], folder: Path, environment: Mapping[str, Any]) -> Path:
    """Write `speed.csv`, `speed.json`, `report.md` and `index.html`; none is ever seen half-written.

    Parameters
    ----------
    timings : what `run_suite` returned.
    folder : made where it is missing; files of an earlier report are replaced.
    environment : facts of the machine and the run, shown and kept as they are.

    Returns
    -------
    The page's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "speed.csv": build_csv(timings),
        "speed.json": build_json(timings, environment),
        "report.md": build_markdown(timings, environment),
        PAGE: build_speed_page(timings, environment),
    }
    for name, text in texts.items():
        with replacing(folder / name) as part:
            part.write_text(text, encoding="utf-8", newline="")
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


def build_json(timings: Sequence[Timing], environment: Mapping[str, Any]) -> str:
    """All of it: environment, timings, and how many times as long as featcolor the networks take."""
    ratios = [
        {
            "side": ratio.side,
            "threads": ratio.threads,
            "seconds": ratio.seconds,
            "times_ours": {network: ratio.times_ours(network) for network in RIVALS},
        }
        for ratio in find_ratios(timings)
    ]
    document = {"environment": environment, "timings": [asdict(timing) for timing in timings], "networks": ratios}
    return json.dumps(jsonable(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def build_markdown(timings: Sequence[Timing], environment: Mapping[str, Any]) -> str:
    """The page's tables as Markdown."""
    lines = ["# featcolor: speed", "", CAUTION, ""]
    if ratios := find_ratios(timings):
        lines += ["## Beside deep networks", ""]
        columns = ("picture", "threads", OURS, *(column for rival in RIVALS for column in (rival, "times as long")))
        rows = []
        for ratio in ratios:
            cells = [f"{ratio.side} x {ratio.side}", str(ratio.threads), _seconds(ratio.seconds.get(OURS))]
            for rival in RIVALS:
                times = ratio.times_ours(rival)
                cells += [_seconds(ratio.seconds.get(rival)), "" if times is None else f"{times:.1f}"]
            rows.append(tuple(cells))
        lines += _markdown_table(Table("", columns, tuple(rows)))
    for group in group_timings(timings):
        lines += [f"## {group.title}", "", *([group.text, ""] if group.text else [])]
        for table in group.tables:
            lines += [f"{table.caption}:", "", *_markdown_table(table)]
    lines += ["## Where and how", "", *(f"- {name}: {show(value)}" for name, value in environment.items()), ""]
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "" if value is None else format_value(value, "s")


def _markdown_table(table: Table) -> list[str]:
    rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in (table.columns, *table.rows)]
    rule = "|".join(["---", *["---:"] * (len(table.columns) - 1)])
    return [f"| {rows[0]} |", f"|{rule}|", *(f"| {row} |" for row in rows[1:]), ""]
