"""Bootstrap intervals: hand-worked cases, SciPy's bootstrap, coverage on synthetic data, exact symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from benchmarks.metrics.intervals import Interval, bootstrap_combined, bootstrap_mean, paired

NAN = float("nan")


def range_of_means(statistics):
    return float(np.ptp(statistics.mean(axis=0)))


def absolute_mean(statistics):
    return float(abs(statistics.mean()))


def test_of_two_values_a_sample_is_one_the_other_or_their_mean():
    # means 0, 1/2, 1 with chances 1/4, 1/2, 1/4: the central 40 % are all 1/2, the central 60 % reach both ends
    assert bootstrap_mean([1.0, 0.0], level=0.4) == Interval(0.5, 0.5, 0.5, 2)
    assert bootstrap_mean([1.0, 0.0], level=0.6) == Interval(0.5, 0.0, 1.0, 2)


def test_percentile_interval_agrees_with_scipy():
    rng = np.random.default_rng(0)
    values = rng.gamma(2.0, 3.0, 60)
    for level in (0.8, 0.95):
        expected = bootstrap(
            (values,), np.mean, n_resamples=20000, confidence_level=level, method="percentile", random_state=rng
        ).confidence_interval
        found = bootstrap_mean(values, samples=20000, level=level)
        # the ends of 20,000 samples scatter by about 0.01 of a deviation of the mean at 95 %
        scatter = values.std() / np.sqrt(len(values))
        assert found.mean == pytest.approx(values.mean())
        np.testing.assert_allclose((found.low, found.high), expected, atol=0.06 * scatter)
        combined = bootstrap_combined(values[:, None], np.mean, samples=4000, level=level)
        np.testing.assert_allclose((combined.low, combined.high), expected, atol=0.15 * scatter)


def test_ninety_five_of_a_hundred_intervals_hold_the_true_mean():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_mean(rng.normal(3.0, 2.0, 80), samples=400, seed=trial) for trial in range(400)]
    held = np.mean([interval.low <= 3.0 <= interval.high for interval in intervals])
    assert 0.92 <= held <= 0.97  # 0.95, a little less for n = 80; deviation of 400 trials 0.011


def test_default_level_is_ninety_five_percent():
    values = np.random.default_rng(3).normal(size=400)
    low, high = (values.mean() + sign * 1.96 * values.std() / 20 for sign in (-1, 1))
    found = bootstrap_mean(values)
    np.testing.assert_allclose((found.low, found.high), (low, high), atol=0.008)
    assert found == bootstrap_mean(values, samples=2000, level=0.95, seed=0)


def test_order_does_not_matter_the_seed_does():
    rng = np.random.default_rng(0)
    values, mixed = rng.normal(size=50), rng.permutation(50)
    assert bootstrap_mean(values) == bootstrap_mean(values[mixed])
    assert bootstrap_mean(values) != bootstrap_mean(values, seed=1)
    statistics = rng.random((50, 2, 3))
    statistics[::2, 0, 0] = 0.5  # rows that share their first number are ordered by the next
    first, second = (bootstrap_combined(rows, range_of_means, samples=50) for rows in (statistics, statistics[mixed]))
    np.testing.assert_allclose(first, second, rtol=1e-12)
    others = rng.normal(size=50)
    assert paired(values, others, better="higher") == paired(values[mixed], others[mixed], better="higher")


def test_shift_and_scale_carry_over():
    values = np.round(np.random.default_rng(0).normal(size=64), 3)
    mean, low, high, n = bootstrap_mean(values)
    np.testing.assert_allclose(bootstrap_mean(values + 7), (mean + 7, low + 7, high + 7, n), rtol=1e-12)
    np.testing.assert_allclose(bootstrap_mean(4 * values), (4 * mean, 4 * low, 4 * high, n), rtol=1e-12)


def test_values_that_are_missing_are_left_out_and_counted():
    values = np.random.default_rng(0).normal(size=30)
    holes = np.insert(values, [0, 5, 30], NAN)
    assert bootstrap_mean(holes) == bootstrap_mean(values)
    assert bootstrap_mean(holes).n == 30


def test_one_picture_has_no_interval_none_no_mean_and_a_perfect_one_an_infinite_mean():
    assert bootstrap_mean([1.0, np.inf]) == Interval(np.inf, 1.0, np.inf, 2)
    np.testing.assert_equal(bootstrap_mean([2.5, NAN]), Interval(2.5, NAN, NAN, 1))
    np.testing.assert_equal(bootstrap_mean([NAN]), Interval(NAN, NAN, NAN, 0))
    np.testing.assert_equal(bootstrap_combined(np.array([[2.0]]), np.mean), Interval(2.0, NAN, NAN, 1))
    np.testing.assert_equal(bootstrap_combined(np.empty((0, 1)), np.mean), Interval(NAN, NAN, NAN, 0))
    np.testing.assert_equal(tuple(paired([NAN], [1.0], better="lower")), (NAN, NAN, NAN, NAN, 0))
    np.testing.assert_equal(tuple(paired([3.0], [1.0], better="lower")), (2.0, NAN, NAN, 0.0, 1))


def test_memory_is_bounded_by_drawing_in_parts(monkeypatch):
    values = np.random.default_rng(0).normal(size=100)
    whole = bootstrap_mean(values)
    monkeypatch.setattr("benchmarks.metrics.intervals._DRAWN_AT_ONCE", 700)
    assert bootstrap_mean(values) == whole


def test_bias_of_a_measure_that_is_no_mean_is_taken_off():
    # |mean| of values scattered about 0.001: samples fold at 0, are larger, and their percentiles start above it
    values = np.random.default_rng(0).normal(size=(200, 1))
    values += 0.001 - values.mean()
    folded = bootstrap_combined(values, absolute_mean)
    rng = np.random.default_rng(5)
    samples = [absolute_mean(values[rng.integers(200, size=200)]) for _ in range(4000)]
    bias = np.mean(samples) - 0.001
    assert folded.mean == pytest.approx(0.001)
    np.testing.assert_allclose(
        (folded.low, folded.high), np.quantile(samples, (0.025, 0.975)) - bias, atol=0.15 * np.std(samples)
    )
    assert folded.low < 0 < folded.high
    assert bootstrap_combined(values, absolute_mean, bounds=(0, np.inf)) == folded._replace(low=0.0)
    assert bootstrap_combined(values, absolute_mean, bounds=(-1, 0.05)) == folded._replace(high=0.05)


def test_a_method_beside_itself_differs_by_nothing_and_wins_half():
    values = np.append(np.random.default_rng(0).normal(size=20), np.inf)
    for better in ("higher", "lower"):
        assert tuple(paired(values, values, better=better)) == (0.0, 0.0, 0.0, 0.5, 21)
    theirs = np.arange(12.0)  # and a constant advantage is found exactly
    assert tuple(paired(theirs + 2, theirs, better="higher")) == (2.0, 2.0, 2.0, 1.0, 12)
    assert tuple(paired(theirs + 2, theirs, better="lower")) == (2.0, 2.0, 2.0, 0.0, 12)


def test_pictures_won_by_hand():
    ours, theirs = [1.0, 2.0, 3.0, 4.0, NAN], [0.0, 2.0, 5.0, 1.0, 1.0]
    for better, won in (("higher", 2.5 / 4), ("lower", 1.5 / 4)):
        found = paired(ours, theirs, better=better)
        assert (found.difference, found.won, found.n) == (0.5, won, 4)


def test_paired_interval_is_that_of_the_differences_and_turns_with_the_methods():
    rng = np.random.default_rng(0)
    ours = rng.normal(0, 5, 40)
    theirs = ours + rng.normal(1.0, 0.5, 40)
    found = paired(ours, theirs, better="lower", samples=4000)
    assert tuple(found)[:3] == bootstrap_mean(ours - theirs, samples=4000)[:3]
    assert found.high < 0  # surer than either mean: pictures differ more than methods do
    turned = paired(theirs, ours, better="lower", samples=4000)
    np.testing.assert_allclose((turned.low, turned.high), (-found.high, -found.low), atol=0.02)
    assert turned.won == pytest.approx(1 - found.won)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="better"):
        paired([1.0], [1.0], better="near truth")
    with pytest.raises(ValueError, match="one length"):
        paired([1.0], [1.0, 2.0], better="higher")
    with pytest.raises(ValueError, match="level"):
        bootstrap_mean([1.0, 2.0], level=1.0)
    with pytest.raises(ValueError, match="samples"):
        bootstrap_combined(np.ones((2, 1)), np.mean, samples=0)
    with pytest.raises(ValueError, match="one number a picture"):
        bootstrap_mean([[1.0, 2.0]])
