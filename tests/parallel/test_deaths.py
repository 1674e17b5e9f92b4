"""Workers and the scheduler die in the middle of a batch: every good picture is there once and whole at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from benchmarks.load.local_cluster import ROOT, LocalCluster, wait_until
from featcolor.parallel.cluster import Cluster, connect
from tests.parallel.test_engines import die_at_five

PICTURES = 400
KILLS = 5
POISON = f"{PICTURES // 4:03d}-poison.png"


def write_pictures(folder: Path, count: int) -> None:
    """Different pieces of a photograph, and one that needs more memory than a worker has."""
    folder.mkdir()
    whole = cv2.cvtColor(astronaut(), cv2.COLOR_RGB2GRAY)
    rng = np.random.default_rng(5)
    for number in range(count):
        y, x = rng.integers(0, np.array(whole.shape) - (120, 160))
        cv2.imwrite(str(folder / f"{number:03d}.png"), whole[y : y + 120, x : x + 160])
    cv2.imwrite(str(folder / POISON), np.full((12_000, 12_000), 90, np.uint8))


def colorize(source: Path, target: Path, *options: str) -> subprocess.Popen[str]:
    words = [
        sys.executable,
        str(ROOT / "cli.py"),
        "colorize",
        str(source),
        "-o",
        str(target),
        "--skip-existing",
        *options,
    ]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def written(folder: Path) -> int:
    return len(list(folder.glob("[0-9]*.png"))) if folder.is_dir() else 0


@pytest.mark.slow
def test_no_picture_is_lost_when_workers_and_the_scheduler_die(tmp_path: Path) -> None:
    source, target, expected = (tmp_path / name for name in ("in", "out", "expected"))
    write_pictures(source, PICTURES)
    good = sorted(path.name for path in source.glob("???.png"))
    running = LocalCluster(tmp_path)
    try:
        running.start_scheduler()
        running.start_workers(2, memory="900MB")
        first = colorize(source, target, "--cluster", running.address, "--report", str(tmp_path / "first.json"))
        client = connect(running.address)
        for kill in range(KILLS):
            wait_until(lambda kill=kill: written(target) > (kill + 1) * PICTURES // (2 * KILLS + 2))
            pids = client.run(os.getpid, on_error="ignore")
            with suppress(ProcessLookupError):
                os.kill(pids[sorted(pids)[kill % len(pids)]], signal.SIGKILL)
        wait_until(lambda: written(target) > PICTURES * 3 // 4)
        running.stop()
        _, told = first.communicate()
        print(told)
        assert first.returncode == 1
        assert "the scheduler is gone; start it again, and the same command goes on" in told
        assert "Traceback" not in told
        done = written(target)
        time.sleep(1)
        running.start_scheduler()
        running.start_workers(2, memory="900MB")
        second = colorize(source, target, "--cluster", running.address, "--report", str(tmp_path / "second.json"))
        summary, told = second.communicate()
        print(summary, told)
    finally:
        running.stop()
    assert second.returncode == 1
    assert [line for line in told.splitlines() if "error" in line] == [
        f"featcolor: error: {source}/{POISON}: each worker that was given it was killed, most likely for "
        "want of memory; use a smaller --size, or give the workers more"
    ]
    counts = [json.loads((tmp_path / name).read_text())["counts"] for name in ("first.json", "second.json")]
    print(counts, done)
    assert counts[1] == {"coloured": PICTURES - counts[1]["skipped"], "skipped": counts[1]["skipped"], "failed": 1}
    assert sorted(path.name for path in target.iterdir()) == good
    (source / POISON).unlink()
    alone = colorize(source, expected, "--jobs", "1")
    alone.communicate()
    assert alone.returncode == 0
    assert {name: (target / name).read_bytes() for name in good} == {
        name: (expected / name).read_bytes() for name in good
    }


@pytest.mark.slow
def test_no_picture_is_lost_by_the_settings_that_dask_comes_with(tmp_path: Path) -> None:
    """A scheduler that nobody has told anything lets a picture kill four workers each time, and blames many."""
    running = LocalCluster(tmp_path)
    running.environment = {
        name: value for name, value in running.environment.items() if not name.startswith("DASK_DISTRIBUTED__SCHEDULER")
    }
    try:
        running.start_scheduler()
        running.start_workers(2)
        with Cluster(running.address) as cluster:
            outcomes = {outcome.index: outcome for outcome in cluster.run(die_at_five, range(24))}
    finally:
        running.stop()
    assert "killed" in outcomes.pop(5).failure.message
    assert {index: outcome.result for index, outcome in outcomes.items()} == {n: n for n in range(24) if n != 5}
