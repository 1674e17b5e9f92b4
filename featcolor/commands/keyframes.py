"""featcolor keyframes CLIP -o DIR: write the frames of a film that are worth colouring by hand."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.clips.timecode import Timecode, parse_rate
from featcolor.commands.console import Progress, complain, many, print_line, progress_bar, stopping
from featcolor.commands.given.options import add_reel_options, readable, whole_number
from featcolor.errors import UsageError
from featcolor.names import NAME_BYTES, cut_name, plain_path, shell_line
from featcolor.video.options import PIPE

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer
    from featcolor.video.report import ClipReport

SUMMARY = "write the frames of a film that are worth colouring by hand"
DESCRIPTION = """\
Find the shots of a film and write the most typical frame of each as a picture: grey, or coloured by a model as a
start. Correct them in any picture editor, keep their names and sizes, and give the folder to 'featcolor video'. With
--more, write the frames that a coloured film needs most, as they are coloured now. With --hints, begin a file of hints
for each frame: to say what one or two things are is less work than to paint all.
"""
EPILOG = """\
examples:
  featcolor keyframes reel.mp4 -o keys/                          one frame a shot, grey
  featcolor keyframes reel.mp4 -o keys/ --model default          coloured as a start
  featcolor keyframes reel.mp4 -o keys/ --every 50               more of long shots
  featcolor keyframes reel.mp4 -o keys/ --more report.json --limit 5
                                       what a run of 'featcolor video' asks for next, as it is coloured now
  featcolor keyframes reel.mp4 -o hints/ --more report.json --hints
                                       the same, and for each frame a file of hints to fill
  featcolor keyframes scans/ -o keys/ --fps 18                   a folder of frames

A name's last digits are the frame's number, counted from 0. A picture that exists is not replaced, since somebody may
have worked on it. A file of hints is JSON: {"version": 1, "size": [640, 480], "hints": [{"points": [[320, 410]],
"colour": "navy"}]}, points in pixels from the top left; one without hints is passed over.
"""

FORMATS = ("png", "tiff", "jpg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `keyframes`."""
    parser.add_argument("input", metavar="CLIP", help="a film, or a folder of frames")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="DIR", help="folder for the pictures")
    colour = parser.add_mutually_exclusive_group()
    colour.add_argument(
        "-m", "--model", metavar="MODEL", help="colour the pictures with this model, or the one that is called default"
    )
    colour.add_argument(
        "--grey", action="store_true", help="grey pictures, with --more too (default there: as they are coloured now)"
    )

    which = parser.add_argument_group("which frames")
    which.add_argument("--every", type=whole_number, metavar="N", help="also one every N frames within a shot")
    which.add_argument(
        "--more",
        type=Path,
        metavar="REPORT.json",
        help="only the frames that this report of 'video' asks for, as its film is coloured now",
    )
    which.add_argument("--limit", type=whole_number, metavar="N", help="at most N; with --more the most useful ones")
    which.add_argument("--start", type=readable(Timecode.parse), metavar="T", help="from here: 12.5, 1:02.5 or 300f")
    which.add_argument("--end", type=readable(Timecode.parse), metavar="T", help="up to here, not included")

    files = parser.add_argument_group("files")
    files.add_argument("--format", choices=FORMATS, default="png", help="of the pictures (default: %(default)s)")
    files.add_argument("--fps", type=readable(parse_rate), metavar="RATE", help="of a folder of frames")
    add_reel_options(parser)
    files.add_argument("--hints", action="store_true", help="begin a file of hints beside each picture")
    files.add_argument("--overwrite", action="store_true", help="replace pictures that exist")


def run(arguments: argparse.Namespace) -> int:
    """Write the pictures and say what comes next."""
    from featcolor.video.keyframes.export import export_keys, hints_beside, key_targets
    from featcolor.video.prepared.film import Film, Preparation

    _check(arguments)
    colorizer = _colorizer(arguments.model)
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar(quiet=arguments.quiet))
        part = {"start": arguments.start, "end": arguments.end}
        film = stack.enter_context(Film(arguments.input, rate=arguments.fps, **part))
        how = Preparation(deinterlace=arguments.deinterlace, repairs=arguments.prepare)
        film.prepare(how, progress=progress, note=_note(arguments.quiet))
        coloured = None
        if arguments.more is not None:
            asked = _asked_for(arguments.more, arguments.input)
            frames = [frame.frame for frame in asked.next]
            if colorizer is None and not arguments.grey:
                from featcolor.video.keyframes.coloured import ColouredFilm

                coloured = stack.enter_context(ColouredFilm(asked, arguments.more, rate=arguments.fps))
        else:
            with film.open() as reader:
                frames = _chosen(reader, arguments.every, progress)
        frames = frames[: arguments.limit]
        with film.open_whole() as whole:
            targets = key_targets(frames, arguments.output, arguments.input, stems=whole.stems, format=arguments.format)
            if arguments.more is not None and not arguments.overwrite:
                targets = _new(targets, hints=arguments.hints)
            beside = [hints_beside(target) for target in targets.values()] if arguments.hints else []
            replaced = _existing([*targets.values(), *beside], overwrite=arguments.overwrite)
            written = 0

            def note(done: int, count: int) -> None:
                nonlocal written
                written = done
                progress("writing", done, count)

            with stopping(lambda: _stopped(written, len(targets))):
                export_keys(
                    whole, targets, colorizer=colorizer, coloured=coloured, hints=arguments.hints, progress=note
                )
    if not arguments.quiet:
        _tell(arguments, how.words(), list(targets.values()), replaced)
    return 0


def _note(quiet: bool) -> Callable[[str], None]:
    return lambda message: None if quiet else complain(message, kind="note")


def _check(arguments: argparse.Namespace) -> None:
    if arguments.input == PIPE:
        raise UsageError("a film is read twice to choose its key frames, a pipe only once; save it to a file first")
    if arguments.more is not None:
        for option in ("every", "start", "end"):
            if getattr(arguments, option) is not None:
                raise UsageError(f"--more says which frames; leave out --{option}")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise UsageError(f"{arguments.output}: a file, but key frames need a folder; choose another -o")


def _colorizer(model: str | None) -> StillColorizer | None:
    if model is None:
        return None
    from featcolor.models.load import ColouringSettings, load_colorizer, named_model

    # The same colours that 'featcolor video' gives.
    return load_colorizer(named_model(model), ColouringSettings(saturation=1.0))


def _chosen(reader: Any, every: int | None, progress: Progress) -> list[int]:
    from featcolor.video.keyframes.choose import choose_frames
    from featcolor.video.scan import scan_clip

    with scan_clip(reader, progress=lambda *done: progress("finding shots", *done)) as scan:
        return choose_frames(scan, every=every)


def _asked_for(report: Path, clip: str) -> ClipReport:
    from featcolor.video.report import read_report

    asked = read_report(report)
    if Path(asked.clip).name != Path(clip).name:
        complain(f"{report} is about {asked.clip}; its frame numbers are taken for {clip}", kind="warning")
    if not asked.next:
        raise UsageError(f"{report}: asks for no more frames; the colour is sure enough without")
    return asked


def _new(targets: Mapping[int, Path], *, hints: bool) -> dict[int, Path]:
    """Those of no file yet, with a note on the others; all of them where that is none."""
    from featcolor.video.keyframes.export import hints_beside

    new = {
        frame: target
        for frame, target in targets.items()
        if not os.path.lexists(target) and not (hints and os.path.lexists(hints_beside(target)))
    }
    if new and len(new) < len(targets):
        there = next(target for frame, target in targets.items() if frame not in new)
        others = f" (and {len(targets) - len(new) - 1} more)" if len(targets) - len(new) > 1 else ""
        complain(f"{there} exists{others} and is left as it is", kind="note")
    return new or dict(targets)


def _existing(targets: Any, *, overwrite: bool) -> int:
    present = [target for target in targets if os.path.lexists(target)]
    if present and not overwrite:
        others = f" (and {len(present) - 1} more)" if len(present) > 1 else ""
        raise UsageError(f"{present[0]} exists{others} and may hold work; choose another -o, or --overwrite to replace")
    return len(present)


def _stopped(written: int, count: int) -> str:
    if not written:
        return ""
    return f"stopped: {written} of {count} key frames are written; the same command with --overwrite writes them all"


def _tell(arguments: argparse.Namespace, made: list[str], targets: list[Path], replaced: int) -> None:
    pictures = many(len(targets), "key frame")
    grey = arguments.model is None and (arguments.more is None or arguments.grey)
    what = "grey" if grey else "coloured by the model" if arguments.model is not None else "as coloured now"
    again = f", {replaced} files replaced" if arguments.hints else f", {replaced} of them replaced"
    print_line(f"wrote {pictures}, {what}, to {arguments.output}{again if replaced else ''}")
    them = "them" if len(targets) > 1 else "it"
    todo, option = f"{'colour' if grey else 'correct'} {them} in any picture editor", "keyframes"
    if arguments.hints:
        todo, option = f"give hints in the .hints.json beside {them}", "hints"
    elif arguments.grey:
        todo, option = f"paint a few strokes on {them} in any picture editor (all over: --keyframes)", "hints"
    source = Path(arguments.input)
    name, suffix = (source.name, "-colour") if source.is_dir() else (source.stem, "-colour.mp4")
    result = cut_name(name, NAME_BYTES - len(suffix)) + suffix
    rate = ["--fps", str(arguments.fps)] if arguments.fps is not None else []
    words = ["featcolor", "video", plain_path(arguments.input), *rate, *made, "-o", plain_path(result)]
    print_line(f"{todo}, then: {shell_line([*words, f'--{option}', plain_path(str(arguments.output))])}")
