"""The Gaussian process by which hints spread: what they change goes to all that is alike.

Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2; the covariance is that of
`featcolor.hints.kernel`. A departure: what is out of reach of every hint stays as it was, however alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from featcolor.hints.kernel import LikenessKernel
from featcolor.hints.places import Places
from features.base import FloatArray
from features.threads import one_blas_thread


@dataclass(frozen=True)
class HintProcess:
    """The Gaussian process that spots, of one picture or of several, condition.

    Attributes
    ----------
    kernel : LikenessKernel
    looks : (n, d), of the spots
    inverse : (n, n), of their covariance, noise and all
    """

    kernel: LikenessKernel
    looks: FloatArray
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, kernel: LikenessKernel, looks: FloatArray, doubt: FloatArray | None = None) -> Self:
        """The process that is told of places with looks (n, d), one at least; `doubt`: (n,), factors on the noise."""
        noise = np.full(len(looks), kernel.noise) if doubt is None else kernel.noise * doubt
        with one_blas_thread():
            covariance = kernel.likeness(looks, looks).astype(np.float64) + np.diag(noise)
            return cls(kernel, looks, np.asarray(np.linalg.inv(covariance), np.float64))

    def change(self, places: Places, told: FloatArray) -> FloatArray:
        """What changes (n, 2) at the spots make of all places, of their picture or another: (h, w, 2)."""
        return carried(self.kernel, self.looks, np.asarray(self.inverse @ told, np.float32), places)

    def influence(self, places: Places) -> FloatArray:
        """How far the hints decide what stands at each place, 0..1, 1 at the hints: (h, w).

        The share of the process's variance that they take away, that of a lone hint at its place being 1.
        """
        inverse = ((1 + self.kernel.noise) * self.inverse).astype(np.float32)

        def at(looks: FloatArray) -> FloatArray:
            likeness = self.kernel.likeness(looks, self.looks)
            known = np.einsum("ij,ij->i", likeness @ inverse, likeness)
            return np.asarray(known * self.kernel.reached(looks, self.looks), np.float32)

        return np.clip(places.each(at), 0, 1)


def carried(kernel: LikenessKernel, looks: FloatArray, weights: FloatArray, places: Places) -> FloatArray:
    """What spots with looks (n, d) and weights (n, 2) make of all places, none where they do not reach: (h, w, 2)."""

    def at(some: FloatArray) -> FloatArray:
        return kernel.reached(some, looks)[:, None] * (kernel.likeness(some, looks) @ weights)

    return places.each(at)
