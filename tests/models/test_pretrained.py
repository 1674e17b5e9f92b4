"""The colour network as a colorizer: what every colorizer promises, and how the network's own choices are used."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featcolor.errors import ModelFileError, NetworkError, UsageError
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.load import ColouringSettings, load, load_colorizer
from featcolor.models.pretrained import SCALES, PretrainedColorizer, read_network_card
from featcolor.models.views import merge
from featcolor.pictures.resize import resize, working_size
from featcolor.video.inputs import ClipInputs
from featcolor.video.options import ClipOptions
from refine.bilateral_grid import bilateral_grid
from refine.interior import interior
from refine.stains import calm_stains
from tests.models.samples import check_light, noise
from tests.networks import colour_network, mean_colour_network
from tests.samples import quick_config

PLAIN: dict[str, Any] = {"refine": "none", "upsample": "bilinear"}


@pytest.fixture(scope="module")
def colorizer(network: Path) -> PretrainedColorizer:
    return PretrainedColorizer(network)


def test_colour_follows_the_network_at_every_size(tmp_path: Path) -> None:
    """Black is half of each cell, all else bright: a step's chroma is 0 and 50, but for where the network mixes."""
    network = mean_colour_network(tmp_path / "mean.onnx", 48)
    for shape in ((48, 48), (200, 300), (30, 40)):
        middle, blurred = shape[1] // 2, shape[1] // 8
        lightness = np.zeros(shape, np.float32)
        lightness[:, middle:] = 0.8
        chroma = PretrainedColorizer(network, ColorizerConfig(temperature=1.0, **PLAIN)).predict(lightness)
        np.testing.assert_allclose(chroma[..., 1], 0, atol=1e-3)
        np.testing.assert_allclose(chroma[:, : middle - blurred, 0], 0, atol=1e-3)
        np.testing.assert_allclose(chroma[:, middle + blurred :, 0], 50, atol=1e-3)


def test_chroma_is_the_mean_of_a_coarse_view_and_a_fine_mirrored_one(colorizer: PretrainedColorizer) -> None:
    model = colorizer.with_options(**PLAIN)
    assert model.config.mirrored
    for shape in ((64, 64), (90, 131)):
        lightness, size = noise(shape, np.float32), working_size(shape, model.config.size)
        coarse = model.network.maps(lightness, scale=SCALES[0])
        fine = model.network.maps(lightness[:, ::-1], scale=SCALES[1])
        assert fine.logits.shape[1] > coarse.logits.shape[1]
        views = [each.at_size(np.dstack(each.chroma(0.6, 1.25)), size) for each in (coarse, fine)]
        expected = (views[0] + views[1][:, ::-1])[..., :2] / 2
        np.testing.assert_allclose(model.predict_working(lightness)[0], expected, atol=1e-3)


def test_a_picture_with_more_to_show_is_seen_closer(colorizer: PretrainedColorizer) -> None:
    model = colorizer.with_options(**PLAIN)
    short_side = model.network.info.short_side
    lightness = noise((2 * short_side, 3 * short_side), np.float32)
    working = resize(lightness, working_size(lightness.shape, model.config.size))
    coarse = model.without_closer_views().predict_working(lightness)
    whole = model.network.maps(lightness, scale=2.0)
    fine = whole.at_size(np.dstack(whole.chroma(0.6, 1.25)), working.shape)
    merged = merge(np.dstack(coarse[:2]), fine)
    chroma, confidence, _ = model.predict_working(lightness)
    np.testing.assert_allclose(chroma, merged[..., :2], atol=1e-3)
    np.testing.assert_allclose(confidence, merged[..., 2], atol=1e-5)
    assert np.abs(chroma - coarse[0]).mean() > 0.1


def test_films_and_single_views_see_the_whole_alone(colorizer: PretrainedColorizer) -> None:
    lightness = noise((150, 200), np.float32)
    for model in (colorizer.with_options(mirrored=False), colorizer.without_closer_views()):
        planes = np.zeros((*working_size(lightness.shape, model.config.size), 3), np.float32)
        chroma, confidence = model.merge_closer_views(lightness, planes[..., 2], planes[..., :2], planes[..., 2])
        assert not chroma.any()
        assert not confidence.any()


def test_a_film_has_no_closer_views(network: Path) -> None:
    with ClipInputs("film.mkv", None, None, network, ClipOptions()) as inputs:
        model = inputs.load_model()
    assert isinstance(model, PretrainedColorizer)
    assert not model.closer
    assert load_colorizer(network, ColouringSettings()).closer


def test_a_large_picture_in_tiles_has_no_seam(tmp_path: Path) -> None:
    """Each pixel's colour is the network's mean code around it, so that tiles agree where they meet."""
    network = mean_colour_network(tmp_path / "mean.onnx", 176)
    ramp = np.tile(np.linspace(0.3, 0.6, 1061, dtype=np.float32), (705, 1))
    model = PretrainedColorizer(network, ColorizerConfig(temperature=1.0, mirrored=True, **PLAIN))
    chroma = model.predict_working(ramp)[0]
    np.testing.assert_allclose(chroma, model.without_closer_views().predict_working(ramp)[0], atol=0.5)


def test_stains_are_calmed_after_the_refiner_of_stills(colorizer: PretrainedColorizer) -> None:
    lightness = noise((64, 96), np.float32)
    raw, confidence, working = colorizer.with_options(refine="none").predict_working(lightness)
    assert colorizer.config.refine == "interior"
    refined = interior(raw, working)
    np.testing.assert_array_equal(
        colorizer.predict_working(lightness)[0], calm_stains(refined, working, confidence), strict=True
    )


def test_a_film_is_refined_the_fast_way(colorizer: PretrainedColorizer) -> None:
    fast = colorizer.for_film()
    assert fast.config == replace(colorizer.config, refine="bilateral_grid")
    lightness = noise((64, 96), np.float32)
    raw, _, working = colorizer.with_options(refine="none").predict_working(lightness)
    np.testing.assert_array_equal(fast.predict_working(lightness)[0], bilateral_grid(raw, working), strict=True)
    chosen = colorizer.with_options(refine="guided")
    assert chosen.for_film().config == chosen.config


def test_the_networks_own_temperature_and_saturation_are_the_default(colorizer: PretrainedColorizer) -> None:
    lightness, info = noise((64, 96), np.float32), colorizer.network.info
    assert colorizer.config.temperature == info.temperature == 0.6
    assert (colorizer.config.saturation, info.saturation) == (1.0, 1.25)
    plain = colorizer.with_options(mirrored=False, **PLAIN)
    maps = colorizer.network.maps(lightness)
    expected = maps.at_size(maps.chroma(0.6, 1.25)[0], working_size((64, 96), plain.config.size))
    np.testing.assert_allclose(plain.predict_working(lightness)[0], expected, atol=1e-4)
    np.testing.assert_allclose(
        plain.with_options(saturation=2.0).predict(lightness), 2 * plain.predict(lightness), rtol=1e-4, atol=1e-4
    )
    assert not np.allclose(plain.with_options(temperature=0.1).predict(lightness), plain.predict(lightness))


def test_the_card_tells_training_and_use(network: Path, colorizer: PretrainedColorizer) -> None:
    card = colorizer.card()
    assert {name: value for name, value in card.items() if name != "settings"} == read_network_card(network)
    assert card["pictures"] == 3
    assert card["file_bytes"] == network.stat().st_size
    assert (card["cells"], card["embedding"], card["short_side"]) == (49, 6, 64)


# Which model is loaded


def test_a_model_is_known_by_its_name(default_network: Path, network: Path, tiny_model: Path) -> None:
    default = load_colorizer(None, ColouringSettings())
    assert isinstance(default, PretrainedColorizer)
    assert default.network.info.sha256 == read_network_card(default_network)["sha256"]
    assert isinstance(load_colorizer(network, ColouringSettings()), PretrainedColorizer)
    assert isinstance(load_colorizer(tiny_model, ColouringSettings()), Colorizer)
    chosen = load_colorizer(network, ColouringSettings(size=96, refine="none", temperature=0.3, saturation=1.5))
    config = chosen.config
    assert (config.size, config.refine, config.temperature, config.saturation) == (96, "none", 0.3, 1.5)
    with pytest.raises(UsageError, match="temperature"):
        load_colorizer(network, ColouringSettings(temperature=99.0))


def test_files_that_are_no_model_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.ONNX").write_text("dear diary")
    for name, kind in (("text.ONNX", NetworkError), ("none.onnx", NetworkError), ("none.featcolor", ModelFileError)):
        with pytest.raises(kind) as caught:
            load_colorizer(tmp_path / name, ColouringSettings())
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


# A fitted model on the embedding


def test_a_fitted_model_knows_its_embedding(references: Path, network: Path, tmp_path: Path) -> None:
    file = tmp_path / "colour.onnx"
    shutil.copy(network, file)
    config = quick_config(features=f"context,embedding:{file}", clusters=2)
    fitted = Colorizer(config).fit(sorted(references.iterdir()), jobs=1)
    assert fitted.card()["features"][1] == {"name": "embedding", "features": 6}
    fitted.save(tmp_path / "m.featcolor")
    grey = noise((40, 50))
    np.testing.assert_array_equal(load(tmp_path / "m.featcolor").colorize(grey), fitted.colorize(grey))
    colour_network(file, seed=1)
    with pytest.raises(NetworkError, match="not the one that this model was fitted with"):
        load(tmp_path / "m.featcolor").colorize(grey)
    file.unlink()
    with pytest.raises(NetworkError, match=r"colour\.onnx"):
        load(tmp_path / "m.featcolor").colorize(grey)


def test_colouring_starts_without_heavy_libraries(network: Path) -> None:
    check_light(network, "sklearn", "scipy", "onnx", "safetensors", "joblib", "matplotlib", "skimage", "torch")
