"""Vividness by picture: what is held back, that the wanted colourfulness is reached, and what "auto" stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featcolor.colour.lab import lab_to_rgb
from featcolor.colour.measures import colourfulness
from featcolor.commands import main
from featcolor.errors import NetworkError
from featcolor.models.album import AlbumColorizer
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.vividness import (
    CEILING,
    LARGEST_FACTOR,
    NEUTRAL,
    SKIN,
    SKY,
    STATISTICS,
    WAY,
    Vividness,
    few_of,
    scale_chroma,
    statistics,
)
from featcolor.video.inputs import ClipInputs
from featcolor.video.options import ClipOptions
from features.base import FloatArray
from tests.models.samples import noise
from tests.networks import colour_network
from tests.samples import write_rgb

CHANNELS = 6
"""Of the embedding of `colour_network`."""


def wants(colourful: float, *, lowest: float = 0.5, highest: float = 2.0) -> dict[str, Any]:
    """What a file holds that expects this colourfulness of every scene."""
    weights = np.zeros(CHANNELS + len(STATISTICS))
    return Vividness(weights, float(np.log1p(colourful)), lowest, highest).to_dict()


def picture(seed: int = 0, size: int = 60) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chroma, confidence and lightness: middle tones, a dozen units of chroma in all hues."""
    rng = np.random.default_rng(seed)
    chroma = rng.normal(0, 8, (size, size, 2)).astype(np.float32)
    return chroma, rng.random((size, size), np.float32), rng.uniform(0.3, 0.8, (size, size)).astype(np.float32)


def polar(magnitude: float, hue: float) -> FloatArray:
    """One pixel's chroma, (1, 1, 2); the hue in degrees."""
    return np.float32([[[magnitude * np.cos(np.radians(hue)), magnitude * np.sin(np.radians(hue))]]])


def gained(magnitude: float, hue: float, lightness: float, factor: float = 1.8) -> float:
    """What `scale_chroma` multiplies one pixel's chroma by."""
    chroma = polar(magnitude, hue)
    made = scale_chroma(chroma, np.full((1, 1), lightness, np.float32), factor)
    assert np.degrees(np.arctan2(made[0, 0, 1], made[0, 0, 0])) == pytest.approx((hue + 180) % 360 - 180, abs=0.01)
    return float(np.hypot(*made[0, 0]) / magnitude)


# What is held back


def test_middling_chroma_gains_most_and_grey_and_vivid_ones_nothing() -> None:
    for hue in (0, 120, 320):
        assert gained(NEUTRAL, hue, 0.5) == pytest.approx(1.4, abs=0.02), "half is added"
        rising, falling = (
            [gained(each, hue, 0.5) for each in row] for row in ((0.01, 2, 5, 10), (30, 50, 70, CEILING))
        )
        assert rising == sorted(rising)
        assert rising[0] == pytest.approx(1, abs=0.01)
        assert falling == sorted(falling, reverse=True)
        assert [falling[-1], gained(CEILING + 9, hue, 0.5)] == [pytest.approx(1), pytest.approx(1)]
        assert rising[-1] > 1.4


def test_a_sky_skin_white_and_black_are_held_back() -> None:
    assert gained(SKY, 270, 0.7) == pytest.approx(1, abs=1e-3)
    assert gained(SKY, 270, 0.3) > 1.2, "dark blue is no sky"
    assert gained(SKIN, 55, 0.7) == pytest.approx(1, abs=1e-3)
    assert gained(SKIN, 140, 0.7) > 1.2, "green is no skin"
    assert gained(5, 120, 0.99) == pytest.approx(1)
    assert 1 < gained(5, 120, 0.05) < 1.2


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5, LARGEST_FACTOR])
def test_of_two_chromas_of_one_hue_the_higher_stays_the_higher(factor: float) -> None:
    magnitudes = np.linspace(0.1, 100, 400)
    for hue in range(0, 360, 15):
        for lightness in (0.1, 0.5, 0.7, 0.93):
            made = [np.hypot(*scale_chroma(polar(m, hue), np.float32([[lightness]]), factor)[0, 0]) for m in magnitudes]
            assert (np.diff(made) > 0).all()


def test_less_is_less_of_everything() -> None:
    chroma, _, lightness = picture()
    np.testing.assert_allclose(scale_chroma(chroma, lightness, 0.8), 0.8 * chroma, rtol=1e-5)


# The factor


def test_a_picture_comes_most_of_the_way_to_the_colourfulness_expected() -> None:
    chroma, confidence, lightness = picture()
    plain = colourfulness(lab_to_rgb(lightness, chroma))
    for share in (0.7, 1.0, 1.3):
        model = Vividness.from_dict(wants(share * plain), CHANNELS)
        made = model.apply(chroma, confidence, lightness, np.zeros(CHANNELS, np.float32))
        assert colourfulness(lab_to_rgb(lightness, made)) == pytest.approx(share**WAY * plain, rel=0.03)


def test_the_factor_keeps_to_its_bounds_and_a_grey_picture_stays_grey() -> None:
    few, scene = few_of(*picture()), np.zeros(CHANNELS, np.float32)
    assert Vividness.from_dict(wants(1000), CHANNELS).factor(*few, scene) == 2.0
    assert Vividness.from_dict(wants(0), CHANNELS).factor(*few, scene) == 0.5
    grey = np.zeros_like(few[0])
    made = Vividness.from_dict(wants(50), CHANNELS).apply(grey, few[1], few[2], scene)
    assert not made.any()


def test_the_scene_and_the_output_are_both_asked() -> None:
    chroma, confidence, lightness = few_of(*picture())
    values = statistics(chroma, confidence, lightness)
    assert len(values) == len(STATISTICS)
    assert values[0] == pytest.approx(np.log1p(colourfulness(lab_to_rgb(lightness, chroma))))
    named = dict(zip(STATISTICS, values, strict=True))
    assert named["mean_lightness"] == pytest.approx(lightness.mean(), rel=1e-4)
    assert named["mean_confidence"] == pytest.approx(confidence.mean(), rel=1e-4)
    assert np.expm1(named["log_chroma_0.5"]) == pytest.approx(np.median(np.hypot(*chroma.reshape(-1, 2).T)), rel=1e-4)
    weights = np.zeros(CHANNELS + len(STATISTICS))
    weights[0] = 1.0
    model = Vividness(weights, float(values[0]), 0.5, 2.0)
    dull, lively = (model.factor(chroma, confidence, lightness, np.full(CHANNELS, each)) for each in (-0.2, 0.2))
    assert dull < 1 < lively


# The file


def test_what_a_file_says_comes_back() -> None:
    content = wants(30)
    assert Vividness.from_dict(content, CHANNELS).to_dict() == content


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [1.0]},
        {"weights": "many"},
        {"weights": [float("nan")] * (CHANNELS + len(STATISTICS))},
        {"bias": None},
        {"lowest": 1.5},
        {"highest": 0.5},
        {"highest": 9.0},
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    file = colour_network(tmp_path / "colour.onnx", vividness={**wants(30), **change})
    with pytest.raises(NetworkError, match=r"colour\.onnx: damaged: its vividness") as caught:
        PretrainedColorizer(file)
    assert "\n" not in str(caught.value)


# Auto


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_network(tmp_path_factory.mktemp("lively") / "colour.onnx", vividness=wants(1000))


def test_auto_is_the_default_and_a_number_is_that_number(lively: Path) -> None:
    grey = noise((64, 96))
    default = PretrainedColorizer(lively)
    auto, one, two = (default.with_options(saturation=each) for each in ("auto", 1.0, 2.0))
    assert (auto.config.saturation, auto.config.vivid) == (1.0, True)
    assert (two.config.saturation, two.config.vivid) == (2.0, False)
    assert two.with_options(saturation="auto").config == default.config
    np.testing.assert_array_equal(auto.colorize(grey), default.colorize(grey))
    assert colourfulness(default.colorize(grey)) > 1.1 * colourfulness(one.colorize(grey))
    assert load_colorizer(lively, ColouringSettings(saturation="auto")).config.vivid
    assert not load_colorizer(lively, ColouringSettings(saturation=1.0)).config.vivid


def test_a_network_that_says_nothing_of_it_colours_as_learned(network: Path, tiny_model: Path) -> None:
    grey = noise((64, 96))
    default = PretrainedColorizer(network)
    np.testing.assert_array_equal(default.colorize(grey), default.with_options(saturation=1.0).colorize(grey))
    fitted = load_colorizer(tiny_model, ColouringSettings())
    assert isinstance(fitted, Colorizer)
    np.testing.assert_array_equal(fitted.colorize(grey), fitted.with_options(saturation="auto").colorize(grey))
    assert not ColorizerConfig().vivid


def test_an_album_is_as_vivid_as_the_model_that_it_is_built_on(lively: Path) -> None:
    references = [noise((64, 80), seed=seed) for seed in range(2)]
    references = [np.dstack([each, np.roll(each, 9, 0), np.roll(each, 9, 1)]) for each in references]
    album = AlbumColorizer(lively).fit(references)
    plain = album.with_options(saturation=1.0)
    grey = noise((64, 80), seed=5)
    assert colourfulness(album.colorize(grey)) > 1.05 * colourfulness(plain.colorize(grey))


def test_a_film_has_one_saturation(lively: Path) -> None:
    with ClipInputs("film.mkv", None, None, lively, ClipOptions()) as inputs:
        model = inputs.load_model()
    assert model is not None
    assert (model.config.saturation, model.config.vivid) == (1.0, False)


def test_the_command_line_knows_auto(lively: Path, tmp_path: Path) -> None:
    write_rgb(tmp_path / "old.png", np.dstack([noise((64, 96))] * 3))
    made = []
    for number, option in enumerate(([], ["--saturation", "auto"], ["--saturation", "1"])):
        target = tmp_path / f"{number}.png"
        call = ["colorize", str(tmp_path / "old.png"), "-o", str(target), "-m", str(lively), "-q", *option]
        assert main(call) == 0
        made.append(target.read_bytes())
    assert made[0] == made[1] != made[2]


def test_the_same_scene_is_not_run_again(lively: Path) -> None:
    lightness = noise((64, 96), np.float32)
    colorizer = PretrainedColorizer(lively)
    colorizer.predict_working(lightness)
    network = colorizer.network
    kept = network.scene(lightness)
    np.testing.assert_array_equal(kept, PretrainedColorizer(lively).network.scene(lightness))
    assert network.scene(lightness) is kept
    assert not np.allclose(network.scene(noise((64, 96), np.float32, seed=3)), kept)
