"""Descriptions of networks: their files, what goes in at which size, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.methods.onnx_io import NetworkDescription, network_inputs, read_description, resize
from benchmarks.methods.released import PRETRAINED
from featcolor.errors import UsageError

AB_OF_L = NetworkDescription(input="lightness", output="ab", title="toy")
COLOURS = NetworkDescription(input="rgb", output="rgb", recombine="none", size=(64, 48), zeros=(2, 1))


@pytest.fixture
def grey() -> NDArray[np.uint8]:
    """(31, 44), every code from black to white."""
    return np.linspace(0, 255, 31 * 44).round().astype(np.uint8).reshape(31, 44)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area", "bilinear antialiased"])
def test_a_flat_picture_stays_flat_at_any_size(interpolation: str) -> None:
    flat = np.full((17, 23), 90, np.uint8)
    for planes in (flat, np.float32(flat), np.dstack([np.float32(flat)] * 2)):
        resized = resize(planes, (40, 11), interpolation)
        assert resized.shape == (40, 11, *planes.shape[2:])
        assert resized.dtype == planes.dtype
        assert np.allclose(resized, 90)


@pytest.mark.parametrize(
    ("settings", "shape"),
    [({"size": (64, 48)}, (64, 48)), ({"multiple": 16}, (32, 48)), ({}, (31, 44)), ({"multiple": 44}, (44, 44))],
)
def test_pictures_come_in_the_size_asked_for(
    grey: NDArray[np.uint8], settings: dict[str, Any], shape: tuple[int, int]
) -> None:
    description = NetworkDescription(input="luma", output="ab", zeros=(2, 1), **settings)
    picture, hints, mask = network_inputs(grey, description)
    assert (picture.shape, hints.shape, mask.shape) == ((1, 1, *shape), (1, 2, *shape), (1, 1, *shape))
    assert not hints.any()
    assert all(array.dtype == np.float32 for array in (picture, hints, mask))
    assert picture.min() >= 0
    assert picture.max() <= 1


@pytest.mark.parametrize("description", [known.description for known in PRETRAINED.values()] + [AB_OF_L, COLOURS])
def test_a_description_survives_its_file(tmp_path: Path, description: NetworkDescription) -> None:
    path = tmp_path / "net.toml"
    path.write_text(description.to_toml(), "utf-8")
    assert read_description(path) == description
    assert NetworkDescription.from_dict(description.to_dict()) == description


def test_a_missing_or_binary_description_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name, words in (("absent", r"absent\.toml: cannot be read"), ("binary", r"binary\.toml: ")):
        with pytest.raises(UsageError, match=words):
            read_description(tmp_path / f"{name}.toml")


def test_a_side_and_single_numbers_will_do(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text('input = "rgb"\noutput = "ab"\nsize = 256\nmean = 0.5\nstd = 1\n')
    read = read_description(path)
    assert (read.size, read.mean, read.std) == ((256, 256), (0.5,), (1.0,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("input = 'luma'\noutput = 'ab'\nmaen = 0.5", "unknown key 'maen'; the keys are input, output"),
        ("output = 'ab'", "the key 'input' is missing"),
        ("input = 'L'\noutput = 'ab'", "input must be one of lightness, luma, rgb; got 'L'"),
        ("input = 'luma'\noutput = ['ab']", "output must be one of ab, rgb"),
        ("input = 'luma'\noutput = 'ab'\nrecombine = 'yuv'", "can only recombine by lab"),
        ("input = 'luma'\noutput = 'ab'\nmean = [1, 2, 3]", "mean must be 1 or 1 finite numbers"),
        ("input = 'luma'\noutput = 'ab'\nstd = 0", "std must be 1 or 1 finite numbers, std not 0"),
        ("input = 'luma'\noutput = 'ab'\noutput_mean = nan", "output_mean must be 1 or 2 finite numbers"),
        ("input = 'luma'\noutput = 'ab'\nmean = 'x'", "mean must be"),
        ("input = 'luma'\noutput = 'ab'\nsize = [256, 256, 3]", "size must be a side or"),
        ("input = 'luma'\noutput = 'ab'\nsize = 0", "size must be a side or"),
        ("input = 'luma'\noutput = 'ab'\nmultiple = 1.5", "multiple must be whole"),
        ("input = 'luma'\noutput = 'ab'\nzeros = [0]", "zeros must be the channels"),
        ("input = 'luma'\noutput = 'ab'\ninterpolation = 'cubic'", "interpolation must be one of nearest, bilinear"),
        ("input = 'luma'\noutput = 'ab'\ntitle = 5", "title must be a text"),
        ("input = luma", "Invalid value"),
    ],
)
def test_a_wrong_description_gets_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_description(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    assert words in message


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_only_grey_codes_are_taken(wrong: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"grey must be \(H, W\) uint8"):
        network_inputs(wrong, AB_OF_L)
