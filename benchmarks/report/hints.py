"""The report of `featcolor benchmark hints`: CSV and JSON for programs, Markdown and one HTML page for people."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.metrics.intervals import Interval, Paired
from benchmarks.report.contact_sheet import Rgb, build_sheet
from benchmarks.report.hint_tables import (
    PUBLISHED,
    PUBLISHED_NAME,
    asked,
    by_picture,
    curves,
    gain,
    kept,
    less,
    moves,
    published_gains,
    seconds,
    worst_pictures,
)
from benchmarks.report.plots import render_plot
from benchmarks.report.render import Cell, Head, Html, Row, Section, Table, plain, render_html, render_markdown, to_html
from benchmarks.report.write import write_csv
from benchmarks.runs.environment import hide_person
from benchmarks.runs.hints import ASKED, CLUMSY_KINDS, MOST_ASKED, RANDOM, RECORDS, TIMED, HintResults, HintRow
from benchmarks.runs.output_folder import read_kept
from featcolor.errors import UsageError, one_line
from featcolor.files import write_json, write_text
from featcolor.pages import ARTICLE, build_document, build_image
from featcolor.pictures.io import write_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCHEMA: Final = 1
TITLE: Final = "Hints: gain against their number"
SHEET: Final = "moved-most.jpg"
SHEET_ROWS: Final = 20
SHEET_SHOWN: Final = 1600
"""Longest side of the sheet within the page, in pixels."""

LEAD: Final = (
    "Hints are 6 x 6 patches of the truth, of its mean a\\*b\\*; those of fewer are the first of those of more. Gain "
    "is PSNR over the same method without hints, mean over seeds, then pictures, with a 95 % bootstrap interval over "
    "pictures. Levin's method and the nearest hint know nothing but hints: without any they are grey."
)
PUBLISHED_TOLD: Final = (
    "Published: SIGGRAPH17's network on 1,000 ImageNet pictures that were squashed to 256 x 256, from its own file of "
    "results (24.43 dB without hints; 501 hints stand at 500). Other pictures: beside, not in one ranking."
)
ASKED_TOLD: Final = (
    "Hints at the places whose answer would help most, as the program asks for them before it knows any colour: gain "
    "in dB, and that less the same number at random places, its interval, and the share of pictures on which asking "
    "is better."
)
CLUMSY_TOLD: Final = (
    "Share of the exact hints' gain. Place: 5 pixels beside; colour: 10 off in a\\*b\\*; stroke: over the nearest "
    "border by a patch's side; all: together. Above 100 %: clumsy ones did better."
)
MOVED_TOLD: Final = (
    "Pixels farther than a quarter of the side from every hint and unlike each: ΔE00 to the same method without hints, "
    "mean over such pixels, seeds, then pictures that have any; the largest of all, and how many pictures have any. "
    "Unlike in truth: the true chroma is more than 20 in a\\*b\\* from that of every hint, which no method can see; "
    "in looks: the colour network's embedding, less the picture's mean, each channel over its deviation, has a "
    "negative cosine with that of every hint."
)
UNLIKE_IN: Final = {"": "unlike in truth", "_looks": "unlike in looks"}
TIME_TOLD: Final = "Processor time of an answer of a picture that was looked at before, median, ms; all cores together."


def write_hint_report(results: HintResults, folder: Path) -> Path:
    """Write `hints.csv`, `hints.json`, `index.md`, `index.html` and `moved-most.jpg`.

    Returns Path: of the page, `index.html`.

    Raises UsageError when a file cannot be written.
    """
    sections = list_sections(results)
    sheet = build_moved_sheet(results, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / "hints.csv", HintRow._fields, map(_line, results.rows))
        write_json(folder / "hints.json", _document(results), indent=1)
        parts = [f"# {TITLE}", LEAD, *map(plain, _notes(results)), *filter(None, map(render_markdown, sections))]
        if sheet is not None:
            parts.append(f"![what moved most without a hint near or alike]({SHEET})")
            write_picture(folder / SHEET, sheet)
        write_text(folder / "index.md", "\n\n".join(parts) + "\n")
        write_text(folder / "index.html", _page(results, sections, sheet))
    except OSError as error:
        raise UsageError(f"{folder}: the report cannot be written ({one_line(error)})") from error
    return folder / "index.html"


def list_sections(results: HintResults) -> list[Section]:
    """Gains, values, differences, clumsy hints, what moved, times: what there is."""
    study = results.study
    counts = [count for count in study.counts if count]
    few = [count for count in counts if count <= MOST_ASKED]
    methods = {method.name: method.title for method in study.methods}
    ours = [method.name for method in study.methods if method.ours]
    without = {name: float(by_picture(results, name, RANDOM, 0).psnr.mean()) for name in methods}
    gains = [
        Row(
            methods[name],
            [Cell(f"{without[name]:.2f}"), *(_signed(gain(results, name, n)) for n in counts)],
            ours=name in ours,
        )
        for name in methods
    ]
    beside = dict(zip([500 if count == 501 else count for count in [*PUBLISHED][1:]], published_gains(), strict=True))
    told = [Cell(f"{beside[count]:+.2f}") if count in beside else Cell("–") for count in counts]
    gains.append(Row(PUBLISHED_NAME, [Cell(f"{PUBLISHED[0]:.2f}"), *told]))
    heads = [Head("method"), Head("no hint", "PSNR, dB"), *(Head(str(count)) for count in counts)]
    sections = [Section("Gain by number of hints, dB", PUBLISHED_TOLD, [Table("", heads, gains), *_plot(results)])]
    values = [
        Row(methods[name], [_value(results, name, count) for count in study.counts], ours=name in ours)
        for name in methods
    ]
    told_of = "PSNR in dB, and colourfulness CF beneath it."
    sections.append(_section("PSNR by number of hints", told_of, ["method", *study.counts], values))
    differences = [
        Row(
            f"{methods[ours[0]]}, less {methods[other]}",
            [_difference(results, ours[0], other, n) for n in study.counts],
        )
        for other in (methods if ours else ())
        if other != ours[0]
    ]
    said = "dB on the same pictures and hints, its interval, and the share of pictures on which the first is better."
    sections.append(_section("Differences in PSNR", said, ["what", *study.counts], differences))
    questions = [
        row
        for name in ours
        for row in (
            Row(f"{methods[name]}: gain", [_signed(gain(results, name, n, ASKED)) for n in few], ours=True),
            Row(f"{methods[name]}: less at random", [_paired(asked(results, name, n)) for n in few], ours=True),
        )
    ]
    sections.append(_section("Where the program asks", ASKED_TOLD, ["method", *few], questions if few else []))
    clumsy = [
        Row(
            f"{methods[name]}: {kind}",
            [_share(kept(results, name, count, kind)) for count in counts],
            ours=name in ours,
        )
        for name in (methods if study.clumsy else ())
        for kind in CLUMSY_KINDS
    ]
    sections.append(_section("What clumsy hints keep", CLUMSY_TOLD, ["method: what is off", *counts], clumsy))
    moved = [
        Row(f"{title}: {said}", [_moved(results, name, n, suffix) for n in counts], ours=name in ours)
        for name, title in methods.items()
        for suffix, said in UNLIKE_IN.items()
    ]
    sections.append(_section("What moved that no hint was about", MOVED_TOLD, ["method", *counts], moved))
    times = [
        Row(
            methods[name],
            [_milliseconds(seconds(results, name, n)) for n in counts]
            + [_milliseconds(seconds(results, name, n, megapixel=True)) for n in TIMED],
            ours=name in ours,
        )
        for name in methods
    ]
    titles = ["method", *counts, *(f"{count}, a megapixel" for count in TIMED)]
    sections.append(_section("Time of an answer", TIME_TOLD, titles, times))
    return [section for section in sections if section.parts]


def build_moved_sheet(results: HintResults, folder: Path) -> Rgb | None:
    """Where something far and unlike moved most, of the first of ours; None where no picture was kept."""
    ours = next((method.name for method in results.study.methods if method.ours), None)
    tiles: dict[tuple[str, str], Rgb] = {}
    labels = {}
    for row in worst_pictures(results, ours, SHEET_ROWS) if ours else ():
        kept = read_kept(folder / RECORDS / row.method / f"{row.picture}.jpg")
        if kept is not None:
            labels[row.picture] = f"{row.picture}: {row.worst:.1f} ΔE00, {row.hints} hints, seed {row.seed}"
            tiles["scene", row.picture] = kept
    if not tiles:
        return None
    side = max(tile.shape[1] for tile in tiles.values())
    return build_sheet(
        labels, {"scene": "truth, without hints, with hints (squares); most moved in the circle"}, tiles, side=side
    )


def _plot(results: HintResults) -> list[Html]:
    """Gain against the number of hints; nothing where matplotlib is missing."""
    ours = {method.title for method in results.study.methods if method.ours}

    def draw(axes: Axes) -> None:
        for index, (name, (counts, gains)) in enumerate(curves(results).items()):
            ink = "black" if name == PUBLISHED_NAME else f"C{index}"
            style = "--" if name == PUBLISHED_NAME else "-"
            axes.plot(counts, gains, style, marker="o", color=ink, linewidth=2.2 if name in ours else 1.4, label=name)
        axes.set_xscale("log")
        axes.set_xticks(list(filter(None, results.study.counts)), list(map(str, filter(None, results.study.counts))))
        axes.minorticks_off()
        axes.set_xlabel("hints")
        axes.set_ylabel("gain over no hint, dB")

    if not any(results.study.counts):
        return []
    try:
        return [Html(f"<figure>{render_plot(draw, 'Gain over no hint against the number of hints')}</figure>")]
    except UsageError:
        return []


def _section(heading: str, text: str, columns: list[Any], rows: list[Row]) -> Section:
    return Section(heading, text, [Table("", [Head(str(title)) for title in columns], rows)] if rows else [])


def _signed(interval: Interval) -> Cell:
    return Cell(f"{interval.mean:+.2f}", _ends(interval.low, interval.high, "+.2f"))


def _value(results: HintResults, method: str, count: int) -> Cell:
    values = by_picture(results, method, RANDOM, count)
    return Cell(f"{values.psnr.mean():.2f}", f"CF {values.cf.mean():.1f}")


def _difference(results: HintResults, ours: str, other: str, count: int) -> Cell:
    return _paired(less(results, ours, other, count))


def _paired(difference: Paired) -> Cell:
    ends = _ends(difference.low, difference.high, "+.2f")
    return Cell(f"{difference.difference:+.2f}", f"{ends} {difference.won:.0%}".strip())


def _share(interval: Interval) -> Cell:
    return (
        Cell(f"{interval.mean:.0%}", _ends(interval.low, interval.high, ".0%"))
        if math.isfinite(interval.mean)
        else Cell("–")
    )


def _moved(results: HintResults, method: str, count: int, suffix: str) -> Cell:
    found = moves(results, method, count, suffix)
    return (
        Cell(f"{found.mean.mean:.2f}", f"largest {found.worst:.1f}; {found.pictures}") if found.pictures else Cell("–")
    )


def _milliseconds(value: float) -> Cell:
    return Cell(f"{1000 * value:.0f}") if math.isfinite(value) else Cell("–")


def _ends(low: float, high: float, form: str) -> str:
    return f"[{low:{form}}, {high:{form}}]" if math.isfinite(low + high) else ""


def _line(row: HintRow) -> list[Any]:
    return [
        f"{value:.6g}" if isinstance(value, float) and math.isfinite(value) else "" if value != value else value
        for value in row
    ]


def _document(results: HintResults) -> Any:
    study = results.study
    document = {
        "schema": SCHEMA,
        "data": {"set": study.dataset.name, "protocol": study.dataset.protocol.describe(), "draw": study.draw},
        "pictures": list(dict.fromkeys(row.picture for row in results.rows)),
        "left_out": results.left_out,
        "failures": dict(results.failures),
        "seeds": study.seeds,
        "counts": study.counts,
        "methods": {method.name: {"title": method.title, "settings": method.settings()} for method in study.methods},
        "references": len(study.references),
        "gains": {
            method.name: {count: gain(results, method.name, count)._asdict() for count in study.counts if count}
            for method in study.methods
        },
        "clumsy": {
            method.name: {
                kind: {count: kept(results, method.name, count, kind)._asdict() for count in study.counts if count}
                for kind in (CLUMSY_KINDS if study.clumsy else ())
            }
            for method in study.methods
        },
        "published": dict(PUBLISHED),
        **study.facts,
    }
    return hide_person(document)


def _notes(results: HintResults) -> list[str]:
    study = results.study
    facts = hide_person(dict(study.facts))
    pictures = len({row.picture for row in results.rows})
    notes = [
        f"{pictures} pictures of {study.dataset.name}; {study.dataset.protocol.describe()}; places {study.draw}, seeds "
        f"{', '.join(map(str, study.seeds))}; {len(study.references)} references."
    ]
    notes += [f"Command: {facts['command']}"] if "command" in facts else []
    if "machine" in facts:
        notes.append(f"{facts.get('date', '')}; {', '.join(str(value) for value in facts['machine'].values())}")
    if results.left_out:
        notes.append(f"Left out as grey: {', '.join(results.left_out)}")
    return notes + [f"Left out: {name} ({message})" for name, message in results.failures]


def _page(results: HintResults, sections: list[Section], sheet: Rgb | None) -> str:
    body = [f"<h1>{escape(TITLE)}</h1><p class=lead>{to_html(LEAD)}</p>"]
    body += [f"<p class=protocol>{escape(note)}</p>" for note in _notes(results)]
    body += map(render_html, sections)
    if sheet is not None:
        image = Html(build_image(sheet, "what moved most without a hint near or alike", side=SHEET_SHOWN))
        body.append(render_html(Section("Where something that no hint was about moved most", "", [image])))
    fitting = "<style>main img{max-width:100%;height:auto}</style>"
    return build_document(TITLE, "\n".join(body), ARTICLE, Path(__file__).with_name("report.css"), head=fitting)
