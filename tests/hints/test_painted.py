"""Painted pictures: paint is found and nothing else, as a layer, flat, from JPEG and at another size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featcolor.colour.lab import lightness_of
from featcolor.errors import UsageError
from featcolor.hints.colours import chroma_at, parse_colour
from featcolor.hints.painted import read_painted
from featcolor.hints.pixels import MOST_PIXELS, HintPixels

STROKES = {"brick": ((20, 60), (70, 80)), "cobalt": ((90, 20), (150, 20)), "dusty pink": ((100, 95), (140, 60))}
Photographs = dict[str, NDArray[np.uint8]]


@pytest.fixture(scope="module")
def scene(photographs: Photographs) -> NDArray[np.uint8]:
    """A grey photograph, (240, 320) or so, as a scan is: not clean."""
    large = cv2.resize(photographs["coffee"], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(large, cv2.COLOR_RGB2GRAY)


def colours_on(canvas: NDArray, width: int = 9) -> tuple[NDArray, NDArray]:
    """The canvas with the strokes, and which stroke each pixel is of, from 1; 0 for none."""
    painted, number = canvas.copy(), np.zeros(canvas.shape[:2], np.uint8)
    for index, (name, (start, end)) in enumerate(STROKES.items(), 1):
        cv2.line(painted, start, end, (*parse_colour(name), *[255] * (canvas.shape[2] - 3)), width)
        cv2.line(number, start, end, index, width)
    return painted, number


def check(pixels: HintPixels, number: NDArray) -> None:
    """Every stroke is there in its colour, and hardly anything else is."""
    of = number[pixels.yx[:, 0], pixels.yx[:, 1]]
    assert (of == 0).mean() < 0.02
    for index, name in enumerate(STROKES, 1):
        found = pixels.rgb[of == index]
        assert len(found) >= 8, name
        level = np.array([0.5], np.float32)
        median = np.median(found, axis=0)[None].astype(np.float32)
        wanted = chroma_at(np.array([parse_colour(name)], np.float32), level)
        assert np.linalg.norm(chroma_at(median, level) - wanted) < 6, name


TONES = {"grey": (1.0, 1.0, 1.0), "sepia": (1.0, 0.9, 0.72), "cyanotype": (0.75, 0.9, 1.0)}


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize(("suffix", "options"), [("png", {}), ("jpg", {"quality": 75}), ("webp", {"quality": 80})])
def test_paint_on_a_flat_picture_is_what_has_another_colour_than_the_photograph(
    scene: NDArray[np.uint8], tone: str, suffix: str, options: dict[str, int], tmp_path: Path
) -> None:
    toned = np.rint(scene[..., None] * TONES[tone]).astype(np.uint8)
    painted, number = colours_on(toned)
    Image.fromarray(painted).save(tmp_path / f"a.{suffix}", **options)
    painting = read_painted(tmp_path / f"a.{suffix}", lightness_of(toned))
    check(painting.pixels, number)
    assert not painting.note


def test_a_layer_tells_grey_too(scene: NDArray[np.uint8], tmp_path: Path) -> None:
    layer, number = colours_on(np.zeros((*scene.shape, 4), np.uint8))
    cv2.line(layer, (30, 150), (80, 150), (128, 128, 128, 255), 5)
    cv2.line(number, (30, 150), (80, 150), 9, 5)
    Image.fromarray(layer).save(tmp_path / "a.png")
    pixels = read_painted(tmp_path / "a.png", lightness_of(scene)).pixels
    np.testing.assert_array_equal(pixels.yx, np.argwhere(number))
    np.testing.assert_allclose(pixels.rgb, layer[number > 0][:, :3], atol=1e-3)


def test_a_layer_of_a_photograph_with_paint_on_it_is_as_a_flat_one(scene: NDArray[np.uint8], tmp_path: Path) -> None:
    painted, number = colours_on(np.repeat(scene[..., None], 3, axis=2))
    opacity = np.full(scene.shape, 255, np.uint8)
    opacity[:4] = 0
    Image.fromarray(np.dstack([painted, opacity])).save(tmp_path / "a.png")
    check(read_painted(tmp_path / "a.png", lightness_of(scene)).pixels, number)


@pytest.mark.parametrize("scale", [0.5, 2.0, 3.0])
def test_a_painted_picture_of_another_size_is_scaled(scene: NDArray[np.uint8], scale: float, tmp_path: Path) -> None:
    size = (round(scene.shape[1] * scale), round(scene.shape[0] * scale))
    painted, number = colours_on(np.repeat(scene[..., None], 3, axis=2))
    Image.fromarray(painted).resize(size).save(tmp_path / "a.jpg", quality=85)
    pixels = read_painted(tmp_path / "a.jpg", lightness_of(scene)).pixels
    check(pixels, cv2.dilate(number, np.ones((3, 3), np.uint8)))
    assert (pixels.yx < scene.shape).all()


def test_no_paint_is_none_and_a_word_on_it(scene: NDArray[np.uint8], tmp_path: Path) -> None:
    for tone in TONES.values():
        toned = np.rint(scene[..., None] * tone).astype(np.uint8)
        Image.fromarray(toned).save(tmp_path / "a.jpg", quality=75)
        painting = read_painted(tmp_path / "a.jpg", lightness_of(toned))
        assert not len(painting.pixels)
        assert "a.jpg: no colour in it" in painting.note
    Image.fromarray(np.zeros((*scene.shape, 4), np.uint8)).save(tmp_path / "a.png")
    painting = read_painted(tmp_path / "a.png", lightness_of(scene))
    assert not len(painting.pixels)
    assert "holds no paint" in painting.note


def test_much_paint_is_thinned(scene: NDArray[np.uint8], tmp_path: Path) -> None:
    layer = np.zeros((*scene.shape, 4), np.uint8)
    layer[20:120] = (*parse_colour("sky"), 255)
    Image.fromarray(layer).resize((1280, 852), Image.Resampling.NEAREST).save(tmp_path / "a.png")
    large = cv2.resize(lightness_of(scene), (1280, 852))
    assert 1000 < len(read_painted(tmp_path / "a.png", large).pixels) <= MOST_PIXELS


def test_another_picture_a_colour_picture_and_another_shape_are_refused_by_name(
    scene: NDArray[np.uint8], photographs: Photographs, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    lightness = lightness_of(scene)
    shape = scene.shape[::-1]
    other = cv2.cvtColor(cv2.resize(photographs["rocket"], shape), cv2.COLOR_RGB2GRAY)
    refused = {
        "it shows another picture": colours_on(np.repeat(other[..., None], 3, axis=2))[0],
        "in full colour": cv2.resize(photographs["coffee"], shape),
        "another shape": colours_on(np.repeat(np.rot90(scene)[..., None], 3, axis=2))[0],
    }
    for words, picture in refused.items():
        Image.fromarray(picture).save(path)
        with pytest.raises(UsageError, match=words) as caught:
            read_painted(path, lightness)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match=r"nothere\.png"):
        read_painted(tmp_path / "nothere.png", lightness)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "china", "coffee", "flower"])
def test_a_photograph_in_colour_is_no_painting(photographs: Photographs, name: str, tmp_path: Path) -> None:
    Image.fromarray(photographs[name]).save(tmp_path / "a.jpg", quality=90)
    with pytest.raises(UsageError, match="full colour"):
        read_painted(tmp_path / "a.jpg", lightness_of(photographs[name]))
