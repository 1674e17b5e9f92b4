"""Skin in a picture of people, and how much of it an output gives its colour back."""

import numpy as np
import pytest

from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.skin import TONES, combine_skin, mean_skin
from benchmarks.metrics.table import SET_METRICS
from featcolor.colour.lab import lab_to_rgb

SKIN_LIGHTNESS = {"dark": 38.0, "medium": 57.0, "light": 72.0}


def coloured(lightness, chroma, hue):
    """A picture of planes (H, W): L*, chroma, hue in degrees."""
    hue = np.radians(hue)
    ab = np.stack(np.broadcast_arrays(chroma * np.cos(hue), chroma * np.sin(hue)), axis=-1)
    return lab_to_rgb(np.float32(lightness / 100), np.float32(ab), np.uint8)


def portrait(lightness=60.0, chroma=22.0, hue=48.0, flush=8.0, turn=0.0, box=np.s_[30:70, 30:70]):
    """(100, 100, 3): a face-like region, its hue uneven by `flush` degrees, in front of a bluish ground."""
    rows, columns = np.mgrid[:100, :100]
    inside = np.zeros((100, 100), bool)
    inside[box] = True
    hues = np.where(inside, hue + turn + flush * np.sin((rows + columns) / 6), 250.0 + turn)
    return coloured(np.where(inside, lightness, 50.0), np.where(inside, chroma, 12.0), hues), inside


def share(key, *pairs):
    metric = SET_METRICS[key]
    return metric.combine(np.stack([metric.statistic(Picture(truth), Picture(output)) for truth, output in pairs]))


@pytest.mark.parametrize("tone", TONES)
def test_skin_of_every_tone_is_found_and_nothing_else(tone):
    truth, inside = portrait(SKIN_LIGHTNESS[tone])
    tones = Picture(truth).skin_tones
    assert np.array_equal(tones > 0, inside)
    assert set(tones[inside]) == {1 + TONES.index(tone)}


@pytest.mark.parametrize(
    ("what", "drawn"),
    [
        ("even as sand or a plank", {"flush": 1.0}),
        ("a floor from edge to edge", {"box": np.s_[60:90, :]}),
        ("smaller than a hand", {"box": np.s_[50:54, 50:53]}),
        ("as grey as a wall", {"chroma": 6.0}),
        ("as green as a lawn", {"hue": 120.0}),
        ("as red as paint", {"hue": 30.0, "chroma": 60.0}),
    ],
)
def test_what_is_no_skin_is_left_out(what, drawn):
    assert not Picture(portrait(**drawn)[0]).skin_tones.any(), what


def test_a_face_that_fills_the_picture_is_no_floor():
    assert Picture(portrait(box=np.s_[20:95, :])[0]).skin_tones.mean() > 0.5


def test_gaps_as_between_planks_are_no_skin():
    rows, columns = np.mgrid[:100, :100]
    comb = ((columns % 12 < 4) | (rows < 14)) & (columns > 2) & (columns < 97) & (rows < 90)
    hues = np.where(comb, 48 + 8 * np.sin((rows + columns) / 6), 250.0)
    picture = coloured(np.where(comb, 60.0, 50.0), np.where(comb, 22.0, 12.0), hues)
    assert not Picture(picture).skin_tones.any()


def test_hue_within_25_degrees_and_half_the_chroma_is_right():
    truth, _ = portrait()
    assert share("skin", (truth, truth)) == 100
    assert share("skin", (truth, portrait(turn=20.0)[0])) == 100
    assert share("skin", (truth, portrait(turn=-30.0)[0])) == 0
    assert share("skin", (truth, portrait(chroma=13.0)[0])) == 100
    assert share("skin", (truth, portrait(chroma=9.0)[0])) == 0
    grey = np.repeat(truth.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert share("skin", (truth, grey)) == 0


def test_each_tone_has_a_share_of_its_own_and_pixels_count_alike():
    (dark, _), (light, inside) = portrait(38.0, box=np.s_[30:70, 30:50]), portrait(72.0)
    pairs = [(dark, dark), (light, portrait(72.0, turn=60.0)[0])]
    assert share("skin_dark", *pairs) == 100
    assert share("skin_light", *pairs) == 0
    assert share("skin", *pairs) == pytest.approx(100 / 3, abs=0.5)
    assert np.isnan(share("skin_medium", *pairs))
    assert inside.any()


def test_a_hand_weighs_as_much_as_a_portrait_in_the_mean_of_pictures():
    (hand, _), (face, _), (none, _) = portrait(box=np.s_[30:42, 34:46]), portrait(), portrait(hue=120.0)
    pairs = [(hand, portrait(turn=60.0, box=np.s_[30:42, 34:46])[0]), (face, face), (none, none)]
    assert share("skin", *pairs) > 80
    assert share("skin_of_pictures", *pairs) == 50


def test_without_skin_there_is_no_share():
    assert np.isnan(combine_skin(np.zeros((3, 2, 3))))
    assert np.isnan(mean_skin(np.zeros((3, 2, 3))))
