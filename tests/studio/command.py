"""The command `featcolor studio` as a person starts and ends it, a program of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, str(ROOT / "cli.py"))
PATIENCE_S = 120.0
ADDRESS = re.compile(r"http://\S+/(\?token=\S+)?")


class Command:
    """A studio that runs.

    Parameters
    ----------
    home : folder of its own
    words : the rest of the command line
    program : what is run in place of `featcolor`
    before : Python that runs first, for what a machine may do to a program

    Attributes
    ----------
    address : as it is printed
    origin : of its pages
    """

    def __init__(
        self,
        home: Path,
        *words: str | Path,
        port: int = 0,
        program: Sequence[str] = PROGRAM,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as it runs
        self.process = subprocess.Popen(
            [*program, "studio", *map(str, words), "--no-browser", "--home", str(home), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=ROOT,
            env=clean_environment() | (environment or {}),
            start_new_session=True,
            # Tests that run in the background of a shell inherit that Ctrl-C is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        if not ADDRESS.fullmatch(self.address):
            self.process.kill()
            _, said = self._finish()
            raise AssertionError(f"no address: {self.address!r} {said}")
        parts = urlsplit(self.address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.port = parts.port or 80

    def workers(self) -> list[psutil.Process]:
        """All processes that it started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def press_ctrl_c(self) -> tuple[int, str]:
        """The exit code and what was said on stderr, once it has ended with all its workers."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it, unless it has ended."""
        if self.process.poll() is None:
            self.press_ctrl_c()

    def _end(self, number: signal.Signals) -> tuple[int, str]:
        workers = self.workers()
        self.process.send_signal(number)
        ended = self._finish()
        _, left = psutil.wait_procs(workers, timeout=PATIENCE_S)
        assert not left, f"workers outlive the studio: {left}"
        return ended

    def _finish(self) -> tuple[int, str]:
        self.process.communicate(timeout=PATIENCE_S)
        self._said.seek(0)
        said = self._said.read()
        self._said.close()
        return self.process.returncode, said


def clean_environment() -> dict[str, str]:
    """The environment without what would choose a model or a password."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FEATCOLOR_")}
