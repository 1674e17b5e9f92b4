"""The report's page: one HTML file that holds its plots and pictures and asks nothing of the network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Final

from benchmarks.report.contact_sheet import Rgb, SheetRow
from benchmarks.report.html import (
    build_comparison_tables,
    build_cost_table,
    build_definitions,
    build_score_table,
    further_columns,
    headline_columns,
)
from benchmarks.report.pictures import build_pictures
from benchmarks.report.plot_marks import build_key
from benchmarks.report.plots import plot_gain_against_colourfulness, plot_quality_against_time
from benchmarks.report.tables import (
    GREYISH,
    GROUPS,
    LIGHTNESS_TOLERANCE,
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
from featcolor.pages import ARTICLE, POLICY, build_document, build_section

HERE: Final = Path(__file__).parent

LEFT_OUT_SHOWN: Final = 200
"""Pictures left out that the page names; it counts all, and `report.json` names all."""

LINKS: Final = {
    "scores": "Scores",
    "grey": "Grey or right",
    "matched": "Matched colourfulness",
    "cost": "Time",
    "pictures": "Pictures",
    "making": "How it was made",
    "definitions": "Definitions",
}
"""Sections that the top of the page leads to, where they are there."""

_FILES: Final = (
    ("results.csv", "every picture"),
    ("summary.csv", "means and intervals"),
    ("comparisons.csv", "ours and each rival"),
    ("curves.csv", "chroma multiplied"),
    ("report.json", "all of it"),
    ("report.md", "tables as text"),
)

_POLICY: Final = f"{POLICY}; script-src 'unsafe-inline'"


def build_page(results: Results, rows: Sequence[SheetRow], tiles: Mapping[tuple[str, str], Rgb]) -> str:
    """The page as HTML.

    Parameters
    ----------
    results : Results
    rows : sequence of SheetRow
        Pictures of the contact sheet, as `benchmarks.report.contact_sheet.choose_rows` finds them.
    tiles : {(method, picture): (h, w, 3) uint8}
        As `benchmarks.report.contact_sheet.gather_tiles` makes them.
    """
    sections = {
        "reading": _reading(results),
        "scores": _scores(results),
        "grey": _greyness(results),
        "matched": _comparisons(results),
        "cost": _costs(results),
        "warnings": _warnings(results),
        "pictures": build_pictures(results, rows, tiles),
        "left-out": _left_out(results),
        "making": _making(results, has_sheet=bool(tiles)),
        "definitions": build_section("Definitions", "", build_definitions(results), name="definitions"),
    }
    present = {name: content for name, content in sections.items() if content}
    script = f"<script>{(HERE / 'report.js').read_text(encoding='utf-8')}</script>"
    body = "\n".join([_header(results, present), *present.values(), script])
    return build_document(results.title, body, ARTICLE, HERE / "report.css", policy=_POLICY)


def _header(results: Results, present: Container[str]) -> str:
    left_out = f"; {len(results.left_out)} left out" if results.left_out else ""
    facts = [
        (f"{len(results.pictures):,}".replace(",", " "), f"test pictures, each the same for every method{left_out}"),
        (str(len(results.methods)), "methods" + (f", {failed} with failures" if (failed := _failed(results)) else "")),
    ]
    if isinstance(references := results.data.get("references"), int):
        facts.append((f"{references:,}".replace(",", " "), "reference pictures to learn from"))
    if math.isfinite(results.truth_cf):
        facts.append((f"{results.truth_cf:.1f}", "colourfulness CF of the truth, mean"))
    cells = "".join(f"<div><dt>{escape(value)}</dt><dd>{escape(text)}</dd></div>" for value, text in facts)
    named = (("set", "Test set "), ("layout", "layout "), ("protocol", "protocol "))
    shown = [f"{word}{show_fact(results.data[key])}" for key, word in named if results.data.get(key)]
    protocol = f'<p class="protocol">{escape("; ".join(shown))}.</p>' if shown else ""
    leaked = find_leaked(results)
    alarm = f'<p class="alarm" role="note"><b>Leaks.</b> {escape(leaked)}</p>' if leaked else ""
    return (
        f"<header><p class=kicker>Benchmark</p><h1>{escape(results.title)}</h1>{alarm}{_verdict(results)}{protocol}"
        f'<dl class="facts">{cells}</dl><nav aria-label="Sections">'
        + "".join(f'<a href="#{name}">{text}</a>' for name, text in LINKS.items() if name in present)
        + "</nav></header>"
    )


def _failed(results: Results) -> int:
    return sum(bool(method.failure) for method in results.methods)


def _verdict(results: Results) -> str:
    """One sentence that counts the comparisons by the first measure that were matched in colourfulness."""
    for key, comparisons in compare_by_metric(results).items():
        counts = Counter(judge(c) for c in comparisons if c.matched)
        total = sum(counts.values())
        rest = len(comparisons) - total
        if total:
            ours = escape(title_of(results, comparisons[0].ours))
            title = escape(describe_metric(key).title)
            return (
                f'<p class="lead">At each rival’s own colourfulness, {ours} is better by {title} than '
                f"<b>{counts['better']} of {total}</b>, worse than <b>{counts['worse']}</b>, and not told apart from "
                f"<b>{counts['not told apart'] + counts['no interval']}</b>."
                + (f" {rest} more could not be matched in colourfulness." if rest else "")
                + "</p>"
            )
    return ""


def _reading(results: Results) -> str:
    points = (
        "Each test picture is made grey, coloured by every method, and measured against itself in colour. Numbers are "
        "means over pictures; the small ones beneath bound the central 95&nbsp;% of a bootstrap over pictures. Some "
        "measures belong to the whole set, such as FID and those of film, and may have no interval.",
        "PSNR rewards timid colour: the safest guess is nearly grey. So read gain or ΔE00 always together with "
        "colourfulness CF, which should come near the truth’s.",
        f"<span class=best>Marked</span> is the best of a column, among methods measured on all pictures whose CF is "
        f"at least {100 * GREYISH:.0f}&nbsp;% of the truth’s. Nobody is best by being grey.",
        "Two methods differ only where the interval of their paired difference leaves 0. Intervals of two means may "
        "overlap and the methods still differ; see the comparison at matched colourfulness.",
        "Methods know different things: " + "; ".join(f"<b>{k}</b> {escape(v)}" for k, v in GROUPS.items()) + ".",
    )
    items = "".join(f"<li>{point}</li>" for point in points)
    return build_section("How to read this", "", f'<ul class="reading">{items}</ul>', name="reading")


def _scores(results: Results) -> str:
    table = build_score_table(results, headline_columns(results), "Means, with 95&nbsp;% intervals where there are any")
    further = further_columns(results)
    if further:
        more = build_score_table(results, further, "Further measures")
        table += f"<details><summary>{len(further)} further measures</summary>{more}</details>"
    return build_section("Scores", "A click on a column sorts it. A failed method says why.", table, name="scores")


def _greyness(results: Results) -> str:
    note = (
        "The dotted line is the truth’s colourfulness. Filled points are on the Pareto front (dashed): no other method "
        "is both nearer to the truth’s colourfulness and higher. Hollow ones are beaten by another, or were measured "
        "on fewer pictures than others and so beat nobody. A faint line is a method with its chroma multiplied: at any "
        "one colourfulness, the higher line is the better method. Bars are 95&nbsp;% intervals."
    )
    return build_section(
        "Nobody may look good by being grey",
        "PSNR gain over the exact grey picture against colourfulness. Up is nearer to the truth; a method far left of "
        "the dotted line has paid for its height with colour.",
        _figure(results, plot_gain_against_colourfulness, note),
        name="grey",
    )


def _figure(results: Results, plot: Callable[[Results], str], note: str) -> str:
    """A plot with its legend; without matplotlib, what to install."""
    try:
        drawing = plot(results)
    except UsageError as error:
        return f'<p class="note">{escape(str(error)).capitalize()}. The numbers are in the tables.</p>'
    return f'<figure>{drawing}<figcaption>{build_key(results)}<p class="note">{note}</p></figcaption></figure>'


def _comparisons(results: Results) -> str:
    if not results.comparisons:
        return ""
    return build_section(
        "At matched colourfulness",
        f"The chroma of {escape(title_of(results, results.ours))} is multiplied so that its mean CF equals the "
        "rival’s, then both are compared picture by picture. Better or worse is said only where the whole interval of "
        "the difference lies on one side of 0. The interval is conditional on the factor, which is chosen on the same "
        "pictures: it does not count how the factor itself would vary with them.",
        build_comparison_tables(results),
        name="matched",
    )


def _costs(results: Results) -> str:
    note = (
        "The area of a mark is the method’s peak memory a picture; hollow marks have none that is known. Bars are "
        "95&nbsp;% intervals. Methods whose outputs were computed elsewhere have no time and are not shown."
    )
    memory = (
        '<p class="note">Memory of a fit is that of the method’s process and its largest worker. Methods that fit '
        "nothing, or whose outputs were computed elsewhere, have dashes.</p>"
    )
    timed = replace(results, methods=[m for m in results.methods if math.isfinite(m.picture_seconds)])
    return build_section(
        "Time and memory beside quality",
        "Lower left is fast and near to the truth. The axis of time is logarithmic.",
        (_figure(timed, plot_quality_against_time, note) if timed.methods else "") + build_cost_table(results) + memory,
        name="cost",
    )


def _warnings(results: Results) -> str:
    """Shifted lightness and failures; empty where there are none."""
    parts = ""
    shifted = shifted_lightness(results)
    if shifted:
        items = "".join(
            f"<li>{escape(m.title or m.name)}: {m.lightness_deviation:.2f} L* from the input, mean.</li>"
            for m in shifted
        )
        parts += (
            f'<h3>Lightness shifted</h3><p class="intro">These outputs differ in lightness from the grey input by more '
            f"than {LIGHTNESS_TOLERANCE} L* (of 100). That counts against them in PSNR, SSIM and ΔE00; some would look "
            f'better with the input’s lightness put back.</p><ul class="warnings">{items}</ul>'
        )
    failures = [method for method in results.methods if method.failure]
    if failures:
        items = "".join(f"<li><b>{escape(m.title or m.name)}</b>: {escape(m.failure)}</li>" for m in failures)
        parts += f'<h3>Failures</h3><ul class="warnings">{items}</ul>'
    return build_section("Warnings", "", parts, name="warnings") if parts else ""


def _left_out(results: Results) -> str:
    if not results.left_out:
        return ""
    shown = results.left_out[:LEFT_OUT_SHOWN]
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in shown)
    rest = len(results.left_out) - len(shown)
    more = f'<p class="note">And {rest} more, named in report.json.</p>' if rest else ""
    counts = Counter(reason for _, reason in results.left_out).most_common(3)
    text = "; ".join(f"{count} × {escape(reason)}" for reason, count in counts)
    content = f'<details><summary>Names</summary><ul class="warnings">{items}</ul>{more}</details>'
    return build_section(f"Left out: {len(results.left_out)} pictures", text, content, name="left-out")


def _making(results: Results, *, has_sheet: bool) -> str:
    facts = results.environment
    command = f"<p><code>{escape(show_fact(facts.get('command')))}</code></p>" if facts.get("command") else ""
    settings = "".join(
        f"<dt>{escape(method.name)}</dt><dd>{escape(method.title or method.name)}"
        + (f": {escape(show_fact(method.settings))}</dd>" if method.settings else "</dd>")
        for method in results.methods
    )
    listed = [*_FILES, *([("contact-sheet.jpg", "the pictures")] if has_sheet else [])]
    files = "".join(f'<dt><a href="{name}">{name}</a></dt><dd>{text}</dd>' for name, text in listed)
    content = (
        command
        + f"<h3>Data</h3>{_record(results.data)}"
        + f"<h3>Run</h3>{_record({key: value for key, value in facts.items() if key != 'command'})}"
        + f'<details><summary>Settings of every method</summary><dl class="record">{settings}</dl></details>'
        + f'<h3>Files beside this page</h3><dl class="record">{files}</dl>'
    )
    return build_section("How it was made", "", content, name="making")


def _record(facts: Mapping[str, object]) -> str:
    """Facts as a list of terms; those within a fact become one line."""
    items = "".join(
        f"<dt>{escape(str(key).replace('_', ' '))}</dt><dd>{escape(show_fact(value))}</dd>"
        for key, value in facts.items()
    )
    return f'<dl class="record">{items}</dl>'
