"""featcolor preview IN... -o sheet.html --grid KEY=VALUE,VALUE...: a few pictures in several settings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import WORK_FAILED, complain, many, print_json, print_line, progress_bar
from featcolor.commands.given.models import MODEL_HELP, chosen_model, tell_of_default
from featcolor.commands.given.options import (
    add_settings,
    check_place,
    chosen_settings,
    preparation,
    typed,
    whole_number,
)
from featcolor.commands.given.references import (
    REFS_HELP,
    find,
    find_uncoloured,
    fitted_album,
    network_of,
    without_references,
)
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
  featcolor preview old/ -o sheet.html --grid saturation=0.8,1,1.2 boldness=0.3,0.6,0.9
  featcolor preview a.jpg b.jpg -o sheet.html --grid model=default,town.featcolor,coast.featcolor
  featcolor preview old/ -o sheet.html --grid size=192,288,384 --saturation 1.2 --pictures 8
  featcolor preview old/ -o sheet.html --refs album/ --prepare dust,contrast

--grid varies saturation, boldness, warmth, refine, size and model ("default" is the model that comes along); without it
some values around the model's own. The page needs no network and can be sent to somebody. A broken picture is named and
the rest go on; the exit code is then 1.
"""

PICTURES = 4
THUMB = 480
"""As featcolor.batch.preview has it; a test compares."""
THUMBS = typed("a whole number from 64 to 2000", int, lambda number: 64 <= number <= 2000)
TILES = 1000
"""Thumbnails of a page: more would make it too heavy for a browser."""
SUFFIXES = (".html", ".htm")
EXAMPLE = "sheet.html"
SHOWN = 8
"""Names of pictures in the summary."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `preview`."""
    parser.add_argument("input", nargs="+", metavar="IN", help="pictures, folders (searched through), globs, @list.txt")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="SHEET.html", help="the page")
    parser.add_argument("-m", "--model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--refs", action="append", default=[], metavar="REFS", help=REFS_HELP)
    parser.add_argument(
        "--grid",
        nargs="+",
        metavar="KEY=V,V",
        help="settings to compare, in all combinations (default: saturation and boldness, the model's own among them)",
    )
    add_settings(parser, "the same for all; what is not given is as the model has it")
    parser.add_argument(
        "--pictures",
        type=whole_number,
        default=PICTURES,
        metavar="N",
        help="show N of the pictures, picked evenly (default: %(default)s)",
    )
    parser.add_argument(
        "--thumb", type=THUMBS, default=THUMB, metavar="N", help="longest side of what is shown (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the settings and their command lines as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Write the page; 0 when all is done, 1 when a picture failed."""
    from dataclasses import replace

    from featcolor.batch.preview import Previewer, pick_evenly, preview_pictures
    from featcolor.batch.preview_grid import MODEL, default_grid, parse_grid
    from featcolor.batch.preview_page import Sheet, write_page
    from featcolor.models.load import ColouringSettings, load_colorizer

    steps = preparation(arguments.prepare)
    axes = parse_grid(arguments.grid or ())
    _check_output(arguments.output)
    references = [picture.path for picture in find(arguments.refs, quiet=arguments.quiet)]
    found = without_references(find_uncoloured(arguments.input, output=None, quiet=arguments.quiet), references)
    varies_model = any(axis.key == MODEL for axis in axes)
    if references and varies_model:
        raise UsageError("--refs goes with one model; leave it out, or take model from --grid")
    model = network_of(chosen_model(arguments.model), arguments)
    if arguments.grid is None:
        offered = default_grid(load_colorizer(model, ColouringSettings()))
        axes = tuple(axis for axis in offered if _fixed(arguments, axis.key) is None)
    chosen = pick_evenly(found, arguments.pictures)
    cells = _cells(arguments, axes, model)
    paths = _choose(chosen, len(cells))
    if not varies_model:
        tell_of_default(arguments.model, quiet=arguments.quiet or bool(references))
    with fitted_album(references, model, quiet=arguments.quiet) as fitted:
        timed = [replace(cell, model=fitted) for cell in cells] if references else cells
        previewer = Previewer(timed, thumb=arguments.thumb, preparation=steps)
        with progress_bar(quiet=arguments.quiet) as progress:
            pictures, failed = preview_pictures(paths, previewer, progress=progress)
    for message in failed.values():
        complain(message, kind="error")
    if not pictures:
        complain(f"no picture could be coloured, so {arguments.output} was not written", kind="error")
        return WORK_FAILED
    commands = [_command(cell, arguments) for cell in cells]
    sheet = Sheet(axes, cells, pictures, len(found), commands, tuple(failed.values()))
    write_page(arguments.output, sheet)
    _tell(arguments, sheet)
    return WORK_FAILED if failed else 0


def _fixed(arguments: argparse.Namespace, key: str) -> Any:
    """What is given for all in place of a setting of the grid."""
    return getattr(arguments, "temperature" if key == "boldness" else key)


def _cells(arguments: argparse.Namespace, axes: tuple[Axis, ...], model: Path | None) -> tuple[Cell, ...]:
    from featcolor.batch.preview_grid import cells_of

    for axis in axes:
        if _fixed(arguments, axis.key) is not None:
            raise UsageError(f"--grid varies {axis.key}; leave out --{axis.key}, or take it from the grid")
    return cells_of(axes, model=model, settings=chosen_settings(arguments))


def _command(cell: Cell, arguments: argparse.Namespace) -> str:
    """The cell's command line, with what is the same for all."""
    from featcolor.batch.preview_grid import MODEL

    options = [word for each in arguments.refs for word in ("--refs", each)]
    options += ["--prepare", arguments.prepare] if arguments.prepare else []
    if cell.model is None and arguments.model and MODEL not in cell.texts:
        options += ["--model", arguments.model]
    return cell.command(arguments.input, options)


def _check_output(path: Path) -> None:
    """The page's path, where it can be written without harm."""
    from featcolor.batch.preview_page import is_page

    if path.suffix.lower() not in SUFFIXES and not path.is_dir():
        raise UsageError(f"{path}: -o needs the name of a page, such as {EXAMPLE}")
    check_place(path, example=EXAMPLE)
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
        print_line(f"wrote {arguments.output}: {which} in {many(settings, 'setting')}")
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
