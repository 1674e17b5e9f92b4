"""Sections of a report - tables, facts, points - and both of their forms: HTML and Markdown.

Texts are one line with `**bold**`; what may hold signs of Markdown goes in by `plain`. Cells and names are any text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TypeAlias

from featcolor.pages import as_html, build_section


@dataclass(frozen=True)
class Head:
    """A column's title; `note` beneath it; the page sorts by columns with `sort`: "higher" or "lower" is better.

    `ideal`: the best value is the one nearest to it.
    """

    title: str
    note: str = ""
    sort: str = ""
    ideal: float = math.nan


@dataclass(frozen=True)
class Cell:
    """A cell; `note` beneath it, the `value` that it sorts by, and a class of the page: best, better, worse, none."""

    text: str
    note: str = ""
    value: float = math.nan
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """A named row; a single cell spans all columns. `note` and the alarming `flag` stand beneath the name."""

    name: str
    cells: Sequence[Cell]
    note: str = ""
    flag: str = ""
    group: str = ""
    ours: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first head is that of the names.

    `groups` says what each group of rows is, rows being in the order of their groups; a `folded` table is shown on
    demand.
    """

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Row]
    groups: Mapping[str, str] = field(default_factory=dict)
    folded: bool = False


class Html(str):
    """HTML that only the page shows: plots, pictures."""

    __slots__ = ()


Part: TypeAlias = Table | Mapping[str, str] | Sequence[str] | Html
"""Of a section: a table, facts by name, points, or HTML."""


@dataclass(frozen=True)
class Section:
    """A heading, what it says, and what stands there; links lead to its `name`."""

    title: str
    text: str = ""
    parts: Sequence[Part] = ()
    name: str = ""


def plain(text: object) -> str:
    """Text on one line in which Markdown finds nothing to do."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(str(text).split()))


def render_html(section: Section) -> str:
    """A section of the page."""
    return build_section(
        section.title, to_html(section.text), "".join(map(_html_part, section.parts)), name=section.name
    )


def render_markdown(section: Section) -> str:
    """A section of the Markdown file; empty where it holds nothing but what the page shows."""
    parts = [_markdown_part(part) for part in section.parts if not isinstance(part, Html)]
    return "\n\n".join([f"## {plain(section.title)}", *filter(None, [section.text, *parts])]) if any(parts) else ""


def to_html(text: str) -> str:
    """A text with `**bold**` and escaped signs as HTML."""
    bold = re.sub(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*", r"<b>\1</b>", escape(text))
    return re.sub(r"\\([^\w\s])", r"\1", bold)


def _html_part(part: Part) -> str:
    if isinstance(part, Html):
        return part
    if isinstance(part, Table):
        return _html_table(part)
    if isinstance(part, Mapping):
        items = "".join(f"<dt>{as_html(name)}</dt><dd>{as_html(text)}</dd>" for name, text in part.items())
        return f'<dl class="record">{items}</dl>'
    return f'<ul class="reading">{"".join(f"<li>{to_html(point)}</li>" for point in part)}</ul>'


def _html_table(table: Table) -> str:
    body, width, group = "", len(table.heads) - 1, None
    for row in table.rows:
        if table.groups and row.group != group:
            group = row.group
            index = min(list(table.groups).index(group) if group in table.groups else 99, len(table.groups) - 1)
            body += (
                f'<tr class="group group-{index}"><th scope="rowgroup" colspan="{width + 1}"><b>{as_html(group)}</b>'
                f"<span>{as_html(table.groups.get(group, ''))}</span></th></tr>"
            )
        span = f' colspan="{width}"' if len(row.cells) == 1 < width else ""
        cells = "".join(_html_cell(cell, span) for cell in row.cells)
        name = as_html(row.name) + _small(row.note) + _small(row.group, "member") + _small(row.flag, "flag")
        body += f'<tr{" class=ours" if row.ours else ""}><th scope="row">{name}</th>{cells}</tr>'
    head = "".join(map(_html_head, table.heads))
    caption = as_html(table.caption)
    text = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption or "table"}"><table class="sortable">'
        f"{f'<caption>{caption}</caption>' if caption and not table.folded else ''}"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return f"<details><summary>{caption}</summary>{text}</details>" if table.folded else text


def _html_head(head: Head) -> str:
    sort = f' data-sort="{head.sort}"' if head.sort else ""
    ideal = f' data-ideal="{head.ideal!r}"' if math.isfinite(head.ideal) else ""
    return f'<th scope="col"{sort}{ideal}>{as_html(head.title)}{_small(head.note)}</th>'


def _html_cell(cell: Cell, span: str) -> str:
    data = "" if math.isnan(cell.value) else f' data-value="{float(cell.value)!r}"'.replace("inf", "Infinity")
    text = as_html(cell.text)
    if cell.mark:
        hidden = '<span class="hidden"> best</span>' if cell.mark == "best" else ""
        text = f'<span class="{cell.mark}">{text}</span>{hidden}'
    return f"<td{span}{data}>{text}{_small(cell.note)}</td>"


def _small(text: str, kind: str = "") -> str:
    return f"<small{f' class={kind}' if kind else ''}>{as_html(text)}</small>" if text else ""


def _markdown_part(part: Part) -> str:
    if isinstance(part, Table):
        return _markdown_table(part)
    if isinstance(part, Mapping):
        return "\n".join(f"- {plain(name)}: {plain(text)}" for name, text in part.items())
    return "\n".join(f"- {point}" for point in part)


def _markdown_table(table: Table) -> str:
    heads = [plain(head.title + (f" ({head.note})" if head.note else "")) for head in table.heads]
    lines = [[plain(_beside(row.name, row.note, row.flag)), *map(_markdown_cell, row.cells)] for row in table.rows]
    if table.groups:
        heads.insert(1, "group")
        for line, row in zip(lines, table.rows, strict=True):
            line.insert(1, plain(row.group))
    rows: Iterable[Sequence[str]] = [heads, ["---", *["---:"] * (len(heads) - 1)], *lines]
    body = "\n".join(f"| {' | '.join([*row, *[''] * (len(heads) - len(row))])} |" for row in rows)
    return f"{plain(table.caption)}:\n\n{body}" if table.caption else body


def _markdown_cell(cell: Cell) -> str:
    text = f"**{plain(cell.text)}**" if cell.mark == "best" else plain(cell.text)
    return f"{text} ({plain(cell.note)})" if cell.note else text


def _beside(name: str, *remarks: str) -> str:
    said = ", ".join(filter(None, remarks))
    return f"{name} ({said})" if said else name
