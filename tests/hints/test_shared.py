"""Hints of several pictures together, and how far hints decide what is at a place."""

from __future__ import annotations

import numpy as np
import pytest

from featcolor.hints.shared import SharedHints, Told
from featcolor.hints.spread import Places, influence, spread

SHAPE = (9, 12)


def places(seed: int, far: float = 0.0) -> Places:
    """A picture's places, all `far` away from those of pictures that are not."""
    features = np.random.default_rng(seed).normal(0, 1, (*SHAPE, 4)).astype(np.float32)
    features[..., 0] += np.float32(far)
    return Places(features)


def some(seed: int, count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Places, each once, and what changes there."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(SHAPE[0] * SHAPE[1])[:count]
    return np.stack(np.divmod(chosen, SHAPE[1]), axis=1), rng.normal(0, 20, (count, 2)).astype(np.float32)


def test_hints_of_one_picture_are_spread_in_it_as_ever() -> None:
    yx, change = some(1)
    shared = SharedHints.of([Told(places(0), yx, change)])
    np.testing.assert_allclose(shared.change(places(0)), spread(places(0), yx, change), atol=1e-3)


def test_the_order_of_pictures_does_not_matter_and_each_keeps_what_it_was_told() -> None:
    told = [Told(places(seed, far=20 * seed), *some(seed + 7)) for seed in range(3)]
    one, other = (SharedHints.of(order) for order in (told, told[::-1]))
    for each in told:
        np.testing.assert_allclose(one.change(each.places), other.change(each.places), atol=1e-3)
        found = one.change(each.places)[each.yx[:, 0], each.yx[:, 1]]
        assert np.abs(found - each.change).mean() < 0.1 * np.abs(each.change).mean()


def test_what_is_alike_in_another_picture_changes_and_what_is_not_stays() -> None:
    yx, change = some(2)
    shared = SharedHints.of([Told(places(0), yx, change)])
    np.testing.assert_array_equal(shared.change(places(1, far=60)), 0)
    moved = Places(np.ascontiguousarray(places(0).features[:, ::-1]))
    np.testing.assert_allclose(shared.change(moved), shared.change(places(0))[:, ::-1], atol=1e-3)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_hints_decide_what_is_at_their_own_places_and_nothing_that_is_unlike(count: int) -> None:
    yx, _ = some(3, count)
    known = influence(places(0), yx)
    assert known.shape == SHAPE
    assert known.min() >= 0
    assert known.max() <= 1
    assert known[yx[:, 0], yx[:, 1]].min() > 0.95
    features = places(0).features.copy()
    features[:4, ..., 0] += 60
    apart = influence(Places(features), yx[yx[:, 0] >= 4]) if (yx[:, 0] >= 4).any() else np.zeros(SHAPE)
    assert apart[:4].max() < 1e-6


def test_one_more_hint_never_makes_a_place_less_known() -> None:
    yx, _ = some(4, 12)
    before, after = influence(places(0), yx[:6]), influence(places(0), yx)
    assert (after >= before - 1e-5).all()


def test_the_influence_of_one_hint_is_the_square_of_its_likeness() -> None:
    yx = np.array([[2, 3]])
    likeness = places(0).likeness(yx)[..., 0]
    np.testing.assert_allclose(influence(places(0), yx), likeness**2 / np.float32(1.01), atol=1e-5)
