"""Links between frames and colour carried over them: what must hold whatever the constants are."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine.temporal import (
    Carried,
    Link,
    carry,
    chain,
    flow_both,
    join,
    lay_over,
    link_confidence,
    trust,
)

SHAPE = (48, 64)


def texture(shape: tuple[int, int] = SHAPE, seed: int = 0) -> np.ndarray:
    """Smooth blobs, 0.2..0.8."""
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    low, high = smooth.min(), smooth.max()
    return np.asarray(np.float32(0.2) + np.float32(0.6) * (smooth - low) / (high - low), np.float32)


def flow_of(dx: float, dy: float = 0.0, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.broadcast_to(np.array([dx, dy], np.float32), (*shape, 2)).copy()


def random_carried(seed: int) -> Carried:
    rng = np.random.default_rng(seed)
    chroma = rng.uniform(-60, 60, (*SHAPE, 2)).astype(np.float32)
    return Carried(chroma, rng.uniform(0, 1, SHAPE).astype(np.float32))


# Links.


def test_a_chain_of_two_links_leads_as_far_as_both_and_is_as_weak_as_either() -> None:
    sure, unsure = (np.full(SHAPE, value, np.float32) for value in (0.9, 0.4))
    whole = chain(Link(flow_of(3), sure), Link(flow_of(2, 1), unsure))
    np.testing.assert_allclose(whole.flow, flow_of(5, 1))
    np.testing.assert_allclose(whole.confidence, 0.4)


def test_an_equal_frame_at_rest_is_believed_wholly() -> None:
    frame = texture()
    np.testing.assert_array_equal(link_confidence(frame, frame, flow_of(0), flow_of(0)), 1)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.15), (1.0, -0.15), (1.2, 0.0), (0.85, 0.05)])
def test_exposure_of_the_whole_frame_does_not_count(gain: float, offset: float) -> None:
    frame = texture()
    other = np.float32(gain) * frame + np.float32(offset)
    assert link_confidence(frame, other, flow_of(0), flow_of(0)).min() > 0.99


def test_flat_frames_are_no_mistake() -> None:
    for level in (0.0, 0.5, 1.0):
        flat = np.full(SHAPE, level, np.float32)
        for target, source in ((flat, flat), (flat, texture()), (texture(), flat)):
            confidence = link_confidence(target, source, flow_of(0), flow_of(0))
            assert np.isfinite(confidence).all()
        assert link_confidence(flat, flat * np.float32(0.9), flow_of(0), flow_of(0)).min() > 0.99


def test_grain_lowers_it_a_little_and_evenly() -> None:
    frame, rng = texture(), np.random.default_rng(1)
    first, second = (frame + np.float32(0.03) * rng.standard_normal(SHAPE).astype(np.float32) for _ in range(2))
    confidence = link_confidence(first, second, flow_of(0), flow_of(0))
    assert confidence.mean() > 0.85
    assert confidence.min() > 0.6


def test_what_was_not_there_is_not_believed() -> None:
    before = np.float32(0.6) * texture()
    after = before.copy()
    after[18:30, 26:40] = 0.95
    confidence = link_confidence(after, before, flow_of(0), flow_of(0))
    assert confidence[20:28, 28:38].max() < 0.5
    # What appears changes the whole frame's mean and contrast too, which the rest may not lose much by.
    assert confidence[:8].mean() > 0.7


def test_flows_that_miss_each_other_are_believed_the_less_the_further() -> None:
    frame = np.full(SHAPE, 0.5, np.float32)
    means = [
        link_confidence(frame, frame, flow_of(4), flow_of(-4 + miss))[:, 8:-8].mean() for miss in (0, 1, 2, 4, 8, 16)
    ]
    assert means[0] == pytest.approx(1)
    assert all(further < nearer for nearer, further in pairwise(means))
    assert means[-1] < 0.01


def test_a_fast_motion_may_miss_by_more_than_a_slow_one() -> None:
    frame = np.full((48, 128), 0.5, np.float32)
    slow, fast = (
        link_confidence(frame, frame, flow_of(speed, 0, frame.shape), flow_of(2 - speed, 0, frame.shape))[:, 2:80]
        for speed in (2, 30)
    )
    assert fast.min() > slow.max()


@pytest.mark.parametrize(("dx", "dy"), [(5, 0), (-5, 0), (0, 5), (0, -5)])
def test_what_comes_from_outside_is_not_believed(dx: int, dy: int) -> None:
    frame = np.full(SHAPE, 0.5, np.float32)
    confidence = link_confidence(frame, frame, flow_of(dx, dy), flow_of(-dx, -dy))
    outside = np.zeros(SHAPE, bool)
    y, x = np.indices(SHAPE)
    outside |= (x + dx < 0) | (x + dx >= SHAPE[1]) | (y + dy < 0) | (y + dy >= SHAPE[0])
    assert outside.any()
    assert (confidence[outside] == 0).all()
    assert (confidence[~outside] == 1).all()


@given(st.integers(0, 2**16))
def test_links_are_in_range_and_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    target, source = (rng.uniform(0, 1, SHAPE).astype(np.float32) for _ in range(2))
    flow, reverse = (rng.normal(0, 6, (*SHAPE, 2)).astype(np.float32) for _ in range(2))
    given_ = [target, source, flow, reverse]
    copies = [array.copy() for array in given_]
    confidence = link_confidence(*given_)
    assert confidence.shape == SHAPE
    assert confidence.dtype == np.float32
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    assert all(np.array_equal(array, copy) for array, copy in zip(given_, copies, strict=True))


def test_both_flows_of_a_shift_are_found_in_their_own_direction() -> None:
    wide = texture((64, 96))
    first, second = np.ascontiguousarray(wide[:, 4:]), np.ascontiguousarray(wide[:, :-4])
    forward, backward = flow_both(first, second)
    # What is at x in the second frame was at x - 4 in the first.
    assert np.median(forward[8:-8, 12:-12, 0]) == pytest.approx(-4, abs=0.3)
    assert np.median(backward[8:-8, 12:-12, 0]) == pytest.approx(4, abs=0.3)
    assert np.median(link_confidence(second, first, forward, backward)[8:-8, 12:-12]) > 0.9


# Carrying.


def test_colour_goes_from_where_the_flow_points() -> None:
    before = random_carried(0)
    resting = carry(before, Link(flow_of(0), np.ones(SHAPE, np.float32)))
    assert all(np.array_equal(found, given_) for found, given_ in zip(resting, before, strict=True))
    after = carry(before, Link(flow_of(3, -2), np.ones(SHAPE, np.float32)))
    np.testing.assert_allclose(after.chroma[2:, :-3], before.chroma[:-2, 3:], atol=1e-4)
    np.testing.assert_allclose(after.confidence[2:, :-3], before.confidence[:-2, 3:], atol=1e-5)


@given(st.integers(0, 2**16))
def test_one_colour_stays_and_confidence_never_rises(seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = Carried(np.full((*SHAPE, 2), (12.5, -30), np.float32), np.full(SHAPE, 0.9, np.float32))
    for _ in range(4):
        flow = rng.normal(0, 4, (*SHAPE, 2)).astype(np.float32)
        link = Link(flow, rng.uniform(0, 1, SHAPE).astype(np.float32))
        copies = [array.copy() for array in (*state, *link)]
        after = carry(state, link)
        assert all(np.array_equal(array, copy) for array, copy in zip((*state, *link), copies, strict=True))
        assert after.chroma.dtype == after.confidence.dtype == np.float32
        np.testing.assert_allclose(after.chroma, state.chroma, atol=1e-4)
        assert after.confidence.max() <= state.confidence.max() + 1e-6
        assert (after.confidence <= link.confidence).all()
        state = after


def test_a_way_is_as_good_as_its_worst_link() -> None:
    state = Carried(flow_of(0), np.ones(SHAPE, np.float32))
    for confidence in (0.8, 0.4, 0.9, 0.9):
        state = carry(state, Link(flow_of(0), np.full(SHAPE, confidence, np.float32)))
    np.testing.assert_allclose(state.confidence, 0.4, atol=1e-6)


# Joining.


@given(st.integers(0, 2**16), st.floats(0, 1))
def test_joining_knows_no_order_and_stays_between(seed: int, position: float) -> None:
    one, other = random_carried(seed), random_carried(seed + 1)
    copies = [array.copy() for array in (*one, *other)]
    joined, swapped = join(one, other, position), join(other, one, 1 - position)
    np.testing.assert_allclose(joined.chroma, swapped.chroma, atol=1e-3)
    np.testing.assert_allclose(joined.confidence, swapped.confidence, atol=1e-6)
    assert joined.chroma.dtype == joined.confidence.dtype == np.float32
    assert (joined.chroma >= np.minimum(one.chroma, other.chroma) - 1e-3).all()
    assert (joined.chroma <= np.maximum(one.chroma, other.chroma) + 1e-3).all()
    assert (joined.confidence >= np.maximum(one.confidence, other.confidence) - 1e-6).all()
    assert joined.confidence.max() <= 1
    assert all(np.array_equal(array, copy) for array, copy in zip((*one, *other), copies, strict=True))


def level(chroma: float, confidence: float) -> Carried:
    return Carried(np.full((4, 4, 2), chroma, np.float32), np.full((4, 4), confidence, np.float32))


def test_the_nearer_key_frame_and_the_surer_way_count_more() -> None:
    assert (join(level(0, 0.7), level(10, 0.7), 0.25).chroma < 5).all()
    assert (join(level(0, 0.7), level(10, 0.7), 0.75).chroma > 5).all()
    np.testing.assert_allclose(join(level(0, 0.7), level(10, 0.7), 0.5).chroma, 5, atol=1e-4)
    assert (join(level(0, 0.3), level(10, 0.9), 0.5).chroma > 5).all()


def test_what_one_side_does_not_know_comes_from_the_other() -> None:
    np.testing.assert_allclose(join(level(0, 0), level(10, 0.8), 0.1).chroma, 10, atol=1e-2)
    np.testing.assert_allclose(join(level(0, 0.8), level(10, 0), 0.9).chroma, 0, atol=1e-2)
    assert np.isfinite(join(level(0, 0), level(10, 0), 0.5).chroma).all()
    np.testing.assert_allclose(join(level(0, 0), level(10, 0.8), 0.1).confidence, 0.8, atol=1e-6)


def test_trust_rises_from_nothing_to_all() -> None:
    shares = trust(np.linspace(0, 1, 11, dtype=np.float32))
    assert shares.dtype == np.float32
    assert shares[0] == 0
    assert shares[-1] == 1
    assert (np.diff(shares) > 0).all()
    assert (shares >= np.linspace(0, 1, 11, dtype=np.float32)).all()


def test_what_is_sure_hides_what_is_beneath_and_what_is_not_shows_it() -> None:
    above, beneath = random_carried(1), random_carried(2)
    sure, unsure = (
        above._replace(confidence=np.ones(SHAPE, np.float32)),
        above._replace(confidence=np.zeros(SHAPE, np.float32)),
    )
    np.testing.assert_array_equal(lay_over(sure, beneath).chroma, sure.chroma)
    np.testing.assert_allclose(lay_over(unsure, beneath).chroma, beneath.chroma, atol=1e-3)
    np.testing.assert_array_equal(lay_over(unsure, beneath).confidence, beneath.confidence)
    both = lay_over(above, beneath)
    np.testing.assert_allclose(both.confidence, 1 - (1 - above.confidence) * (1 - beneath.confidence), atol=1e-6)
    low, high = np.minimum(above.chroma, beneath.chroma), np.maximum(above.chroma, beneath.chroma)
    assert (both.chroma >= low - 1e-3).all()
    assert (both.chroma <= high + 1e-3).all()
