"""Scores of film on clips whose colours are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.metrics.film import Motion, pair_flicker, temporal_errors
from benchmarks.metrics.film_scores import FilmScores, Truth, score_pictures
from featcolor.colour.measures import grey_psnr
from tests.benchmarks.film_clips import COUNT, pan, score_chroma, summary


@pytest.fixture(scope="module")
def truth(photographs: dict[str, np.ndarray]) -> Truth:
    return Truth(pan(photographs["coffee"]))


def test_the_truths_own_chroma_scores_as_the_truth(truth: Truth) -> None:
    values = summary(score_chroma(truth, truth.chroma), truth)
    assert values["psnr"] > 50
    assert values["cf_share"] == pytest.approx(1.0, abs=0.005)
    assert values["flicker_excess"] == pytest.approx(0.0, abs=0.05)
    assert values["frames"] == COUNT - 1


def test_grey_scores_as_the_measures_say(truth: Truth) -> None:
    values = summary(score_chroma(truth, (np.zeros_like(plane) for plane in truth.chroma)), truth)
    assert values["psnr"] == pytest.approx(np.mean([grey_psnr(frame) for frame in truth.frames[1:]]))
    assert values["cf"] == 0.0
    assert values["flicker_excess"] < 0


def test_key_frames_never_count(truth: Truth) -> None:
    chroma = [plane.copy() for plane in truth.chroma]
    chroma[0] += 60
    chroma[3] += 60
    wrong, right = (score_chroma(truth, planes, keys=(0, 3)) for planes in (chroma, truth.chroma))
    for name, values in vars(wrong).items():
        np.testing.assert_array_equal(values, getattr(right, name))
    assert np.flatnonzero(~wrong.scored).tolist() == [0, 3]
    assert np.flatnonzero(np.isnan(wrong.flicker)).tolist() == [0, 2, 3]


def test_frames_that_are_not_there_are_not_scored(truth: Truth) -> None:
    pictures = [frame if index in (2, 3, 5) else None for index, frame in enumerate(truth.frames)]
    scores = score_pictures(truth, pictures)
    assert np.flatnonzero(scores.scored).tolist() == [2, 3, 5]
    assert np.flatnonzero(~np.isnan(scores.flicker)).tolist() == [2]
    assert np.isnan(scores.cdc)
    assert score_pictures(truth, pictures[:4]).scored.sum() == 2


def test_more_pictures_than_frames_or_a_single_frame_are_an_error(truth: Truth) -> None:
    with pytest.raises(ValueError, match="more pictures than the 7"):
        score_pictures(truth, [*truth.frames, truth.frames[0]])
    with pytest.raises(ValueError, match="at least 2"):
        Truth(truth.frames[:1])


def test_pairs_agree_with_the_measures_of_whole_clips(truth: Truth) -> None:
    output = [np.roll(frame, 1, axis=-1) for frame in truth.frames]
    scores, errors = score_pictures(truth, output, keys=()), temporal_errors(truth.frames, output)
    assert np.mean(scores.warp_error) == pytest.approx(errors.warp_error)
    assert np.mean(scores.flicker) == pytest.approx(errors.chroma_flicker)


def test_means_over_named_frames_take_those_alone(truth: Truth) -> None:
    scores = score_chroma(truth, (0.9 * plane for plane in truth.chroma))
    assert summary(scores, truth, [2, 4])["psnr"] == pytest.approx(scores.psnr[[2, 4]].mean())
    assert np.isnan(summary(scores, truth, [0])["psnr"])


def test_scores_survive_json(truth: Truth) -> None:
    scores = score_pictures(truth, [None, None, *truth.frames[2:]])
    document = {key: None if value != value else value for key, value in scores.to_dict().items()}
    again = FilmScores.from_dict(json.loads(json.dumps(document)))
    for name, values in vars(scores).items():
        np.testing.assert_array_equal(values, getattr(again, name))


def test_coarse_flicker_forgets_grain_and_keeps_patches() -> None:
    motion = Motion(np.zeros((60, 60, 2), np.float32), np.ones((60, 60), bool))
    still = np.zeros((60, 60, 2), np.float32)
    grain = np.random.default_rng(0).normal(0, 5, still.shape).astype(np.float32)
    assert pair_flicker(still, grain, motion, window=17) < 0.15 * pair_flicker(still, grain, motion)
    patch = still + np.float32(3)
    assert pair_flicker(still, patch, motion, window=17) == pytest.approx(pair_flicker(still, patch, motion))


def test_coarse_flicker_looks_at_valid_pixels_only() -> None:
    valid = np.ones((60, 60), bool)
    valid[:, 30:] = False
    after = np.zeros((60, 60, 2), np.float32)
    after[:, 30:] = 80
    motion = Motion(np.zeros((60, 60, 2), np.float32), valid)
    assert pair_flicker(np.zeros_like(after), after, motion, window=17) == 0.0
    assert np.isnan(pair_flicker(after, after, Motion(motion.flow, ~np.ones_like(valid)), window=17))
