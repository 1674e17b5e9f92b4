"""Types of option values that several commands share, with messages that say what is allowed."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import complain
from featcolor.errors import UsageError
from featcolor.video.options import REPAIRS, parse_repairs

if TYPE_CHECKING:
    from featcolor.models.load import ColouringSettings
    from featcolor.preparation.steps import Step

# The names in our tables, written out so that --help need not load what implements them; a test compares.
PRESET_NAMES = ("fast", "balanced", "best")
DEFAULT_PRESET = "balanced"
HEAD_NAMES = ("bins", "mean")
FILM_NAMES = ("none", "panchromatic", "orthochromatic", "blue-sensitive")
REFINER_NAMES = (
    "none",
    "joint_bilateral",
    "bilateral_grid",
    "guided",
    "domain_transform",
    "fast_global_smoother",
    "levin",
    "interior",
)

PREPARE_HELP = (
    "auto, or steps with commas between, in the order you name them: border (the frame of a scan stays grey), "
    "dust[:SENSITIVITY], scratches[:SENSITIVITY], denoise[:STRENGTH or :grainy], "
    "contrast[:percentile, :clahe or :faded]"
)


def add_settings(parser: argparse.ArgumentParser, note: str) -> None:
    """What may be chosen at colouring time, but for the model: of `ColouringSettings`, and the preparation."""
    look = parser.add_argument_group("the look", note)
    look.add_argument(
        "--saturation",
        type=_saturation,
        metavar="X",
        help="factor on the colours: 0 grey, 1 as learned; or auto, as vivid as each scene lets expect, which is what "
        "the default model does",
    )
    look.add_argument(
        "--boldness",
        dest="temperature",
        type=_boldness,
        metavar="B",
        help="where several colours are likely: 0 mild, their mean, to 1 bold, the likeliest",
    )
    look.add_argument("--temperature", type=_old_temperature, help=argparse.SUPPRESS)
    look.add_argument(
        "--warmth",
        type=_warmth,
        metavar="W",
        help="the light: -1 cooler, towards a blue sky, 0 as it is, 1 warmer, towards a lamp",
    )
    look.add_argument("--refine", choices=REFINER_NAMES, help="the edge-aware filter of the colours")
    look.add_argument("--size", type=whole_number, metavar="N", help="side of the square that colour is worked out on")
    old = parser.add_argument_group("old pictures", "without it the lightness of a picture stays as it is")
    old.add_argument("--prepare", metavar="STEPS", help=PREPARE_HELP)


def add_reel_options(parser: argparse.ArgumentParser) -> None:
    """What may be made of a film before it is coloured."""
    old = parser.add_argument_group("old reels", "without it frames stay as they are; 'keyframes' and 'video' alike")
    old.add_argument("--deinterlace", action="store_true", help="make whole frames of woven ones, and take these")
    old.add_argument(
        "--prepare",
        type=readable(parse_repairs),
        default=(),
        metavar="STEPS",
        help=f"mend the frames, and take these; steps with commas between, done in this order: {', '.join(REPAIRS)}",
    )


def chosen_settings(arguments: argparse.Namespace) -> ColouringSettings:
    """What was chosen of `add_settings`, but for the preparation."""
    from featcolor.models.load import ColouringSettings

    return ColouringSettings(**{field.name: getattr(arguments, field.name) for field in fields(ColouringSettings)})


def _saturation(text: str) -> float | str:
    from featcolor.models.config import AUTO

    return AUTO if text == AUTO else _factor(text)


def _boldness(text: str) -> float:
    from featcolor.models.config import temperature_of

    return temperature_of(from_0_to_1(text))


def _old_temperature(text: str) -> float:
    """--temperature, the name that --boldness had, for the scripts that have it: 1 for 0 down to 0.05 for 0.95."""
    try:
        boldness = from_0_to_1(f"{1 - float(text):.6g}")
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"{text} makes nothing warmer or cooler, --warmth does; this was a name of --boldness, which is 0 (mild) "
            "to 1 (bold)"
        ) from None
    complain(f"--temperature {text} is called --boldness {boldness:g} now", kind="note")
    return _boldness(str(boldness))


def readable(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A parser whose ValueError reaches the person."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read


def preparation(text: str | None) -> tuple[Step, ...]:
    """The steps that --prepare names, () where it was not given; UsageError for what there is not."""
    if text is None:
        return ()
    from featcolor.preparation.steps import parse_preparation

    try:
        return parse_preparation(text)
    except ValueError as error:
        raise UsageError(f"--prepare: {error}") from error


def check_place(path: Path, inputs: Iterable[Path] = (), *, example: str) -> None:
    """UsageError where a file that is to be written after long work cannot be, or would replace an input."""
    if path.is_dir():
        raise UsageError(f"{path}: a folder; -o needs a file's name, such as {path / example}")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such folder; make it first or choose another -o")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent}: nothing can be written there; check its permissions or choose another -o")
    if path.resolve() in {each.resolve() for each in inputs}:
        raise UsageError(f"{path}: -o is one of the references; choose another name")


def typed(words: str, parse: Callable[[str], Any], allowed: Callable[[Any], bool]) -> Callable[[str], Any]:
    """The type of an option's value; `words` say what is allowed."""

    def read(text: str) -> Any:
        try:
            value = parse(text)
        except ValueError:
            value = math.nan
        if not allowed(value):
            raise argparse.ArgumentTypeError(f"{words} is needed, got {text!r}")
        return value

    return read


whole_number = typed("a whole number from 1", int, lambda number: number >= 1)
from_zero = typed("a whole number from 0", int, lambda number: number >= 0)
port = typed("a port, 0 (any) to 65535,", int, lambda number: 0 <= number < 2**16)
# As NumPy's random states take it.
seed = typed("a whole number from 0 to 4294967295", int, lambda number: 0 <= number < 2**32)
not_negative = typed("a number from 0", float, lambda number: 0 <= number < math.inf)
_factor = typed("a number from 0, or auto,", float, lambda number: 0 <= number < math.inf)
positive = typed("a number above 0", float, lambda number: 0 < number < math.inf)
fraction = typed("a fraction from 0 up to (not including) 1", float, lambda number: 0 <= number < 1)
_warmth = typed("a number from -1 (cooler) to 1 (warmer)", float, lambda number: -1 <= number <= 1)
from_0_to_1 = typed("a number from 0 (mild) to 1 (bold)", float, lambda number: 0 <= number <= 1)


def words(text: str) -> list[str]:
    """Those of a comma list."""
    return [word.strip() for word in text.split(",") if word.strip()]
