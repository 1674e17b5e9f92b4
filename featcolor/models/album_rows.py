"""Rows of an album: some pixels of each reference, with their features, the network's guess and their colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import PictureError
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.references import Source, random_pixels, read_source, settle, thumbnail_of
from featcolor.parallel.engine import Progress
from featcolor.pictures.resize import resize, working_size
from features.annealed import annealed_mean
from features.base import FeatureStack, FloatArray, IndexArray
from features.colournet import Points
from features.context import ContextFeatures
from features.daisy import DaisyFeatures
from features.position import PositionFeatures
from features.threads import side_by_side


@dataclass(frozen=True)
class AlbumRows:
    """Pixels of the references, picture after picture.

    Attributes
    ----------
    features : (n, d) float32; see `AlbumSampler`
    guess : (n, 2) float32, a*, b* that the network alone gives
    chroma : (n, 2) float32, a*, b* that the references have
    picture : (n,) number of the reference, from 0
    """

    features: FloatArray
    guess: FloatArray
    chroma: FloatArray
    picture: IndexArray

    @property
    def pictures(self) -> int:
        """References that there are rows of."""
        return int(self.picture[-1]) + 1

    def thinned(self, count: int) -> IndexArray:
        """Numbers of about so many rows, as many of each reference, (m,)."""
        counts = np.bincount(self.picture)
        place = np.arange(len(self.picture)) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.flatnonzero(place < max(1, count // self.pictures))


class AlbumSampler:
    """Features of pixels: the network's embedding, context, position and DAISY, in this order.

    Parameters
    ----------
    base : the default model; its network is asked
    """

    def __init__(self, base: PretrainedColorizer) -> None:
        self.base = base
        self._local = FeatureStack([ContextFeatures(), PositionFeatures(), DaisyFeatures()])

    @property
    def blocks(self) -> tuple[int, ...]:
        """How many values each part has."""
        return self.base.network.info.channels, *(len(extractor.names) for extractor in self._local.extractors)

    def sample(
        self, lightness: FloatArray, working: FloatArray, yx: IndexArray, *, temperature: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What the network alone makes of a picture, and features of some of its pixels.

        The picture is seen as often as the default model sees it; guess and embedding are the means.

        Parameters
        ----------
        lightness : (H, W)
        working : (h, w), what it was shrunk to
        yx : (n, 2) pixels of the working picture
        temperature : of the guess

        Returns
        -------
        guess : (h, w, 2), before any refinement
        confidence : (h, w)
        features : (n, d) float32
        """
        base = self.base.with_options(temperature=temperature)

        def see(lightness: FloatArray, working: FloatArray, scale: float, yx: Points) -> tuple[FloatArray, ...]:
            maps, guess, confidence = base.view(lightness, working, scale)
            return guess, confidence, maps.sample_embedding(yx)

        around, (guess, confidence, embedding), *mirrored = self._views(see, lightness, working, yx)
        for mirror in mirrored:
            guess = (guess + mirror[0][:, ::-1]) * np.float32(0.5)
            confidence = (confidence + mirror[1][:, ::-1]) * np.float32(0.5)
            embedding = (embedding + mirror[2]) * np.float32(0.5)
        return guess, confidence, np.concatenate([embedding, around], axis=1)

    def sample_pixels(
        self, lightness: FloatArray, working: FloatArray, yx: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """As `sample`, of these pixels alone, which is quicker: guess (n, 2) and features (n, d)."""
        info, config = self.base.network.info, self.base.config

        def see(lightness: FloatArray, working: FloatArray, scale: float, yx: Points) -> tuple[FloatArray, ...]:
            maps = self.base.network.maps(lightness, scale=scale)
            guess, _ = annealed_mean(maps.sample_logits(yx), info.cells, temperature=config.temperature)
            return guess, maps.sample_embedding(yx)

        around, *views = self._views(see, lightness, working, yx)
        guess, embedding = (np.mean(each, axis=0) for each in zip(*views, strict=True))
        return guess * np.float32(config.saturation * info.saturation), np.concatenate([embedding, around], axis=1)

    def _views(
        self,
        see: Callable[[FloatArray, FloatArray, float, Points], tuple[FloatArray, ...]],
        lightness: FloatArray,
        working: FloatArray,
        yx: IndexArray,
    ) -> list[Any]:
        """Features of pixels that are no network's, then what is seen of the picture, then of its mirror image.

        `see` is asked with a picture, the same at the working size, the scale, and where in the picture the pixels lie.
        """
        mirrored_yx = np.column_stack([yx[:, 0], working.shape[1] - 1 - yx[:, 1]])
        flipped = lightness[:, ::-1], np.ascontiguousarray(working[:, ::-1])
        views = [(lightness, working, yx), (*flipped, mirrored_yx)][: len(self.base.scales)]
        calls: list[Callable[[], Any]] = [partial(self._local.sample, working, yx)]
        for scale, (picture, small, pixels) in zip(self.base.scales, views, strict=True):
            places = (pixels + 0.5) * np.divide(picture.shape, small.shape) - 0.5
            calls.append(partial(see, picture, small, scale, places))
        return side_by_side(calls)


def read_album(
    sources: Sequence[Source],
    sampler: AlbumSampler,
    *,
    size: int,
    pixels: int,
    seed: int,
    progress: Progress,
) -> tuple[AlbumRows, list[tuple[str, str]]]:
    """Rows of every usable reference, and (name, reason) of those left out.

    Parameters
    ----------
    size : of the working picture, see `featcolor.models.config.ColorizerConfig`
    pixels : of each reference

    Raises
    ------
    ReferencesError : when no reference can be used
    """
    parts: dict[int, tuple[FloatArray, FloatArray, FloatArray]] = {}
    thumbnails: dict[int, FloatArray] = {}
    reasons: dict[int, str] = {}
    for index, source in enumerate(sources):
        try:
            rgb = read_source(source, size=size)
        except PictureError as error:
            reasons[index] = str(error)
        else:
            rng = np.random.default_rng([seed, index])
            parts[index] = _sample(rgb, sampler, size=size, pixels=pixels, rng=rng)
            thumbnails[index] = thumbnail_of(rgb_to_lab(rgb)[0])
        progress("reading references", index + 1, len(sources))
    kept, left_out = settle(sources, thumbnails, reasons)
    features, guess, chroma = (np.concatenate(part) for part in zip(*(parts[index] for index in kept), strict=True))
    picture = np.repeat(np.arange(len(kept)), [len(parts[index][0]) for index in kept])
    return AlbumRows(features, guess, chroma, picture), left_out


def _sample(
    rgb: NDArray[np.uint8], sampler: AlbumSampler, *, size: int, pixels: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    lightness, _ = rgb_to_lab(rgb)
    working, chroma = rgb_to_lab(resize(rgb, working_size(rgb.shape, size)))
    yx = random_pixels(working.shape, min(pixels, working.size), rng)
    rows, columns = yx[:, 0], yx[:, 1]
    guess, features = sampler.sample_pixels(lightness, working, yx)
    return features, guess, chroma[rows, columns]
