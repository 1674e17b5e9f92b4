"""The page of a speed report: one HTML file that asks nothing of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.speed.cases import Timing
from benchmarks.speed.chart import draw_growth
from benchmarks.speed.networks import OURS
from benchmarks.speed.tables import (
    RIVALS,
    Group,
    Ratio,
    Series,
    Table,
    find_growth,
    find_ratios,
    format_value,
    group_timings,
)
from featcolor.pages import ARTICLE, build_document, build_section

CAUTION = (
    "Wall time on one machine, in one run: the median, and the least and the most of n repeats after a warm-up. "
    "Compare ratios within this page, not seconds between machines."
)
LEAD = "How long each part takes, how much memory, and how both grow with the picture."
GROWTH_SECTIONS = (
    (
        "s",
        "seconds",
        "How time grows",
        "Both axes are logarithmic. What is level does not depend on the pixels; what is in proportion to them rises "
        "tenfold over tenfold the pixels.",
    ),
    ("MiB", "MiB", "How memory grows", "The most that the process held, libraries and model included."),
)
"""Unit, axis, heading and text of the plots."""


def build_speed_page(timings: Sequence[Timing], environment: Mapping[str, Any]) -> str:
    """The page as HTML."""
    failures = [timing for timing in timings if timing.failure]
    body = [_header(timings)]
    if failures:
        body.append(build_section("What failed", "", _failures(failures)))
    if ratios := find_ratios(timings):
        text = (
            "The architectures of Zhang et al. 2016 and of DDColor-tiny, with random weights, on the same runtime and "
            "threads. Of the networks the forward pass alone, of featcolor the whole picture, grey in and RGB out. In "
            "brackets: how many times as long as featcolor."
        )
        body.append(build_section("Beside deep networks", text, _ratios(ratios), name="networks"))
    for unit, label, title, text in GROWTH_SECTIONS:
        if curves := find_growth(timings, unit):
            body.append(build_section(title, text, _growth(curves, label)))
    body += [_group(group) for group in group_timings(timings)]
    body.append(build_section("Where and how", "", _environment(environment)))
    return build_document(
        "featcolor: speed", "\n".join(body), ARTICLE, Path(__file__).with_name("speed.css"), policy=None
    )


def _header(timings: Sequence[Timing]) -> str:
    facts = "".join(
        f"<div><dt>{escape(format_value(timing.median, timing.unit))}</dt><dd>{escape(text)}</dd></div>"
        for timing, text in _headlines(timings)
    )
    facts = f"<dl class=facts>{facts}</dl>" if facts else ""
    return (
        f"<header><p class=kicker>Speed</p><h1>featcolor</h1><p class=lead>{escape(LEAD)}</p>"
        f"{facts}<p class=caution>{escape(CAUTION)}</p></header>"
    )


def _headlines(timings: Sequence[Timing]) -> list[tuple[Timing, str]]:
    """The timings that the page begins with, of those that are there."""
    good = [timing for timing in timings if not timing.failure]
    found = []
    for name, wanted, text in (
        ("commands.StartUp.time_command", {"command": "colorize"}, "a whole command, tiny picture: start-up"),
        ("pictures.SmallPictures.time_colorize", {"side": 256, "threads": 1}, "256 × 256 in memory, one thread"),
    ):
        found += [(each, text) for each in good if each.name == name and wanted.items() <= each.parameters.items()]
    for name, text in (
        ("commands.OneFile.time_command", "a whole command, {} megapixels"),
        ("commands.OneFile.track_peak_memory", "memory of that command at most"),
    ):
        sized = [each for each in good if each.name == name and each.parameters["input"] == "grey"]
        if sized:
            largest = max(sized, key=lambda each: each.parameters["megapixels"])
            found.append((largest, text.format(largest.parameters["megapixels"])))
    return found


def _failures(failures: Sequence[Timing]) -> str:
    lines = "".join(
        f"<li><b>{escape(timing.name)}</b> {escape(_parameters(timing))}: {escape(timing.failure)}</li>"
        for timing in failures
    )
    return f"<ul class=plain>{lines}</ul>"


def _parameters(timing: Timing) -> str:
    return ", ".join(f"{name} {value}" for name, value in timing.parameters.items())


def _ratios(ratios: Sequence[Ratio]) -> str:
    rows = []
    for ratio in ratios:
        cells = [f"{ratio.side} × {ratio.side}", str(ratio.threads)]
        for network in (OURS, *RIVALS):
            seconds, times = ratio.seconds.get(network), ratio.times_ours(network)
            cell = "" if seconds is None else format_value(seconds, "s")
            cells.append(cell if network == OURS or times is None else f"{cell} (× {times:.1f})")
        rows.append(tuple(cells))
    return _table(Table("Seconds a picture", ("picture", "threads", OURS, *RIVALS), tuple(rows)))


def _growth(curves: Sequence[Series], label: str) -> str:
    return f"<figure>{draw_growth(curves, 'megapixels', label)}</figure>"


def _group(group: Group) -> str:
    return build_section(group.title, escape(group.text), "".join(_table(table) for table in group.tables))


def _table(table: Table) -> str:
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in table.columns)
    rows = "".join(
        f"<tr><th scope=row>{escape(row[0])}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        for row in table.rows
    )
    return (
        f"<div class=scroll><table><caption>{escape(table.caption)}</caption><thead><tr>{head}</thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _environment(environment: Mapping[str, Any]) -> str:
    entries = "".join(
        f"<div><dt>{escape(str(name))}</dt><dd>{escape(show(value))}</dd></div>" for name, value in environment.items()
    )
    return f"<dl class=environment>{entries}</dl>"


def show(value: Any) -> str:
    """A fact on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {show(inner)}" for name, inner in value.items())
    return ", ".join(map(show, value)) if isinstance(value, list | tuple) else str(value)
