"""Connections: how many there may be, and how long one may take to say what it wants.

The server waits for ever for the head of a request; who opens many connections and says nothing, or a letter a minute,
would take the places of all others. How long a body may take is said where it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from featcolor.studio.sessions import network_of

HEAD_S: Final = 15.0
"""That the head of a request may take, or the rest of one that was answered already."""
MOST: Final = 600
"""Connections at a time."""
MOST_OF_ONE: Final = 200
"""Of one address; a proxy on this machine is all its visitors."""
LOCAL: Final = ("127.0.0.1", "::1")


class PatientConnection(H11Protocol):
    """A connection that is patient, but not for ever."""

    _by_address: ClassVar[Counter[str]] = Counter()
    _timer: asyncio.TimerHandle | None = None
    _address = ""

    def connection_made(self, transport: Any) -> None:
        """Take it, unless there is no room."""
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        self._address = network_of(host)
        self._by_address[self._address] += 1
        of_one = MOST if host in LOCAL else MOST_OF_ONE
        if len(self.connections) > MOST or self._by_address[self._address] > of_one:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Its place is free again."""
        super().connection_lost(exc)
        self._stop_waiting()
        self._by_address[self._address] -= 1
        if not self._by_address[self._address]:
            del self._by_address[self._address]

    def data_received(self, data: bytes) -> None:
        """Some bytes, after which a request is dealt with, or more of its head is waited for."""
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # nonsense after a request whose answer has begun
            self.transport.abort()
        self._look()

    def on_response_complete(self) -> None:
        """An answer is out; the next request may begin."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        else:
            self._wait()

    def _wait(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.transport.abort()
