"""Outputs of other programs are found by name and returned as they are; lightness deviations are what they are."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.datasets import Sample
from benchmarks.methods.outputs import Precomputed, lightness_deviation
from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import PictureError, UsageError
from tests.samples import grey, write_rgb

Pictures = dict[str, NDArray[np.uint8]]


def sample_of(name: str, picture: NDArray[np.uint8]) -> Sample:
    return Sample(name, picture, grey(picture))


@pytest.fixture
def folder(photographs: Pictures, tmp_path: Path) -> Path:
    for name, suffix in (("china", "png"), ("coffee", "PNG"), ("flower", "tif"), ("rocket_fake", "png")):
        write_rgb(tmp_path / "outputs" / f"{name}.{suffix}", photographs[name.removesuffix("_fake")])
    return tmp_path / "outputs"


@pytest.mark.parametrize("name", ["china", "coffee", "flower"])
def test_an_output_is_found_by_its_stem_and_untouched(name: str, folder: Path, photographs: Pictures) -> None:
    method = Precomputed("theirs", folder)
    assert (method.title, method.group) == ("theirs", "precomputed")
    assert np.array_equal(method.output(sample_of(name, photographs[name])), photographs[name])
    assert np.array_equal(
        pickle.loads(pickle.dumps(method)).output(sample_of(name, photographs[name])), photographs[name]
    )


def test_a_mapping_says_which_is_whose(folder: Path, photographs: Pictures) -> None:
    method = Precomputed("theirs", {"anything": folder / "china.png"})
    assert np.array_equal(method.output(sample_of("anything", photographs["china"])), photographs["china"])


def test_folders_tell_equal_names_apart(photographs: Pictures, tmp_path: Path) -> None:
    for place, name in (("day/a", "china"), ("night/a", "coffee"), ("night/b", "flower")):
        write_rgb(tmp_path / f"{place}.png", photographs[name])
    method = Precomputed("theirs", tmp_path)
    for name in ("day/a", "night/b", "b"):
        method.output(sample_of(name, photographs["china" if name == "day/a" else "flower"]))
    with pytest.raises(UsageError, match="no output of a "):
        method.output(sample_of("a", photographs["china"]))
    assert np.array_equal(method.output(sample_of("night/a", photographs["coffee"])), photographs["coffee"])


def test_what_is_not_there_or_there_twice_is_named_and_no_name_is_guessed(folder: Path, photographs: Pictures) -> None:
    method = Precomputed("theirs", folder)
    with pytest.raises(UsageError, match=r"theirs: there is no output of rocket in .*"):
        method.output(sample_of("rocket", photographs["rocket"]))
    with pytest.raises(UsageError, match="nothing to colour with"):
        method.colorize(np.zeros((4, 4), np.uint8))
    with pytest.raises(UsageError, match=r"theirs: there is no folder .*absent"):
        Precomputed("theirs", folder / "absent").settings()
    write_rgb(folder / "china.tif", photographs["coffee"])
    with pytest.raises(UsageError, match="are outputs of one name"):
        Precomputed("theirs", folder).settings()


def test_another_size_is_an_error_unless_asked_for(folder: Path, photographs: Pictures) -> None:
    picture = photographs["china"]
    height, width = picture.shape[:2]
    for size, method in (((width // 2, height // 2), cv2.INTER_AREA), ((2 * width, 2 * height), cv2.INTER_CUBIC)):
        sample = sample_of("china", cv2.resize(picture, size))
        with pytest.raises(UsageError, match=rf"china\.png: is {width} x {height}, its input {size[0]} x {size[1]}"):
            Precomputed("theirs", folder).output(sample)
        expected = cv2.resize(picture, size, interpolation=method)
        assert np.array_equal(Precomputed("theirs", folder, resize=True).output(sample), expected)


def test_grey_and_deep_files_become_8_bit_colour(photographs: Pictures, tmp_path: Path) -> None:
    picture = photographs["china"]
    write_rgb(tmp_path / "grey.png", grey(picture))
    write_rgb(tmp_path / "deep.png", picture.astype(np.uint16) * 257)
    method = Precomputed("theirs", tmp_path)
    assert np.array_equal(method.output(sample_of("grey", picture)), np.dstack([grey(picture)] * 3))
    assert np.array_equal(method.output(sample_of("deep", picture)), picture)


def test_a_damaged_file_is_named(photographs: Pictures, tmp_path: Path) -> None:
    (tmp_path / "china.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"china\.png"):
        Precomputed("theirs", tmp_path).output(sample_of("china", photographs["china"]))


def test_settings_tell_outputs_apart(folder: Path, photographs: Pictures) -> None:
    first = Precomputed("theirs", folder).settings()
    assert Precomputed("theirs", folder).settings() == first
    assert Precomputed("theirs", folder, resize=True).settings() != first
    write_rgb(folder / "china.png", photographs["china"][::-1])
    assert Precomputed("theirs", folder).settings() != first


def test_lightness_deviation_of_a_known_shift() -> None:
    """Grey of L* 40 made L* 45: 5, to within rounding; the same picture: 0."""
    plane = np.full((8, 9), 0.40, np.float32)
    chroma = np.zeros((8, 9, 2), np.float32)
    dark, light = (lab_to_rgb(plane + shift, chroma) for shift in (np.float32(0), np.float32(0.05)))
    assert lightness_deviation(dark[..., 0], light) == pytest.approx(5, abs=0.4)
    assert lightness_deviation(light[..., 0], dark) == pytest.approx(5, abs=0.4)
    assert lightness_deviation(dark[..., 0], dark) == 0


def test_lightness_deviation_of_our_own_output_is_rounding(photographs: Pictures) -> None:
    picture = grey(photographs["coffee"])
    chroma = np.full((*picture.shape, 2), 10, np.float32)
    assert lightness_deviation(picture, lab_to_rgb(lightness_of(picture), chroma)) < 0.1
    with pytest.raises(ValueError, match="grey must be"):
        lightness_deviation(picture, np.zeros((4, 5, 3), np.uint8))
