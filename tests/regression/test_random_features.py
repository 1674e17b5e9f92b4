"""Ridge regression on random features: what is learned, and that nothing is learned of what is left out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from featcolor.regression.random_features import RandomFeatureRegression
from features.base import FloatArray, IndexArray

FEATURES = 12


def fitted(features: FloatArray, chroma: FloatArray, picture: IndexArray) -> tuple[RandomFeatureRegression, FloatArray]:
    wanted = np.arange(len(features))
    return RandomFeatureRegression.fitted(
        features, chroma, picture, wanted, (8, FEATURES - 8), (1.0, 0.5), width=256, seed=0
    )


def rows(seed: int = 0, pictures: int = 5, each: int = 600) -> tuple[FloatArray, IndexArray]:
    features = np.random.default_rng(seed).normal(size=(pictures * each, FEATURES)).astype(np.float32)
    return features, np.repeat(np.arange(pictures), each)


def test_what_no_straight_line_fits_is_learned() -> None:
    features, picture = rows()
    chroma = 30 * np.stack([np.abs(features[:, 0]), np.maximum(features[:, 1], features[:, 9])], axis=1)
    model, left_out = fitted(features, chroma, picture)
    for answers in (left_out, model.predict(features)):
        for reading in answers:
            error = np.mean((reading - chroma) ** 2)
            assert error < 0.5 * np.var(chroma, axis=0).mean()


def test_the_second_reading_keeps_to_colours_that_there_are() -> None:
    features, picture = rows()
    chroma = np.where(features[:, :1] > 0, np.float32([60, 0]), np.float32([-60, 0]))
    by_squares, by_cells = fitted(features, chroma, picture)[1]
    assert np.abs(by_cells[:, 0]).max() <= 60.01
    assert np.mean((by_cells - chroma) ** 2) < np.mean((by_squares - chroma) ** 2)


def test_a_row_is_answered_for_without_its_own_picture() -> None:
    features, picture = rows(each=100)
    chroma = 20 * np.random.default_rng(1).normal(size=(len(features), 2)).astype(np.float32)
    model, left_out = fitted(features, chroma, picture)
    assert np.corrcoef(model.predict(features)[0].ravel(), chroma.ravel())[0, 1] > 0.5
    assert np.abs(np.corrcoef(left_out[0].ravel(), chroma.ravel())[0, 1]) < 0.1


def test_colours_that_are_all_one_come_back() -> None:
    features, picture = rows(each=50)
    chroma = np.tile(np.float32([20, -10]), (len(features), 1))
    np.testing.assert_allclose(
        fitted(features, chroma, picture)[1], np.broadcast_to(chroma, (2, *chroma.shape)), atol=0.01
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_arrays_give_the_same_answers(threads: int) -> None:
    features, picture = rows(each=100)
    chroma = 20 * features[:, :2]
    model, left_out = fitted(features, chroma, picture)
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        again, left_out_again = fitted(features, chroma, picture)
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(left_out, left_out_again)
    kept = RandomFeatureRegression.from_arrays(again.to_arrays())
    np.testing.assert_array_equal(kept.predict(features), model.predict(features))
