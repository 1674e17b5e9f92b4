"""Tables of a benchmark's results, and the judgements in them: who is best, who is on the front, who wins."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from benchmarks.metrics.table import ALL_METRICS
from benchmarks.report.render import Cell, Head, Row, Table
from benchmarks.runs.results import Comparison, MethodRecord, Results, Summary
from featcolor.pages import signed

HEADLINE: Final = ("gain", "delta_e00", "cf", "delta_cf_of_means", "ssim", "auc_rebalanced", "ab_js")
"""Measures of the main table, where they were taken; all others stand in the table after it."""

GROUPS: Final[Mapping[str, str]] = {
    "baseline": "know nothing, or one colour of the references",
    "same references": "learned from the same reference pictures, and from nothing else that we chose",
    "pretrained": "bring weights trained elsewhere, perhaps on more of the same kind",
    "precomputed": "bring pictures that somebody else computed",
}
"""Groups of methods in the order that reports show, and what their members know."""

BESIDE_COST: Final = ("delta_e00", "cf")
"""Measures that stand beside time and memory."""

WRONG: Final = ("wrapped_psnr",)
"""Measures that are shown because papers print them, and in which nobody is best."""

GREY: Final = "grey"
GREYISH: Final = 0.25
"""A method whose mean colourfulness is below this share of the truth's is nearly grey: never marked best."""

LIGHTNESS_TOLERANCE: Final = 0.5
"""Mean |ΔL*| between output and grey input that rounding to 8 bits cannot explain."""

Verdict: TypeAlias = Literal["better", "worse", "not told apart", "no interval"]

MINUTE: Final = 60.0
DASH: Final = "–"


@dataclass(frozen=True)
class Column:
    """A measure as tables show it; `digits` after the point, `plus` where a sign is always written."""

    key: str
    title: str
    unit: str
    better: str
    source: str
    digits: int = 2
    plus: bool = False


PLAIN: Final = Column("", "", "", "", "")
CF: Final = replace(PLAIN, digits=1)


def describe_metric(key: str) -> Column:
    """Title, unit, direction and source of a measure; one that no table knows is called by its key."""
    metric = ALL_METRICS.get(key)
    if metric is None:
        return Column(key, key, "", "", "")
    return Column(key, metric.title, metric.unit, metric.better, metric.source)


def list_columns(results: Results) -> list[Column]:
    """Every measure that has a summary: the headline ones first, then as the tables of metrics, then the rest."""
    known = (*HEADLINE, *ALL_METRICS)
    present = {summary.metric: None for summary in results.summaries}
    keys = dict.fromkeys([key for key in known if key in present] + list(present))
    columns = []
    for key in keys:
        facts = describe_metric(key)
        largest = max((abs(s.mean) for s in results.summaries if s.metric == key and math.isfinite(s.mean)), default=0)
        digits = 2 if facts.unit == "dB" else 3 if largest < 2 else 2 if largest < 30 else 1
        columns.append(Column(key, facts.title, facts.unit, facts.better, facts.source, digits, plus=key == "gain"))
    return columns


def by_method_and_metric(results: Results) -> dict[tuple[str, str], Summary]:
    """Summaries by (method, metric)."""
    return {(summary.method, summary.metric): summary for summary in results.summaries}


def group_methods(methods: Iterable[MethodRecord]) -> dict[str, list[MethodRecord]]:
    """Methods by group, known groups first in the order of `GROUPS`; within a group as they came."""
    groups: dict[str, list[MethodRecord]] = {name: [] for name in GROUPS}
    for method in methods:
        groups.setdefault(method.group, []).append(method)
    return {name: members for name, members in groups.items() if members}


def find_coloured(results: Results) -> set[str]:
    """Methods that may be called best: not grey, nor nearly so where colourfulness was measured."""
    means = {s.method: s.mean for s in results.summaries if s.metric == "cf"}
    least = GREYISH * results.truth_cf if math.isfinite(results.truth_cf) else 0.0
    return {
        method.name
        for method in results.methods
        if method.name != GREY and not means.get(method.name, math.inf) < least
    }


def find_complete(results: Results, metric: str) -> set[str]:
    """Methods whose mean of a measure is over the most pictures that any method has."""
    rows = [s for s in results.summaries if s.metric == metric]
    most = max((s.n for s in rows), default=0)
    return {s.method for s in rows if s.n == most}


def find_best(results: Results, column: Column) -> set[str]:
    """Methods with the best mean of a measure among those coloured and measured on the most pictures; ties share it.

    CF is best nearest to the truth's. Empty where the measure has no known direction.
    """
    rows = [s for s in results.summaries if s.metric == column.key]
    able = find_coloured(results) & find_complete(results, column.key)
    loss = {
        s.method: value
        for s in rows
        if s.method in able and not math.isnan(value := _loss(s.mean, column, results.truth_cf))
    }
    least = min(loss.values(), default=math.nan)
    return {method for method, value in loss.items() if value == least}


def _loss(mean: float, column: Column, truth_cf: float) -> float:
    """What is least for the best; nan where nobody can tell."""
    if column.key in WRONG:
        return math.nan
    if column.better == "higher":
        return -mean
    if column.better == "lower":
        return mean
    return abs(mean - truth_cf) if column.key == "cf" else math.nan


def find_pareto_front(points: Mapping[str, tuple[float, float]], truth_cf: float) -> list[str]:
    """Methods that no other beats in both: nearer to the truth's colourfulness, and higher in PSNR gain.

    `points`: {method: (CF, gain)} Points that are not finite are left out. Of two that are equal in both, both stay.
    Give only methods measured on the same pictures (`find_complete`): a mean over fewer may be better because they are
    easier; `truth_cf`: colourfulness beyond it is as far from the truth as colourfulness short of it.

    Returns list of names: from the nearest to the truth to the farthest, that is by rising gain.
    """
    kept = {name: (abs(cf - truth_cf), gain) for name, (cf, gain) in points.items() if math.isfinite(cf + gain)}
    front = [
        name
        for name, (far, gain) in kept.items()
        if not any(f <= far and g >= gain and (f, g) != (far, gain) for f, g in kept.values())
    ]
    return sorted(front, key=lambda name: (kept[name], name))


def judge(comparison: Comparison) -> Verdict:
    """How ours does beside the rival: better or worse only where the whole interval is on one side of 0."""
    low, high = comparison.low, comparison.high
    better = describe_metric(comparison.metric).better
    if math.isnan(low) or math.isnan(high) or better not in ("higher", "lower"):
        return "no interval"
    if low <= 0 <= high:
        return "not told apart"
    return "better" if (low > 0) == (better == "higher") else "worse"


def compare_by_metric(results: Results) -> dict[str, list[Comparison]]:
    """Comparisons by metric, the headline measures first."""
    found = {comparison.metric: None for comparison in results.comparisons}
    keys = dict.fromkeys([key for key in ("delta_e00", *HEADLINE) if key in found] + list(found))
    return {key: [c for c in results.comparisons if c.metric == key] for key in keys}


def shifted_lightness(results: Results) -> list[MethodRecord]:
    """Methods that do not keep the lightness of their input, the farthest first."""
    far = [method for method in results.methods if method.lightness_deviation > LIGHTNESS_TOLERANCE]
    return sorted(far, key=lambda method: -method.lightness_deviation)


def find_leaked(results: Results) -> str:
    """What to warn of where references show test pictures, as a sentence; empty where none does."""
    leaks = results.data.get("leaks")
    if not isinstance(leaks, int) or leaks <= 0:
        return ""
    return (
        f"Times that a reference shows a test picture: {leaks}. Methods that learn from the references have seen those "
        "answers, and their numbers flatter them."
    )


def name_beside(results: Results, method: MethodRecord) -> str:
    """The method's name where its title does not tell it: a word of it is missing, or another has the title too."""
    title = method.title or method.name
    shared = sum((other.title or other.name) == title for other in results.methods) > 1
    squeezed = "".join(re.findall(r"[^\W_]", title.casefold()))
    told = all(word in squeezed for word in re.findall(r"[^\W_]+", method.name.casefold()))
    return "" if told and not (shared and title != method.name) else method.name


def build_score_tables(results: Results) -> list[Table]:
    """Methods by measures with intervals, the best of a column marked: the headline ones, and all others folded."""
    columns = list_columns(results)
    first = [column for column in columns if column.key in HEADLINE] or columns
    further = [column for column in columns if column not in first]
    tables = [_score_table(results, first, "Means, with 95 % intervals where there are any")]
    if further:
        tables.append(replace(_score_table(results, further, f"{len(further)} further measures"), folded=True))
    return tables


def _score_table(results: Results, columns: Sequence[Column], caption: str) -> Table:
    summaries = by_method_and_metric(results)
    best = {column.key: find_best(results, column) for column in columns}
    most = max((summary.n for summary in results.summaries), default=0)

    def row(method: MethodRecord) -> Row:
        counted = max((s.n for (name, _), s in summaries.items() if name == method.name), default=0)
        if not counted:
            return _row(results, method, [Cell(method.failure or "no output", mark="none")])
        cells = []
        for column in columns:
            s = summaries.get((method.name, column.key))
            mark = "best" if method.name in best[column.key] else ""
            cells.append(_number(s.mean, column, s.low, s.high, mark=mark) if s else Cell(DASH))
        return _row(results, method, cells, f"{counted} of {most} pictures" if counted < most else "")

    heads = [Head("method"), *(_head(column, results.truth_cf) for column in columns)]
    return Table(caption, heads, _in_groups(results, row), GROUPS)


def build_cost_table(results: Results) -> Table:
    """Quality beside time, memory and lightness shift of each method."""
    quality = [column for column in list_columns(results) if column.key in BESIDE_COST]
    summaries = by_method_and_metric(results)
    measured = {summary.method for summary in results.summaries}

    def row(method: MethodRecord) -> Row:
        means = [getattr(summaries.get((method.name, column.key)), "mean", math.nan) for column in quality]
        shift = method.lightness_deviation if method.name in measured else math.nan
        cells = [
            *(_number(mean, column) for mean, column in zip(means, quality, strict=True)),
            Cell(show_seconds(method.fit_seconds) if method.fit_seconds else DASH, value=method.fit_seconds),
            Cell(show_memory(method.fit_memory), value=method.fit_memory or math.nan),
            Cell(show_seconds(method.picture_seconds), value=method.picture_seconds),
            Cell(show_memory(method.picture_memory), value=method.picture_memory or math.nan),
            _number(shift, PLAIN),
        ]
        return _row(results, method, cells)

    costs = ("fit", "fit, memory", "a picture", "a picture, memory")
    heads = [Head("method"), *(_head(column, results.truth_cf) for column in quality)]
    heads += [*(Head(title, sort="lower") for title in costs), Head("lightness shift", "mean |ΔL*|", "lower")]
    caption = "Wall time and peak memory on this machine, beside quality"
    return Table(caption, heads, _in_groups(results, row), GROUPS)


def build_comparison_tables(results: Results) -> list[Table]:
    """Ours beside every rival at the rival's colourfulness, a table a measure."""
    columns = {column.key: column for column in list_columns(results)}
    methods = {method.name: method for method in results.methods}
    tables = []
    for key, comparisons in compare_by_metric(results).items():
        column = columns.get(key) or describe_metric(key)
        change, sort = replace(column, plus=True), column.better or "lower"
        rows = []
        for c in comparisons:
            verdict = judge(c)
            cells = [
                Cell(verdict, "" if c.matched else "colourfulness not matched", mark=verdict if c.matched else ""),
                _number(c.difference, change, c.low, c.high),
                Cell(f"{100 * c.won:.0f} %" if math.isfinite(c.won) else DASH, value=c.won),
                _number(c.ours_mean, column),
                _number(c.rival_mean, column),
                Cell(f"{show_number(c.ours_cf, CF)} / {show_number(c.rival_cf, CF)}"),
                Cell(show_number(c.factor, PLAIN)),
            ]
            record = methods.get(c.rival)
            rows.append(replace(_row(results, record, cells), group="") if record else Row(c.rival, cells))
        heads = [
            Head("rival"),
            Head(f"{title_of(results, comparisons[0].ours)} is"),
            Head(f"difference{f', {column.unit}' if column.unit else ''}", "ours less rival", sort),
            Head("pictures won", sort="higher"),
            Head("ours", sort=sort),
            Head("rival", sort=sort),
            Head("CF", "ours / rival"),
            Head("chroma", "of ours, times"),
        ]
        better = f", {column.better} is better" if column.better in ("higher", "lower") else ""
        tables.append(Table(f"{column.title}{better}", heads, rows))
    return tables


def build_source_tables(results: Results) -> list[Table]:
    """Means of every method by the source of the pictures, a table a measure."""
    columns = {column.key: column for column in list_columns(results)}
    tables = []
    for key in sorted({mean.metric for _, mean in results.by_source}, key=HEADLINE.index):
        rows: dict[str, dict[str, Summary]] = {}
        for source, mean in results.by_source:
            if mean.metric == key:
                rows.setdefault(source, {})[mean.method] = mean
        column = columns.get(key) or describe_metric(key)
        methods = list(dict.fromkeys(method for row in rows.values() for method in row))
        lines = []
        for source, row in rows.items():
            cells = [_number(m.mean, column, m.low, m.high) if (m := row.get(each)) else Cell(DASH) for each in methods]
            lines.append(Row(source, [Cell(str(max(mean.n for mean in row.values()))), *cells]))
        sort = column.better if column.better in ("higher", "lower") else "lower"
        heads = [Head("source"), Head("pictures"), *(Head(title_of(results, method), sort=sort) for method in methods)]
        tables.append(Table(f"{column.title}{f', {column.unit}' if column.unit else ''}", heads, lines))
    return tables


def build_definitions(results: Results) -> Table:
    """Every measure of this run: what it is, which way is better, where it is defined."""
    heads = [Head(title) for title in ("measure", "name in the files", "unit", "better", "defined by")]
    rows = [
        Row(c.title, [Cell(c.key, mark="code"), *(Cell(text or DASH) for text in (c.unit, c.better, c.source))])
        for c in list_columns(results)
    ]
    return Table("", heads, rows)


def _in_groups(results: Results, row: Callable[[MethodRecord], Row]) -> list[Row]:
    return [row(method) for members in group_methods(results.methods).values() for method in members]


def _row(results: Results, method: MethodRecord, cells: Sequence[Cell], flag: str = "") -> Row:
    ours = method.name == results.ours
    return Row(method.title or method.name, cells, name_beside(results, method), flag, method.group, ours)


def _number(value: float, column: Column, low: float = math.nan, high: float = math.nan, *, mark: str = "") -> Cell:
    return Cell(show_number(value, column), show_interval(low, high, column), value, mark)


def _head(column: Column, truth_cf: float) -> Head:
    notes = [column.unit] if column.unit else []
    ideal = truth_cf if column.key == "cf" else math.nan
    if math.isfinite(ideal):
        notes.append(f"truth {truth_cf:.1f}")
    elif column.better:
        notes.append("best near the truth’s" if column.better == "near truth" else f"{column.better} is better")
    sort = column.better if column.better in ("higher", "lower") else "lower"
    return Head(column.title, ", ".join(notes), sort, ideal)


def title_of(results: Results, name: str) -> str:
    """What reports call a method; its name where it has no record."""
    return next((method.title or name for method in results.methods if method.name == name), name)


def show_number(value: float, column: Column) -> str:
    """A mean as tables print it; a dash for nan."""
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if round(value, column.digits) == 0:
        return f"{0:.{column.digits}f}"
    return signed(value, column.digits) if column.plus else f"{value:.{column.digits}f}".replace("-", "−")


def show_interval(low: float, high: float, column: Column) -> str:
    """An interval as tables print it; empty where there is none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"{show_number(low, column)} to {show_number(high, column)}"


def show_seconds(seconds: float) -> str:
    """A time with three digits or fewer; a dash for what is unknown."""
    if not math.isfinite(seconds) or seconds < 0:
        return DASH
    if seconds >= 10 * MINUTE:
        return f"{seconds / MINUTE:.1f} min"
    if seconds >= 1:
        return f"{seconds:.{0 if seconds >= 100 else 1}f} s"
    return f"{1000 * seconds:.{0 if seconds >= 0.01 else 1}f} ms"


def show_memory(size: float) -> str:
    """Bytes in MiB or GiB; a dash for what is unknown."""
    if not math.isfinite(size) or size <= 0:
        return DASH
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def show_fact(value: object) -> str:
    """A fact of the data or the machine as one line of text; mappings within it stand in brackets."""
    if isinstance(value, Mapping):
        shown = ((key, f"({show_fact(v)})" if isinstance(v, Mapping) else show_fact(v)) for key, v in value.items())
        return ", ".join(f"{key} {text}".replace("_", " ") for key, text in shown)
    if isinstance(value, list | tuple):
        return ", ".join(show_fact(item) for item in value)
    return DASH if value is None or value == "" else str(value)
