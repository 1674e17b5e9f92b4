"""Quality of a network on pictures kept back, and the temperature and saturation that it gets."""

from __future__ import annotations

import json

import numpy as np
import pytest

from featcolor.colour.lab import lightness_of
from featcolor.colour.measures import colourfulness, mean_delta_e00
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pretraining.quality import DEFAULT_SETTINGS, TEMPERATURES, Look, choose_settings, measure, pick
from features.colournet import ColourNetwork
from tests.networks import colour_network
from tests.pretraining.samples import (
    ignore,
    photograph,
)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Look]:
    network = ColourNetwork(colour_network(tmp_path_factory.mktemp("net") / "c.onnx", reach=60))
    return [Look.at(photograph(seed), network, TEMPERATURES) for seed in range(3)]


def test_the_saturation_brings_the_asked_share_of_colour_at_the_least_error(looks):
    def reached(temperature: float, saturation: float) -> float:
        return float(np.mean([colourfulness(look.coloured(temperature, saturation)) for look in looks]))

    def error(temperature: float, saturation: float) -> float:
        return float(np.mean([mean_delta_e00(look.rgb, look.coloured(temperature, saturation)) for look in looks]))

    truth = float(np.mean([colourfulness(look.rgb) for look in looks]))
    share = reached(0.75, 1.2) / truth
    chosen = choose_settings(looks, temperature=None, saturation=None, share=share, progress=ignore)
    assert reached(*chosen) == pytest.approx(share * truth, rel=0.05)
    for temperature in TEMPERATURES:
        pair = choose_settings(looks, temperature=temperature, saturation=None, share=share, progress=ignore)
        assert pair[0] == temperature
        assert error(*chosen) <= error(*pair)


def test_a_look_is_what_the_network_shows_in_one_view(tmp_path):
    path = colour_network(tmp_path / "c.onnx")
    rgb = photograph(4, 96, 96)
    look = Look.at(rgb, ColourNetwork(path), TEMPERATURES)
    model = PretrainedColorizer(path).with_options(temperature=0.5, refine="none", size=96, mirrored=False)
    chroma, _, working = model.predict_working(lightness_of(rgb))
    assert working.shape == rgb.shape[:2]
    factor = ColourNetwork(path).info.saturation
    np.testing.assert_allclose(
        factor * look.chroma[0.5].astype(np.float32), chroma, atol=0.6
    )  # OpenCV's taps: 1/32 pixel


def test_of_many_pictures_some_are_measured_evenly():
    assert len(pick(np.arange(0))) == 0
    np.testing.assert_array_equal(pick(np.arange(400)), np.arange(400))
    np.testing.assert_array_equal(pick(np.arange(401)), np.arange(0, 401, 2))


def test_given_settings_stay_and_without_pictures_there_are_defaults(looks):
    given = {"share": 0.7, "progress": ignore}
    assert choose_settings(looks, temperature=0.5, saturation=1.3, **given) == (0.5, 1.3)
    assert choose_settings(looks, temperature=None, saturation=0.0, **given)[1] == 0.0
    assert choose_settings([], temperature=None, saturation=None, **given) == DEFAULT_SETTINGS
    assert choose_settings([], temperature=None, saturation=0.0, **given) == (DEFAULT_SETTINGS[0], 0.0)


def test_quality_is_measured_beside_grey_and_by_source(looks):
    facts = measure(looks, ["sea", "wood", "sea"], np.float32([3, 5]), 0.5, 1.0)
    assert facts["quality"]["grey"]["gain"] == 0
    assert facts["quality"]["grey"]["colourfulness"] == pytest.approx(0, abs=0.5)
    assert {name: row["pictures"] for name, row in facts["sources_held_back"].items()} == {"sea": 2, "wood": 1}
    assert facts["cross_entropy"] > 0
    json.dumps(facts, allow_nan=False)
    assert measure([], [], np.float32([3, 5]), 0.5, 1.0) == {}
