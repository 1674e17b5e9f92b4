"""The command line: its parser, and what becomes of an error.

Exit codes: 0 done; 1 some of the work failed; 2 the call cannot be done as typed (a wrong path or option, an unusable
model file); 130 stopped by Ctrl-C. Libraries are imported inside a command's `run`, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from featcolor.commands import (
    cluster,
    colorize,
    completion,
    fit,
    inspect,
    keyframes,
    pretrain,
    preview,
    studio,
    suggest,
    video,
)
from featcolor.commands.benchmark import command as benchmark
from featcolor.commands.console import complain
from featcolor.errors import ModelFileError, NetworkError, UsageError
from featcolor.names import plain_path

COMMANDS = {
    "studio": studio,
    "colorize": colorize,
    "preview": preview,
    "suggest": suggest,
    "fit": fit,
    "keyframes": keyframes,
    "video": video,
    "cluster": cluster,
    "inspect": inspect,
    "benchmark": benchmark,
    "pretrain": pretrain,
    "completion": completion,
}

WORK_FAILED = 1
WRONG_CALL = 2

ALIASES = {"colorize": ("colourize",)}
DESCRIPTION = """\
Colour for black-and-white photographs and film:

  featcolor colorize old.jpg -o new.jpg                    one photograph
  featcolor colorize old/ -o coloured/ --refs album/       many, with the colours of an album
  featcolor video reel.mp4 -o reel-colour.mp4              a film
"""


def run(argv: Sequence[str] | None, stopped: Sequence[int]) -> int:
    """Run one command line and return its exit code; every error is one line on stderr unless --debug is given.

    `stopped` holds the signals that have come: a library may turn the exception of a Ctrl-C into one of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A file name need not be text in the terminal's encoding.
            stream.reconfigure(errors="backslashreplace")
    parser = build_parser()
    if not (sys.argv[1:] if argv is None else argv):
        parser.print_help(sys.stderr)
        return WRONG_CALL
    try:
        arguments = parser.parse_args(argv)
        return int(arguments.run(arguments))
    except BrokenPipeError:
        # The reader of stdout has gone; Python must not try to flush into it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WORK_FAILED
    except Exception as error:
        if stopped:
            raise KeyboardInterrupt from error
        from featcolor.errors import one_line

        if arguments.debug:
            import traceback

            traceback.print_exc()
        complain(one_line(error), kind="error")
        return WRONG_CALL if isinstance(error, UsageError | ModelFileError | NetworkError) else WORK_FAILED


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; completion is made from it too."""
    parser = _Parser(
        prog="featcolor",
        description=DESCRIPTION,
        epilog="'featcolor COMMAND --help' explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            aliases=ALIASES.get(name, ()),
            help=module.SUMMARY,
            description=module.DESCRIPTION,
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        command.add_argument("-q", "--quiet", action="store_true", help="no progress and no summary, only errors")
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        command.set_defaults(run=module.run, parser=parser)
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in one line, without the usage, which would push it off the screen."""

    words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As of argparse; what was typed is kept for `error`."""
        self.words = sys.argv[1:] if args is None else args
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say it in one line and stop."""
        if message.startswith("unrecognized arguments") and "--hint" in self.words:
            message += "; a hint with spaces needs quotes: --hint '320,410=light skin'"
        if (
            dashed := next((word for word in self.words if word[:1] == "-" and os.path.lexists(word)), None)
        ) is not None:
            message += f"; the file {dashed} is named as {plain_path(dashed)}"
        complain(f"{message}; see '{self.prog} --help'", kind="error")
        self.exit(WRONG_CALL)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("featcolor")
        except PackageNotFoundError:
            number = "(not installed)"
        print(f"featcolor {number}")
        parser.exit()
