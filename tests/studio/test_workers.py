"""Workers of the studio: whatever a call does, the next one is answered."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest

from featcolor.errors import PictureError, UsageError
from featcolor.studio import workers
from featcolor.studio.workers import WorkerPool, WorkError


def double(number: int) -> int:
    return 2 * number


def fail(error: BaseException) -> None:
    raise error


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep() -> None:
    time.sleep(600)


def count(number: int, *, progress: Callable[[str, int, int], None]) -> int:
    for each in range(number):
        progress("counting", each + 1, number)
    return os.getpid()


def with_crew(work: Callable[[WorkerPool], Awaitable[Any]], size: int = 1) -> Any:
    async def run() -> Any:
        pool = WorkerPool(size)
        pool.start()
        try:
            return await work(pool)
        finally:
            await pool.close()
            assert not any(psutil.pid_exists(pid) for pid in pool.processes)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("function", "arguments", "kind"),
    [
        (fail, (PictureError("old.jpg: is damaged"),), "file"),
        (fail, (UsageError("a colour must be a name"),), "usage"),
        (fail, (OSError(28, "No space left on device"),), "disk full"),
        (fail, (ZeroDivisionError("oh"),), "defect"),
        (die, (), "stopped"),
    ],
)
def test_a_call_that_fails_is_told_and_the_next_one_answered(
    function: Callable[..., None], arguments: tuple[Any, ...], kind: str
) -> None:
    async def work(pool: WorkerPool) -> None:
        with pytest.raises(WorkError) as caught:
            await pool.call(function, *arguments)
        assert caught.value.kind == kind
        assert await pool.call(double, 4) == 8

    with_crew(work)


def test_what_takes_too_long_is_stopped() -> None:
    async def work(pool: WorkerPool) -> None:
        with pytest.raises(WorkError, match="longer than"):
            await pool.call(sleep, limit_s=0.1)
        assert await pool.call(double, 4) == 8

    with_crew(work)


def test_progress_comes_in_order_before_the_answer() -> None:
    async def work(pool: WorkerPool) -> None:
        told: list[int] = []
        pid = await pool.call(count, 5, progress=lambda stage, done, total: told.append(done))
        assert told == [1, 2, 3, 4, 5]
        assert pid in pool.processes

    with_crew(work)


def test_what_is_interrupted_is_told_so() -> None:
    async def work(pool: WorkerPool) -> None:
        call = asyncio.create_task(pool.call(sleep))
        while pool.workers[0].running is None or not pool.processes:
            await asyncio.sleep(0.01)
        pool.interrupt()
        with pytest.raises(WorkError) as caught:
            await call
        assert caught.value.kind == "stopped"
        assert await pool.call(double, 4) == 8

    with_crew(work)


def test_who_asks_much_waits_for_who_asks_little() -> None:
    async def work(pool: WorkerPool) -> None:
        order: list[str] = []

        async def ask(who: str) -> None:
            await pool.call(double, 1, who=who)
            order.append(who)

        first = asyncio.create_task(pool.call(count, 2000, progress=lambda *_: None))
        await asyncio.sleep(0)
        much = [asyncio.create_task(ask("much")) for _ in range(5)]
        await asyncio.sleep(0)
        little = asyncio.create_task(ask("little"))
        await asyncio.gather(first, *much, little)
        assert order.index("little") <= 1
        assert pool.idle

    with_crew(work)


def test_what_is_less_urgent_waits_but_not_for_ever() -> None:
    async def work(pool: WorkerPool) -> None:
        order: list[str] = []

        async def ask(name: str, rank: int, times: int = 1) -> None:
            for _ in range(times):
                await pool.call(double, 1, who=name, rank=rank)
                order.append(name)

        first = asyncio.create_task(pool.call(count, 2000, progress=lambda *_: None))
        await asyncio.sleep(0)
        later = asyncio.create_task(ask("later", 1))
        await asyncio.sleep(0)
        others = [asyncio.create_task(ask(name, 0, 20)) for name in ("one", "two")]  # there is always one that waits
        await asyncio.gather(first, later, *others)
        assert 2 <= order.index("later") < 20

    with_crew(work)


def test_who_is_stopped_before_the_process_has_started_is_stopped() -> None:
    async def work(pool: WorkerPool) -> None:
        for _ in range(5):
            call = asyncio.create_task(pool.call(sleep))
            while pool.workers[0].running is None:
                await asyncio.sleep(0)
            pool.interrupt()
            with pytest.raises(WorkError, match="stopped"):
                await call

    with_crew(work)


def test_what_ends_while_it_starts_leaves_no_process() -> None:
    async def run() -> list[int]:
        pool = WorkerPool(2)
        pool.start()
        call = asyncio.create_task(pool.call(sleep))
        await asyncio.sleep(0.01)
        await pool.close()
        call.cancel()
        return list(pool.processes)

    for _ in range(3):
        assert not any(psutil.pid_exists(pid) for pid in asyncio.run(run()))


def test_a_worker_that_worked_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "AT_REST", 2)

    async def work(pool: WorkerPool) -> None:
        pids = [await pool.call(count, 1, progress=lambda *_: None) for _ in range(6)]
        assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]
        assert not psutil.pid_exists(pids[0])

    with_crew(work)


def test_who_waits_is_told_that_it_ends() -> None:
    async def work(pool: WorkerPool) -> None:
        calls = [asyncio.create_task(pool.call(function)) for function in (sleep, sleep, sleep)]
        while pool.workers[0].running is None or pool.n_waiting < 2:
            await asyncio.sleep(0.01)
        pool.dismiss()
        for call in calls:
            with pytest.raises(WorkError, match="the studio ends"):
                await call

    with_crew(work)
