"""Where the labels of a scatter go, so that none lies on another, on a point, or outside."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DIRECTIONS: Final = 16
DISTANCES: Final = (9.0, 16.0, 26.0, 38.0, 54.0, 74.0, 98.0, 126.0)
"""Rings around a point on which its label is tried, in the plot's pixels from the point to the label's nearest edge."""

AWAY_COST: Final = 0.6
"""Cost of a pixel of distance."""
HARD_COST: Final = 10.0
"""Cost of a square pixel covered of a label or a point."""
SOFT_COST: Final = 2.0
"""Cost of a place covered that should rather be free."""
SIDE_COST: Final = 3.0
"""Cost of a label that is not to the right or left of its point: there it reads most easily."""


def place_labels(
    points: NDArray[np.float64],
    sizes: NDArray[np.float64],
    bounds: tuple[float, float, float, float],
    *,
    hard: NDArray[np.float64] | None = None,
    soft: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Place a label beside each point, one after the other, each where it covers least.

    Parameters
    ----------
    points : (N, 2)
        x, y in pixels. Those placed first get the better places.
    sizes : (N, 2)
        Width and height of each label.
    bounds : left, bottom, right, top
        Labels stay within.
    hard : (M, 4), optional
        Boxes left, bottom, right, top that no label should cover; the points' own markers belong here.
    soft : (K, 2), optional
        Places that a label rather leaves free, such as samples of a curve.

    Returns
    -------
    (N, 2)
        Centres of the labels.
    """
    taken = np.zeros((0, 4)) if hard is None else np.asarray(hard, np.float64).reshape(-1, 4)
    avoided = np.zeros((0, 2)) if soft is None else np.asarray(soft, np.float64).reshape(-1, 2)
    centres = np.empty((len(points), 2))
    for index, (point, size) in enumerate(zip(points, sizes, strict=True)):
        candidates, cost = _candidates(point, size)
        half = size / 2
        low, high = np.array(bounds[:2]) + half, np.array(bounds[2:]) - half
        candidates = np.clip(candidates, low, np.maximum(low, high))
        boxes = np.hstack([candidates - half, candidates + half])
        cost = cost + HARD_COST * _overlap(boxes, taken).sum(axis=1) + SOFT_COST * _covered(boxes, avoided)
        best = int(np.argmin(cost))
        centres[index] = candidates[best]
        taken = np.vstack([taken, boxes[best]])
    return centres


def _candidates(point: NDArray[np.float64], size: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Centres of a label around its point, (DIRECTIONS x DISTANCES, 2), and what each costs by itself."""
    angle = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    unit = np.column_stack([np.cos(angle), np.sin(angle)])
    distance = np.array(DISTANCES)
    # the label's box touches the ring with the side or corner that faces the point
    offset = unit[None] * (distance[:, None, None]) + np.sign(np.round(unit, 9))[None] * size / 2
    cost = AWAY_COST * distance[:, None] + SIDE_COST * (1 - np.abs(unit[None, :, 0]))
    return point + offset.reshape(-1, 2), np.broadcast_to(cost, offset.shape[:2]).reshape(-1)


def _overlap(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Common area of every box with every other, (A, B)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.prod(np.maximum(high - low, 0), axis=-1)


def _covered(boxes: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many of the places each box covers."""
    inside = (places[None] >= boxes[:, None, :2]) & (places[None] <= boxes[:, None, 2:])
    return inside.all(axis=-1).sum(axis=1).astype(np.float64)
