"""Parts of every HTML page: one look, pictures inside the page, nothing asked of the network."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.names import shown
from featcolor.pictures.resize import shrink

JPEG_QUALITY: Final = 88
NAMES_SHOWN: Final = 100
"""Lines of a list of warnings, at most."""
SHEET: Final = Path(__file__).with_suffix(".css")
"""The style sheet of every page."""
ARTICLE: Final = SHEET.with_name("pages_article.css")
"""On top of it, for pages that are read from top to bottom."""
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security: the browser itself keeps a page from asking anything of anybody."""


def build_document(title: str, body: str, *sheets: Path, head: str = "", policy: str | None = POLICY) -> str:
    """A whole page with the shared style sheet and its own; `title` is text, the rest is HTML as it is.

    `policy` None is for a page that shows files beside it.
    """
    style = "\n".join(sheet.read_text(encoding="utf-8") for sheet in (SHEET, *sheets))
    if policy is not None:
        head += f'<link rel="icon" href="data:,"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    return _DOCUMENT.format(title=as_html(title), style=style, body=body, head=head)


def build_section(title: str, text: str, content: str, *, name: str = "") -> str:
    """A section with a heading, which links reach by `name`; `text` and `content` are HTML."""
    anchor = f' id="{name}"' if name else ""
    intro = f"<p class=intro>{text}</p>" if text else ""
    return f"<section{anchor}><h2>{as_html(title)}</h2>{intro}{content}</section>"


def build_header(kicker: str, title: str, text: str, facts: Iterable[tuple[str, str]], more: str = "") -> str:
    """The head of a page: what it is, its title, facts as (value, what it is); `text` and `more` are HTML."""
    cells = "".join(f"<div><dt>{as_html(value)}</dt><dd>{as_html(what)}</dd></div>" for value, what in facts)
    facts_shown = f"<dl class=facts>{cells}</dl>" if cells else ""
    return f"<header><p class=kicker>{as_html(kicker)}</p><h1>{as_html(title)}</h1>{text}{facts_shown}{more}</header>"


def build_warnings(title: str, lines: Sequence[str], rest: str = "") -> str:
    """A section with a list of lines, nothing where there are none; `rest` says where those beyond the page are."""
    if not lines:
        return ""
    items = "".join(f"<li>{as_html(line)}</li>" for line in lines[:NAMES_SHOWN])
    hidden = len(lines) - NAMES_SHOWN
    more = f"<p class=note>And {hidden} more{as_html(rest)}.</p>" if hidden > 0 else ""
    return f"<section><h2>{as_html(title)}</h2><ul class=warnings>{items}</ul>{more}</section>"


def encode_jpeg(picture: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> str:
    """A picture, (H, W, 3) or (H, W) uint8, as a data URL."""
    bgr = picture if picture.ndim == 2 else picture[..., ::-1]
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def build_image(picture: NDArray[np.uint8], text: str, *, side: int, quality: int = JPEG_QUALITY) -> str:
    """An `img` that holds the picture, no larger than side by side; `text` says what it shows."""
    small = shrink(picture, side)
    height, width = small.shape[:2]
    return f'<img alt="{as_html(text)}" width={width} height={height} src="{encode_jpeg(small, quality)}">'


def as_html(text: str) -> str:
    """Text for a page, whatever it holds: a file's name may have markup in it, and bytes that are no text."""
    return escape(shown(text))


def signed(value: float, digits: int = 1) -> str:
    """The number with its sign, minus as typographers write it."""
    return f"{value:+.{digits}f}".replace("-", "−")


def grouped(number: int) -> str:
    """The number with a narrow space between thousands."""
    return f"{number:,}".replace(",", "\u202f")


_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">{head}<title>{title}</title>
<style>{style}</style></head>
<body><main>
{body}
</main></body>
</html>
"""
