"""The contact sheet of the report's page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from benchmarks.report.contact_sheet import TILE_SIDE, TRUTH, Rgb, SheetRow, compares_with_grey, label_columns
from benchmarks.report.tables import title_of
from benchmarks.runs.results import Results
from featcolor.pages import build_section, encode_jpeg
from featcolor.pictures.resize import shrink

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


def build_pictures(results: Results, rows: Sequence[SheetRow], tiles: Mapping[tuple[str, str], Rgb]) -> str:
    """The contact sheet as a section; empty where there is no picture at all."""
    names = label_columns(results, tiles)
    if not names:
        return ""
    codes = _encode(tiles)
    delta = {
        (s.method, s.picture): s.value
        for s in results.scores
        if s.metric == "delta_e00" and s.picture in {row.picture for row in rows}
    }
    head = "".join(
        f'<th scope="col"{_ours(results, name)}><span title="{escape(label)}">{escape(label)}</span></th>'
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
                text = f'<span title="{escape(row.picture)}"><b>{escape(row.picture)}</b></span>'
            else:
                value = delta.get((name, row.picture), math.nan)
                number = f"<b>{value:.1f}</b> " if math.isfinite(value) else ""
                text = f'<span>{number}<i class="who">{escape(label)}</i></span>'
            code = codes.get((name, row.picture))
            alt = escape(f"{row.picture}, {label}")
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
    ours = escape(title_of(results, results.ours))
    over = f"how much nearer {ours} comes to the truth than grey does"
    by = over if compares_with_grey(results) else f"how near {ours} comes to the truth"
    return f"Chosen by {by}, by ΔE00: the best, the worst, and some between. {number}"


def _ours(results: Results, name: str) -> str:
    return ' class="ours"' if name == results.ours else ""


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
