"""A cluster fails in one line, and what it cannot see goes as bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.load.local_cluster import LocalCluster, local_cluster
from featcolor.errors import ClusterError, UsageError
from featcolor.parallel import cluster as module
from featcolor.parallel.alike import difference, facts
from featcolor.parallel.cluster import Cluster
from tests.parallel.test_engines import Copy, square, touch_slowly


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with local_cluster(tmp_path_factory.mktemp("cluster"), workers=1) as cluster:
        yield cluster


def test_no_scheduler_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    with pytest.raises(UsageError, match=r"tcp://127.0.0.1:9: no scheduler answers there .* 'featcolor cluster' shows"):
        Cluster("tcp://127.0.0.1:9").__enter__()
    with pytest.raises(UsageError, match="somewhere: no scheduler's address"):
        Cluster("somewhere").__enter__()


def test_a_worker_that_is_not_as_we_are_is_told_of(running: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "difference", lambda here, there: difference({**here, "numpy": "1.0"}, there))
    with pytest.raises(UsageError, match=r"has numpy .*, this machine 1.0; install the same on every machine"):
        Cluster(running.address).__enter__()


def test_files_go_as_bytes_where_they_are_not_seen(
    running: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").write_text(">")
    sources = [tmp_path / f"{n}.txt" for n in range(5)]
    for source in sources[1:]:
        source.write_text(source.stem)
    away = []
    monkeypatch.setattr(module, "signature", lambda path: (1, 1) if path.exists() else None)
    monkeypatch.setattr(module, "sent", lambda parcel, sent=module.sent: away.append(parcel.index) or sent(parcel))
    monkeypatch.setattr(module, "MOST_SENT", 100)
    sources[4].write_text("x" * 101)
    with Cluster(running.address) as cluster:
        items = [(source, source.with_suffix(".out")) for source in sources]
        outcomes = {outcome.index: outcome for outcome in cluster.run(Copy(tmp_path / "first"), items)}
    assert {1, 2, 3, 4} <= set(away)
    assert [target.read_text() for _, target in items[1:4]] == [">1", ">2", ">3"]
    assert "no such file" in outcomes[0].failure.message
    assert "the workers do not see it, and 0 MB are too much to send" in outcomes[4].failure.message


def test_a_model_that_is_too_large_has_to_be_seen(
    running: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, source = tmp_path / "model", tmp_path / "source"
    model.write_text("x" * 101)
    source.write_text("y")
    monkeypatch.setattr(module, "MOST_SENT", 100)
    with Cluster(running.address) as cluster:
        assert next(cluster.run(Copy(model), [(source, tmp_path / "out")])).failure is None
        monkeypatch.setattr(module, "signature", lambda _: (101, 1))
        with pytest.raises(ClusterError, match=r"model: a worker of .* does not see it; put it where all of them do"):
            next(cluster.run(Copy(model), [(source, tmp_path / "out")]))


def test_a_place_below_the_outputs_that_is_elsewhere_is_not_believed(running: LocalCluster, tmp_path: Path) -> None:
    """As below a link or a mount that the worker has otherwise: its /proc/self is another process's."""
    source = tmp_path / "source"
    source.write_text("x")
    (tmp_path / "first").write_text(">")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to("/proc/self/cwd", target_is_directory=True)
    with Cluster(running.address) as cluster:
        items = [(source, tmp_path / "out" / "a.out"), (source, tmp_path / "out" / "sub" / "b.out")]
        here = Path.cwd()
        os.chdir(tmp_path / "out")
        try:
            assert [outcome.failure for outcome in cluster.run(Copy(tmp_path / "first"), items)] == [None, None]
            assert [target.read_text() for _, target in items] == [">x", ">x"]
        finally:
            os.chdir(here)
    assert not (running.folder / "b.out").exists()


def test_a_run_goes_on_without_a_worker_that_is_unlike(
    running: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with Cluster(running.address, tell=told.append) as cluster:
        monkeypatch.setattr(module, "facts", lambda: {**facts(), "numpy": "1.0"})
        with pytest.raises(ClusterError, match=r"tcp://.* has numpy .*, this machine 1.0; install the same"):
            list(cluster.run(square, range(3)))
    assert len(told) == 1
    assert told[0].startswith("goes on without the worker tcp://127.0.0.1:")


def test_what_is_lost_after_it_was_told_of_is_looked_for(running: LocalCluster) -> None:
    with Cluster(running.address) as cluster:
        run = module._Run(cluster, iter(()))
        future = cluster.client.submit(square, 3, pure=False)
        run._flying[future] = module._Flight(None)  # type: ignore[arg-type]
        future.result()
        assert run._landed.empty()  # as after the one call of its callback
        assert run._next() is future


def test_work_ends_with_one_line_when_the_scheduler_goes(tmp_path: Path) -> None:
    with local_cluster(tmp_path, workers=1) as running, Cluster(running.address) as cluster:
        outcomes = cluster.run(touch_slowly, [tmp_path / str(n) for n in range(9)])
        next(outcomes)
        assert running.scheduler is not None
        running.scheduler.kill()
        with pytest.raises(ClusterError, match="the scheduler is gone; start it again, and the same command goes on"):
            list(outcomes)


def test_work_ends_with_one_line_when_no_worker_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local_cluster(tmp_path, workers=1) as running, Cluster(running.address) as cluster:
        monkeypatch.setattr(module, "WORKERS_SECONDS", 0.5)
        for nanny in running.nannies:  # which take their workers with them
            nanny.terminate()
            nanny.wait(60)
        with pytest.raises(ClusterError, match="no worker is left; start some, and the same command goes on"):
            list(cluster.run(square, range(3)))


def test_a_worker_that_comes_late_gets_work(tmp_path: Path) -> None:
    running = LocalCluster(tmp_path)
    try:
        running.start_scheduler()
        running.start_workers(1)
        with Cluster(running.address) as cluster:
            running.start_workers(1)
            cluster.client.wait_for_workers(2)
            assert {outcome.result for outcome in cluster.run(square, range(9))} == {n * n for n in range(9)}
    finally:
        running.stop()
