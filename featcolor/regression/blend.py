"""Blend of answers: how much of each to take, learned where the true answer is known, on references left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

UNSURE_DISTANCE: Final = 2.0
"""Squared feature distance of the nearest pixel of the album at which nearness is one half."""
SAME_DISTANCE: Final = 0.4
SAME_DISTANCE_OF_ONE: Final = 1.0
"""Squared feature distance at which the album is half taken to have the very same; of an album of one picture, whose
colours nothing else could carry further."""
RIDGE: Final = 0.08
"""Of each part's own mean square: how firmly its weight is held to nought; the same share for few as for many."""
FEW: Final = 12
MOST_DOUBT: Final = 3.0
"""A blend's standard error is taken off once at so many references, more often with fewer, less with more: two or three
that happen to agree know little of their own error, and many are better followed than doubted."""
NEGLIGIBLE_ERROR: Final = 10.0
"""Mean squared error of the guess, in a*b* units, below which a reference counts no more for being guessed better."""
TINY: Final = 1e-9
LEAST_SHARE: Final = 1e-6
"""Of the largest of them, that each part of the basis is held by at least: a part may be nothing."""


@dataclass(frozen=True)
class Blend:
    """How answers and the network's guess become one.

    Where the album has the very same, its colour is taken; what is learned moves the rest.

    Attributes
    ----------
    weights : (2 k,) of a `basis_of` k answers
    narrowest : place of the answer that is taken where the album has the very same
    same_distance : squared feature distance at which "the very same" is half true
    vividness : factor on the chroma, but where the album has the very same
    """

    weights: FloatArray
    narrowest: int
    same_distance: float = SAME_DISTANCE
    vividness: float = 1.0

    def recall(self, answers: FloatArray, guess: FloatArray, nearest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The guess (n, 2) with the album's own colour where it has the very same, and how far that is so, (n,)."""
        same = np.reciprocal(1 + (nearest / np.float32(self.same_distance)) ** 2)
        return guess + same[:, None] * (answers[self.narrowest] - guess), same

    def apply(self, answers: FloatArray, guess: FloatArray, nearest: FloatArray) -> FloatArray:
        """Chroma (n, 2).

        Parameters
        ----------
        answers : (k, n, 2) chroma
        guess : (n, 2) chroma of the network alone
        nearest : (n,) squared distance of the album's nearest pixel
        """
        recalled, same = self.recall(answers, guess, nearest)
        blended = recalled + np.tensordot(self.weights, basis_of(answers, recalled, nearest), axes=1)
        return np.asarray(blended * (1 + (self.vividness - 1) * (1 - same))[:, None], np.float32)


def basis_of(answers: FloatArray, start: FloatArray, nearest: FloatArray) -> FloatArray:
    """What is blended: how far each answer (k, n, 2) is from where it starts (n, 2), as it is and times nearness.

    Returns (2 k, n, 2).
    """
    away = answers - start
    return np.concatenate([away, away * nearness(nearest)[:, None]])


def nearness(nearest: FloatArray) -> FloatArray:
    """0..1: 1 where the album has the very same, one half at `UNSURE_DISTANCE`."""
    return np.reciprocal(1 + nearest / np.float32(UNSURE_DISTANCE))


def blend_of_one(answers: int, narrowest: int) -> Blend:
    """Of an album of one, from which nothing can be learned: only what looks much like it is coloured by it."""
    return Blend(np.zeros(2 * answers, np.float32), narrowest, SAME_DISTANCE_OF_ONE)


def fit_blend(
    answers: FloatArray,
    guess: FloatArray,
    nearest: FloatArray,
    chroma: FloatArray,
    picture: IndexArray,
    *,
    narrowest: int,
    most_vivid: float = 1.0,
) -> Blend:
    """Learn a blend: least squares over references, then as much of it as references bear out for each other.

    Ridge regression, each reference counting by its error relative to the guess's. The whole is then shrunk: fitted
    without each reference in turn, the best common factor on the references left out, less its standard error (see
    `FEW`), within 0 and 1. References that agree on nothing thus leave the guess as it is.

    Least squares mutes what is uncertain; the whole is made as vivid as the references are, by `most_vivid` at most.

    Parameters
    ----------
    answers : (k, n, 2), for pixels of references that the answers do not know
    guess : (n, 2), what the network alone says of them
    nearest : (n,) squared distance of the nearest pixel of another reference
    chroma : (n, 2), their own
    picture : (n,) number of the reference that each pixel is of, two of them at least
    narrowest : place of the answer that is taken where the album has the very same
    most_vivid : 1 or more
    """
    unlearned = Blend(np.zeros(2 * len(answers), np.float32), narrowest)
    recalled, _ = unlearned.recall(answers, guess, nearest)
    basis = basis_of(answers, recalled, nearest)
    weights, trust = _learn(*_moments(basis, chroma - recalled, picture))
    blend = replace(unlearned, weights=np.asarray(weights * trust, np.float32))
    muted = float(np.mean(blend.apply(answers, guess, nearest) ** 2)) + TINY
    vivid = float(np.clip(np.sqrt(np.mean(chroma**2) / muted), 1, most_vivid))
    return replace(blend, vividness=1 + trust * (vivid - 1))


def _learn(normals: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights (k,) from each reference's moments, and how far to trust them, 0..1."""
    gained, spent = [], []
    for i in range(len(normals)):
        others = np.arange(len(normals)) != i
        weights = _ridge(normals[others].sum(axis=0), targets[others].sum(axis=0))
        gained.append(weights @ targets[i])
        spent.append(weights @ normals[i] @ weights)
    total = max(float(np.sum(spent)), TINY)
    factor = float(np.sum(gained)) / total
    doubt = float(np.linalg.norm(np.subtract(gained, np.multiply(factor, spent)))) / total
    whole = _ridge(normals.sum(axis=0), targets.sum(axis=0))
    return whole, float(np.clip(factor - doubt * min(MOST_DOUBT, FEW / len(normals)), 0, 1))


def _moments(
    basis: FloatArray, wanted: FloatArray, picture: IndexArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each reference: mean products of the basis with itself, (m, k, k), and with what is wanted, (m, k)."""
    normals, targets = [], []
    for number in np.unique(picture):
        own = picture == number
        part = basis[:, own].reshape(len(basis), -1).astype(np.float64)
        error = wanted[own].reshape(-1).astype(np.float64)
        count = error.size * (float(np.mean(error**2)) + NEGLIGIBLE_ERROR)
        normals.append(part @ part.T / count)
        targets.append(part @ error / count)
    return np.array(normals), np.array(targets)


def _ridge(normal: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    own = np.diag(normal)
    hold = RIDGE * np.maximum(own, LEAST_SHARE * own.max() + TINY)
    return np.asarray(np.linalg.solve(normal + np.diag(hold), target))
