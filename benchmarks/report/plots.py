"""Plots of a report as SVG images on a white card: quality against colourfulness, against time, along a film."""

from __future__ import annotations

import base64
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from benchmarks.report.tables import GROUPS, by_method_and_metric, find_complete, find_pareto_front, name_beside
from benchmarks.runs.results import MethodRecord, Results
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INSTALL: Final = "pip install matplotlib"
MARKERS: Final = ("D", "o", "s", "^")
"""Shapes of the groups, so that colour is not the only mark."""
OURS_MARKER: Final = "*"
LONGEST_LABEL: Final = 34
USUAL: Final = 55.0
"""Area of a mark in square points."""
LARGEST: Final = 4.8
LEAST: Final = 0.16
"""Area of the mark with the most memory, and the least area of any, by that of a usual one."""
FASTEST: Final = 1e-4
"""Seconds a picture that the axis begins with: less is not told apart from nothing."""
STYLE: Final[Any] = {
    "figure.figsize": (11, 5.6),
    "figure.constrained_layout.use": True,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e2dfd8",
    "legend.frameon": False,
    "svg.hashsalt": "featcolor",
    "text.parse_math": False,  # a title may hold any sign
}


@dataclass(frozen=True)
class Mark:
    """A method on a plot: centre, the ends of its error bars (nan where there is none), and its area (1: usual)."""

    name: str
    label: str
    marker: str
    x: float
    y: float
    x_ends: tuple[float, float] = (math.nan, math.nan)
    y_ends: tuple[float, float] = (math.nan, math.nan)
    filled: bool = True
    area: float = 1.0


def plot_gain_against_colourfulness(results: Results) -> str:
    """PSNR gain against colourfulness with intervals, curves, the truth's CF and the Pareto front, as HTML.

    Methods on the front are filled, all others hollow. Curves are each method's with its chroma multiplied.

    Raises UsageError where matplotlib is missing.
    """
    marks = find_gain_marks(results)

    def draw(axes: Axes) -> None:
        axes.set_ylabel("PSNR gain over grey, dB")
        axes.set_xlabel("colourfulness CF")
        axes.axhline(0, color="#b5b1a8", linewidth=1)
        inks = _draw_marks(axes, marks)
        limits = axes.get_xlim(), axes.get_ylim()  # curves may leave the frame
        for method, points in results.curves.items():
            if method in inks and len(points) > 1:
                axes.plot([p.cf for p in points], [p.gain for p in points], color=inks[method], linewidth=1, alpha=0.45)
        if math.isfinite(results.truth_cf):
            axes.axvline(results.truth_cf, color="#6b6862", linestyle=":", label=f"truth, CF {results.truth_cf:.1f}")
            front = sorted((m for m in marks if m.filled), key=lambda mark: -abs(mark.x - results.truth_cf))
            corners = [(mark.x, mark.y) for mark in front[:1]]
            for before, mark in pairwise(front):
                corners += [(before.x, mark.y), (mark.x, mark.y)]
            axes.plot(
                *zip(*corners, strict=True) if corners else ([], []), color="#1d1c1a", linestyle="--", linewidth=1
            )
        axes.set_xlim(min(limits[0][0], results.truth_cf), max(limits[0][1], results.truth_cf + 1))
        axes.set_ylim(*limits[1])

    return render_plot(draw, "PSNR gain against colourfulness, a point a method")


def plot_quality_against_time(results: Results) -> str:
    """Mean ΔE00 against seconds a picture (logarithmic), as HTML; a mark's area is its memory.

    Methods without a time are left out.

    Raises UsageError where matplotlib is missing.
    """

    def draw(axes: Axes) -> None:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_ylabel("mean ΔE00: lower is nearer to the truth")
        axes.set_xlabel("seconds a picture")
        marks = find_time_marks(results)
        _draw_marks(axes, marks)
        if seconds := [mark.x for mark in marks]:
            axes.set_xlim(min(seconds) / 2, max(seconds) * 2)

    return render_plot(draw, "Colour difference against seconds a picture, a point a method")


def plot_curves(curves: Mapping[str, Sequence[float]], x_label: str, y_label: str, text: str) -> str:
    """A line a method over 0, 1, 2 ..., as HTML; UsageError where matplotlib is missing."""

    def draw(axes: Axes) -> None:
        for index, (name, values) in enumerate(curves.items()):
            width = 2.2 if name.startswith("ours") else 1.4
            axes.plot(values, ("-", "--", ":", "-.")[index % 4], color=f"C{index}", linewidth=width, label=name)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)

    return render_plot(draw, text)


def find_gain_marks(results: Results) -> list[Mark]:
    """PSNR gain against CF, a mark a method with both; those on the Pareto front are filled.

    A method measured on fewer pictures than the most is hollow and beats nobody: its pictures may be the easy ones.
    """
    summaries = by_method_and_metric(results)
    marks = []
    for method in results.methods:
        cf, gain = (summaries.get((method.name, key)) for key in ("cf", "gain"))
        if cf and gain and math.isfinite(cf.mean + gain.mean):
            ends = (cf.low, cf.high), (gain.low, gain.high)
            names = method.name, _label(results, method), _marker(results, method)
            marks.append(Mark(*names, cf.mean, gain.mean, *ends))
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
        delta, memory = summaries.get((method.name, "delta_e00")), method.picture_memory
        if delta and math.isfinite(delta.mean + method.picture_seconds):
            names = method.name, _label(results, method), _marker(results, method)
            seconds = max(method.picture_seconds, FASTEST)
            mark = Mark(*names, seconds, delta.mean, y_ends=(delta.low, delta.high))
            marks.append(replace(mark, filled=memory > 0, area=max(LEAST, LARGEST * memory / most) if memory else 1.0))
    return marks


def render_plot(draw: Callable[[Axes], None], text: str) -> str:
    """What `draw` puts on empty axes, its legend at the right, as an `img`; `text` says what it shows.

    Raises UsageError where matplotlib is missing.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(f"plots need matplotlib: {INSTALL}") from error
    stream = BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # as above
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure = Figure()
        axes = figure.add_subplot()
        draw(axes)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        figure.savefig(stream, format="svg", metadata={"Date": None})
    code = base64.b64encode(stream.getvalue()).decode()
    return f'<img class="plot" loading="lazy" alt="{escape(text)}" src="data:image/svg+xml;base64,{code}">'


def _draw_marks(axes: Axes, marks: Sequence[Mark]) -> dict[str, str]:
    """Error bars and points with their names for the legend; returns each method's colour."""
    inks = {mark.name: f"C{index % 10}" for index, mark in enumerate(marks)}
    for mark in marks:
        ink, ours = inks[mark.name], mark.marker == OURS_MARKER
        for ends, across in ((mark.x_ends, True), (mark.y_ends, False)):
            if all(map(math.isfinite, ends)):
                places = (ends, (mark.y, mark.y)) if across else ((mark.x, mark.x), ends)
                axes.plot(*places, color=ink, linewidth=1.1, alpha=0.6)
        axes.scatter(
            *(mark.x, mark.y, USUAL * mark.area * (3 if ours else 1)),
            marker=mark.marker,
            facecolor=ink if mark.filled else "white",
            edgecolor=ink,
            linewidth=1.5,
            label=mark.label,
            zorder=4 if ours else 3,
        )
    return inks


def _marker(results: Results, method: MethodRecord) -> str:
    if method.name == results.ours:
        return OURS_MARKER
    return MARKERS[list(GROUPS).index(method.group) if method.group in GROUPS else len(GROUPS) - 1]


def _label(results: Results, method: MethodRecord) -> str:
    beside = name_beside(results, method)
    title = " ".join(f"{method.title or method.name}{f' ({beside})' if beside else ''}".split()).lstrip("_")
    return title if len(title) <= LONGEST_LABEL else title[: LONGEST_LABEL - 1].rstrip() + "…"
