"""Blend of answers: how much of each to take, learned where the true answer is known, on references left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray

UNSURE_DISTANCE: Final = 2.0
"""Squared feature distance of the nearest pixel of the album at which nearness is one half."""
SAME_DISTANCES: Final = (0.4, 0.2, 0.1, 0.05, 0.025)
"""Squared feature distances of which one is that at which the album is half taken to have the very same: the largest
that references do not speak against. Things that look the same have one colour in a film scene, and in fashion not."""
SAME_DISTANCE_OF_ONE: Final = 1.0
"""Of an album of one picture, whose colours nothing else could carry further."""
WITHIN: Final = 0.95
"""Share of the references' pixels that lie within reach of others': to these distances the blend was learned, and where
nothing in the album is so near it says nothing."""
ANYWHERE: Final = 1e9
"""A reach that nothing is beyond; a file can hold no infinity."""
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
    reach : squared feature distance beyond which what was learned counts for less: half at twice as much
    vividness : factor on the chroma, but where the album has the very same
    """

    weights: FloatArray
    narrowest: int
    same_distance: float = SAME_DISTANCES[0]
    vividness: float = 1.0
    reach: float = ANYWHERE

    @np.errstate(over="ignore")  # what is endlessly far is not the same
    def recall(self, answers: FloatArray, guess: FloatArray, nearest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The guess (n, 2) with the album's own colour where it has the very same, and how far that is so, (n,)."""
        same = np.reciprocal(1 + (nearest / np.float32(self.same_distance)) ** 2)
        return guess + same[:, None] * (answers[self.narrowest] - guess), same

    @np.errstate(over="ignore")
    def apply(self, answers: FloatArray, guess: FloatArray, nearest: FloatArray) -> FloatArray:
        """Chroma (n, 2) of places of one picture, or of references that are alike.

        Parameters
        ----------
        answers : (k, n, 2) chroma
        guess : (n, 2) chroma of the network alone
        nearest : (n,) squared distance of the album's nearest pixel
        """
        recalled, same = self.recall(answers, guess, nearest)
        learned = np.tensordot(self.weights, basis_of(answers, recalled, nearest), axes=1)
        within = np.reciprocal(1 + np.maximum(nearest / np.float32(self.reach) - 1, 0) ** 2)
        within *= within.mean() ** 2  # a picture of which little is within reach is of another kind
        blended = recalled + within[:, None] * learned
        return np.asarray(blended * (1 + (self.vividness - 1) * (1 - same) * within)[:, None], np.float32)


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
    blank = Blend(np.zeros(2 * len(answers), np.float32), narrowest, reach=float(np.quantile(nearest, WITHIN)) + TINY)
    unlearned = _recalling(blank, answers, guess, nearest, chroma, picture)
    recalled, _ = unlearned.recall(answers, guess, nearest)
    basis = basis_of(answers, recalled, nearest)
    moments = _moments(basis, chroma - recalled, picture)
    weights, trust = _learn(*moments, doubts=_doubts(len(moments[0])))
    blend = replace(unlearned, weights=np.asarray(weights * trust, np.float32))
    muted = float(np.mean(blend.apply(answers, guess, nearest) ** 2)) + TINY
    vivid = float(np.clip(np.sqrt(np.mean(chroma**2) / muted), 1, most_vivid))
    return replace(blend, vividness=1 + trust * (vivid - 1))


def _recalling(
    blend: Blend,
    answers: FloatArray,
    guess: FloatArray,
    nearest: FloatArray,
    chroma: FloatArray,
    picture: IndexArray,
) -> Blend:
    """The blend with the distance of `SAME_DISTANCES` that serves references best, doubted as in `fit_blend`.

    Where none of them has anything so near in another there is no difference, and the largest stays.
    """
    before = _relative_errors(guess, guess, chroma, picture)
    blends = [replace(blend, same_distance=distance) for distance in SAME_DISTANCES]
    worth = []
    for each in blends:
        gained = before - _relative_errors(each.recall(answers, guess, nearest)[0], guess, chroma, picture)
        worth.append(gained.mean() - _doubts(len(gained)) * gained.std() / np.sqrt(len(gained)))
    return blends[int(np.argmax(worth))]


def _relative_errors(
    colours: FloatArray, guess: FloatArray, chroma: FloatArray, picture: IndexArray
) -> NDArray[np.float64]:
    """Mean squared error of each reference, in units of the guess's."""
    count = np.bincount(picture)
    errors = [np.bincount(picture, ((each - chroma) ** 2).sum(axis=1)) / count / 2 for each in (colours, guess)]
    present = count > 0
    return np.asarray(errors[0][present] / (errors[1][present] + NEGLIGIBLE_ERROR), np.float64)


def _doubts(references: int) -> float:
    """Standard errors that are taken off what so many references bear out."""
    return min(MOST_DOUBT, FEW / references)


def share_to_follow(answer: FloatArray, guess: FloatArray, chroma: FloatArray, picture: IndexArray) -> float:
    """How far to go from a guess towards one answer, 0..1: learned as a blend is, and doubted half as much.

    `answer`, `guess`, `chroma` (n, 2) of pixels that the answer does not know, `picture` (n,) where they are from.
    """
    moments = _moments((answer - guess)[None], chroma - guess, picture)
    weights, trust = _learn(*moments, doubts=0.5 * _doubts(len(moments[0])))
    return float(np.clip(weights[0] * trust, 0, 1))


def _learn(
    normals: NDArray[np.float64], targets: NDArray[np.float64], *, doubts: float
) -> tuple[NDArray[np.float64], float]:
    """Weights (k,) from each reference's moments, and how far to trust them, 0..1, so many standard errors less."""
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
    return whole, float(np.clip(factor - doubt * doubts, 0, 1))


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
