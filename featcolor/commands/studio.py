"""featcolor studio [IN...]: a page in the browser where pictures and films are coloured and corrected."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.console import complain, print_line
from featcolor.commands.given.models import MODEL_HELP, chosen_model
from featcolor.commands.given.options import port, positive, whole_number
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.studio.config import Limits, StudioConfig

SUMMARY = "colour and correct pictures and films in the browser"
DESCRIPTION = """\
Open a page in the browser: pictures on the left, the chosen one in the middle, grey and colour under one slider. Click
a place and give it its colour; the picture answers at once. All is done on this machine, and nothing is sent anywhere.
Hints are kept as NAME.hints.json beside each picture, and what is written is what 'featcolor colorize' writes.
"""
PASSWORD_VARIABLE = "FEATCOLOR_STUDIO_PASSWORD"
EPILOG = f"""\
examples:
  featcolor studio                                          an empty page: drop pictures on it
  featcolor studio album/                                   the pictures of a folder, and below it
  featcolor studio old.jpg reel.mp4 -o coloured/            these, written to a folder
  featcolor studio --host 0.0.0.0 album/                    for others in the house: send them the address
  {PASSWORD_VARIABLE}=... featcolor studio --host 127.0.0.1 --port 8710 --apart --behind-proxy --prefix /colour
                    --allow-host archive.example            a site, behind its web server

Whoever has the address may look and write, so it holds a token that nobody guesses. Ctrl-C ends the studio; what was
told and chosen is kept, and long work goes on at the next start.
"""
INSTALL = "the studio needs two small packages: pip install 'featcolor[studio]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `studio`."""
    parser.add_argument(
        "input", nargs="*", type=Path, metavar="IN", help="pictures, films and folders (searched through)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder of what is written (default: NAME-colour beside NAME)"
    )
    parser.add_argument("-m", "--model", metavar="MODEL", help=MODEL_HELP)
    parser.add_argument("--port", type=port, metavar="N", help="of the address (default: from 8710 the first free)")
    parser.add_argument("--no-browser", action="store_true", help="only say the address")
    parser.add_argument(
        "--home", type=Path, metavar="DIR", help="folder of the studio's own (default: as the system has)"
    )

    others = parser.add_argument_group("for others")
    others.add_argument("--host", default="127.0.0.1", metavar="HOST", help="0.0.0.0: whoever reaches this machine")
    others.add_argument(
        "--apart",
        action="store_true",
        help="each visitor has pictures of their own, which are deleted later; as it is without IN where --host is not "
        "this machine alone",
    )
    others.add_argument("--keep", type=positive, metavar="HOURS", help="until they are (default: 24)")
    others.add_argument("--prefix", default="", metavar="/PATH", help="path below which a proxy serves it")
    others.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="name by which it is called")
    others.add_argument("--behind-proxy", action="store_true", help="believe a proxy on this machine who asks")
    others.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"a password in place of the token of each start; or in {PASSWORD_VARIABLE}",
    )
    others.add_argument("--max-upload", type=whole_number, metavar="MB", help="of a file (default for others: 100)")
    others.add_argument("--max-pixels", type=whole_number, metavar="MP", help="of a picture (default for others: 100)")
    others.add_argument(
        "--workers", type=whole_number, default=1, metavar="N", help="processes that answer (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(INSTALL) from error
    from featcolor.studio.config import DEFAULT_PORT
    from featcolor.studio.serve import bind, has_browser, serve

    wanted = DEFAULT_PORT if arguments.port is None else arguments.port
    password = _password(arguments)
    config = _config(arguments, password)
    with bind(arguments.host, wanted, exactly=arguments.port is not None) as bound:
        try:
            serve(
                config,
                bound,
                tell=_tell(arguments),
                browser=not arguments.no_browser and has_browser(),
                behind_proxy=arguments.behind_proxy,
                show_secret=password is None,
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped; what was told is kept, and long work goes on at the next start") from None
    return 0


def _config(arguments: argparse.Namespace, password: str | None) -> StudioConfig:
    from dataclasses import replace

    from featcolor.models.load import ColouringSettings, load_colorizer
    from featcolor.studio.config import FOR_STRANGERS, KEEP_HOURS, MEGABYTE, Limits, StudioConfig
    from featcolor.studio.serve import default_home, is_loopback
    from featcolor.studio.sessions import new_token

    for path in arguments.input:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    if arguments.output is not None and arguments.output.exists() and not arguments.output.is_dir():
        raise UsageError(f"{arguments.output}: a file, but pictures need a folder; choose another -o")
    if arguments.prefix and not (arguments.prefix.startswith("/") and arguments.prefix.strip("/")):
        raise UsageError(f"--prefix {arguments.prefix}: a path such as /colour is needed")
    local = is_loopback(arguments.host)
    apart = arguments.apart or not (local or arguments.input)
    if apart and arguments.input:
        raise UsageError("--apart gives each visitor pictures of their own; leave the folder out, or --apart")
    model = chosen_model(arguments.model)
    if model is not None:
        load_colorizer(model, ColouringSettings())
    limits: Limits = Limits() if local and not apart else FOR_STRANGERS
    if arguments.max_upload is not None:
        limits = replace(limits, bytes=arguments.max_upload * MEGABYTE)
    if arguments.max_pixels is not None:
        limits = replace(limits, pixels=arguments.max_pixels * 1_000_000)
    return StudioConfig(
        home=arguments.home or default_home(),
        sources=tuple(arguments.input),
        output=arguments.output,
        model=model,
        secret=password or new_token(),
        apart=apart,
        keep_hours=arguments.keep or KEEP_HOURS,
        hosts=frozenset({socket.gethostname().lower(), *(name.lower() for name in arguments.allow_host)}),
        prefix=arguments.prefix.rstrip("/"),
        workers=arguments.workers,
        limits=limits,
    )


def _password(arguments: argparse.Namespace) -> str | None:
    if arguments.password_file is not None:
        try:
            password = arguments.password_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise UsageError(f"{arguments.password_file}: the password cannot be read ({error})") from error
        if not password:
            raise UsageError(f"{arguments.password_file}: there is no password in it")
        return str(password)
    return os.environ.get(PASSWORD_VARIABLE) or None


def _tell(arguments: argparse.Namespace) -> Callable[[str], None]:
    def tell(address: str) -> None:
        print_line(address)
        if not arguments.quiet:
            complain("the studio is open at this address; Ctrl-C ends it")

    return tell
