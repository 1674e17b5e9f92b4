"""Every item gets one outcome, whatever it does to its process, by every engine; threads stay within the cores."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.local_cluster import local_cluster
from featcolor.errors import PictureError
from featcolor.parallel.cluster import Cluster
from featcolor.parallel.cores import default_jobs, library_threads
from featcolor.parallel.engine import Engine
from featcolor.parallel.local import local_engine, run_over
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


@dataclass(frozen=True)
class Copy:
    """Work on files: each is copied, with what the function itself holds in a file before it."""

    before: Path

    def outputs(self, item: tuple[Path, Path]) -> tuple[Path, ...]:
        return (item[1],)

    def __call__(self, item: tuple[Path, Path]) -> str:
        source, target = item
        if not source.is_file():
            raise PictureError(f"{source}: no such file")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.before.read_bytes() + source.read_bytes())
        return f"{source} to {target}"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with local_cluster(tmp_path_factory.mktemp("cluster")) as running, Cluster(running.address) as cluster:
        yield cluster


@pytest.fixture(params=["here", "processes", "cluster"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "cluster":
        return request.getfixturevalue("cluster")
    return local_engine(1 if request.param == "here" else 2, threads=1)


@pytest.fixture(params=["processes", "cluster"])
def strong(request: pytest.FixtureRequest) -> Engine:
    """An engine whose work is done by other processes."""
    return request.getfixturevalue("cluster") if request.param == "cluster" else local_engine(2)


def test_every_item_has_its_result(engine: Engine) -> None:
    outcomes = list(engine.run(square, range(7)))
    assert {outcome.index: outcome.result for outcome in outcomes} == {n: n * n for n in range(7)}


def test_no_item_has_no_outcome(engine: Engine) -> None:
    assert list(engine.run(square, [])) == []


def test_a_failure_is_its_items_alone(engine: Engine) -> None:
    outcomes = {outcome.index: outcome for outcome in engine.run(awkward_work, range(6))}
    assert [outcomes[n].result for n in (0, 5)] == [0, 5]
    messages = {n: outcomes[n].failure.message for n in (1, 2, 3, 4)}
    assert messages[1] == "one.jpg: cut short; copy it again"
    assert "memory" in messages[2]
    assert "AwkwardError: ab" in messages[3]
    assert "disk is full" in messages[4]
    assert [outcomes[n].failure.disk_full for n in (1, 2, 3, 4)] == [False, False, False, True]
    assert "Traceback" in outcomes[3].failure.trace


def test_a_killed_worker_costs_one_item(strong: Engine) -> None:
    outcomes = {outcome.index: outcome for outcome in strong.run(die_at_five, range(12))}
    assert sorted(outcomes) == list(range(12))
    assert "killed" in outcomes.pop(5).failure.message
    assert all(outcome.result == index for index, outcome in outcomes.items())


def test_closing_the_iterator_stops_the_rest(strong: Engine, tmp_path: Path) -> None:
    paths = [tmp_path / str(n) for n in range(40)]
    outcomes = strong.run(touch_slowly, paths)
    next(outcomes)
    outcomes.close()
    count = len(list(tmp_path.iterdir()))
    time.sleep(0.8)
    assert len(list(tmp_path.iterdir())) <= count + 1 < len(paths)


def test_library_threads_are_bounded(engine: Engine) -> None:
    assert {outcome.result for outcome in engine.run(threads_inside, range(2))} == {1}


@pytest.mark.parametrize("shared", [True, False])
def test_files_are_read_and_written_as_they_are_named(
    engine: Engine, shared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the folder where the work was given, by machines that see it and by some that do not."""
    monkeypatch.chdir(tmp_path)
    if not shared:
        monkeypatch.setattr("featcolor.parallel.cluster.signature", lambda path: (1, 1) if path.exists() else None)
    for n in range(3):
        Path(f"{n}.txt").write_text(str(n))
    Path("first").write_text(">")
    items = [(Path(f"{n}.txt"), Path(f"out/{n}/{n}.txt")) for n in range(4)]
    outcomes = {outcome.index: outcome for outcome in engine.run(Copy(Path("first")), items)}
    assert outcomes[3].failure.message == "3.txt: no such file"
    assert [outcomes[n].result for n in range(3)] == [f"{n}.txt to out/{n}/{n}.txt" for n in range(3)]
    assert [path.read_text() for _, path in items[:3]] == [">0", ">1", ">2"]
    assert [path.name for path in sorted(tmp_path.rglob("*")) if path.name.startswith(".")] == []


def test_a_file_that_changes_between_two_runs_is_read_anew(engine: Engine, tmp_path: Path) -> None:
    first, source, target = (tmp_path / name for name in ("first", "source", "target"))
    source.write_text(" x")
    for word in ("old", "new"):
        first.write_text(word)
        assert [outcome.failure for outcome in engine.run(Copy(first), [(source, target)])] == [None]
        assert target.read_text() == f"{word} x"


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
