"""Album: exemplar-based colour, the default model made better by a few references in seconds (`colorize --refs`).

The network's own guess is moved towards what the references say of pixels that look alike to it. How far is learned
from the references themselves, each asked what the others make of it; where they say nothing, the guess stays.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import NetworkError
from featcolor.models.album_rows import AlbumSampler, read_album
from featcolor.models.base import StillColorizer, between_grid_points
from featcolor.models.config import ColorizerConfig, Settings
from featcolor.models.network_errors import DEFAULT, network_errors
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.references import Source, collect_sources
from featcolor.parallel.engine import Progress, silent
from featcolor.regression.blend import Blend, blend_of_one, fit_blend, nearness
from featcolor.regression.kernel import BANDWIDTHS, KernelRegression
from featcolor.regression.random_features import RandomFeatureRegression
from features.base import FloatArray, grid_points
from features.colournet import BUNDLED
from features.threads import one_blas_thread

NARROWEST: Final = len(BANDWIDTHS) - 1
"""Place of the answer of the narrowest kernel."""
VIVID_SHARE: Final = 0.5
"""Of the network's own factor on the chroma, how much may make up for what least squares mutes: dB against colour."""
COMPARED: Final = 3
"""Blocks of features that the kernel compares pixels by: not by DAISY, in which everything is far from everything."""
FLOOR: Final = 0.1
"""Of a block's typical deviation, added to each feature's: channels of a network that are silent in all references are
loud in other pictures, and a linear answer to them has no bounds."""
KERNEL_ARRAYS: Final = ("mean", "scale", "keys", "chroma")
"""What of a kernel is kept in a file."""


@dataclass(frozen=True, kw_only=True)
class AlbumConfig(Settings):
    """Settings of an album.

    Attributes
    ----------
    pixels : that the regressor is fitted on, of all references together
    pixels_each : at most, of one reference
    keys : pixels that the kernel remembers, in all
    position_weight : of where a pixel lies, beside 1 for the embedding, 1 for its surroundings and 1 for DAISY
    width : random features of the regressor
    folds : parts of the references that it answers for without knowing them, from which the blend is learned
    seed : of everything random
    """

    pixels: int = 24_000
    pixels_each: int = 1500
    keys: int = 9000
    position_weight: float = 0.3
    width: int = 640
    folds: int = 6
    seed: int = 0


class AlbumColorizer(StillColorizer):
    """Colorizer by example: a colour network and an album of references.

    Parameters
    ----------
    network : "bundled" or the path of a colour network
    config : as of `PretrainedColorizer`
    album : AlbumConfig, optional

    Attributes
    ----------
    kernel : KernelRegression
    regressor : RandomFeatureRegression or None, None for an album of one picture
    blend : Blend
    base : PretrainedColorizer, what colours where the album says nothing
    left_out : list of (name, reason), references that could not be used
    references : int, those that could
    """

    kernel: KernelRegression
    regressor: RandomFeatureRegression | None
    blend: Blend

    def __init__(
        self,
        network: str | Path = BUNDLED,
        config: ColorizerConfig | None = None,
        album: AlbumConfig | None = None,
    ) -> None:
        self.base = PretrainedColorizer(network, config)
        self.config = replace(self.base.config, mirrored=False)  # the guess alone is of both sides: places have sides
        self.album = album or AlbumConfig()
        self.sampler = AlbumSampler(self.base)
        self.left_out: list[tuple[str, str]] = []
        self.references = 0

    @one_blas_thread()
    def fit(self, references: Source | Iterable[Source], *, progress: Progress | None = None) -> Self:
        """Remember references and learn how far to follow them.

        Parameters
        ----------
        references : a folder, a glob or @list.txt; paths; sRGB arrays (H, W, 3), uint8, uint16 or float 0..1; or
            several of them
        progress : called with (stage, steps done, steps in all)

        Raises
        ------
        ReferencesError : when no reference can be used
        """
        sources, album = collect_sources(references, self.config.size), self.album
        share = min(album.pixels_each, -(-album.pixels // len(sources)))
        with network_errors("", DEFAULT):
            rows, self.left_out = read_album(
                sources,
                self.sampler,
                size=self.config.size,
                pixels=share,
                seed=album.seed,
                progress=progress or silent,
            )
        self.references = rows.pictures
        keys = rows.thinned(album.keys)
        blocks = self.sampler.blocks
        weights = (1.0, 1.0, album.position_weight, 1.0)
        width = sum(blocks[:COMPARED])
        self.kernel = KernelRegression.fitted(
            rows.features[keys, :width], rows.chroma[keys], blocks[:COMPARED], weights[:COMPARED], floor=FLOOR
        )
        self.regressor = None
        if rows.pictures == 1:
            self.blend = blend_of_one(len(BANDWIDTHS), NARROWEST)
            return self
        order = np.random.default_rng(album.seed).permutation(rows.pictures)
        self.regressor, regressed = RandomFeatureRegression.fitted(
            rows.features,
            rows.chroma,
            (order % min(album.folds, rows.pictures))[rows.picture],
            keys,
            blocks,
            weights,
            width=album.width,
            seed=album.seed,
            floor=FLOOR,
        )
        answers, nearest = self.kernel.leave_one_out(rows.picture[keys])
        self.blend = fit_blend(
            np.concatenate([answers, regressed]),
            rows.guess[keys],
            nearest,
            rows.chroma[keys],
            rows.picture[keys],
            narrowest=NARROWEST,
            most_vivid=max(1.0, 1 + VIVID_SHARE * (self.base.network.info.saturation - 1)),
        )
        return self

    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows."""
        return {
            **self.base.card(),
            "album": {"references": self.references, "left_out": self.left_out, **self.album.to_dict()},
        }

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """A header that JSON can hold, and named arrays; the network's file is named, with its hash, and not held."""
        named: dict[str, NDArray[Any]] = {f"kernel.{name}": getattr(self.kernel, name) for name in KERNEL_ARRAYS}
        named["blend"] = self.blend.weights
        if self.regressor is not None:
            named |= {f"regressor.{name}": array for name, array in self.regressor.to_arrays().items()}
        header = {
            "network": self.base.network.network,
            "sha256": self.base.network.info.sha256,
            "config": self.base.config.to_dict(),
            "album": self.album.to_dict(),
            "regressor": self.regressor is not None,
            "same_distance": self.blend.same_distance,
            "vividness": self.blend.vividness,
            "reach": self.blend.reach,
            "references": self.references,
            "left_out": [list(pair) for pair in self.left_out],
        }
        return header, named

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `to_arrays`; NetworkError when the network is not the one that it was fitted with."""
        config = ColorizerConfig.from_dict(header["config"])
        colorizer = cls(header["network"], config, AlbumConfig.from_dict(header["album"]))
        if colorizer.base.network.info.sha256 != header["sha256"]:
            raise NetworkError(f"the network {header['network']} is not the one that this album was fitted with")
        _check_shapes(arrays, colorizer.sampler.blocks, regressed=bool(header["regressor"]))
        kernel: dict[str, Any] = {name: arrays[f"kernel.{name}"] for name in KERNEL_ARRAYS}
        colorizer.kernel = KernelRegression(**kernel)
        colorizer.regressor = None
        if header["regressor"]:
            regressor = {k.removeprefix("regressor."): v for k, v in arrays.items() if k.startswith("regressor.")}
            colorizer.regressor = RandomFeatureRegression.from_arrays(regressor)
        colorizer.blend = Blend(
            arrays["blend"],
            NARROWEST,
            same_distance=float(header["same_distance"]),
            vividness=float(header["vividness"]),
            reach=float(header["reach"]),
        )
        colorizer.references = header["references"]
        colorizer.left_out = [(name, reason) for name, reason in header["left_out"]]
        return colorizer

    def without_closer_views(self) -> Self:
        """The same album on the model's views of the whole alone."""
        other = copy.copy(self)
        other.base = self.base.without_closer_views()
        return other

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        config = self.config
        shape = (working.shape[0], working.shape[1])
        yx = grid_points(shape, config.step)
        with network_errors("", DEFAULT):
            chroma, confidence, features = self.sampler.sample(lightness, working, yx, temperature=config.temperature)
        guess = chroma[yx[:, 0], yx[:, 1]]
        base = self.base.with_options(temperature=config.temperature)
        chroma, confidence = base.merge_closer_views(lightness, working, chroma, confidence)
        answers, nearest = self.kernel.predict(features[:, : self.kernel.keys.shape[1]])
        if self.regressor is not None:
            answers = np.concatenate([answers, self.regressor.predict(features)])
        change = self.blend.apply(answers, guess, nearest) - guess
        planes = between_grid_points(np.column_stack([change, nearness(nearest)]), shape, config.step)
        chroma += planes[..., :2]
        chroma *= np.float32(config.saturation)
        np.maximum(confidence, planes[..., 2], out=confidence)
        return chroma, confidence

    def _finished(
        self, chroma: FloatArray, confidence: FloatArray, working: FloatArray, lightness: FloatArray
    ) -> FloatArray:
        return self.base.as_vivid(chroma, confidence, working, lightness) if self.config.vivid else chroma


def _check_shapes(arrays: Mapping[str, NDArray[Any]], blocks: Sequence[int], *, regressed: bool) -> None:
    """ValueError unless the arrays of a file fit each other and the features, in blocks of so many values."""
    compared, features = sum(blocks[:COMPARED]), sum(blocks)
    answers = len(BANDWIDTHS) + (2 if regressed else 0)
    n_keys = arrays["kernel.keys"].shape[:1]
    expected: dict[str, tuple[int, ...]] = {
        "kernel.mean": (compared,),
        "kernel.scale": (compared,),
        "kernel.keys": (*n_keys, compared),
        "kernel.chroma": (*n_keys, 2),
        "blend": (2 * answers,),
    }
    if regressed:
        width, n_cells = arrays["regressor.offsets"].shape[:1], arrays["regressor.cells"].shape[:1]
        outputs = 2 + sum(n_cells)
        expected |= {
            "regressor.mean": (features,),
            "regressor.scale": (features,),
            "regressor.directions": (features, *width),
            "regressor.offsets": width,
            "regressor.weights": (features + sum(width), outputs),
            "regressor.intercept": (outputs,),
            "regressor.cells": (*n_cells, 2),
        }
    for name, shape in expected.items():
        if arrays[name].shape != shape or not arrays[name].size:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, not {shape}")
