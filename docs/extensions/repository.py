"""Pages of the repository that lie outside docs/, and links between files that become links between pages.

A document stays readable where it lies: its links lead to files of the checkout. On the site they lead to the pages
that those files become.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

HERE: Final = Path(__file__).resolve().parents[1]
ROOT: Final = HERE.parent
GENERATED: Final = HERE / "generated"
OUTSIDE: Final = {
    "benchmarks/README.md": "benchmarks",
    "features/models/README.md": "default-model",
    "features/models/LITE0.md": "lite0",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
}
"""Documents beside docs/ and the names of their pages, below `generated`."""
PICTURES_SCRIPT: Final = HERE / "tutorial_pictures.py"
PICTURES: Final = GENERATED / "tutorial-pictures.zip"
BECOMES: Final = {ROOT / "README.md": HERE / "index.md", PICTURES_SCRIPT: PICTURES}
"""Files whose content the site has in another form."""
PROGRAMS: Final = (
    "featcolor",
    "pip",
    "pipx",
    "uv",
    "python",
    "python3",
    "make",
    "git",
    "cat",
    "export",
    "ffmpeg",
    "curl",
    "docker",
)
"""Whose command lines are coloured as such."""
LINK: Final = re.compile(r"(\]\()(?![a-z]+:|#)([^)#\s]+)")


def pages() -> dict[Path, Path]:
    """Each file that is a page in another place: where it lies, and the page."""
    return BECOMES | {ROOT / source: GENERATED / f"{name}.md" for source, name in OUTSIDE.items()}


def repoint(text: str, origin: Path, page: Path) -> str:
    """Markdown whose links, written for a file at `origin`, are right on a page at `page`."""
    moved = pages()

    def replaced(link: re.Match[str]) -> str:
        target = Path(os.path.normpath(origin.parent / link[2]))
        return link[1] + os.path.relpath(moved.get(target, target), page.parent)

    return LINK.sub(replaced, text)


def bring(app: Sphinx) -> None:
    """Copy the documents outside docs/ to where Sphinx finds them."""
    GENERATED.mkdir(exist_ok=True)
    for source, name in OUTSIDE.items():
        if (ROOT / source).exists():
            write_changed(GENERATED / f"{name}.md", (ROOT / source).read_text(encoding="utf-8"))


def write_changed(path: Path, text: str) -> None:
    """Write a file unless it holds just this: Sphinx reads again what is newer."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def repoint_page(app: Sphinx, name: str, content: list[str]) -> None:
    """`source-read` of Sphinx."""
    page = HERE / f"{name}.md"
    if page.exists():
        origins = {GENERATED / f"{name}.md": ROOT / source for source, name in OUTSIDE.items()}
        content[0] = repoint(content[0], origins.get(page, page), page)


class CommandLines(SphinxTransform):
    """Blocks that begin with a command are coloured as a shell's."""

    default_priority = 210

    def apply(self, **kwargs: Any) -> None:
        """As of docutils."""
        for block in self.document.findall(nodes.literal_block):
            if "language" not in block and is_command(block.astext()):
                block["language"] = "bash"


def is_command(text: str) -> bool:
    """Whether a block, but for remarks, begins as a person would type it."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return False
    return bool(words) and words[0].rpartition("/")[2] in PROGRAMS


def setup(app: Sphinx) -> dict[str, bool]:
    """As of Sphinx."""
    app.connect("builder-inited", bring)
    app.connect("source-read", repoint_page)
    app.add_transform(CommandLines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
