"""The preview as one page: the grey picture, then every setting, and the command line of each."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from featcolor.batch.preview import PreviewedPicture
from featcolor.batch.preview_grid import DEFAULT_MODEL, Axis, Cell
from featcolor.files import write_text
from featcolor.pages import as_html, build_document, build_header, build_warnings, grouped

COLUMNS: Final = 6
"""Of a table, at most; a grid that has more, or more than two settings, is a sheet of captions."""
MARK: Final = '<meta name="generator" content="featcolor preview">'
"""By which a page of ours is known."""
MARK_WITHIN: Final = 1024
"""Bytes from the page's start."""
NOWHERE: Final = "#-"
"""A link to no element: it closes what is enlarged and scrolls nowhere."""


@dataclass(frozen=True)
class Sheet:
    """Content of a preview's page.

    Attributes
    ----------
    axes : the grid.
    cells : its combinations, in the order of `cells_of`.
    pictures : those that could be coloured.
    found : how many pictures the preview was chosen from.
    commands : command line of each cell.
    failed : lines that say what was wrong with the others.
    """

    axes: Sequence[Axis]
    cells: Sequence[Cell]
    pictures: Sequence[PreviewedPicture]
    found: int
    commands: Sequence[str]
    failed: Sequence[str] = ()

    def mean_seconds(self, cell: int) -> float:
        """Mean seconds of a whole picture in this cell's setting."""
        return sum(picture.seconds[cell] for picture in self.pictures) / max(1, len(self.pictures))


def is_page(path: Path) -> bool:
    """Whether a file is a page that `write_page` made."""
    with path.open("rb") as file:
        return MARK.encode() in file.read(MARK_WITHIN)


def write_page(path: str | Path, sheet: Sheet) -> None:
    """`build_page`, written beside the place and then renamed."""
    write_text(path, build_page(sheet))


def build_page(sheet: Sheet) -> str:
    """One HTML file that asks nothing of the network and holds no script."""
    pictures = "".join(_picture(sheet, number, picture) for number, picture in enumerate(sheet.pictures, start=1))
    body = _header(sheet) + pictures + _commands(sheet) + build_warnings("Not coloured", sheet.failed)
    return build_document("featcolor preview", body, Path(__file__).with_suffix(".css"), head=MARK)


def duration(seconds: float) -> str:
    """Seconds for a person: "0.08 s", "1.9 s", "14 min", "2 h 20 min"."""
    if seconds < 0.095:
        return f"{max(seconds, 0.01):.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _header(sheet: Sheet) -> str:
    count, seconds = len(sheet.pictures), [sheet.mean_seconds(cell) for cell in range(len(sheet.cells))]
    facts = [
        (
            str(count) if count == sheet.found else f"{count} of {grouped(sheet.found)}",
            "picture" if sheet.found == 1 else "pictures",
        ),
        (str(len(sheet.cells)), "settings" if len(sheet.cells) > 1 else "setting"),
        (_span(seconds), "a picture in full size"),
    ]
    if sheet.found > count:
        facts.append((_span([sheet.found * each for each in seconds]), f"all {grouped(sheet.found)}, in one process"))
    return build_header("featcolor preview", "Which look?", f"<p class=note>{as_html(_about(sheet))}</p>", facts)


def _about(sheet: Sheet) -> str:
    """What varies, and what stays."""
    varied = [axis.key for axis in sheet.axes if len(axis.texts) > 1]
    what = f"{', '.join(varied[:-1])} and {varied[-1]} vary" if varied[1:] else f"{''.join(varied) or 'nothing'} varies"
    cell = sheet.cells[0]
    common = {"model": cell.model or DEFAULT_MODEL, **cell.texts, **cell.fixed()}
    same = "; the same for all: " + ", ".join(f"{key} {value}" for key, value in common.items() if key not in varied)
    same = "" if same.endswith(": ") else same
    return f"{what[0].upper()}{what[1:]}{same}. Click a picture to enlarge it and to step through the settings."


def _picture(sheet: Sheet, number: int, picture: PreviewedPicture) -> str:
    width, height = picture.thumb
    captions = ["grey", *(cell.caption or "as fitted" for cell in sheet.cells)]
    shown = zip((picture.grey, *picture.coloured), captions, ("", *sheet.commands), strict=True)
    grey, *figures = (_figure(number, at, sheet, picture.thumb, *each) for at, each in enumerate(shown))
    table = _table(sheet.axes)
    if table is None:
        inside = f"<div class=flow>{grey}{''.join(figures)}</div>"
    else:
        columns = len(table[0].texts)
        inside = (
            f'<div class="beside{" rows" if table[1] else ""}" style="--split:1fr {columns}fr;--columns:{columns}">'
            f"<div class=first>{grey}</div>"
            f"<div class=wide>{_rows(*table, sheet, figures)}</div></div>"
        )
    return (
        f'<section class=picture style="--ratio:{width / height:.4f}"><h2>{as_html(str(picture.path))}</h2>'
        f"<p class=note>{picture.width} × {picture.height}, {_span(picture.seconds)} in full size</p>{inside}</section>"
    )


def _table(axes: Sequence[Axis]) -> tuple[Axis, Axis | None] | None:
    """Settings along the columns and along the rows; None where the grid makes no table."""
    varied = [axis for axis in axes if len(axis.texts) > 1] or list(axes[:1])
    if not 1 <= len(varied) <= 2:
        return None
    across, down = varied[0], varied[1] if len(varied) > 1 else None
    if len(across.texts) > COLUMNS and down is not None:
        across, down = down, across
    return None if len(across.texts) > COLUMNS else (across, down)


def _rows(across: Axis, down: Axis | None, sheet: Sheet, figures: Sequence[str]) -> str:
    heads = "".join(f"<th scope=col>{_label(across.key, text)}</th>" for text in across.texts)
    rows = [f"<tr>{heads}</tr>"]
    for text in down.texts if down is not None else ("",):
        if down is not None:
            rows.append(
                f"<tr class=row><th colspan={len(across.texts)} scope=rowgroup>{_label(down.key, text)}</th></tr>"
            )
        row = [
            figure
            for figure, cell in zip(figures, sheet.cells, strict=True)
            if down is None or cell.texts[down.key] == text
        ]
        rows.append("<tr>" + "".join(f"<td>{figure}</td>" for figure in row) + "</tr>")
    return f"<table class=grid>{''.join(rows)}</table>"


def _label(key: str, text: str) -> str:
    return f"<small>{as_html(key)}</small> {as_html(text)}"


def _figure(picture: int, at: int, sheet: Sheet, size: tuple[int, int], jpeg: bytes, caption: str, command: str) -> str:
    """One thumbnail, which a link to itself enlarges; enlarged, it has links to those before and after it."""
    name, text = f"p{picture}c{at}", as_html(caption)
    here, last = f'<a class=step href="#p{picture}c', at == len(sheet.cells)
    before = f'{here}{at - 1}" aria-label=before>‹</a>' if at else "<span class=step></span>"
    after = "<span class=step></span>" if last else f'{here}{at + 1}" aria-label=next>›</a>'
    line = _code(command) if command else ""
    return (
        f'<figure id="{name}"><a class=open href="#{name}"><img alt="{text}" width={size[0]} height={size[1]} '
        f'src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"></a><figcaption>{text}</figcaption>'
        f'<a class=shut href="{NOWHERE}" aria-label=close></a>'
        f"<div class=steps>{before}<p><b>{text}</b>{line}</p>{after}</div></figure>"
    )


def _commands(sheet: Sheet) -> str:
    items = "".join(
        f"<li><h3>{as_html(cell.caption) or 'as fitted'}</h3><p class=note>{_times(sheet, at)}</p>"
        f"<p class=command>{_code(command)}</p></li>"
        for at, (cell, command) in enumerate(zip(sheet.cells, sheet.commands, strict=True))
    )
    return (
        "<section><h2>Command lines</h2><p class=note>Each colours all that was named in its setting; run it in the "
        "folder in which the preview was made. A click selects a whole line. "
        f"Times are of one process on this machine.</p><ol class=commands>{items}</ol></section>"
    )


def _code(command: str) -> str:
    """A command line whose options do not break after their dashes; what is copied is the line as it is."""
    words = re.sub("(--[a-z]+)", r"<span>\1</span>", as_html(command))
    return f"<code>{words}</code>"


def _times(sheet: Sheet, cell: int) -> str:
    each = sheet.mean_seconds(cell)
    whole = f", {duration(each * sheet.found)} for all {grouped(sheet.found)}" if sheet.found > 1 else ""
    return f"{duration(each)} a picture{whole}"


def _span(seconds: Sequence[float]) -> str:
    """The shortest and the longest, or one where they read the same."""
    low, high = duration(min(seconds)), duration(max(seconds))
    return low if low == high else f"{low} – {high}"
