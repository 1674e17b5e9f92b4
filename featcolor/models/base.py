"""Colorizer of stills: how a picture passes through, wherever its chroma comes from."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import bands, lab_to_rgb, lightness_of
from featcolor.colour.warmth import warmed
from featcolor.errors import UsageError
from featcolor.models.config import ColorizerConfig
from featcolor.models.model_file import write_arrays
from featcolor.pictures.resize import resize, working_size
from features.base import FloatArray, grid_axes
from features.threads import one_blas_thread, side_by_side
from refine.refiners import DEFAULT_REFINER, SEEDED, refine
from refine.stains import calm_stains
from refine.upsample import chroma_grid

STILLS_REFINER: Final = "interior"
"""The refiner after which stains are calmed."""


class Banded(Protocol):
    """Chroma in full size that is read some rows at a time."""

    def band(self, lightness_band: FloatArray, first_row: int = 0) -> FloatArray:
        """Chroma (n_rows, W, 2) of rows whose lightness (n_rows, W) is given."""


class StillColorizer(ABC):
    """Colorizer of stills: adds chroma, never touches lightness. What is built on it gives chroma at the working size.

    Attributes
    ----------
    config : ColorizerConfig
    """

    config: ColorizerConfig

    @abstractmethod
    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows."""

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """A header that JSON can hold, and named arrays; UsageError when the model is a file of its own."""
        raise UsageError("a colour network is a file already: copy that, and give its path as the model")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, beside its place and then renamed, so that no half file is ever seen."""
        header, arrays = self.to_arrays()
        write_arrays(Path(path), header=header, arrays=arrays, card=self.card())

    @abstractmethod
    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of the working picture (h, w), both new arrays.

        `lightness` (H, W) is the picture that it was shrunk from.
        """

    def _mirrored_chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        """`_chroma` of the mirrored picture, where `mirrored` asks for it."""
        return self._chroma(lightness, working)

    def _unrefined(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        """`_chroma`, with that of the mirrored picture averaged where `mirrored` asks for it."""
        views = [partial(self._chroma, lightness, working)]
        if self.config.mirrored:
            flipped = lightness[:, ::-1], np.ascontiguousarray(working[:, ::-1])
            views.append(partial(self._mirrored_chroma, *flipped))
        (chroma, confidence), *mirrored = side_by_side(views)
        for mirror in mirrored:
            chroma += mirror[0][:, ::-1]
            chroma *= 0.5
            confidence += mirror[1][:, ::-1]
            confidence *= 0.5
        return chroma, confidence

    def without_closer_views(self) -> Self:
        """The same model seeing each picture as a whole only, as films do: less work, and less that could flicker."""
        return self

    def _finished(
        self, chroma: FloatArray, confidence: FloatArray, working: FloatArray, lightness: FloatArray
    ) -> FloatArray:
        """Refined chroma (h, w, 2) as it is to be; `lightness` (H, W) is the picture that `working` was shrunk from."""
        return chroma

    def with_options(self, **options: Any) -> Self:
        """The same model with other colouring settings (`featcolor.models.config.COLOURING_OPTIONS`)."""
        other = copy.copy(self)
        other.config = self.config.with_options(**options)
        return other

    def for_film(self) -> Self:
        """The same model where a film asks it: from afar, and refined as fast as can be.

        Its colour is carried or averaged along the motion after that, which calms what the slower refiner is for.
        """
        model = self.without_closer_views()
        return model.with_options(refine=DEFAULT_REFINER) if model.config.refine == STILLS_REFINER else model

    def predict_working(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Chroma at the working size.

        Parameters
        ----------
        lightness : (H, W) float32, 0..1

        Returns
        -------
        chroma : (h, w, 2) float32
        confidence : (h, w) float32, 0..1
        working : (h, w) float32, the shrunk lightness
        """
        shape = working_size(lightness.shape, self.config.size)
        working = resize(lightness, shape)
        with one_blas_thread():
            chroma, confidence = self._unrefined(lightness, working)
            seeds = confidence if self.config.refine in SEEDED else None
            chroma = refine(chroma, working, seeds, method=self.config.refine)
            if self.config.refine == STILLS_REFINER:
                chroma = calm_stains(chroma, working, confidence)
            chroma = self._finished(chroma, confidence, working, lightness)
        if self.config.warmth:
            chroma = warmed(working, chroma, self.config.warmth)
        return chroma, confidence, working

    def predict(self, lightness: FloatArray, *, return_confidence: bool = False) -> Any:
        """Chroma at full size.

        Parameters
        ----------
        lightness : (H, W) float32, 0..1, L*/100 of the grey picture
        return_confidence : bool, give (chroma, confidence) instead, confidence (h, w) 0..1 at the working size

        Returns
        -------
        (H, W, 2) float32
            a*, b*; not yet brought into the gamut, which `featcolor.colour.lab.lab_to_rgb` does.
        """
        chroma, confidence, working = self.predict_working(lightness)
        full = self._full_size(chroma, working, lightness).band(lightness, 0)
        return (full, confidence) if return_confidence else full

    def colorize(self, picture: NDArray[Any], *, return_confidence: bool = False) -> Any:
        """The picture in colour, in its own type and at its own lightness.

        Parameters
        ----------
        picture : (H, W) or (H, W, 3), uint8, uint16 or float32 0..1, a colour picture is taken by its lightness
        return_confidence : bool, give (rgb, confidence) instead, confidence (h, w) 0..1 at the working size

        Returns
        -------
        (H, W, 3) of the same type
        """
        lightness = lightness_of(picture)
        chroma, confidence, working = self.predict_working(lightness)
        full = None if chroma.shape[:2] == lightness.shape else self._full_size(chroma, working, lightness)
        rgb = np.empty((*lightness.shape, 3), picture.dtype)

        def convert(rows: slice) -> None:
            band = chroma[rows] if full is None else full.band(lightness[rows], rows.start)
            rgb[rows] = lab_to_rgb(lightness[rows], band, picture.dtype)

        with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
            for _ in pool.map(convert, bands(len(lightness))):
                pass
        return (rgb, confidence) if return_confidence else rgb

    def _full_size(self, chroma: FloatArray, working: FloatArray, lightness: FloatArray) -> Banded:
        """What gives chroma in the size of a picture (H, W), from that of the working size."""
        full = (lightness.shape[0], lightness.shape[1])
        if full[0] < working.shape[0] or full[1] < working.shape[1]:
            chroma, working = resize(chroma, full), resize(working, full)
        return chroma_grid(chroma, working, full, method=self.config.upsample)


def between_grid_points(values: FloatArray, shape: tuple[int, int], step: int) -> FloatArray:
    """Planes (h, w, k) of values (n, k) at `features.base.grid_points`: linear between them, edges extended."""
    grid = np.asarray(values, np.float32).reshape(*map(len, grid_axes(shape, step)), -1)
    if step == 1:
        return grid
    axes = [(np.arange(n, dtype=np.float32) - step // 2) / step for n in shape]
    columns, rows = np.meshgrid(axes[1], axes[0])
    return np.asarray(cv2.remap(grid, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
