"""Colour from the pixels of key frames: what is like them is coloured like them, what is not is known to be unsure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from featcolor.colour.lab import rgb_to_lab
from featcolor.hints.kernel import bundled_kernel
from featcolor.regression.kernel import KernelRegression
from featcolor.video.propagation import key_regression
from featcolor.video.propagation.key_regression import KeyframeRegressor
from features.embedding import EmbeddingFeatures

Picture = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def pictures(photographs: dict[str, np.ndarray]) -> dict[str, Picture]:
    """Lightness (64, 96) and chroma of each sample photograph."""
    return {
        name: rgb_to_lab(cv2.resize(photograph, (96, 64), interpolation=cv2.INTER_AREA))
        for name, photograph in photographs.items()
    }


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance in a*b*."""
    return float(np.linalg.norm(one - other, axis=-1).mean())


@pytest.mark.parametrize("embedding", [False, True])
def test_a_key_frame_comes_back_close_to_its_colours(pictures: dict[str, Picture], embedding: bool) -> None:
    lightness, chroma = pictures["coffee"]
    guessed, confidence = KeyframeRegressor(step=4, embedding=embedding).fit([pictures["coffee"]])(lightness)
    assert guessed.shape == chroma.shape
    assert confidence.shape == lightness.shape
    assert guessed.dtype == confidence.dtype == np.float32
    assert distance(guessed, chroma) < 0.35 * distance(chroma, np.zeros_like(chroma))
    assert confidence.min() >= 0
    assert confidence.max() <= 1


def test_another_scene_is_less_sure(pictures: dict[str, Picture]) -> None:
    guess = KeyframeRegressor().fit([pictures["coffee"]])
    own = guess(pictures["coffee"][0])[1].mean()
    for other in ("astronaut", "flower", "china"):
        assert guess(pictures[other][0])[1].mean() < own - 0.1


def test_of_several_key_frames_each_colours_its_own(pictures: dict[str, Picture]) -> None:
    names = ("coffee", "flower", "china")
    guess = KeyframeRegressor(step=4).fit([pictures[name] for name in names])
    alone = KeyframeRegressor(step=4).fit([pictures["coffee"]])
    for name in names:
        lightness, chroma = pictures[name]
        guessed, confidence = guess(lightness)
        others = KeyframeRegressor(step=4).fit([pictures[other] for other in names if other != name])
        assert distance(guessed, chroma) < 0.8 * distance(others(lightness)[0], chroma)
        assert confidence.mean() > alone(lightness)[1].mean() - 0.05


def test_colours_are_of_the_key_frames(pictures: dict[str, Picture]) -> None:
    lightness = pictures["coffee"][0]
    one = np.full((*lightness.shape, 2), (20, -35), np.float32)
    for other in pictures.values():
        np.testing.assert_allclose(KeyframeRegressor().fit([(lightness, one)])(other[0])[0], one, atol=0.05)


def test_the_seed_decides(pictures: dict[str, Picture]) -> None:
    few = [KeyframeRegressor(pixels=60, seed=seed).fit([pictures["coffee"]]) for seed in (3, 3, 4)]
    one, same, other = (guess(pictures["coffee"][0])[0] for guess in few)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_nothing_given_is_changed_and_threads_agree(pictures: dict[str, Picture]) -> None:
    given = [array.copy() for array in pictures["coffee"]]
    for array in given:
        array.flags.writeable = False
    guess = KeyframeRegressor().fit([(given[0], given[1])])
    frames = [pictures[name][0] for name in sorted(pictures)] * 2
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(guess, frames))
    for frame, (chroma, confidence) in zip(frames, found, strict=True):
        alone = guess(frame)
        np.testing.assert_allclose(chroma, alone[0], atol=1e-3)
        np.testing.assert_allclose(confidence, alone[1], atol=1e-5)


def test_between_places_that_agree_nothing_is_asked(
    pictures: dict[str, Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, predict = [], KernelRegression.predict

    def counted(kernel: KernelRegression, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(len(features))
        return predict(kernel, features)

    monkeypatch.setattr(KernelRegression, "predict", counted)
    lightness = pictures["coffee"][0]
    guess = KeyframeRegressor(step=2).fit([pictures["coffee"]])
    saved = guess(lightness)[0]
    some = sum(asked)
    monkeypatch.setattr(key_regression, "AGREEING", -1.0)
    asked.clear()
    whole = guess(lightness)[0]
    assert some < 0.8 * sum(asked) == 0.8 * 32 * 48
    assert distance(saved, whole) < 0.05 * distance(whole, np.zeros_like(whole))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (5, 40), (13, 13)])
def test_tiny_pictures(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    lightness = rng.uniform(0, 1, shape).astype(np.float32)
    chroma = rng.uniform(-50, 50, (*shape, 2)).astype(np.float32)
    guessed, confidence = KeyframeRegressor().fit([(lightness, chroma)])(lightness)
    assert guessed.shape == chroma.shape
    assert confidence.shape == shape
    assert np.isfinite(guessed).all()
    assert np.isfinite(confidence).all()
    with pytest.raises(ValueError, match="at least one"):
        KeyframeRegressor().fit([])


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_pictures(level: float) -> None:
    flat = np.full((24, 32), level, np.float32)
    guessed, confidence = KeyframeRegressor().fit([(flat, np.full((24, 32, 2), 7, np.float32))])(flat)
    np.testing.assert_allclose(guessed, 7, atol=0.05)
    assert np.isfinite(confidence).all()


def test_the_embedding_counts_by_its_direction_where_it_is_asked_for(
    pictures: dict[str, Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    lightness, chroma = pictures["coffee"]
    left = np.zeros(len(bundled_kernel().axes), np.float32)
    left[0] = 5

    def sample(self: EmbeddingFeatures, frame: np.ndarray, yx: np.ndarray) -> np.ndarray:
        """One direction on the left, another one on the right."""
        return np.where(yx[:, 1:] < frame.shape[1] // 2, left, left[::-1])

    monkeypatch.setattr(EmbeddingFeatures, "sample", sample)
    flat = np.full_like(lightness, 0.5)  # nothing but place and embedding tells
    halves = np.zeros_like(chroma)
    halves[:, lightness.shape[1] // 2 :] = 40
    with_it, without = (KeyframeRegressor(step=4, embedding=e).fit([(flat, halves)])(flat)[0] for e in (True, False))
    assert distance(with_it, halves) < 0.8 * distance(without, halves)
