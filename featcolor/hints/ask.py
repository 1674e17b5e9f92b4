"""Questions: the few places of a picture where a hint would help most.

Experimental design for the Gaussian process that spreads hints: a question is the place whose answer takes most from
the expected squared error of the whole picture (Seo, Wallat, Graepel, Obermayer, "Gaussian process regression: active
data selection", IJCNN 2000). They are chosen one after the other, then each anew beside the others (exchange, Fedorov
1972). The answers do not matter for that, so that all questions can be put at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb
from featcolor.hints.places import Places
from features.base import FloatArray, IndexArray
from features.threads import one_blas_thread

GRID: Final = 576
"""Places, about, that questions are chosen from and that their worth is summed over."""
WINDOW: Final = 1.4
"""Side of the square whose calm counts, in the distance of two such places."""
AT_ONCE: Final = 64
"""Places whose likeness to all is worked out together, for the sake of memory."""
MOST_HINTS: Final = 256
"""Hinted places that are reckoned with; of more, so many spread over all."""
ROUNDS: Final = 2
"""In which each question is put anew beside all others; a third finds next to nothing."""
LEAST: Final = 1e-9
"""A variance that is none."""
STEP: Final = 6.0
"""Of a* and b*, by which it is told what an error looks like."""


@dataclass(frozen=True)
class Question:
    """A place to ask about.

    Attributes
    ----------
    x, y : pixel of the full picture
    worth : 0..1, the part of the squared error expected of the whole picture that the answer would take away, after
        those of the questions before it
    """

    x: int
    y: int
    worth: float


def calm_grid(lightness: FloatArray) -> IndexArray:
    """About `GRID` places (m, 2) of a picture (h, w), row by row: the calmest pixel of each part of an even grid.

    A place at an edge could be of the one thing or the other, and nobody could tell which is meant.
    """
    shape = (lightness.shape[0], lightness.shape[1])
    distance = max(1.0, np.sqrt(shape[0] * shape[1] / GRID), max(shape) / GRID)
    window = (max(1, round(WINDOW * distance)),) * 2
    mean = cv2.blur(lightness, window)
    unrest = cv2.blur(lightness**2, window) - mean**2
    rows, columns = (_cuts(side, distance) for side in shape)
    places = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            at = int(np.argmin(unrest[top:bottom, left:right]))
            places.append((top + at // (right - left), left + at % (right - left)))
    return np.array(places, np.intp)


def _cuts(side: int, distance: float) -> list[int]:
    """Where a side is cut into parts of about a length."""
    parts = max(1, round(side / distance))
    return [round(i * side / parts) for i in range(parts + 1)]


def visibility(lightness: FloatArray, chroma: FloatArray) -> FloatArray:
    """How much an error of chroma (n, 2) shows at places of a lightness (n,): as it is in RGB, over that in a*b*."""
    total = np.zeros(len(chroma))
    for step in np.eye(2, dtype=np.float32) * np.float32(STEP):
        up, down = (lab_to_rgb(lightness[None], (chroma + sign * step)[None], np.float32)[0] for sign in (1, -1))
        total += ((up - down) ** 2).sum(axis=1)
    return np.sqrt(total)


def choose(
    places: Places, grid: IndexArray, deviation: FloatArray, weight: FloatArray, known: IndexArray, count: int
) -> tuple[IndexArray, NDArray[np.float64]]:
    """Which places of a grid to ask about, (count,), the most worth first, and their worth: see `Question`.

    Parameters
    ----------
    grid : (m, 2), places to choose from
    deviation : (m,), the expected error there before any hint
    weight : (m,), how much a squared error there counts
    known : (k, 2), places that were hinted already
    """
    known = known[:: max(1, -(-len(known) // MOST_HINTS))]
    m = len(grid)
    with one_blas_thread():
        likeness = among(places, np.concatenate([grid, known]))
        likeness[np.diag_indices_from(likeness)] += places.kernel.noise
        left = after(likeness, list(range(m, len(likeness))))[:m, :m]
        prior = left * deviation[:, None] * deviation
        order = _greedy(prior, weight, min(count, m), list(range(m)))[0]
        for _ in range(ROUNDS):
            before = list(order)
            for i in range(len(order)):
                others = order[:i] + order[i + 1 :]
                order[i] = _greedy(after(prior, others), weight, 1, sorted(set(range(m)) - set(others)))[0][0]
            if order == before:
                break
        order, worth = _greedy(prior, weight, len(order), order)
    whole = max(float(weight @ np.diag(prior)), LEAST)
    return np.array(order, np.intp), np.clip(np.array(worth) / whole, 0, 1)


def among(places: Places, yx: IndexArray) -> NDArray[np.float64]:
    """Likeness (m, m) of places (m, 2) to one another."""
    parts = (places.likeness(yx[start : start + AT_ONCE]) for start in range(0, len(yx), AT_ONCE))
    return np.concatenate([part[yx[:, 0], yx[:, 1]] for part in parts], axis=1).astype(np.float64)


def after(covariance: NDArray[np.float64], known: list[int]) -> NDArray[np.float64]:
    """A covariance (m, m) once some of its places are known."""
    if not known:
        return covariance
    to_known = covariance[:, known]
    among_known = covariance[np.ix_(known, known)] + LEAST * np.eye(len(known))
    return covariance - to_known @ np.linalg.solve(among_known, to_known.T)


def _greedy(
    covariance: NDArray[np.float64], weight: FloatArray, count: int, candidates: list[int]
) -> tuple[list[int], list[float]]:
    """So many of the candidates, each the one that takes most from the weighted variance, and how much that is."""
    order: list[int] = []
    taken: list[float] = []
    for _ in range(count):
        own = np.diag(covariance)
        worth = weight @ covariance[:, candidates] ** 2 / np.maximum(own[candidates], LEAST)
        worth[[candidates.index(each) for each in order]] = -1
        at = int(np.argmax(worth))
        order.append(candidates[at])
        taken.append(float(worth[at]))
        column = covariance[:, candidates[at]]
        covariance = covariance - np.outer(column, column) / max(own[candidates[at]], LEAST)
    return order, taken
