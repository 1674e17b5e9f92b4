"""An engine of this process, with threads."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from featcolor.parallel.cores import library_threads
from featcolor.parallel.engine import Item, Outcome, Result, attempt


@dataclass(frozen=True)
class Here:
    """An engine that does one item after the other in this process, with so many threads."""

    threads: int

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Outcome[Result], None, None]:
        """As of `Engine`; closing the iterator ends it after the item that is being done."""
        with library_threads(self.threads):
            for index, item in enumerate(items):
                yield attempt(function, index, item)
