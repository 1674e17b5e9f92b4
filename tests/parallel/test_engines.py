"""Every item gets one outcome, whatever it does to its process; processes times threads stay within the cores."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.errors import PictureError
from featcolor.parallel.cores import default_jobs, library_threads
from featcolor.parallel.here import run_over
from featcolor.parallel.processes import _postponed_interrupt, end_workers


class AwkwardError(Exception):
    """An exception that cannot be unpickled."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def square(number: int) -> int:
    return number * number


def awkward_work(number: int) -> int:
    if number == 1:
        raise PictureError("one.jpg: cut short; copy it again")
    if number == 2:
        raise MemoryError
    if number == 3:
        raise AwkwardError("a", "b")
    if number == 4:
        raise OSError(errno.ENOSPC, "No space left on device")
    return number


def die_at_five(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def touch_slowly(path: Path) -> None:
    time.sleep(0.3)
    path.touch()


def threads_inside(_: int) -> int:
    return cv2.getNumThreads()


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_item_has_its_result(jobs: int) -> None:
    outcomes = list(run_over(square, range(7), jobs=jobs))
    assert {outcome.index: outcome.result for outcome in outcomes} == {n: n * n for n in range(7)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_is_its_items_alone(jobs: int) -> None:
    outcomes = {outcome.index: outcome for outcome in run_over(awkward_work, range(6), jobs=jobs)}
    assert [outcomes[n].result for n in (0, 5)] == [0, 5]
    messages = {n: outcomes[n].failure.message for n in (1, 2, 3, 4)}
    assert messages[1] == "one.jpg: cut short; copy it again"
    assert "memory" in messages[2]
    assert "AwkwardError: ab" in messages[3]
    assert "disk is full" in messages[4]
    assert [outcomes[n].failure.disk_full for n in (1, 2, 3, 4)] == [False, False, False, True]
    assert "Traceback" in outcomes[3].failure.trace


def test_a_killed_worker_costs_one_item() -> None:
    outcomes = {outcome.index: outcome for outcome in run_over(die_at_five, range(12), jobs=2)}
    assert sorted(outcomes) == list(range(12))
    assert "killed" in outcomes.pop(5).failure.message
    assert all(outcome.result == index for index, outcome in outcomes.items())


def test_ctrl_c_while_workers_start_comes_when_they_have() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    block = _postponed_interrupt()
    try:
        block.__enter__()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            block.__exit__(None, None, None)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_closing_the_iterator_stops_the_rest(tmp_path: Path) -> None:
    paths = [tmp_path / str(n) for n in range(40)]
    outcomes = run_over(touch_slowly, paths, jobs=2)
    next(outcomes)
    outcomes.close()
    count = len(list(tmp_path.iterdir()))
    time.sleep(0.8)
    assert len(list(tmp_path.iterdir())) <= count + 1 < len(paths)


@pytest.mark.parametrize("jobs", [1, 2])
def test_library_threads_are_bounded(jobs: int) -> None:
    outcomes = run_over(threads_inside, range(2), jobs=jobs, threads=1)
    assert {outcome.result for outcome in outcomes} == {1}


def test_library_threads_come_back() -> None:
    before = cv2.getNumThreads()
    with library_threads(before + 1):
        assert cv2.getNumThreads() == before + 1
    assert cv2.getNumThreads() == before


@given(n=st.integers(0, 10_000), pixels=st.integers(0, 10**11), cores=st.integers(1, 64), memory=st.integers(0, 2**40))
def test_default_jobs_stay_within_cores_and_pictures(n: int, pixels: int, cores: int, memory: int) -> None:
    assert 1 <= default_jobs(n, pixels, cores=cores, memory=memory) <= max(1, min(n, cores))


def test_default_jobs_follow_the_work() -> None:
    plenty = 64 * 2**30
    assert default_jobs(1, 24_000_000, cores=8, memory=plenty) == 1
    assert default_jobs(3, 3 * 256**2, cores=8, memory=plenty) == 1
    assert default_jobs(2000, 2000 * 10**6, cores=8, memory=plenty) == 8
    assert default_jobs(2000, 2000 * 24 * 10**6, cores=8, memory=3 * 2**30) <= 3


def test_a_process_that_had_workers_ends_at_once() -> None:
    """It would wait for them for minutes, as every process of multiprocessing does for its children."""
    process = multiprocessing.get_context("spawn").Process(target=work_and_end)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def work_and_end() -> None:
    assert sum(outcome.result or 0 for outcome in run_over(abs, [-1, -2, -3], jobs=2)) == 6
    end_workers()
