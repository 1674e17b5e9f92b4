"""A benchmark's report as one HTML page that asks nothing of the network, and as Markdown, from the same sections."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any, Final

from benchmarks.report.plots import plot_gain_against_colourfulness, plot_quality_against_time
from benchmarks.report.render import Cell, Head, Html, Row, Section, Table, plain, render_html, render_markdown
from benchmarks.report.tables import (
    GREYISH,
    GROUPS,
    LIGHTNESS_TOLERANCE,
    build_comparison_tables,
    build_cost_table,
    build_definitions,
    build_score_tables,
    build_source_tables,
    compare_by_metric,
    describe_metric,
    find_leaked,
    judge,
    shifted_lightness,
    show_fact,
    title_of,
)
from benchmarks.runs.results import Results
from featcolor.errors import UsageError
from featcolor.pages import ARTICLE, POLICY, build_document, build_header, grouped

HERE: Final = Path(__file__).parent

LEFT_OUT_SHOWN: Final = 200
"""Pictures left out that the page names; it counts all, and `report.json` names all."""

FILES: Final = {
    "results.csv": "every picture",
    "summary.csv": "means and intervals",
    "comparisons.csv": "ours and each rival",
    "curves.csv": "chroma multiplied",
    "by_source.csv": "means by source",
    "report.json": "all of it",
    "report.md": "tables as text",
    "contact-sheet.jpg": "the pictures",
}
"""What the report's files hold."""

_POLICY: Final = f"{POLICY}; script-src 'unsafe-inline'"


def build_page(results: Results, pictures: str, files: Iterable[str]) -> str:
    """The page as HTML.

    Parameters
    ----------
    pictures : the section of the contact sheet as HTML, or empty.
    files : what lies beside the page, names of `FILES`.
    """
    links = "".join(f'<dt><a href="{name}">{name}</a></dt><dd>{FILES[name]}</dd>' for name in files)
    beside = Html(f'<h3>Files beside this page</h3><dl class="record">{links}</dl>')
    body, linked = "", ""
    for section in list_sections(results):
        if section.name == "making":
            section = replace(section, parts=[*section.parts, beside])
            body += pictures
            linked += '<a href="#pictures">Pictures</a>' if pictures else ""
        body += render_html(section)
        linked += f'<a href="#{section.name}">{escape(section.title)}</a>'
    script = f"<script>{(HERE / 'report.js').read_text(encoding='utf-8')}</script>"
    header = _header(results, f'<nav aria-label="Sections">{linked}</nav>')
    return build_document(results.title, f"{header}{body}{script}", ARTICLE, HERE / "report.css", policy=_POLICY)


def build_markdown(results: Results) -> str:
    """All sections but plots and pictures."""
    leaked = find_leaked(results)
    parts = [
        f"# {plain(results.title)}",
        f"{len(results.pictures)} pictures, mean colourfulness of the truth {results.truth_cf:.1f}.",
        f"> **Leaks.** {plain(leaked)}" if leaked else "",
        *map(render_markdown, list_sections(results)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def list_sections(results: Results) -> list[Section]:
    """The sections that these results have something for, in order."""
    ours = plain(title_of(results, results.ours))
    sections = [Section("How to read this", "", [_reading()], "reading")]
    text = "Bold or marked is the best of a column. A failed method says why."
    sections.append(Section("Scores", text, build_score_tables(results), "scores"))
    text = (
        "PSNR gain over the exact grey picture against colourfulness. Up is nearer to the truth; a method far left of "
        "the dotted line has paid for its height with colour."
    )
    note = (
        "The dotted line is the truth’s colourfulness. Filled points are on the Pareto front (dashed): no other method "
        "is both nearer to the truth’s colourfulness and higher. Hollow ones are beaten by another, or were measured "
        "on fewer pictures than others and so beat nobody. A faint line is a method with its chroma multiplied: at any "
        "one colourfulness, the higher line is the better method. Bars are 95 % intervals."
    )
    sections.append(Section("Grey or right", text, [_figure(results, plot_gain_against_colourfulness, note)], "grey"))
    if results.comparisons:
        text = (
            f"The chroma of {ours} is multiplied so that its mean CF equals the rival’s, then both are compared "
            "picture by picture. Better or worse is said only where the whole interval of the difference lies on one "
            "side of 0. The interval is conditional on the factor, which is chosen on the same pictures: it does not "
            "count how the factor itself would vary with them."
        )
        sections.append(Section("At matched colourfulness", text, build_comparison_tables(results), "matched"))
    if results.by_source:
        text = "Pictures by the first folder that tells them apart; CF is to be read beside the truth’s."
        sections.append(Section("By source", text, build_source_tables(results), "sources"))
    text = (
        "Memory of a fit is that of the method’s process and its largest worker. Methods that fit nothing, or whose "
        "outputs were computed elsewhere, have dashes."
    )
    note = (
        "Lower left is fast and near to the truth. The area of a mark is the method’s peak memory a picture; hollow "
        "marks have none that is known. Bars are 95 % intervals."
    )
    timed = replace(results, methods=[m for m in results.methods if math.isfinite(m.picture_seconds)])
    figure = [_figure(timed, plot_quality_against_time, note)] if timed.methods else []
    sections.append(Section("Time and memory", text, [*figure, build_cost_table(results)], "cost"))
    return [*sections, *_warnings(results), *_left_out(results), *_making(results)]


def _reading() -> list[str]:
    groups = "; ".join(f"**{name}** methods {knows}" for name, knows in GROUPS.items())
    return [
        "Each test picture is made grey, coloured by every method, and measured against itself in colour. Numbers are "
        "means over pictures, with the central 95 % of a bootstrap over pictures. Some measures belong to the whole "
        "set, such as FID and those of film, and may have no interval.",
        "PSNR rewards timid colour: the safest guess is nearly grey. So read gain or ΔE00 always together with "
        "colourfulness CF, which should come near the truth’s.",
        "The best of a column is the best among methods measured on all pictures whose CF is at least "
        f"{100 * GREYISH:.0f} % of the truth’s. Nobody is best by being grey.",
        "Two methods differ only where the interval of their paired difference leaves 0. Intervals of two means may "
        "overlap and the methods still differ; see the comparison at matched colourfulness.",
        f"Methods know different things: {groups}.",
    ]


def _figure(results: Results, plot: Callable[[Results], str], note: str) -> Html:
    """A plot with its note; without matplotlib, what to install."""
    try:
        drawing = plot(results)
    except UsageError as error:
        return Html(f'<p class="note">{escape(str(error)).capitalize()}. The numbers are in the tables.</p>')
    return Html(f'<figure>{drawing}<figcaption class="note">{note}</figcaption></figure>')


def _warnings(results: Results) -> list[Section]:
    """Shifted lightness and failures."""
    points = [
        f"**{plain(m.title or m.name)}**: lightness is {m.lightness_deviation:.2f} L\\* from the input’s, mean, more "
        f"than {LIGHTNESS_TOLERANCE}. That counts against it in PSNR, SSIM and ΔE00; it might look better with "
        "the input’s lightness put back."
        for m in shifted_lightness(results)
    ]
    points += [f"**{plain(m.title or m.name)}**: {plain(m.failure)}" for m in results.methods if m.failure]
    return [Section("Warnings", "", [points], "warnings")] if points else []


def _left_out(results: Results) -> list[Section]:
    if not results.left_out:
        return []
    shown = results.left_out[:LEFT_OUT_SHOWN]
    rest = len(results.left_out) - len(shown)
    counts = Counter(reason for _, reason in results.left_out).most_common(3)
    text = "; ".join(f"{count} × {plain(reason)}" for reason, count in counts)
    rows = [Row(name, [Cell(reason)]) for name, reason in shown]
    table = Table("Names", [Head("picture"), Head("reason")], rows, folded=True)
    more = [[f"And {rest} more, named in report.json."]] if rest else []
    return [Section(f"Left out: {len(results.left_out)} pictures", text, [table, *more], "left-out")]


def _making(results: Results) -> list[Section]:
    settings = {
        method.name: (method.title or method.name) + (f": {show_fact(method.settings)}" if method.settings else "")
        for method in results.methods
    }
    parts = [_facts(results.data), _facts(results.environment), settings]
    return [
        Section("How it was made", "Data, run, and the settings of every method.", parts, "making"),
        Section("Definitions", "", [build_definitions(results)], "definitions"),
    ]


def _facts(facts: Mapping[str, Any]) -> dict[str, str]:
    return {str(key).replace("_", " "): show_fact(value) for key, value in facts.items()}


def _header(results: Results, links: str) -> str:
    left_out = f"; {len(results.left_out)} left out" if results.left_out else ""
    failed = sum(bool(method.failure) for method in results.methods)
    facts = [
        (grouped(len(results.pictures)), f"test pictures, each the same for every method{left_out}"),
        (str(len(results.methods)), "methods" + (f", {failed} with failures" if failed else "")),
    ]
    if isinstance(references := results.data.get("references"), int):
        facts.append((grouped(references), "reference pictures to learn from"))
    if math.isfinite(results.truth_cf):
        facts.append((f"{results.truth_cf:.1f}", "colourfulness CF of the truth, mean"))
    named = (("set", "Test set "), ("layout", "layout "), ("protocol", "protocol "))
    shown = [f"{word}{show_fact(results.data[key])}" for key, word in named if results.data.get(key)]
    protocol = f'<p class="protocol">{escape("; ".join(shown))}.</p>' if shown else ""
    leaked = find_leaked(results)
    alarm = f'<p class="alarm" role="note"><b>Leaks.</b> {escape(leaked)}</p>' if leaked else ""
    return build_header("Benchmark", results.title, alarm + _verdict(results) + protocol, facts, links)


def _verdict(results: Results) -> str:
    """One sentence that counts the comparisons by the first measure that were matched in colourfulness."""
    for key, comparisons in compare_by_metric(results).items():
        counts = Counter(judge(c) for c in comparisons if c.matched)
        total = sum(counts.values())
        rest = len(comparisons) - total
        if total:
            ours = escape(title_of(results, comparisons[0].ours))
            return (
                f'<p class="lead">At each rival’s own colourfulness, {ours} is '
                f"better by {escape(describe_metric(key).title)} than <b>{counts['better']} of {total}</b>, worse than "
                f"<b>{counts['worse']}</b>, and not told apart from "
                f"<b>{counts['not told apart'] + counts['no interval']}</b>."
                f"{f' {rest} more could not be matched in colourfulness.' if rest else ''}</p>"
            )
    return ""
