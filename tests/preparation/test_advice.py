"""Signs of age: found where they are plain, never in a clean photograph."""

import numpy as np
import pytest
from skimage import data

from featcolor.colour.lab import lightness_of
from featcolor.preparation.advice import FADED, GRAINY, SCRATCHED, signs_of_age
from featcolor.preparation.steps import grey_picture

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "camera", "rocket")


def photograph(name="camera"):
    return getattr(data, name)()


def codes(lightness, dtype=np.uint8):
    return grey_picture(np.asarray(lightness, np.float32).clip(0, 1), np.dtype(dtype))


def faded(name="camera"):
    return codes(0.2 + 0.55 * lightness_of(photograph(name)))


def grainy(name="camera", grain=0.03):
    lightness = lightness_of(photograph(name))
    return codes(lightness + grain * np.random.default_rng(0).standard_normal(lightness.shape))


def scratched(name="coffee", lean=0):
    lightness = lightness_of(photograph(name)).copy()
    for row in range(len(lightness)):
        column = 300 + lean * row // len(lightness)
        lightness[row, column : column + 2] = 0.9
    return codes(lightness)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_clean_photographs_show_none_in_colour_or_in_grey(name):
    picture = photograph(name)
    assert signs_of_age(picture) == ()
    assert signs_of_age(codes(lightness_of(picture))) == ()


@pytest.mark.parametrize(
    ("picture", "sign"),
    [(faded(), FADED), (grainy(), GRAINY), (scratched(), SCRATCHED), (scratched(lean=5), SCRATCHED)],
)
def test_what_is_plainly_worn_is_told_in_every_depth(picture, sign):
    assert signs_of_age(picture) == (sign,)
    assert signs_of_age(np.dstack([picture] * 3)) == (sign,)
    assert signs_of_age(picture.astype(np.uint16) * 257) == (sign,)
    assert signs_of_age((picture / 255).astype(np.float32)) == (sign,)


def test_a_sepia_scan_is_old_and_a_colour_photograph_is_not():
    scan = faded("astronaut")
    sepia = (scan[..., None] * np.array([1.0, 0.92, 0.78])).astype(np.uint8)
    assert signs_of_age(sepia) == signs_of_age(scan) == (FADED,)
    colour = (80 + photograph("astronaut") * (80 / 255)).astype(np.uint8)
    assert signs_of_age(colour) == ()


def test_low_contrast_of_a_small_thing_before_a_plain_ground_is_not_fading():
    plain = np.full((300, 300), 130, np.uint8)
    plain[100:130, 100:130] = np.linspace(90, 190, 900).reshape(30, 30)
    assert FADED not in signs_of_age(plain)


def test_the_edge_of_a_door_and_a_short_line_are_no_scratches():
    door = np.repeat([[90, 160]], 150, axis=1).repeat(300, axis=0).astype(np.uint8)
    door[:, 150:152] = 230
    short = np.full((300, 300), 120, np.uint8)
    short[:250, 150:152] = 230
    assert SCRATCHED not in signs_of_age(door)
    assert SCRATCHED not in signs_of_age(short)


@pytest.mark.parametrize("shape", [(1, 1), (199, 600), (200, 200), (3, 900), (2000, 210)])
def test_pictures_of_any_size_and_even_ones_are_taken(shape):
    for value in (0, 128, 255):
        assert signs_of_age(np.full(shape, value, np.uint8)) == ()
    assert signs_of_age(np.full((*shape, 3), 77, np.uint16)) == ()
