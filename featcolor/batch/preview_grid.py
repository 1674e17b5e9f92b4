"""The settings that a preview compares: the grid as it is typed, its cells, and the command line of each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from featcolor.errors import UsageError
from featcolor.models.config import AUTO, boldness_of, temperature_of
from featcolor.models.load import DEFAULT_MODEL, ColouringSettings, named_model
from featcolor.names import plain_path, shell_line

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer

CELLS: Final = 64
"""Of a grid, at most: more cannot be compared by looking."""
OUTPUT: Final = "coloured"
"""Where the command lines put the pictures, each in a folder that is called so and as its settings."""
LIVELIER: Final = (0.8, 1.0, 1.2)
"""Saturations of the default grid, in the model's own."""
BOLDER: Final = 0.3
"""Boldness between the two of the default grid."""
MODEL: Final = "model"
BOLDNESS: Final = "boldness"
"""What people call the temperature, turned round."""


KEYS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        MODEL: named_model,
        "saturation": lambda text: AUTO if text == AUTO else float(text),
        BOLDNESS: float,
        "warmth": float,
        "refine": str,
        "size": int,
    }
)
"""What a grid may hold, and what makes a value of its text; all but the model are as the command line has them."""


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
        """Caption that tells the cell from the others: "saturation 1.2, temperature 0.4"."""
        return ", ".join(f"{key} {text}" for key, text in self.texts.items())

    def command(self, inputs: Sequence[str], options: Sequence[str] = ()) -> str:
        """Command line that colours pictures this way, quoted for a POSIX shell.

        `inputs` and the grid's values are as typed; `options` are more of `featcolor colorize`.
        """
        folder = "-".join([OUTPUT, *itertools.chain.from_iterable(self.texts.items())]).replace("/", "_")
        words = ["featcolor", "colorize", *map(plain_path, inputs), "-o", f"{folder}/", *options]
        if MODEL in self.texts or self.model is not None:
            words += [f"--{MODEL}", plain_path(str(self.model or DEFAULT_MODEL))]
        for key, value in ({**self.texts, **self.fixed()}).items():
            if key != MODEL:
                # A number below 0 may look like an option.
                words += [f"--{key}={value}"] if str(value).startswith("-") else [f"--{key}", str(value)]
        return shell_line(words)

    def fixed(self) -> dict[str, Any]:
        """The settings that are not of the grid, as the command line has them."""
        chosen = self.settings.chosen()
        if (temperature := chosen.pop("temperature", None)) is not None:
            chosen[BOLDNESS] = boldness_of(float(temperature))
        return {key: value for key, value in chosen.items() if key not in self.texts}


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
        if BOLDNESS in values:
            try:
                values["temperature"] = temperature_of(values.pop(BOLDNESS))
            except ValueError as error:
                raise UsageError(str(error)) from error
        cells.append(Cell(texts, values.pop(MODEL, model), replace(settings, **values)))
    return tuple(cells)


def default_grid(colorizer: StillColorizer) -> tuple[Axis, ...]:
    """What is worth comparing with the model's own settings, which are among it."""
    own = max(0.0, boldness_of(colorizer.config.temperature))
    bold = sorted((own, own + (BOLDER if own < 0.5 else -BOLDER)))
    livelier = [f"{colorizer.config.saturation * factor:g}" for factor in LIVELIER]
    if colorizer.config.vivid:
        livelier = [AUTO, *livelier[1:]]
    return Axis("saturation", tuple(livelier)), Axis(BOLDNESS, tuple(f"{value:g}" for value in bold))


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
