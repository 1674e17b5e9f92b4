"""Colorizer by a colour network alone: the default model, for people without references."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from featcolor.models.base import STILLS_REFINER, StillColorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.network_errors import DEFAULT, network_errors
from featcolor.models.views import Tile, closer_ratios, joined, merge, tiles
from featcolor.models.vividness import read_vividness
from features.annealed import softmax
from features.base import FloatArray
from features.colournet import BUNDLED, ColourMaps, ColourNetwork, network_file
from features.network import NetworkError
from features.network_grid import FrameAxis
from features.threads import side_by_side

SCALES: Final = (1.0, 1.27)
"""Short sides at which the picture and its mirror image are seen where both are, in the network's own: the coarser view
knows better what things are, the finer one where they end."""
LEAST_SHARE: Final = 1e-9
"""Of a cell, whose logarithm is taken."""


class PretrainedColorizer(StillColorizer):
    """Colorizer by a colour network, as trained on many photographs; it needs no fit.

    Parameters
    ----------
    network : "bundled" or the path of a colour network ('featcolor pretrain' makes them).
    config : ColorizerConfig, optional
        Only what may be changed at colouring time counts, and `step` does not. The saturation is a factor on the one
        that the network was measured best with. None: the network's own temperature, the mirrored picture averaged,
        chroma refined from inside regions out and stains calmed (the refiner "interior"), and `vivid`.

    Attributes
    ----------
    network : ColourNetwork
    closer : whether a picture with more to show than the network sees of the whole is seen closer too, in tiles
    vividness : Vividness or None, what its file says of how colourful scenes are

    Raises
    ------
    NetworkError : when the network is missing, damaged or none for colour
    """

    def __init__(self, network: str | Path = BUNDLED, config: ColorizerConfig | None = None) -> None:
        with network_errors("", DEFAULT):
            self.network = ColourNetwork(network)
            try:
                self.vividness = read_vividness(self.network.info.vividness, self.network.info.channels)
            except ValueError as error:
                raise NetworkError(f"{network}: {error}") from error
        self.config = config or ColorizerConfig(
            temperature=self.network.info.temperature, mirrored=True, refine=STILLS_REFINER, vivid=True
        )
        self.closer = True

    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows: training, quality, how the network is used."""
        return {**network_card(self.network), "settings": self.config.to_dict()}

    @property
    def scales(self) -> tuple[float, float] | tuple[float]:
        """Short sides at which the picture, and its mirror image where asked for, are seen: in the network's own."""
        return SCALES if self.config.mirrored else (1.0,)

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.view(lightness, working, self.scales[0])[1:]

    def _mirrored_chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.view(lightness, working, SCALES[1])[1:]

    def without_closer_views(self) -> Self:
        """The same model without its closer views."""
        other = copy.copy(self)
        other.closer = False
        return other

    def _unrefined(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.merge_closer_views(lightness, working, *super()._unrefined(lightness, working))

    def merge_closer_views(
        self, lightness: FloatArray, working: FloatArray, chroma: FloatArray, confidence: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """What views of the whole made of a picture (H, W), merged with closer ones where it has more to show.

        Parameters
        ----------
        working : (h, w), what the picture was shrunk to
        chroma : (h, w, 2)
        confidence : (h, w), 0..1

        Returns
        -------
        chroma, confidence : likewise; as they came where there is nothing more to see
        """
        side, shape = self.network.info.short_side, (working.shape[0], working.shape[1])
        ratios = closer_ratios(lightness.shape, side) if self.closer and self.config.mirrored else ()
        if not ratios:
            return chroma, confidence
        views = [tiles(shape, ratio * min(lightness.shape) / min(shape)) for ratio in ratios]

        def seen(ratio: float, tile: Tile) -> FloatArray:
            part = tile.of(lightness, working)
            scale = ratio * min(part.shape) / side
            return np.dstack(self.view(part, working[tile.rows, tile.columns], scale)[1:])

        calls = [partial(seen, ratio, tile) for ratio, view in zip(ratios, views, strict=True) for tile in view]
        planes = iter(side_by_side(calls))
        merged = np.dstack([chroma, confidence])
        for view in views:
            merged = merge(merged, joined(shape, [(tile, next(planes)) for tile in view]))
        return np.ascontiguousarray(merged[..., :2]), np.ascontiguousarray(merged[..., 2])

    def _finished(
        self, chroma: FloatArray, confidence: FloatArray, working: FloatArray, lightness: FloatArray
    ) -> FloatArray:
        return self.as_vivid(chroma, confidence, working, lightness) if self.config.vivid else chroma

    def as_vivid(
        self, chroma: FloatArray, confidence: FloatArray, working: FloatArray, lightness: FloatArray
    ) -> FloatArray:
        """Chroma (h, w, 2) as vivid as its scene lets expect; as it is where the network's file knows nothing of it."""
        if self.vividness is None:
            return chroma
        with network_errors("", DEFAULT):
            scene = self.network.scene(lightness)
        return self.vividness.apply(chroma, confidence, working, scene)

    def shares(self, lightness: FloatArray, grid: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """Shares of the network's cells, a mean of its views, and its embedding, of a picture (H, W) on a grid (h, w).

        Returns
        -------
        shares : (h, w, Q) float32, that add up to 1
        embedding : (h, w, C) float32
        """
        rows, columns = (
            (np.arange(few, dtype=np.float32) + 0.5) * (side / few) - 0.5
            for few, side in zip(grid, lightness.shape, strict=True)
        )
        pixels = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
        with network_errors("", DEFAULT):
            maps = self.network.maps(lightness)
            shares, embedding = softmax(maps.sample_logits(pixels)), maps.sample_embedding(pixels)
            if self.config.mirrored:
                pixels[:, 1] = lightness.shape[1] - 1 - pixels[:, 1]
                mirrored = self.network.maps(np.ascontiguousarray(lightness[:, ::-1]), scale=SCALES[1])
                shares += softmax(mirrored.sample_logits(pixels))
                shares /= 2
        return shares.reshape(*grid, -1), embedding.reshape(*grid, -1)

    def decide(self, shares: FloatArray, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of shares (h, w, Q) of the network's cells.

        `lightness` (h, w), 0..1, is the picture on their grid.
        """
        logits = np.log(np.maximum(shares, LEAST_SHARE)).transpose(2, 0, 1)
        axes = FrameAxis.resized(*[lightness.shape[0]] * 2), FrameAxis.resized(*[lightness.shape[1]] * 2)
        info = self.network.info
        maps = ColourMaps(
            np.empty((0, *lightness.shape), np.float32), logits, lightness, axes, info.cells, info.certainty
        )
        return maps.chroma(self.config.temperature, self.config.saturation * info.saturation)

    def view(
        self, lightness: FloatArray, working: FloatArray, scale: float
    ) -> tuple[ColourMaps, FloatArray, FloatArray]:
        """What the network makes of a picture (H, W) at this scale, and chroma (h, w, 2) and confidence (h, w) of it.

        From the stride-4 grid, bilinear; the network shrinks the whole picture itself, once.
        """
        saturation = self.config.saturation * self.network.info.saturation
        with network_errors("", DEFAULT):
            maps = self.network.maps(lightness, scale=scale)
        chroma, confidence = maps.chroma(self.config.temperature, saturation)
        planes = maps.at_size(np.dstack([chroma, confidence]), (working.shape[0], working.shape[1]))
        return maps, np.ascontiguousarray(planes[..., :2]), np.ascontiguousarray(planes[..., 2])


def read_network_card(network: str | Path = BUNDLED) -> dict[str, Any]:
    """The card of a colour network; NetworkError for every file that is none."""
    with network_errors("", DEFAULT):
        return network_card(ColourNetwork(network))


def network_card(network: ColourNetwork) -> dict[str, Any]:
    """What a colour network says of itself, and the facts of its file."""
    info = network.info
    return {
        **info.card,
        "kind": "colour network",
        "short_side": info.short_side,
        "cells": len(info.cells),
        "embedding": info.channels,
        "temperature": info.temperature,
        "saturation": info.saturation,
        "sha256": info.sha256,
        "file_bytes": network_file(network.network).stat().st_size,
    }
