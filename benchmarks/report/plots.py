"""The plots of a benchmark report: quality against colourfulness, and against time."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.report.label_places import place_labels
from benchmarks.report.plot_marks import SIDES, Mark, find_gain_marks, find_time_marks, style_of
from benchmarks.report.plot_svg import INKS, SIZES, Size, render_plot
from benchmarks.runs.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAMPLE_STEP: Final = 4.0
"""Pixels between the places of a curve that labels avoid; closer on the front, which they avoid more."""
FRONT_STEP: Final = 1.0

CHARACTER: Final = 0.57
"""Width of a character by the text size, a mean of common sans serifs on the wide side."""

LINKED: Final = 18.0
"""Labels farther than this many pixels from their point get a hair line to it."""


def plot_gain_against_colourfulness(results: Results) -> str:
    """PSNR gain against colourfulness with intervals, curves, the truth's CF and the Pareto front, as SVG.

    Methods on the front are filled, all others hollow. Curves are each method's with its chroma multiplied.

    Raises
    ------
    UsageError
        Where matplotlib is missing.
    """
    marks = find_gain_marks(results)

    def draw(axes: Axes, size: Size) -> None:
        _set_limits(axes, marks, [results.truth_cf])
        axes.set_ylabel("PSNR gain over grey, dB", parse_math=False)
        axes.set_xlabel("colourfulness CF", parse_math=False)
        axes.axhline(0, color=INKS["line"], linewidth=1, zorder=1)
        soft = _draw_curves(axes, results, size)
        hard = []
        if math.isfinite(results.truth_cf):
            axes.axvline(results.truth_cf, color=INKS["soft"], linewidth=1.2, dashes=(1, 3), zorder=1.5)
            hard.append(_name_truth(axes, results.truth_cf, size))
            along = _draw_front(axes, [mark for mark in marks if mark.filled], results.truth_cf)
            soft = np.vstack([soft, along])
        _draw_marks(axes, marks, size, hard, soft)

    return render_plot(draw, "gain", "PSNR gain against colourfulness, a point a method")


def plot_quality_against_time(results: Results) -> str:
    """Mean ΔE00 against seconds a picture (logarithmic), as SVG; a mark's area is its memory.

    Methods without a time are left out.

    Raises
    ------
    UsageError
        Where matplotlib is missing.
    """
    marks = find_time_marks(results)

    def draw(axes: Axes, size: Size) -> None:
        axes.set_xscale("log")
        _set_limits(axes, marks, [])
        axes.xaxis.set_major_formatter(lambda value, position: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, position: "")
        axes.set_ylabel("mean ΔE00: lower is nearer to the truth", parse_math=False)
        axes.set_xlabel("seconds a picture", parse_math=False)
        _draw_marks(axes, marks, size, [], np.zeros((0, 2)))

    return render_plot(draw, "time", "Colour difference against seconds a picture, a point a method")


def _set_limits(axes: Axes, marks: list[Mark], more_x: list[float]) -> None:
    """Room for every point and its error bars; curves may leave the frame."""
    for name, ends, more in (("x", "x_ends", more_x), ("y", "y_ends", [])):
        values = [v for m in marks for v in (getattr(m, name), *getattr(m, ends))] + more
        if name == "x" and axes.get_xscale() == "log":
            values = [math.log10(v) for v in values if v > 0]
        finite = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        room = 0.09 * (high - low) or 0.5
        limits = (low - room, high + room)
        if name == "x" and axes.get_xscale() == "log":
            limits = (10 ** limits[0], 10 ** limits[1])
        (axes.set_xlim if name == "x" else axes.set_ylim)(*limits)


def _draw_curves(axes: Axes, results: Results, size: Size) -> NDArray[Any]:
    """Each method with its chroma multiplied as a faint line; returns pixels along them for labels to avoid."""
    pixels = [np.zeros((0, 2))]
    for method in results.methods:
        points = [(p.cf, p.gain) for p in results.curves.get(method.name, []) if math.isfinite(p.cf + p.gain)]
        if len(points) < 2:
            continue
        x, y = np.transpose(points)
        ink, _ = style_of(results, method)
        ours = method.name == results.ours
        axes.plot(x, y, color=INKS[ink], linewidth=1.8 if ours else 1, alpha=0.7 if ours else 0.35, zorder=2)
        # a small drawing has no room for labels off every curve
        step = SAMPLE_STEP * (1 if ours else SIZES[0].width / size.width)
        pixels.append(_sample(axes.transData.transform(np.column_stack([x, y])), step=step))
    return np.vstack(pixels)


def _draw_front(axes: Axes, front: list[Mark], truth_cf: float) -> NDArray[np.float64]:
    """Steps from the highest method of the front to the one nearest to the truth; returns pixels along them."""
    if not front:
        return np.zeros((0, 2))
    ranked = sorted(front, key=lambda mark: -abs(mark.x - truth_cf))
    corners = [(axes.get_xlim()[int(ranked[0].x > truth_cf)], ranked[0].y), (ranked[0].x, ranked[0].y)]
    for before, mark in pairwise(ranked):
        corners += [(before.x, mark.y), (mark.x, mark.y)]
    axes.plot(*np.transpose(corners), color=INKS["ink"], linewidth=1.3, linestyle=(0, (4, 3)), alpha=0.75, zorder=2.5)
    return _sample(axes.transData.transform(corners), step=FRONT_STEP)


def _sample(corners: NDArray[np.float64], *, step: float) -> NDArray[np.float64]:
    """Points along a line of pixels, `step` apart."""
    if len(corners) < 2:
        return np.zeros((0, 2))
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    at = np.arange(0, length[-1], step)
    return np.column_stack([np.interp(at, length, corners[:, axis]) for axis in (0, 1)])


def _name_truth(axes: Axes, truth_cf: float, size: Size) -> list[float]:
    """Name the line of the truth at its foot; returns the box that the name takes."""
    x, _ = axes.transData.transform((truth_cf, 0))
    box = axes.get_window_extent()
    text = f"truth {truth_cf:.1f}"
    width = _text_width(text, size)
    side = -1 if x + width + 8 > box.x1 else 1
    axes.annotate(
        text,
        (x + side * 6, box.y0 + 7),
        xycoords="figure pixels",
        color=INKS["soft"],
        ha="left" if side > 0 else "right",
        parse_math=False,
    )
    edges = sorted((x, x + side * (width + 8)))
    return [edges[0], box.y0, edges[1], box.y0 + 1.8 * size.text]


def _draw_marks(axes: Axes, marks: list[Mark], size: Size, hard: list[list[float]], soft: NDArray[Any]) -> None:
    """Error bars, points and their labels; ours is placed first."""
    if not marks:
        return
    marks = sorted(marks, key=lambda mark: mark.ink != "ours")
    for mark in marks:
        colour = INKS[mark.ink]
        for ends, line in ((mark.x_ends, axes.hlines), (mark.y_ends, axes.vlines)):
            if all(map(math.isfinite, ends)):
                line(mark.y if line == axes.hlines else mark.x, *ends, color=colour, linewidth=1.1, alpha=0.6, zorder=3)
        axes.plot(
            *([mark.x], [mark.y]),
            marker=mark.marker,
            markersize=size.marker * mark.side * SIDES[mark.marker],
            markerfacecolor=colour if mark.filled else INKS["card"],
            markeredgecolor=colour,
            markeredgewidth=1.6,
            zorder=5 if mark.ink == "ours" else 4,
        )
    points = axes.transData.transform([(mark.x, mark.y) for mark in marks])
    half = 0.75 * size.marker * np.array([[mark.side] for mark in marks])
    boxes = np.hstack([points - half, points + half]).tolist() + hard + _bars(axes, marks)
    sizes = np.array([(_text_width(mark.label, size), 1.25 * size.text) for mark in marks])
    frame = axes.get_window_extent()
    bounds = (frame.x0 + 4, frame.y0 + 4, frame.x1 - 4, frame.y1 - 4)
    centres = place_labels(points, sizes, bounds, hard=np.array(boxes), soft=soft)
    for mark, point, centre, extent in zip(marks, points, centres, sizes, strict=True):
        _draw_label(axes, mark, point, centre, extent)


def _bars(axes: Axes, marks: list[Mark]) -> list[list[float]]:
    """Boxes of the error bars, three pixels thick."""
    boxes = []
    for mark in marks:
        for ends in ([(x, mark.y) for x in mark.x_ends], [(mark.x, y) for y in mark.y_ends]):
            if np.isfinite(ends).all():
                corners = axes.transData.transform(ends)
                boxes.append([*(corners.min(axis=0) - 1.5), *(corners.max(axis=0) + 1.5)])
    return boxes


def _draw_label(axes: Axes, mark: Mark, point: NDArray[Any], centre: NDArray[Any], extent: NDArray[Any]) -> None:
    """The label, and a hair line to its point where that is not beside it."""
    nearest = np.clip(point, centre - extent / 2, centre + extent / 2)
    if np.hypot(*(nearest - point)) > LINKED:
        line = axes.transData.inverted().transform([point, nearest])
        axes.plot(*line.T, color=INKS["soft"], linewidth=0.7, alpha=0.8, zorder=2.8)
    # the end towards the point is kept in its place: the reader's font may be narrower than the room
    side = int(np.sign(np.round((nearest - point)[0])))
    axes.annotate(
        mark.label,
        (centre[0] - side * extent[0] / 2, centre[1]),
        xycoords="figure pixels",
        ha=("center", "left", "right")[side],
        va="center",
        color=INKS["ours" if mark.ink == "ours" else "ink"],
        weight="bold" if mark.ink == "ours" else "normal",
        parse_math=False,
        zorder=6,
    )


def _text_width(text: str, size: Size) -> float:
    """Room for a label: which font the reader has is not known here."""
    return CHARACTER * size.text * len(text) + 4
