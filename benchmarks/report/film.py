"""The report of `featcolor benchmark film`: CSV and JSON for programs, Markdown and one HTML page for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from benchmarks.report.contact_sheet import Rgb, build_sheet
from benchmarks.report.film_tables import (
    ALL,
    COLUMNS,
    INNER,
    METRICS,
    RECORDED,
    Column,
    FilmRow,
    average,
    list_frame_sets,
    list_gaps,
    list_methods,
    list_rows,
    mean_curves,
)
from benchmarks.report.plots import plot_curves
from benchmarks.report.render import Cell, Head, Html, Row, Section, Table, plain, render_html, render_markdown, to_html
from benchmarks.report.write import write_csv
from benchmarks.runs.environment import hide_person
from benchmarks.runs.film import RECORDS, TILE_SIDE, TRUTH, FilmResults, sheet_frames
from benchmarks.runs.output_folder import read_kept
from featcolor.errors import UsageError, one_line
from featcolor.files import write_json, write_text
from featcolor.pages import ARTICLE, build_document, build_image
from featcolor.pictures.io import write_picture

SCHEMA: Final = 1
SHEET: Final = "contact-sheet.jpg"
SHEET_SHOWN: Final = 4000
"""Longest side of the contact sheet within the page, in pixels."""
TITLE: Final = "Film: colour carried from key frames"

LEAD: Final = (
    "Each sequence is turned grey but for its key frames: the first, and for two key frames the last. Key frames never "
    "count. Figures are means over frames, then over sequences; flicker is the mean distance in a\\*b\\* between a "
    "point's chroma and its chroma in the next frame, along the truth's motion; excess is that over the truth's own, "
    "which grain and coding noise make; coarse flicker is of the change averaged over 17 x 17 pixels. A grey film is "
    "steady: read flicker, CDC and warp error beside CF. Noise of the truth can exceed any output's flicker, so that "
    "every excess is negative: read the coarse one then."
)
PUBLISHED: Final = (
    "Wrapped PSNR squares 8-bit errors in 8 bits, as the released script of ColorMNet does: a wrong number, kept to "
    "read published tables of DAVIS by: DDColor 30.84, DeepExemplar 33.24, DeepRemaster 33.25, BiSTNet with two "
    "references 34.02, ColorMNet 35.77. Theirs are 30 sequences and larger pictures, these are not: no ranking follows."
    " A method that is given the last frame is not scored on it: compare it in the next table."
)


def write_film_report(results: FilmResults) -> Path:
    """Write `film.csv`, `film.json`, `index.md`, `index.html` and `contact-sheet.jpg` into the study's folder.

    Returns Path: of the page, `index.html`.

    Raises UsageError when a file cannot be written.
    """
    folder = results.study.folder
    rows = list_rows(results)
    sheet = build_film_sheet(results)
    sections = list_sections(results, rows)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / "film.csv", ("sequence", "method", "frames_of", "frames", *METRICS), map(_line, rows))
        write_json(folder / "film.json", _document(results, rows), indent=1)
        parts = [f"# {TITLE}", LEAD, *map(plain, _notes(results)), *filter(None, map(render_markdown, sections))]
        write_text(folder / "index.md", "\n\n".join([*parts, f"![truth and methods side by side]({SHEET})"]) + "\n")
        write_text(folder / "index.html", _page(results, sections, sheet))
        if sheet is not None:
            write_picture(folder / SHEET, sheet)
    except OSError as error:
        raise UsageError(f"{folder}: the report cannot be written ({one_line(error)})") from error
    return folder / "index.html"


def list_sections(results: FilmResults, rows: Sequence[FilmRow]) -> list[Section]:
    """Means, the same on inner frames, differences, sequences, precomputed outputs, each frame: what there is."""
    titles = list_methods(results)
    count = len({row.sequence for row in rows})
    sections = [
        _means(f"Mean of {count} sequences", PUBLISHED, rows, ALL, titles),
        _means("The same inner frames in every method", "Neither the first nor the last frame.", rows, INNER, titles),
    ]
    gaps = []
    for gap in list_gaps(rows, results.study.seed):
        difference, low, high, won, n = gap.paired
        cells = [f"{difference:+.2f} {gap.unit}", f"[{low:+.2f}, {high:+.2f}]", f"{won:.0%}", str(n)]
        gaps.append(Row(gap.text, [Cell(cell) for cell in cells]))
    said = "Mean over sequences, its 95 % bootstrap interval, and the share of sequences on which the first is better."
    sections.append(_section("Differences", said, ("what", "difference", "interval", "better on", "sequences"), gaps))
    sections += [_by_sequence("PSNR", "psnr", rows, titles), _by_sequence("CF, % of truth's", "cf_share", rows, titles)]
    for name in list_frame_sets(rows):
        if name not in (ALL, INNER):
            told = "Only these frames, of the sequences that have them, in every method."
            sections.append(_means(name[0].upper() + name[1:], told, rows, name, titles))
    sections = [section for section in sections if section.parts]
    if plot := _plot(results):
        told = "Mean PSNR over sequences of each frame, by its number."
        sections.append(Section("Away from the key frame", told, [Html(f"<figure>{plot}</figure>")]))
    return sections


def build_film_sheet(results: FilmResults) -> Rgb | None:
    """Two frames a sequence, truth and every method side by side; None where no picture was kept."""
    folder = results.study.folder / RECORDS
    methods = {name: name for name in list_methods(results) if name != RECORDED}
    tiles: dict[tuple[str, str], Rgb] = {}
    labels = {}
    for record in results.records:
        for frame in sheet_frames(len(record.scores.cf)):
            path = folder / record.sequence / f"{record.method}-{frame}.jpg"
            kept = read_kept(path)
            if kept is not None:
                row = f"{record.sequence}-{frame}"
                labels[row] = f"{record.sequence}, frame {frame}"
                tiles[record.method, row] = kept
    return build_sheet(labels, methods, tiles, side=TILE_SIDE) if tiles else None


def _means(heading: str, text: str, rows: Sequence[FilmRow], frames_of: str, titles: dict[str, str]) -> Section:
    means = average(rows, frames_of)
    lines = [
        Row(titles[method], [_number(means[method][c.key], c) for c in COLUMNS], ours=method.startswith("ours"))
        for method in titles
        if method in means
    ]
    return _section(heading, text, ("method", *(column.title for column in COLUMNS)), lines)


def _by_sequence(title: str, key: str, rows: Sequence[FilmRow], titles: dict[str, str]) -> Section:
    column = next(column for column in COLUMNS if column.key == key)
    values = {(row.sequence, row.method): row.values[key] for row in rows if row.frames_of == ALL}
    methods = [name for name in titles if name != TRUTH and any(m == name for _, m in values)]
    lines = [
        Row(sequence, [_number(values.get((sequence, method), math.nan), column) for method in methods])
        for sequence in dict.fromkeys(sequence for sequence, _ in values)
    ]
    return _section(f"{title} by sequence", "", ("sequence", *methods), lines)


def _section(heading: str, text: str, columns: Sequence[str], rows: Sequence[Row]) -> Section:
    return Section(heading, text, [Table("", [Head(title) for title in columns], rows)] if rows else [])


def _number(value: float, column: Column) -> Cell:
    return Cell(f"{column.factor * value:.{column.digits}f}" if math.isfinite(value) else "–")


def _line(row: FilmRow) -> list[Any]:
    numbers = [f"{row.values[key]:.6g}" if math.isfinite(row.values[key]) else "" for key in METRICS]
    return [row.sequence, row.method, row.frames_of, row.frames, *numbers]


def _document(results: FilmResults, rows: Sequence[FilmRow]) -> Any:
    gaps = list_gaps(rows, results.study.seed)
    document = {
        "schema": SCHEMA,
        "sequences": {s.name: len(s.paths) for s in results.study.sequences},
        "failures": dict(results.failures),
        "settings": {record.method: record.settings for record in results.records if record.method != TRUTH},
        "worn": results.study.worn,
        "means": {name: average(rows, name) for name in list_frame_sets(rows)},
        "differences": [{"text": gap.text, "unit": gap.unit, **gap.paired._asdict()} for gap in gaps],
        **results.study.facts,
    }
    return hide_person(document)


def _notes(results: FilmResults) -> list[str]:
    facts = hide_person(dict(results.study.facts))
    notes = [f"Command: {facts['command']}"] if "command" in facts else []
    if "machine" in facts:
        notes.append(f"{facts.get('date', '')}; {', '.join(str(value) for value in facts['machine'].values())}")
    if results.study.jobs > 1:
        notes.append(f"{results.study.jobs} sequences at once: times are longer than alone.")
    return notes + [f"Left out: {name} ({message})" for name, message in results.failures]


def _page(results: FilmResults, sections: Sequence[Section], sheet: Rgb | None) -> str:
    body = [f"<h1>{escape(TITLE)}</h1><p class=lead>{to_html(LEAD)}</p>"]
    body += [f"<p class=protocol>{escape(note)}</p>" for note in _notes(results)]
    body += map(render_html, sections)
    if sheet is not None:
        image = Html(build_image(sheet, "truth and methods side by side", side=SHEET_SHOWN))
        body.append(render_html(Section("Frames", "", [image])))
    fitting = "<style>main img{max-width:100%;height:auto}</style>"
    return build_document(TITLE, "\n".join(body), ARTICLE, Path(__file__).with_name("report.css"), head=fitting)


def _plot(results: FilmResults) -> str:
    """PSNR against the frame's number; empty where matplotlib is missing."""
    curves = mean_curves(results)
    try:
        return plot_curves(curves, "frame", "PSNR, dB", "PSNR of every frame by method") if curves else ""
    except UsageError:
        return ""
