"""Which model colours: the one that was named, that of the environment, or the default."""

from __future__ import annotations

import os
from pathlib import Path

from featcolor.commands.console import complain

MODEL_VARIABLE = "FEATCOLOR_MODEL"
DEFAULT_NAME = "default"
"""What the default model is called where a model's path is shown."""
DEFAULT_NOTE = (
    "no model given: using the default model, trained on strangers' photographs; fit your own (featcolor fit REFS... "
    "-o town.featcolor) or add --refs ALBUM for truer colours"
)


def chosen_model(named: str | None) -> Path | None:
    """The path of `--model`, or of the environment; None for the default model."""
    name = named or os.environ.get(MODEL_VARIABLE)
    return Path(name) if name else None


def tell_of_default(model: Path | None, *, quiet: bool) -> None:
    """Say that nobody chose the model, if so."""
    if model is None and not quiet:
        complain(DEFAULT_NOTE, kind="note")
