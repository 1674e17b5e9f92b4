"""What the reports say about `Results`, before it becomes HTML or Markdown: columns, order, who is best, who wins."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from benchmarks.metrics.table import ALL_METRICS
from benchmarks.runs.results import Comparison, MethodRecord, Results, Summary
from featcolor.pages import signed

HEADLINE: Final = ("gain", "delta_e00", "cf", "delta_cf_of_means", "ssim", "auc_rebalanced", "ab_js")
"""Measures of the main table, where they were taken; all others stand in the table after it."""

GROUPS: Final[Mapping[str, str]] = {
    "baseline": "know nothing, or one colour of the references",
    "same references": "learned from the same reference pictures, and from nothing else that we chose",
    "pretrained": "bring weights trained elsewhere, perhaps on more of the same kind",
    "precomputed": "pictures that somebody else computed",
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
"""Mean |ΔL*| between output and grey input that rounding to 8 bits cannot explain: alone it makes 0.04 to 0.16."""

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

    Parameters
    ----------
    points : {method: (CF, gain)}
        Points that are not finite are left out. Of two that are equal in both, both stay. Give only methods measured
        on the same pictures (`find_complete`): a mean over fewer may be better because they are easier.
    truth_cf : float
        Colourfulness beyond it is as far from the truth as colourfulness short of it.

    Returns
    -------
    list of names
        From the nearest to the truth to the farthest, that is by rising gain.
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


def list_quality_columns(results: Results) -> list[Column]:
    """The measures that stand beside time and memory: ΔE00 and CF, where they were taken."""
    return [column for column in list_columns(results) if column.key in BESIDE_COST]


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
