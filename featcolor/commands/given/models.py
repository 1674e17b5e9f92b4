"""Which model colours: the one that was named, that of the environment, or the default."""

from __future__ import annotations

import os
from pathlib import Path

from featcolor.commands.console import complain

MODEL_VARIABLE = "FEATCOLOR_MODEL"
MODEL_HELP = (
    f"of 'featcolor fit', a colour network, or 'default' for the one that comes along (default: ${MODEL_VARIABLE}, "
    "else that one)"
)
DEFAULT_NOTE = (
    "the default model colours: likely colours, not known ones; --refs PICTURES or 'featcolor fit' brings in yours"
)


def chosen_model(named: str | None) -> Path | None:
    """The path of `--model`, or of the environment; None for the default model."""
    from featcolor.models.load import named_model

    name = named or os.environ.get(MODEL_VARIABLE)
    return named_model(name) if name else None


def tell_of_default(named: str | None, *, quiet: bool) -> None:
    """Say that nobody chose the model, if so."""
    if not (named or os.environ.get(MODEL_VARIABLE) or quiet):
        complain(DEFAULT_NOTE, kind="note")
