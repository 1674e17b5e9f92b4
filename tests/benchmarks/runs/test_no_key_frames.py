"""The study of films without key frames, on small clips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.runs.no_key_frames import WAYS, main
from tests.benchmarks.film_clips import pan, write_frames


def test_every_way_is_measured_beside_the_truth(
    photographs: dict[str, np.ndarray],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("coffee", "astronaut"):
        write_frames(tmp_path / "data" / name, pan(photographs[name], count=9))
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["no_key_frames", "--data", str(tmp_path / "data"), "-o", str(out)])
    main()
    found = json.loads(out.read_text())
    assert set(found) == {"coffee", "astronaut"}
    assert all(set(own) == {"truth", *WAYS} for own in found.values())
    # Decided once: whatever the colour, it strays less.
    frames, _, once = (found["coffee"][way]["wander"] for way in WAYS)
    assert once < frames
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed[: 1 + len(WAYS)]] == ["truth", *WAYS]
    assert sum("at one CF: " in line for line in printed) == len(WAYS) - 1
