"""Load test of the studio on loopback: `python -m benchmarks.load.studio --clients 50 --minutes 10`.

Starts a studio as it is for strangers, lets many visitors at it, and tells whether anybody got another's picture, what
was lost, how long answers took, and whether memory stayed flat. Exit code 1 where something was mixed, lost, or left.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.data.bundled import PHOTOGRAPHS, load
from benchmarks.load.studio_visitor import SIDES, Tally, Visitor
from benchmarks.speed.inputs import CLI, MEBIBYTE

SECRET: Final = "the load test's"
SAMPLE_S: Final = 5.0
"""Between two looks at the memory."""
QUIET_S: Final = 60.0
"""That work which goes on may take to end once everybody has left."""
FLAT: Final = 1.15
"""Factor by which the median memory of the last third may be above that of the middle third."""
PERCENTILES: Final = (50, 90, 99, 100)


def main(words: Sequence[str] | None = None) -> int:
    """Run it and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.studio", description=__doc__)
    parser.add_argument("--clients", type=int, default=50, metavar="N")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M")
    parser.add_argument("--think", type=float, default=8.0, metavar="S", help="mean pause of a visitor")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="as of 'featcolor studio'")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), arguments)


def run(home: Path, arguments: argparse.Namespace) -> int:
    """The exit code."""
    tally, samples = Tally(), Samples()
    with studio(home, arguments.workers) as (process, place):
        greys = make_greys()
        until = time.monotonic() + 60 * arguments.minutes
        visitors = [Visitor(number, place, greys, tally) for number in range(arguments.clients)]
        threads = [threading.Thread(target=each.live, args=(until, arguments.think), daemon=True) for each in visitors]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            samples.take(process)
            time.sleep(SAMPLE_S)
        time.sleep(min(QUIET_S, 4 * SAMPLE_S))
        samples.take(process)
        workers = process.children(recursive=True)
        left = [path.name for path in home.rglob("*") if path.suffix in (".part", ".given", ".coloured")]
    alive = [worker.pid for worker in psutil.wait_procs(workers, SAMPLE_S)[1]]
    report(tally, samples, alive, left)
    return int(bool(tally.mixed or tally.lost or tally.errors or alive or left or not samples.is_flat()))


@contextmanager
def studio(home: Path, workers: int) -> Iterator[tuple[psutil.Process, tuple[str, int, str]]]:
    """A studio that serves visitors apart, and its host, port and secret; it is ended by Ctrl-C."""
    words = [
        "studio",
        "--apart",
        "--port",
        "0",
        "--no-browser",
        "--home",
        str(home),
        "--workers",
        str(workers),
        "--quiet",
    ]
    environment = os.environ | {"FEATCOLOR_STUDIO_PASSWORD": SECRET}
    with subprocess.Popen(
        [sys.executable, str(CLI), *words], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        match = re.search(r"http://([\d.]+):(\d+)/", process.stdout.readline())
        if match is None:
            raise SystemExit("the studio did not start")
        try:
            yield psutil.Process(process.pid), (match[1], int(match[2]), SECRET.replace(" ", "%20"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(QUIET_S)


def make_greys() -> list[list[NDArray[np.uint8]]]:
    """The bundled photographs, grey, (H, W), in each of the sizes."""
    found = [cv2.cvtColor(load(photograph), cv2.COLOR_RGB2GRAY) for photograph in PHOTOGRAPHS[:4]]
    return [
        [cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_CUBIC) for grey in found] for rows, columns in SIDES
    ]


class Samples:
    """Memory of the server, and of its workers together, over time, in bytes of their own."""

    def __init__(self) -> None:
        self.server: list[int] = []
        self.workers: list[int] = []

    def take(self, process: psutil.Process) -> None:
        """Look once."""
        self.server.append(_own_memory(process))
        self.workers.append(sum(map(_own_memory, process.children(recursive=True))))

    def thirds(self, values: list[int]) -> list[float]:
        """Medians of the beginning, the middle and the end, in MB."""
        return [float(np.median(part)) / MEBIBYTE for part in np.array_split(values, 3) if len(part)]

    def is_flat(self) -> bool:
        """Whether the end is no higher than the middle, but for the odd picture."""
        return all(
            part[-1] < FLAT * part[len(part) // 2] + 16 for part in map(self.thirds, (self.server, self.workers))
        )


def _own_memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0


def report(tally: Tally, samples: Samples, alive: list[int], left: list[str]) -> None:
    """All of it on standard output."""
    rows: list[tuple[str, Any]] = [
        ("answers", sum(tally.done.values())),
        ("mixed", len(tally.mixed)),
        ("lost", len(tally.lost)),
        ("errors", sum(tally.errors.values())),
        ("refused, as they may be", sum(tally.refused.values())),
        ("workers left", len(alive)),
        ("parts of files left", len(left)),
        ("server, MB at start, middle, end", _numbers(samples.thirds(samples.server))),
        ("workers, MB at start, middle, end", _numbers(samples.thirds(samples.workers))),
        ("workers at most, MB", f"{max(samples.workers) / MEBIBYTE:.0f}"),
        ("memory flat", samples.is_flat()),
    ]
    for name, value in rows:
        print(f"{name:36}{value}")
    print(f"\n{'seconds':20}{'count':>8}" + "".join(f"{f'{each} %':>9}" for each in PERCENTILES))
    for what, seconds in sorted(tally.seconds.items()):
        print(f"{what:20}{len(seconds):8}" + "".join(f"{np.percentile(seconds, each):9.2f}" for each in PERCENTILES))
    for title, counts in (("done", tally.done), ("refused", tally.refused), ("errors", tally.errors)):
        print(f"\n{title}: " + "; ".join(f"{count} {what}" for what, count in counts.most_common(30)))
    for line in (tally.mixed + tally.lost + left)[:20]:
        print(f"! {line}")


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
