"""Engines: each calls a function on many items, and gives an outcome for each in the order they finish."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from featcolor.errors import is_disk_full, one_line

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress: TypeAlias = Callable[[str, int, int], None]
"""(stage, steps done, steps in all)."""


@dataclass(frozen=True)
class Failure:
    """Why one item has no result: a line for people, the traceback for --debug.

    `disk_full`: no space was left; `killed`: whoever did it was.
    """

    message: str
    trace: str = ""
    disk_full: bool = False
    killed: bool = False


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What became of item `index`: a result or a failure."""

    index: int
    result: Result | None = None
    failure: Failure | None = None


class Engine(Protocol):
    """A way to do the same work over many items.

    An exception belongs to its item and never ends the run; so does the death of whoever did the work. Closing the
    iterator, or Ctrl-C, stops all of it.
    """

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Outcome[Result], None, None]:
        """Call `function` on every item and yield each outcome as it comes."""
        ...


def attempt(function: Callable[[Item], Result], index: int, item: Item) -> Outcome[Result]:
    """The outcome of a call, whatever it raises."""
    try:
        return Outcome(index, result=function(item))
    except Exception as error:
        # The exception itself stays here: not every one survives pickling.
        return Outcome(index, failure=Failure(one_line(error), traceback.format_exc(), is_disk_full(error)))


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody is told of."""
