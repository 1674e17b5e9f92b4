"""A cluster on this machine, started as a person starts one: a scheduler and workers of one thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from featcolor.parallel.cluster import SCHEDULER_SETTINGS, WORKER_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds for what takes one or two."""


class LocalCluster:
    """A scheduler and its workers below one folder; `address` names the scheduler."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder, self.port = folder, port
        self.environment = os.environ | SCHEDULER_SETTINGS | WORKER_SETTINGS | {"PYTHONPATH": str(ROOT)}
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.nannies: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start_scheduler(self) -> None:
        """The same address again where there was one."""
        told = self.folder / "scheduler.json"
        told.unlink(missing_ok=True)
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--scheduler-file", str(told)]
        self.scheduler = self._start("distributed.cli.dask_scheduler", *options)
        wait_until(told.is_file)
        self.address = json.loads(told.read_text())["address"]
        self.port = int(self.address.rpartition(":")[2])

    def start_workers(self, count: int, *, memory: str = "0") -> None:
        """So many worker processes; of no bound on their memory, or of one at which they are killed."""
        options = ["--nworkers", str(count), "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder)]
        options += ["--memory-limit", memory]
        self.nannies.append(self._start("distributed.cli.dask_worker", self.address, *options))

    def stop(self) -> None:
        """Workers and scheduler, at once: they take seconds for what nobody waits for."""
        for process in (*self.nannies, *([self.scheduler] if self.scheduler else [])):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        self.nannies, self.scheduler = [], None

    def _start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@contextmanager
def local_cluster(folder: Path, workers: int = 2) -> Iterator[LocalCluster]:
    """A running cluster."""
    cluster = LocalCluster(folder)
    try:
        cluster.start_scheduler()
        cluster.start_workers(workers)
        yield cluster
    finally:
        cluster.stop()


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Until it holds; TimeoutError when it does not for long."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {patience:.0f} s")
        time.sleep(0.05)
