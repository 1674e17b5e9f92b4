"""Shots of films made here: cuts, dissolves and fades are found where they are, and what looks like them is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from refine.shots import LOOK_AHEAD, Shot, ShotDetector, thumbnail

SIZE = (160, 90)


@pytest.fixture(scope="module")
def scenes(photographs: dict[str, Any]) -> list[np.ndarray]:
    """Large lightness pictures, 0..1, to pan over."""
    chosen = [photographs[name][..., 1] for name in ("coffee", "china", "astronaut", "flower") if name in photographs]
    return [cv2.resize(each, (260, 180)).astype(np.float32) / 255 for each in chosen]


def pan(scene: np.ndarray, n_frames: int, speed: float = 1.0, start: float = 0.0) -> list[np.ndarray]:
    """Frames of a camera that moves right over a picture, in pixels a frame."""
    frames = []
    for index in range(n_frames):
        shift = np.array([[1, 0, -(start + speed * index)], [0, 1, -30]], np.float64)
        frames.append(cv2.warpAffine(scene, shift, SIZE, borderMode=cv2.BORDER_REFLECT))
    return frames


def shots_of(frames: list[np.ndarray], **settings: Any) -> list[Shot]:
    detector = ShotDetector(**settings)
    for frame in frames:
        detector.push(thumbnail(frame))
    return detector.finish()


def dissolved(first: list[np.ndarray], second: list[np.ndarray], length: int) -> list[np.ndarray]:
    shares = (np.arange(length) + 1) / (length + 1)
    middle = [(1 - s) * a + s * b for s, a, b in zip(shares, first[-length:], second[:length], strict=True)]
    return [*first[:-length], *(each.astype(np.float32) for each in middle), *second[length:]]


def worn(frames: list[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    """Exposure flicker of 10 % and grain."""
    rng = np.random.default_rng(seed)
    return [
        np.clip(frame * rng.uniform(0.9, 1.1) + rng.normal(0, 8 / 255, frame.shape), 0, 1).astype(np.float32)
        for frame in frames
    ]


@pytest.mark.parametrize("treat", [list, worn])
def test_hard_cuts_are_found_to_the_frame(scenes: list[np.ndarray], treat: Callable[..., list[np.ndarray]]) -> None:
    frames = pan(scenes[0], 14) + pan(scenes[1], 9) + pan(scenes[2], 20)
    assert shots_of(treat(frames)) == [Shot(0, 13, "start"), Shot(14, 22, "cut"), Shot(23, 42, "cut")]


@pytest.mark.parametrize("treat", [list, worn])
@pytest.mark.parametrize("length", [8, 12])
def test_a_dissolve_is_parted_in_its_middle(
    scenes: list[np.ndarray], length: int, treat: Callable[..., list[np.ndarray]]
) -> None:
    shots = shots_of(treat(dissolved(pan(scenes[0], 30, 0.3), pan(scenes[1], 30, 0.3), length)))
    assert [shot.kind for shot in shots] == ["start", "dissolve"]
    assert abs(shots[1].first - (30 - length / 2)) <= 2


def test_a_fade_is_parted_in_the_dark(scenes: list[np.ndarray]) -> None:
    out = [frame * (1 - index / 9) for index, frame in enumerate(pan(scenes[0], 10, start=20))]
    back = [frame * (index / 9) for index, frame in enumerate(pan(scenes[1], 10))]
    black = [np.zeros_like(out[0])] * 4
    shots = shots_of([*pan(scenes[0], 20), *out, *black, *back, *pan(scenes[1], 20, start=10)])
    assert [shot.kind for shot in shots] == ["start", "fade"]
    assert 29 <= shots[1].first <= 34


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("light", [1.0, 0.0])
def test_a_flash_or_a_lost_frame_is_no_cut(scenes: list[np.ndarray], length: int, light: float) -> None:
    frames = pan(scenes[0], 30)
    for index in range(12, 12 + length):
        frames[index] = np.full_like(frames[0], light)
    assert shots_of(frames) == [Shot(0, 29, "start")]


def test_a_foreign_frame_is_no_shot(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 30)
    frames[14] = pan(scenes[1], 1)[0]
    assert shots_of(frames) == [Shot(0, 29, "start")]


@pytest.mark.parametrize("speed", [0.0, 3.0, 8.0])
def test_a_moving_camera_and_flicker_are_no_cut(scenes: list[np.ndarray], speed: float) -> None:
    assert len(shots_of(worn(pan(scenes[2], 40, speed)))) == 1


def test_a_change_of_light_that_stays_is_no_cut(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 40)
    assert len(shots_of(frames[:20] + [0.4 * frame + 0.1 for frame in frames[20:]])) == 1


def test_short_shots_go_to_a_neighbour(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 15) + pan(scenes[1], 6) + pan(scenes[2], 15)
    assert [shot.first for shot in shots_of(frames)] == [0, 15, 21]
    merged = shots_of(frames, min_length=8)
    assert len(merged) == 2
    assert merged[1].first in (15, 21)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 5])
def test_films_of_few_frames_are_one_shot(scenes: list[np.ndarray], n_frames: int) -> None:
    assert shots_of(pan(scenes[0], n_frames)) == ([Shot(0, n_frames - 1, "start")] if n_frames else [])


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_an_empty_film_is_one_shot(value: float) -> None:
    assert shots_of([np.full((90, 160), value, np.float32)] * 40) == [Shot(0, 39, "start")]


def test_a_negative_after_its_positive_is_told_apart(scenes: list[np.ndarray]) -> None:
    frame = pan(scenes[0], 1)[0]
    assert shots_of([frame] * 20 + [1 - frame] * 20)[1:] == [Shot(20, 39, "cut")]


def test_a_boundary_is_final_after_the_look_ahead(scenes: list[np.ndarray]) -> None:
    frames = pan(scenes[0], 20) + pan(scenes[1], 25) + dissolved(pan(scenes[2], 30), pan(scenes[0], 40), 10)
    detector = ShotDetector()
    so_far = []
    for frame in frames:
        detector.push(thumbnail(frame))
        so_far.append([shot.first for shot in detector.finish()])
    for index, firsts in enumerate(so_far):
        settled = index - LOOK_AHEAD
        assert [at for at in firsts if at <= settled] == [at for at in so_far[-1] if at <= settled]
    assert len(so_far[-1]) == 4


def test_only_a_window_of_thumbnails_is_kept(scenes: list[np.ndarray]) -> None:
    detector = ShotDetector()
    picture = thumbnail(pan(scenes[0], 1)[0])
    for _ in range(100):
        detector.push(picture)
    assert len(detector._recent) == 19
    picture[:] = 0  # the caller's thumbnail may be used again
    assert detector._recent[-1].any()


def test_thumbnails_keep_the_aspect_and_are_never_enlarged() -> None:
    assert thumbnail(np.zeros((270, 480), np.float32)).shape == (36, 64)
    assert thumbnail(np.zeros((480, 270), np.float32)).shape == (64, 36)
    assert thumbnail(np.zeros((3, 2000), np.float32)).shape == (1, 64)
    small = np.random.default_rng(0).random((9, 5), np.float32)
    np.testing.assert_array_equal(thumbnail(small), small)


def test_tiny_films_have_cuts_too(scenes: list[np.ndarray]) -> None:
    frames = [
        cv2.resize(frame, (8, 6), interpolation=cv2.INTER_AREA) for frame in pan(scenes[0], 12) + pan(scenes[1], 12)
    ]
    assert [shot.first for shot in shots_of(frames)] == [0, 12]


def test_thumbnails_of_another_shape_are_refused() -> None:
    detector = ShotDetector()
    detector.push(np.zeros((9, 16), np.float32))
    with pytest.raises(ValueError, match="one shape"):
        detector.push(np.zeros((9, 15), np.float32))
