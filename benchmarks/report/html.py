"""The tables of the report's page as HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from statistics import median
from typing import Final

from benchmarks.report.tables import (
    DASH,
    GROUPS,
    HEADLINE,
    Column,
    by_method_and_metric,
    compare_by_metric,
    describe_metric,
    find_best,
    group_methods,
    judge,
    list_columns,
    list_quality_columns,
    name_beside,
    show_interval,
    show_memory,
    show_number,
    show_seconds,
    title_of,
)
from benchmarks.runs.results import Comparison, MethodRecord, Results

WHISKER: Final = (176, 22)
"""Width and height of a drawn interval, in its own units."""


def build_score_table(results: Results, columns: Sequence[Column], caption: str) -> str:
    """Methods by measures with intervals; the best of a column is marked."""
    summaries = by_method_and_metric(results)
    best = {column.key: find_best(results, column) for column in columns}
    most = max((summary.n for summary in results.summaries), default=0)

    def row(method: MethodRecord) -> tuple[str, str]:
        own = [summaries.get((method.name, column.key)) for column in columns]
        counted = max((s.n for (name, _), s in summaries.items() if name == method.name), default=0)
        if not counted:
            reason = method.failure or "no output"
            return f'<td class="none" colspan="{len(columns)}">{escape(reason)}</td>', ""
        cells = ""
        for column, summary in zip(columns, own, strict=True):
            if summary is None:
                cells += f"<td>{DASH}</td>"
                continue
            number = show_number(summary.mean, column)
            if method.name in best[column.key]:
                number = f'<span class="best">{number}</span><span class="hidden"> best</span>'
            cells += _cell(number, summary.mean, note=show_interval(summary.low, summary.high, column))
        short = f"{counted} of {most} pictures" if counted < most else ""
        return cells, short

    return _grouped_table(
        results, caption, "".join(_score_head(c, results.truth_cf) for c in columns), len(columns), row
    )


def headline_columns(results: Results) -> list[Column]:
    """Columns of the main table: headline measures, or all where none of them was taken."""
    columns = list_columns(results)
    return [column for column in columns if column.key in HEADLINE] or columns


def further_columns(results: Results) -> list[Column]:
    """Columns that the main table leaves out."""
    shown = {column.key for column in headline_columns(results)}
    return [column for column in list_columns(results) if column.key not in shown]


def build_cost_table(results: Results) -> str:
    """Quality beside time, memory and lightness shift of each method."""
    quality, summaries = list_quality_columns(results), by_method_and_metric(results)
    head = "".join(_score_head(column, results.truth_cf) for column in quality) + "".join(
        f'<th scope="col" data-sort="lower">{text}</th>'
        for text in ("fit", "fit, memory", "a picture", "a picture, memory", "lightness shift<small>mean |ΔL*|</small>")
    )

    measured = {summary.method for summary in results.summaries}

    def row(method: MethodRecord) -> tuple[str, str]:
        means = [getattr(summaries.get((method.name, c.key)), "mean", math.nan) for c in quality]
        shift = method.lightness_deviation if method.name in measured else math.nan
        cells = "".join(_cell(show_number(mean, c), mean) for mean, c in zip(means, quality, strict=True))
        cells += (
            _cell(show_seconds(method.fit_seconds) if method.fit_seconds else DASH, method.fit_seconds)
            + _cell(show_memory(method.fit_memory), method.fit_memory or math.nan)
            + _cell(show_seconds(method.picture_seconds), method.picture_seconds)
            + _cell(show_memory(method.picture_memory), method.picture_memory or math.nan)
            + _cell(_plain(shift), shift)
        )
        return cells, ""

    caption = "Wall time and peak memory on this machine, beside quality"
    return _grouped_table(results, caption, head, len(quality) + 5, row)


def build_comparison_tables(results: Results) -> str:
    """Ours beside every rival at the rival's colourfulness, a table a measure."""
    return "".join(_comparison_table(results, key, rows) for key, rows in compare_by_metric(results).items())


def _comparison_table(results: Results, key: str, comparisons: list[Comparison]) -> str:
    column = next((c for c in list_columns(results) if c.key == key), describe_metric(key))
    difference = Column(key, column.title, column.unit, column.better, column.source, column.digits, plus=True)
    reach = _reach(comparisons)
    ours = escape(title_of(results, comparisons[0].ours))
    unit = f", {escape(column.unit)}" if column.unit else ""
    head = (
        f'<th scope="col">rival</th><th scope="col" class="text">{ours} is</th>'
        f'<th scope="col" data-sort="{column.better or "lower"}">difference{unit}<small>ours less rival</small></th>'
        f'<th scope="col"><span class="hidden">interval drawn</span></th>'
        '<th scope="col" data-sort="higher">pictures won</th>'
        f'<th scope="col" data-sort="{column.better or "lower"}">ours</th>'
        f'<th scope="col" data-sort="{column.better or "lower"}">rival</th>'
        '<th scope="col">CF<small>ours / rival</small></th><th scope="col">chroma<small>of ours, times</small></th>'
    )
    rows, rivals = "", {method.name: _named(results, method) for method in results.methods}
    for c in comparisons:
        verdict = judge(c)
        kind = f' class="{verdict}"' if c.matched and verdict in ("better", "worse") else ""
        flag = "" if c.matched else '<small class="flag">colourfulness not matched</small>'
        rows += (
            f'<tr><th scope="row">{rivals.get(c.rival) or escape(c.rival)}</th>'
            f'<td class="text"><span{kind}>{verdict}</span>{flag}</td>'
            + _cell(show_number(c.difference, difference), c.difference, note=show_interval(c.low, c.high, difference))
            + f"<td>{_whisker(c, reach, kind)}</td>"
            + _cell(f"{100 * c.won:.0f} %" if math.isfinite(c.won) else DASH, c.won)
            + _cell(show_number(c.ours_mean, column), c.ours_mean)
            + _cell(show_number(c.rival_mean, column), c.rival_mean)
            + f'<td class="pair">{_plain(c.ours_cf, 1)} / {_plain(c.rival_cf, 1)}</td><td>{_plain(c.factor)}</td></tr>'
        )
    better = f", {column.better} is better" if column.better in ("higher", "lower") else ""
    content = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return _scroll(f"{escape(column.title)}{better}", content, kind="sortable compared")


def _reach(comparisons: Sequence[Comparison]) -> float:
    """Half the width of the drawn intervals: all of them, but no more than thrice the usual distance from 0."""
    ends = [max(abs(c.low), abs(c.high)) for c in comparisons if math.isfinite(c.low) and math.isfinite(c.high)]
    return min(max(ends), 3 * median(ends)) or 1.0 if ends else 1.0


def _whisker(comparison: Comparison, reach: float, kind: str) -> str:
    """The interval as a line with its mean as a dot, beside a dashed line at 0; beyond the reach, an arrow's head."""
    width, height = WHISKER
    values = (comparison.low, comparison.difference, comparison.high)
    if not all(map(math.isfinite, values)):
        return ""
    middle, half = height / 2, width / 2
    low, mean, high = (half * (1 + 0.94 * min(max(value / reach, -1), 1)) for value in values)
    line = f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle:g}" y2="{middle:g}"></line>'
    if abs(comparison.difference) <= reach:
        line += f'<circle cx="{mean:.1f}" cy="{middle:g}" r="4"></circle>'
    else:
        back = math.copysign(9, comparison.difference)
        line += f'<path d="M{mean:.1f} {middle:g}l{-back:g} -5v10z"></path>'
    return (
        f'<svg class="whisker" viewBox="0 0 {width} {height}" aria-hidden="true"><line class="zero" x1="{half:g}" '
        f'x2="{half:g}" y1="0" y2="{height}"></line><g{kind}>{line}</g></svg>'
    )


def _score_head(column: Column, truth_cf: float) -> str:
    note = [column.unit] if column.unit else []
    ideal = ""
    if column.key == "cf" and math.isfinite(truth_cf):
        note.append(f"truth {truth_cf:.1f}")
        ideal = f' data-ideal="{truth_cf!r}"'
    elif column.better:
        note.append("best near the truth’s" if column.better == "near truth" else f"{column.better} is better")
    sort = column.better if column.better in ("higher", "lower") else "lower"
    return (
        f'<th scope="col" data-sort="{sort}"{ideal}>{escape(column.title)}<small>{escape(", ".join(note))}</small></th>'
    )


def _grouped_table(
    results: Results, caption: str, head: str, width: int, row: Callable[[MethodRecord], tuple[str, str]]
) -> str:
    """A sortable table whose methods stand in their groups; `row` gives a method's cells and a remark to its name."""
    bodies = ""
    for group, members in group_methods(results.methods).items():
        known = GROUPS.get(group, "")
        index = list(GROUPS).index(group) if group in GROUPS else len(GROUPS) - 1
        rows = ""
        for method in members:
            cells, remark = row(method)
            notes = f'<small class="member">{escape(group)}</small>'
            notes += f'<small class="flag">{escape(remark)}</small>' if remark else ""
            ours = ' class="ours"' if method.name == results.ours else ""
            rows += f'<tr{ours}><th scope="row">{_named(results, method)}{notes}</th>{cells}</tr>'
        bodies += (
            f'<tbody><tr class="group group-{index}"><th scope="rowgroup" colspan="{width + 1}"><b>{escape(group)}</b>'
            f"<span>{escape(known)}</span></th></tr>{rows}</tbody>"
        )
    return _scroll(caption, f'<thead><tr><th scope="col">method</th>{head}</tr></thead>{bodies}')


def build_definitions(results: Results) -> str:
    """Every measure of this run: what it is, which way is better, where it is defined."""
    rows: Iterable[str] = (
        f'<tr><th scope="row">{escape(column.title)}</th><td><code>{escape(column.key)}</code></td>'
        f"<td>{escape(column.unit) or DASH}</td><td>{escape(column.better) or DASH}</td>"
        f"<td>{escape(column.source) or DASH}</td></tr>"
        for column in list_columns(results)
    )
    head = "".join(
        f'<th scope="col">{text}</th>' for text in ("measure", "name in the files", "unit", "better", "defined by")
    )
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Definitions"><table class="definitions">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _named(results: Results, method: MethodRecord) -> str:
    """A method's title, with its name beneath where the title does not tell it."""
    name = name_beside(results, method)
    return escape(method.title or method.name) + (f"<small>{escape(name)}</small>" if name else "")


def _cell(text: str, value: float, *, note: str = "") -> str:
    """A cell that sorts by its value."""
    data = "" if math.isnan(value) else f' data-value="{float(value)!r}"'.replace("inf", "Infinity")
    return f"<td{data}>{text}{f'<small>{note}</small>' if note else ''}</td>"


def _plain(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else DASH


def _scroll(caption: str, content: str, *, kind: str = "sortable") -> str:
    """A sortable table that scrolls by itself where the window is narrow."""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="{kind}"><caption>{caption}</caption>{content}</table></div>'
    )
