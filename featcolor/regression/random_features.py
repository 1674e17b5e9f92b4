"""Ridge regression on random features (Rahimi, Recht, NIPS 2007; rectified, as in Cho, Saul, NIPS 2009).

One linear system in place of a training: leaving out a part of the rows costs another solution and no other fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.regression.bins import SIGMA_IN_WIDTHS, build_cells, cell_width
from featcolor.regression.kernel import block_scale
from features.base import FloatArray, IndexArray
from features.threads import side_by_side

OFFSET: Final = 0.5
"""Deviation of the offsets, beside 1 for the directions."""
RIDGE: Final = 1e-4
"""Of the features' mean square: weak, as there are far fewer of them than rows."""
TEMPERATURE: Final = 0.6
"""At which the distribution over cells is read."""
LEAST_SHARE: Final = np.float32(1e-4)
"""Of a cell: a linear answer falls below nought, a share cannot."""
ROWS: Final = 2048
"""Rows at once: bounds the memory, and is no matter of threads."""


@dataclass(frozen=True)
class RandomFeatureRegression:
    """Chroma of rows of features in two readings: by least squares, and as a distribution over a*b* cells.

    Attributes
    ----------
    mean, scale : (d,) of the standardisation
    directions, offsets : (d, m) and (m,) of the random features
    weights : (m + d, 2 + q), of the random and the standardised features, to a*, b* and the q cells
    intercept : (2 + q,)
    cells : (q, 2)
    """

    mean: FloatArray
    scale: FloatArray
    directions: FloatArray
    offsets: FloatArray
    weights: FloatArray
    intercept: FloatArray
    cells: FloatArray

    @classmethod
    def fitted(
        cls,
        features: FloatArray,
        chroma: FloatArray,
        fold: IndexArray,
        wanted: IndexArray,
        blocks: Sequence[int],
        weights: Sequence[float],
        *,
        width: int,
        seed: int,
        floor: float = 0.0,
    ) -> tuple[RandomFeatureRegression, FloatArray]:
        """The regression, and what regressions without a row's own fold answer for some rows.

        Parameters
        ----------
        features : (n, d)
        chroma : (n, 2)
        fold : (n,) from 0; two of them at least
        wanted : (m,) numbers of the rows to answer for
        blocks, weights, floor : see `KernelRegression.fitted`
        width : random features
        seed : of the directions

        Returns
        -------
        The regression, and (2, m, 2).
        """
        rng = np.random.default_rng(seed)
        mean, scale = features.mean(axis=0), block_scale(features, blocks, weights, floor=floor)
        directions = rng.standard_normal((features.shape[1], width), dtype=np.float32)
        offsets = np.float32(OFFSET) * rng.standard_normal(width, dtype=np.float32)
        cells = build_cells(chroma)
        targets = np.concatenate([chroma, _shares(chroma, cells)], axis=1)
        intercept = targets.mean(axis=0)
        targets -= intercept

        def lifted(rows: IndexArray) -> FloatArray:
            return lift(features[rows], mean, scale, directions, offsets)

        centre = np.mean([lifted(rows).mean(axis=0) for rows in _parts(np.arange(0, len(features), 4))], axis=0)

        def moments(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            rows = np.flatnonzero(fold == number)
            gram = np.zeros((len(centre), len(centre)))
            moment = np.zeros((len(centre), len(intercept)))
            for part in _parts(rows):
                inputs = lifted(part) - centre
                gram += inputs.T @ inputs
                moment += inputs.T @ targets[part]
            return gram, moment

        folds = int(fold.max()) + 1
        grams, crossed = zip(*side_by_side([partial(moments, number) for number in range(folds)]), strict=True)
        gram, moment = np.sum(grams, axis=0), np.sum(crossed, axis=0)
        hold = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))

        def solved(left: NDArray[np.float64], right: NDArray[np.float64]) -> RandomFeatureRegression:
            solution = np.linalg.solve(left + hold, right).astype(np.float32)
            return cls(mean, scale, directions, offsets, solution, intercept - centre @ solution, cells)

        answers = np.empty((2, len(wanted), 2), np.float32)

        def answer(number: int) -> None:
            asked = fold[wanted] == number
            answers[:, asked] = solved(gram - grams[number], moment - crossed[number]).predict(features[wanted[asked]])

        side_by_side([partial(answer, number) for number in range(folds)])
        return solved(gram, moment), answers

    def predict(self, features: FloatArray) -> FloatArray:
        """Chroma of rows (n, d) in both readings, (2, n, 2)."""
        answers = np.empty((2, len(features), 2), np.float32)

        def answer(rows: IndexArray) -> None:
            outputs = lift(features[rows], self.mean, self.scale, self.directions, self.offsets) @ self.weights
            outputs += self.intercept
            answers[0, rows] = outputs[:, :2]
            shares = np.maximum(outputs[:, 2:], LEAST_SHARE) ** np.float32(1 / TEMPERATURE)
            answers[1, rows] = shares @ self.cells / shares.sum(axis=1, keepdims=True)

        side_by_side([partial(answer, rows) for rows in _parts(np.arange(len(features)))])
        return answers

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `to_arrays`; KeyError where one is missing."""
        return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})


def lift(
    features: FloatArray, mean: FloatArray, scale: FloatArray, directions: FloatArray, offsets: FloatArray
) -> FloatArray:
    """Random features of rows (n, d), and the standardised ones themselves beside them: (n, m + d)."""
    standard = (features - mean) * scale
    random = standard @ directions
    random += offsets
    return np.concatenate([np.maximum(random, 0, out=random), standard], axis=1)


def _parts(rows: IndexArray) -> list[IndexArray]:
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def _shares(chroma: FloatArray, cells: FloatArray) -> FloatArray:
    """Each colour (n, 2) shared out among the cells (q, 2) by a Gaussian of the distance: (n, q)."""
    shares = chroma @ cells.T - 0.5 * (cells**2).sum(axis=1)  # half of |colour|^2 less half the squared distance
    shares -= shares.max(axis=1, keepdims=True)
    shares *= np.float32((SIGMA_IN_WIDTHS * cell_width(chroma)) ** -2)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
