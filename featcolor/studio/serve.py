"""Server: the studio on a port of this machine, until somebody stops it."""

from __future__ import annotations

import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from featcolor.errors import UsageError, reason
from featcolor.studio.app import build_app
from featcolor.studio.config import StudioConfig
from featcolor.studio.connections import LOCAL, PatientConnection
from featcolor.studio.sessions import Cookies, key_in
from featcolor.studio.studio import Studio, album_of

ANY: Final = ("0.0.0.0", "::")
"""Hosts that mean every address of this machine."""
SOMEWHERE: Final = "192.0.2.1"
"""An address that nobody has (RFC 5737)."""
PORTS_TRIED: Final = 20
SHUTDOWN_S: Final = 5
"""That open requests have to end, once the server is to."""


def default_home() -> Path:
    """The folder where a studio keeps what is its own, as the system has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "featcolor" / "studio"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "featcolor" / "studio"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "featcolor" / "studio"


def bind(host: str, port: int, *, exactly: bool) -> socket.socket:
    """A socket on a port, or, unless `exactly` that is wanted, on one of those after it that are free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for each in range(port, port + (1 if exactly or not port else PORTS_TRIED)):
        bound = socket.socket(family, socket.SOCK_STREAM)
        # On Windows the same option would let another program take the port as well.
        bound.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        try:
            bound.bind((host, each))
        except OSError as error:
            bound.close()
            failed = error
        else:
            return bound
    raise UsageError(f"--host {host} --port {port}: {reason(failed)}; choose another --port") from failed


def is_loopback(host: str) -> bool:
    """Whether only this machine can ask."""
    return host in ("localhost", "127.0.0.1", "::1")


def address(bound: socket.socket, config: StudioConfig) -> str:
    """Where a person opens the studio, without the token."""
    host, port = bound.getsockname()[:2]
    shown = _own_address() if host in ANY else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{config.prefix}/"


def _own_address() -> str:
    """By which others reach this machine: of the network that it would ask them through, else its name."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((SOMEWHERE, 9))  # nothing is sent
        return str(asking.getsockname()[0])
    return socket.gethostname()


def serve(
    config: StudioConfig,
    bound: socket.socket,
    *,
    tell: Callable[[str], None],
    browser: bool = True,
    behind_proxy: bool = False,
    show_secret: bool = True,
) -> None:
    """Serve a studio until Ctrl-C, which is a KeyboardInterrupt as ever.

    Parameters
    ----------
    tell : is called with the address once it answers
    browser : open it in the browser, where there is one
    behind_proxy : believe what a proxy on this machine says of who asks
    show_secret : whether the secret is a token, which is told with the address, and not a password
    """
    studio = Studio(config)
    password = "" if show_secret else config.secret
    app = build_app(studio, Cookies(key_in(config.home / "key"), password, "" if config.apart else album_of(config)))
    where = address(bound, config) + (f"?token={config.secret}" if show_secret else "")

    class Server(uvicorn.Server):
        """Tells where it is once it answers, and whoever waits that it ends."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                tell(where)
                if browser:
                    with suppress(webbrowser.Error):
                        webbrowser.open(where)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            studio.dismiss()
            await super().shutdown(sockets)

    # glibc keeps a heap for each thread, and workers have many threads: two heaps hold as much in less memory.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    server = Server(server_config(app, behind_proxy=behind_proxy))
    studio.stopping = lambda: server.should_exit
    server.run(sockets=[bound])


def server_config(app: ASGIApp, *, behind_proxy: bool = False) -> uvicorn.Config:
    """How the application is served, whatever else is installed: no log of requests, no other protocol."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=list(LOCAL),
        http=PatientConnection,
        ws="none",
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """A browser that hangs up, or a client that speaks no HTTP, is none."""
    text = record.getMessage()
    return not text.startswith(("Invalid HTTP request", "Unsupported upgrade")) and "Cancel " not in text


def has_browser() -> bool:
    """Whether this machine can open one."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    with suppress(webbrowser.Error):
        controller: Any = webbrowser.get()
        return controller is not None
    return False
