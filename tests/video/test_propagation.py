"""Colour of a whole shot from a few of its frames: what holds for every shot, whatever is tuned inside."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from featcolor.colour.lab import rgb_to_lab
from featcolor.parallel.cores import library_threads
from featcolor.video.propagation import spooled as stores
from featcolor.video.propagation.key_regression import KeyframeRegressor
from featcolor.video.propagation.sweeps import KeyChroma, ShotColours, carry_over, colour_shot, work_ahead
from refine.temporal import Carried

HEIGHT, WIDTH, COUNT, STEP = 64, 96, 6, 2
KEPT = 0.05
"""What two bytes a number may be off."""


@pytest.fixture(scope="module")
def pan(photographs: dict[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Lightness and chroma of a camera that moves over a photograph by two pixels a frame."""
    wide = cv2.resize(photographs["coffee"], (WIDTH + STEP * COUNT, HEIGHT), interpolation=cv2.INTER_AREA)
    frames = [rgb_to_lab(wide[:, STEP * index : STEP * index + WIDTH]) for index in range(COUNT)]
    return [lightness for lightness, _ in frames], [chroma for _, chroma in frames]


def keys_at(chroma: list[np.ndarray], *places: int) -> list[KeyChroma]:
    return [KeyChroma(place, chroma[place]) for place in places]


def taken(colours: ShotColours) -> tuple[np.ndarray, np.ndarray]:
    """Chroma and confidence of every frame; the shot is closed."""
    count = len(colours.chroma)
    chroma = np.stack([colours.chroma[index] for index in range(count)])
    confidence = np.stack([colours.confidence[index] for index in range(count)])
    colours.close()
    return chroma, confidence


def error(chroma: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(chroma - truth, axis=-1).mean())


def grey_guess(lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((*lightness.shape, 2), np.float32), np.zeros(lightness.shape, np.float32)


@pytest.mark.parametrize("places", [(0,), (3,), (COUNT - 1,), (0, COUNT - 1), (1, 2, 4)])
def test_key_frames_keep_their_colour_and_the_others_get_it(pan: Any, places: tuple[int, ...]) -> None:
    lightness, truth = pan
    chroma, confidence = taken(colour_shot(lightness, keys_at(truth, *places)))
    assert chroma.shape == (COUNT, HEIGHT, WIDTH, 2)
    assert confidence.shape == (COUNT, HEIGHT // 8, WIDTH // 8)
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    for index in range(COUNT):
        if index in places:
            np.testing.assert_allclose(chroma[index], truth[index], atol=KEPT)
            assert (confidence[index] == 1).all()
        else:
            assert error(chroma[index], truth[index]) < 0.25 * error(truth[index], np.zeros_like(truth[index]))


@pytest.mark.parametrize(("count", "key"), [(9, 4), (1, 0)])
def test_a_still_film_keeps_its_colours_exactly(pan: Any, count: int, key: int) -> None:
    lightness, truth = pan
    chroma, confidence = taken(colour_shot([lightness[0]] * count, [KeyChroma(key, truth[0])]))
    np.testing.assert_allclose(chroma, np.stack([truth[0]] * count), atol=KEPT)
    assert (confidence == 1).all()


def test_a_fade_keeps_the_colours(pan: Any) -> None:
    lightness, truth = pan
    faded = [lightness[0] * np.float32(1 - 0.05 * index) for index in range(6)]
    chroma, _ = taken(colour_shot(faded, keys_at(truth[:1] * 6, 0)))
    assert error(chroma[-1], truth[0]) < 0.05 * error(truth[0], np.zeros_like(truth[0]))


def test_key_frames_on_both_sides_of_what_appears_beat_one(pan: Any) -> None:
    lightness, truth = ([plane.copy() for plane in planes] for planes in pan)
    for index in range(3, COUNT):
        lightness[index][20:44, 30:60] = 0.95
        truth[index][20:44, 30:60] = (50, 40)
    one, confidence = taken(colour_shot(lightness, keys_at(truth, 0)))
    both, _ = taken(colour_shot(lightness, keys_at(truth, 0, COUNT - 1)))
    place = (slice(3, COUNT - 1), slice(24, 40), slice(34, 56))
    assert error(both[place], np.stack(truth)[place]) < 0.5 * error(one[place], np.stack(truth)[place])
    assert confidence[3:, 3:5, 5:7].mean() < confidence[:3].mean() - 0.3


def test_the_order_of_key_frames_does_not_matter(pan: Any) -> None:
    lightness, truth = pan
    given = keys_at(truth, 0, 2, 5)
    one, other = (taken(colour_shot(lightness, keys)) for keys in (given, given[::-1]))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_cores_and_where_planes_are_kept_do_not_matter(
    pan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lightness, truth = pan
    given = [array.copy() for array in (*lightness, *truth)]
    found = []
    for cores, kept in ((1, 2**26), (2, 2**26), (5, 2**26), (2, 0)):
        monkeypatch.setattr(stores, "IN_MEMORY", kept)
        with library_threads(cores):
            found.append(taken(colour_shot(lightness, keys_at(truth, 1, 4), folder=tmp_path)))
        assert not list(tmp_path.iterdir())
    for other in found[1:]:
        np.testing.assert_array_equal(other[0], found[0][0])
        np.testing.assert_array_equal(other[1], found[0][1])
    assert all(np.array_equal(a, b) for a, b in zip(given, (*lightness, *truth), strict=True))


@pytest.mark.parametrize("shape", [(12, 12), (13, 30), (8, 50)])
def test_small_and_odd_frames(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    lightness = [rng.uniform(0, 1, shape).astype(np.float32) for _ in range(3)]
    key = KeyChroma(1, rng.uniform(-40, 40, (*shape, 2)).astype(np.float32))
    chroma, confidence = taken(colour_shot(lightness, [key]))
    assert np.isfinite(chroma).all()
    assert confidence.shape == (3, -(-shape[0] // 8), -(-shape[1] // 8))


def test_progress_counts_every_frame_once(pan: Any) -> None:
    lightness, truth = pan
    seen: list[tuple[int, int]] = []
    colour_shot(lightness, keys_at(truth, 2), progress=lambda *done: seen.append(done)).close()
    assert seen == [(done, COUNT) for done in range(1, COUNT + 1)]


def test_a_model_colours_what_no_key_frame_shows(pan: Any) -> None:
    lightness, truth = ([plane.copy() for plane in planes] for planes in pan)
    lightness[3:] = [1 - plane[::-1] for plane in lightness[3:]]

    def model(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full((*frame.shape, 2), (-60, 60), np.float32), np.ones(frame.shape, np.float32)

    target = np.array([-60, 60], np.float32)
    without, _ = taken(colour_shot(lightness, keys_at(truth, 0)))
    using, _ = taken(colour_shot(lightness, keys_at(truth, 0), guess=model))
    assert error(using[3:], target) < error(without[3:], target)
    np.testing.assert_allclose(using[0], truth[0], atol=KEPT)


def test_nothing_is_guessed_where_what_was_carried_is_sure(pan: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lightness, truth = pan
    asked: list[int] = []

    def model(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(1)
        return grey_guess(frame)

    monkeypatch.setattr(KeyframeRegressor, "_raw", lambda self, frame, yx: asked.append(len(yx)))
    regressor = KeyframeRegressor(step=4)
    chroma, sure = regressor(lightness[0], Carried(truth[0], np.ones((HEIGHT, WIDTH), np.float32)))
    np.testing.assert_array_equal(chroma, truth[0])
    assert (sure == 1).all()
    assert not asked
    monkeypatch.undo()
    colour_shot([lightness[0]] * 4, keys_at(truth, 0), guess=model).close()
    assert not asked


def test_no_key_frame_or_one_outside_the_shot_is_refused(pan: Any) -> None:
    with pytest.raises(ValueError, match="at least one"):
        colour_shot(pan[0], [])
    for place in (-1, COUNT, COUNT + 5):
        with pytest.raises(ValueError, match="must be among"):
            colour_shot(pan[0], [KeyChroma(place, pan[1][0])])


def workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")}


@pytest.mark.parametrize("kind", [RuntimeError, MemoryError])
@pytest.mark.parametrize("where", ["guess", "lightness"])
def test_a_workers_error_comes_out_and_stops_the_others(
    pan: Any, kind: type, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "IN_MEMORY", 0)
    lightness, truth = pan
    lightness = [lightness[0], 1 - lightness[1][::-1]]  # nothing can be carried
    calls: list[int] = []

    class Frames(list):
        def __getitem__(self, index: Any) -> Any:
            if where == "lightness" and index == 9:
                raise kind("worn out")
            return super().__getitem__(index)

    def model(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        calls.append(1)
        if where == "guess":
            raise kind("worn out")
        return grey_guess(frame)

    before = workers()
    with library_threads(2), pytest.raises(kind, match="worn out"):  # they work ahead by so many
        colour_shot(Frames(lightness * 30), keys_at(truth, 0), guess=model, folder=tmp_path)
    assert workers() <= before
    assert len(calls) < 50
    assert not list(tmp_path.iterdir())


def test_an_interrupt_stops_the_workers(pan: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "IN_MEMORY", 0)
    lightness, truth = pan
    before = workers()

    def interrupt(done: int, count: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with library_threads(2), pytest.raises(KeyboardInterrupt):
        colour_shot(lightness * 10, keys_at(truth, 0), folder=tmp_path, progress=interrupt)
    assert workers() <= before
    assert not list(tmp_path.iterdir())


def test_what_no_key_frame_is_sure_of_stays_as_it_stands(pan: Any) -> None:
    lightness, truth = pan
    standing = [-plane for plane in truth]
    unsure = KeyChroma(2, truth[2], np.zeros((HEIGHT, WIDTH), np.float32))
    chroma, confidence = taken(carry_over(lightness, [unsure], standing.__getitem__))
    np.testing.assert_allclose(chroma, standing, atol=KEPT)
    np.testing.assert_array_equal(confidence, 0)


def test_a_key_frame_that_is_sure_of_a_part_is_carried_there_alone(pan: Any) -> None:
    lightness, truth = pan
    standing = [-plane for plane in truth]
    sureness = np.zeros((HEIGHT, WIDTH), np.float32)
    sureness[:, 40:] = 1
    chroma, _ = taken(carry_over(lightness, [KeyChroma(2, truth[2], sureness)], standing.__getitem__))
    np.testing.assert_allclose(chroma[2, :, 40:], truth[2][:, 40:], atol=KEPT)
    for index in (0, 1, 3, 5):
        np.testing.assert_allclose(chroma[index, :, :20], standing[index][:, :20], atol=KEPT)
        inner = slice(60, 80)
        assert error(chroma[index, :, inner], truth[index][:, inner]) < 0.25 * error(0, truth[index][:, inner])


@pytest.mark.parametrize("later", [4, 5])
def test_a_key_frame_that_says_nothing_of_a_place_lets_others_through(pan: Any, later: int) -> None:
    lightness, truth = pan
    standing = [-plane for plane in truth]
    left = np.zeros((HEIGHT, WIDTH), np.float32)
    left[:, : WIDTH // 2] = 1
    keys = [KeyChroma(0, truth[0], left), KeyChroma(later, truth[later], 1 - left)]
    chroma, _ = taken(carry_over(lightness, keys, standing.__getitem__))
    for index in range(later + 1):
        for part in (slice(8, 32), slice(60, 80)):
            assert error(chroma[index, :, part], truth[index][:, part]) < 0.25 * error(0, truth[index][:, part])


def test_a_sure_key_frame_beside_unsure_ones_keeps_its_colour(pan: Any) -> None:
    lightness, truth = pan
    half = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    keys = [KeyChroma(4, -truth[4], half), KeyChroma(1, truth[1]), KeyChroma(3, -truth[3], half)]
    chroma, confidence = taken(carry_over(lightness, keys, truth.__getitem__))
    np.testing.assert_allclose(chroma[1], truth[1], atol=KEPT)
    assert (confidence[1] == 1).all()


def test_what_waits_is_not_begun_after_an_error() -> None:
    """So that Ctrl-C need not wait for a whole shot."""
    first, go_on, begun = threading.Event(), threading.Event(), []

    def work(item: int) -> int:
        begun.append(item)
        if item:
            first.set()
            go_on.wait(10)
        return item

    with ThreadPoolExecutor(1) as pool:
        results: Any = work_ahead(pool, work, range(50), 40)
        assert next(results) == 0
        assert first.wait(10)
        results.close()
        go_on.set()
    assert begun == [0, 1]
