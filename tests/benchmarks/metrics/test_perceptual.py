"""Perceptual distances: zero of themselves, growing with the error, equal to the formula worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.metrics import perceptual
from benchmarks.metrics.perceptual import flip, ssimulacra2_score
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import UsageError

Distance = Callable[[np.ndarray, np.ndarray], float]


@pytest.fixture(scope="module")
def truth(photographs: dict[str, np.ndarray]) -> np.ndarray:
    return photographs["astronaut"][:96, :128]


def with_chroma(picture: np.ndarray, factor: float) -> np.ndarray:
    lightness, chroma = rgb_to_lab(picture)
    return lab_to_rgb(lightness, np.float32(factor) * chroma)


DISTANCES: list[tuple[str, Distance]] = [
    ("flip_evaluator", flip),
    ("ssimulacra2", lambda truth, output: 100 - ssimulacra2_score(truth, output)),
]


@pytest.mark.parametrize(("wheel", "distance"), DISTANCES)
def test_a_picture_is_at_distance_zero_of_itself_and_chroma_error_grows(
    wheel: str, distance: Distance, truth: np.ndarray
) -> None:
    pytest.importorskip(wheel)
    before = truth.copy()
    found = [distance(truth, with_chroma(truth, factor)) for factor in (0.8, 0.4, 0.0)]
    assert distance(truth, truth.copy()) == 0.0
    assert 0 < found[0] < found[1] < found[2]
    np.testing.assert_array_equal(truth, before)


@pytest.mark.parametrize(("wheel", "distance"), [("flip_evaluator", flip), ("ssimulacra2", ssimulacra2_score)])
def test_pictures_of_two_shapes_or_without_a_scale_are_refused_and_a_missing_wheel_names_the_remedy(
    wheel: str, distance: Distance, truth: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="one shape"):
        distance(truth, truth[:-1])
    with pytest.raises(ValueError, match="8 pixels or more"):
        ssimulacra2_score(truth[:7, :40], truth[:7, :40])
    monkeypatch.setitem(sys.modules, wheel, None)
    with pytest.raises(UsageError, match="pip install flip-evaluator ssimulacra2"):
        distance(truth, truth)


def test_flip_is_the_authors_at_their_viewing_distance_in_0_to_1(truth: np.ndarray) -> None:
    evaluator = pytest.importorskip("flip_evaluator")
    output = with_chroma(truth, 0.5)
    _, expected, used = evaluator.evaluate(truth / np.float32(255), output / np.float32(255), "LDR", applyMagma=False)
    assert flip(truth, output) == pytest.approx(expected, rel=1e-5)
    assert used["ppd"] == pytest.approx(perceptual.FLIP_PIXELS_PER_DEGREE, abs=1e-4)
    black, white = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 255, np.uint8)
    assert 0.9 < flip(black, white) <= 1.0


def test_flip_knows_red_from_blue() -> None:
    pytest.importorskip("flip_evaluator")
    red, blue = np.zeros((2, 40, 40, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 200
    orange = red.copy()
    orange[..., 1] = 60
    assert flip(red, orange) < flip(red, blue)
    assert flip(red, blue) == pytest.approx(flip(blue, red))


def test_ssimulacra2_takes_the_truth_first_and_reads_the_very_pixels(truth: np.ndarray, tmp_path: Path) -> None:
    wheel = pytest.importorskip("ssimulacra2")
    output = with_chroma(truth, 0.3)
    files = [tmp_path / "truth.png", tmp_path / "output.png"]
    for file, picture in zip(files, (truth, output), strict=True):
        Image.fromarray(picture).save(file)
    assert ssimulacra2_score(truth, output) == wheel.compute_ssimulacra2(*files)
    assert ssimulacra2_score(truth, output) != ssimulacra2_score(output, truth)
