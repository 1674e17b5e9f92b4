"""Hints that a simulated person gives of a picture: patches of the truth's chroma, drawn as SIGGRAPH17's were.

Zhang, Zhu, Isola, Geng, Lin, Yu, Efros: Real-time user-guided image colorization with learned deep priors (SIGGRAPH
2017), and `test_sweep.py` of richzhang/colorization-pytorch, which measured the curve that they published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from features.base import FloatArray, IndexArray

PATCH: Final = 6
"""Side of a hint in pixels."""


class Told(NamedTuple):
    """One hint: pixels (m, 2), row and column, each once, and the chroma (2,), a* and b*, that all of them are said to
    have."""

    yx: IndexArray
    chroma: FloatArray

    @property
    def centre(self) -> FloatArray:
        """Row and column in its middle, (2,)."""
        return np.asarray(self.yx.mean(axis=0), np.float32)


def centred(shape: tuple[int, int], count: int, rng: np.random.Generator) -> IndexArray:
    """Corners (count, 2) of patches about the middle of a picture (H, W): a deviation of a quarter of each side.

    Those that fall outside are brought to the border, as `add_color_patches_rand_gt` of the released code does.
    """
    room = np.subtract(shape, PATCH)
    drawn = rng.normal((room + 1) / 2, (room + 1) / 4, (count, 2))
    return np.clip(drawn, 0, room).astype(np.intp)


def uniform(shape: tuple[int, int], count: int, rng: np.random.Generator) -> IndexArray:
    """Corners (count, 2) of patches anywhere in a picture (H, W)."""
    return np.asarray(rng.integers(np.subtract(shape, PATCH - 1), size=(count, 2)), np.intp)


DRAWS: Final[Mapping[str, Callable[[tuple[int, int], int, np.random.Generator], IndexArray]]] = MappingProxyType(
    {"centred": centred, "uniform": uniform}
)
"""Ways to draw the places of hints, by name."""


def tell(chroma: FloatArray, corners: IndexArray) -> list[Told]:
    """The hints that patches with these corners (n, 2) of the truth's chroma (H, W, 2) are: its mean over each."""
    offsets = np.argwhere(np.ones((PATCH, PATCH)))
    patches = [corner + offsets for corner in corners]
    return [Told(yx, np.asarray(chroma[yx[:, 0], yx[:, 1]].mean(axis=0), np.float32)) for yx in patches]


def told_pixels(hints: Sequence[Told]) -> tuple[IndexArray, FloatArray]:
    """All pixels of hints (n, 2), each once, in the order of rows, and their chroma (n, 2).

    Where several hints tell of one pixel it is their mean, so that their order does not matter.
    """
    if not hints:
        return np.zeros((0, 2), np.intp), np.zeros((0, 2), np.float32)
    every = np.concatenate([hint.yx for hint in hints])
    said = np.repeat([hint.chroma for hint in hints], [len(hint.yx) for hint in hints], axis=0)
    yx, place = np.unique(every, axis=0, return_inverse=True)
    place = place.ravel()
    sums = np.stack([np.bincount(place, said[:, i]) for i in range(2)], axis=1)
    return yx, np.asarray(sums / np.bincount(place)[:, None], np.float32)
