"""Methods that take hints: Levin's least squares against a plain solution, the nearest hint, networks, ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.told import DRAWS, tell
from benchmarks.methods.hints import (
    HINT_METHODS,
    HintedNetwork,
    NearestHint,
    as_hint_pixels,
    build_hint_method,
)
from benchmarks.methods.levin2004 import LevinSystem, likeness_weights
from benchmarks.methods.onnx import parse_onnx
from benchmarks.speed.export_networks import random_network
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import grey_picture, psnr
from featcolor.commands.benchmark.hints import DRAW_NAMES, METHOD_NAMES
from featcolor.errors import UsageError
from featcolor.hints.picture import on_working


def plain_weights(lightness: np.ndarray) -> np.ndarray:
    """The released code's shares of neighbours, pixel by pixel."""
    height, width = lightness.shape
    weights = np.zeros((height * width, height * width))
    for y in range(height):
        for x in range(width):
            window = [
                (v, u) for v in (y - 1, y, y + 1) for u in (x - 1, x, x + 1) if 0 <= v < height and 0 <= u < width
            ]
            values = np.array([lightness[place] for place in window], np.float64)
            others = [place for place in window if place != (y, x)]
            squares = np.array([(float(lightness[place]) - float(lightness[y, x])) ** 2 for place in others])
            spread = max(0.6 * values.var(), -squares.min() / np.log(0.01), 2e-6)
            alike = np.exp(-squares / spread)
            for (v, u), share in zip(others, alike / alike.sum(), strict=True):
                weights[y * width + x, v * width + u] = share
    return weights


@pytest.fixture
def lightness() -> np.ndarray:
    return np.random.default_rng(0).random((7, 9)).astype(np.float32)


def test_levins_weights_are_the_released_codes(lightness: np.ndarray) -> None:
    np.testing.assert_allclose(likeness_weights(lightness).toarray(), plain_weights(lightness), atol=1e-12)


@pytest.mark.parametrize("pull", [0.0, 0.2])
def test_levins_colours_solve_the_papers_equations(lightness: np.ndarray, pull: float) -> None:
    rng = np.random.default_rng(1)
    yx, said = np.array([[0, 3], [6, 8]]), rng.normal(0, 20, (2, 2)).astype(np.float32)
    predicted = rng.normal(0, 20, (7, 9, 2)).astype(np.float32)
    solved = LevinSystem(lightness).solve(yx, said, predicted, pull).reshape(-1, 2)
    told = yx[:, 0] * 9 + yx[:, 1]
    np.testing.assert_allclose(solved[told], said, rtol=1e-5)
    left = (1 + pull) * solved - plain_weights(lightness) @ solved - pull * predicted.reshape(-1, 2)
    assert np.abs(np.delete(left, told, axis=0)).max() < 1e-4


def test_one_hint_of_levins_colours_everything() -> None:
    flat = np.full((20, 30), 0.5, np.float32)
    solved = LevinSystem(flat).solve(np.array([[4, 4]]), np.float32([[12, -7]]))
    np.testing.assert_allclose(solved, np.broadcast_to(np.float32([12, -7]), solved.shape), rtol=1e-5)


def test_the_nearest_hint_colours_its_own_thing(photographs: dict[str, np.ndarray]) -> None:
    grey = np.full((40, 60), 60, np.uint8)
    grey[:, 30:] = 190
    chroma = np.zeros((40, 60, 2), np.float32)
    chroma[:, :30], chroma[:, 30:] = (30, 20), (-20, 10)
    answer = NearestHint().look(grey)
    found = rgb_to_lab(answer(tell(chroma, np.array([[2, 2], [30, 50]]))))[1]
    assert np.abs(found - chroma).max() < 1.5
    assert np.array_equal(answer([]), grey_picture(answer([])))


@pytest.mark.usefixtures("default_network")
@pytest.mark.parametrize("name", HINT_METHODS)
def test_the_truth_everywhere_comes_near_the_truth(name: str, photographs: dict[str, np.ndarray]) -> None:
    truth = photographs["coffee"][:48, :64]
    grey = grey_picture(truth)[..., 0]
    answer = build_hint_method(name).look(grey)
    corners = DRAWS["uniform"]((48, 64), 60, np.random.default_rng(0))
    hints = tell(rgb_to_lab(truth)[1], corners)
    assert psnr(truth, answer(hints[:40])) > psnr(truth, answer([])) + 3
    assert np.array_equal(answer(hints[:4]), answer(hints[:4][::-1]))
    np.testing.assert_array_equal(answer([]), answer([]))


def test_hints_reach_featcolor_as_they_were_told(photographs: dict[str, np.ndarray]) -> None:
    truth = photographs["astronaut"]
    lightness, chroma = rgb_to_lab(truth)
    hints = tell(chroma, np.array([[40, 60]]))
    pixels = as_hint_pixels(hints, lightness)
    places, said = on_working(pixels, lightness, lightness.shape)
    np.testing.assert_array_equal(places, np.unique(hints[0].yx, axis=0))
    np.testing.assert_allclose(said, np.broadcast_to(hints[0].chroma, said.shape), atol=0.5)
    assert len(as_hint_pixels([], lightness)) == 0


def test_a_network_is_given_the_hints_and_their_mask(tmp_path: Path, photographs: dict[str, np.ndarray]) -> None:
    (tmp_path / "net.onnx").write_bytes(random_network("siggraph17"))
    method = HintedNetwork(parse_onnx(f"siggraph17={tmp_path / 'net.onnx'}"))
    method.settings()
    truth = photographs["chelsea"][:64, :64]
    grey = grey_picture(truth)[..., 0]
    answer = method.look(grey)
    hints = tell(rgb_to_lab(truth)[1], np.array([[20, 30]]))
    np.testing.assert_array_equal(answer([]), method.network.colorize(grey))
    changed = np.argwhere((answer(hints) != answer([])).any(axis=2))
    assert len(changed)
    assert (np.abs(changed - (23, 33)) < 12).all()


def test_a_network_without_hints_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(random_network("zhang16"))
    with pytest.raises(UsageError, match="takes no hints"):
        HintedNetwork(parse_onnx(f"zhang16={tmp_path / 'net.onnx'}")).settings()
    with pytest.raises(UsageError, match="without the inputs of its hints"):
        HintedNetwork(parse_onnx(f"siggraph17={tmp_path / 'net.onnx'}")).look(np.zeros((64, 64), np.uint8))([])


def test_names_of_the_command_are_those_of_the_tables() -> None:
    assert tuple(HINT_METHODS) == METHOD_NAMES
    assert tuple(DRAWS) == DRAW_NAMES
    with pytest.raises(UsageError, match="levin"):
        build_hint_method("wrong")
