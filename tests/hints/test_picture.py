"""Colorizers with hints: nothing told changes nothing, what is told stands there in full size, and lightness stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.hints.colours import chroma_at
from featcolor.hints.hint import Hint, Hints
from featcolor.hints.picture import HintablePicture, HintedColorizer, SharedColorizer, change_of
from featcolor.hints.pixels import HintPixels
from featcolor.hints.shared import SharedHints
from featcolor.models.pretrained import PretrainedColorizer
from tests.samples import grey

NOTHING = HintPixels.together([])


@pytest.fixture(scope="module")
def astronaut(photographs: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return grey(photographs["astronaut"])


def test_no_hint_changes_nothing(astronaut: NDArray[np.uint8]) -> None:
    base = PretrainedColorizer()
    plain = base.colorize(astronaut)
    assert (HintedColorizer(base, NOTHING).colorize(astronaut) == plain).all()
    assert (HintablePicture(base, astronaut).colorize(NOTHING) == plain).all()


@pytest.mark.parametrize("scale", [0.4, 1, 3])
@pytest.mark.parametrize("colour", ["#e07020", "#2050c0", "grey"])
def test_a_hint_has_its_colour_in_full_size(astronaut: NDArray[np.uint8], scale: float, colour: str) -> None:
    side = int(scale * len(astronaut))
    picture = cv2.resize(astronaut, (side, side))
    x, y = int(0.2 * side), int(0.65 * side)
    pixels = Hints((Hint(((x, y),), colour),)).pixels((side, side))
    rgb, lightness = HintedColorizer(PretrainedColorizer(), pixels).colorize(picture), lightness_of(picture)
    told = lab_to_rgb(lightness[y : y + 1, x : x + 1], chroma_at(pixels.rgb, lightness[y : y + 1, x])[None])
    assert deltaE_ciede2000(rgb2lab(told)[0, 0], rgb2lab(rgb[y : y + 1, x : x + 1])[0, 0]) <= 2
    assert np.abs(lightness_of(rgb) - lightness).max() < 0.006


@pytest.mark.parametrize("warmth", [-1.0, 1.0])
def test_a_hint_keeps_its_colour_in_any_light(astronaut: NDArray[np.uint8], warmth: float) -> None:
    x, y = len(astronaut) // 5, len(astronaut) * 13 // 20
    base = PretrainedColorizer().with_options(warmth=warmth)
    lightness = lightness_of(astronaut)
    for colour in ("#e07020", "grey"):
        pixels = Hints((Hint(((x, y),), colour),)).pixels(astronaut.shape)
        told = chroma_at(pixels.rgb, lightness[y : y + 1, x])[0]
        np.testing.assert_allclose(HintedColorizer(base, pixels).predict(lightness)[y, x], told, atol=0.5)


def test_a_picture_that_is_known_answers_as_a_new_one_does(astronaut: NDArray[np.uint8]) -> None:
    base, picture = PretrainedColorizer(), None
    picture = HintablePicture(base, astronaut)
    for colour in ("navy", "#e07020"):
        pixels = Hints((Hint(((30, 100), (44, 110)), colour, 3.0),)).pixels(astronaut.shape)
        assert (picture.colorize(pixels) == HintedColorizer(base, pixels).colorize(astronaut)).all()


def test_one_click_colours_the_suit_and_not_the_face(astronaut: NDArray[np.uint8]) -> None:
    base = PretrainedColorizer()
    side = len(astronaut) / 512
    pixels = Hints((Hint(((110 * side, 330 * side),), "#e07020"),)).pixels(astronaut.shape)
    before, after = base.colorize(astronaut), HintedColorizer(base, pixels).colorize(astronaut)
    change = deltaE_ciede2000(rgb2lab(before), rgb2lab(after))

    def part(top: int, bottom: int, left: int, right: int) -> NDArray[np.float64]:
        rows, columns = (slice(int(a * side), int(b * side)) for a, b in ((top, bottom), (left, right)))
        return change[rows, columns]

    assert part(400, 460, 180, 220).mean() > 15  # the other side of the suit
    assert part(100, 170, 195, 245).mean() < 2  # the face
    assert part(40, 120, 290, 350).mean() < 4  # the wall


def test_the_confidence_rises_at_a_hint(astronaut: NDArray[np.uint8]) -> None:
    base = PretrainedColorizer()
    pixels = Hints((Hint(((20.0, 60.0),), "navy"),)).pixels(astronaut.shape)
    _, before = base.colorize(astronaut, return_confidence=True)
    _, after = HintedColorizer(base, pixels).colorize(astronaut, return_confidence=True)
    assert (after >= before).all()
    assert after.sum() > before.sum()


def test_shared_hints_reach_another_picture_of_the_same_thing(astronaut: NDArray[np.uint8]) -> None:
    base = PretrainedColorizer()
    pixels = Hints((Hint(((34, 103),), "#e07020"),)).pixels(astronaut.shape)
    shared = SharedHints.of([change_of(base, astronaut, pixels)], anywhere=True)
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    before, after = (each.colorize(mirrored)[:, ::-1] for each in (base, SharedColorizer(base, shared)))
    change = deltaE_ciede2000(rgb2lab(before), rgb2lab(after))
    assert change[125:145, 20:45].mean() > 15  # the suit
    assert change[31:53, 61:77].mean() < 4  # the face
