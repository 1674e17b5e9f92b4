"""Scaling of a cluster, simulated on this machine: `python -m benchmarks.load.cluster -o scale/`.

Many one-thread workers do tasks of a given length, in which they sleep as a worker elsewhere would compute. Told are
tasks a second by the number of workers, the processor time that each task costs whoever hands it out, and how fast
pictures go as bytes. Workers, scheduler and client share the cores of one machine here: a real cluster bends later.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.load.local_cluster import LocalCluster, local_cluster
from featcolor.errors import ClusterError
from featcolor.files import write_json
from featcolor.parallel.cluster import Cluster
from featcolor.parallel.cores import library_threads

TASKS_A_WORKER: Final = 12
FEWEST_TASKS: Final = 48
HANDED_OUT: Final = 2000
"""Tasks of no length, by which the most that can be handed out is measured."""
SENT_MB: Final = (0.2, 2.0, 20.0)
SENT_FILES: Final = 24
BEND: Final = 0.9
"""Share of the ideal throughput from which on the line is said to bend."""
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Sleep:
    """Work that takes so many seconds of a worker, and none of its processor."""

    seconds: float

    def __call__(self, _: int) -> None:
        time.sleep(self.seconds)


@dataclass(frozen=True)
class Back:
    """Work that gives back the file that it gets."""

    def outputs(self, item: tuple[Path, Path]) -> tuple[Path, ...]:
        """The copy."""
        return (item[1],)

    def __call__(self, item: tuple[Path, Path]) -> None:
        item[1].write_bytes(item[0].read_bytes())


@dataclass(frozen=True)
class Measure:
    """What so many tasks took: seconds, and milliseconds a task of the client's and of the scheduler's processor."""

    workers: int
    tasks: int
    seconds: float
    client_ms: float
    scheduler_ms: float

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return self.tasks / self.seconds


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, write the numbers and the plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.cluster", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64], metavar="N")
    parser.add_argument("--seconds", type=float, default=0.3, metavar="S", help="length of a task")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args(words)
    measures = [scaling(count, arguments.seconds) for count in arguments.workers]
    with tempfile.TemporaryDirectory() as folder, local_cluster(Path(folder), workers=2) as running:
        handed = measure(running, Sleep(0.0), range(HANDED_OUT), 2)
        sent = {size: sending(running, size, Path(folder)) for size in SENT_MB}
    for each in measures:
        ideal = each.workers / arguments.seconds
        print(
            f"{each.workers:3d} workers: {each.rate:6.1f} tasks a second, {each.rate / ideal:4.0%} of {ideal:.1f}; a "
            f"task costs the client {each.client_ms:.1f} ms, the scheduler {each.scheduler_ms:.1f} ms"
        )
    print(
        f"tasks of no length: {handed.rate:.0f} a second; each costs the client {handed.client_ms:.1f} ms, the "
        f"scheduler {handed.scheduler_ms:.1f} ms"
    )
    for size, rate in sent.items():
        print(f"files of {size:g} MB there and back as bytes: {rate:.1f} MB a second, {rate / size:.1f} files")
    arguments.output.mkdir(parents=True, exist_ok=True)
    content = {
        "seconds": arguments.seconds,
        "measures": [asdict(each) | {"rate": each.rate} for each in measures],
        "handed out": asdict(handed) | {"rate": handed.rate},
        "megabytes a second as bytes": {f"{size:g} MB": rate for size, rate in sent.items()},
    }
    write_json(arguments.output / "scale.json", content, indent=2)
    plot(measures, arguments.seconds, arguments.output / "scale.png")
    return 0


def scaling(workers: int, seconds: float) -> Measure:
    """So many workers, each busy with tasks of so many seconds."""
    with tempfile.TemporaryDirectory() as folder, local_cluster(Path(folder), workers=workers) as running:
        return measure(running, Sleep(seconds), range(max(FEWEST_TASKS, TASKS_A_WORKER * workers)), workers)


def measure(running: LocalCluster, function: Any, items: Iterable[Any], workers: int) -> Measure:
    """What a run over the items takes, once every worker has done a task."""
    assert running.scheduler is not None, "it runs"
    scheduler = psutil.Process(running.scheduler.pid)
    with Cluster(running.address) as cluster:
        cluster.client.wait_for_workers(workers)
        cluster.client.run(load_libraries)
        finish(cluster, Sleep(0.1), range(4 * workers))
        before = time.process_time(), sum(scheduler.cpu_times()[:2])
        start = time.perf_counter()
        count = finish(cluster, function, items)
        seconds = time.perf_counter() - start
        client, theirs = time.process_time() - before[0], sum(scheduler.cpu_times()[:2]) - before[1]
    return Measure(workers, count, seconds, 1000 * client / count, 1000 * theirs / count)


def load_libraries() -> None:
    """What a worker loads before its first task."""
    with library_threads(1):
        pass


def finish(cluster: Cluster, function: Any, items: Iterable[Any]) -> int:
    """The number of outcomes; ClusterError where one failed."""
    outcomes = list(cluster.run(function, items))
    if failed := next((outcome.failure for outcome in outcomes if outcome.failure is not None), None):
        raise ClusterError(failed.message)
    return len(outcomes)


def sending(running: LocalCluster, megabytes: float, folder: Path) -> float:
    """Megabytes a second of files that the workers do not see: each process has a /proc/self/cwd of its own."""
    here = Path.cwd()
    os.chdir(tempfile.mkdtemp(dir=folder))
    try:
        Path("file").write_bytes(os.urandom(int(megabytes * MEGABYTE)))
        unseen = Path("/proc/self/cwd")
        items = [(unseen / "file", unseen / "out" / str(number)) for number in range(SENT_FILES)]
        measured = measure(running, Back(), items, 2)
        return measured.tasks * megabytes / measured.seconds
    finally:
        os.chdir(here)


def plot(measures: Sequence[Measure], seconds: float, path: Path) -> None:
    """Tasks a second by workers, beside the ideal line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    workers = [each.workers for each in measures]
    axes.plot(workers, [count / seconds for count in workers], "--", color="0.6", label="ideal")
    axes.plot(workers, [each.rate for each in measures], "o-", color="#1d6fa5", label="measured")
    bent = next((each for each in measures if each.rate < BEND * each.workers / seconds), None)
    if bent is not None:
        words = f"{bent.rate * seconds / bent.workers:.0%} of ideal"
        axes.annotate(words, (bent.workers, bent.rate), (-76, -16), textcoords="offset points")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(workers, [str(count) for count in workers])
    ticks = [round(count / seconds, 1) for count in workers]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel(f"workers of one thread, all on one machine; tasks of {seconds:g} s")
    axes.set_ylabel("tasks a second")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    raise SystemExit(main())
