"""The table of film's speed, on a tiny film, with a program that does nothing in the place of the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.speed import film
from featcolor.clips.open import open_clip
from tests.benchmarks.film_clips import pan, write_frames


def test_every_checkout_colours_every_film_with_and_without_keys(
    tmp_path: Path,
    photographs: dict[str, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_frames(tmp_path / "data" / "coffee", pan(photographs["coffee"], step=4))
    (tmp_path / "cli.py").write_text("import sys, pathlib\nopen('seen', 'a').write(' '.join(sys.argv[1:]) + chr(10))")
    monkeypatch.chdir(tmp_path)
    given = ["--data", "data", "-o", "films", "--sequence", "coffee", "--sizes", "64x48", "--frames", "30"]
    given += ["--presets", "fast", "--checkouts", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["film", *given])
    film.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:5] for line in lines[2:]] == [
        ["| 64x48", "30", "fast", keys, tmp_path.name] for keys in ("keys", "none")
    ]
    assert all(float(cell) > 0 for line in lines[2:] for cell in line.strip("| ").split(" | ")[5:])
    with_keys, without = (tmp_path / "seen").read_text().splitlines()
    assert "--keyframes films/64x48-keys" in with_keys
    assert "--keyframes" not in without
    with open_clip(tmp_path / "films/64x48-30.mp4") as reader:
        assert reader.info.shape == (48, 64)
        assert len(list(reader)) == 30
