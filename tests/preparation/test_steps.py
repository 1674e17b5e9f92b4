"""What each step of a preparation promises, and what it leaves alone."""

from __future__ import annotations

import pickle
from itertools import pairwise, permutations
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from featcolor.batch.colour import colorize_prepared
from featcolor.colour.film_stock import add_grain, fade
from featcolor.colour.lab import FloatArray, lab_to_rgb, lightness_of
from featcolor.commands.given.options import PREPARE_HELP
from featcolor.preparation.border import inside_border
from featcolor.preparation.contrast import FLAT, LIGHT_AREA, _read_curves, equalize_locally, restore, stretch
from featcolor.preparation.dust import ROW_SLACK, _in_rows, remove_dust, remove_scratches
from featcolor.preparation.grain import denoise, denoise_grainy, measure_grain
from featcolor.preparation.steps import AUTO_STEPS, CONTRASTS, STEPS, Step, grey_picture, parse_preparation, prepare

EVERY_STEP = [*(Step(name) for name in STEPS), *(Step("contrast", name) for name in CONTRASTS)]


def photograph(name: str = "astronaut", shape: tuple[int, int] = (256, 256)) -> FloatArray:
    lightness = lightness_of(getattr(skimage.data, name)())
    return np.asarray(cv2.resize(lightness, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def psnr(first: FloatArray, second: FloatArray) -> float:
    return float(-10 * np.log10(np.mean((first - second) ** 2)))


class OneColour:
    """Stands in for a Colorizer: every pixel gets the same chroma, and what was asked is kept."""

    def __init__(self) -> None:
        self.pictures: list[NDArray[Any]] = []

    def colorize(self, picture: NDArray[Any], *, return_confidence: bool = False) -> Any:
        self.pictures.append(picture)
        lightness = lightness_of(picture)
        rgb = lab_to_rgb(lightness, np.full((*lightness.shape, 2), 20, np.float32), picture.dtype)
        return (rgb, np.ones((3, 4), np.float32)) if return_confidence else rgb


# all steps


@pytest.mark.parametrize("step", EVERY_STEP, ids=str)
@pytest.mark.parametrize("value", [0.0, 0.37, 1.0])
def test_an_even_picture_stays_as_it_is(step, value):
    even = np.full((90, 70), value, np.float32)
    np.testing.assert_array_equal(step(even), even)


@pytest.mark.parametrize("step", EVERY_STEP, ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (17, 40)])
def test_pictures_of_any_size_keep_it_and_are_not_changed(step, shape):
    lightness = np.random.default_rng(0).random(shape, np.float32)
    before = lightness.copy()
    prepared, region = prepare(lightness, [step])
    assert prepared.shape == shape
    assert prepared.dtype == np.float32
    assert 0 <= prepared.min() <= prepared.max() <= 1
    assert all(part.stop > part.start for part in region)
    np.testing.assert_array_equal(lightness, before)


@pytest.mark.parametrize("step", [Step("dust"), Step("denoise"), Step("contrast")], ids=str)
def test_no_band_of_a_tall_picture_is_left_out(step):
    aged = add_grain(fade(photograph(), strength=0.3), np.random.default_rng(0), strength=0.05)
    aged = dusty(aged, [(150, 40)], 1.0)
    prepared = step(np.tile(aged, (8, 1)))
    for part in range(8):
        assert np.abs(prepared[part * 256 + 64 : part * 256 + 192] - step(aged)[64:192]).mean() < 0.01


# contrast


def test_percentile_contrast_reaches_black_and_white_keeps_the_order_of_tones_and_undoes_fading():
    faded = fade(photograph(), strength=0.5)
    stretched = stretch(faded)
    assert np.mean(stretched == 0) >= 0.004
    assert np.mean(stretched >= 1 - 1e-6) >= 0.004
    order = np.argsort(faded, axis=None)
    assert (np.diff(stretched.ravel()[order]) >= 0).all()
    original = stretch(photograph())
    assert psnr(stretch(fade(original, strength=0.5)), original) > psnr(fade(original, strength=0.5), original) + 20


def test_restoring_undoes_fading_and_leaves_full_contrast_alone():
    original = stretch(photograph())
    faded = fade(original, strength=0.5)
    assert psnr(restore(faded), original) > psnr(faded, original) + 10
    np.testing.assert_array_equal(restore(original), original)
    ranges = [np.ptp(restore(fade(original, strength=strength))) for strength in (0.1, 0.15, 0.2, 0.25, 0.3)]
    assert min(ranges) > 0.79, "half faded pictures are not left behind"


@pytest.mark.parametrize("sky", [0.55, 0.7, 0.83])
def test_restoring_does_not_turn_a_sky_white(sky):
    rng = np.random.default_rng(0)
    picture = np.float32(sky) * rng.random((120, 160), np.float32)
    picture[:40] = np.float32(sky) + np.float32(0.02) * rng.random((40, 160), np.float32)
    assert sky - 0.01 < restore(picture)[:40].mean() < max(LIGHT_AREA, sky) + 0.02
    assert stretch(picture)[:40].mean() > 0.95


def test_contrast_of_next_to_nothing_is_not_raised():
    rng = np.random.default_rng(0)
    fog = np.float32(0.5) + rng.random((60, 60), np.float32) * np.float32(FLAT / 2)
    np.testing.assert_array_equal(stretch(fog), fog)
    np.testing.assert_array_equal(equalize_locally(fog), fog)
    np.testing.assert_array_equal(restore(fog), fog)


def test_clahe_opens_shadows_and_has_no_steps_in_16_bits():
    dark = photograph("coffee") ** 3
    opened = equalize_locally(dark)
    tile = np.s_[0:64, 0:64]
    assert opened[tile].std() > 1.2 * stretch(dark)[tile].std()
    ramp = np.tile(np.linspace(0, 1, 4000, dtype=np.float32), (64, 1))
    assert len(np.unique(equalize_locally(ramp)[32])) > 3500


def test_tone_curves_are_read_as_scipy_reads_them():
    rng = np.random.default_rng(0)
    curves = rng.random((4, 3, 9), np.float32)
    places = [rng.uniform(-1, side, (50, 60)).astype(np.float32) for side in curves.shape]
    places[2][:9] = np.arange(9, dtype=np.float32)[:, None]  # the tones themselves, the ends included
    expected = map_coordinates(curves, np.stack(places), order=1, mode="nearest")
    np.testing.assert_allclose(_read_curves(curves, *places), expected, rtol=1e-6)


# grain


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera"])
@pytest.mark.parametrize(("grain", "size", "gain"), [(0.05, 0.7, 1.5), (0.1, 0.7, 3.0), (0.05, 1.2, 0.8)])
def test_denoising_brings_a_grainy_picture_nearer_to_the_clean_one(name, grain, size, gain):
    clean = photograph(name)
    grainy = add_grain(clean, np.random.default_rng(1), strength=grain, size=size)
    assert psnr(denoise(grainy), clean) > psnr(grainy, clean) + gain


def test_denoising_leaves_a_clean_picture_nearly_alone():
    clean = photograph("astronaut", (512, 512))
    assert psnr(denoise(clean), clean) > 40
    np.testing.assert_array_equal(denoise(clean, strength=0.01), clean)


def test_grain_alone_is_taken_out_where_texture_shall_stay():
    clean = photograph("camera", (512, 512))
    rng = np.random.default_rng(0)
    grainy = (clean + np.float32(0.03) * rng.standard_normal(clean.shape, np.float32)).clip(0, 1)
    np.testing.assert_array_equal(denoise_grainy(grainy), denoise(grainy))
    grass = clean.copy()  # as strong as grain, but not everywhere alike
    grass *= 1 + np.float32(0.3) * rng.standard_normal(clean.shape, np.float32) * np.linspace(0.1, 1, 512)[None, :] ** 2
    grass = np.float32(grass.clip(0, 1))
    assert not np.array_equal(denoise(grass), grass)
    np.testing.assert_array_equal(denoise_grainy(grass), grass)


def test_grain_is_measured_beside_texture():
    clean = photograph("astronaut", (512, 512))
    measured = [
        measure_grain(add_grain(clean, np.random.default_rng(0), strength=strength))[0]
        for strength in (0.0, 0.03, 0.06, 0.12)
    ]
    assert all(weaker < stronger for weaker, stronger in pairwise(measured))
    assert measured[0] < 0.01


def test_denoising_in_bands_equals_denoising_at_once(monkeypatch):
    grainy = add_grain(photograph("astronaut", (900, 64)), np.random.default_rng(0), strength=0.05)
    monkeypatch.setattr("featcolor.preparation.grain._BAND_PIXELS", 1)
    in_bands = denoise(grainy)
    monkeypatch.setattr("featcolor.preparation.grain._BAND_PIXELS", 2**30)
    np.testing.assert_allclose(in_bands, denoise(grainy), atol=1e-5)


# dust and scratches


def dusty(clean: FloatArray, places: list[tuple[int, int]], value: float, radius: int = 2) -> FloatArray:
    dusted = clean.copy()
    for row, column in places:
        cv2.circle(dusted, (column, row), radius, value, -1, cv2.LINE_AA)
    return dusted


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_dust_goes_and_every_other_pixel_stays(value):
    clean = 0.2 + 0.6 * cv2.GaussianBlur(photograph("camera", (400, 400)), (0, 0), 3)
    clean[:, -40:-20], clean[:, -20:] = 0, 1  # so that the picture has black and white of its own
    places = [(60, 80), (100, 300), (40, 200), (30, 330), (140, 60)]
    dusted = dusty(clean, places, value)
    mended = remove_dust(dusted)
    touched = mended != dusted
    assert psnr(mended, clean) > psnr(dusted, clean) + 6
    near = np.zeros(clean.shape, np.float32)
    assert not touched[dusty(near, places, 1.0, radius=7) == 0].any()


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "camera", "text", "brick", "grass"])
def test_hardly_anything_in_a_clean_picture_is_taken_for_dust(name):
    clean = lightness_of(getattr(skimage.data, name)())
    assert np.mean(remove_dust(clean) != clean) < 0.001
    if name != "brick":  # its joints are thin upright lines: why scratches are no part of auto
        assert np.mean(remove_scratches(clean) != clean) < 0.001


def test_specks_of_a_row_are_those_that_a_plain_search_finds():
    rng = np.random.default_rng(0)
    for _ in range(10):
        places = rng.integers(0, 40, (20, 2))
        specks = [
            (slice(y, y + rows), slice(x, x + 2), np.ones((rows, 2), bool))
            for (y, x), rows in zip(places, rng.integers(1, 9, 20), strict=True)
        ]
        centres = [complex((x.start + x.stop) / 2, (y.start + y.stop) / 2) for y, x, _ in specks]
        expected = set()
        for a, b, c in permutations(range(20), 3):
            apart, sizes = abs(centres[a] - centres[b]), [specks[i][2].sum() for i in (a, b, c)]
            between = abs(centres[c] - (centres[a] + centres[b]) / 2) <= max(1.0, ROW_SLACK * apart / 2)
            if apart <= 2 * 9.0 and between and max(sizes) <= 2 * min(sizes):
                expected |= {a, b, c}
        assert set(np.flatnonzero(_in_rows(specks, 9.0))) == expected


def test_buttons_in_a_row_are_no_dust_and_one_alone_is():
    coat = np.full((300, 300), 0.4, np.float32)
    coat[:, :20], coat[:, -20:] = 0, 1
    row = [(60 + 12 * each, 150) for each in range(6)]
    np.testing.assert_array_equal(remove_dust(dusty(coat, row, 1.0)), dusty(coat, row, 1.0))
    assert (remove_dust(dusty(coat, row[:1], 1.0)) != dusty(coat, row[:1], 1.0)).any()


@pytest.mark.parametrize("value", [0.02, 0.98])
def test_an_upright_scratch_goes_and_the_edge_of_a_wall_stays(value):
    clean = cv2.GaussianBlur(photograph("camera", (300, 400)), (0, 0), 2)
    scratched = clean.copy()
    columns = 60 + np.round(np.linspace(0, 3, 300)).astype(int)
    scratched[np.arange(300), columns] = value
    mended = remove_scratches(scratched)
    assert psnr(mended, clean) > psnr(scratched, clean) + 6
    np.testing.assert_array_equal(mended[:, :50], clean[:, :50])
    np.testing.assert_array_equal(mended[:, 74:], clean[:, 74:])
    wall = np.full((300, 400), 0.3, np.float32)
    wall[:, 200:] = 0.7
    wall[:, 199:201] = 0.95
    np.testing.assert_array_equal(remove_scratches(wall), wall)


# frame


def framed(value: float, widths: tuple[int, int, int, int]) -> FloatArray:
    top, bottom, left, right = widths
    inside = 0.3 + 0.4 * photograph()
    return np.asarray(
        cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=value), np.float32
    )


@pytest.mark.parametrize("value", [0.02, 0.97])
@pytest.mark.parametrize("widths", [(12, 20, 15, 9), (20, 20, 0, 0), (0, 0, 25, 25)])
def test_a_frame_is_found_to_within_a_few_pixels(value, widths):
    picture = framed(value, widths)
    rows, columns = inside_border(picture)
    for found, true in zip(
        (rows.start, picture.shape[0] - rows.stop, columns.start, picture.shape[1] - columns.stop), widths, strict=True
    ):
        assert true <= found <= (true + 5 if true else 0)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "camera", "rocket", "text", "brick"])
def test_a_picture_without_a_frame_has_none(name):
    lightness = lightness_of(getattr(skimage.data, name)())
    assert inside_border(lightness) == (slice(0, lightness.shape[0]), slice(0, lightness.shape[1]))


def test_a_white_sky_and_a_black_ground_are_no_frame():
    scene = photograph()
    scene[:40] = 1.0
    assert inside_border(scene)[0] == slice(0, 256)


def test_the_frame_stays_neutral_and_does_not_count_for_the_contrast():
    picture = grey_picture(framed(1.0, (20, 20, 20, 20)), np.dtype(np.uint8))
    painter = OneColour()
    rgb, confidence = colorize_prepared(painter, picture, parse_preparation("contrast,border"), return_confidence=True)
    assert rgb.shape == (*picture.shape, 3)
    assert (rgb[:20] == picture[:20, :, None]).all()
    assert (confidence[:20] == 0).all()
    assert confidence[150, 150] == 1
    assert (rgb[150, 150] != rgb[150, 150, 0]).any()
    assert painter.pictures[0].max() == 255
    assert painter.pictures[0].min() == 0


# the whole


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_steps_leave_alone_comes_back_to_the_bit(dtype):
    codes = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(256, -1)
    np.testing.assert_array_equal(grey_picture(lightness_of(codes), codes.dtype), codes)


def test_without_steps_the_picture_itself_is_coloured():
    painter = OneColour()
    picture = skimage.data.astronaut()
    colorize_prepared(painter, picture)
    assert painter.pictures[0] is picture


def test_a_sepia_scan_is_coloured_as_the_grey_one():
    """A flat cast needs no step: a colour picture counts by its lightness."""
    lightness = 0.1 + 0.75 * photograph()
    sepia = lab_to_rgb(lightness, np.broadcast_to(np.float32([6, 22]), (256, 256, 2)), np.uint8)
    np.testing.assert_allclose(lightness_of(sepia), lightness, atol=0.0035)
    painter = OneColour()
    colorize_prepared(painter, sepia, parse_preparation("border"))
    colorize_prepared(painter, grey_picture(lightness, np.dtype(np.uint8)), parse_preparation("border"))
    difference = painter.pictures[0].astype(int) - painter.pictures[1].astype(int)
    assert np.abs(difference).max() <= 1


def test_steps_follow_each_other_as_named_and_travel_to_workers():
    steps = parse_preparation(" denoise:0.5, contrast:clahe ,dust")
    assert [str(step) for step in steps] == ["denoise:0.5", "contrast:clahe", "dust"]
    assert pickle.loads(pickle.dumps(steps)) == steps
    assert parse_preparation("auto") == AUTO_STEPS


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        *((text, ", ".join((*STEPS, "auto"))) for text in ("", "sharpen", "dust,", "auto:2", ",", "Contrast")),
        ("contrast:more", "percentile, clahe"),
        *((text, "a number above 0") for text in ("denoise:much", "denoise:-1", "dust:nan", "dust:0", "scratches:inf")),
        ("border:3", "no option"),
    ],
)
def test_a_step_or_an_option_that_there_is_not_is_told_those_that_there_are(text, choices):
    with pytest.raises(ValueError, match=choices):
        parse_preparation(text)


def test_help_names_every_step_and_option():
    for name in (*STEPS, *CONTRASTS, "auto"):
        assert name in PREPARE_HELP
