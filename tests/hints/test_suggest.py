"""Suggestions of colours: distinct, within the gamut, in the order of their shares, and found where they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from featcolor.colour.lab import lightness_of
from featcolor.colour.measures import delta_e00, lab_of
from featcolor.errors import UsageError
from featcolor.hints.colours import chroma_at, parse_colour
from featcolor.hints.likely import LikelyColours
from featcolor.hints.picture import HintablePicture
from featcolor.hints.places import two_views
from featcolor.hints.suggest import Suggestion, suggestions
from featcolor.models.pretrained import PretrainedColorizer
from features.annealed import mean_and_spread
from features.colournet import ColourNetwork
from tests.samples import grey

CELLS = np.stack(np.meshgrid(np.arange(-80, 81, 10), np.arange(-80, 81, 10)), axis=-1).reshape(-1, 2).astype(np.float32)


def around(*modes: tuple[float, float, float]) -> NDArray[np.float32]:
    """A distribution over `CELLS` of narrow peaks (a, b, share)."""
    total = sum(share * np.exp(-0.5 * ((CELLS - (a, b)) ** 2).sum(axis=1) / 25) for a, b, share in modes)
    return np.asarray(total / np.sum(total), np.float32)


def test_each_of_some_peaks_is_suggested_the_highest_first() -> None:
    first, second, third = suggestions(around((40, 30, 0.5), (-30, 20, 0.3), (0, -40, 0.2)), CELLS, 0.6, 3)
    assert np.allclose((first.a, first.b), (40, 30), atol=2)
    assert np.allclose((second.a, second.b), (-30, 20), atol=2)
    assert np.allclose((third.a, third.b), (0, -40), atol=2)
    assert first.share > second.share > third.share > 0.1


def test_a_place_that_is_sure_has_one_colour() -> None:
    shares = np.zeros(len(CELLS), np.float32)
    shares[np.flatnonzero((CELLS == (20, 20)).all(axis=1))] = 1
    (only,) = suggestions(shares, CELLS, 0.5, 5)
    assert only.share == pytest.approx(1)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(1, 12))
def test_shares_fall_and_are_a_part_and_colours_are_there_at_that_lightness(
    seed: int, lightness: float, count: int
) -> None:
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(len(CELLS), 0.05)).astype(np.float32)
    found = suggestions(shares, CELLS, lightness, count)
    assert 1 <= len(found) <= count
    parts = [each.share for each in found]
    assert parts == sorted(parts, reverse=True)
    assert sum(parts) <= 1 + 1e-6
    assert len({each.colour for each in found}) == len(found)
    for each in found:
        rgb = np.array([[parse_colour(each.colour)]], np.uint8)
        assert lightness_of(rgb)[0, 0] == pytest.approx(lightness, abs=0.004)
        assert np.allclose(lab_of(rgb)[0, 0, 1:], (each.a, each.b), atol=0.01)


def test_what_is_more_is_the_same_and_more() -> None:
    shares = np.random.default_rng(3).dirichlet(np.full(len(CELLS), 0.1)).astype(np.float32)
    assert suggestions(shares, CELLS, 0.5, 9)[:4] == suggestions(shares, CELLS, 0.5, 4)


def test_colours_of_one_place_are_told_apart_by_eye() -> None:
    shares = np.full(len(CELLS), 1 / len(CELLS), np.float32)
    found = suggestions(shares, CELLS, 0.6, 9)
    lab = np.array([(60, each.a, each.b) for each in found])
    apart = delta_e00(lab[:, None].repeat(len(lab), 1), lab[None].repeat(len(lab), 0))
    assert apart[np.triu_indices(len(lab), 1)].min() > 4


def test_a_suggestion_given_back_as_a_hint_is_itself() -> None:
    for each in suggestions(around((40, 30, 1), (-20, 10, 1)), CELLS, 0.6, 2):
        rgb = np.array([parse_colour(each.colour)], np.float32)
        own = lightness_of(rgb[None].astype(np.uint8))[0]
        assert np.allclose(chroma_at(rgb, own)[0], (each.a, each.b), atol=0.3)


def test_likely_colours_of_the_mirrored_picture_are_mirrored(
    photographs: dict[str, NDArray[np.uint8]], default_network: object
) -> None:
    lightness = lightness_of(photographs["coffee"])
    network = ColourNetwork()
    likely = LikelyColours.of(two_views(network, lightness), lightness.shape[1])
    shares = likely.shares(np.array([[30, 20], [50, 70]]))
    assert shares.shape == (2, len(network.info.cells))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    # The views change places, but for the scale at which they are seen.
    one_scale = LikelyColours(likely.cells, network.maps(lightness), network.maps(lightness[:, ::-1]), likely.width)
    width = lightness.shape[1]
    flipped = LikelyColours(likely.cells, one_scale.mirrored, one_scale.straight, width)
    there = flipped.shares(np.array([[30, width - 1 - 20], [50, width - 1 - 70]]))
    assert np.allclose(one_scale.shares(np.array([[30, 20], [50, 70]])), there, atol=1e-5)


def test_the_deviation_is_about_what_is_painted(
    photographs: dict[str, NDArray[np.uint8]], default_network: object
) -> None:
    lightness = lightness_of(photographs["coffee"])
    likely = LikelyColours.of(two_views(ColourNetwork(), lightness), lightness.shape[1])
    yx = np.array([[30, 20], [50, 70]])
    shares = likely.shares(yx)
    mean, spread = mean_and_spread(shares, likely.cells)
    assert np.allclose(likely.deviation(yx, mean), spread, rtol=1e-5)
    painted = np.float32([[10, 0], [0, -30]])
    plain = np.sqrt((shares * ((likely.cells[None] - painted[:, None]) ** 2).sum(axis=2)).sum(axis=1))
    assert np.allclose(likely.deviation(yx, painted), plain, rtol=1e-4)


def test_a_picture_suggests_at_its_pixels_and_nowhere_else(
    photographs: dict[str, NDArray[np.uint8]], default_network: object
) -> None:
    picture = HintablePicture(PretrainedColorizer(), grey(photographs["coffee"]))
    height, width = photographs["coffee"].shape[:2]
    found = picture.suggest(width - 1, height - 1, 3)
    assert len(found) == 3
    assert all(isinstance(each, Suggestion) for each in found)
    for x, y in ((-1, 0), (0, -1), (width, 0), (0, height)):
        with pytest.raises(UsageError, match=f"the point {x},{y} is outside"):
            picture.suggest(x, y)
