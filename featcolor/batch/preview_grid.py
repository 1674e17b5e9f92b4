"""The settings that a preview compares: the grid as it is typed, its cells, and the command line of each."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from featcolor.errors import UsageError
from featcolor.models.load import ColouringSettings

CELLS: Final = 64
"""Of a grid, at most: more cannot be compared by looking."""
OUTPUT: Final = "coloured/"
"""Where the command lines put the pictures."""
MODEL: Final = "model"
DEFAULT_MODEL: Final = "default"
"""What a grid calls the model that comes with the package, where no file is called so."""


def _model(name: str) -> Path | None:
    return None if name == DEFAULT_MODEL and not Path(name).exists() else Path(name)


KEYS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {MODEL: _model, "saturation": float, "temperature": float, "refine": str, "size": int}
)
"""What a grid may hold, and what makes a value of its text; all but the model are those of ColouringSettings."""


@dataclass(frozen=True)
class Axis:
    """One setting and its values, as typed; no two mean the same."""

    key: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One combination of settings.

    Attributes
    ----------
    texts : values as typed, by key, in the grid's order.
    model : its file; None: the default model.
    settings : of the grid, and those that are the same for all cells.
    """

    texts: Mapping[str, str]
    model: Path | None
    settings: ColouringSettings

    @property
    def caption(self) -> str:
        """What tells the cell from the others: "saturation 1.2, temperature 0.4"."""
        return ", ".join(f"{key} {text}" for key, text in self.texts.items())

    def command(self, inputs: Sequence[str]) -> str:
        """What colours pictures this way, quoted for a POSIX shell: `inputs` as typed, the grid's values as typed."""
        words = ["featcolor", "colorize", *map(_plain, inputs), "-o", OUTPUT]
        if self.model is not None:
            words += [f"--{MODEL}", _plain(str(self.model))]
        for key, value in ({**self.texts, **self.fixed()}).items():
            if key != MODEL:
                words += [f"--{key}", str(value)]
        return shlex.join(words)

    def fixed(self) -> dict[str, Any]:
        """The settings that are not of the grid."""
        return {key: value for key, value in self.settings.chosen().items() if key not in self.texts}


def parse_grid(words: Sequence[str]) -> tuple[Axis, ...]:
    """The axes that were typed as KEY=VALUE,VALUE... each.

    Raises
    ------
    UsageError
        For what is no such thing, an unknown key, a key given twice, a value of the wrong kind, or too many cells.
    """
    axes: dict[str, Axis] = {}
    for word in words:
        axis = _parse_axis(word)
        if axis.key in axes:
            raise UsageError(f"--grid has {axis.key} twice; write {axis.key}=VALUE,VALUE once")
        axes[axis.key] = axis
    count = 1
    for axis in axes.values():
        count *= len(axis.texts)
    if count > CELLS:
        raise UsageError(f"--grid has {count} combinations, {CELLS} at most; leave out some values")
    return tuple(axes.values())


def cells_of(axes: Sequence[Axis], *, model: Path | None, settings: ColouringSettings) -> tuple[Cell, ...]:
    """Every combination, the first axis running fastest; `model` and `settings` are what all have in common."""
    cells = []
    for combination in itertools.product(*(axis.texts for axis in reversed(axes))):
        texts = dict(zip((axis.key for axis in axes), reversed(combination), strict=True))
        values = {key: KEYS[key](text) for key, text in texts.items()}
        cells.append(Cell(texts, values.pop(MODEL, model), replace(settings, **values)))
    return tuple(cells)


def _parse_axis(word: str) -> Axis:
    key, sign, text = word.partition("=")
    if not sign:
        raise UsageError(f"--grid takes KEY=VALUE,VALUE..., got {word!r}; pictures go before --grid")
    if key not in KEYS:
        raise UsageError(f"--grid does not know {key!r}; it may vary {', '.join(KEYS)}")
    # A model's name may hold a comma.
    texts = [text] if key == MODEL and Path(text).exists() else [part.strip() for part in text.split(",")]
    if not all(texts):
        raise UsageError(f"--grid {word}: a value is missing; write {key}=VALUE,VALUE")
    distinct: dict[Any, str] = {}
    for each in texts:
        try:
            distinct.setdefault(KEYS[key](each), each)
        except ValueError:
            number = "a whole number" if KEYS[key] is int else "a number"
            raise UsageError(f"--grid {word}: {key} is {number}, got {each!r}") from None
    return Axis(key, tuple(distinct.values()))


def _plain(name: str) -> str:
    """A name that no program takes for an option."""
    return f"./{name}" if name.startswith("-") else name
