"""featcolor benchmark hints --data DIR: what hints of a person are worth, one, two, five, or five hundred."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.benchmark.plan import NAME, RESERVED, SPEED_REPORT
from featcolor.commands.console import WORK_FAILED, complain, print_line, print_table, progress_bar
from featcolor.commands.given.options import from_zero, seed, whole_number, words
from featcolor.commands.given.references import find, tell_of_foreign
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.methods.hints import HintMethod
    from benchmarks.runs.hints import HintResults, HintStudy

HINTS = """\
Tell the truth of some places of each picture and measure how much nearer the whole comes: gain in PSNR over no hint,
against the number of hints. The protocol is SIGGRAPH17's: pictures at 256 x 256 (here the centre square), hints of
6 x 6 pixels with the truth's mean a*b*, drawn about the middle; its published curve stands beside. A run that was
stopped goes on where it was; what is done is not run again while nothing that it depends on has changed.
"""
HINTS_EPILOG = """\
methods:
  default             featcolor's hints on the default model
  levin               Levin et al. 2004: least squares from the hints alone
  levin-default       the same with the default model's prediction
  nearest             every pixel has the colour of the nearest hint, in place and lightness
  --model, --refs     featcolor's hints on a fitted model, and on the default one with references ("refs")
  --onnx              a network that takes hints, as SIGGRAPH17's does: inputs lightness 1 x 1 x h x w, the hints' a*b*
                      1 x 2 x h x w (0 where there is none) and their mask 1 x 1 x h x w (1 at hints), in this order;
                      'python -m benchmarks.speed.export_networks --official siggraph17' tells how to export it

Ours is also given hints where it asks for them, up to 50, beside random ones.

--clumsy gives each hint once more 5 pixels beside its place, 10 off in a*b*, as a stroke over the nearest border, and
all of these together, and tells what share of the exact hints' gain is left.

examples:
  featcolor benchmark hints --data photographs/
  featcolor benchmark hints --data photographs/ --every 7 --seeds 3 --clumsy -o hints/
  featcolor benchmark hints --data town/ --refs refs/ --methods default --counts 1,5,20 -o hints/

exit codes: 0 done; 1 a picture failed; 2 the call cannot be done as typed, or a reference shows a test picture.
"""
METHOD_NAMES = ("default", "levin", "levin-default", "nearest")
DRAW_NAMES = ("centred", "uniform")
COUNTS = "0,1,2,5,10,20,50,100,200,500"
MOST_HINTS = 1000
REFERENCES_NAME = "refs"
NETWORK_NAME = "siggraph17"
PROTOCOL = "crop-256"


def add_hint_arguments(parser: argparse.ArgumentParser) -> None:
    """What `benchmark hints` takes besides what every benchmark does."""
    parser.add_argument("--data", nargs="+", required=True, metavar="DIR", help="photographs in colour")
    parser.add_argument("--every", type=whole_number, default=1, metavar="N", help="every Nth of them (default: all)")
    parser.add_argument("--counts", default=COUNTS, metavar="LIST", help=f"numbers of hints (default: {COUNTS})")
    parser.add_argument("--seeds", type=whole_number, default=3, metavar="N", help="draws of hints (default: 3)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="the first of them (default: 0)")
    parser.add_argument(
        "--places",
        choices=DRAW_NAMES,
        default=DRAW_NAMES[0],
        help="of the hints: about the middle as SIGGRAPH17's, or anywhere (default: centred)",
    )
    parser.add_argument("--clumsy", action="store_true", help="people who are not exact, too")
    parser.add_argument("--methods", metavar="LIST", help="by commas (default: all)")
    parser.add_argument("-m", "--model", action="append", default=[], metavar="[NAME=]MODEL", help="ours on this model")
    parser.add_argument("--refs", nargs="+", default=[], metavar="REF", help="ours on the default model with these")
    parser.add_argument("--onnx", action="append", default=[], metavar="[NAME=]FILE", help="a network that takes hints")
    parser.add_argument("--jobs", type=whole_number, default=1, metavar="N", help="pictures at once (default: 1)")
    parser.add_argument("--fresh", action="store_true", help="use nothing of an earlier run")


def run_hints(arguments: argparse.Namespace) -> int:
    """Measure, and write the report where one is asked for."""
    from benchmarks.runs.hints import run_hint_study

    study = plan_hint_study(arguments)
    with progress_bar(quiet=arguments.quiet) as progress:
        results = run_hint_study(study, progress=progress, tell_person=complain)
    if not arguments.quiet:
        _print_hints(results)
    if study.folder is not None:
        from benchmarks.report.hints import write_hint_report

        page = write_hint_report(results, study.folder)
        if not arguments.quiet:
            print_line(f"the report: {page}")
    return WORK_FAILED if results.failures else 0


def plan_hint_study(arguments: argparse.Namespace) -> HintStudy:
    """The study that a command line asks for; UsageError when it names what is not there."""
    from dataclasses import replace

    from benchmarks.data.datasets import open_dataset
    from benchmarks.runs.environment import environment_facts
    from benchmarks.runs.hints import HintStudy
    from benchmarks.runs.output_folder import INDEX

    output = arguments.output
    if output is not None and ((output / SPEED_REPORT).exists() or (output / "outputs" / INDEX).exists()):
        raise UsageError(f"{output}: holds the report of another benchmark; choose another -o")
    references = tuple(each.path for each in find(arguments.refs, quiet=arguments.quiet))
    methods = _methods(arguments, references)
    dataset = open_dataset(arguments.data, protocol=PROTOCOL)
    tell_of_foreign(dataset.foreign, quiet=arguments.quiet)
    return HintStudy(
        dataset=replace(dataset, pictures=dataset.pictures[:: arguments.every]),
        methods=methods,
        counts=_counts(arguments.counts),
        seeds=tuple(range(arguments.seed, arguments.seed + arguments.seeds)),
        draw=arguments.places,
        clumsy=arguments.clumsy,
        folder=output,
        references=references,
        jobs=arguments.jobs,
        fresh=arguments.fresh,
        facts=environment_facts(["featcolor", *sys.argv[1:]], arguments.seed),
    )


def _counts(text: str) -> tuple[int, ...]:
    """Numbers of hints, rising, none among them."""
    try:
        counts = {from_zero(word) for word in words(text)}
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"--counts {text}: {error}") from error
    if not counts - {0} or max(counts) > MOST_HINTS:
        raise UsageError(f"--counts {text}: whole numbers up to {MOST_HINTS} are needed, one above 0 at least")
    return tuple(sorted(counts | {0}))


def _methods(arguments: argparse.Namespace, references: tuple[Path, ...]) -> tuple[HintMethod, ...]:
    from benchmarks.methods.hints import HintedNetwork, Model, Ours, build_hint_method
    from benchmarks.methods.onnx import parse_onnx

    methods: list[HintMethod] = [
        build_hint_method(name) for name in (words(arguments.methods) if arguments.methods else METHOD_NAMES)
    ]
    if references:
        title = f"featcolor default, {len(references)} references"
        methods.append(Ours(REFERENCES_NAME, title, Model(references=references)))
    for text in arguments.model:
        name, separator, path = text.partition("=")
        name, path = (name, path) if separator and NAME.fullmatch(name) else (Path(text).stem, text)
        methods.append(Ours(name, f"featcolor {name}", Model(Path(path).expanduser())))
    for text in arguments.onnx:
        named = text.partition("=")[1] and NAME.fullmatch(text.partition("=")[0])
        methods.append(HintedNetwork(parse_onnx(text if named else f"{NETWORK_NAME}={text}")))
    names = [method.name for method in methods]
    for method in methods:
        if names.count(method.name) > 1:
            raise UsageError(f"{method.name}: two methods of this name; give one another NAME=")
        if method.name in RESERVED or not NAME.fullmatch(method.name):
            raise UsageError(f"{method.name!r}: not usable as a method's name; give another NAME=")
        method.settings()  # a file that cannot be read is known now
    return tuple(methods)


def _print_hints(results: HintResults) -> None:
    from benchmarks.data.clumsy import CLUMSY
    from benchmarks.report.hint_tables import by_picture, gain, kept
    from benchmarks.runs.hints import ASKED, MOST_ASKED, RANDOM

    counts = [count for count in results.study.counts if count]
    lines = []
    for method in results.study.methods:
        without = by_picture(results, method.name, RANDOM, 0).psnr.mean()
        gains = [f"{gain(results, method.name, count).mean:+.2f}" for count in counts]
        lines.append([method.name, f"{without:.2f}", *gains])
        if method.ours:
            few = [count for count in counts if count <= MOST_ASKED]
            shown = [f"{gain(results, method.name, count, ASKED).mean:+.2f}" for count in few]
            lines.append([f"{method.name}, where it asks", f"{without:.2f}", *shown])
    pictures = len({row.picture for row in results.rows})
    columns = ("method", "no hint, dB", *map(str, counts))
    print_table(columns, lines, title=f"gain by hints, dB; {pictures} pictures, {len(results.study.seeds)} seeds")
    if results.study.clumsy:
        shares = [
            [f"{method.name}: {kind}", *(f"{kept(results, method.name, count, kind).mean:.0%}" for count in counts)]
            for method in results.study.methods
            for kind in CLUMSY
        ]
        print_table(("what is off", *map(str, counts)), shares, title="share of the gain that clumsy hints keep")
