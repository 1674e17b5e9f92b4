"""featcolor inspect [MODEL]: what a model file holds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from featcolor.commands.console import print_json, print_line, print_pairs, print_quality

SUMMARY = "print a model's card"
DESCRIPTION = """\
Print what a model was fitted on, its features and settings, its quality on pictures held back, and the versions it
was made with; without a model, what the default model is. The file is checked on the way; nothing in it is run.
"""
EPILOG = """\
examples:
  featcolor inspect town.featcolor
  featcolor inspect town.featcolor --json
  featcolor inspect                                the default model
"""

LONGEST_LIST = 16
"""Items that are shown one by one."""
SHOWN_APART = ("features", "quality", "settings", "versions", "truth_colourfulness", "file_bytes", "array_bytes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `inspect`."""
    parser.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="a model file, or a colour network (default: the one that comes along)",
    )
    parser.add_argument("--json", action="store_true", help="print the card as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the card."""
    from featcolor.errors import ModelFileError
    from featcolor.models.load import DEFAULT_MODEL, named_model

    card = _read(named_model(arguments.model) if arguments.model else None)
    if arguments.json:
        print_json(card)
    else:
        try:
            _print_card(arguments.model or DEFAULT_MODEL, card)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError(
                f"{arguments.model}: the model's card is damaged ({type(error).__name__}: {error}); --json shows it"
            ) from error
    return 0


def _read(model: Path | None) -> dict[str, Any]:
    from featcolor.models.load import is_network
    from featcolor.models.model_file import read_card

    if model is not None and not is_network(model):
        return read_card(model)
    from featcolor.models.pretrained import read_network_card

    return read_network_card() if model is None else read_network_card(model)


def _print_card(name: str, card: Mapping[str, Any]) -> None:
    lines = {"model": name, "size": f"{card['file_bytes'] / 1e6:.1f} MB"}
    lines |= {key.replace("_", " "): _named(key, value) for key, value in card.items() if key not in SHOWN_APART}
    features = card.get("features") or []
    if features:
        total = sum(part["features"] for part in features)
        counts = ", ".join(f"{part['name']} {part['features']}" for part in features)
        lines["features"] = f"{counts}; {total} in all"
    for key in ("settings", "versions"):
        if card.get(key):
            lines[key] = ", ".join(f"{item} {_named(item, value)}" for item, value in card[key].items())
    print_pairs(lines)
    if card.get("quality"):
        print_line("")
        print_quality(card["quality"], card.get("truth_colourfulness"))


def _named(name: str, value: Any) -> str:
    """A value, and what the command line calls it where that is something else."""
    from featcolor.models.config import boldness_of

    return _shown(value) + (f" (--boldness {boldness_of(value):g})" if name == "temperature" else "")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list) and len(value) > LONGEST_LIST:
        return f"{len(value)} (--json lists them)"
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    if value is None:
        return "none"
    return str(value)
