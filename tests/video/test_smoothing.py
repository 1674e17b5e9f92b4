"""Colour that was guessed frame by frame becomes steady, without being smeared."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from featcolor.video.propagation.smoothing import colour_smoothed
from features.base import FloatArray

COUNT, SHAPE, SPEED = 9, (48, 64), 2
RNG = np.random.default_rng(0)
TEXTURE = cv2.GaussianBlur(RNG.uniform(0, 1, (48, 100)).astype(np.float32), (0, 0), 2)
TEXTURE = cv2.normalize(TEXTURE, None, 0.1, 0.9, cv2.NORM_MINMAX)
TINTS = RNG.normal(0, 10, COUNT)


def moving(index: int) -> FloatArray:
    return TEXTURE[:, SPEED * index : SPEED * index + SHAPE[1]].copy()


class Guessing:
    """The chroma that goes with the texture, off by another tint at every call."""

    def __init__(self, *, flicker: bool) -> None:
        self.calls, self.flicker = 0, flicker

    def __call__(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        tint = TINTS[self.calls] if self.flicker else 0.0
        self.calls += 1
        chroma = np.stack([60 * lightness + tint, -40 * lightness], axis=-1)
        return chroma.astype(np.float32), np.full_like(lightness, 0.7)


def test_every_frame_is_guessed_once_and_a_window_of_one_changes_nothing() -> None:
    guess = Guessing(flicker=True)
    made = colour_smoothed([moving(i) for i in range(COUNT)], guess, window=1)
    assert guess.calls == COUNT
    again = Guessing(flicker=True)
    for i in range(COUNT):
        np.testing.assert_allclose(made.chroma[i], again(moving(i))[0], atol=0.05)
        np.testing.assert_allclose(made.confidence[i], 0.7, atol=1e-3)


def test_a_window_takes_flicker_away() -> None:
    frames = [moving(i) for i in range(COUNT)]
    tints = []
    for window in (1, 3, 7):
        made = colour_smoothed(frames, Guessing(flicker=True), window=window)
        tints.append([float((made.chroma[i][..., 0] - 60 * frames[i]).mean()) for i in range(COUNT)])
    flicker = [np.abs(np.diff(tint)).mean() for tint in tints]
    assert flicker[1] < 0.6 * flicker[0]
    assert flicker[2] < 0.3 * flicker[0]


def test_colour_follows_the_motion_and_is_not_smeared() -> None:
    frames = [moving(i) for i in range(COUNT)]
    made = colour_smoothed(frames, Guessing(flicker=False), window=7)
    for i in range(COUNT):
        error = np.abs(made.chroma[i][..., 0] - 60 * frames[i])[4:-4, 8:-8]
        assert error.mean() < 1.0


@pytest.mark.parametrize("count", [1, 2])
def test_short_shots_work(count: int) -> None:
    made = colour_smoothed([moving(i) for i in range(count)], Guessing(flicker=True), window=9)
    assert len(made.chroma) == count
