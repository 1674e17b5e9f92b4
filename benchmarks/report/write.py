"""A benchmark's results as files: CSV and JSON for programs, Markdown and one HTML page for people."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.report.contact_sheet import (
    PictureOf,
    build_pictures,
    build_report_sheet,
    choose_rows,
    gather_tiles,
    list_sheet_columns,
)
from benchmarks.report.page import FILES, build_markdown, build_page
from benchmarks.runs.environment import hide_person
from benchmarks.runs.results import Comparison, CurvePoint, Results, Score, Summary
from featcolor.errors import UsageError
from featcolor.files import jsonable, replacing, write_text
from featcolor.pictures.io import write_picture

SCHEMA: Final = 1
"""Version of `report.json`; grows when a reader of the old one would go wrong."""

SHEET_QUALITY: Final = 90
SHEET_NAME: Final = "contact-sheet.jpg"


def write_report(results: Results, folder: Path, *, picture_of: PictureOf) -> Path:
    """Write every file of a report, each beside its place and then renamed.

    Parameters
    ----------
    folder : made where it is missing; files of an earlier report are replaced, others stay.
    picture_of : from a method's name, "truth" or "grey", and a picture's name, to (H, W, 3) uint8, or None
        where there is none. Asked only for the pictures of the contact sheet.

    Returns Path: of `index.html`. Beside it the files of `FILES`; `by_source.csv` and `contact-sheet.jpg` where there
    are such.

    Raises UsageError when the folder cannot be made or a file not be written.
    """
    results = _without_person(results)
    rows = choose_rows(results)
    tiles = gather_tiles([row.picture for row in rows], list_sheet_columns(results), picture_of)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / "results.csv", Score._fields, results.scores)
        write_csv(folder / "summary.csv", Summary._fields, results.summaries)
        write_csv(folder / "comparisons.csv", Comparison._fields, results.comparisons)
        curves = ((method, *point) for method, points in results.curves.items() for point in points)
        write_csv(folder / "curves.csv", ("method", *CurvePoint._fields), curves)
        if results.by_source:
            lines = ((source, *mean) for source, mean in results.by_source)
            write_csv(folder / "by_source.csv", ("source", *Summary._fields), lines)
        write_text(folder / "report.json", _to_json(results))
        write_text(folder / "report.md", build_markdown(results))
        if tiles:
            write_picture(folder / SHEET_NAME, build_report_sheet(results, rows, tiles), quality=SHEET_QUALITY)
        missing = {*([] if tiles else [SHEET_NAME]), *([] if results.by_source else ["by_source.csv"])}
        page = build_page(
            results, build_pictures(results, rows, tiles), [name for name in FILES if name not in missing]
        )
        write_text(folder / "index.html", page)
    except OSError as error:
        raise UsageError(
            f"{folder}: the report cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    return folder / "index.html"


def _without_person(results: Results) -> Results:
    """The results with paths in titles, facts, settings and messages shortened; names of pictures and methods stay."""
    methods = [
        replace(
            method,
            title=hide_person(method.title),
            settings=hide_person(method.settings),
            failure=hide_person(method.failure),
        )
        for method in results.methods
    ]
    return replace(
        results,
        title=hide_person(results.title),
        data=hide_person(results.data),
        environment=hide_person(results.environment),
        methods=methods,
        left_out=[(name, hide_person(reason)) for name, reason in results.left_out],
    )


def _to_json(results: Results) -> str:
    """Everything, a line a key: a person finds it in an editor, and a million scores are written at once.

    Scores stand as {method: {metric: [value of each of `pictures`, in order]}}, which is a tenth of a list of lines;
    null also where there is no score.
    """
    position = {name: index for index, name in enumerate(results.pictures)}
    scores: dict[str, dict[str, list[float | None]]] = {}
    for method, picture, metric, value in results.scores:
        if picture in position:
            columns = scores.setdefault(method, {})
            if metric not in columns:
                columns[metric] = [None] * len(position)
            columns[metric][position[picture]] = value
    document = {
        "schema": SCHEMA,
        "title": results.title,
        "ours": results.ours,
        "data": results.data,
        "environment": results.environment,
        "truth_cf": results.truth_cf,
        "methods": [vars(method) for method in results.methods],
        "summaries": [summary._asdict() for summary in results.summaries],
        "comparisons": [comparison._asdict() for comparison in results.comparisons],
        "curves": {method: [p._asdict() for p in points] for method, points in results.curves.items()},
        "by_source": [{"source": source, **mean._asdict()} for source, mean in results.by_source],
        "left_out": [{"picture": name, "reason": reason} for name, reason in results.left_out],
        "pictures": results.pictures,
        "scores": scores,
    }
    lines = (f"{json.dumps(key)}: {json.dumps(jsonable(value), allow_nan=False)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table as CSV, written beside its place and renamed."""
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
