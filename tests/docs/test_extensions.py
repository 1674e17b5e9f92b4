"""What makes pages out of parsers, docstrings and documents that lie elsewhere."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.docs


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An extension of the site, by its name."""
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(ROOT / "docs" / "extensions")
    return importlib.import_module


def test_a_command_page_has_all_that_help_shows(extension: Any) -> None:
    parser = argparse.ArgumentParser(prog="featcolor tint", description="Tint *a* picture.", epilog=EPILOG)
    parser.add_argument("input", metavar="IN", help="a picture")
    look = parser.add_argument_group("the look", "as 'featcolor colorize' has it")
    look.add_argument(
        "--tone", choices=("sepia", "blue"), default="blue", help="with --strong more (default: %(default)s)"
    )
    look.add_argument("--secret", help=argparse.SUPPRESS)
    assert extension("command_line").command_page(parser) == PAGE


EPILOG = """\
examples:
  featcolor tint old.jpg        beside it
  featcolor tint old.jpg --tone sepia \\
    --strong                    more
                                of it

It is done in a_moment.
"""
PAGE = r"""featcolor tint
==============

Tint \*a\* picture.

.. code-block:: none

   featcolor tint [-h] [--tone TONE] IN


.. program:: featcolor tint

.. rubric:: Arguments

.. option:: IN

   a picture

.. rubric:: The look

As ``featcolor colorize`` has it.

.. option:: --tone TONE

   with ``--strong`` more (default: blue); one of ``sepia``, ``blue``

.. rubric:: Examples

.. code-block:: bash

   # beside it
   featcolor tint old.jpg

   # more
   # of it
   featcolor tint old.jpg --tone sepia \
       --strong

It is done in a\_moment.
"""


def test_entries_of_docstrings_are_descriptions_unless_a_sentence_follows(extension: Any) -> None:
    lines = [
        "Parameters",
        "----------",
        "a : what it is,",
        "    and more",
        "b : int",
        "    Sentence.",
        "",
        "Returns",
        "-------",
    ]
    lines += ["c : float"]
    untyped = ["Parameters", "----------", "a", "    what it is,", "    and more", *lines[4:]]
    assert extension("docstrings").untyped(lines) == untyped


def test_links_between_files_become_links_between_pages(extension: Any) -> None:
    repository = extension("repository")
    docs, text = (
        ROOT / "docs",
        "[a](docs/usage.md#b) ![c](docs/images/d.jpg) [e](https://example.org) [f](#g) [h](LICENSE)",
    )
    page = docs / "generated" / "changelog.md"
    assert repository.repoint(text, ROOT / "CHANGELOG.md", page) == (
        "[a](../usage.md#b) ![c](../images/d.jpg) [e](https://example.org) [f](#g) [h](../../LICENSE)"
    )
    there = repository.repoint("[a](../benchmarks/README.md#b)", docs / "usage.md", docs / "usage.md")
    assert there == "[a](generated/benchmarks.md#b)"


@pytest.mark.parametrize(
    ("block", "command"),
    [("# a remark\nfeatcolor fit refs/", True), (".venv/bin/python -m x", True), ("L = 116 Y", False), ("it's", False)],
)
def test_blocks_that_are_typed_are_told_from_others(extension: Any, block: str, command: bool) -> None:
    assert extension("repository").is_command(block) == command
