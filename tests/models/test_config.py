"""Settings: what is out of range or unknown is refused, JSON gives them back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from featcolor.models.config import COLOURING_OPTIONS, DEFAULT_PRESET, PRESETS, RANGES, ColorizerConfig
from features.spec import parse_features


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_sound_and_come_back_from_json(preset: str) -> None:
    config = PRESETS[preset]
    assert parse_features(config.features).extractors
    again = ColorizerConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert isinstance(again.hidden, tuple)


def test_a_warmth_is_written_where_there_is_one() -> None:
    """Programs that know no warmth refuse settings that hold it."""
    assert "warmth" not in ColorizerConfig().to_dict()
    warm = ColorizerConfig(warmth=-0.5)
    assert warm.to_dict() == ColorizerConfig().to_dict() | {"warmth": -0.5}
    assert ColorizerConfig.from_dict(warm.to_dict()) == warm


def test_the_default_is_a_preset() -> None:
    assert PRESETS[DEFAULT_PRESET] == ColorizerConfig()


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_ranges_are_kept(name: str, low: float, high: float) -> None:
    for value in (low, high):
        assert getattr(ColorizerConfig(**{name: value}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{name} must be {low} to {high}"):
            ColorizerConfig(**{name: value})
    with pytest.raises(ValueError, match=f"{name} must be"):
        ColorizerConfig(**{name: float("nan")})


@pytest.mark.parametrize("name", ["head", "solver", "film", "refine", "upsample"])
def test_names_that_no_table_knows_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be one of .*got 'nonsense'"):
        ColorizerConfig(**{name: "nonsense"})


def test_ridge_has_the_mean_head_only() -> None:
    assert ColorizerConfig(solver="ridge", head="mean").solver == "ridge"
    with pytest.raises(ValueError, match="ridge"):
        ColorizerConfig(solver="ridge", head="bins")


def test_an_unknown_setting_is_named_with_the_right_one() -> None:
    with pytest.raises(ValueError, match="unknown setting 'sise', perhaps 'size'; the settings are clusters"):
        ColorizerConfig.from_dict({"sise": 100})


def test_colouring_options_change_and_the_others_do_not() -> None:
    config = ColorizerConfig()
    changed = config.with_options(temperature=0.3, mirrored=True, refine="none")
    assert (changed.temperature, changed.mirrored, changed.refine) == (0.3, True, "none")
    assert config == ColorizerConfig()
    for field in dataclasses.fields(config):
        if field.name not in COLOURING_OPTIONS:
            with pytest.raises(ValueError, match=f"{field.name} is fixed at fitting"):
                config.with_options(**{field.name: getattr(config, field.name)})


def test_colouring_options_are_checked() -> None:
    with pytest.raises(ValueError, match="temperature must be"):
        ColorizerConfig().with_options(temperature=0)


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ColorizerConfig().size = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [("step", 1.5), ("size", "256"), ("mirrored", 1), ("seed", True), ("features", 3), ("refine", None),
     ("hidden", (0,)), ("hidden", (1.5,))],
)  # fmt: skip
def test_settings_of_another_type_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        ColorizerConfig.from_dict({name: value})
