"""Training of the weights that tell negatives: their file is read, and an inverted photograph exceeds its positive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from featcolor.models import negative
from featcolor.pictures.find import find_pictures
from featcolor.pretraining import inverted
from featcolor.pretraining.scans import negative_of
from tests.samples import write_rgb

NAMES = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder a photograph, and a file that is none."""
    for name in NAMES:
        write_rgb(tmp_path / "photographs" / name / "1.png", getattr(data, name)())
    (tmp_path / "photographs" / "chelsea" / "2.png").write_bytes(b"damaged")
    return tmp_path / "photographs"


def test_the_file_is_read_and_tells_an_inverted_photograph(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "negative.npz"
    monkeypatch.setattr("sys.argv", ["inverted", str(photographs), "-o", str(output), "--pages", "20"])
    inverted.main()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("36 scans from 14 folders")
    assert any(line.startswith("photograph: ") for line in said)
    monkeypatch.setattr(negative, "WEIGHTS_FILE", output)
    negative._regression.cache_clear()
    weights, bound = negative._regression()
    for name in NAMES:
        grey = getattr(data, name)()[..., 1]
        assert negative.difference(255 - grey) @ weights > negative.difference(grey) @ weights
        assert negative.looks_negative(255 - grey) == (negative.difference(255 - grey) @ weights > bound)
    negative._regression.cache_clear()


def test_the_bound_is_what_few_positives_of_other_folders_exceed() -> None:
    rng = np.random.default_rng(0)
    told = rng.random(20_000) < 0.25
    differences = (rng.normal(0, 1, (20_000, 3)) + np.outer(2.0 * told - 1, [1, 0.5, 0])).astype(np.float32)
    kinds = np.where(told, "negative", "worn")
    scans = inverted.Scans(differences, kinds, np.array([str(number % 7) for number in range(20_000)]))
    weights, bound = inverted.learn(scans)
    alarms = (differences[~told] @ weights > bound).mean()
    assert 0.5 * inverted.ALARMS < alarms < 2 * inverted.ALARMS
    assert (differences[told] @ weights > bound).mean() > 0.2


def test_no_folder_gives_more_than_asked_and_folders_are_those_below_the_named_one(photographs: Path) -> None:
    for number in range(3, 9):
        write_rgb(photographs / "chelsea" / "deeper" / f"{number}.png", data.chelsea())
    found = find_pictures([photographs])
    drawn = inverted.drawn(found, 2)
    assert sorted(map(inverted.folder_of, drawn)) == sorted([*NAMES, "chelsea"])
    assert drawn == inverted.drawn(found, 2)
    assert {inverted.folder_of(each) for each in find_pictures([photographs / "chelsea" / "1.png"])} == {"chelsea"}


def test_film_is_dense_where_the_photograph_is_light() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    for seed in range(12):
        codes = negative_of(ramp, np.random.default_rng(seed))
        assert (np.diff(codes[0]) < 0).all()
        assert -0.2 < codes.min() < codes.max() < 1.2
