"""Film colour: published codes, exact neutrals, round trips under every matrix, range and depth, the gamut kept."""

from fractions import Fraction

import numpy as np
import pytest
from skimage.color import rgb2lab

from featcolor.clips import ycbcr
from featcolor.clips.frames import ClipInfo
from featcolor.colour import lab as spaces

MATRICES = sorted(ycbcr.LUMA_WEIGHTS)


def info_of(matrix="bt709", full_range=False, bits=8, shift=(0, 0), height=40, width=60, **more):
    facts = {"name": "clip", "width": width, "height": height, "time_base": Fraction(1, 25)}
    return ClipInfo(**facts, matrix=matrix, full_range=full_range, bits=bits, chroma_shift=shift, **more)


every_stream = pytest.mark.parametrize(
    "info",
    [info_of(matrix, full, bits) for matrix in MATRICES for full in (False, True) for bits in (8, 10, 12, 16)],
    ids=lambda info: f"{info.matrix}-{'full' if info.full_range else 'limited'}-{info.bits}",
)


def colours(shape=(40, 60), seed=0):
    """Random colours, a third of them at the border of the gamut."""
    rng = np.random.default_rng(seed)
    rgb = rng.random((*shape, 3), dtype=np.float32)
    third = shape[0] // 3
    rgb[:third] = np.rint(rgb[:third]) * rng.random((third, shape[1], 1), dtype=np.float32)
    rgb[third : 2 * third] **= 3
    return rgb


# 75 % colour bars, 8 bits, limited range, Y' Cb Cr: BT.601 as in ITU-R BT.801 and SMPTE EG 1 (white, yellow, cyan,
# green, magenta, red, blue, black); BT.709 as in SMPTE RP 219 for 75 % bars, rounded to 8 bits
BARS = {
    "bt601": "180 128 128, 162 44 142, 131 156 44, 112 72 58, 84 184 198, 65 100 212, 35 212 114, 16 128 128",
    "bt709": "180 128 128, 168 44 136, 145 147 44, 133 63 52, 63 193 204, 51 109 212, 28 212 120, 16 128 128",
}
BAR_COLOURS = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]


@pytest.mark.parametrize("matrix", BARS)
def test_colour_bars_have_their_published_codes(matrix):
    info = info_of(matrix)
    luma, cb, cr = ycbcr.rgb_to_ycbcr(np.array([BAR_COLOURS], np.float32) * np.float32(0.75), info)
    codes = ycbcr.luma_to_codes(luma, info), ycbcr.chroma_to_codes(cb, info), ycbcr.chroma_to_codes(cr, info)
    assert ", ".join(f"{y} {b} {r}" for y, b, r in np.dstack(codes)[0]) == BARS[matrix]


def test_full_range_and_deep_codes_are_the_standards():
    assert ycbcr.code_range(info_of(bits=10)) == (64, 876, 512, 896, 1023)
    assert ycbcr.code_range(info_of(full_range=True, bits=8)) == (0, 255, 128, 255, 255)
    with pytest.raises(ValueError, match="bits"):
        ycbcr.code_range(info_of(bits=17))


@every_stream
def test_rgb_survives_unit_planes_and_codes(info):
    rgb = colours()
    planes = ycbcr.rgb_to_ycbcr(rgb, info)
    np.testing.assert_allclose(ycbcr.ycbcr_to_rgb(*planes, info, np.float32), rgb, atol=2e-6)
    codes = ycbcr.luma_to_codes(planes[0], info), *(ycbcr.chroma_to_codes(plane, info) for plane in planes[1:])
    assert all(plane.dtype == info.dtype for plane in codes)
    back = ycbcr.luma_from_codes(codes[0], info), *(ycbcr.chroma_from_codes(plane, info) for plane in codes[1:])
    for unit, again in zip(planes, back, strict=True):
        # full range has no code for Cb = 0.5: half a code more
        np.testing.assert_allclose(again, unit, atol=1.01 / ycbcr.code_range(info).luma_span)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integer_pictures_are_read_and_given_back(dtype):
    rgb = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (9, 11, 3), dtype=dtype)
    planes = ycbcr.rgb_to_ycbcr(rgb, info_of())
    assert (ycbcr.ycbcr_to_rgb(*planes, info_of(), dtype) == rgb).all()
    luma, cb, cr = ycbcr.rgb_to_ycbcr(rgb[..., 0], info_of())
    np.testing.assert_allclose(luma, rgb[..., 0] / np.iinfo(dtype).max, atol=1e-6)
    assert not cb.any()
    assert not cr.any()


@every_stream
def test_lightness_is_the_greys_at_every_code(info):
    place = ycbcr.code_range(info)
    codes = np.unique(np.linspace(0, place.top, 4096).astype(info.dtype))[None]
    grey = np.clip((codes.astype(float) - place.black) / place.luma_span, 0, 1)
    expected = rgb2lab(np.repeat(grey[..., None], 3, axis=2))[..., 0] / 100
    np.testing.assert_allclose(ycbcr.lightness_from_luma(codes, info), expected, atol=2e-6)
    np.testing.assert_allclose(ycbcr.lightness_from_luma(codes.astype(np.float32), info), expected, atol=2e-6)
    beyond = ycbcr.lightness_from_luma(np.full((1, 1), np.iinfo(info.dtype).max, info.dtype), info)
    assert beyond == pytest.approx(1.0)


@every_stream
def test_chroma_comes_back_within_a_code(info):
    rgb = colours()
    luma, cb, cr = ycbcr.rgb_to_ycbcr(rgb, info)
    place = ycbcr.code_range(info)
    exact = luma * place.luma_span + place.black  # float codes: Y' itself must not be rounded in this comparison
    got = ycbcr.chroma_to_cbcr(exact, spaces.rgb_to_lab(rgb)[1], info)
    for plane, truth in zip(got, (cb, cr), strict=True):
        error = np.abs(ycbcr.chroma_from_codes(plane, info) - truth) * 224
        assert error.max() < 0.25 + 0.51 * 224 / place.chroma_span + 0.5 * (info.full_range / 2 ** (info.bits - 8))


@every_stream
def test_neutral_is_exactly_neutral_at_every_luma(info):
    place = ycbcr.code_range(info)
    luma = np.linspace(0, place.top, 3000).astype(info.dtype).reshape(30, 100)
    before = luma.copy()
    for plane in ycbcr.chroma_to_cbcr(luma, np.zeros((30, 100, 2), np.float32), info):
        assert (plane == place.neutral).all()
    assert (luma == before).all()


@every_stream
def test_any_chroma_stays_in_the_cube(info):
    rng = np.random.default_rng(1)
    luma = rng.integers(0, ycbcr.code_range(info).top + 1, (30, 50)).astype(info.dtype)
    chroma = rng.normal(0, 60, (30, 50, 2)).astype(np.float32)
    chroma[:2] *= 100
    planes = ycbcr.chroma_to_cbcr(luma, chroma, info)
    unit = np.clip(ycbcr.luma_from_codes(luma, info), 0, 1)
    cb, cr = (ycbcr.chroma_from_codes(plane, info) for plane in planes)
    red, green, blue = ycbcr.LUMA_WEIGHTS[info.matrix]
    r, b = unit + (2 - 2 * red) * cr, unit + (2 - 2 * blue) * cb
    g = (unit - red * r - blue * b) / green
    rounding = 1.1 / ycbcr.code_range(info).chroma_span  # half a code of Cb or Cr, times up to 1.9
    for channel in (r, g, b):
        assert channel.min() > -rounding
        assert channel.max() < 1 + rounding


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("luma", [0.1, 0.4, 0.85])
def test_too_much_chroma_keeps_its_hue(matrix, luma):
    info = info_of(matrix, bits=16)
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False).reshape(20, 20)
    codes = np.full((20, 20), luma * ycbcr.code_range(info).luma_span + ycbcr.code_range(info).black, np.float32)
    for amount in (30.0, 60.0):
        wanted = amount * np.dstack([np.cos(turn), np.sin(turn)])
        chroma = ycbcr.cbcr_to_chroma(codes, *ycbcr.chroma_to_cbcr(codes, wanted.astype(np.float32), info), info)
        angle = np.arctan2(chroma[..., 1], chroma[..., 0]) - turn
        assert np.abs((angle + np.pi) % (2 * np.pi) - np.pi).max() < np.radians(5)
        assert np.hypot(chroma[..., 0], chroma[..., 1]).max() < amount * 1.05


def test_chroma_of_planes_is_that_of_the_picture():
    info = info_of("bt601", bits=16)
    rgb = colours()
    luma, cb, cr = ycbcr.rgb_to_ycbcr(rgb, info)
    codes = ycbcr.luma_to_codes(luma, info), ycbcr.chroma_to_codes(cb, info), ycbcr.chroma_to_codes(cr, info)
    bright = rgb.min(axis=2) > 0.02  # near 0 a 16-bit code moves a*, b* more
    difference = ycbcr.cbcr_to_chroma(*codes, info) - spaces.rgb_to_lab(rgb)[1]
    assert np.abs(difference[bright]).max() < 0.05


@pytest.mark.parametrize("shift", [(0, 0), (0, 1), (1, 1), (1, 0), (0, 2), (2, 2)])
@pytest.mark.parametrize("size", [(8, 12), (7, 11), (1, 1), (5, 2)])
def test_subsampling_rounds_sizes_up_and_keeps_constants(shift, size):
    info = info_of(shift=shift, height=size[0], width=size[1])
    for plane in (np.full(size, 77, np.uint8), np.full((*size, 2), 77.0)):
        small = ycbcr.subsample(plane, shift)
        assert small.shape[:2] == info.chroma_shape
        assert (small == 77).all()
        assert small.dtype == np.float32


def test_chroma_samples_lie_on_even_columns_between_rows():
    across, down = np.meshgrid(np.arange(12.0), np.arange(8.0))
    across.flags.writeable = down.flags.writeable = False
    np.testing.assert_allclose(ycbcr.subsample(across, (1, 1))[:, 1:], np.tile(np.arange(2.0, 12, 2), (4, 1)))
    np.testing.assert_allclose(ycbcr.subsample(down, (1, 1)), np.tile(np.arange(0.5, 8, 2)[:, None], (1, 6)))


def test_key_planes_are_the_pictures_chroma_on_the_grid():
    info = info_of("bt709", shift=(1, 1), height=4, width=6)
    red = np.zeros((4, 6, 3), np.uint8)
    red[..., 0] = 191  # 75 %
    cb, cr = ycbcr.key_planes(red, info)
    assert cb.shape == (2, 3)
    assert (cb == 109).all()
    assert (cr == 212).all()
    with pytest.raises(ValueError, match="frames are"):
        ycbcr.key_planes(red[:2], info)


def test_upright_turns_anticlockwise_and_as_stored_back():
    assert ycbcr.upright(np.array([[1, 2]]), 90).tolist() == [[2], [1]]
    picture = np.arange(24).reshape(2, 4, 3)
    for rotation in (0, 90, 180, 270, -90):
        assert (ycbcr.as_stored(ycbcr.upright(picture, rotation), rotation) == picture).all()
    with pytest.raises(ValueError, match="multiple of 90"):
        ycbcr.upright(picture, 45)


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (5, 1), (3, 3)])
def test_small_planes_are_coloured_as_large_ones(size):
    info = info_of()
    with pytest.raises(ValueError, match="luma must be"):
        ycbcr.chroma_to_cbcr(np.zeros((4, 4), np.uint8), np.zeros((4, 5, 2), np.float32), info)
    luma, chroma = np.full((20, 30), 120, np.uint8), np.full((20, 30, 2), (90.0, -100.0), np.float32)
    for small, large in zip(
        ycbcr.chroma_to_cbcr(luma[: size[0], : size[1]], chroma[: size[0], : size[1]], info),
        ycbcr.chroma_to_cbcr(luma, chroma, info),
        strict=True,
    ):
        assert small.shape == size
        assert (small == large[0, 0]).all()
