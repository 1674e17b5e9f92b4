"""Concurrency: how much one visitor has done at a time, so that nobody takes the room of all others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

IN_LINE: Final = 8
"""Requests that may wait for each one that is dealt with."""


class ConcurrencyLimit:
    """Requests of each visitor that are dealt with or wait.

    Parameters
    ----------
    at_a_time : of one visitor that are dealt with at a time; more wait, and `IN_LINE` times as many may
    """

    def __init__(self, at_a_time: int) -> None:
        self._at_a_time = at_a_time
        self._there: Counter[str] = Counter()
        self._doors: dict[str, asyncio.Semaphore] = {}

    def is_full(self, who: str) -> bool:
        """Whether somebody has so many there that one more must not even wait."""
        return self._there[who] >= self._at_a_time * (1 + IN_LINE)

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """One request of somebody, once it is its turn."""
        door = self._doors.setdefault(who, asyncio.Semaphore(self._at_a_time))
        self._there[who] += 1
        try:
            async with door:
                yield
        finally:
            self._there[who] -= 1
            if not self._there[who]:
                del self._there[who], self._doors[who]
