"""Deep networks by ONNX: each adapter gives what the released program's steps give, written here once more.

The released steps are from public code (`benchmarks.methods.released` names it); NumPy resizes as torch does there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from benchmarks.methods.onnx import OnnxMethod
from benchmarks.methods.released import IMAGENET_MEAN, IMAGENET_STD, PRETRAINED
from benchmarks.speed.export_networks import random_network

Floats = NDArray[np.float32]
Forward = Callable[..., Floats]

NAMES = tuple(PRETRAINED)


@pytest.fixture(scope="module")
def greys() -> dict[str, NDArray[np.uint8]]:
    """Odd, not square; one is smaller than every network's input, one larger than the smallest."""
    grey = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    return {"small": grey[30:127, 150:281].copy(), "large": grey[:419, :301].copy()}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("networks")
    for name in NAMES:
        (folder / f"{name}.onnx").write_bytes(random_network(name, seed=3))
    return {name: folder / f"{name}.onnx" for name in NAMES}


def bilinear_by_hand(plane: Floats, size: tuple[int, int]) -> Floats:
    """Half-pixel centres, border repeated: (..., H, W) to (..., *size)."""
    for axis, to in ((-2, size[0]), (-1, size[1])):
        old = plane.shape[axis]
        position = np.clip((np.arange(to) + 0.5) * old / to - 0.5, 0, old - 1)
        low = np.minimum(position.astype(int), old - 1)
        share = (position - low).astype(np.float32)
        share = share[:, None] if axis == -2 else share
        high = np.minimum(low + 1, old - 1)
        plane = np.take(plane, low, axis) * (1 - share) + np.take(plane, high, axis) * share
    return plane


def interpolate_by_hand(plane: Floats, size: tuple[int, int], mode: str) -> Floats:
    if mode == "bilinear":
        return bilinear_by_hand(plane, size)
    rows, columns = (np.arange(to) * old // to for to, old in zip(size, plane.shape[-2:], strict=True))
    return plane[..., rows[:, None], columns]


def forward_by_onnxruntime(path: Path) -> Forward:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return lambda *inputs: session.run(None, dict(zip(names, inputs, strict=True)))[0]


@pytest.mark.torch
def test_interpolation_by_hand_is_that_of_torch() -> None:
    import torch
    from torch.nn import functional

    plane = np.random.default_rng(0).random((1, 2, 31, 44), np.float32)
    for mode, options in (("bilinear", {"align_corners": False}), ("nearest", {})):
        for size in ((64, 50), (20, 97)):
            expected = functional.interpolate(torch.from_numpy(plane), size=size, mode=mode, **options)
            np.testing.assert_allclose(interpolate_by_hand(plane, size, mode), expected.numpy(), atol=1e-5)


def richzhang(grey: NDArray[np.uint8], forward: Forward, *, hints: bool) -> NDArray[np.uint8]:
    rgb = np.dstack([grey] * 3)
    small = np.asarray(Image.fromarray(rgb).resize((256, 256), resample=Image.Resampling.BICUBIC))
    L, L_small = (rgb2lab(picture)[..., 0].astype(np.float32) for picture in (rgb, small))
    L_small = L_small[None, None]
    further = [np.concatenate([L_small * 0, L_small * 0], axis=1), L_small * 0] if hints else []
    ab = interpolate_by_hand(forward(L_small, *further), grey.shape, "bilinear")[0]
    colours = lab2rgb(np.concatenate([L[None], ab]).transpose(1, 2, 0))
    return np.rint(255 * colours).astype(np.uint8)


def deoldify(grey: NDArray[np.uint8], forward: Forward, *, render_factor: int) -> NDArray[np.uint8]:
    original = Image.fromarray(np.dstack([grey] * 3))
    side = 16 * render_factor
    square = original.resize((side, side), resample=Image.Resampling.BILINEAR).convert("LA").convert("RGB")
    mean, std = (np.float32(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    x = np.asarray(square, np.float32).transpose(2, 0, 1) / 255
    out = forward(((x - mean) / std)[None])[0]
    out = np.clip(out * std + mean, 0, 1)
    coloured = Image.fromarray((out * 255).astype(np.uint8).transpose(1, 2, 0).copy())
    coloured = coloured.resize(original.size, resample=Image.Resampling.BILINEAR)
    colour, merged = (cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2YUV) for picture in (coloured, original))
    merged[..., 1:] = colour[..., 1:]
    return cv2.cvtColor(merged, cv2.COLOR_YUV2RGB)


def ddcolor(grey: NDArray[np.uint8], forward: Forward, *, opencv: bool) -> NDArray[np.uint8]:
    def to_lab(rgb: Floats) -> Floats:
        return cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab) if opencv else rgb2lab(rgb).astype(np.float32)

    def to_rgb(lab: Floats) -> Floats:
        return cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) if opencv else lab2rgb(lab)

    picture = (np.dstack([grey] * 3) / 255.0).astype(np.float32)
    L = to_lab(picture)[..., :1]
    small = to_lab(cv2.resize(picture, (512, 512)))[..., :1]
    neutral = to_rgb(np.concatenate([small, small * 0, small * 0], axis=-1)).astype(np.float32)
    ab = interpolate_by_hand(forward(neutral.transpose(2, 0, 1)[None]), grey.shape, "nearest")[0].transpose(1, 2, 0)
    return (to_rgb(np.concatenate([L, ab], axis=-1)) * 255.0).round().astype(np.uint8)


def released(name: str, grey: NDArray[np.uint8], network: Path, *, opencv: bool = False) -> NDArray[np.uint8]:
    forward = forward_by_onnxruntime(network)
    if name.startswith("ddcolor"):
        return ddcolor(grey, forward, opencv=opencv)
    if name.startswith("deoldify"):
        return deoldify(grey, forward, render_factor=21 if name.endswith("video") else 35)
    return richzhang(grey, forward, hints=name == "siggraph17")


def differs_by(found: NDArray[np.uint8], expected: NDArray[np.uint8]) -> tuple[int, float]:
    """Largest difference in codes, and the share of values that differ."""
    difference = np.abs(found.astype(int) - expected)
    return int(difference.max()), float((difference > 0).mean())


# Largest difference in codes and share of values that may differ. Sums in another order move a value over a rounding
# step now and then; in DeOldify's 8-bit steps that shows twice as large. DDColor's way of a neutral colour through Lab
# and back moves the input by up to 1e-4, which the stand-in's gain of 80 makes larger.
TOLERANCES = {"zhang16": (1, 0.001), "siggraph17": (1, 0.001), "deoldify": (2, 0.001), "ddcolor": (4, 0.02)}
OPENCV_MEAN = 0.6
"""Mean difference in codes that OpenCV's interpolated Lab makes on these saturated colours; measured 0.32 to 0.47."""


@pytest.mark.filterwarnings("ignore:.*negative Z values")
@pytest.mark.parametrize("which", ["small", "large"])
@pytest.mark.parametrize("name", NAMES)
def test_an_adapter_takes_the_released_steps(
    name: str, which: str, greys: dict[str, NDArray[np.uint8]], stand_ins: dict[str, Path]
) -> None:
    grey = greys[which]
    found = OnnxMethod(name, stand_ins[name], PRETRAINED[name].description, threads=1).colorize(grey)
    assert found.dtype == np.uint8
    largest, share = differs_by(found, released(name, grey, stand_ins[name]))
    allowed, allowed_share = TOLERANCES[name.partition("-")[0]]
    assert largest <= allowed
    assert share <= allowed_share


@pytest.mark.parametrize("which", ["small", "large"])
def test_opencv_lab_makes_a_small_difference(
    which: str, greys: dict[str, NDArray[np.uint8]], stand_ins: dict[str, Path]
) -> None:
    """DDColor's program converts by OpenCV's interpolated Lab, the adapter exactly."""
    name, grey = "ddcolor-tiny", greys[which]
    expected = released(name, grey, stand_ins[name], opencv=True)
    found = OnnxMethod(name, stand_ins[name], PRETRAINED[name].description, threads=1).colorize(grey)
    assert np.abs(found.astype(int) - expected).mean() <= OPENCV_MEAN


@pytest.mark.filterwarnings("ignore:.*negative Z values")
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("zhang16", {"interpolation": "bilinear antialiased"}),
        ("zhang16", {"interpolation": "bicubic"}),
        ("zhang16", {"output_interpolation": "bicubic"}),
        ("zhang16", {"output_std": (100 / 110,)}),
        ("zhang16", {"mean": (50.0,)}),
        ("siggraph17", {"input": "luma"}),
        ("deoldify-video", {"interpolation": "bilinear"}),
        ("deoldify-video", {"output_interpolation": "bilinear"}),
        ("deoldify-video", {"recombine": "lab"}),
        ("deoldify-video", {"std": (0.5,)}),
        ("deoldify-video", {"output_mean": (0.5,)}),
        ("ddcolor-tiny", {"interpolation": "area"}),
        ("ddcolor-tiny", {"output_interpolation": "bilinear"}),
        ("ddcolor-tiny", {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}),
    ],
)
def test_a_wrong_step_shows(
    name: str, change: dict[str, Any], greys: dict[str, NDArray[np.uint8]], stand_ins: dict[str, Path]
) -> None:
    """Each fact of a description matters for the result: the comparison above would fail without it."""
    grey = greys["large"]
    expected = released(name, grey, stand_ins[name])
    wrong = dataclasses.replace(PRETRAINED[name].description, **change)
    largest, share = differs_by(OnnxMethod(name, stand_ins[name], wrong, threads=1).colorize(grey), expected)
    allowed, allowed_share = TOLERANCES[name.partition("-")[0]]
    assert largest > allowed
    assert share > 2 * allowed_share
