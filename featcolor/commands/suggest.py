"""featcolor suggest IN [X,Y ...] [--ask N]: likely colours of places, and where a hint would help most."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import complain, many, print_json, print_line, print_swatch
from featcolor.commands.given.models import MODEL_HELP, chosen_model
from featcolor.commands.given.options import readable, typed
from featcolor.commands.given.references import find
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from featcolor.hints.picture import HintablePicture
    from featcolor.hints.suggest import Suggestion

SUMMARY = "name likely colours of a place, and the places to hint"
DESCRIPTION = """\
Say which colours a place of a grey picture is likely to have, each ready to be given back as a hint; and with --ask,
which places are worth a hint: those where you know the colour and the model does not, and where much follows from it.
"""
EPILOG = """\
examples:
  featcolor suggest old.jpg 320,410                     five likely colours of one place
  featcolor suggest old.jpg 320,410 520,90 -k 3         three each of two
  featcolor suggest old.jpg --ask 5                     five places to tell the colour of, and what it may be
  featcolor suggest old.jpg --ask 5 -o marked.png       the same, with numbered rings on the coloured picture
  featcolor suggest old.jpg --ask 5 --json              for programs

Places are pixels from the top left, x then y. A colour is as the place's own lightness has it, with its share of what
is likely; the shares of a place add up to less than 100 % where more colours are possible than are shown.
"""

MOST_ASKED = 100
MOST_COLOURS = 20
SUGGESTED = 5
"""Colours a place, as featcolor.hints.suggest has it; a test compares."""


def _place(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"a place is x,y in whole pixels, such as 320,410; got {text!r}")
    return int(parts[0]), int(parts[1])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `suggest`."""
    parser.add_argument("input", metavar="IN", help="one picture")
    parser.add_argument("places", nargs="*", type=readable(_place), metavar="X,Y", help="places of it, in pixels")
    parser.add_argument(
        "-k",
        "--colours",
        type=typed(f"a whole number from 1 to {MOST_COLOURS}", int, lambda number: 1 <= number <= MOST_COLOURS),
        default=SUGGESTED,
        metavar="N",
        help="colours a place, at most (default: %(default)s)",
    )
    parser.add_argument(
        "--ask",
        type=typed(f"a whole number from 1 to {MOST_ASKED}", int, lambda number: 1 <= number <= MOST_ASKED),
        metavar="N",
        help="the N places whose colour would help most; those that are named count as known",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="the coloured picture with the places marked on it")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("-m", "--model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--json", action="store_true", help="print places and colours as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print colours of the places that are named, then the places to ask about."""
    if not arguments.places and arguments.ask is None:
        raise UsageError("name a place, such as 320,410, or let --ask 5 find five")
    source, target = _paths(arguments)
    from featcolor.hints.picture import HintablePicture
    from featcolor.models.load import ColouringSettings, load_colorizer
    from featcolor.pictures.io import read_picture

    model = load_colorizer(chosen_model(arguments.model), ColouringSettings())
    picture = read_picture(source)
    height, width = picture.pixels.shape[:2]
    for x, y in arguments.places:
        if x >= width or y >= height:
            raise UsageError(f"{source}: the place {x},{y} is outside, the picture has {width} x {height} pixels")
    known = HintablePicture(model, picture.pixels)
    named = [_Spoken(known, x, y, arguments.colours) for x, y in arguments.places]
    questions = known.ask(arguments.ask, arguments.places) if arguments.ask else ()
    asked = [_Spoken(known, each.x, each.y, arguments.colours, each.worth) for each in questions]
    if target is not None:
        _mark(known, target, [(each.x, each.y) for each in (*named, *asked)])
    if arguments.json:
        print_json(
            {
                "picture": str(source),
                "width": width,
                "height": height,
                "places": [each.to_dict() for each in named],
                "asked": [each.to_dict() for each in asked],
            }
        )
    else:
        _print(named, asked)
    if target is not None and not arguments.quiet:
        complain(f"wrote {target}: {many(len(named) + len(asked), 'place')} marked")
    return 0


class _Spoken:
    """A place that is spoken of, its likely colours, and what its answer is worth if it is asked for."""

    def __init__(self, picture: HintablePicture, x: int, y: int, colours: int, worth: float | None = None) -> None:
        self.x, self.y, self.worth = x, y, worth
        self.suggestions: tuple[Suggestion, ...] = picture.suggest(x, y, colours)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        worth = {} if self.worth is None else {"worth": round(self.worth, 4)}
        return {"x": self.x, "y": self.y, **worth, "suggestions": [each.to_dict() for each in self.suggestions]}


def _paths(arguments: argparse.Namespace) -> tuple[Path, Path | None]:
    """The picture, and where the marked one goes; refused before any work."""
    from featcolor.batch.outputs import Existing, plan_routes

    found = find([arguments.input], quiet=arguments.quiet)
    if len(found) != 1:
        raise UsageError(f"{arguments.input}: {many(len(found), 'picture')} are there; name one")
    if arguments.output is None:
        return found[0].path, None
    existing = Existing.OVERWRITE if arguments.overwrite else Existing.REFUSE
    return found[0].path, plan_routes(found, arguments.output, existing=existing)[0].target


def _mark(picture: HintablePicture, target: Path, places: list[tuple[int, int]]) -> None:
    from featcolor.hints.mark import mark
    from featcolor.hints.pixels import HintPixels
    from featcolor.pictures.io import write_picture

    write_picture(target, mark(picture.colorize(HintPixels.together([])), places))


def _print(named: list[_Spoken], asked: list[_Spoken]) -> None:
    """A line a colour, below a line a place where places are numbered."""
    for number, each in enumerate((*named, *asked), start=1):
        if asked:
            worth = "" if each.worth is None else f", worth {100 * each.worth:.0f} % of the error that is expected"
            print_line(f"{number}  {each.x},{each.y}{worth}")
        for colour in each.suggestions:
            print_swatch(colour.colour, f"--hint {each.x},{each.y}={colour.colour}  {100 * colour.share:3.0f} %")
