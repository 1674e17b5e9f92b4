"""The fuzzing harness itself: inputs of every kind are made and driven, and what breaks a promise is seen and saved."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import numpy as np
import pytest

from featcolor.models.model_file import read_arrays
from tests.fuzz.broken import ENDINGS, break_promises
from tests.fuzz.drive import drive_command
from tests.fuzz.mutate_models import changed_model
from tests.fuzz.run import Run, write_seeds
from tests.fuzz.structure import mended, png_chunks, spots
from tests.fuzz.work import WEIGHTS, make_input, read_seeds, tried


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds."""
    path = tmp_path_factory.mktemp("fuzz")
    write_seeds(path)
    return path


def test_seeds_are_of_every_kind_and_mending_leaves_them_as_they_are(folder: Path) -> None:
    seeds = read_seeds(folder)
    assert seeds.keys() == WEIGHTS.keys()
    for kind, contents in seeds.items():
        for content in contents:
            assert mended(kind, content) == content
            assert all(0 <= spot.start <= len(content) - spot.size for spot in spots(kind, content))


def test_an_input_has_a_number_and_checksums_are_mended(folder: Path, tmp_path: Path) -> None:
    seeds = read_seeds(folder)
    made = [make_input(seeds, 3, number) for number in range(200)]
    assert made == [make_input(seeds, 3, number) for number in range(200)]
    assert len(set(made)) > 190
    broken = seeds["png"][0][:-20] + bytes(20)
    for start, length, _ in png_chunks(mended("png", broken)):
        body = mended("png", broken)[start + 4 : start + 8 + length]
        assert mended("png", broken)[start + 8 + length :][:4] == zlib.crc32(body).to_bytes(4, "big")
    models = {changed_model(seeds["featcolor"][0], random.Random(number)) for number in range(10)}
    assert len(models) > 5
    for content in models:
        (tmp_path / "m").write_bytes(content)
        read_arrays(tmp_path / "m")


def test_inputs_of_every_kind_are_driven(folder: Path, tmp_path: Path) -> None:
    seeds, outcomes = read_seeds(folder), set()
    for number, kind in enumerate(WEIGHTS, start=1):
        for content in (seeds[kind][0], seeds[kind][0][: len(seeds[kind][0]) // 2]):
            path = tmp_path / f"input.{kind}"
            path.write_bytes(content)
            result = tried(kind, path, folder, number)
            assert not result.words
            outcomes.add((kind, result.outcome))
    assert outcomes >= {(kind, "taken") for kind in WEIGHTS}
    assert len(outcomes) > 1.5 * len(WEIGHTS)


def test_good_pictures_beside_a_broken_one_are_asked_for(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + np.random.default_rng(0).bytes(50))
    assert not drive_command("png", path, folder, random.Random(1))


def test_a_worker_that_dies_or_hangs_is_seen_and_another_goes_on(folder: Path, tmp_path: Path) -> None:
    run = Run(folder, tmp_path / "saved", seed=1, workers=1, wall=0.5, target=break_promises)
    for tried_so_far in run.watch(60):
        if tried_so_far >= len(ENDINGS):
            break
    assert run.tallies["jpg"].faults == {"crash": 1, "hang": 1, "traceback": 1}
    assert sorted(path.name for path in (tmp_path / "saved").glob("*.jpg")) == [
        "crash-1-0.jpg",
        "hang-1-1.jpg",
        "traceback-1-2.jpg",
    ]
