"""An engine of several processes on this machine, with few threads each (joblib's loky)."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from featcolor.parallel.cores import library_threads
from featcolor.parallel.engine import Failure, Item, Outcome, Result, attempt
from featcolor.parallel.here import Here

PER_WORKER_IN_FLIGHT = 2

KILLED = "the worker process was killed, most likely for want of memory; use --jobs 1 or a smaller --size"


@dataclass(frozen=True)
class Processes:
    """An engine of `jobs` worker processes, 2 or more; each has so many threads."""

    jobs: int
    threads: int

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Outcome[Result], None, None]:
        """As of `Engine`: a pool that outlives its workers.

        After a death the items in flight run one by one, each alone in a process. One item is not worth a process.
        """
        waiting = dict(enumerate(items))
        if len(waiting) < 2:
            yield from Here(self.threads).run(function, waiting.values())
            return
        while waiting:
            try:
                with closing(_pool(function, list(waiting.items()), jobs=self.jobs, threads=self.threads)) as outcomes:
                    for outcome in outcomes:
                        del waiting[outcome.index]
                        yield outcome
            except BrokenProcessPool:
                for index in list(waiting)[: self.jobs * PER_WORKER_IN_FLIGHT]:
                    yield _alone(function, index, waiting.pop(index), threads=self.threads)


def end_workers() -> None:
    """Stop idle workers now: joblib keeps them for minutes, and a process of multiprocessing waits for its children."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(max_workers=1, reuse=True).shutdown(wait=True, kill_workers=True)


def _attempt_in_worker(
    function: Callable[[Item], Result], index: int, item: Item, threads: int, folder: str
) -> Outcome[Result]:
    os.chdir(folder)  # a worker outlives the run that it was started for, and its folder
    with library_threads(threads):
        return attempt(function, index, item)


def _alone(function: Callable[[Item], Result], index: int, item: Item, *, threads: int) -> Outcome[Result]:
    try:
        with closing(_pool(function, [(index, item)], jobs=2, threads=threads)) as outcomes:
            return next(outcomes)
    except BrokenProcessPool:
        return Outcome(index, failure=Failure(KILLED, killed=True))


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
