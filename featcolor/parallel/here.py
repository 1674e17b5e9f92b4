"""The engines of this machine: this process, with threads, or several processes with few threads each.

Neither changes a bit of the results (`features.threads`). Processes times threads never exceed the cores.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from featcolor.parallel.cores import available_cores, library_threads
from featcolor.parallel.engine import Engine, Item, Outcome, Result, attempt
from featcolor.parallel.processes import Processes


@dataclass(frozen=True)
class Here:
    """An engine that does one item after the other in this process, with so many threads."""

    threads: int

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Outcome[Result], None, None]:
        """As of `Engine`; closing the iterator ends it after the item that is being done."""
        with library_threads(self.threads):
            for index, item in enumerate(items):
                yield attempt(function, index, item)


def local_engine(jobs: int, *, threads: int | None = None) -> Engine:
    """The engine of so many processes; `threads` of each are cores / jobs by default, see `library_threads`."""
    jobs = max(1, jobs)
    threads = threads or max(1, available_cores() // jobs)
    return Processes(jobs, threads) if jobs > 1 else Here(threads)


def run_over(
    function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int, threads: int | None = None
) -> Generator[Outcome[Result], None, None]:
    """The outcomes of `local_engine`, of no more processes than there are items."""
    sequence = list(items)
    return local_engine(min(jobs, len(sequence)), threads=threads).run(function, sequence)
