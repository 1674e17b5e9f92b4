"""What every test shares: one thread a process, sample photographs from our dependencies, no silent ERROR log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import sklearn  # noqa: F401  (its OpenMP must be loaded before it can be limited)
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tests.samples import quick_config, write_rgb

# A shared machine must not fail a property by being slow, and a run must be repeatable.
settings.register_profile(
    "featcolor",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("featcolor")
cv2.setNumThreads(1)
threadpool_limits(1)

SAMPLE_SIDE = 160
OUR_LOGGERS = ("featcolor", "features", "refine", "benchmarks")


@pytest.fixture(autouse=True)
def _error_logs_fail(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    # A library may well call a damaged file an error; ours name it to the person instead.
    ours = [record for record in records if record.name.split(".")[0] in OUR_LOGGERS]
    errors = [record.getMessage() for record in ours if record.levelno >= logging.ERROR]
    assert not errors, f"logged as ERROR: {errors}"


@pytest.fixture(scope="session")
def photographs() -> dict[str, NDArray[np.uint8]]:
    """Small colour photographs, (H, W, 3) uint8, longest side 160, that skimage and sklearn carry in their wheels."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    pictures = {name: getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")}
    pictures |= {name: load_sample_image(f"{name}.jpg") for name in ("china", "flower")}
    return {name: _shrunk(picture[..., :3]) for name, picture in pictures.items()}


def _shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = SAMPLE_SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small.flags.writeable = False
    return small


@pytest.fixture(scope="session")
def references(photographs: dict[str, NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 12 references as PNG: the left and the right half of each sample photograph."""
    folder = tmp_path_factory.mktemp("references")
    for name, picture in photographs.items():
        middle = picture.shape[1] // 2
        write_rgb(folder / f"{name} left.png", picture[:, :middle])
        write_rgb(folder / f"{name} right.png", picture[:, middle:])
    return folder


@pytest.fixture(scope="session")
def tiny_model(references: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model fitted in a moment on the sample photographs: right in every part, good in none."""
    from featcolor.models.colorizer import Colorizer

    path = tmp_path_factory.mktemp("model") / "tiny.featcolor"
    Colorizer(quick_config()).fit(sorted(references.iterdir())).save(path)
    return path


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small random colour network."""
    from tests.networks import colour_network

    return colour_network(tmp_path_factory.mktemp("colour") / "colour.onnx")


@pytest.fixture
def default_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small random colour network in place of the bundled one, and no model in the environment."""
    import features.colournet
    from featcolor.hints import kernel
    from featcolor.models.load import load_colorizer
    from tests.networks import colour_network, likeness_of_network

    path = colour_network(tmp_path / "bundled" / "colour.onnx")
    monkeypatch.setattr(features.colournet, "BUNDLED_FILE", path)
    monkeypatch.setattr(kernel, "BUNDLED_FILE", likeness_of_network(path.with_name("likeness.npz")))
    kernel.bundled_kernel.cache_clear()
    monkeypatch.delenv("FEATCOLOR_MODEL", raising=False)
    load_colorizer.cache_clear()
    yield path
    load_colorizer.cache_clear()
    kernel.bundled_kernel.cache_clear()
