"""featcolor inspect MODEL: what a model file holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from featcolor.commands.console import print_json, print_pairs

SUMMARY = "print a model's card"
DESCRIPTION = """\
Print what a model was fitted on, its features and settings, its quality on pictures held back, and the versions it
was made with. The file is checked on the way; nothing in it is run.
"""
EPILOG = """\
example:
  featcolor inspect town.featcolor
  featcolor inspect town.featcolor --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `inspect`."""
    parser.add_argument("model", metavar="MODEL", help="the model file")
    parser.add_argument("--json", action="store_true", help="print the card as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the card."""
    from featcolor.modelfile import read_card

    card = read_card(arguments.model)
    if arguments.json:
        print_json(card)
    else:
        print_pairs(dict(_lines(card)))
    return 0


def _lines(card: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The card's leaves, each under its dotted name."""
    for name, value in card.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return "none" if value is None else str(value)
