"""featcolor fit REF... -o MODEL: learn colour from reference pictures."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import name_left_out, print_json, print_line, print_quality, print_table, progress_bar
from featcolor.commands.given.engines import add_engine_options, chosen_engine
from featcolor.commands.given.options import (
    DEFAULT_PRESET,
    FILM_NAMES,
    HEAD_NAMES,
    PRESET_NAMES,
    check_place,
    fraction,
    not_negative,
    seed,
    whole_number,
)
from featcolor.commands.given.references import find
from featcolor.errors import ModelFileError, UsageError, refuse_without_fit

if TYPE_CHECKING:
    from featcolor.models.config import ColorizerConfig
    from featcolor.models.fit_report import FitReport

SUMMARY = "learn colour from reference pictures and write a model file"
DESCRIPTION = """\
Learn colour from your own colour pictures: of the same place, time, people or film. A few dozen work, hundreds are
better. Pictures that are broken, grey, tiny or there twice are named and left out.
"""
EPILOG = """\
examples:
  featcolor fit refs/ -o town.featcolor                     every picture below refs/
  featcolor fit a.jpg b.png 'more/*.tif' -o small.featcolor --preset fast
  featcolor fit @chosen.txt -o plates.featcolor --film orthochromatic
  featcolor fit refs/ -o m.featcolor --features patch,daisy,context,backbone:net.onnx@conv3+conv5

@chosen.txt names one path a line, relative to the list file; lines that start with # are comments.
At the end, a table compares the model with grey and with one constant colour on references that it did not learn
from, and names those that the others predict worst: odd ones out, or sepia? A look at them pays.
"""

OVERRIDES = ("features", "head", "rebalance", "clusters", "film", "holdout", "pixels", "size", "seed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fit`; what is not given comes from the preset."""
    parser.add_argument(
        "reference", nargs="+", metavar="REF", help="colour pictures, folders (searched through), globs, @list.txt"
    )
    parser.add_argument("-o", "--output", required=True, metavar="MODEL", help="the model file to write")
    parser.add_argument(
        "--preset", choices=PRESET_NAMES, default=DEFAULT_PRESET, help="time against quality (default: %(default)s)"
    )
    detail = parser.add_argument_group("in detail", "what is not given comes from the preset")
    detail.add_argument(
        "--features", metavar="LIST", help="extractors, by commas: patch,daisy,context,words,backbone,..."
    )
    detail.add_argument("--head", choices=HEAD_NAMES, help="bins: a distribution over colours; mean: squared error")
    detail.add_argument(
        "--rebalance", type=not_negative, metavar="X", help="weight of rare colours: 0 as they come, 1 as by Zhang 2016"
    )
    detail.add_argument("--clusters", type=whole_number, metavar="N", help="groups of alike references, a network each")
    detail.add_argument("--film", choices=FILM_NAMES, help="grey the references as this film stock would have")
    detail.add_argument("--holdout", type=fraction, metavar="F", help="part of the references held back to measure by")
    detail.add_argument("--pixels", type=whole_number, metavar="N", help="pixels learned from each picture")
    detail.add_argument(
        "--size", type=whole_number, metavar="N", help="side of the square that colour is worked out on"
    )
    detail.add_argument("--seed", type=seed, metavar="N", help="same seed, pictures and versions: same model")
    add_engine_options(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Fit and save; raises for what cannot be fitted on."""
    refuse_without_fit("fitting")
    paths = [picture.path for picture in find(arguments.reference, quiet=arguments.quiet)]
    output = _check_output(arguments.output, paths)
    config = _config(arguments)

    from featcolor.models.colorizer import Colorizer
    from featcolor.models.references import default_fit_jobs

    colorizer = Colorizer(config)
    jobs = partial(default_fit_jobs, len(paths))
    with chosen_engine(arguments, len(paths), jobs) as engine, progress_bar(quiet=arguments.quiet) as progress:
        colorizer.fit(paths, engine=engine, progress=progress)
    colorizer.save(output)

    report = colorizer.report_
    if not arguments.quiet:
        name_left_out(report.left_out, more="; --json or 'featcolor inspect' names them all")
    if arguments.json:
        print_json(_report_as_json(report, output))
    elif not arguments.quiet:
        _print_report(report, output)
    return 0


def _config(arguments: argparse.Namespace) -> ColorizerConfig:
    """The preset with what was given in its place."""
    from dataclasses import replace

    from featcolor.models.config import PRESETS
    from featcolor.models.references import parse_features

    given = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name) is not None}
    try:
        config = replace(PRESETS[arguments.preset], **given)
        parse_features(config.features)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return config


def _check_output(output: str, references: list[Path]) -> Path:
    """The model's path, where it can be written without harm: an hour of fitting must not end in an error."""
    from featcolor.models.model_file import read_card

    path = Path(output)
    check_place(path, references, example="town.featcolor")
    if path.exists():
        try:
            read_card(path)
        except ModelFileError as error:
            raise UsageError(f"{path} exists and is no featcolor model; choose another -o or remove it") from error
    return path


def _print_report(report: FitReport, output: Path) -> None:
    if report.table:
        print_quality(report.table, report.truth_colourfulness)
    else:
        print_line("too few references to hold some back: no quality was measured")
    if report.worst:
        worst = [[str(name), f"{error:.1f}"] for name, error in report.worst]
        print_table(("look at these: odd one out, or sepia?", "a*b* error"), worst)
    size = output.stat().st_size / 1e6
    left_out = f", {len(report.left_out)} left out" if report.left_out else ""
    memory = f", {report.peak_memory / 2**30:.1f} GiB at most" if report.peak_memory else ""
    print_line(
        f"{output}: {size:.1f} MB, fitted on {report.references} pictures{left_out} in {report.seconds:.0f} s{memory}"
    )


def _report_as_json(report: FitReport, output: Path) -> dict[str, Any]:
    return {"model": str(output), "file_bytes": output.stat().st_size, **report.to_dict()}
