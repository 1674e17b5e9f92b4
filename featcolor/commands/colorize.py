"""featcolor colorize IN... -o OUT [--model MODEL]: colour grey pictures."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import complain, print_line, progress_bar
from featcolor.commands.models import DEFAULT_NAME, MODEL_VARIABLE, chosen_model, tell_of_default
from featcolor.commands.options import PREPARE_HELP, REFINER_NAMES, not_negative, positive, preparation, whole_number
from featcolor.commands.references import (
    find_references,
    fitted_album,
    keep_references,
    network_of,
    without_references,
)
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.batch.colour import PictureTask
    from featcolor.batch.outputs import Route
    from featcolor.models.load import ColouringSettings
    from featcolor.parallel import Outcome

SUMMARY = "colour grey pictures"
DESCRIPTION = """\
Colour pictures: with a model that 'featcolor fit' made of your own photographs, or with the default model, which knows
strangers' photographs only. Lightness, size, format, bit depth, EXIF and ICC stay as they are; colour is all that is
added. A colour picture is taken by its lightness.
"""
EPILOG = """\
examples:
  featcolor colorize old.jpg -o new.jpg                              the default model
  featcolor colorize old/ -o coloured/ --refs album/                 with a few colour pictures of the same things
  featcolor colorize old.jpg -o new.jpg --model town.featcolor       your own
  featcolor colorize old/ -o coloured/ --model town.featcolor        the same tree, the same names
  featcolor colorize old/ -o coloured/ --skip-existing               go on where a batch was stopped
  featcolor colorize 'scans/**/*.tif' -o out/ --saturation 1.2       livelier
  featcolor colorize old.jpg -o new.jpg --prepare dust,denoise,contrast    mend the picture first
  featcolor colorize @todo.txt -o out/ --limit 5 --dry-run           what would be done
  cat old.jpg | featcolor colorize - -o - > new.jpg                  on the pipes
  export FEATCOLOR_MODEL=town.featcolor                              saves typing --model

An input is never overwritten. A broken picture is named and the rest go on; the exit code is then 1.
"""

PIPE = "-"
WORK_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `colorize`."""
    parser.add_argument(
        "input", nargs="+", metavar="IN", help="pictures, folders (searched through), globs, @list.txt, or - for stdin"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="a file for one picture, a folder, or - for stdout"
    )
    parser.add_argument(
        "-m",
        "--model",
        metavar="MODEL",
        help=f"of 'featcolor fit', or a colour network (default: ${MODEL_VARIABLE}, else the bundled network)",
    )

    parser.add_argument(
        "--refs",
        action="append",
        default=[],
        metavar="REFS",
        help="colour pictures of the same place, people or film, which make the default model better in seconds: a "
        "picture, a folder, a glob or @list.txt; may be repeated",
    )

    look = parser.add_argument_group("the look", "what is not given is as the model has it")
    look.add_argument(
        "--saturation", type=not_negative, metavar="X", help="factor on the colours: 0 grey, 1 as learned"
    )
    look.add_argument("--temperature", type=positive, metavar="T", help="below 1: nearer to the likeliest colour")
    look.add_argument("--refine", choices=REFINER_NAMES, help="the edge-aware filter of the colours")
    look.add_argument("--size", type=whole_number, metavar="N", help="side of the square that colour is worked out on")

    old = parser.add_argument_group("old pictures", "without it the lightness of a picture stays as it is")
    old.add_argument("--prepare", metavar="STEPS", help=PREPARE_HELP)

    files = parser.add_argument_group("files")
    existing = files.add_mutually_exclusive_group()
    existing.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    existing.add_argument("--skip-existing", action="store_true", help="leave outputs that exist, do the rest")
    files.add_argument("--limit", type=whole_number, metavar="N", help="colour at most N pictures")
    files.add_argument("--dry-run", action="store_true", help="show what would be written where, and stop")
    files.add_argument("--confidence", type=Path, metavar="DIR", help="write how sure the model is, as grey PNGs")
    files.add_argument("--report", type=Path, metavar="FILE.json", help="write what became of each picture")
    parser.add_argument("-j", "--jobs", type=whole_number, metavar="N", help="processes (default: by the work)")


def run(arguments: argparse.Namespace) -> int:
    """Colour what was named; 0 when all is done, 1 when a picture failed."""
    from featcolor.models.load import ColouringSettings, load_colorizer

    model = chosen_model(arguments.model)
    settings = ColouringSettings(arguments.size, arguments.refine, arguments.temperature, arguments.saturation)
    if PIPE in (*arguments.input, arguments.output):
        return _on_the_pipes(arguments, model, settings)
    preparation(arguments.prepare)
    references = find_references(arguments.refs, arguments.output)
    tasks, skipped = _plan(arguments, references)
    network = network_of(model, arguments) if references else model
    load_colorizer(network, settings)
    tell_of_default(network, quiet=arguments.quiet or bool(references))
    if arguments.dry_run:
        return _show_plan(tasks, skipped)
    with fitted_album(references, network, quiet=arguments.quiet) as model:
        return _Batch(arguments, model, settings, tasks, skipped, str(network or DEFAULT_NAME)).run()


class _Batch:
    """A run over many pictures, with what is told to people and to the report."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        model: Path | None,
        settings: ColouringSettings,
        tasks: list[PictureTask],
        skipped: list[Route],
        model_name: str,
    ) -> None:
        self.arguments, self.model, self.settings, self.tasks = arguments, model, settings, tasks
        self.model_name = model_name
        self.records: dict[Path, dict[str, Any]] = {
            route.source: {"input": str(route.source), "output": str(route.target), "status": "skipped"}
            for route in skipped
        }
        for task in tasks:
            self.records[task.source] = {
                "input": str(task.source),
                "output": str(task.target),
                "status": "not reached",
            }

    def run(self) -> int:
        from featcolor.batch.colour import ColourPicture, guess_total_pixels
        from featcolor.parallel import default_jobs, run_over

        sources = [task.source for task in self.tasks]
        jobs = self.arguments.jobs or default_jobs(len(sources), guess_total_pixels(sources))
        work = ColourPicture(self.model, self.settings, preparation(self.arguments.prepare))
        start = time.perf_counter()
        try:
            with (
                progress_bar(quiet=self.arguments.quiet) as progress,
                closing(run_over(work, self.tasks, jobs=jobs)) as outcomes,
            ):
                for done, outcome in enumerate(outcomes, start=1):
                    self._note(outcome)
                    progress("colouring", done, len(self.tasks))
                    if outcome.failure and outcome.failure.disk_full:
                        break
        finally:
            self._remove_parts()
            seconds = time.perf_counter() - start
            self._write_report(seconds)
        if not self.arguments.quiet:
            print_line(self._summary(seconds))
        return WORK_FAILED if self._count("failed") or self._count("not reached") else 0

    def _note(self, outcome: Outcome[Any]) -> None:
        task = self.tasks[outcome.index]
        record = self.records[task.source]
        if outcome.failure is not None:
            record |= {"status": "failed", "error": outcome.failure.message}
            message = outcome.failure.message
            name = str(task.source)
            complain(message if name in message else f"{name}: {message}", kind="error")
            if self.arguments.debug:
                complain(outcome.failure.trace)
        elif outcome.result is not None:
            done = outcome.result
            record |= {
                "status": "coloured",
                "seconds": round(done.seconds, 3),
                "width": done.width,
                "height": done.height,
            }

    def _remove_parts(self) -> None:
        from featcolor.files import remove_parts

        unfinished = [task for task in self.tasks if self.records[task.source]["status"] != "coloured"]
        paths = (path for task in unfinished for path in (task.target, task.confidence))
        remove_parts(path for path in paths if path is not None)

    def _write_report(self, seconds: float) -> None:
        if self.arguments.report is None:
            return
        import json

        from featcolor.files import replacing

        content = {
            "model": self.model_name,
            **({"references": self.arguments.refs} if self.arguments.refs else {}),
            "settings": self.settings.chosen(),
            "prepare": [str(step) for step in preparation(self.arguments.prepare)],
            "seconds": round(seconds, 3),
            "counts": dict(Counter(record["status"] for record in self.records.values())),
            "pictures": list(self.records.values()),
        }
        with replacing(self.arguments.report) as part:
            part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def _count(self, status: str) -> int:
        return sum(record["status"] == status for record in self.records.values())

    def _summary(self, seconds: float) -> str:
        coloured = self._count("coloured")
        each = f", {seconds / coloured:.2f} s each" if coloured else ""
        text = f"coloured {coloured} of {len(self.tasks)} pictures in {seconds:.1f} s{each}"
        for status in ("skipped", "failed", "not reached"):
            if self._count(status):
                text += f"; {self._count(status)} {status}"
        return text


def _plan(arguments: argparse.Namespace, references: Sequence[Path]) -> tuple[list[PictureTask], list[Route]]:
    """What is to be done, and what is there already."""
    from featcolor.batch.colour import PictureTask
    from featcolor.batch.outputs import Existing, plan_routes
    from featcolor.pictures.find import find_pictures

    existing = Existing.REFUSE
    if arguments.overwrite or arguments.skip_existing:
        existing = Existing.OVERWRITE if arguments.overwrite else Existing.SKIP
    pictures = without_references(find_pictures(arguments.input, leave_out=Path(arguments.output)), references)
    routes = plan_routes(pictures, arguments.output, existing=existing)
    if arguments.report is not None and not arguments.report.parent.is_dir():
        raise UsageError(f"{arguments.report.parent}: no such folder for --report")
    todo = [route for route in routes if not route.done][: arguments.limit]
    folder = Path(arguments.output) if Path(arguments.output) != routes[0].target else routes[0].target.parent
    tasks = [
        PictureTask(route.source, route.target, _confidence_path(arguments.confidence, route.target, folder))
        for route in todo
    ]
    taken = {path.resolve() for route in routes for path in (route.source, route.target)}
    keep_references(references, (path for task in tasks for path in (task.target, task.confidence)))
    for task in tasks:
        if task.confidence is not None and task.confidence.resolve() in taken:
            raise UsageError(f"{task.confidence}: --confidence would overwrite a picture; choose another folder")
    return tasks, [route for route in routes if route.done]


def _confidence_path(confidence: Path | None, target: Path, folder: Path) -> Path | None:
    """DIR, the picture's place below OUT, its whole name and .png: two formats of one name stay apart."""
    if confidence is None:
        return None
    relative = target.relative_to(folder)
    return confidence / relative.with_name(f"{relative.name}.png")


def _show_plan(tasks: list[PictureTask], skipped: list[Route]) -> int:
    for route in skipped:
        print_line(f"{route.source} -> {route.target} (exists, skipped)")
    for task in tasks:
        print_line(f"{task.source} -> {task.target}")
    return 0


def _on_the_pipes(arguments: argparse.Namespace, model: Path | None, settings: ColouringSettings) -> int:
    """One picture from stdin or a file to stdout or a file; messages stay on stderr."""
    from featcolor.batch.colour import colour_bytes
    from featcolor.files import replacing
    from featcolor.models.load import load_colorizer

    if len(arguments.input) > 1:
        raise UsageError("- is one picture on a pipe; it cannot be mixed with other inputs")
    for option in ("confidence", "report", "limit"):
        if getattr(arguments, option) is not None:
            raise UsageError(f"--{option} does not go with - (a pipe); name files instead")
    source = arguments.input[0]
    target = None if arguments.output == PIPE else Path(arguments.output)
    if target is not None and target.is_dir():
        raise UsageError(f"{target}: a picture from stdin has no name; name an output file, or - for stdout")
    if target is not None and target.exists() and not arguments.overwrite:
        raise UsageError(f"{target} exists; add --overwrite to replace it")
    if target is None and sys.stdout.isatty():
        raise UsageError("-o - writes a picture's bytes to stdout; send them on: ... -o - > new.jpg")
    if source == PIPE and sys.stdin.isatty():
        raise UsageError(
            "- reads a picture from stdin, but nothing is piped in: cat old.jpg | featcolor colorize - ..."
        )
    preparation(arguments.prepare)
    references = find_references(arguments.refs, arguments.output)
    keep_references(references, [target])
    network = network_of(model, arguments) if references else model
    load_colorizer(network, settings)
    tell_of_default(network, quiet=arguments.quiet or bool(references))
    if arguments.dry_run:
        complain(f"{source} -> {arguments.output}")
        return 0
    content = sys.stdin.buffer.read() if source == PIPE else _read_file(source)
    name = "stdin" if source == PIPE else source
    with fitted_album(references, network, quiet=arguments.quiet) as fitted:
        colorizer = load_colorizer(fitted, settings)
        steps = preparation(arguments.prepare)
        coloured = colour_bytes(content, colorizer, name=name, target=target, preparation=steps)
    if target is None:
        sys.stdout.buffer.write(coloured)
        sys.stdout.buffer.flush()
    else:
        with replacing(target) as part:
            part.write_bytes(coloured)
    return 0


def _read_file(name: str) -> bytes:
    from featcolor.pictures.find import find_pictures

    pictures = find_pictures([name])
    if len(pictures) != 1:
        raise UsageError(f"{name}: {len(pictures)} pictures do not fit through one pipe; name one, or a folder for -o")
    return pictures[0].path.read_bytes()
