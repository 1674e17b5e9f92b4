"""featcolor benchmark film --data DIR -o REPORT: colour carried from key frames, beside simpler ways."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.benchmark.plan import NAME, RESERVED, SPEED_REPORT
from featcolor.commands.console import WORK_FAILED, complain, number, print_line, print_table, progress_bar
from featcolor.commands.given.options import seed, whole_number, words
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.data.film_sequences import FilmOutputs, FrameFolder
    from benchmarks.methods.film import FilmMethod
    from benchmarks.runs.film import FilmResults, FilmStudy

FILM = """\
Give the first frame of every sequence in colour (and the last, for two key frames), the others in grey; let each method
colour them; compare with the truth, frame by frame and from frame to frame. Key frames never count. A run that was
stopped goes on where it was; what is done is not run again while nothing that it depends on has changed.
"""
FILM_EPILOG = """\
methods:
  grey                no colour
  frames              a regressor fitted on the key frame, every frame by itself
  flow                the key frame's chroma carried along the optical flow
  recipe              carried where lightness agrees and nothing is covered, else the regressor
  ours, ours2         featcolor, with one key frame and with two
  --model             a model that 'featcolor fit' made, every frame by itself
  --outputs           frames that others coloured, FOLDER/SEQUENCE/FRAME, or NAME@SEQUENCE=FOLDER for FOLDER/FRAME;
                      those of another size than the truth give their chroma only

Where DIR holds a recipe.csv with the columns sequence, psnr and psnr_wrapped, its figures stand beside.
exit codes: 0 done; 1 a sequence failed; 2 the call cannot be done as typed.
"""
METHOD_NAMES = ("grey", "frames", "flow", "recipe", "ours", "ours2")
PRESET_NAMES = ("fast", "balanced", "best")
RECIPE_FILE = "recipe.csv"
SHOWN = ("psnr", "wrapped_psnr", "cf_share", "flicker_excess", "coarse_excess", "seconds")


def add_film_arguments(parser: argparse.ArgumentParser) -> None:
    """What `benchmark film` takes besides what every benchmark does."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a folder of frames a sequence")
    parser.add_argument("--methods", metavar="LIST", help="by commas (default: all)")
    parser.add_argument("--model", action="append", default=[], metavar="[NAME=]MODEL", help="frame by frame")
    parser.add_argument(
        "--outputs", action="append", default=[], metavar="NAME[@SEQUENCE]=FOLDER", help="made elsewhere"
    )
    parser.add_argument("--worn", action="store_true", help="ours on a worn reel too")
    parser.add_argument("--preset", choices=PRESET_NAMES, default="balanced", help="of ours (default: balanced)")
    parser.add_argument("--sequences", metavar="LIST", help="only these, by commas")
    parser.add_argument("--limit", type=whole_number, metavar="N", help="only the first N frames of each sequence")
    parser.add_argument("--jobs", type=whole_number, default=1, metavar="N", help="sequences at once (default: 1)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of the wear and the intervals (default: 0)")
    parser.add_argument("--fresh", action="store_true", help="use nothing of an earlier run")


def run_film(arguments: argparse.Namespace) -> int:
    """Measure and write the report."""
    from benchmarks.report.film import write_film_report
    from benchmarks.runs.film import run_film_study

    study = plan_film_study(arguments)
    with progress_bar(quiet=arguments.quiet) as progress:
        results = run_film_study(study, progress=progress, tell=complain)
    page = write_film_report(results)
    if not arguments.quiet:
        _print_film(results)
        print_line(f"the report: {page}")
    return WORK_FAILED if results.failures else 0


def plan_film_study(arguments: argparse.Namespace) -> FilmStudy:
    """The study that a command line asks for; UsageError when it names what is not there."""
    from benchmarks.data.film_sequences import check_outputs, find_sequences
    from benchmarks.runs.environment import environment_facts
    from benchmarks.runs.film import FilmStudy
    from benchmarks.runs.output_folder import INDEX

    if (arguments.output / SPEED_REPORT).exists() or (arguments.output / "outputs" / INDEX).exists():
        raise UsageError(f"{arguments.output}: holds the report of another benchmark; choose another -o")
    names = set(words(arguments.sequences)) if arguments.sequences else None
    sequences = find_sequences(arguments.data, names=names, limit=arguments.limit)
    outputs = tuple(_outputs(text) for text in arguments.outputs)
    check_outputs(outputs, sequences)
    methods = _methods(arguments)
    _check_names([method.name for method in methods] + [each.name for each in outputs])
    return FilmStudy(
        sequences=sequences,
        methods=methods,
        outputs=outputs,
        folder=arguments.output,
        worn=arguments.worn,
        seed=arguments.seed,
        jobs=arguments.jobs,
        fresh=arguments.fresh,
        recorded={} if arguments.limit else _recorded(arguments.data / RECIPE_FILE, sequences),
        facts=environment_facts(["featcolor", *sys.argv[1:]], arguments.seed),
    )


def _methods(arguments: argparse.Namespace) -> tuple[FilmMethod, ...]:
    from benchmarks.methods.film import FILM_METHODS, ModelFrames, build_film_method

    methods: list[FilmMethod] = []
    for name in words(arguments.methods) if arguments.methods else METHOD_NAMES:
        if name not in FILM_METHODS:
            raise UsageError(f"no method of film is called {name!r}; there are {', '.join(FILM_METHODS)}")
        methods.append(build_film_method(name, arguments.preset))
    for text in arguments.model:
        name, separator, path = text.partition("=")
        name, path = (name, path) if separator and NAME.fullmatch(name) else ("model", text)
        if not Path(path).is_file():
            raise UsageError(f"{path}: no such file (of --model)")
        methods.append(ModelFrames(name, Path(path)))
        methods[-1].settings()  # a file that cannot be read is known now
    return tuple(methods)


def _outputs(text: str) -> FilmOutputs:
    from benchmarks.data.film_sequences import FilmOutputs

    name, separator, folder = text.partition("=")
    name, at, sequence = name.partition("@")
    if not separator or not folder or (at and not sequence):
        raise UsageError(f"--outputs {text}: NAME=FOLDER or NAME@SEQUENCE=FOLDER is needed")
    if not Path(folder).is_dir():
        raise UsageError(f"{folder}: no such folder (of --outputs)")
    return FilmOutputs(name, Path(folder), sequence or None)


def _check_names(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name}: two methods of this name; give one another NAME=")
        if name in RESERVED or name.endswith("-worn") or not NAME.fullmatch(name):
            raise UsageError(f"{name!r}: not usable as a method's name; use letters, digits, '.', '_', '+' and '-'")


def _recorded(path: Path, sequences: tuple[FrameFolder, ...]) -> dict[str, tuple[float, float]]:
    """Figures of an earlier study by sequence, where its file lies beside the sequences."""
    if not path.is_file():
        return {}
    import csv

    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = {row["sequence"]: (float(row["psnr"]), float(row["psnr_wrapped"])) for row in csv.DictReader(file)}
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: needs the columns sequence, psnr and psnr_wrapped ({error})") from error
    return {sequence.name: found[sequence.name] for sequence in sequences if sequence.name in found}


def _print_film(results: FilmResults) -> None:
    from benchmarks.report.film_tables import ALL, COLUMNS, average, list_gaps, list_rows

    rows = list_rows(results)
    columns = [column for column in COLUMNS if column.key in SHOWN]
    means = average(rows, ALL)
    lines = [[name, *(number(c.factor * values[c.key], c.digits) for c in columns)] for name, values in means.items()]
    print_table(("method", *(column.title for column in columns)), lines, title="mean over sequences")
    gaps = []
    for gap in list_gaps(rows, results.study.seed):
        mean, low, high = gap.paired[:3]
        gaps.append([gap.text, f"{mean:+.2f} [{low:+.2f}, {high:+.2f}] {gap.unit}"])
    if gaps:
        print_table(("what", "difference"), gaps)
