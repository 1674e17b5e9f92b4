"""An engine of many machines: the workers of a Dask scheduler that somebody has started.

What a worker that dies was doing is done again by another. Dask cannot tell which of a worker's tasks killed it, and
gives all of them up together after some deaths (`distributed.scheduler.allowed-failures`): they are done once more at
the end, each alone, and only what kills a worker there too is named.
"""

from __future__ import annotations

import logging
import queue
import re
import secrets
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, runtime_checkable

from featcolor.errors import ClusterError, UsageError, is_disk_full, one_line, reason
from featcolor.files import PART_SUFFIX, replacing
from featcolor.parallel.alike import INSTALL, difference, facts
from featcolor.parallel.engine import Failure, Item, Outcome, Result, attempt
from featcolor.parallel.parcels import (
    Done,
    Lacking,
    Parcel,
    Reply,
    Token,
    Unlike,
    hash_of,
    is_busy,
    perform,
    signature,
    with_contents,
)
from featcolor.parallel.paths import paths_in

if TYPE_CHECKING:
    from distributed import Client, Future

ADDRESS: Final = re.compile(r"(tcp|tls)://[^/ ]+:[0-9]{1,5}")
CONNECT_SECONDS: Final = 10
"""How long a scheduler may take to answer."""
WORKERS_SECONDS: Final = 60.0
"""How long a cluster may be without any worker: a nanny starts one anew in some seconds."""
LOOK_SECONDS: Final = 1.0
"""Between two looks at how many workers there are."""
GRACE_SECONDS: Final = 2.0
"""What a worker has to end its picture when the run is stopped; then it is started anew."""
FETCH_SECONDS: Final = 60.0
"""What an outcome may take to come here, with the bytes of a picture."""
PER_THREAD_IN_FLIGHT: Final = 2
HERE: Final = ("finished", "error")
"""How Dask calls a task that is done."""
SCHEDULER_SETTINGS: Final = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
}
"""Of the scheduler's environment: a picture that kills a worker is set aside at once, with few others beside it."""
WORKER_SETTINGS: Final = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false"}
"""Of a worker's environment: Dask looks at what its thread does a hundred times a second, otherwise."""
MOST_SENT: Final = 256 * 2**20
"""Bytes of a file that is sent through the scheduler, which keeps what it sends in memory."""

KILLED: Final = (
    "each worker that was given it was killed, most likely for want of memory; use a smaller --size, or give the "
    "workers more"
)


@runtime_checkable
class Writes(Protocol):
    """A function that writes files."""

    def outputs(self, item: Any) -> tuple[Path, ...]:
        """The paths that it writes for an item."""
        ...


class Cluster:
    """An engine of the workers at a scheduler's address; a context manager.

    `tell` is called with a line for a person about what the run goes on without.

    Raises
    ------
    UsageError : when it is entered: no scheduler answers, it has no worker, or one of them is not as this machine is.
    """

    def __init__(self, address: str, *, tell: Callable[[str], None] = lambda _: None) -> None:
        self.address, self.tell = address, tell

    def __enter__(self) -> Self:
        self.client = connect(self.address)
        try:
            wait_for_worker(self.client, self.address)
            for worker, unlike in unlike_workers(self.client).items():
                raise UsageError(f"{worker} {unlike}; {INSTALL}")
        except BaseException:
            self.client.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Outcome[Result], None, None]:
        """As of `Engine`.

        Raises
        ------
        ClusterError : the scheduler or all workers are gone, those that came are not as this machine is, or a file of
            the function can neither be seen by a worker nor be sent.
        """
        sequence = list(items)
        outputs: list[tuple[Path, ...]] = [
            function.outputs(item) if isinstance(function, Writes) else () for item in sequence
        ]
        with _Tokens() as tokens:
            # Packed when their turn comes: bytes of few pictures are in memory.
            parcels = (
                _parcel(function, index, item, written, tokens=tokens.of(written))
                for index, (item, written) in enumerate(zip(sequence, outputs, strict=True))
            )
            yield from _Run(self, parcels).outcomes()


@dataclass(frozen=True)
class _Flight:
    """A parcel that is away; `alone`: nothing else is, since it may have killed a worker."""

    parcel: Parcel[Any, Any]
    alone: bool = False


class _Run:
    """One run over parcels."""

    def __init__(self, cluster: Cluster, parcels: Iterator[Parcel[Any, Any]]) -> None:
        self._client, self._address, self._tell = cluster.client, cluster.address, cluster.tell
        self._waiting = parcels
        self._suspects: deque[Parcel[Any, Any]] = deque()
        self._flying: dict[Future[Any], _Flight] = {}
        self._landed: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._refused: deque[Outcome[Any]] = deque()
        self._as_bytes = False
        self._unlike: set[str] = set()
        self._threads, self._looked = 0, 0.0
        self._missed: float | None = None

    def outcomes(self) -> Generator[Outcome[Any], None, None]:
        """One of each item."""
        from distributed.comm import CommClosedError

        try:
            while self._launch():
                while self._refused:
                    yield self._refused.popleft()
                if (future := self._next()) is not None and (outcome := self._landing(future)) is not None:
                    yield outcome
            yield from self._refused
        except (CommClosedError, CancelledError) as error:
            raise self._gone() from error
        finally:
            self._stop()

    def _launch(self) -> bool:
        """Keep every worker busy, suspects last and one at a time; whether anything is away."""
        self._look()
        while len(self._flying) < max(1, self._threads * PER_THREAD_IN_FLIGHT):
            if (parcel := next(self._waiting, None)) is None:
                break
            self._send(_Flight(parcel))
        if self._suspects and not self._flying:
            self._submit(_Flight(self._suspects.popleft(), alone=True))
        return bool(self._flying)

    def _send(self, flight: _Flight) -> None:
        """Submit a parcel, with its files where they are to go as bytes; one that cannot be read fails by itself.

        Of a file that is not there, this machine knows best what to say.
        """
        parcel = flight.parcel
        if self._as_bytes and not all(parcel.seen.values()):
            self._refused.append(attempt(parcel.function, parcel.index, parcel.item))
            return
        try:
            self._submit(replace(flight, parcel=sent(parcel)) if self._as_bytes else flight)
        except (OSError, ClusterError) as error:
            self._refused.append(Outcome(flight.parcel.index, failure=Failure(one_line(error))))

    def _submit(self, flight: _Flight) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that what is sent is large
            future = self._client.submit(perform, flight.parcel, pure=False, retries=0)
        self._flying[future] = flight
        future.add_done_callback(self._landed.put)

    def _next(self) -> Future[Any] | None:
        """A parcel that is back; None after a while without any, or where it has been told of already."""
        with suppress(queue.Empty):
            future = self._landed.get(timeout=LOOK_SECONDS)
            if future in self._flying and future.status in HERE:
                return future
        if self._client.status != "running":
            raise self._gone()
        # What was lost with its worker after it had been told of, and is done again, is not told of again.
        return next((future for future in self._flying if future.status in HERE), None)

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"{self._address}: the scheduler is gone; start it again, and the same command goes on (colorize with "
            "--skip-existing, video with --resume)"
        )

    def _landing(self, future: Future[Any]) -> Outcome[Any] | None:
        """The outcome of a parcel that is back; None where it has to go again."""
        from distributed import KilledWorker

        try:
            reply: Reply | None = future.result(timeout=FETCH_SECONDS) if future.status == "finished" else None
        except TimeoutError:  # lost meanwhile
            return None
        except KilledWorker:
            reply = None
        flight = self._flying.pop(future)
        index = flight.parcel.index
        if reply is None:
            error = future.exception()
            if not isinstance(error, KilledWorker):
                return Outcome(index, failure=Failure(one_line(error)))
            if flight.alone:
                return Outcome(index, failure=Failure(KILLED, killed=True))
            self._suspects.append(flight.parcel)
            return None
        if isinstance(reply, Unlike):
            self._do_without(reply)
            self._submit(flight)
            return None
        if isinstance(reply, Lacking):
            self._send_more(flight, reply)
            return None
        return _written(reply)

    def _send_more(self, flight: _Flight, lacking: Lacking) -> None:
        """Send a parcel again, with the bytes of what the worker has not seen."""
        parcel = flight.parcel
        if any(path in parcel.contents for path in lacking.paths):
            raise ClusterError(
                f"{lacking.paths[0]}: sent to a worker of {self._address}, and not there; is its disk full?"
            )
        wanted = [path for path in lacking.paths if path in parcel.hashes]
        others = [path for path in lacking.paths if path not in parcel.hashes]
        if unseen := next((path for path in others if path in paths_in(parcel.function)), None):
            raise ClusterError(f"{unseen}: a worker of {self._address} does not see it; put it where all of them do")
        self._as_bytes |= bool(others)
        parcel = with_contents(parcel, {path: content_of(parcel.whole[path]) for path in wanted})
        self._send(replace(flight, parcel=parcel))

    def _do_without(self, unlike: Unlike) -> None:
        """Tell of a worker that does nothing here; ClusterError where no other is left."""
        words = f"{unlike.worker} {unlike.difference}; {INSTALL}"
        if unlike.worker not in self._unlike:
            self._unlike.add(unlike.worker)
            self._tell(f"goes on without the worker {words}")
        if self._unlike.issuperset(self._client.nthreads()):
            raise ClusterError(words)

    def _look(self) -> None:
        """Count the workers' threads from time to time: machines come and go."""
        now = time.monotonic()
        if self._threads and now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        self._threads = sum(self._client.nthreads().values()) if self._client.status == "running" else 0
        if self._threads:
            self._missed = None
        elif now - (self._missed or now) > WORKERS_SECONDS:
            raise ClusterError(f"{self._address}: no worker is left; start some, and the same command goes on")
        else:
            self._missed = self._missed or now

    def _stop(self) -> None:
        """Leave no task running: what waits is taken back, and a worker that does not end its own soon is ended."""
        if not self._flying or self._client.status != "running":
            return
        with suppress(Exception):  # the cluster may be going down with us
            keys = {future.key for future in self._flying}
            tasks = self._client.processing()
            workers = [worker for worker, theirs in tasks.items() if keys.intersection(theirs)]
            self._client.cancel(list(self._flying), force=True)
            end = time.monotonic() + GRACE_SECONDS
            while workers and time.monotonic() < end:
                time.sleep(0.1)
                busy = self._client.run(is_busy, workers=workers, on_error="ignore")
                workers = [worker for worker in workers if busy.get(worker)]
            if workers:
                self._client.restart_workers(workers, timeout=GRACE_SECONDS, raise_for_error=False)


def connect(address: str) -> Client:
    """A client of the scheduler at an address; for tls:// with the certificates that Dask's configuration names.

    Raises
    ------
    UsageError : Dask is not installed, or no scheduler answers there.
    """
    if not ADDRESS.fullmatch(address):
        raise UsageError(f"{address}: no scheduler's address; it is like tcp://HOST:8786, or tls://HOST:8786")
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise UsageError("--cluster needs Dask; pip install 'featcolor[cluster]'") from error
    if address.startswith("tls:") and Security().get_connection_args("client").get("ssl_context") is None:
        raise UsageError(f"{address}: its certificates are not named; 'featcolor cluster' shows how")
    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it is told in lines of our own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unlike versions, see `unlike_workers`
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise UsageError(
            f"{address}: no scheduler answers there ({_first_line(error)}); 'featcolor cluster' shows how to start one"
        ) from error


def _first_line(error: BaseException) -> str:
    return reason(error).partition("\n")[0] or type(error).__name__


def wait_for_worker(client: Client, address: str) -> None:
    """UsageError where a scheduler has no worker, and none comes for a while."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        raise UsageError(
            f"{address}: the scheduler has no worker; 'featcolor cluster' shows how to start one"
        ) from error


def unlike_workers(client: Client) -> dict[str, str]:
    """{address of a worker: how it differs from this machine}, of those that do."""
    found = {}
    for worker, there in client.run(facts, on_error="return").items():
        if isinstance(there, BaseException):
            found[worker] = f"cannot load featcolor ({one_line(there)})"
        elif unlike := difference(facts(), there):
            found[worker] = unlike
    return found


def scheduler_settings(client: Client) -> dict[str, str]:
    """The settings of a scheduler that matter here, by the names of its environment; none where it has no featcolor."""
    try:
        return dict(client.run_on_scheduler(_settings))
    except ImportError:
        return {}


def _settings(dask_scheduler: Any) -> dict[str, str]:
    return {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(dask_scheduler.allowed_failures),
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": str(dask_scheduler.WORKER_SATURATION),
    }


def seeing(client: Client, folder: Path) -> dict[str, bool]:
    """{address of a worker: whether it sees what is written in a folder here}."""
    with _Tokens() as tokens:
        return dict(client.run(tokens.of((folder / "any",))[0].seen))


def sent(parcel: Parcel[Any, Any]) -> Parcel[Any, Any]:
    """A parcel whose files go as bytes, both ways; ClusterError where one cannot.

    What is not there on the sender stays away, and the worker says of it what this machine would. A folder of the
    function's, or a file of it too large to send, is seen by the worker: it would have been told of before.
    """
    of_function = paths_in(parcel.function)
    there = [path for path, seen in parcel.seen.items() if seen is not None and path not in of_function]
    contents = {path: content_of(parcel.whole[path]) for path in there}
    return replace(with_contents(parcel, contents), as_bytes=True)


def content_of(path: Path) -> bytes:
    """The bytes of a file that goes through the scheduler; ClusterError for one that is too large."""
    size = path.stat().st_size
    if size > MOST_SENT:
        raise ClusterError(
            f"{path}: the workers do not see it, and {size / 2**20:.0f} MB are too much to send; put it where they do"
        )
    return path.read_bytes()


def _parcel(
    function: Callable[[Item], Result],
    index: int,
    item: Item,
    outputs: tuple[Path, ...],
    *,
    tokens: tuple[Token, ...],
) -> Parcel[Item, Result]:
    """The work of one item, its files by their paths."""
    of_function, of_item = paths_in(function), paths_in(item)
    whole = {path: Path.cwd() / path for path in (*of_function, *of_item)}
    seen = {path: signature(place) for path, place in whole.items() if path not in outputs}
    hashes = {
        path: hash_of(whole[path], there)
        for path in of_function
        if (there := seen.get(path)) is not None and 0 <= there[0] <= MOST_SENT
    }
    read = {path: there for path, there in seen.items() if path not in hashes}
    return Parcel(function, index, item, facts(), whole, read, hashes, outputs=outputs, tokens=tokens)


class _Tokens:
    """Tokens in all folders that are written to, each as long as it is needed; a context manager.

    Each folder has its own, since a folder below another may be elsewhere. Where none can be put, nobody sees it.
    """

    def __init__(self) -> None:
        self._by_folder: dict[Path, Token] = {}

    def of(self, outputs: Iterable[Path]) -> tuple[Token, ...]:
        """Those of the folders of some outputs, which are made."""
        folders = {path.parent.absolute(): None for path in outputs}
        for folder in folders:
            if folder not in self._by_folder:
                name = f".featcolor.{secrets.token_hex(4)}{PART_SUFFIX}"
                token = self._by_folder[folder] = Token(folder / name, secrets.token_hex(16))
                with suppress(OSError):
                    folder.mkdir(parents=True, exist_ok=True)
                    token.path.write_text(token.content, encoding="ascii")
        return tuple(self._by_folder[folder] for folder in folders)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for folder, token in self._by_folder.items():
            with suppress(OSError):
                token.path.unlink(missing_ok=True)
                folder.rmdir()  # where nothing was written


def _written(reply: Done[Result]) -> Outcome[Result]:
    """The outcome of a parcel, after the files that came with it are written."""
    try:
        for path, content in reply.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_bytes(content)
    except OSError as error:
        return Outcome(reply.outcome.index, failure=Failure(one_line(error), disk_full=is_disk_full(error)))
    return reply.outcome
