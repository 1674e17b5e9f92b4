"""Fixtures of the tests of pretraining."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from featcolor.pretraining.pictures import Pictures, names_of, read_pictures
from tests.pretraining.samples import (
    COUNT,
    ignore,
    photograph,
)
from tests.samples import write_rgb


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sources, `sea` and `wood`."""
    folder = tmp_path_factory.mktemp("album")
    return sorted(
        write_rgb(folder / ("sea" if seed % 3 else "wood") / f"{seed:02}.png", photograph(seed))
        for seed in range(COUNT)
    )


@pytest.fixture(scope="module")
def pictures(album: list[Path]) -> Pictures:
    return read_pictures(album, names_of(album), progress=ignore)[0]


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Torch on one thread, and cells from few pixels."""
    import torch

    monkeypatch.setattr("featcolor.pretraining.training.COLOURS", 4000)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(before)
