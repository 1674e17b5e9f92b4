"""What every HTML page of ours is made of: one look, pictures inside the page, nothing asked of the network."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

JPEG_QUALITY: Final = 88

SHEET: Final = Path(__file__).with_suffix(".css")
"""The style sheet of every page."""
ARTICLE: Final = SHEET.with_name("pages_article.css")
"""On top of it, for pages that are read from top to bottom."""
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security: the browser itself keeps a page from asking anything of anybody."""


def build_document(title: str, body: str, *sheets: Path, head: str = "", policy: str | None = POLICY) -> str:
    """A whole page with the shared style sheet and its own; `title` is escaped, the rest is HTML as it is.

    `policy` None is for a page that shows files beside it.
    """
    style = "\n".join(sheet.read_text(encoding="utf-8") for sheet in (SHEET, *sheets))
    if policy is not None:
        head += f'<link rel="icon" href="data:,"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    return _DOCUMENT.format(title=escape(title), style=style, body=body, head=head)


def build_section(title: str, text: str, content: str, *, name: str = "") -> str:
    """A section with a heading, which links reach by `name`; `text` and `content` are HTML."""
    anchor = f' id="{name}"' if name else ""
    intro = f"<p class=intro>{text}</p>" if text else ""
    return f"<section{anchor}><h2>{escape(title)}</h2>{intro}{content}</section>"


def shrink(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The picture no larger than side by side, its aspect kept; a smaller one stays as it is."""
    scale = min(1.0, side / max(picture.shape[:2]))
    if scale == 1:
        return picture
    size = tuple(max(1, round(n * scale)) for n in picture.shape[1::-1])
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def encode_jpeg(picture: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> str:
    """A picture, (H, W, 3) or (H, W) uint8, as a data URL."""
    bgr = picture if picture.ndim == 2 else picture[..., ::-1]
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def build_image(picture: NDArray[np.uint8], text: str, *, side: int) -> str:
    """An `img` that holds the picture, no larger than side by side; `text` says what it shows."""
    small = shrink(picture, side)
    height, width = small.shape[:2]
    return f'<img alt="{escape(text)}" width={width} height={height} src="{encode_jpeg(small)}">'


def signed(value: float, digits: int = 1) -> str:
    """The number with its sign, minus as typographers write it."""
    return f"{value:+.{digits}f}".replace("-", "−")


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
