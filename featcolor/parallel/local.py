"""The engine of this machine: this process, with threads, or several processes with few threads each.

Neither changes a bit of the results (`features.threads`). Processes times threads never exceed the cores.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from featcolor.parallel.cores import available_cores
from featcolor.parallel.engine import Engine, Item, Outcome, Result
from featcolor.parallel.here import Here
from featcolor.parallel.processes import Processes


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
