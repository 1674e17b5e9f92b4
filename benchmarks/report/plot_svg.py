"""Drawings of matplotlib's as SVG that stands within an HTML page and takes its colours from the page's style sheet."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Final

from featcolor.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INSTALL: Final = "pip install matplotlib"

INKS: Final[Mapping[str, str]] = {
    "ink": "#010101",
    "soft": "#020202",
    "line": "#030303",
    "card": "#040404",
    "ours": "#050505",
    "group-0": "#060606",
    "group-1": "#070707",
    "group-2": "#080808",
    "group-3": "#090909",
}
"""Custom properties of the page, and the colour that stands for each in the drawing until it is replaced."""

PIXELS_AN_INCH: Final = 72
"""At 72, matplotlib's points are the drawing's pixels."""


@dataclass(frozen=True)
class Size:
    """Width, height, text and marker size of a drawing in pixels; `name` is part of its ids and its CSS class."""

    name: str
    width: int
    height: int
    text: float
    marker: float


SIZES: Final = (Size("wide", 1040, 560, 13.5, 9.0), Size("narrow", 460, 520, 12.0, 8.0))
"""The page shows one of the two, by the width of the window."""


def render_plot(draw: Callable[[Axes, Size], None], name: str, title: str) -> str:
    """Both sizes of a plot as SVG elements.

    Parameters
    ----------
    draw : callable
        Draws on axes that are there already, of a figure of the size given.
    name : str
        Begins the drawing's ids.
    title : str
        What the plot shows, for those who do not see it.

    Raises
    ------
    UsageError
        Where matplotlib is missing.
    """
    with _matplotlib() as figure_class:
        return "".join(_render_one(figure_class, draw, name, title, size) for size in SIZES)


def _render_one(
    figure_class: type[Figure], draw: Callable[[Axes, Size], None], name: str, title: str, size: Size
) -> str:
    import matplotlib as mpl

    mpl.rcParams["font.size"] = size.text
    inches = (size.width / PIXELS_AN_INCH, size.height / PIXELS_AN_INCH)
    figure = figure_class(figsize=inches, dpi=PIXELS_AN_INCH)
    left, bottom = 5 * size.text, 4.2 * size.text
    axes = figure.add_axes(
        (left / size.width, bottom / size.height, 1 - (left + 14) / size.width, 1 - (bottom + 12) / size.height)
    )
    axes.grid(color=INKS["line"], linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0, colors=INKS["soft"], pad=6)
    axes.spines[:].set_visible(False)
    axes.xaxis.label.set_color(INKS["soft"])
    axes.yaxis.label.set_color(INKS["soft"])
    draw(axes, size)
    stream = StringIO()
    figure.savefig(
        stream, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    return adapt_svg(stream.getvalue(), f"{name}-{size.name}", title, css_class=f"plot {size.name}")


def adapt_svg(svg: str, name: str, title: str, *, css_class: str) -> str:
    """A drawing of matplotlib's as an element of an HTML page.

    Prologue, document type, namespaces and metadata go, so that no address is left in it; ids that are used become the
    page's own by the prefix `name`, others go; stand-in colours become the page's custom properties.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("xlink:href", "href")
    used = set(re.findall(r'href="#([^"]+)"', svg)) | set(re.findall(r"url\(#([^)]+)\)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    for variable, colour in INKS.items():
        svg = svg.replace(colour, f"var(--{variable})")
    svg = re.sub(r"font(-family)?: ([\d.]+px )?'[^;\"]*", lambda m: f"font-size: {m[2]}" if m[2] else "", svg)
    view = re.search(r'viewBox="[^"]+"', svg)
    assert view is not None, "matplotlib writes a viewBox"
    head = f'<svg class="{css_class}" {view[0]} role="img" aria-label="{escape(title)}">'
    body = svg[svg.index(">") + 1 :].strip()
    return re.sub(r"\n\s*", "\n", head + body)


@contextmanager
def _matplotlib() -> Iterator[type[Figure]]:
    """The class of figures, under settings of ours alone; no window, no state of pyplot's."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(f"plots need matplotlib: {INSTALL}") from error
    with mpl.rc_context(), warnings.catch_warnings():
        # A title may hold signs that matplotlib's own font lacks: it only measures them, the reader's browser draws.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "featcolor", "font.family": "DejaVu Sans"})
        yield Figure
