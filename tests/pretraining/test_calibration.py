"""What is learned of a network once it is trained: that it is in the file, tells of errors, and of colourfulness."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from featcolor.colour.lab import lightness_of
from featcolor.colour.measures import colourfulness, lab_of
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pretraining.calibration import FEWEST, calibrate, write_settings
from features.annealed import confidence_of
from features.base import FloatArray
from features.colournet import ColourNetwork
from tests.networks import colour_network


def scene(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """A picture as colourful as it is bright, (side, side, 3), that errs most where it is bright."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(40, 160)
    grey = cv2.resize(rng.normal(0, 30, (5, 5)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    tint = cv2.resize(rng.normal(0, 1, (4, 4, 3)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    base = np.clip(level + grey, 0, 255)[..., None]
    return np.clip(base + tint * base / 4, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    return [scene(seed) for seed in range(FEWEST)]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, pictures: list[NDArray[np.uint8]]) -> Path:
    """A random network, calibrated; the cells of its plain twin beside it."""
    folder = tmp_path_factory.mktemp("calibrated")
    colour_network(folder / "plain.onnx")
    path = colour_network(folder / "colour.onnx")
    calibrate(path, pictures, ignore)
    return path


def ignore(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


def test_all_else_in_the_file_stays(file: Path) -> None:
    before, after = (onnx.load(each) for each in (file.with_name("plain.onnx"), file))
    old, new = ({each.key: each.value for each in model.metadata_props} for model in (before, after))
    learned = json.loads(new.pop("featcolor.colour"))
    plain = json.loads(old.pop("featcolor.colour"))
    assert new == old
    assert set(learned) - set(plain) == {"confidence", "vividness"}
    assert {name: learned[name] for name in plain} == plain
    assert after.graph == before.graph
    size = file.stat().st_size
    write_settings(file, {"temperature": 0.6})
    assert file.stat().st_size == size


def test_the_same_pictures_give_the_same_file(file: Path, tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    again = colour_network(tmp_path / "again.onnx")
    calibrate(again, pictures, ignore)
    assert again.read_bytes() == file.read_bytes()


def test_too_few_pictures_teach_nothing(tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    path = colour_network(tmp_path / "colour.onnx")
    before = path.read_bytes()
    calibrate(path, pictures[1:], ignore)
    assert path.read_bytes() == before


def test_confidence_is_lower_where_the_error_is_higher(file: Path, pictures: list[NDArray[np.uint8]]) -> None:
    plain = ColourNetwork(file.with_name("plain.onnx"))
    told, by_spread, error = [], [], []
    for rgb in pictures[:20]:
        maps = ColourNetwork(file).maps(lightness_of(rgb))
        chroma, confidence = maps.chroma(plain.info.temperature, plain.info.saturation)
        _, spread, _ = maps.read(plain.info.temperature, plain.info.saturation)
        truth = lab_of(cv2.resize(rgb, confidence.shape[::-1], interpolation=cv2.INTER_AREA))[..., 1:]
        told.append(confidence.ravel())
        by_spread.append(confidence_of(spread))
        error.append(np.linalg.norm(truth - chroma, axis=2).ravel())
    new, old = (spearmanr(np.concatenate(each), np.concatenate(error))[0] for each in (told, by_spread))
    assert new < -0.3
    assert new < old
    for share in (0.25, 0.5, 0.75):  # thresholds mean what they meant
        assert abs(np.quantile(told, share) - np.quantile(by_spread, share)) < 0.15


def test_a_picture_comes_out_nearer_to_its_colourfulness(file: Path, pictures: list[NDArray[np.uint8]]) -> None:
    auto = PretrainedColorizer(file)
    assert auto.vividness is not None
    assert auto.vividness.lowest < 1 < auto.vividness.highest
    learned = auto.with_options(saturation=1.0)

    def misses(model: PretrainedColorizer) -> FloatArray:
        made = [colourfulness(model.colorize(rgb)) for rgb in pictures]
        return np.abs(np.subtract(made, [colourfulness(rgb) for rgb in pictures]))

    assert misses(auto).mean() < misses(learned).mean()
