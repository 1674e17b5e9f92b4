"""Percentile bootstrap over pictures: intervals of one method's mean, and of the difference of two.

Efron, Tibshirani: An introduction to the bootstrap (1993), chapter 13. Pictures are drawn with replacement; what is
uncertain is which pictures the test set holds, not the measurement of each. Values are sorted before they are drawn, so
that the order of the pictures does not matter, and the same seed gives the same interval.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAMPLES: Final = 2000
"""Bootstrap samples for a mean: the ends of a 95 % interval are then the 50th value from either end."""

COMBINED_SAMPLES: Final = 500
"""Bootstrap samples for a measure of a set, each of which combines all statistics anew."""

LEVEL: Final = 0.95
"""Share of the bootstrap distribution between the ends of an interval."""

_DRAWN_AT_ONCE: Final = 2**20  # values: 16 MiB with their indices


class Interval(NamedTuple):
    """A mean, or a measure of a set, with the ends of its interval; `n` pictures went into it.

    `low` and `high` are nan when n < 2: one picture does not say how pictures scatter. With n = 0 all three are nan.
    """

    mean: float
    low: float
    high: float
    n: int


class Paired(NamedTuple):
    """Mean of (ours - theirs) over the same `n` pictures, the ends of its interval, the share of pictures won (0..1).

    Ties count half. Nothing is said about n < 2 but the difference; with n = 0 all is nan.
    """

    difference: float
    low: float
    high: float
    won: float
    n: int


def bootstrap_mean(values: ArrayLike, *, samples: int = SAMPLES, level: float = LEVEL, seed: int = 0) -> Interval:
    """Mean of one number a picture, (n,), with its percentile bootstrap interval.

    nan is a picture without a value: left out, so that `n` of the answer counts the others. inf makes the mean inf.
    `level` is the share of the distribution between `low` and `high`, between 0 and 1; `seed` is of the draws.
    """
    _check_settings(samples, level)
    given = _vector(values, "values")
    kept = np.sort(given[~np.isnan(given)])
    n = len(kept)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    if n == 1:
        return Interval(float(kept[0]), np.nan, np.nan, 1)
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // n)
    sizes = [(min(at_once, samples - start), n) for start in range(0, samples, at_once)]
    means = np.concatenate([kept[rng.integers(n, size=size)].mean(axis=1) for size in sizes])
    return Interval(float(kept.mean()), *_percentiles(means, level), n)


def bootstrap_combined(
    statistics: NDArray[Any],
    combine: Callable[[NDArray[Any]], float],
    *,
    samples: int = COMBINED_SAMPLES,
    level: float = LEVEL,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    seed: int = 0,
) -> Interval:
    """A measure of a set with its percentile bootstrap interval over pictures, freed of the bootstrap's bias.

    A measure that is not a mean (a distance of histograms, an average over the colours that occur) is biased when some
    pictures are drawn twice and others not at all: the percentiles alone may leave the value itself out. Both ends are
    therefore moved by the bias, mean of the samples less value (Efron, Tibshirani 1993, section 10.2), and kept within
    `bounds`.

    `statistics`: (n, ...), one small array a picture; `combine`: from statistics (m, ...) to a number, whatever their
    order; `bounds`: the measure's range, as of `SetMetric`; `samples`, `level`, `seed`: as of `bootstrap_mean`.
    """
    _check_settings(samples, level)
    n = len(statistics)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    value = float(combine(statistics))
    if n == 1:
        return Interval(value, np.nan, np.nan, 1)
    rows = statistics.reshape(n, -1)
    ordered = statistics[np.lexsort(rows.T[::-1])]
    rng = np.random.default_rng(seed)
    values = np.array([combine(ordered[rng.integers(n, size=n)]) for _ in range(samples)], np.float64)
    low, high = (float(np.clip(end - (values.mean() - value), *bounds)) for end in _percentiles(values, level))
    return Interval(value, low, high, n)


def paired(
    ours: ArrayLike,
    theirs: ArrayLike,
    *,
    better: Literal["higher", "lower"],
    samples: int = SAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Paired:
    """Two methods on the same pictures: mean difference with its interval, and how many pictures ours wins.

    `ours` and `theirs` are (n,), one measure of the same pictures; a picture that is nan in either is left out, equal
    infinities differ by 0. Colourfulness is neither better higher nor lower: compare its distance from the truth
    (`delta_cf`). `samples`, `level`, `seed` as of `bootstrap_mean`.
    """
    if better not in ("higher", "lower"):
        raise ValueError(f"better must be 'higher' or 'lower', got {better!r}")
    first, second = _vector(ours, "ours"), _vector(theirs, "theirs")
    if first.shape != second.shape:
        raise ValueError(f"ours and theirs must be of one length, got {len(first)} and {len(second)}")
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    differences = np.zeros(len(first))
    np.subtract(first, second, out=differences, where=first != second)
    mean, low, high, n = bootstrap_mean(differences, samples=samples, level=level, seed=seed)
    sign = 1.0 if better == "higher" else -1.0
    won = float(np.mean(0.5 + 0.5 * np.sign(sign * differences))) if n else np.nan
    return Paired(mean, low, high, won, n)


def _percentiles(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """The central `level` of the values; at an order statistic, for a line between two infinities is nan."""
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(values, (tail, 1.0 - tail), method="inverted_cdf")
    return float(low), float(high)


def _vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = np.asarray(values, np.float64)
    if vector.ndim != 1:
        raise ValueError(f"{name} must be (n,), one number a picture, got {vector.shape}")
    return vector


def _check_settings(samples: int, level: float) -> None:
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")
