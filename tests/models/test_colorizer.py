"""Colorizer: lightness stays, chroma follows the references, options and arrays do what they say."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.pictures.resize import resize
from refine.upsample import UPSAMPLERS
from tests.models.samples import check_light, noise

SETTINGS: dict[str, Any] = {
    "features": "context:1-4,position",
    "size": 48,
    "step": 4,
    "pixels": 60,
    "views": 1,
    "hidden": (16,),
    "members": 1,
    "epochs": 3,
    "holdout": 0.0,
    "refine": "none",
    "upsample": "bilinear",
    "temperature": 0.5,
    "saturation": 1.0,
    "mirrored": False,
}


def picture(seed: int, height: int = 48, width: int = 60) -> NDArray[np.uint8]:
    corners = np.random.default_rng(seed).integers(0, 256, (4, 5, 3)).astype(np.float32)
    return resize(corners, (height, width)).round().astype(np.uint8)


def fit(references: Any, **changes: Any) -> Colorizer:
    return Colorizer(ColorizerConfig(**SETTINGS | changes)).fit(references, jobs=1)


@pytest.fixture(scope="module")
def references() -> list[NDArray[np.uint8]]:
    return [picture(seed) for seed in range(12)]


@pytest.fixture(scope="module")
def colorizer(references: list[NDArray[np.uint8]]) -> Colorizer:
    return fit(references)


@pytest.mark.parametrize("head", ["bins", "mean"])
@pytest.mark.parametrize("upsample", UPSAMPLERS)
def test_references_of_one_chroma_give_that_chroma(head: str, upsample: str) -> None:
    chroma, references = np.array([12.0, 18.0]), []
    for seed in range(12):
        lightness = 0.3 + 0.5 * lightness_of(picture(seed))
        plane = np.broadcast_to(chroma, (*lightness.shape, 2)).astype(np.float32)
        references.append(lab_to_rgb(lightness, plane, np.uint16))
    model = fit(references, head=head, upsample=upsample, refine="bilateral_grid")
    for shape in ((40, 50), (200, 90), (1, 30)):
        found = model.predict(np.random.default_rng(0).random(shape, np.float32))
        # The references are read in 8 bits, whose rounding moves dark chroma by up to 1.5.
        np.testing.assert_allclose(found, np.broadcast_to(chroma, found.shape), atol=1.5)


def test_colour_follows_lightness_where_the_references_say_so() -> None:
    references = []
    for seed in range(12):
        lightness = 0.2 + 0.6 * lightness_of(picture(seed))
        bright = (lightness > 0.5)[..., None]
        chroma = np.where(bright, np.float32([0, -25]), np.float32([15, 20])).astype(np.float32)
        references.append(lab_to_rgb(lightness, chroma, np.uint16))
    model = fit(references, epochs=60, step=1)
    found = model.predict(np.repeat(np.float32([[0.3], [0.7]]), 40, axis=0) * np.ones((1, 60), np.float32))
    np.testing.assert_allclose(found[:30].mean(axis=(0, 1)), [15, 20], atol=7)
    np.testing.assert_allclose(found[50:].mean(axis=(0, 1)), [0, -25], atol=7)


@pytest.mark.parametrize("step", [1, 3, 4, 16])
def test_a_mirrored_picture_has_mirrored_chroma(colorizer: Colorizer, step: int) -> None:
    """Exactly, as both are the mean of the same two predictions; 48 x 48 is the working size."""
    model = colorizer.with_options(mirrored=True, step=step)
    lightness = noise((48, 48), np.float32)
    mirrored = model.predict(np.ascontiguousarray(lightness[:, ::-1]))
    np.testing.assert_allclose(mirrored[:, ::-1], model.predict(lightness), atol=1e-4)


def test_a_coarser_grid_is_the_fine_one_between_its_points(references: list[NDArray[np.uint8]]) -> None:
    fine = fit(references, step=1)
    lightness = lightness_of(picture(50, 48, 48))
    exact = fine.predict(lightness)
    for step, tolerance in ((2, 1.0), (4, 2.5)):
        coarse = fine.with_options(step=step).predict(lightness)
        np.testing.assert_allclose(
            coarse[step // 2 :: step, step // 2 :: step], exact[step // 2 :: step, step // 2 :: step], atol=1e-3
        )
        assert np.abs(coarse - exact).mean() < tolerance


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"features": "patch:3,daisy:5-1-4-4,context,words:8-4"},
        {"head": "mean", "solver": "ridge"},
        {"head": "mean", "members": 2, "film": "orthochromatic"},
    ],
    ids=str,
)
def test_arrays_give_the_same_model_back(references: list[NDArray[np.uint8]], changes: dict[str, Any]) -> None:
    model = fit(references, **changes)
    header, named = model.to_arrays()
    again = Colorizer.from_arrays(json.loads(json.dumps(header)), named)
    assert again.config == model.config
    assert again.card() == json.loads(json.dumps(model.card()))
    for shape in ((8, 8), (70, 50)):
        lightness = noise(shape, np.float32)
        np.testing.assert_array_equal(again.predict(lightness), model.predict(lightness))


def test_models_whose_parts_disagree_are_refused(colorizer: Colorizer) -> None:
    header, named = colorizer.to_arrays()
    fewer = copy.deepcopy(header)
    fewer["stack"] = fewer["stack"][:1]
    with pytest.raises(ValueError, match="features for a network of"):
        Colorizer.from_arrays(fewer, named)
    with pytest.raises(ValueError, match="unknown setting 'speed'"):
        Colorizer.from_arrays({**header, "config": {**header["config"], "speed": 9}}, named)


def test_the_card_tells_features_settings_and_versions(colorizer: Colorizer) -> None:
    card = colorizer.card()
    assert card["features"] == [{"name": "context", "features": 7}, {"name": "position", "features": 3}]
    assert card["references"] == 12
    assert card["settings"] == colorizer.config.to_dict()
    assert {"python", "numpy"} <= set(card["versions"])


@pytest.mark.parametrize("features", ["patch,daisy:5-1-4-4,context,position,words:8-4", "context,backbone#4"])
def test_colouring_starts_without_the_libraries_of_fitting(
    references: list[NDArray[np.uint8]], features: str, tmp_path: Path
) -> None:
    fit(references, features=features).save(tmp_path / "model.featcolor")
    check_light(tmp_path / "model.featcolor", "sklearn", "joblib", "matplotlib", "skimage", "pandas")
