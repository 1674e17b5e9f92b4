"""A plot with logarithmic axes as SVG that stands in an HTML page and takes its colours from the page's style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, TypeAlias

from benchmarks.speed.tables import Series

Place: TypeAlias = Callable[[float, float], tuple[float, float]]

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 12, 46
"""Room for the axes' labels, in units of the drawing."""
MARKERS: Final = ("circle", "square", "diamond", "triangle")
"""Curves differ by more than colour."""
STEPS: Final = (1, 2, 5)
"""Tick marks of a decade."""
MARKER_SIZE = 4.5


def draw_growth(series: Sequence[Series], x_label: str, y_label: str) -> str:
    """Curves of positive values over positive values, both axes logarithmic, with their legend below."""
    xs = sorted({x for curve in series for x, _ in curve.points})
    y_ticks = ticks_around([y for curve in series for _, y in curve.points])
    x_span, y_span = (log10(xs[0]), log10(xs[-1])), (log10(y_ticks[0]), log10(y_ticks[-1]))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - x_span[0]) / (x_span[1] - x_span[0])
        up = (log10(y) - y_span[0]) / (y_span[1] - y_span[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [_axes(xs, y_ticks, place, x_label, y_label)]
    for number, curve in enumerate(series):
        points = [place(x, y) for x, y in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        titles = [f"{curve.title}: {x:g} → {y:.3g}" for x, y in curve.points]
        marks = "".join(_mark(number, *point, title) for point, title in zip(points, titles, strict=True))
        parts.append(f'<g class="s{number % len(MARKERS)}"><polyline points="{line}"/>{marks}</g>')
    drawing = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{y_label} by {x_label}")}">'
        f"{''.join(parts)}</svg>"
    )
    return f"<div class=chart>{drawing}{_legend(series)}</div>"


def ticks_around(values: Sequence[float]) -> list[float]:
    """1, 2 and 5 times powers of ten, just wide enough to hold all values.

    >>> ticks_around([0.03, 0.4])
    [0.02, 0.05, 0.1, 0.2, 0.5]
    """
    low, high = min(values), max(values)
    decades = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    every = [float(f"{step}e{decade}") for decade in decades for step in STEPS]
    first = max(i for i, tick in enumerate(every) if tick <= low)
    last = min(i for i, tick in enumerate(every) if tick >= high and i > first)
    return every[first : last + 1]


def _axes(xs: Sequence[float], ys: Sequence[float], place: Place, x_label: str, y_label: str) -> str:
    floor_y = place(xs[0], ys[0])[1]
    lines = []
    for y in ys:
        _, at = place(xs[0], y)
        lines.append(
            f'<line class=grid x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class=y x="{LEFT - 8}" y="{at + 4:.1f}">{y:g}</text>'
        )
    for x in xs:
        at, _ = place(x, ys[0])
        lines.append(
            f'<line class=grid x1="{at:.1f}" x2="{at:.1f}" y1="{floor_y:.1f}" y2="{floor_y + 5:.1f}"/>'
            f'<text class=x x="{at:.1f}" y="{floor_y + 20:.1f}">{x:g}</text>'
        )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    lines.append(
        f'<text class=x x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">{escape(x_label)}</text>'
        f'<text class=x x="14" y="{middle}" transform="rotate(-90 14 {middle})">{escape(y_label)}</text>'
    )
    return "".join(lines)


def _mark(number: int, x: float, y: float, title: str = "") -> str:
    size, kind = MARKER_SIZE, MARKERS[number % len(MARKERS)]
    inner = f"<title>{escape(title)}</title>" if title else ""
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}">{inner}</circle>'
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.2), (1.2, 1), (-1.2, 1)),
    }[kind]
    points = " ".join(f"{x + dx * size:.1f},{y + dy * size:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}">{inner}</polygon>'


def _legend(series: Sequence[Series]) -> str:
    entries = "".join(
        f'<li><svg viewBox="0 0 34 14" aria-hidden=true><g class="s{number % len(MARKERS)}">'
        f'<polyline points="0,7 34,7"/>{_mark(number, 17, 7)}</g></svg>{escape(curve.title)}</li>'
        for number, curve in enumerate(series)
    )
    return f"<ul class=legend>{entries}</ul>"
