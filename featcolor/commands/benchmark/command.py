"""featcolor benchmark photos|outputs|film|hints|speed -o REPORT: how good and how fast, beside others, on one page."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.benchmark.film import FILM, FILM_EPILOG, add_film_arguments, run_film
from featcolor.commands.benchmark.hints import HINTS, HINTS_EPILOG, add_hint_arguments, run_hints
from featcolor.commands.benchmark.plan import OURS, broken_bounds, check_bounds, parse_bound, plan_study
from featcolor.commands.console import WORK_FAILED, complain, number, print_line, print_table, progress_bar, stopping
from featcolor.commands.given.engines import add_engine_options
from featcolor.commands.given.options import seed, whole_number
from featcolor.errors import UsageError, refuse_without_fit

if TYPE_CHECKING:
    from benchmarks.runs.results import Results
    from featcolor.parallel.engine import Engine

SUMMARY = "measure colorizers beside each other and write a report"
DESCRIPTION = """\
Measure featcolor beside plain grey, classical methods and deep models, on the same pictures, with the same measures,
and write a report: tables as Markdown, CSV and JSON, and of quality one page (index.html) that needs nothing else.
"""
EPILOG = """\
examples:
  featcolor benchmark photos --quick -o look/                          on photographs that come with featcolor
  featcolor benchmark photos --data test/ --refs refs/ -o report/
  featcolor benchmark photos --data val/ --layout imagenet-val5k --refs refs/ --onnx ddcolor-tiny=net.onnx -o val5k/
  featcolor benchmark outputs gallery/ --model town.featcolor -o others/
  featcolor benchmark film --data davis/ -o film/
  featcolor benchmark hints --data test/ -o hints/
  featcolor benchmark speed -o speed/

'featcolor benchmark photos --help' explains photos, and so on.
"""
PHOTOS = """\
Fit on reference pictures what can be fitted, colour the test pictures in grey, compare with the truth. A run that was
stopped goes on where it was: methods that are done are not run again while nothing that they depend on has changed.
"""
PHOTOS_EPILOG = """\
methods:
  baselines                    grey, constant (mean chroma of the references)
  fitted on the references     welsh2002, superpixels, neighbours, ridge, featcolor-fast, featcolor-balanced,
                               featcolor-best, featcolor-mean, unet (a U-Net trained as long as featcolor-balanced
                               takes to fit; needs the extra 'train'), unet-x10 (ten times as long)
  pretrained                   default (featcolor without references, as colorize without --model), refs (default with
                               all references, as colorize --refs), refs-10 (with ten of them; any number);
                               --onnx NAME=FILE, NAME one of zhang16, siggraph17, deoldify-artistic, deoldify-stable,
                               deoldify-video, ddcolor-tiny, ddcolor-large, or any name with a description:
                               --onnx NAME=FILE,DESCRIPTION.toml; --model FILE, a model that 'featcolor fit' or a
                               colour network that 'featcolor pretrain' made
  precomputed                  --outputs NAME=FOLDER, matched by file name

--fail-under takes measures by their names in summary.csv, of featcolor-balanced or of METHOD:MEASURE. It fails when
the mean is worse: below it, and above it for measures of error.
exit codes: 0 done; 1 a method failed or --fail-under; 2 the call cannot be done as typed, or a reference shows a test
picture.
"""
OUTPUTS = """\
Measure pictures that other programs made: a folder with gt/, gray/ and one folder a method, matched by file name.
"""
SPEED = """\
Time start-up, features, fitting, prediction, refiners and whole pictures, beside the architectures of Zhang et al. 2016
and of DDColor-tiny with random weights, on the same runtime and threads. Writes report.md, speed.csv and speed.json.
"""

METRICS_HELP = "by commas: core, all, people (skin that is right), or keys of measures (default: core)"
LAYOUT_NAMES = (
    "auto",
    "folder",
    "pairs",
    "gallery",
    "imagenet-val5k",
    "imagenet-ctest10k",
    "coco-stuff",
    "kodak",
    "div2k",
    "davis",
    "videvo",
)
OUTPUTS_FOLDER = "outputs"
SHOWN = ("gain", "delta_e00", "cf")
RUNS = {"film": run_film, "hints": run_hints}
"""What runs a kind of benchmark that is not of stills beside each other."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What each kind of benchmark takes."""
    kinds = parser.add_subparsers(title="benchmarks", dest="benchmark", metavar="WHAT", required=True)
    photos = _add_kind(kinds, "photos", "fit, colour and compare on photographs", PHOTOS, PHOTOS_EPILOG)
    photos.add_argument(
        "--data",
        nargs="+",
        metavar="DIR",
        help="test pictures (default: some that come along); for ctest10k DIR LIST.txt",
    )
    photos.add_argument("--refs", nargs="+", metavar="REF", help="references: files, folders, globs, @list.txt")
    photos.add_argument("--methods", metavar="LIST", help="by commas, or all (default: all, with --quick fewer)")
    _add_inputs(photos)
    outputs = _add_kind(kinds, "outputs", "measure pictures that were made elsewhere", OUTPUTS)
    outputs.add_argument("data", nargs=1, metavar="GALLERY", help="folder with gt/, gray/ and one folder a method")
    outputs.add_argument("--refs", nargs="+", metavar="REF", help="references, for --methods that are fitted")
    outputs.add_argument("--methods", metavar="LIST", help="methods to run beside them, by commas (default: grey)")
    _add_inputs(outputs)
    add_film_arguments(_add_kind(kinds, "film", "carry colour over the frames of a film", FILM, FILM_EPILOG))
    hints = _add_kind(kinds, "hints", "gain by hints of a person", HINTS, HINTS_EPILOG, report_needed=False)
    add_hint_arguments(hints)
    speed = _add_kind(kinds, "speed", "time every part", SPEED)
    speed.add_argument("--quick", action="store_true", help="fewer sizes and repeats: about half a minute")
    speed.add_argument("--model", type=Path, metavar="MODEL", help="the model to time (default: one fitted on the way)")
    speed.add_argument("--only", metavar="TEXT", help="only timings with this in their name")


def _add_kind(
    kinds: Any, name: str, summary: str, text: str, epilog: str = "", *, report_needed: bool = True
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(
        name,
        help=summary,
        description=text,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=report_needed, metavar="REPORT", help="folder of the report"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary, only errors")
    # Not given here, the one of `featcolor benchmark` stands.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    """What photos and outputs have in common."""
    others = parser.add_argument_group("others to compare with")
    others.add_argument("--model", action="append", default=[], metavar="[NAME=]MODEL", help="a fitted featcolor model")
    others.add_argument("--onnx", action="append", default=[], metavar="NAME=FILE", help="a pretrained network")
    others.add_argument("--outputs", action="append", default=[], metavar="NAME=FOLDER", help="pictures made elsewhere")
    others.add_argument("--resize-outputs", action="store_true", help="bring those to the size of the truth")
    how = parser.add_argument_group("how to measure")
    how.add_argument("--layout", choices=LAYOUT_NAMES, default="auto", help="of the test pictures (default: auto)")
    how.add_argument("--protocol", metavar="NAME", help="size and crop (default: what is usual for the layout)")
    how.add_argument("--limit", type=whole_number, metavar="N", help="at most N test pictures, spread over the set")
    how.add_argument("--metrics", default="core", metavar="LIST", help=METRICS_HELP)
    how.add_argument("--lpips", type=Path, metavar="FILE.onnx", help="LPIPS by this network")
    how.add_argument("--fid", type=Path, metavar="FILE.onnx", help="FID by this feature network")
    how.add_argument("--sequences", action="store_true", help="pictures are frames in order: measures of film too")
    how.add_argument(
        "--by-source", action="store_true", help="means by source too: the first folder that tells the pictures apart"
    )
    how.add_argument("--ours", metavar="NAME", help=f"method that is compared with each other (default: {OURS})")
    how.add_argument("--allow-leaks", action="store_true", help="measure even where a reference shows a test picture")
    how.add_argument("--seed", type=seed, default=0, metavar="N", help="of the intervals and of --limit (default: 0)")
    add_engine_options(parser)
    how.add_argument("--quick", action="store_true", help="a few pictures, references and methods: under a minute")
    how.add_argument("--fresh", action="store_true", help="use nothing of an earlier run")
    how.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="[METHOD:]MEASURE=VALUE",
        help="exit 1 when the mean is worse; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and write the report."""
    refuse_without_fit("the benchmark")
    output: Path | None = arguments.output
    if output is not None and output.exists() and not output.is_dir():
        raise UsageError(f"{output}: a file; -o needs a folder")
    if arguments.benchmark == "speed":
        return _speed(arguments)
    kept = "stopped; what is done is kept, and the same command goes on"
    with stopping(lambda: "" if output is None else kept):
        return RUNS.get(arguments.benchmark, _compare)(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from benchmarks.report.write import write_report
    from benchmarks.runs.output_folder import OutputFolder
    from benchmarks.runs.photos import run_study

    bounds = [parse_bound(text) for text in arguments.fail_under]
    with _engines(arguments) as engines, progress_bar(quiet=arguments.quiet) as progress:
        study = plan_study(arguments, complain)
        check_bounds(bounds, study)
        results = run_study(study, progress=progress, tell=complain, **engines)
        page = write_report(results, study.folder, picture_of=OutputFolder(study.folder / OUTPUTS_FOLDER).picture_of)
    if not arguments.quiet:
        _print_results(results, page)
    broken = broken_bounds(results, bounds)
    for line in broken:
        complain(line, kind="error")
    return WORK_FAILED if broken or any(method.failure for method in results.methods) else 0


@contextmanager
def _engines(arguments: argparse.Namespace) -> Iterator[dict[str, Engine]]:
    """Who measures and runs methods, as `run_study` takes it."""
    if arguments.cluster is not None:
        from featcolor.parallel.cluster import Cluster

        with Cluster(arguments.cluster) as cluster:
            yield {"engine": cluster, "runners": cluster}
    elif arguments.jobs is not None:
        from featcolor.parallel.local import local_engine

        yield {"engine": local_engine(arguments.jobs)}
    else:
        yield {}


def _speed(arguments: argparse.Namespace) -> int:
    from benchmarks.runs.environment import environment_facts
    from benchmarks.runs.output_folder import INDEX
    from benchmarks.speed.report import write_speed_report
    from benchmarks.speed.suite import run_suite

    if (arguments.output / OUTPUTS_FOLDER / INDEX).exists():
        raise UsageError(f"{arguments.output}: holds the report of another benchmark; choose another -o")
    scale = "quick" if arguments.quick else "full"
    with progress_bar(quiet=arguments.quiet) as progress:
        timings = run_suite(scale=scale, only=arguments.only, model=arguments.model, progress=progress)
    page = write_speed_report(timings, arguments.output, environment_facts(["featcolor", *sys.argv[1:]], 0))
    if not arguments.quiet:
        print_line(f"{len(timings)} timings; the report: {page}")
    failed = [timing for timing in timings if timing.failure]
    for timing in failed:
        complain(f"{timing.name}: {timing.failure}")
    return WORK_FAILED if failed else 0


def _print_results(results: Results, page: Path) -> None:
    """Means of the measures that matter most, ours beside each rival, and where the page is."""
    from benchmarks.metrics.table import PICTURE_METRICS

    means = {(row.method, row.metric): row for row in results.summaries}
    shown = [key for key in SHOWN if any(row.metric == key for row in results.summaries)]
    lines = []
    for method in results.methods:
        cells = [number(means[place].mean, 2) if (place := (method.name, key)) in means else "-" for key in shown]
        lines.append(
            [method.name, *cells, number(method.fit_seconds or math.nan, 1), number(1000 * method.picture_seconds, 0)]
        )
    titles = [PICTURE_METRICS[key].title for key in shown]
    print_table(("method", *titles, "fit s", "ms each"), lines, title=results.title)
    rivals = [
        [row.rival, f"{row.rival_cf:.1f}", f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]", f"{row.won:.0%}"]
        for row in results.comparisons
        if row.metric == "delta_e00" and row.matched
    ]
    if rivals:
        print_table(("rival", "CF", "ΔE00, ours - rival", "won"), rivals, title=f"{results.ours} at each rival's CF")
    print_line(f"CF of the truth {results.truth_cf:.1f}; {len(results.pictures)} pictures; the report: {page}")
