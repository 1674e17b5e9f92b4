"""featcolor video IN -o OUT [--keyframes DIR] [--model MODEL]: colour a film."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.clips.timecode import Timecode, parse_rate
from featcolor.commands.console import WORK_FAILED, complain, many, print_line, print_table, progress_bar
from featcolor.commands.given.engines import add_engine_options
from featcolor.commands.given.options import add_reel_options, not_negative, readable, whole_number
from featcolor.errors import OutputError, UsageError
from featcolor.video.options import (
    CODECS,
    DEFAULT_EVERY,
    DEFAULT_VIDEO_PRESET,
    PICTURE_FORMATS,
    PIPE,
    SOUNDS,
    VIDEO_PRESETS,
)

if TYPE_CHECKING:
    from featcolor.video.colorize import ClipPlan
    from featcolor.video.options import ClipOptions
    from featcolor.video.report import ClipReport

SUMMARY = "colour a film from a few coloured frames, from a model, or from both"
DESCRIPTION = """\
Colour a film. Colour is carried from key frames (pictures of single frames that somebody has coloured) to all frames of
their shot; where there is none, a model colours some first. Both may be given: the model then colours the shots without
a key frame. With neither, the default model colours. Hints (points and strokes with a colour, on single frames) correct
what comes out: they change what looks alike, and are carried on as key frames are. Luma, size, time stamps, sound,
subtitles, chapters and tags stay as they are.
"""
EPILOG = """\
examples:
  featcolor keyframes reel.mp4 -o keys/                                  what to colour in a picture editor, and then:
  featcolor video reel.mp4 -o reel-colour.mp4 --keyframes keys/          colour the film from it
  featcolor video reel.mp4 -o out.mp4 --model town.featcolor             no key frames: a model, steadied
  featcolor video reel.mp4 -o out.mp4                                    neither: the default model
  featcolor video reel.mp4 -o out.mkv --keyframes keys/ --codec ffv1     lossless
  featcolor video reel.mp4 -o out.mp4 --keyframes keys/ --report r.json  where colour is a guess; what to correct next
  featcolor video reel.mp4 -o out.mp4 --hints hints/                     the model, corrected by hints on some frames
  featcolor video reel.mp4 -o out.mp4 --keyframes keys/ --resume         go on where a run was stopped
  featcolor video scans/ -o coloured/ --fps 18 --keyframes keys/         a folder of frames, into a folder
  ffmpeg -i reel.avi -f yuv4mpegpipe - | featcolor video - -o - --keyframes keys/ | ffmpeg -i - out.mp4

A key picture's last digits are the number of its frame, counted from 0, as 'featcolor keyframes' names them; one whose
name does not tell is found by its lightness. Hints are named so too: 'featcolor keyframes --hints' begins such files,
reel-000123.hints.json, and strokes painted over the grey frame, reel-000123.png, are hints too; on a frame that has a
key picture as well they go on top of it. A place in the film is seconds (12.5), a clock (1:02.5, 0:01:02.500) or a
frame (120f); --end is not included. What is done is kept, shot by shot, in OUT.featcolor-work until OUT is written.
"""

OPTION_NAMES = (
    *("codec", "crf", "pixel_format", "sound", "preset", "start", "end", "mask", "region", "chroma_only"),
    *("saturation", "every", "steady", "deinterlace", "prepare", "resume", "overwrite", "report", "cluster"),
)
"""Options that `featcolor.video.options.ClipOptions` calls as the command line does."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `video`."""
    place = readable(Timecode.parse)
    parser.add_argument("input", metavar="IN", help="a film, a folder of frames, or - (Y4M on stdin)")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="a film, a folder for frames, or - (Y4M on stdout)"
    )
    colour = parser.add_argument_group("where the colour comes from")
    colour.add_argument("-k", "--keyframes", nargs="+", metavar="KEYS", help="a folder of coloured frames, or files")
    colour.add_argument(
        "-m", "--model", metavar="MODEL", help="of 'featcolor fit', a colour network, or 'default' for our own"
    )
    colour.add_argument(
        "--hints",
        nargs="+",
        metavar="HINTS",
        help="a folder of hints on single frames, or files: NAME-000123.hints.json, or the frame with paint on it",
    )
    guessed = colour.add_mutually_exclusive_group()
    guessed.add_argument(
        "--every",
        type=whole_number,
        default=DEFAULT_EVERY,
        metavar="N",
        help="where no frame is coloured: carry colour from one guess in N frames, or fewer (default: %(default)s)",
    )
    guessed.add_argument(
        "--steady",
        type=whole_number,
        metavar="N",
        help="where no frame is coloured: guess every one, and average N frames along the motion",
    )
    colour.add_argument(
        "--preset", choices=tuple(VIDEO_PRESETS), default=DEFAULT_VIDEO_PRESET, help="speed against quality"
    )

    part = parser.add_argument_group("part of the film")
    part.add_argument("--start", type=place, metavar="T", help="colour and write from here: 12.5, 1:02.5 or 300f")
    part.add_argument("--end", type=place, metavar="T", help="up to here, not included")
    part.add_argument("--mask", type=Path, metavar="FILE", help="a picture or a film: colour only where it is white")
    part.add_argument("--region", metavar="X,Y,W,H", help="colour only inside this rectangle, in pixels")

    add_reel_options(parser)

    look = parser.add_argument_group("the look")
    look.add_argument("--saturation", type=not_negative, default=1.0, metavar="X", help="factor on the colours")
    look.add_argument(
        "--chroma-only", action="store_true", help="the colour on even grey, for an editor's blend mode 'colour'"
    )

    files = parser.add_argument_group("files")
    files.add_argument("--codec", choices=CODECS, help="of the output (default: by its ending)")
    files.add_argument("--crf", type=int, metavar="N", help="constant quality: smaller is better and larger")
    files.add_argument("--pixel-format", metavar="NAME", help="of the output, such as yuv444p")
    files.add_argument(
        "--sound",
        choices=SOUNDS,
        default=SOUNDS[0],
        help="what the output does not take is encoded so (default: refused)",
    )
    files.add_argument("--format", choices=PICTURE_FORMATS, help="of the frames in an output folder (default: png)")
    files.add_argument("--fps", type=readable(parse_rate), metavar="RATE", help="of a folder of frames")
    files.add_argument("--report", type=Path, metavar="FILE.json", help="where colour is a guess; FILE.html shows it")
    files.add_argument("--resume", action="store_true", help="go on with what a stopped run has left")
    files.add_argument("--overwrite", action="store_true", help="replace an output, or a stopped run's work")
    files.add_argument("--dry-run", action="store_true", help="show shots and key frames, and stop")
    add_engine_options(parser, default="1")


def run(arguments: argparse.Namespace) -> int:
    """Colour the film; 0 when all is well, 1 when a key picture was refused."""
    from featcolor.video.checkpoints import WorkFolder, work_path
    from featcolor.video.colorize import colorize_video, plan_video

    _check(arguments)
    options = _options(arguments)
    given = {name: getattr(arguments, name) for name in ("keyframes", "hints", "model")} | {"options": options}
    try:
        with progress_bar(quiet=arguments.quiet, unit="frames") as progress:
            notify = _Notifier(quiet=arguments.quiet)
            if arguments.dry_run:
                plan = plan_video(arguments.input, arguments.output, **given, progress=progress, notify=notify)
            else:
                report = colorize_video(arguments.input, arguments.output, **given, progress=progress, notify=notify)
    except BaseException as error:
        left = work_path(arguments.output)
        if not isinstance(error, UsageError) and PIPE not in (arguments.input, arguments.output) and left.is_dir():
            done = many(WorkFolder(left).n_done, "shot")
            way = "--resume and another --codec or --sound" if isinstance(error, OutputError) else "--resume"
            kept = f"coloured {done} so far, kept in {left}; the same command with {way} goes on"
            if isinstance(error, KeyboardInterrupt):
                raise KeyboardInterrupt(f"stopped; {kept}") from None
            complain(kept)
        raise
    if arguments.dry_run:
        _show_plan(plan)
        return WORK_FAILED if plan.match.refused else 0
    if not arguments.quiet:
        # On a pipe stdout carries the film.
        (complain if arguments.output == PIPE else print_line)(_summary(report))
    return WORK_FAILED if report.refused else 0


class _Notifier:
    """What is said while the work goes on: errors always, notes unless quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, message: str, kind: str) -> None:
        if kind == "error" or not self._quiet:
            complain(message, kind=kind)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.output == PIPE and sys.stdout.isatty() and not arguments.dry_run:
        raise UsageError("-o - writes Y4M to stdout; send it on: ... -o - | ffmpeg -i - out.mp4")
    if arguments.input == PIPE and sys.stdin.isatty():
        raise UsageError("- reads Y4M from stdin, but nothing is piped in: ffmpeg -i FILM -f yuv4mpegpipe - | ...")
    if PIPE in (arguments.input, arguments.output) and arguments.resume:
        raise UsageError("--resume does not go with - (a pipe); name files instead")


def _options(arguments: argparse.Namespace) -> ClipOptions:
    from featcolor.video.options import ClipOptions

    chosen = {name: getattr(arguments, name) for name in OPTION_NAMES}
    return ClipOptions(rate=arguments.fps, picture_format=arguments.format, jobs=arguments.jobs or 1, **chosen)


def _show_plan(plan: ClipPlan) -> None:
    by_frame = {key.frame: key for key in plan.match.keys}
    rows = []
    for shot in plan.shots:
        keys = [f"{frame} ({by_frame[frame].path.name})" for frame in shot.keys]
        colour = ", ".join(keys) if keys else shot.source
        colour += f"; hints on {', '.join(map(str, shot.hinted))}" if shot.hinted else ""
        rows.append((shot.kind, str(shot.number), f"{shot.first}-{shot.last}", colour))
    print_table(("shot begins with", "shot", "frames", "colour from"), rows)
    counts = (plan.n_frames, "frame"), (len(plan.shots), "shot"), (len(by_frame), "key frame")
    hints = f", hints on {many(len(plan.hints.frames), 'frame')}" if plan.hints.frames else ""
    print_line(", ".join(many(*count) for count in counts) + hints)


def _summary(report: ClipReport) -> str:
    from featcolor.video.report import in_words

    rate = f", {report.frames / report.seconds:.1f} a second" if report.seconds else ""
    text = f"coloured {many(report.frames, 'frame')} in {report.seconds:.1f} s{rate}; "
    text += f"{many(len(report.shots), 'shot')}, {many(len(report.keys), 'key frame')}"
    if hinted := sum(len(shot.hinted) for shot in report.shots):
        text += f", hints on {many(hinted, 'frame')}"
    text += f"; colour: {in_words(report.percents())}"
    if report.refused:
        text += f"; {many(len(report.refused), 'key picture')} refused"
    if report.damaged:
        text += f"; {many(len(report.damaged), 'frame')} damaged"
    if report.next:
        text += f"; to correct next: frame {report.next[0].frame}"
    return text
