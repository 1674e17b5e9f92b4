"""What a page of the site holds: the places that links can lead to, the links, the text that a person reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote

UNREAD: Final = {"code", "pre", "script", "style", "svg", "dt", "em"}
"""Elements whose words are no prose: code, signatures, names of files."""
VOID: Final = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Page:
    """One page.

    Attributes
    ----------
    anchors : names that a link may have behind `#`
    links : what `href` and `src` hold, as they stand there
    text : prose within <article>
    """

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.page.links |= {given[name] for name in ("href", "src") if name in given}
        self.page.links |= {part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "article" in self.open and not UNREAD & set(self.open):
            self.page.text += data


def read_pages(site: Path) -> dict[Path, Page]:
    """Every page below a folder."""
    return {path: read_page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def read_page(path: Path) -> Page:
    """One page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def leads_elsewhere(link: str) -> bool:
    """Whether a link leaves the site."""
    return link.startswith(("http:", "https:", "mailto:", "//"))


def broken(pages: dict[Path, Page]) -> list[str]:
    """Links within the site that lead to no file, or to no place in it."""
    found = []
    for path, page in pages.items():
        for link in sorted(page.links):
            if leads_elsewhere(link) or link.startswith("data:"):
                continue
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name.partition("?")[0]).resolve() if name else path
            there = target.exists() and (not anchor or target not in pages or anchor in pages[target].anchors)
            if not there:
                found.append(f"{path.name}: {link}")
    return found
