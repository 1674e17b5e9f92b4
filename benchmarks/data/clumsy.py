"""Simulated people who are not exact: the place is a little off, the colour is, a stroke goes over the border."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from benchmarks.data.told import PATCH, Told
from features.base import FloatArray

Clumsiness: TypeAlias = Callable[[Told, FloatArray, np.random.Generator], Told]
"""From a hint, the truth's chroma (H, W, 2) and a generator to the hint that came of it."""

OFF_BY: Final = 5.0
"""Pixels by which a place is off."""
COLOUR_OFF_BY: Final = 10.0
"""Distance in a*, b* by which a colour is off: so many units of CIE 1976's Delta E, lightness being the place's own."""
UNLIKE: Final = 20.0
"""Distance in a*, b* from which on two places have different colours."""
REACH: Final = 32
"""Pixels within which a stroke finds a border to go over."""
DIRECTIONS: Final = 16


def misplaced(hint: Told, chroma: FloatArray, rng: np.random.Generator) -> Told:
    """The hint's colour some pixels beside its place, in any direction; never beyond the picture's edge."""
    step = np.rint(OFF_BY * _direction(rng.uniform(0, 2 * np.pi))).astype(np.intp)
    low, high = hint.yx.min(axis=0), hint.yx.max(axis=0)
    return Told(hint.yx + np.clip(step, -low, np.subtract(chroma.shape[:2], 1) - high), hint.chroma)


def miscoloured(hint: Told, chroma: FloatArray, rng: np.random.Generator) -> Told:
    """Another colour at the hint's place, in any direction of a*, b*."""
    away = COLOUR_OFF_BY * _direction(rng.uniform(0, 2 * np.pi))
    return Told(hint.yx, np.asarray(hint.chroma + away, np.float32))


def overdrawn(hint: Told, chroma: FloatArray, rng: np.random.Generator) -> Told:
    """A stroke from the hint's place over the nearest border of what has its colour, by a patch's side.

    The border is where the truth's chroma is first unlike the hint's, along one of some directions; where none is in
    reach the hint stays a patch. `rng` turns the directions.
    """
    start, turn = hint.centre, rng.uniform(0, 2 * np.pi)
    last = np.subtract(chroma.shape[:2], 1)
    best: tuple[int, FloatArray] | None = None
    for k in range(DIRECTIONS):
        way = _direction(turn + 2 * np.pi * k / DIRECTIONS)
        line = np.rint(start + np.arange(1, REACH + 1)[:, None] * way).astype(np.intp)
        line = line[((line >= 0) & (line <= last)).all(axis=1)]
        unlike = np.linalg.norm(chroma[line[:, 0], line[:, 1]] - hint.chroma, axis=1) > UNLIKE
        if unlike.any() and (best is None or unlike.argmax() < best[0]):
            best = int(unlike.argmax()), way
    if best is None:
        return hint
    steps = np.rint(np.arange(best[0] + 1 + PATCH)[:, None] * best[1]).astype(np.intp)
    swept = (hint.yx[None] + steps[:, None]).reshape(-1, 2)
    inside = swept[((swept >= 0) & (swept <= last)).all(axis=1)]
    return Told(np.unique(inside, axis=0), hint.chroma)


def all_together(hint: Told, chroma: FloatArray, rng: np.random.Generator) -> Told:
    """A stroke over the border, beside its place, of another colour."""
    for clumsiness in (overdrawn, misplaced, miscoloured):
        hint = clumsiness(hint, chroma, rng)
    return hint


CLUMSY: Final[Mapping[str, Clumsiness]] = MappingProxyType(
    {"place": misplaced, "colour": miscoloured, "stroke": overdrawn, "all": all_together}
)
"""Kinds of clumsiness by name, in the order of reports."""


def clumsily(hints: Sequence[Told], chroma: FloatArray, kind: str, rng: np.random.Generator) -> list[Told]:
    """What a clumsy person makes of exact hints; those of fewer hints are the first of those of more."""
    return [CLUMSY[kind](hint, chroma, rng) for hint in hints]


def _direction(angle: float) -> FloatArray:
    return np.array([np.sin(angle), np.cos(angle)], np.float32)
