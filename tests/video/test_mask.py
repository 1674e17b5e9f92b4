"""Masks: exact outside and inside, turned as the film is, held where a mask clip ends; a bad one is named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import FeatcolorError, UsageError
from featcolor.video.mask import MaskSource, apply_mask, region_mask

INFO = ClipInfo(name="film", width=8, height=4, time_base=Fraction(1, 25), rate=Fraction(25))
PLANES = arrays(np.uint16, (3, 5))


def clip_mask(tmp_path: Path, planes: list[np.ndarray], **facts: Any) -> MaskSource:
    """The mask that a film of these planes is."""
    info = replace(INFO, height=planes[0].shape[0], width=planes[0].shape[1], **facts)
    with VideoFileWriter(tmp_path / "mask.mkv", info, source=None, codec="ffv1", overwrite=True) as writer:
        neutral = np.zeros(writer.chroma_shape, info.dtype)
        for index, plane in enumerate(planes):
            writer.write(Frame(index=index, luma=plane.astype(info.dtype), pts=index), neutral, neutral)
    return MaskSource(str(tmp_path / "mask.mkv"), INFO)


def still(tmp_path: Path, pixels: np.ndarray) -> str:
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), pixels)
    return str(path)


def test_a_region_is_read_with_spaces_and_to_the_edge() -> None:
    assert np.argwhere(region_mask(" 1, 2,3 ,2", INFO)).tolist() == [[y, x] for y in (2, 3) for x in (1, 2, 3)]
    assert region_mask("0,0,8,4", INFO).all()


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,0,1,1", "-1,0,2,2", "0,0,0,1", "0,0,1,0", "7,0,2,1", "0,3,1,2", "1.5,0,1,1",
     "0,0,9,4", "0,0,99999999999999999999,1", "²,0,1,1", "٣,0,1,1", "0;0;1;1"],
)  # fmt: skip
def test_a_bad_region_is_refused_in_one_line_that_names_it(text: str) -> None:
    with pytest.raises(UsageError, match="--region") as caught:
        region_mask(text, INFO)
    assert "\n" not in str(caught.value)


def test_no_mask_is_all_of_the_picture_and_a_region_its_inside() -> None:
    with MaskSource(None, INFO) as source:
        assert (source.of_frame(0) == 1).all()
    with MaskSource(None, INFO, region="1,2,3,2") as source:
        mask = source.of_frame(5)
    assert mask.shape == (4, 8)
    assert mask.dtype == np.float32
    assert mask.sum() == 6
    assert mask[2:, 1:4].all()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_an_upright_mask_and_region_are_turned_as_the_film_is_stored(tmp_path: Path, rotation: int) -> None:
    info = replace(INFO, rotation=rotation)
    width, height = info.shown_size
    upright = np.zeros((height, width), np.uint8)
    upright[0, :2] = 255
    with MaskSource(still(tmp_path, upright), info) as source:
        stored = source.of_frame(0)
    with MaskSource(None, info, region="0,0,2,1") as source:
        np.testing.assert_array_equal(source.of_frame(0), stored)
    assert stored.shape == (4, 8)
    np.testing.assert_array_equal(np.rot90(stored, rotation // 90), upright / 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_levels_are_shares(tmp_path: Path, dtype: type) -> None:
    top = np.iinfo(dtype).max
    levels = np.tile(np.array([0, top // 5, top], dtype).repeat(4), (4, 1))
    with MaskSource(still(tmp_path, levels), replace(INFO, width=12)) as source:
        np.testing.assert_allclose(source.of_frame(0)[:, [0, 4, 8]], [[0, 0.2, 1]] * 4, atol=1e-6)


def test_colour_and_transparency_of_a_still(tmp_path: Path) -> None:
    pixels = np.full((4, 8, 4), 255, np.uint8)
    pixels[:, 4:, 3] = 0
    with MaskSource(still(tmp_path, pixels), INFO) as source:
        np.testing.assert_allclose(source.of_frame(0), [[1] * 4 + [0] * 4] * 4, atol=1e-6)


@pytest.mark.parametrize("size", [(2, 4), (40, 80), (3, 17), (1, 1)])
def test_a_mask_of_another_size_is_brought_to_the_films(tmp_path: Path, size: tuple[int, int]) -> None:
    for level in (0, 255):
        with MaskSource(still(tmp_path, np.full(size, level, np.uint8)), INFO) as source:
            mask = source.of_frame(0)
            assert mask.shape == (4, 8)
            assert (mask == level / 255).all()


def test_a_mask_clip_goes_along_with_the_film_and_its_last_is_held(tmp_path: Path) -> None:
    planes = [np.full((4, 8), code, np.uint8) for code in (16, 235, 16)]
    with clip_mask(tmp_path, planes) as source:
        assert [source.of_frame(index).mean() for index in range(3)] == [0, 1, 0]
        assert not source.notes
        assert source.of_frame(3).mean() == source.of_frame(9).mean() == 0
        assert len(source.notes) == 1
        assert "3 frames, fewer than the film" in source.notes[0]


def test_a_part_of_the_film_meets_the_same_mask_frames(tmp_path: Path) -> None:
    planes = [np.full((4, 8), 16 + 20 * index, np.uint8) for index in range(10)]
    whole, part = clip_mask(tmp_path, planes), clip_mask(tmp_path, planes)
    masks = [whole.of_frame(index) for index in range(10)]
    for index in (4, 4, 5, 8):
        np.testing.assert_array_equal(part.of_frame(index), masks[index])


def test_leaving_frames_out_still_holds_the_last_and_going_back_is_refused(tmp_path: Path) -> None:
    source = clip_mask(tmp_path, [np.full((4, 8), code, np.uint8) for code in (16, 16, 235)])
    assert source.of_frame(7).mean() == 1
    with pytest.raises(ValueError, match="mask of frame 1 after"):
        source.of_frame(1)


@pytest.mark.parametrize(
    ("codes", "facts"),
    [((16, 235), {}), ((64, 940), {"bits": 10}), ((0, 255), {"full_range": True}), ((18, 233), {}), ((0, 255), {})],
)
def test_black_and_white_of_a_clip_are_exact_in_every_range(
    tmp_path: Path, codes: tuple[int, int], facts: dict[str, Any]
) -> None:
    plane = np.array([codes] * 2, np.uint16).repeat(2, 0).repeat(4, 1)
    source = clip_mask(tmp_path, [plane], **facts)
    np.testing.assert_array_equal(source.of_frame(0), [[0] * 4 + [1] * 4] * 4)


def test_a_turned_mask_clip_is_upright_first(tmp_path: Path) -> None:
    upright = np.full((4, 8), 16, np.uint8)
    upright[0, 0] = 235
    source = clip_mask(tmp_path, [np.ascontiguousarray(np.rot90(upright, -1))], rotation=90)
    np.testing.assert_array_equal(source.of_frame(0), (upright == 235).astype(float))


def test_masks_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such mask"):
        MaskSource(str(tmp_path / "none.png"), INFO)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(FeatcolorError, match=r"broken\.png"):
        MaskSource(str(broken), INFO)
    source = clip_mask(tmp_path, [np.zeros((4, 8))])
    source._frames = iter(())
    with pytest.raises(UsageError, match=r"mask\.mkv: the mask has no frame"):
        source.of_frame(0)


def test_what_is_returned_is_the_callers(tmp_path: Path) -> None:
    with MaskSource(still(tmp_path, np.full((4, 8), 255, np.uint8)), INFO) as source:
        source.of_frame(0)[:] = 0
        assert source.of_frame(0).all()


@given(
    arrays(np.uint16, (3, 5)),
    arrays(np.uint16, (3, 5)),
    arrays(np.bool_, (3, 5)),
    st.sampled_from([np.uint8, np.uint16]),
)
def test_outside_is_the_input_and_inside_is_ours_code_for_code(
    ours: np.ndarray, given_: np.ndarray, inside: np.ndarray, dtype: type
) -> None:
    ours, given_ = ours.astype(dtype), given_.astype(dtype)
    before = ours.copy(), given_.copy(), inside.copy()
    cb, cr = apply_mask(ours, given_, inside.astype(np.float32), given_, ours, bits=8 * np.dtype(dtype).itemsize)
    np.testing.assert_array_equal(cb, np.where(inside, ours, given_))
    np.testing.assert_array_equal(cr, np.where(inside, given_, ours))
    assert cb.dtype == cr.dtype == dtype
    for array, old in zip((ours, given_, inside), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(("bits", "neutral"), [(8, 128), (10, 512), (16, 32768)])
def test_outside_of_a_grey_film_is_neutral(bits: int, neutral: int) -> None:
    plane = np.full((2, 2), 7, np.uint16)
    mask = np.float32([[0, 1], [0, 0.5]])
    cb, _ = apply_mask(plane, plane, mask, None, None, bits=bits)
    np.testing.assert_array_equal(cb, [[neutral, 7], [neutral, np.rint((neutral + 7) / 2)]])


def test_a_full_size_mask_is_averaged_over_what_a_chroma_sample_covers() -> None:
    plane = np.full((2, 4), 228, np.uint8)
    mask = np.zeros((4, 8), np.float32)
    mask[:2, 2:4] = 1
    mask[2:, 4] = 1
    cb, _ = apply_mask(plane, plane, mask, None, None)
    np.testing.assert_array_equal(cb, [[128, 228, 128, 128], [128, 128, 178, 128]])
