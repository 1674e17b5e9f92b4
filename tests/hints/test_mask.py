"""Masks of stills: outside code for code what was given, inside what was made, between them a mixture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from featcolor.colour.lab import lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.errors import FeatcolorError, PictureError, UsageError
from featcolor.hints.mask import Mask, Region, _is_scaled, keep_outside, read_mask, resized_mask

SHAPE = (6, 8)
DTYPES = st.sampled_from([np.uint8, np.uint16])
SHARES = arrays(np.float32, SHAPE, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


def written(path: Path, pixels: NDArray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def codes(seed: int, dtype: type, *channels: int) -> NDArray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (*SHAPE, *channels), dtype, endpoint=True)


def recoloured(picture: NDArray, seed: int = 1) -> NDArray:
    """The picture in other colours, as a colorizer gives it."""
    lightness = lightness_of(picture)
    chroma = np.random.default_rng(seed).normal(0, 20, (*lightness.shape, 2)).astype(np.float32)
    return lab_to_rgb(lightness, chroma, picture.dtype)


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("1,2,3,2", (slice(2, 4), slice(1, 4))),
        (" 0, 0,8 ,6", (slice(0, 6), slice(0, 8))),
        ("0,0,100%,100%", (slice(0, 6), slice(0, 8))),
        ("50%,0,50%,3", (slice(0, 3), slice(4, 8))),
        ("12.5%,50%,1,50%", (slice(3, 6), slice(1, 2))),
    ],
)
def test_a_region_is_pixels_or_shares_of_the_sides(text: str, inside: tuple[slice, slice]) -> None:
    assert Region.parse(text).slices(SHAPE) == inside
    mask = Region.parse(text).mask(SHAPE)
    assert mask[inside].all()
    assert mask.sum() == mask[inside].size


@given(st.integers(100, 999), st.integers(1, 99))
def test_regions_of_per_cent_that_touch_leave_no_gap(side: int, cut: int) -> None:
    parts = [f"0,0,100%,{cut}%", f"0,{cut}%,100%,{100 - cut}%"]
    held = [Region.parse(part).mask((side, 1)) for part in parts]
    np.testing.assert_array_equal(sum(held), np.ones((side, 1)))


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,0,1,1", "-1,0,2,2", "1.5,0,1,1", "0;0;1;1", "٣,0,1,1", "10%%,0,1,1", "nan%,0,1,1",
     "0,0,0,1", "0,0,1,0%", "7,0,2,1", "0,5,1,2", "60%,0,50%,1", "0,0,99999999999,1"],
)  # fmt: skip
def test_a_bad_region_is_refused_in_one_line_that_names_it(text: str) -> None:
    with pytest.raises(UsageError, match="--region") as caught:
        Region.parse(text).slices(SHAPE)
    assert "\n" not in str(caught.value)


def test_regions_join_and_a_mask_counts_inside_them_only(tmp_path: Path) -> None:
    regions = (Region.parse("0,0,2,6"), Region.parse("1,0,3,6"))
    np.testing.assert_array_equal(Mask(None, regions).of(SHAPE)[0], [1, 1, 1, 1, 0, 0, 0, 0])
    grey = np.full(SHAPE, 51, np.uint8)
    grey[:, 0] = 255
    mask = Mask(written(tmp_path / "mask.png", grey), regions).of(SHAPE)
    np.testing.assert_allclose(mask[0], [1, 0.2, 0.2, 0.2, 0, 0, 0, 0], atol=1e-6)
    assert (Mask().of(SHAPE) == 1).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_white_is_all_black_nothing_and_grey_a_share(tmp_path: Path, dtype: type, channels: tuple[int, ...]) -> None:
    top = np.iinfo(dtype).max
    levels = np.zeros((*SHAPE, *channels), dtype)
    levels[:, 2:], levels[:, 5:] = top // 5, top
    cv2.imwrite(str(tmp_path / "mask.png"), levels)
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.float32
    assert (mask[:, :2] == 0).all()
    assert (mask[:, 5:] == 1).all()
    np.testing.assert_allclose(mask[:, 2:5], 0.2, atol=1e-6)


@pytest.mark.parametrize("paint", [(0, 0, 0), (255, 255, 255), (200, 30, 40)])
def test_of_a_mask_with_transparency_the_opacity_counts_in_whatever_colour(
    tmp_path: Path, paint: tuple[int, int, int]
) -> None:
    layer = np.zeros((*SHAPE, 4), np.uint8)
    layer[:, 3:] = (*paint, 255)
    layer[:, 2] = (*paint, 102)
    mask = read_mask(written(tmp_path / "mask.png", layer))
    np.testing.assert_allclose(mask[0], [0, 0, 0.4, 1, 1, 1, 1, 1], atol=1e-6)


def test_an_opaque_layer_is_read_by_its_tones(tmp_path: Path) -> None:
    layer = np.full((*SHAPE, 4), 255, np.uint8)
    layer[:3, :, :3] = 0
    np.testing.assert_array_equal(read_mask(written(tmp_path / "mask.png", layer)), [[0] * 8] * 3 + [[1] * 8] * 3)


def test_what_a_lossy_codec_smears_is_black_and_white_still(tmp_path: Path) -> None:
    tones = np.repeat(np.array([3, 252, 128], np.uint8), 16)[None].repeat(16, 0)
    for name in ("mask.jpg", "mask.webp"):
        mask = read_mask(written(tmp_path / name, tones, quality=100))
        assert (mask[:, :14] == 0).all()
        assert (mask[:, 18:30] == 1).all()
        np.testing.assert_allclose(mask[:, 36:], 128 / 255, atol=0.02)
    np.testing.assert_allclose(read_mask(written(tmp_path / "mask.png", tones))[0, 0], 3 / 255, atol=1e-6)


def test_a_mask_of_a_turned_photograph_is_turned_as_it_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    tones = np.zeros((8, 16), np.uint8)
    tones[:, :8] = 255
    mask = read_mask(written(tmp_path / "mask.png", tones, exif=exif))
    np.testing.assert_array_equal(mask, np.repeat([[1.0], [0.0]], 8, axis=0).repeat(8, axis=1))


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([1.0, 0.5, 0.31, 2.0, 3.7]))
def test_the_same_proportions_fit_whatever_the_size_and_black_and_white_stay(
    height: int, width: int, scale: float
) -> None:
    small = max(1, round(height * scale)), max(1, round(width * scale))
    for level in (0, 1):
        share = resized_mask(np.full(small, level, np.float32), (height, width))
        assert share.shape == (height, width)
        assert (share == level).all()


def test_a_scaled_mask_is_the_mean_of_what_a_pixel_covers(tmp_path: Path) -> None:
    fine = np.random.default_rng(0).integers(0, 2, (24, 32)).astype(np.uint8) * 255
    mask = Mask(written(tmp_path / "mask.png", fine)).of(SHAPE)
    np.testing.assert_allclose(mask, fine.reshape(6, 4, 8, 4).mean(axis=(1, 3)) / 255, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "remedy"), [((800, 600), "turn the mask by a quarter"), ((400, 301), "turn"), ((60, 90), "paint the mask")]
)
def test_other_proportions_are_refused_with_both_sizes(tmp_path: Path, size: tuple[int, int], remedy: str) -> None:
    path = written(tmp_path / "mask.png", np.zeros(size, np.uint8))
    with pytest.raises(PictureError, match=f"{size[1]}x{size[0]} and the picture 800x600.*{remedy}") as caught:
        Mask(path).of((600, 800))
    assert str(path) in str(caught.value)


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0.01, 1))
def test_a_rounded_thumbnail_has_the_proportions_of_its_picture(height: int, width: int, scale: float) -> None:
    small = max(1, round(height * scale)), max(1, round(width * scale))
    if min(height, width) * scale >= 1:
        assert _is_scaled(small, (height, width))
        assert _is_scaled((height, width), small)


def test_a_mask_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_bytes(b"no picture")
    for name in ("notes.png", "missing.png"):
        with pytest.raises(FeatcolorError, match=name):
            Mask(tmp_path / name).of(SHAPE)


@given(DTYPES, SHARES, st.integers(0, 99), st.booleans())
def test_outside_the_given_codes_stay_and_inside_the_made_ones(
    dtype: type, share: NDArray, seed: int, toned: bool
) -> None:
    picture = codes(seed, dtype, *([3] if toned else []))
    coloured = recoloured(picture)
    before = picture.copy(), coloured.copy(), share.copy()
    kept = keep_outside(coloured, picture, share)
    assert kept.dtype == dtype
    own = picture if toned else np.repeat(picture[..., None], 3, axis=2)
    np.testing.assert_array_equal(kept[share == 0], own[share == 0])
    np.testing.assert_array_equal(kept[share == 1], coloured[share == 1])
    for array, untouched in zip((picture, coloured, share), before, strict=True):
        np.testing.assert_array_equal(array, untouched)


def test_between_them_a_and_b_are_mixed_at_the_lightness_that_was_given() -> None:
    """A slow plain reference, by scikit-image."""
    lab = np.dstack([np.full(SHAPE, 55.0), *np.random.default_rng(3).normal(0, 12, (2, *SHAPE))])
    other = np.dstack([lab[..., :1], np.random.default_rng(4).normal(0, 12, (*SHAPE, 2))])
    picture, coloured = (np.rint(lab2rgb(each) * 65535).astype(np.uint16) for each in (lab, other))
    share = np.random.default_rng(5).uniform(0.05, 0.95, SHAPE).astype(np.float32)
    kept = rgb2lab(keep_outside(coloured, picture, share) / 65535)
    np.testing.assert_allclose(kept[..., 0], 55, atol=0.01)
    expected = lab[..., 1:] + share[..., None] * (other[..., 1:] - lab[..., 1:])
    np.testing.assert_allclose(kept[..., 1:], expected, atol=0.05)


def test_a_soft_edge_stays_soft() -> None:
    picture = np.full((1, 256), 128, np.uint8)
    coloured = lab_to_rgb(lightness_of(picture), np.full((1, 256, 2), 40, np.float32))
    share = np.linspace(0, 1, 256, dtype=np.float32)[None]
    chroma = np.linalg.norm(rgb_to_lab(keep_outside(coloured, picture, share))[1][0], axis=1)
    steps = np.diff(chroma)
    assert steps.min() > -0.7
    assert steps.max() < 1.2
    np.testing.assert_allclose(chroma, share[0] * chroma[-1], atol=0.8)


@pytest.mark.parametrize("toned", [False, True])
def test_a_repaired_picture_has_its_own_chroma_at_the_repaired_lightness(toned: bool) -> None:
    lightness = np.linspace(0.4, 0.6, 48, dtype=np.float32).reshape(SHAPE)
    tone = np.broadcast_to(np.float32([4, 12] if toned else [0, 0]), (*SHAPE, 2))
    picture = lab_to_rgb(lightness, tone, np.uint16)
    repaired = np.rint(lab_to_rgb(lightness_of(picture), 0 * tone, np.uint16)[..., 0]).astype(np.uint16)
    repaired[2:4] = lab_to_rgb(lightness[2:4] + np.float32(0.1), 0 * tone[2:4], np.uint16)[..., 0]
    kept = keep_outside(recoloured(repaired), picture, np.zeros(SHAPE, np.float32), repaired)
    untouched = np.r_[0:2, 4:6]
    np.testing.assert_array_equal(kept[untouched], picture[untouched])
    light, chroma = rgb_to_lab(kept[2:4])
    np.testing.assert_allclose(light, lightness[2:4] + 0.1, atol=1e-4)
    np.testing.assert_allclose(chroma, tone[2:4], atol=0.02)


def test_the_number_of_threads_changes_no_code() -> None:
    rng = np.random.default_rng(7)
    picture = rng.integers(0, 256, (200, 30, 3), np.uint8)
    share = rng.uniform(-0.3, 1.3, (200, 30)).clip(0, 1).astype(np.float32)
    threads = cv2.getNumThreads()
    kept = []
    try:
        for number in (1, 3):
            cv2.setNumThreads(number)
            kept.append(keep_outside(recoloured(picture), picture, share))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*kept)
