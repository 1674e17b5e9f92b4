"""Workers: processes that do one thing at a time, so that no picture, however broken, can stop the server."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, Literal

from featcolor.errors import FeatcolorError, PictureError, UsageError, is_disk_full, one_line
from featcolor.parallel.cores import available_cores, library_threads

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, steps done, and steps in all."""
Kind = Literal["usage", "file", "disk full", "stopped", "too long", "defect"]
"""What went wrong: with the call, with a file, with the machine, or with us."""

AT_REST: Final = 300
"""Calls after which a worker is replaced by a fresh one: what its libraries hold of memory is given back."""
LATER: Final = 3
"""Turns of all others that a call of rank 1 waits; it is not put off for ever."""
STARTS: Final = multiprocessing.get_context("spawn")
"""A worker is a program of its own: a fork would have the server's sockets and locks."""


class WorkError(Exception):
    """What a worker could not do, in words for a person.

    Attributes
    ----------
    kind : what went wrong
    """

    def __init__(self, message: str, kind: Kind) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(order=True)
class _Ticket:
    """A call that waits for its turn: turn about between those who ask, then as it came."""

    turn: int
    number: int
    call: tuple[Callable[..., Any], tuple[Any, ...]] = field(compare=False)
    limit_s: float = field(compare=False)
    progress: Progress | None = field(compare=False)
    answer: asyncio.Future[Any] = field(compare=False)
    stopped: bool = field(default=False, compare=False)


class Worker:
    """One process and the calls that wait for it.

    Parameters
    ----------
    threads : threads of its libraries
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._process: Any = None
        self._connection: Connection | None = None
        self._calls = 0
        self._ended = False
        self._lock = threading.Lock()
        self.waiting: asyncio.PriorityQueue[_Ticket] = asyncio.PriorityQueue()
        self.running: _Ticket | None = None

    async def work(self, thread: ThreadPoolExecutor) -> None:
        """Take calls in turn, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            ticket = await self.waiting.get()
            if ticket.answer.done():  # nobody waits for it any more
                continue
            self.running = ticket
            try:
                result = await loop.run_in_executor(thread, self._exchange, ticket, loop)
            except WorkError as error:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
            else:
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
            finally:
                self.running = None

    def warm_up(self) -> None:
        """Start the process now, in place of at the first call."""
        with self._lock:
            self._start()

    def interrupt(self) -> None:
        """Stop what is being done, and be it that the process only starts; the next call gets a fresh one."""
        if self.running is not None:
            self.running.stopped = True
            self.stop()

    def end(self) -> None:
        """Stop for good."""
        self._ended = True
        self.interrupt()
        self.stop()

    def stop(self) -> None:
        """End the process at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _start(self) -> Connection:
        if self._ended:
            raise EOFError("the studio ends")
        if self._connection is None or not self._process.is_alive():
            ours, theirs = STARTS.Pipe()
            process = STARTS.Process(target=_serve, args=(theirs, self._threads), daemon=True)
            process.start()
            theirs.close()
            self._process, self._connection, self._calls = process, ours, 0
        return self._connection

    def _exchange(self, ticket: _Ticket, loop: asyncio.AbstractEventLoop) -> Any:
        with self._lock:
            try:
                connection = self._start()
                if ticket.stopped:
                    self.stop()
                return self._answer(ticket, connection, loop)
            except (EOFError, OSError) as error:
                self._connection = None
                raise WorkError("the work was stopped, or this file stopped the program that read it", "stopped") from (
                    error
                )
            finally:
                self._calls += 1
                if self._calls >= AT_REST and not self._ended:
                    self.stop()
                    self._connection = None
                    self._start()

    def _answer(self, ticket: _Ticket, connection: Connection, loop: asyncio.AbstractEventLoop) -> Any:
        ends = time.monotonic() + ticket.limit_s
        connection.send((*ticket.call, ticket.progress is not None))
        while True:
            if not connection.poll(max(0.0, ends - time.monotonic())):
                self.stop()
                self._connection = None
                raise WorkError(f"took longer than {ticket.limit_s:g} s and was stopped", "too long")
            kind, content = connection.recv()
            if kind == "progress" and ticket.progress is not None:
                loop.call_soon_threadsafe(ticket.progress, *content)
            elif kind == "done":
                return content
            else:
                raise WorkError(*content)


class WorkerPool:
    """Workers of one kind; calls about the same thing go to the same one, which has it open.

    Parameters
    ----------
    size : workers
    threads : threads of the libraries of each; None: as many as there are processors
    """

    def __init__(self, size: int, *, threads: int | None = None) -> None:
        self.workers = [Worker(threads) for _ in range(size)]
        self._numbers = itertools.count()
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._pool = ThreadPoolExecutor(size + 1, thread_name_prefix="studio-worker")

    def start(self, *, warm: bool = True) -> None:
        """Take calls from now on; the processes start beside whatever else is done, or else at the first call."""
        for worker in self.workers:
            self._tasks.append(asyncio.create_task(worker.work(self._pool)))
            if warm:
                self._pool.submit(worker.warm_up)

    async def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        about: str = "",
        who: str = "",
        rank: int = 0,
        limit_s: float = 120.0,
        progress: Progress | None = None,
    ) -> Any:
        """What a function of some module gives in a worker.

        Parameters
        ----------
        about : the thing that it is about
        who : asks; whoever asks much waits for those who ask little
        rank : 1 lets others go before, for a while
        limit_s : seconds after which the worker is stopped
        progress : called here while it works; the function then gets `progress` as a keyword

        Raises
        ------
        WorkError : in words for a person
        """
        worker = self.workers[zlib.crc32(about.encode()) % len(self.workers)]
        turn = max(self._turn, self._turns.get(who, 0)) + 1
        self._turns[who] = turn
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        call = (function, arguments)
        worker.waiting.put_nowait(_Ticket(turn + LATER * rank, next(self._numbers), call, limit_s, progress, answer))
        try:
            return await answer
        finally:
            self._turn = max(self._turn, turn)
            if self.idle:
                self._turns.clear()

    @property
    def idle(self) -> bool:
        """Whether nothing is done and nothing waits."""
        return all(worker.running is None and worker.waiting.empty() for worker in self.workers)

    @property
    def n_waiting(self) -> int:
        """Calls that wait."""
        return sum(worker.waiting.qsize() for worker in self.workers)

    @property
    def processes(self) -> Sequence[int]:
        """Identifiers of the processes that are alive."""
        return [worker._process.pid for worker in self.workers if worker._process is not None]

    def interrupt(self) -> None:
        """Stop what is being done; the next call gets a fresh process."""
        for worker in self.workers:
            worker.interrupt()

    def dismiss(self) -> None:
        """Tell whoever waits that nothing more will be answered."""
        for worker in self.workers:
            tickets = [] if worker.running is None else [worker.running]
            while not worker.waiting.empty():
                tickets.append(worker.waiting.get_nowait())
            for ticket in tickets:
                if not ticket.answer.done():
                    ticket.answer.set_exception(WorkError("the studio ends; what was told is kept", "stopped"))

    async def close(self) -> None:
        """End all processes."""
        for task in self._tasks:
            task.cancel()
        for worker in self.workers:
            worker.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=True)
        for worker in self.workers:  # a process that was starting meanwhile
            worker.stop()


def _serve(connection: Connection, threads: int | None) -> None:
    """The whole life of a worker's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its workers
    _go_first()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    with library_threads(available_cores() if threads is None else threads):
        _answer_calls(connection)


def _answer_calls(connection: Connection) -> None:
    def tell(*progress: Any) -> None:
        connection.send(("progress", progress))

    while True:
        try:
            function, arguments, reports = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = ("done", function(*arguments, progress=tell) if reports else function(*arguments))
        except Exception as error:  # whatever it is, the server tells it to a person
            answer = ("failed", (one_line(error), _kind(error)))
        connection.send(answer)


def _kind(error: BaseException) -> Kind:
    if is_disk_full(error):
        return "disk full"
    if isinstance(error, UsageError):
        return "usage"
    if isinstance(error, PictureError | FeatcolorError | OSError | MemoryError):
        return "file"
    return "defect"


def _go_first() -> None:
    """Where memory ends, the system is to end the worker that takes it, and not the server."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _end_with_the_server() -> None:
    """No worker outlives a server that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
