"""Contact sheets: truth, grey and each method side by side, as one JPEG or as tiles of a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.metrics.table import Rgb
from benchmarks.report.tables import GREY, title_of
from benchmarks.runs.results import Results
from featcolor.pages import as_html, build_section, encode_jpeg
from featcolor.pictures.resize import shrink

PictureOf: TypeAlias = Callable[[str, str], Rgb | None]
"""From a method's name, "truth" or "grey", and a picture's name, to the picture, (H, W, 3) uint8; None: not there."""

TRUTH: Final = "truth"
TILE_SIDE: Final = 150
"""Longest side of a picture on the sheet."""
ROWS_OF_A_KIND: Final = 4
"""Best, worst and rows between, each."""

GAP: Final = 6
TEXT_SIZE: Final = 12
LINE_HEIGHT: Final = 18
PAPER: Final = (255, 255, 255)
INK: Final = (40, 40, 40)

SHEET_BYTES: Final = 4_500_000
"""Pictures of the page take no more than this, as base64; a page of a few megabytes opens anywhere."""
LADDER: Final = ((TILE_SIDE, 84), (TILE_SIDE, 72), (TILE_SIDE, 58), (TILE_SIDE, 42), (110, 42), (75, 42), (50, 42))
"""Side and JPEG quality of a tile, tried in this order until all fit."""

OVER_GREY: Final = {
    "best": "Ours gains most over grey here",
    "between": "Spread between",
    "worst": "Ours gains least over grey here",
    "": "Spread over the set",
}
ALONE: Final = OVER_GREY | {
    "best": "Ours comes nearest to the truth here",
    "worst": "Ours is farthest from the truth here",
}
"""Kinds of rows where grey was measured, and where it was not."""


@dataclass(frozen=True)
class SheetRow:
    """A picture of the sheet, and why it was chosen."""

    picture: str
    kind: str = ""


def choose_rows(results: Results, *, each: int = ROWS_OF_A_KIND) -> list[SheetRow]:
    """The pictures that ours improves most over grey by ΔE00, some spread between, and the worst.

    Where grey was not measured (`compares_with_grey`), those where ours has the least ΔE00, and the most. `each` of
    the three kinds, fewer where there are fewer pictures. Without scores of ours for any picture, pictures spread over
    the whole set.
    """
    delta = _deltas(results)
    start = math.nan if compares_with_grey(results) else 0.0
    differences = {
        name: delta.get((GREY, name), start) - delta.get((results.ours, name), math.nan) for name in results.pictures
    }
    gains = {name: difference for name, difference in differences.items() if math.isfinite(difference)}
    if not gains:
        return [SheetRow(name) for name in _spread(results.pictures, 3 * each)]
    ranked = sorted(gains, key=lambda name: (-gains[name], name))
    ends = min(each, len(ranked) // 3)
    best, between, worst = ranked[:ends], ranked[ends : len(ranked) - ends], ranked[len(ranked) - ends :]
    kinds = (("best", best), ("between", _spread(between, each)), ("worst", worst))
    return [SheetRow(name, kind) for kind, names in kinds for name in names]


def compares_with_grey(results: Results) -> bool:
    """Whether grey was measured by ΔE00, so that rows of the sheet are chosen by what ours gains over it."""
    return any(s.method == GREY and s.metric == "delta_e00" for s in results.scores)


def list_sheet_columns(results: Results) -> list[str]:
    """Truth, grey, ours, then every other method in order."""
    others = [m.name for m in results.methods if m.name not in (TRUTH, GREY, results.ours)]
    ours = [m.name for m in results.methods if m.name == results.ours]
    return [TRUTH, GREY, *ours, *others]


def label_columns(results: Results, tiles: Mapping[tuple[str, str], Rgb]) -> dict[str, str]:
    """What stands above each column that has a picture at all, in order."""
    filled = {column for column, _ in tiles}
    plain = {TRUTH: "truth", GREY: "grey"}
    return {name: plain.get(name) or title_of(results, name) for name in list_sheet_columns(results) if name in filled}


def gather_tiles(
    pictures: Sequence[str], columns: Sequence[str], picture_of: PictureOf, *, side: int = TILE_SIDE
) -> dict[tuple[str, str], Rgb]:
    """Small pictures by (method, picture), no larger than side by side; those that are not there are left out."""
    tiles = {}
    for name in pictures:
        for column in columns:
            picture = picture_of(column, name)
            if picture is not None:
                tiles[column, name] = shrink(np.ascontiguousarray(picture[..., :3]), side)
    return tiles


def build_sheet(
    rows: Mapping[str, str], columns: Mapping[str, str], tiles: Mapping[tuple[str, str], Rgb], *, side: int = TILE_SIDE
) -> Rgb:
    """All tiles labelled as one picture, (H, W, 3) uint8: columns above, rows beneath.

    `rows` and `columns` are {name: label}, pictures and methods in order; `tiles` are (h, w, 3) by (column, row), no
    larger than side by side; a missing one stays blank.
    """
    heights = [max((tiles[c, r].shape[0] for c in columns if (c, r) in tiles), default=LINE_HEIGHT) for r in rows]
    if not columns or not rows:
        raise ValueError("a contact sheet needs rows and columns, got none")
    width = GAP + len(columns) * (side + GAP)
    height = LINE_HEIGHT + GAP + sum(h + LINE_HEIGHT + GAP for h in heights)
    sheet = Image.new("RGB", (width, height), PAPER)
    pen, font = ImageDraw.Draw(sheet), _font()
    for index, label in enumerate(columns.values()):
        pen.text((GAP + index * (side + GAP), 4), _fitted(label, pen, font, side), INK, font)
    top = LINE_HEIGHT + GAP
    for (row, label), tall in zip(rows.items(), heights, strict=True):
        for index, column in enumerate(columns):
            if (column, row) in tiles:
                sheet.paste(Image.fromarray(tiles[column, row]), (GAP + index * (side + GAP), top))
        pen.text((GAP, top + tall + 2), _fitted(label, pen, font, width - 2 * GAP), INK, font)
        top += tall + LINE_HEIGHT + GAP
    return np.asarray(sheet)


def build_report_sheet(results: Results, rows: Sequence[SheetRow], tiles: Mapping[tuple[str, str], Rgb]) -> Rgb:
    """The contact sheet of a report as one picture."""
    ours = title_of(results, results.ours)
    labels = {row.picture: row.picture + (f" · {row.kind} for {ours}" if row.kind else "") for row in rows}
    return build_sheet(labels, label_columns(results, tiles), tiles)


def _deltas(results: Results) -> dict[tuple[str, str], float]:
    return {(s.method, s.picture): s.value for s in results.scores if s.metric == "delta_e00"}


def _spread(names: Sequence[str], count: int) -> list[str]:
    """At most `count` of the names, evenly over them."""
    at = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
    return [names[i] for i in at]


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans as matplotlib carries it, which has most signs; where that is not installed, Pillow's own."""
    found = find_spec("matplotlib")
    path = Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf" if found and found.origin else None
    if path is not None and path.is_file():
        return ImageFont.truetype(str(path), TEXT_SIZE - 1)
    return ImageFont.load_default(TEXT_SIZE)


def _fitted(text: str, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text cut so that it is no wider."""
    text = " ".join(text.split())
    if pen.textlength(text, font) <= width:
        return text
    while text and pen.textlength(text + "…", font) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def build_pictures(results: Results, rows: Sequence[SheetRow], tiles: Mapping[tuple[str, str], Rgb]) -> str:
    """The contact sheet as a section; empty where there is no picture at all."""
    names = label_columns(results, tiles)
    if not names:
        return ""
    codes = _encode(tiles)
    delta = _deltas(results)
    head = "".join(
        f'<th scope="col"{" class=ours" * (name == results.ours)}>'
        f'<span title="{as_html(label)}">{as_html(label)}</span></th>'
        for name, label in names.items()
    )
    body, kind = "", None
    kinds = OVER_GREY if compares_with_grey(results) else ALONE
    for row in rows:
        if row.kind != kind:
            kind = row.kind
            title = f"<span>{kinds.get(kind, kind)}</span>"
            body += f'<tr class="kind"><th scope="rowgroup" colspan="{len(names)}">{title}</th></tr>'
        cells = ""
        for name, label in names.items():
            if name == TRUTH:
                text = f'<span title="{as_html(row.picture)}"><b>{as_html(row.picture)}</b></span>'
            else:
                value = delta.get((name, row.picture), math.nan)
                number = f"<b>{value:.1f}</b> " if math.isfinite(value) else ""
                text = f'<span>{number}<i class="who">{as_html(label)}</i></span>'
            code = codes.get((name, row.picture))
            alt = as_html(f"{row.picture}, {label}")
            image = f'<img alt="{alt}" loading="lazy" {code}>' if code else "<span>no picture</span>"
            tag = 'th scope="row"' if name == TRUTH else "td"
            cells += f"<{tag}>{image}{text}</{tag.split()[0]}>"
        body += f"<tr>{cells}</tr>"
    table = (
        '<div class="scroll" tabindex="0" role="region" aria-label="Contact sheet"><table class="sheet">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return build_section("Pictures", _how_chosen(results, rows), table, name="pictures")


def _how_chosen(results: Results, rows: Sequence[SheetRow]) -> str:
    """How the rows were chosen, as HTML."""
    number = "The number beneath a picture is its ΔE00."
    if not any(row.kind for row in rows):
        return f"Spread evenly over the set. {number}"
    ours = as_html(title_of(results, results.ours))
    over = f"how much nearer {ours} comes to the truth than grey does"
    by = over if compares_with_grey(results) else f"how near {ours} comes to the truth"
    return f"Chosen by {by}, by ΔE00: the best, the worst, and some between. {number}"


def _encode(tiles: Mapping[tuple[str, str], Rgb]) -> dict[tuple[str, str], str]:
    """Size and source of each tile as attributes of an `img`, at the best quality that keeps within SHEET_BYTES."""
    codes: dict[tuple[str, str], str] = {}
    for side, quality in LADDER:
        codes = {}
        for key, tile in tiles.items():
            small = shrink(tile, side)
            height, width = tile.shape[:2]
            codes[key] = f'width="{width}" height="{height}" src="{encode_jpeg(small, quality)}"'
        if sum(map(len, codes.values())) <= SHEET_BYTES:
            break
    return codes
