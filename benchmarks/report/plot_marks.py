"""The marks of the report's plots: where they stand, how they look, and their legend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from benchmarks.report.tables import GROUPS, by_method_and_metric, find_complete, find_pareto_front, title_of
from benchmarks.runs.results import MethodRecord, Results

MARKERS: Final = ("D", "o", "s", "^")
"""Shapes of the groups, so that colour is not the only mark."""
OURS_MARKER: Final = "*"

SHAPES: Final[Mapping[str, str]] = {
    "D": "M0 -9 L9 0 L0 9 L-9 0 Z",
    "o": "M-8 0 A8 8 0 1 0 8 0 A8 8 0 1 0 -8 0 Z",
    "s": "M-7 -7 H7 V7 H-7 Z",
    "^": "M0 -8 L8.5 7 H-8.5 Z",
    "*": "M0 -10 L2.4 -3.1 L9.5 -3.1 L3.8 1.2 L5.9 8.1 L0 3.9 L-5.9 8.1 L-3.8 1.2 L-9.5 -3.1 L-2.4 -3.1 Z",
}
"""Outlines of the markers in the legend, within -10..10."""

SIDES: Final[Mapping[str, float]] = {"D": 0.89, "o": 1.0, "s": 0.89, "^": 1.25, "*": 1.67}
"""Marker sizes at which matplotlib's shapes have one area, that of the circle."""

LONGEST_LABEL: Final = 26

LARGEST: Final = 2.2
LEAST: Final = 0.4
"""Side of the mark with the most memory, and the least side of any, by that of a usual one."""

FASTEST: Final = 1e-4
"""Seconds a picture that the axis begins with: less is not told apart from nothing."""


@dataclass(frozen=True)
class Mark:
    """A method on a plot: centre, the ends of its error bars (nan where there is none), and its side (1: usual)."""

    name: str
    label: str
    ink: str
    marker: str
    x: float
    y: float
    x_ends: tuple[float, float] = (math.nan, math.nan)
    y_ends: tuple[float, float] = (math.nan, math.nan)
    filled: bool = True
    side: float = 1.0


def style_of(results: Results, method: MethodRecord) -> tuple[str, str]:
    """(ink, marker) of a method: those of its group, and ours its own."""
    if method.name == results.ours:
        return "ours", OURS_MARKER
    index = list(GROUPS).index(method.group) if method.group in GROUPS else len(GROUPS) - 1
    return f"group-{index}", MARKERS[index]


def find_gain_marks(results: Results) -> list[Mark]:
    """PSNR gain against CF, a mark a method with both; those on the Pareto front are filled.

    A method measured on fewer pictures than the most is hollow and beats nobody: its pictures may be the easy ones.
    """
    marks = _marks(results, "cf", "gain")
    complete = find_complete(results, "cf") & find_complete(results, "gain")
    points = {mark.name: (mark.x, mark.y) for mark in marks if mark.name in complete}
    front = find_pareto_front(points, results.truth_cf)
    return [replace(mark, filled=mark.name in front) for mark in marks]


def find_time_marks(results: Results) -> list[Mark]:
    """Mean ΔE00 against seconds a picture, a mark a method with both; its area is its peak memory a picture.

    Where the memory is unknown the mark is hollow and of the usual size.
    """
    summaries = by_method_and_metric(results)
    most = max((method.picture_memory for method in results.methods), default=0)
    marks = []
    for method in results.methods:
        summary = summaries.get((method.name, "delta_e00"))
        if summary and math.isfinite(summary.mean) and math.isfinite(method.picture_seconds):
            ink, marker = style_of(results, method)
            seconds = max(method.picture_seconds, FASTEST)
            ends = (summary.low, summary.high)
            mark = Mark(method.name, _short(method), ink, marker, seconds, summary.mean, y_ends=ends)
            known = method.picture_memory > 0
            side = max(LEAST, LARGEST * math.sqrt(method.picture_memory / most)) if known else 1.0
            marks.append(replace(mark, filled=known, side=side))
    return marks


def build_key(results: Results) -> str:
    """What the points' shapes and colours stand for, as an HTML list: ours and the groups that are there."""
    groups = [group for group in GROUPS if any(m.group == group and m.name != results.ours for m in results.methods)]
    entries = [(title_of(results, results.ours), "ours", OURS_MARKER)] if results.ours else []
    entries += [(group, f"group-{(i := list(GROUPS).index(group))}", MARKERS[i]) for group in groups]
    items = "".join(
        f'<li><svg viewBox="-10 -10 20 20" aria-hidden="true"><path d="{SHAPES[marker]}" fill="var(--{ink})"></path>'
        f"</svg>{escape(text)}</li>"
        for text, ink, marker in entries
    )
    return f'<ul class="legend">{items}</ul>'


def _marks(results: Results, x: str, y: str) -> list[Mark]:
    """A mark for each method with finite means of both measures."""
    summaries = by_method_and_metric(results)
    marks = []
    for method in results.methods:
        first, second = summaries.get((method.name, x)), summaries.get((method.name, y))
        if first and second and math.isfinite(first.mean) and math.isfinite(second.mean):
            ink, marker = style_of(results, method)
            ends = (first.low, first.high), (second.low, second.high)
            marks.append(Mark(method.name, _short(method), ink, marker, first.mean, second.mean, *ends))
    return marks


def _short(method: MethodRecord) -> str:
    title = " ".join((method.title or method.name).split())
    return title if len(title) <= LONGEST_LABEL else title[: LONGEST_LABEL - 1].rstrip() + "…"
