"""The contract of every feature extractor, and the stack that joins several into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from features.threads import side_by_side

FloatArray: TypeAlias = NDArray[np.float32]
IndexArray: TypeAlias = NDArray[np.intp]


@runtime_checkable
class FeatureExtractor(Protocol):
    """Turns the lightness of a picture into one feature vector a pixel.

    The one method that does the work is `sample`: features at some pixels, since both uses want that: fitting
    takes a few hundred pixels of each reference, colouring takes every n-th pixel of the working picture. A whole
    map is `sample` at every pixel, so both give the same values.

    Attributes
    ----------
    names : tuple of str
        One name a feature, known once fitted.
    margin : int or None
        Context in pixels: a feature at a pixel depends on nothing farther away than this (Chebyshev distance);
        None when it looks at the whole picture.
    learns : bool
        Whether `fit` takes more from the pictures than their kind: one of them is enough where it does not.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def margin(self) -> int | None: ...

    @property
    def learns(self) -> bool: ...

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        """Learn from the references (visual words, PCA); extractors that learn nothing return self at once."""
        ...

    def settings(self) -> dict[str, Any]:
        """What the extractor was built with, as JSON can hold it: `type(self)(**settings)` builds it again."""
        ...

    def get_state(self) -> dict[str, NDArray[Any]]:
        """What was learned from the references, as named arrays; empty for extractors that learn nothing."""
        ...

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `get_state` gave."""
        ...

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """Features at chosen pixels.

        Parameters
        ----------
        lightness : (H, W) float32, 0..1
            L*/100 of the whole working picture.
        yx : (n_points, 2) int
            Rows and columns, inside the picture.

        Returns
        -------
        (n_points, n_features) float32, finite
        """
        ...


class Stateless:
    """What extractors that learn nothing have in common."""

    learns = False

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        """Nothing to learn: returns self."""
        return self

    def settings(self) -> dict[str, Any]:
        """The arguments of `__init__`, which such an extractor keeps under their own names."""
        return dict(vars(self))

    def get_state(self) -> dict[str, NDArray[Any]]:
        """Nothing was learned."""
        return {}

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing to take back."""
        if state:
            raise ValueError(f"{type(self).__name__} has no state, got {', '.join(state)}")


def grid_points(shape: tuple[int, int], step: int = 1) -> IndexArray:
    """Pixels on a regular grid, row by row: offset step // 2, so that the grid is centred in its cells.

    Returns (n_rows * n_columns, 2) where n = ceil(size / step), each index clipped into the picture.
    """
    rows, columns = grid_axes(shape, step)
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def grid_axes(shape: tuple[int, int], step: int = 1) -> tuple[IndexArray, IndexArray]:
    """Row and column indices of `grid_points`."""
    if step < 1:
        raise ValueError(f"step must be at least 1, got {step}")
    rows, columns = (np.minimum(np.arange(0, n, step) + step // 2, n - 1) for n in shape)
    return rows, columns


class FeatureStack:
    """Several extractors as one: their features side by side, in order.

    It is an extractor itself, but for `settings`: `features.spec` writes and reads the list of its parts.
    """

    def __init__(self, extractors: Sequence[FeatureExtractor]) -> None:
        self.extractors = tuple(extractors)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for extractor in self.extractors for name in extractor.names)

    @property
    def margin(self) -> int | None:
        margins = [extractor.margin for extractor in self.extractors]
        known = [margin for margin in margins if margin is not None]
        return max(known, default=0) if len(known) == len(margins) else None

    @property
    def learns(self) -> bool:
        return any(extractor.learns for extractor in self.extractors)

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        pictures = list(lightnesses)
        for extractor in self.extractors:
            extractor.fit(pictures)
        return self

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """Features of all extractors side by side, (n_points, n_features) float32."""
        parts = side_by_side([partial(extractor.sample, lightness, yx) for extractor in self.extractors])
        return np.concatenate(parts, axis=1)
