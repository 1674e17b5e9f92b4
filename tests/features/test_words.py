"""Visual words: kinds of texture are told apart; the vocabulary is as it should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from features.base import FloatArray, grid_points
from features.words import VisualWords, squared_distances
from tests.samples import extract

SMALL_DAISY = (5, 1, 4, 4)
SHAPE = (48, 64)


def stripes(period: int, *, upright: bool, seed: int = 0) -> FloatArray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * (columns if upright else rows) / period)
    return (wave + np.random.default_rng(seed).normal(0, 0.02, SHAPE)).clip(0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def words() -> VisualWords:
    pictures = [stripes(8, upright=upright, seed=seed) for upright in (True, False) for seed in range(3)]
    return VisualWords(8, 4, daisy=SMALL_DAISY).fit(pictures)


def test_unseen_pictures_of_one_kind_are_nearer_than_of_two(words: VisualWords) -> None:
    inside = grid_points((24, 32), 4) + 12
    kinds = ((True, 10), (True, 11), (False, 12))
    first, second, other = (words.sample(stripes(8, upright=up, seed=seed), inside) for up, seed in kinds)
    same = np.linalg.norm(first - second, axis=1)
    different = np.linalg.norm(first - other, axis=1)
    assert same.max() < different.min()


def test_the_texture_around_a_pixel_matters_within_one_picture(words: VisualWords) -> None:
    half = SHAPE[1] // 2
    picture = np.hstack([stripes(8, upright=True)[:, :half], stripes(8, upright=False)[:, half:]])
    features = extract(words, picture)
    left, right = features[:, : half - 6].reshape(-1, 4), features[:, half + 6 :].reshape(-1, 4)
    to_left, to_right = cdist(left, [left.mean(axis=0), right.mean(axis=0)]).T
    assert (to_left < to_right).mean() > 0.9


def test_shares_of_words_are_a_distribution(words: VisualWords) -> None:
    descriptors = np.random.default_rng(0).random((50, (1 * 4 + 1) * 4), np.float32)
    shares = words._assign(descriptors)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(shares.argmax(axis=1), cdist(descriptors, words.centres_).argmin(axis=1))


def test_features_of_the_references_are_whitened() -> None:
    rng = np.random.default_rng(0)
    words = VisualWords(8, 3, daisy=SMALL_DAISY)
    pictures = [rng.random(SHAPE, np.float32) for _ in range(3)] + [stripes(6, upright=True)]
    words.fit(pictures)
    rows = np.concatenate([words.sample(picture, grid_points(SHAPE, 3)) for picture in pictures])
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=0.2)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=0.2)


def test_fewer_descriptors_than_words_are_enough() -> None:
    words = VisualWords(500, 300, daisy=SMALL_DAISY).fit([stripes(8, upright=True)])
    features = words.sample(stripes(8, upright=False), grid_points(SHAPE, 8))
    assert features.shape[1] == len(words.names) <= 100
    assert np.isfinite(features).all()


def test_flat_references_are_no_trouble() -> None:
    flat = [np.full(SHAPE, value, np.float32) for value in (0.2, 0.7)]
    words = VisualWords(4, 2, daisy=SMALL_DAISY).fit(flat)
    features = words.sample(stripes(8, upright=True), grid_points(SHAPE, 8))
    assert np.isfinite(features.astype(np.float16)).all()


def test_squared_distances_agree_with_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((20, 7), np.float32), rng.random((9, 7), np.float32)
    found = squared_distances(a, b)
    np.testing.assert_allclose(found, cdist(a, b) ** 2, atol=1e-5)
    assert squared_distances(a, a).min() >= 0


@pytest.mark.parametrize("name", ["centres", "bandwidth", "mean", "basis"])
def test_state_that_disagrees_is_refused(words: VisualWords, name: str) -> None:
    state = words.get_state()
    other = VisualWords(8, 4, daisy=SMALL_DAISY)
    with pytest.raises(ValueError, match="the shape"):
        other.set_state({**state, name: np.zeros((2, 2, 2), np.float32)})
    with pytest.raises(KeyError):
        other.set_state({key: array for key, array in state.items() if key != name})
    with pytest.raises(ValueError, match="the shape"):
        VisualWords(8, 4, daisy=(5, 2, 4, 4)).set_state(state)


@pytest.mark.parametrize(("words_", "components"), [(1, 4), (0, 4), (8, 0)])
def test_impossible_vocabularies_are_refused(words_: int, components: int) -> None:
    with pytest.raises(ValueError, match="at least 2 words"):
        VisualWords(words_, components)
