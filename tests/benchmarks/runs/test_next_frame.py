"""The study of the frames that a film report names, on small clips."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.film_sequences import find_sequences
from benchmarks.runs.next_frame import Choices, main, try_choices
from featcolor.video.report import ShotReport
from tests.benchmarks.film_clips import COUNT, pan, write_frames


@pytest.fixture
def data(tmp_path: Path, photographs: dict[str, np.ndarray]) -> Path:
    for name in ("coffee", "astronaut"):
        write_frames(tmp_path / "data" / name, pan(photographs[name], step=4))
    return tmp_path / "data"


def test_another_frame_in_colour_gains_and_all_choices_are_tried(data: Path) -> None:
    choices = try_choices(find_sequences(data)[0], preset="fast", draws=3)
    assert set(choices.gains) == {choices.named, choices.halfway, *choices.drawn}
    assert choices.named in range(1, COUNT)
    assert len(choices.drawn) == 3
    assert choices.gains[choices.named] > 0
    assert choices.report.key_frames == (0,)


def test_a_random_choice_is_the_mean_of_those_drawn() -> None:
    gains = {2: 1.0, 3: 4.0, 5: 3.0}
    choices = Choices("a", 3, 3, (2, 5), gains, ShotReport(first=0, last=6))
    assert choices.over_random(3) == 2.0


def test_the_command_prints_and_keeps_what_it_found(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "gains.json"
    arguments = ["--data", str(data), "-o", str(out), "--preset", "fast", "--draws", "1"]
    monkeypatch.setattr("sys.argv", ["next_frame", *arguments])
    main()
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == ["astronaut", "coffee", "named", "halfway"]
    assert [each["sequence"] for each in json.loads(out.read_text())] == ["astronaut", "coffee"]
