"""The report of `featcolor benchmark film`: CSV and JSON for programs, Markdown and one HTML page for people."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from benchmarks.report.contact_sheet import Rgb, build_sheet
from benchmarks.report.film_tables import (
    ALL,
    COLUMNS,
    INNER,
    METRICS,
    RECORDED,
    FilmRow,
    average,
    list_frame_sets,
    list_gaps,
    list_methods,
    list_rows,
    mean_curves,
)
from benchmarks.report.plot_svg import INKS, Size, render_plot
from benchmarks.runs.environment import hide_person
from benchmarks.runs.film import RECORDS, TILE_SIDE, TRUTH, FilmResults, sheet_frames
from featcolor.errors import UsageError, one_line
from featcolor.files import jsonable, replacing
from featcolor.pages import ARTICLE, build_document, build_image, build_section
from featcolor.pictures.io import write_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCHEMA: Final = 1
SHEET: Final = "contact-sheet.jpg"
SHEET_SHOWN: Final = 4000
"""Longest side of the contact sheet within the page, in pixels."""
TITLE: Final = "Film: colour carried from key frames"

LEAD: Final = (
    "Each sequence is turned grey but for its key frames: the first, and for two key frames the last. Key frames never "
    "count. Figures are means over frames, then over sequences; flicker is the mean distance in a*b* between a point's "
    "chroma and its chroma in the next frame, along the truth's motion; excess is that over the truth's own, which "
    "grain and coding noise make; coarse flicker is of the change averaged over 17 x 17 pixels. A grey film is steady: "
    "read flicker, CDC and warp error beside CF. Noise of the truth can exceed any output's flicker, so that every "
    "excess is negative: read the coarse one then."
)
PUBLISHED: Final = (
    "Wrapped PSNR squares 8-bit errors in 8 bits, as the released script of ColorMNet does: a wrong number, kept to "
    "read published tables of DAVIS by: DDColor 30.84, DeepExemplar 33.24, DeepRemaster 33.25, BiSTNet with two "
    "references 34.02, ColorMNet 35.77. Theirs are 30 sequences and larger pictures, these are not: no ranking follows."
    " A method that is given the last frame is not scored on it: compare it in the next table."
)


class Table(NamedTuple):
    """A table of the report: heading, what it says, column titles, rows of text whose first cell is a name."""

    heading: str
    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def write_film_report(results: FilmResults) -> Path:
    """Write `film.csv`, `film.json`, `index.md`, `index.html` and `contact-sheet.jpg` into the study's folder.

    Returns
    -------
    Path
        Of the page, `index.html`.

    Raises
    ------
    UsageError
        When a file cannot be written.
    """
    folder = results.study.folder
    rows = list_rows(results)
    tables = list_tables(results, rows)
    sheet = build_film_sheet(results)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_csv(folder / "film.csv", rows)
        _write_text(folder / "film.json", json.dumps(_document(results, rows), indent=1, ensure_ascii=False))
        _write_text(folder / "index.md", _markdown(results, tables))
        _write_text(folder / "index.html", _page(results, tables, sheet))
        if sheet is not None:
            write_picture(folder / SHEET, sheet)
    except OSError as error:
        raise UsageError(f"{folder}: the report cannot be written ({one_line(error)})") from error
    return folder / "index.html"


def list_tables(results: FilmResults, rows: Sequence[FilmRow]) -> list[Table]:
    """The tables of the report: means, the same on inner frames, differences, sequences, precomputed outputs."""
    titles = list_methods(results)
    count = len({row.sequence for row in rows})
    tables = [
        _means(f"Mean of {count} sequences", PUBLISHED, rows, ALL, titles),
        _means("The same inner frames in every method", "Neither the first nor the last frame.", rows, INNER, titles),
    ]
    gaps = [
        (
            gap.text,
            f"{gap.paired.difference:+.2f} {gap.unit}",
            f"[{gap.paired.low:+.2f}, {gap.paired.high:+.2f}]",
            f"{gap.paired.won:.0%}",
            str(gap.paired.n),
        )
        for gap in list_gaps(rows, results.study.seed)
    ]
    said = "Mean over sequences, its 95 % bootstrap interval, and the share of sequences on which the first is better."
    tables.append(Table("Differences", said, ("what", "difference", "interval", "better on", "sequences"), gaps))
    tables += [_by_sequence("PSNR", "psnr", rows, titles), _by_sequence("CF, % of truth's", "cf_share", rows, titles)]
    for name in list_frame_sets(rows):
        if name not in (ALL, INNER):
            told = "Only these frames, of the sequences that have them, in every method."
            tables.append(_means(name[0].upper() + name[1:], told, rows, name, titles))
    return [table for table in tables if table.rows]


def build_film_sheet(results: FilmResults) -> Rgb | None:
    """Two frames a sequence, truth and every method side by side; None where no picture was kept."""
    folder = results.study.folder / RECORDS
    methods = {name: title for name, title in list_methods(results).items() if name != RECORDED}
    tiles: dict[tuple[str, str], Rgb] = {}
    labels = {}
    for record in results.records:
        for frame in sheet_frames(len(record.scores.cf)):
            path = folder / record.sequence / f"{record.method}-{frame}.jpg"
            bgr = cv2.imread(str(path)) if path.is_file() else None
            if bgr is not None:
                row = f"{record.sequence}-{frame}"
                labels[row] = f"{record.sequence}, frame {frame}"
                tiles[record.method, row] = np.ascontiguousarray(bgr[..., ::-1])
    if not tiles:
        return None
    return build_sheet(labels, {name: name for name in methods}, tiles, side=TILE_SIDE)


def _means(heading: str, text: str, rows: Sequence[FilmRow], frames_of: str, titles: dict[str, str]) -> Table:
    means = average(rows, frames_of)
    cells = [
        [titles.get(method, method), *(_number(means[method][c.key], c.digits, c.factor) for c in COLUMNS)]
        for method in titles
        if method in means
    ]
    return Table(heading, text, ("method", *(column.title for column in COLUMNS)), cells)


def _by_sequence(title: str, key: str, rows: Sequence[FilmRow], titles: dict[str, str]) -> Table:
    column = next(column for column in COLUMNS if column.key == key)
    values = {(row.sequence, row.method): row.values[key] for row in rows if row.frames_of == ALL}
    methods = [name for name in titles if name != TRUTH and any(m == name for _, m in values)]
    cells = []
    for sequence in dict.fromkeys(sequence for sequence, _ in values):
        numbers = [values.get((sequence, method), math.nan) for method in methods]
        cells.append([sequence, *(_number(number, column.digits, column.factor) for number in numbers)])
    return Table(f"{title} by sequence", "", ("sequence", *methods), cells)


def _number(value: float, digits: int, factor: float = 1.0) -> str:
    return f"{factor * value:.{digits}f}" if math.isfinite(value) else "–"


def _write_csv(path: Path, rows: Sequence[FilmRow]) -> None:
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("sequence", "method", "frames_of", "frames", *METRICS))
        for row in rows:
            values = (row.values[key] for key in METRICS)
            numbers = [f"{value:.6g}" if math.isfinite(value) else "" for value in values]
            writer.writerow((row.sequence, row.method, row.frames_of, row.frames, *numbers))


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text + "\n", encoding="utf-8")


def _document(results: FilmResults, rows: Sequence[FilmRow]) -> dict[str, object]:
    settings = {record.method: record.settings for record in results.records if record.method != TRUTH}
    means = {name: average(rows, name) for name in list_frame_sets(rows)}
    gaps = list_gaps(rows, results.study.seed)
    document: dict[str, object] = jsonable(
        hide_person(
            {
                "schema": SCHEMA,
                "sequences": {s.name: len(s.paths) for s in results.study.sequences},
                "failures": dict(results.failures),
                "settings": settings,
                "worn": results.study.worn,
                "means": means,
                "differences": [{"text": gap.text, "unit": gap.unit, **gap.paired._asdict()} for gap in gaps],
                **results.study.facts,
            }
        )
    )
    return document


def _notes(results: FilmResults) -> list[str]:
    facts = hide_person(dict(results.study.facts))
    notes = [f"Command: {facts['command']}"] if "command" in facts else []
    if "machine" in facts:
        notes.append(f"{facts.get('date', '')}; {', '.join(str(value) for value in facts['machine'].values())}")
    if results.study.jobs > 1:
        notes.append(f"{results.study.jobs} sequences at once: times are longer than alone.")
    return notes + [f"Left out: {name} ({message})" for name, message in results.failures]


def _markdown(results: FilmResults, tables: Sequence[Table]) -> str:
    parts = [f"# {TITLE}", LEAD, *_notes(results)]
    for table in tables:
        lines = [table.columns, ["---"] * len(table.columns), *table.rows]
        body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        parts += [f"## {table.heading}", *([table.text] if table.text else []), body]
    return "\n\n".join([*parts, f"![truth and methods side by side]({SHEET})"])


def _page(results: FilmResults, tables: Sequence[Table], sheet: Rgb | None) -> str:
    body = [f"<h1>{escape(TITLE)}</h1><p class=lead>{escape(LEAD)}</p>"]
    body += [f"<p class=protocol>{escape(note)}</p>" for note in _notes(results)]
    body += [build_section(table.heading, escape(table.text), _html_table(table)) for table in tables]
    if plot := _plot(results):
        told = "Mean PSNR over sequences of each frame, by its number."
        body.append(build_section("Away from the key frame", told, plot))
    if sheet is not None:
        body.append(build_section("Frames", "", build_image(sheet, "truth and methods side by side", side=SHEET_SHOWN)))
    fitting = "<style>main img{max-width:100%;height:auto}</style>"
    return build_document(TITLE, "\n".join(body), ARTICLE, Path(__file__).with_name("report.css"), head=fitting)


def _html_table(table: Table) -> str:
    head = "".join(f"<th scope=col>{escape(title)}</th>" for title in table.columns)
    lines = []
    for name, *cells in table.rows:
        mark = " class=ours" if name.startswith("featcolor") else ""
        lines.append(
            f"<tr{mark}><th scope=row>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        )
    return f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"


def _plot(results: FilmResults) -> str:
    """PSNR against the frame's number as SVG; empty where matplotlib is missing."""
    curves = mean_curves(results)

    def draw(axes: Axes, size: Size) -> None:
        inks = [INKS[f"group-{index}"] for index in range(4)]
        for index, (method, values) in enumerate(curves.items()):
            ours = method.startswith("ours")
            style = ("-", "--", ":", "-.")[index % 4]
            ink = INKS["ours"] if ours else inks[index % len(inks)]
            axes.plot(range(len(values)), values, style, color=ink, label=method, linewidth=2.2 if ours else 1.5)
        axes.set_xlabel("frame")
        axes.set_ylabel("PSNR, dB")
        axes.legend(frameon=False, labelcolor=INKS["ink"], ncols=2 if size.name == "wide" else 1)

    try:
        return render_plot(draw, "psnr", "PSNR of every frame by method") if curves else ""
    except UsageError:
        return ""
