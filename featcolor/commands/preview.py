"""featcolor preview IN... -o sheet.html --grid KEY=VALUE,VALUE...: a few pictures in several settings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import complain, print_json, print_line, progress_bar
from featcolor.commands.models import MODEL_VARIABLE, chosen_model, tell_of_default
from featcolor.commands.options import REFINER_NAMES, not_negative, positive, whole_number
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.batch.preview_grid import Axis, Cell
    from featcolor.batch.preview_page import Sheet
    from featcolor.pictures.find import FoundPicture

SUMMARY = "show a few pictures in several settings, side by side"
DESCRIPTION = """\
Colour a few pictures, small, in every combination of a grid of settings, and write one HTML page that shows them side
by side: first grey, then each setting with its command line and the time that the whole would take. Look at it before
thousands of pictures are coloured.
"""
EPILOG = """\
examples:
  featcolor preview old/ -o sheet.html --model town.featcolor
  featcolor preview old/ -o sheet.html --grid saturation=0.8,1,1.2 temperature=0.4,0.7
  featcolor preview a.jpg b.jpg -o sheet.html --grid model=default,town.featcolor,coast.featcolor
  featcolor preview old/ -o sheet.html --grid size=192,288,384 --saturation 1.2 --pictures 8

--grid varies saturation, temperature, refine, size and model ("default" is the model that comes along). The page
needs no network and can be sent to somebody. A broken picture is named and the rest go on; the exit code is then 1.
"""

GRID = {"saturation": "0.8,1,1.2", "temperature": "0.4,0.7"}
PICTURES = 4
THUMB = 480
"""As featcolor.batch.preview has it; a test compares."""
THUMBS = (64, 2000)
TILES = 1000
"""Thumbnails of a page: more would make it too heavy for a browser."""
SUFFIXES = (".html", ".htm")
WORK_FAILED = 1
SHOWN = 8
"""Names of pictures in the summary."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `preview`."""
    parser.add_argument("input", nargs="+", metavar="IN", help="pictures, folders (searched through), globs, @list.txt")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="SHEET.html", help="the page")
    parser.add_argument(
        "-m", "--model", metavar="MODEL", help=f"as for colorize (default: ${MODEL_VARIABLE}, else the bundled network)"
    )
    parser.add_argument(
        "--grid",
        nargs="+",
        metavar="KEY=V,V",
        help=f"settings to compare, in all combinations (default: {' '.join(map('='.join, GRID.items()))})",
    )

    look = parser.add_argument_group("the look", "the same for all; what is not given is as the model has it")
    look.add_argument("--saturation", type=not_negative, metavar="X", help="factor on the colours")
    look.add_argument("--temperature", type=positive, metavar="T", help="below 1: nearer to the likeliest colour")
    look.add_argument("--refine", choices=REFINER_NAMES, help="the edge-aware filter of the colours")
    look.add_argument("--size", type=whole_number, metavar="N", help="side of the square that colour is worked out on")

    parser.add_argument(
        "--pictures",
        type=whole_number,
        default=PICTURES,
        metavar="N",
        help="show N of the pictures, picked evenly (default: %(default)s)",
    )
    parser.add_argument(
        "--thumb", type=_thumb, default=THUMB, metavar="N", help="longest side of what is shown (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the settings and their command lines as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Write the page; 0 when all is done, 1 when a picture failed."""
    from featcolor.batch.preview import Previewer, pick_evenly, preview_pictures
    from featcolor.batch.preview_grid import MODEL, parse_grid
    from featcolor.batch.preview_page import Sheet, write_page
    from featcolor.pictures.find import find_pictures

    axes = parse_grid(_grid(arguments))
    cells = _cells(arguments, axes)
    _check_output(arguments.output)
    found = find_pictures(arguments.input)
    chosen = _choose(pick_evenly(found, arguments.pictures), len(cells))
    previewer = Previewer(cells, thumb=arguments.thumb)
    if all(axis.key != MODEL for axis in axes):
        tell_of_default(cells[0].model, quiet=arguments.quiet)
    with progress_bar(quiet=arguments.quiet) as progress:
        pictures, failed = preview_pictures(chosen, previewer, progress=progress)
    for message in failed.values():
        complain(message, kind="error")
    if not pictures:
        complain(f"no picture could be coloured, so {arguments.output} was not written", kind="error")
        return WORK_FAILED
    commands = [_command(cell, arguments.input) for cell in cells]
    sheet = Sheet(axes, cells, pictures, len(found), commands, tuple(failed.values()))
    write_page(arguments.output, sheet)
    _tell(arguments, sheet)
    return WORK_FAILED if failed else 0


def _grid(arguments: argparse.Namespace) -> list[str]:
    """As typed, or by default what is not the same for all."""
    if arguments.grid is not None:
        return list(arguments.grid)
    return [f"{key}={values}" for key, values in GRID.items() if getattr(arguments, key) is None]


def _cells(arguments: argparse.Namespace, axes: tuple[Axis, ...]) -> tuple[Cell, ...]:
    from featcolor.batch.preview_grid import cells_of
    from featcolor.models.load import ColouringSettings

    for axis in axes:
        if getattr(arguments, axis.key) is not None:
            raise UsageError(f"--grid varies {axis.key}; leave out --{axis.key}, or take it from the grid")
    settings = ColouringSettings(
        size=arguments.size,
        refine=arguments.refine,
        temperature=arguments.temperature,
        saturation=arguments.saturation,
    )
    return cells_of(axes, model=chosen_model(arguments.model), settings=settings)


def _command(cell: Cell, inputs: list[str]) -> str:
    """The cell's command line; the default model is used where none is named, and the environment names none."""
    hides_default = cell.model is None and bool(os.environ.get(MODEL_VARIABLE))
    return f"env -u {MODEL_VARIABLE} {cell.command(inputs)}" if hides_default else cell.command(inputs)


def _check_output(path: Path) -> None:
    """The page's path, where it can be written without harm."""
    from featcolor.batch.preview_page import is_page

    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path}: -o needs the name of a page, such as {path / 'sheet.html' if path.is_dir() else 'sheet.html'}"
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such folder; make it first or choose another -o")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent}: nothing can be written there; check its permissions or choose another -o")
    if os.path.lexists(path) and not (path.is_file() and is_page(path)):
        raise UsageError(f"{path} exists and is no preview; choose another -o or remove it")


def _choose(pictures: list[FoundPicture], cells: int) -> list[Path]:
    if len(pictures) * (cells + 1) > TILES:
        raise UsageError(
            f"{len(pictures)} pictures in {cells} settings are more than a page of {TILES} thumbnails holds; "
            "lower --pictures or leave out some values"
        )
    return [picture.path for picture in pictures]


def _tell(arguments: argparse.Namespace, sheet: Sheet) -> None:
    if arguments.json:
        print_json(_document(arguments, sheet))
    elif not arguments.quiet:
        count, settings = len(sheet.pictures), len(sheet.cells)
        which = f"{count} of {sheet.found} pictures" if sheet.found > 1 else "1 picture"
        print_line(f"wrote {arguments.output}: {which} in {settings} setting{'' if settings == 1 else 's'}")
        if sheet.found > arguments.pictures:
            names = [str(picture.path) for picture in sheet.pictures[:SHOWN]]
            more = f" and {count - SHOWN} more" if count > SHOWN else ""
            print_line(f"picked evenly: {', '.join(names)}{more}")


def _document(arguments: argparse.Namespace, sheet: Sheet) -> dict[str, Any]:
    return {
        "sheet": str(arguments.output),
        "found": sheet.found,
        "pictures": [
            {"input": str(picture.path), "width": picture.width, "height": picture.height} for picture in sheet.pictures
        ],
        "failed": list(sheet.failed),
        "cells": [
            {
                "model": None if cell.model is None else str(cell.model),
                "settings": cell.settings.chosen(),
                "command": command,
                "seconds_a_picture": round(sheet.mean_seconds(at), 3),
            }
            for at, (cell, command) in enumerate(zip(sheet.cells, sheet.commands, strict=True))
        ],
    }


def _thumb(text: str) -> int:
    low, high = THUMBS
    if not (text.isdecimal() and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"a whole number from {low} to {high} is needed, got {text!r}")
    return int(text)
