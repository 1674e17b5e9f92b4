"""featcolor colorize IN... [-o OUT] [--model MODEL]: colour grey pictures."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import WORK_FAILED, complain, many, print_line, progress_bar, stopping
from featcolor.commands.given.engines import add_engine_options, chosen_engine
from featcolor.commands.given.hints import NamedHints, add_hint_options, check
from featcolor.commands.given.masks import Masks, add_mask_options
from featcolor.commands.given.models import MODEL_HELP, MODEL_VARIABLE, chosen_model, tell_of_default
from featcolor.commands.given.options import add_settings, chosen_settings, preparation, whole_number
from featcolor.commands.given.references import (
    REFS_HELP,
    find,
    find_uncoloured,
    fitted_album,
    keep_references,
    network_of,
    without_references,
)
from featcolor.errors import UsageError
from featcolor.layers.formats import LAYERED, refuse_missing
from featcolor.names import shown
from featcolor.video.options import PIPE

if TYPE_CHECKING:
    from featcolor.batch.colour import ColourPicture, PictureTask
    from featcolor.batch.outputs import Route
    from featcolor.parallel.engine import Engine, Outcome
    from featcolor.pictures.find import FoundPicture

SUMMARY = "colour grey pictures"
DESCRIPTION = """\
Colour pictures: with the default model, which knows likely colours, or with a model that 'featcolor fit' made of your
own photographs. Lightness, size, format, bit depth, EXIF and ICC stay as they are; colour is all that is added. A
colour picture is taken by its lightness.
"""
EPILOG = f"""\
examples:
  featcolor colorize old.jpg                                         into old-colour.jpg beside it
  featcolor colorize old.jpg -o new.jpg                              the default model
  featcolor colorize old/ -o coloured/ --refs album/                 with a few colour pictures of the same things
  featcolor colorize old.jpg -o new.jpg --model town.featcolor       your own
  featcolor colorize old/ -o coloured/ --model town.featcolor        the same tree, the same names
  featcolor colorize old/ -o coloured/ --skip-existing               go on where a batch was stopped
  featcolor colorize 'scans/**/*.tif' -o out/ --saturation 1.2       livelier
  featcolor colorize old.jpg -o new.jpg --warmth 0.5                 warmer light; below 0 cooler
  featcolor colorize old.jpg -o new.jpg --prepare dust,denoise,contrast    mend the picture first
  featcolor colorize old.jpg -o new.ora                              layers for Krita; .psd: GIMP, Photoshop
  featcolor colorize card.jpg -o new.jpg --mask sky.png              only where the mask is white
  featcolor colorize old.jpg -o new.jpg --hint 320,410=navy          you know a colour: tell it
  featcolor colorize old/ -o coloured/ --hints hints/                old/a.jpg: hints/a.hints.json, or a.png, painted
  featcolor colorize old/ -o coloured/ --cluster tcp://archive:8786     on the machines of a cluster
  featcolor colorize @todo.txt -o out/ --limit 5 --dry-run           what would be done
  cat old.jpg | featcolor colorize - -o - > new.jpg                  on the pipes
  export {MODEL_VARIABLE}=town.featcolor                              saves typing --model

An input is never overwritten. A broken picture is named and the rest go on; the exit code is then 1.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `colorize`."""
    parser.add_argument(
        "input", nargs="+", metavar="IN", help="pictures, folders (searched through), globs, @list.txt, or - for stdin"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="a file for one picture (default: IN-colour beside it; .ora, .psd: layers), a folder, or - for stdout",
    )
    parser.add_argument("-m", "--model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--refs", action="append", default=[], metavar="REFS", help=REFS_HELP)
    add_settings(parser, "what is not given is as the model has it")
    add_hint_options(parser)
    add_mask_options(parser)
    files = parser.add_argument_group("files")
    existing = files.add_mutually_exclusive_group()
    existing.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    existing.add_argument("--skip-existing", action="store_true", help="leave outputs that exist, do the rest")
    files.add_argument("--limit", type=whole_number, metavar="N", help="colour at most N pictures")
    files.add_argument("--dry-run", action="store_true", help="show what would be written where, and stop")
    files.add_argument("--confidence", type=Path, metavar="DIR", help="write how sure the model is, as grey PNGs")
    files.add_argument(
        "--layers",
        choices=LAYERED,
        help="write layers for an image editor: NAME.ora (Krita) or NAME.psd (GIMP, Photoshop) for each",
    )
    files.add_argument("--report", type=Path, metavar="FILE.json", help="write what became of each picture")
    add_engine_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Colour what was named; 0 when all is done, 1 when a picture failed."""
    from featcolor.batch.colour import ColourPicture
    from featcolor.models.load import load_colorizer

    steps = preparation(arguments.prepare)
    settings = chosen_settings(arguments)
    found = find(arguments.refs, output=arguments.output, quiet=arguments.quiet)
    references = [picture.path for picture in found]
    work = (_Pipe if PIPE in (*arguments.input, arguments.output) else _Batch)(arguments, references)
    model = network_of(chosen_model(arguments.model), arguments)
    load_colorizer(model, settings)
    tell_of_default(arguments.model, quiet=arguments.quiet or bool(references))
    if arguments.dry_run:
        work.show()
        return 0
    with fitted_album(references, model, quiet=arguments.quiet) as fitted:
        return work.run(ColourPicture(fitted, settings, steps), model)


class _Batch:
    """Pictures from files to files, with what is told of them to people and to the report."""

    def __init__(self, arguments: argparse.Namespace, references: Sequence[Path]) -> None:
        from featcolor.batch.outputs import beside
        from featcolor.pictures.find import is_picture_name
        from featcolor.pictures.io import picture_format

        self.arguments = arguments
        found = find_uncoloured(arguments.input, output=arguments.output, quiet=arguments.quiet)
        if len(found) == 1 and found[0].named and not is_picture_name(found[0].path.name):
            picture_format(found[0].path)  # of a film it has more to say than that OUT is no picture
        self.output = arguments.output if arguments.output is not None else beside(found, arguments.layers)
        self.masks = Masks(arguments)
        self.hints = NamedHints(arguments)
        found = self.hints.without(self.masks.without(without_references(found, references)))
        planned, self.skipped = _plan(arguments, self.output, found, references)
        self.tasks = self.hints.put_on(self.masks.put_on(planned, found), found)
        self.records: dict[Path, dict[str, Any]] = {
            each.source: {"input": str(each.source), "output": str(each.target), "status": status}
            for status, group in (("skipped", self.skipped), ("not reached", self.tasks))
            for each in group
        }

    def show(self) -> None:
        """What would be done."""
        for route in self.skipped:
            print_line(f"{route.source} -> {route.target} (exists, skipped)")
        for task in self.tasks:
            files = () if task.told is None else task.told.files
            print_line(f"{task.source} -> {task.target}" + "".join(f", hints of {file}" for file in files))
            try:
                check(task)
            except UsageError as error:
                complain(str(error), kind="warning")

    def run(self, work: ColourPicture, model: Path | None) -> int:
        """Colour them all; the exit code."""
        from featcolor.batch.colour import guess_total_pixels
        from featcolor.parallel.cores import default_jobs

        work = work.sharing(self.hints.told)
        sources = [task.source for task in self.tasks]
        jobs = partial(default_jobs, len(sources), guess_total_pixels(sources))
        with chosen_engine(self.arguments, len(sources), jobs) as engine:
            seconds = self._colour(engine, work, model)
        if not self.arguments.quiet:
            print_line(self._summary(seconds))
            blank = sum("blank mask" in record for record in self.records.values())
            self.masks.tell_of_blank(blank, self._count("coloured"))
            self._advise()
        return WORK_FAILED if self._count("failed") or self._count("not reached") else 0

    def _colour(self, engine: Engine, work: ColourPicture, model: Path | None) -> float:
        """Note what becomes of each picture, until the disk is full; the seconds that it took."""
        start = time.perf_counter()
        try:
            with (
                stopping(self._stopped),
                progress_bar(quiet=self.arguments.quiet) as progress,
                closing(engine.run(work, self.tasks)) as outcomes,
            ):
                for done, outcome in enumerate(outcomes, start=1):
                    self._note(outcome)
                    progress("colouring", done, len(self.tasks))
                    if outcome.failure and outcome.failure.disk_full:
                        break
        finally:
            self._remove_parts()
            seconds = time.perf_counter() - start
            self._write_report(seconds, work, model)
        return seconds

    def _note(self, outcome: Outcome[Any]) -> None:
        task = self.tasks[outcome.index]
        record = self.records[task.source]
        if outcome.failure is not None:
            record |= {"status": "failed", "error": outcome.failure.message}
            message = outcome.failure.message
            name = shown(str(task.source))
            complain(message if name in message else f"{name}: {message}", kind="error")
            for line in outcome.failure.trace.splitlines() if self.arguments.debug else ():
                complain(line)
        elif outcome.result is not None:
            done = outcome.result
            record |= {
                "status": "coloured",
                "seconds": round(done.seconds, 3),
                "width": done.width,
                "height": done.height,
                **({"signs": list(done.signs)} if done.signs else {}),
                **({"blank mask": True} if done.blank else {}),
                **({"hinted pixels": done.hinted} if done.hinted else {}),
            }
            _tell(done.notes, quiet=self.arguments.quiet)

    def _remove_parts(self) -> None:
        from featcolor.files import remove_parts

        # Of those that are coloured too: a worker may have been killed before another one did it.
        paths = (path for task in self.tasks for path in (task.target, task.confidence))
        remove_parts(path for path in paths if path is not None)

    def _write_report(self, seconds: float, work: ColourPicture, model: Path | None) -> None:
        if self.arguments.report is None:
            return
        from featcolor.files import write_json
        from featcolor.models.load import DEFAULT_MODEL

        content = {
            "model": str(model or DEFAULT_MODEL),
            **({"references": self.arguments.refs} if self.arguments.refs else {}),
            "settings": work.settings.chosen(),
            "prepare": [str(step) for step in work.preparation],
            **self.masks.as_report(),
            **self.hints.as_report(),
            "seconds": round(seconds, 3),
            "counts": dict(Counter(record["status"] for record in self.records.values())),
            "pictures": list(self.records.values()),
        }
        write_json(self.arguments.report, content, indent=2)

    def _advise(self) -> None:
        """What a preparation would mend, told once."""
        signs = [record["signs"] for record in self.records.values() if "signs" in record]
        if not signs:
            return
        counts = Counter(sign for each in signs for sign in each)
        told = ", ".join(f"{count} {sign}" for sign, count in sorted(counts.items()))
        steps = "scratches,auto" if "scratched" in counts else "auto"
        looks = "looks" if len(signs) == 1 else "look"
        complain(
            f"{len(signs)} of {many(self._count('coloured'), 'picture')} {looks} worn ({told}); "
            f"--prepare {steps} would help",
            kind="note",
        )

    def _count(self, status: str) -> int:
        return sum(record["status"] == status for record in self.records.values())

    def _stopped(self) -> str:
        # Without --overwrite none of them was there before, and a worker may have written one that was not told of.
        here = sum(task.target.exists() for task in self.tasks)
        coloured = self._count("coloured") if self.arguments.overwrite else here
        if not coloured:
            return ""
        how = "" if self.arguments.skip_existing else " with --skip-existing"
        how += " in place of --overwrite" if self.arguments.overwrite else ""
        return f"stopped: {coloured} of {len(self.tasks)} pictures are coloured; the same command{how} goes on"

    def _summary(self, seconds: float) -> str:
        coloured = self._count("coloured")
        each = f", {seconds / coloured:.2f} s each" if coloured > 1 else ""
        text = f"coloured {coloured} of {len(self.tasks)} pictures in {seconds:.1f} s{each}: {self.output}"
        for status in ("skipped", "failed", "not reached"):
            if self._count(status):
                text += f"; {self._count(status)} {status}"
        return text


class _Pipe:
    """One picture from stdin or a file to stdout or a file; messages stay on stderr."""

    def __init__(self, arguments: argparse.Namespace, references: Sequence[Path]) -> None:
        self.source, output = arguments.input[0], arguments.output
        self.target = None if output in (PIPE, None) else Path(output)
        if len(arguments.input) > 1:
            raise UsageError("- is one picture on a pipe; it cannot be mixed with other inputs")
        for option in ("confidence", "report", "limit", "layers", "cluster"):
            if getattr(arguments, option) is not None:
                raise UsageError(f"--{option} does not go with - (a pipe); name files instead")
        if output is None:
            raise UsageError("a picture from stdin has no name; add -o and a file's name, or -o - for stdout")
        if self.target is not None and self.target.is_dir():
            raise UsageError(f"{output}: a picture from stdin has no name; name an output file, or - for stdout")
        if self.target is not None and self.target.exists() and not arguments.overwrite:
            raise UsageError(f"{output} exists; add --overwrite to replace it")
        if self.target is None and sys.stdout.isatty():
            raise UsageError("-o - writes a picture's bytes to stdout; send them on: ... -o - > new.jpg")
        if self.source == PIPE and sys.stdin.isatty():
            raise UsageError(
                "- reads a picture from stdin, but nothing is piped in: cat old.jpg | featcolor colorize - ..."
            )
        if self.target is not None:
            refuse_missing([self.target])
        keep_references(references, [self.target])
        named = None if self.source == PIPE else Path(self.source)
        self.quiet = arguments.quiet
        self.mask = Masks(arguments).of_one(named, self.target)
        self.told = NamedHints(arguments).of_one(named, self.target)

    def show(self) -> None:
        """What would be done."""
        complain(f"{self.source} -> {self.target or PIPE}")

    def run(self, work: ColourPicture, _: Path | None) -> int:
        """Colour it; the exit code."""
        from featcolor.files import replacing

        content = sys.stdin.buffer.read() if self.source == PIPE else self._read_file()
        name = "stdin" if self.source == PIPE else self.source
        coloured, notes = work.of_bytes(content, name=name, target=self.target, mask=self.mask, told=self.told)
        if self.target is None:
            sys.stdout.buffer.write(coloured)
            sys.stdout.buffer.flush()
        else:
            with replacing(self.target) as part:
                part.write_bytes(coloured)
        _tell(notes, quiet=self.quiet)
        return 0

    def _read_file(self) -> bytes:
        pictures = find([self.source])
        if len(pictures) != 1:
            raise UsageError(
                f"{self.source}: {len(pictures)} pictures do not fit through one pipe; name one, or a folder for -o"
            )
        return pictures[0].path.read_bytes()


def _tell(notes: Sequence[str], *, quiet: bool) -> None:
    for note in () if quiet else notes:
        complain(note, kind="note")


def _plan(
    arguments: argparse.Namespace, output: str, pictures: Sequence[FoundPicture], references: Sequence[Path]
) -> tuple[list[PictureTask], list[Route]]:
    """What is to be done, and what is there already."""
    from featcolor.batch.colour import PictureTask
    from featcolor.batch.outputs import Existing, plan_routes

    existing = Existing.REFUSE
    if arguments.overwrite or arguments.skip_existing:
        existing = Existing.OVERWRITE if arguments.overwrite else Existing.SKIP
    routes = plan_routes(pictures, output, existing=existing, layers=arguments.layers)
    if arguments.report is not None and not arguments.report.parent.is_dir():
        raise UsageError(f"{arguments.report.parent}: no such folder for --report")
    todo = [route for route in routes if not route.done][: arguments.limit]
    folder = Path(output) if Path(output) != routes[0].target else routes[0].target.parent
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
    from featcolor.files import beside

    return confidence / beside(target.relative_to(folder), ".png")
