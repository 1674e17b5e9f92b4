"""Choices: what a person sets for a picture as a whole, as the page sends it and as a command line says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from featcolor.errors import UsageError
from featcolor.models.config import ColorizerConfig, boldness_of, temperature_of
from featcolor.models.load import ColouringSettings
from featcolor.names import shell_line
from featcolor.preparation.steps import AUTO, STEPS, Step, parse_preparation
from refine.refiners import REFINERS

LIVELIEST: Final = 2.0
"""Factor on the colours to which the page's control goes; the command line takes more."""
REPAIRS: Final = {
    AUTO: "all that suits an old scan, each as much as it measures",
    "border": "the scan's frame stays grey",
    "dust": "specks and hairs",
    "scratches": "lines down the whole picture",
    "denoise": "grain",
    "contrast": "a faded picture's range",
}
"""Steps of a preparation, and what each mends."""


@dataclass(frozen=True)
class Choices:
    """What is chosen for one picture; None leaves it as the model has it.

    Attributes
    ----------
    model : identifier of a model of the workspace; None: the workspace's own choice
    saturation : factor on the colours, or "auto"
    boldness : 0 (mild) to 1 (bold)
    warmth : -1 (cool) to 1 (warm)
    refine : a key of `refine.refiners.REFINERS`
    prepare : repairs before colouring, as `--prepare` takes them

    Raises
    ------
    UsageError : for a value that there is not
    """

    model: str | None = None
    saturation: float | str | None = None
    boldness: float | None = None
    warmth: float | None = None
    refine: str | None = None
    prepare: str | None = None

    def __post_init__(self) -> None:
        for name in ("model", "refine", "prepare"):
            if not isinstance(getattr(self, name), str | None):
                raise UsageError(f"{name} must be a text, got {getattr(self, name)!r:.40}")
        for name in ("boldness", "warmth"):
            if not isinstance(getattr(self, name), int | float | None):
                raise UsageError(f"{name} must be a number, got {getattr(self, name)!r:.40}")
        try:
            ColorizerConfig().with_options(**self.settings().chosen())
            self.steps()
        except (TypeError, ValueError) as error:
            raise UsageError(str(error)) from error

    @classmethod
    def from_dict(cls, content: Any) -> Self:
        """The inverse of `to_dict`; UsageError for what is no such thing."""
        known = {each.name for each in fields(cls)}
        if not isinstance(content, Mapping) or not set(content) <= known:
            raise UsageError(f"choices are {', '.join(sorted(known))}, got {content!r:.80}")
        return cls(**content)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def settings(self) -> ColouringSettings:
        """What of it the model is asked for."""
        return ColouringSettings(
            refine=self.refine or None,
            temperature=None if self.boldness is None else temperature_of(self.boldness),
            saturation=self.saturation,
            warmth=self.warmth or None,
        )

    def steps(self) -> tuple[Step, ...]:
        """What is repaired before the picture is coloured."""
        return parse_preparation(self.prepare) if self.prepare else ()

    def words(self) -> list[str]:
        """As `featcolor colorize` takes it, the model apart."""
        named = {
            "--saturation": self.saturation,
            "--boldness": self.boldness,
            "--refine": self.refine or None,
            "--prepare": self.prepare or None,
        }
        words = [word for option, value in named.items() if value is not None for word in (option, _said(value))]
        # In one word, since a negative number looks like an option.
        return words + ([f"--warmth={_said(self.warmth)}"] if self.warmth else [])


def command_line(
    source: Path | str, target: Path | str, choices: Choices, *, model: str | Path | None, rest: Sequence[str] = ()
) -> str:
    """What a person types for the same picture.

    >>> command_line("old pier.jpg", "new.jpg", Choices(saturation=1.2), model=None)
    "featcolor colorize 'old pier.jpg' -o new.jpg --saturation 1.2"
    """
    named = [] if model is None else ["--model", str(model)]
    words = ["featcolor", "colorize", str(source), "-o", str(target), *named, *choices.words(), *rest]
    return shell_line(words)


def controls(settings: ColorizerConfig) -> dict[str, Any]:
    """Every control of the page with its option on the command line, its range, and what a model has by itself."""
    return {
        "saturation": {
            "option": "--saturation",
            "help": "strength of the colours; 'auto' is as vivid as the scene lets expect",
            "min": 0,
            "max": LIVELIEST,
            "default": "auto" if settings.vivid else settings.saturation,
        },
        "boldness": {
            "option": "--boldness",
            "help": "mild, the mean of the likely colours, to bold, the likeliest one",
            "min": 0,
            "max": 1,
            "default": boldness_of(settings.temperature),
        },
        "warmth": {
            "option": "--warmth",
            "help": "the whole picture cooler or warmer; its lightness stays",
            "min": -1,
            "max": 1,
            "default": settings.warmth,
        },
        "refine": {
            "option": "--refine",
            "help": "what brings colour to the edges",
            "choices": sorted(REFINERS),
            "default": settings.refine,
        },
        "prepare": {
            "option": "--prepare",
            "help": "repairs before colouring",
            "choices": [{"name": name, "help": REPAIRS.get(name, "")} for name in (AUTO, *STEPS)],
            "default": "",
        },
    }


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4f}".rstrip("0").rstrip(".")
