"""Colours of hints: names that people use, and what a colour is at another lightness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import UsageError
from featcolor.hints.colours import COMMON, chroma_at, colour_names, colour_table, hex_of, parse_colour

BYTES = st.tuples(*[st.integers(0, 255)] * 3)


@given(BYTES)
def test_codes_and_colours_go_both_ways(colour: tuple[int, int, int]) -> None:
    assert parse_colour(hex_of(colour)) == colour
    assert parse_colour(hex_of(colour).upper()) == colour


def test_every_name_of_css_is_known_and_ours_go_before() -> None:
    ours = {name.replace(" ", "") for group in COMMON.values() for name in group}
    for name in set(ImageColor.colormap) - ours:
        assert parse_colour(name) == ImageColor.getrgb(name)
    for group in COMMON.values():
        for name, colour in group.items():
            assert hex_of(parse_colour(name)) == colour.code


def test_spelling_is_free() -> None:
    for name in ("Field-Grey", "field gray", " FIELDGREY ", "field_grey"):
        assert parse_colour(name) == parse_colour("field grey")


def test_the_table_names_all() -> None:
    table = colour_table()
    assert all(name in table for group in COMMON.values() for name in group)
    assert set(ImageColor.colormap) <= {*table.split(), *colour_names()}


@pytest.mark.parametrize(
    ("text", "words"),
    {
        "nevy": "perhaps navy",
        "skin": "pale skin",
        "#12345": "#rrggbb",
        "": "#rrggbb",
        "x" * 1000: "unknown colour",
    }.items(),
)
def test_an_unknown_colour_is_refused_in_one_short_line_with_those_that_are_near(text: str, words: str) -> None:
    with pytest.raises(UsageError, match="#rrggbb") as caught:
        parse_colour(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(BYTES)
def test_at_its_own_lightness_a_colour_is_itself(colour: tuple[int, int, int]) -> None:
    rgb = np.array([colour], np.float32)
    lightness, chroma = rgb_to_lab(rgb[None] / np.float32(255))
    np.testing.assert_allclose(chroma_at(rgb, lightness[0])[0], chroma[0, 0], atol=0.6)


@given(st.integers(0, 255), st.floats(0, 1))
def test_grey_is_neutral_everywhere(level: int, lightness: float) -> None:
    assert not chroma_at(np.full((1, 3), level, np.float32), np.array([lightness], np.float32)).any()


@given(BYTES, st.floats(0.05, 1))  # darker ones round to black
def test_a_colour_at_any_lightness_is_within_the_gamut(colour: tuple[int, int, int], lightness: float) -> None:
    level = np.array([[lightness]], np.float32)
    chroma = chroma_at(np.array([colour], np.float32), level[0])
    rgb = lab_to_rgb(level, chroma[None], np.dtype(np.float32))
    again, back = rgb_to_lab(rgb)
    assert abs(float(again[0, 0]) - lightness) < 0.01
    np.testing.assert_allclose(back[0], chroma, atol=1.5)


def test_khaki_in_a_shadow_is_khaki_of_less_chroma_and_blue_stays_blue() -> None:
    levels = np.linspace(0.15, 0.7, 12, dtype=np.float32)
    for name in ("khaki", "brick", "bottle green"):
        chroma = chroma_at(np.tile(np.array([parse_colour(name)], np.float32), (12, 1)), levels)
        hue = np.degrees(np.unwrap(np.arctan2(chroma[:, 1], chroma[:, 0])))
        assert np.ptp(hue) < 25, name
        assert np.hypot(*chroma[0]) < np.hypot(*chroma[-1]) or name != "khaki"
