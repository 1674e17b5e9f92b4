"""Tables of the hints' report: gains by number of hints, what clumsy hints keep, what moved that should not, times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.intervals import Interval, Paired, bootstrap_combined, bootstrap_mean, paired
from benchmarks.runs.hints import ASKED, MEGAPIXEL, MOST_ASKED, RANDOM, HintResults, HintRow

PUBLISHED: Final[Mapping[int, float]] = MappingProxyType(
    {0: 24.43, 1: 25.37, 5: 27.39, 10: 28.42, 50: 30.42, 501: 32.14}
)
"""PSNR in dB by hints of SIGGRAPH17's network on 1,000 ImageNet pictures, from the released psnrs_siggraph.npy."""
PUBLISHED_NAME: Final = "SIGGRAPH17, published"
WHERE_IT_ASKS: Final = "where it asks"


class Moves(NamedTuple):
    """What moved that no hint was about, over pictures: mean and largest CIEDE2000, and pictures that have such."""

    mean: Interval
    worst: float
    pictures: int


class Values(NamedTuple):
    """A measure of a method by picture (n,), each the mean over seeds, for one kind and number of hints."""

    psnr: NDArray[np.float64]
    cf: NDArray[np.float64]


def by_picture(results: HintResults, method: str, kind: str, count: int) -> Values:
    """PSNR and colourfulness by picture, in the pictures' order; without hints every kind is the same."""
    found: dict[str, list[HintRow]] = {}
    for row in results.rows:
        if row.method == method and row.hints == count and row.kind == (kind if count else RANDOM):
            found.setdefault(row.picture, []).append(row)
    return Values(
        *(np.array([np.mean([getattr(r, k) for r in rows]) for rows in found.values()]) for k in Values._fields)
    )


def gain(results: HintResults, method: str, count: int, kind: str = RANDOM) -> Interval:
    """PSNR of a method with so many hints less its own without, over pictures, with the interval of that difference."""
    with_hints, without = (by_picture(results, method, *place).psnr for place in ((kind, count), (RANDOM, 0)))
    return Interval(
        *paired(with_hints, without, better="higher", seed=_seed(results))._replace(won=0)[:3], len(without)
    )


def less(results: HintResults, ours: str, other: str, count: int) -> Paired:
    """PSNR of ours less that of another method with as many of the same hints."""
    first, second = (by_picture(results, name, RANDOM, count).psnr for name in (ours, other))
    return paired(first, second, better="higher", seed=_seed(results))


def asked(results: HintResults, method: str, count: int) -> Paired:
    """PSNR of a method of ours with hints where it asks for them less that with as many at random places."""
    where_asked, random = (by_picture(results, method, kind, count).psnr for kind in (ASKED, RANDOM))
    return paired(where_asked, random, better="higher", seed=_seed(results))


def kept(results: HintResults, method: str, count: int, kind: str) -> Interval:
    """Share of the gain by exact hints that clumsy ones have: of the mean gains, with its interval over pictures."""
    without = by_picture(results, method, RANDOM, 0).psnr
    gains = [by_picture(results, method, name, count).psnr - without for name in (kind, RANDOM)]
    return bootstrap_combined(np.stack(gains, axis=1), _ratio_of_means, seed=_seed(results))


def moves(results: HintResults, method: str, count: int, suffix: str = "") -> Moves:
    """What moved that no hint was about: over pictures that have such places, of each its mean over seeds.

    `suffix`: of the rows' fields; "" for what is unlike in truth, "_looks" for what looks unlike.
    """
    found: dict[str, list[HintRow]] = {}
    for row in results.rows:
        if (row.method, row.kind, row.hints) == (method, RANDOM, count) and getattr(row, "pixels" + suffix):
            found.setdefault(row.picture, []).append(row)
    means = [float(np.mean([getattr(row, "moved" + suffix) for row in rows])) for rows in found.values()]
    worst = max((getattr(row, "worst" + suffix) for rows in found.values() for row in rows), default=math.nan)
    return Moves(bootstrap_mean(means, seed=_seed(results)), worst, len(found))


def seconds(results: HintResults, method: str, count: int, *, megapixel: bool = False) -> float:
    """Median processor time of an answer with so many hints; nan where none was measured."""
    times = [
        row.seconds
        for row in results.rows
        if row.method == method and row.hints == count and (row.kind == MEGAPIXEL) == megapixel
    ]
    times = [each for each in times if math.isfinite(each)]
    return float(np.median(times)) if times else math.nan


def curves(results: HintResults) -> dict[str, tuple[list[int], list[float]]]:
    """Gain by number of hints from 1 on, a curve a method by its title, ours where it asks too, the published one."""
    counts = [count for count in results.study.counts if count]
    found = {
        method.title: (counts, [gain(results, method.name, count).mean for count in counts])
        for method in results.study.methods
    }
    few = [count for count in counts if count <= MOST_ASKED]
    for method in results.study.methods if few else ():
        if method.ours:
            gains = [gain(results, method.name, count, ASKED).mean for count in few]
            found[f"{method.title}, {WHERE_IT_ASKS}"] = few, gains
    if not counts:
        return {}
    # 501 of theirs are 500 of ours.
    published = [each for each in zip([*PUBLISHED][1:], published_gains(), strict=True) if each[0] <= counts[-1] + 1]
    return {**found, PUBLISHED_NAME: ([count for count, _ in published], [value for _, value in published])}


def published_gains() -> list[float]:
    """Of `PUBLISHED`, over no hint, from one hint on."""
    first, *others = PUBLISHED.values()
    return [other - first for other in others]


def worst_pictures(results: HintResults, method: str, most: int) -> list[HintRow]:
    """The rows of a method in whose pictures something far and unlike moved most, one a picture, worst first."""
    worst: dict[str, HintRow] = {}
    for row in results.rows:
        if row.method == method and row.pixels and row.worst > worst.get(row.picture, row._replace(worst=-1)).worst:
            worst[row.picture] = row
    return sorted(worst.values(), key=lambda row: -row.worst)[:most]


def _ratio_of_means(pairs: NDArray[np.float64]) -> float:
    means: Sequence[float] = pairs.mean(axis=0).tolist()
    return means[0] / means[1] if means[1] else math.nan


def _seed(results: HintResults) -> int:
    return results.study.seeds[0]
