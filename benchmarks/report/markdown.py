"""The report's tables as Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from benchmarks.report.tables import (
    DASH,
    GREYISH,
    GROUPS,
    LIGHTNESS_TOLERANCE,
    Column,
    by_method_and_metric,
    compare_by_metric,
    find_best,
    find_leaked,
    group_methods,
    judge,
    list_columns,
    list_quality_columns,
    shifted_lightness,
    show_fact,
    show_interval,
    show_memory,
    show_number,
    show_seconds,
    title_of,
)
from benchmarks.runs.results import MethodRecord, Results


def build_markdown(results: Results) -> str:
    """All tables but that of single pictures, and how to read them."""
    parts = (
        f"# {_text(results.title)}",
        f"{len(results.pictures)} pictures, mean colourfulness of the truth {results.truth_cf:.1f}.",
        *([f"> **Leaks.** {_text(leaked)}"] if (leaked := find_leaked(results)) else []),
        _facts(results.data),
        "## How to read this",
        _reading(),
        "## Scores",
        _scores(results),
        *_comparisons(results),
        "## Time and memory beside quality",
        _costs(results),
        *_warnings(results),
        *_left_out(results),
        "## How it was made",
        _facts(results.environment),
        "## Definitions",
        _definitions(list_columns(results)),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _reading() -> str:
    groups = "; ".join(f"*{name}* methods {knows}" for name, knows in GROUPS.items())
    return (
        "- Means over pictures; in brackets the central 95 % of a bootstrap over pictures. Some measures belong to the "
        "whole set, such as FID and those of film, and may have no interval.\n"
        "- PSNR rewards timid colour: read it together with colourfulness (CF), which should come near the truth's.\n"
        "- **Bold** is the best of a column among methods measured on all pictures whose CF is at least "
        f"{100 * GREYISH:.0f} % of the truth's.\n"
        "- Two methods differ only where the interval of their paired difference leaves 0.\n"
        "- At matched colourfulness, intervals are conditional on the factor on our chroma, which is chosen on the "
        "same pictures.\n"
        "- Memory of a fit is that of the method's process and its largest worker.\n"
        f"- {groups[0].upper()}{groups[1:]}."
    )


def _scores(results: Results) -> str:
    summaries = by_method_and_metric(results)
    columns = list_columns(results)
    best = {column.key: find_best(results, column) for column in columns}

    def cell(method: MethodRecord, column: Column) -> str:
        summary = summaries.get((method.name, column.key))
        if summary is None:
            return DASH
        number = show_number(summary.mean, column)
        interval = show_interval(summary.low, summary.high, column)
        number = f"**{number}**" if method.name in best[column.key] else number
        return f"{number} ({interval})" if interval else number

    head = ["method", "group", *(_title(column, results.truth_cf) for column in columns), "pictures"]
    rows = [
        [
            _text(method.title or method.name),
            _text(group),
            *(cell(method, column) for column in columns),
            str(max((s.n for (name, _), s in summaries.items() if name == method.name), default=0)),
        ]
        for group, members in group_methods(results.methods).items()
        for method in members
    ]
    return _table(head, rows)


def _title(column: Column, truth_cf: float) -> str:
    unit = f", {column.unit}" if column.unit else ""
    if column.key == "cf":
        return f"{column.title} (truth {truth_cf:.1f})"
    return _text(f"{column.title}{unit}" + {"higher": " ↑", "lower": " ↓"}.get(column.better, ""))


def _comparisons(results: Results) -> list[str]:
    parts = []
    columns = {column.key: column for column in list_columns(results)}
    for key, comparisons in compare_by_metric(results).items():
        column = columns.get(key, Column(key, key, "", "", ""))
        change = replace(column, plus=True)
        rows = [
            [
                _text(title_of(results, c.rival)),
                judge(c) + ("" if c.matched else " (colourfulness not matched)"),
                f"{show_number(c.difference, change)} ({show_interval(c.low, c.high, change) or DASH})",
                f"{100 * c.won:.0f} %" if c.won == c.won else DASH,
                *(show_number(mean, column) for mean in (c.ours_mean, c.rival_mean)),
                f"{c.ours_cf:.1f} / {c.rival_cf:.1f}",
                f"{c.factor:.2f}",
            ]
            for c in comparisons
        ]
        ours = _text(title_of(results, comparisons[0].ours))
        head = ["rival", f"{ours} is", "difference", "won", "ours", "rival", "CF ours / rival", "chroma times"]
        parts += [f"## At matched colourfulness: {_text(column.title)}", _table(head, rows)]
    return parts


def _costs(results: Results) -> str:
    quality, summaries = list_quality_columns(results), by_method_and_metric(results)
    rows = [
        [
            _text(method.title or method.name),
            f"`{method.name}`",
            *(show_number(getattr(summaries.get((method.name, c.key)), "mean", math.nan), c) for c in quality),
            show_seconds(method.fit_seconds) if method.fit_seconds else DASH,
            show_memory(method.fit_memory),
            show_seconds(method.picture_seconds),
            show_memory(method.picture_memory),
            f"{method.lightness_deviation:.2f}",
        ]
        for method in results.methods
    ]
    titles = [_title(column, results.truth_cf) for column in quality]
    costs = ["fit", "fit, memory", "a picture", "a picture, memory", "mean ΔL*"]
    head = ["method", "name in the files", *titles, *costs]
    return _table(head, rows)


def _warnings(results: Results) -> list[str]:
    lines = [
        f"- {_text(m.title or m.name)}: lightness is {m.lightness_deviation:.2f} L* from the input's, more than "
        f"{LIGHTNESS_TOLERANCE}"
        for m in shifted_lightness(results)
    ]
    lines += [f"- {_text(m.title or m.name)}: {_text(m.failure)}" for m in results.methods if m.failure]
    return ["## Warnings", "\n".join(lines)] if lines else []


def _left_out(results: Results) -> list[str]:
    if not results.left_out:
        return []
    rows = [[_text(name), _text(reason)] for name, reason in results.left_out]
    return [f"## Left out: {len(rows)} pictures", _table(["picture", "reason"], rows)]


def _definitions(columns: Iterable[Column]) -> str:
    rows = [[_text(c.title), f"`{c.key}`", c.unit or DASH, c.better or DASH, _text(c.source) or DASH] for c in columns]
    return _table(["measure", "name in the files", "unit", "better", "defined by"], rows)


def _facts(facts: Mapping[str, object]) -> str:
    return "\n".join(
        f"- {_text(str(key).replace('_', ' '))}: {_text(show_fact(value))}" for key, value in facts.items()
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    """Text on one line in which Markdown finds nothing to do."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))
