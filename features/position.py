"""Where a pixel lies in its picture: sky is above, ground below."""

from __future__ import annotations

import numpy as np

from features.base import FloatArray, IndexArray, Stateless


class PositionFeatures(Stateless):
    """Height and side position, -1..1 from edge to edge, and the distance from the vertical axis, 0..1."""

    names = ("down", "right", "aside")
    margin = None

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        size = np.array(lightness.shape, dtype=np.float32)
        relative = (2 * yx + 1) / size - 1
        return np.column_stack([relative, np.abs(relative[:, 1])]).astype(np.float32)
