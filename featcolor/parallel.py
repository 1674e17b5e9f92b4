"""Work over many pictures: in this process by threads, or in several processes with few threads each.

Neither changes a bit of the results (`features.threads`). Processes times threads never exceed the cores.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from featcolor.errors import is_disk_full, one_line

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress: TypeAlias = Callable[[str, int, int], None]
"""(stage, steps done, steps in all)."""

START_SECONDS = 1.5
"""What worker processes cost before their first picture: imports and the model (measured, 2 cores)."""
PICTURE_SECONDS = 0.15
"""Colouring at the working size, one thread (measured, preset balanced)."""
MEGAPIXEL_SECONDS = 0.07
"""Decoding, raising the chroma to full size and encoding a million pixels, one thread (measured, JPEG)."""
WORKER_BYTES = 300 * 2**20
"""Libraries, model and the working size (measured: 210 MiB)."""
PIXEL_BYTES = 24
"""Peak memory a full-size pixel; twice what was measured on JPEG, since deeper formats need more."""
PER_WORKER_IN_FLIGHT = 2

KILLED = "the worker process was killed, most likely for want of memory; use --jobs 1 or a smaller --size"


@dataclass(frozen=True)
class Failure:
    """Why one item has no result: a line for people, the traceback for --debug."""

    message: str
    trace: str = ""
    disk_full: bool = False


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What became of item `index`: a result or a failure."""

    index: int
    result: Result | None = None
    failure: Failure | None = None


def available_cores() -> int:
    """Cores that this process may use (affinity and container limits respected)."""
    from joblib import cpu_count

    return int(cpu_count())


def default_jobs(n_pictures: int, total_pixels: int, *, cores: int | None = None, memory: int | None = None) -> int:
    """How many processes finish first: one while their start costs more than it saves, then one a core.

    Each must fit into the free memory (bytes) at once.
    """
    cores = available_cores() if cores is None else cores
    memory = free_memory() if memory is None else memory
    if n_pictures < 2 or cores < 2:
        return 1
    work = n_pictures * PICTURE_SECONDS + total_pixels / 1e6 * MEGAPIXEL_SECONDS
    fits = memory // (WORKER_BYTES + PIXEL_BYTES * total_pixels // n_pictures)
    jobs = max(1, min(cores, n_pictures, fits))
    return jobs if START_SECONDS + work / jobs < work else 1


def free_memory() -> int:
    """Bytes that can be had without swapping; a generous guess where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 4 * 2**30


def run_over(
    function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int, threads: int | None = None
) -> Generator[Outcome[Result], None, None]:
    """Call `function` on every item in `jobs` processes and yield each outcome as it comes.

    An exception belongs to its item and never ends the run; so does the death of a worker. Closing the iterator, or
    Ctrl-C, stops the workers at once. `threads` of a process are cores / jobs by default, see `library_threads`.
    """
    sequence = list(items)
    jobs = max(1, min(jobs, len(sequence)))
    threads = threads or max(1, available_cores() // jobs)
    if jobs > 1:
        yield from _in_processes(function, sequence, jobs=jobs, threads=threads)
        return
    with library_threads(threads):
        for index, item in enumerate(sequence):
            yield _attempt(function, index, item)


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody is told of."""


@contextmanager
def library_threads(threads: int) -> Iterator[None]:
    """Within the block OpenCV, and what runs side by side, has so many threads; BLAS and OpenMP have one."""
    import cv2

    from features.threads import one_blas_thread

    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        with one_blas_thread():
            yield
    finally:
        cv2.setNumThreads(before)


def end_workers() -> None:
    """Stop idle workers now: joblib keeps them for minutes, and a process of multiprocessing waits for its children."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(max_workers=1, reuse=True).shutdown(wait=True, kill_workers=True)


def _attempt(function: Callable[[Item], Result], index: int, item: Item) -> Outcome[Result]:
    try:
        return Outcome(index, result=function(item))
    except Exception as error:
        # The exception itself stays here: not every one survives pickling.
        return Outcome(index, failure=Failure(one_line(error), traceback.format_exc(), is_disk_full(error)))


def _attempt_in_worker(
    function: Callable[[Item], Result], index: int, item: Item, threads: int, folder: str
) -> Outcome[Result]:
    os.chdir(folder)  # a worker outlives the run that it was started for, and its folder
    with library_threads(threads):
        return _attempt(function, index, item)


def _in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], *, jobs: int, threads: int
) -> Generator[Outcome[Result], None, None]:
    """A pool that outlives its workers: after a death the items in flight run one by one, each alone in a process."""
    waiting = dict(enumerate(items))
    while waiting:
        try:
            with closing(_pool(function, list(waiting.items()), jobs=jobs, threads=threads)) as outcomes:
                for outcome in outcomes:
                    del waiting[outcome.index]
                    yield outcome
        except BrokenProcessPool:
            for index in list(waiting)[: jobs * PER_WORKER_IN_FLIGHT]:
                yield _alone(function, index, waiting.pop(index), threads=threads)


def _alone(function: Callable[[Item], Result], index: int, item: Item, *, threads: int) -> Outcome[Result]:
    try:
        with closing(_pool(function, [(index, item)], jobs=2, threads=threads)) as outcomes:
            return next(outcomes)
    except BrokenProcessPool:
        return Outcome(index, failure=Failure(KILLED))


def _pool(
    function: Callable[[Item], Result], numbered: Sequence[tuple[int, Item]], *, jobs: int, threads: int
) -> Generator[Outcome[Result], None, None]:
    from joblib import Parallel, delayed, parallel_config

    outcomes = None
    try:
        with parallel_config(backend="loky", inner_max_num_threads=1), _postponed_interrupt():
            # The workers start here; Ctrl-C reaches this process alone, which then ends them.
            parallel = Parallel(
                n_jobs=jobs,
                return_as="generator_unordered",
                batch_size=1,
                pre_dispatch=jobs * PER_WORKER_IN_FLIGHT,
                max_nbytes=None,
            )
            task, folder = delayed(_attempt_in_worker), str(Path.cwd())
            outcomes = parallel(task(function, index, item, threads, folder) for index, item in numbered)
        # Not `yield from`, which would close `outcomes` before the filter below.
        for outcome in outcomes:  # noqa: UP028
            yield outcome
    finally:
        with warnings.catch_warnings():
            # joblib warns that outcomes were not used: that is what stopping means.
            warnings.simplefilter("ignore", UserWarning)
            if outcomes is not None:
                outcomes.close()


@contextmanager
def _postponed_interrupt() -> Iterator[None]:
    """Start programs that SIGINT never reaches, since they inherit a mask; one that comes now comes later."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()  # which unblocks the signal when it starts
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    for number in noted[:1]:
        signal.raise_signal(number)
