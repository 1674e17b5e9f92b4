"""Places of a picture as hints compare them: what each looks like, where it lies, how light and how painted it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from featcolor.errors import NetworkError
from featcolor.hints.kernel import CHROMA, HALF_SIDE, LIGHTNESS, LikenessKernel, bundled_kernel
from featcolor.models.pretrained import SCALES
from features.base import FloatArray, IndexArray
from features.colournet import ColourMaps, ColourNetwork
from features.threads import one_blas_thread, side_by_side

BLOCK: Final = 4096
"""Places that are worked on at a time."""


@dataclass(frozen=True)
class Places:
    """What each place of a picture looks like.

    Attributes
    ----------
    looks : (h, w, d) float32, as `LikenessKernel` compares them
    kernel : LikenessKernel
    """

    looks: FloatArray
    kernel: LikenessKernel

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.looks.shape[0], self.looks.shape[1]

    def likeness(self, yx: IndexArray) -> FloatArray:
        """Of all places to some (n, 2), 0..1: (h, w, n)."""
        return self.each(partial(_likeness_to, self.kernel, self.looks[yx[:, 0], yx[:, 1]]))

    def each(self, work: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """What some work makes of the looks (m, d) of a block of places, of all of them: (h, w, ...)."""
        flat = self.looks.reshape(-1, self.looks.shape[2])
        with one_blas_thread():
            parts = side_by_side([partial(work, flat[start : start + BLOCK]) for start in range(0, len(flat), BLOCK)])
        whole = np.concatenate(parts)
        return np.asarray(whole.reshape(*self.shape, *whole.shape[1:]), np.float32)


def _likeness_to(kernel: LikenessKernel, second: FloatArray, first: FloatArray) -> FloatArray:
    return kernel.likeness(first, second)


Views: TypeAlias = tuple[ColourMaps, ColourMaps]
"""What the network makes of a picture as it is, and of it mirrored from nearer: as the default model sees it."""


def two_views(network: ColourNetwork, lightness: FloatArray) -> Views:
    """The views of a picture (H, W), 0..1."""
    flipped = np.ascontiguousarray(lightness[:, ::-1])
    return network.maps(lightness, scale=SCALES[0]), network.maps(flipped, scale=SCALES[1])


@one_blas_thread()
def places_of(views: Views, working: FloatArray, chroma: FloatArray) -> Places:
    """Places of the working picture (h, w) that a picture was shrunk to, painted with chroma (h, w, 2).

    The embedding is the mean of the picture's two views.
    """
    kernel = bundled_kernel()
    if len(views[0].embedding) != len(kernel.axes):
        raise NetworkError("the file of likeness is not of this colour network; install featcolor anew")
    height, width = shape = (working.shape[0], working.shape[1])
    straight, mirrored = (_projected(kernel, maps, shape) for maps in views)
    embedding = (straight + mirrored[:, ::-1]) * np.float32(0.5) - kernel.mean
    unit = np.float32(HALF_SIDE * min(height, width))
    rows, columns = np.mgrid[:height, :width].astype(np.float32) / unit
    planes = [embedding, rows, columns, working / np.float32(LIGHTNESS), chroma / np.float32(CHROMA)]
    return Places(np.dstack(planes).astype(np.float32), kernel)


def _projected(kernel: LikenessKernel, maps: ColourMaps, shape: tuple[int, int]) -> FloatArray:
    inner = maps.inside(maps.embedding)
    cells = np.tensordot(inner, kernel.axes, axes=(0, 0)).astype(np.float32)
    four = range(0, cells.shape[2], 4)
    return np.dstack([maps.at_size(np.ascontiguousarray(cells[..., i : i + 4]), shape) for i in four])
