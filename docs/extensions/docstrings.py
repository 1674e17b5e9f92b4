"""Docstrings of the house, as numpydoc reads them.

Ours say "name : what it is, in a sentence that may go on below". numpydoc takes what stands behind the colon for a
type, and what goes on below for its description.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sphinx.application import Sphinx

SECTIONS: Final = ("Parameters", "Attributes", "Raises")
RULE: Final = re.compile(r"-{3,}$")


def untyped(lines: list[str]) -> list[str]:
    """Lines of a docstring whose entries have a type only where a sentence of its own follows."""
    done: list[str] = []
    section = ""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if RULE.match(following):
            section = line
        name, colon, what = line.partition(" : ")
        typed = following.startswith(" ") and following.lstrip()[:1].isupper()
        if section in SECTIONS and colon and not line.startswith(" ") and not typed:
            done += [name, f"    {what}"]
        else:
            done.append(line)
    return done


def process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """`autodoc-process-docstring` of Sphinx."""
    lines[:] = untyped(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """As of Sphinx."""
    app.connect("autodoc-process-docstring", process, priority=400)  # before numpydoc
    return {"parallel_read_safe": True, "parallel_write_safe": True}
