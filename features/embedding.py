"""The embedding of a colour network at each pixel: what things are, as far as it matters for their colour."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from features.annealed import annealed_mean
from features.base import FloatArray, IndexArray, Stateless
from features.colournet import BUNDLED, ColourNetwork
from features.network import NetworkError

#: Of an embedding: a model file may say anything.
MOST_CHANNELS: Final = 4096


class EmbeddingFeatures(Stateless):
    """The stride-4 embedding of a colour network, bilinear between cells; see `features.colournet`.

    Parameters
    ----------
    network : "bundled" or the path of a colour network.
    sha256 : what the network's file must hash to (a model file says so); None: whatever it does.
    channels : of the embedding, where they are known already (a model file says so).
    """

    margin = None

    def __init__(
        self,
        network: str | Path = BUNDLED,
        *,
        sha256: str | None = None,
        channels: int | None = None,
    ) -> None:
        if channels is not None and (type(channels) is not int or not 1 <= channels <= MOST_CHANNELS):
            raise ValueError(f"channels must be 1 to {MOST_CHANNELS}, got {channels!r}")
        self.network = network
        self.sha256 = sha256
        self.channels = channels

    @property
    def names(self) -> tuple[str, ...]:
        """Known without the network's file once a model file has told how many there are."""
        channels = self.colour_network().info.channels if self.channels is None else self.channels
        return tuple(f"embedding.{i}" for i in range(channels))

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        """Learns nothing, but says here, before any work, when the network cannot be used."""
        self.colour_network()
        return self

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """The embedding at chosen pixels, (n_points, n_channels) float32; see `FeatureExtractor.sample`."""
        return self.colour_network().maps(lightness).sample_embedding(yx)

    def guess(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """What the network says of chosen pixels, a* and b*, (n_points, 2), at its temperature and saturation."""
        network = self.colour_network()
        logits = network.maps(lightness).sample_logits(yx)
        chroma, _ = annealed_mean(logits, network.info.cells, temperature=network.info.temperature)
        return chroma * np.float32(network.info.saturation)

    def describe(self, lightness: FloatArray) -> FloatArray:
        """The picture as one vector, its mean embedding: (n_channels,) float32."""
        return self.colour_network().maps(lightness).scene()

    def settings(self) -> dict[str, Any]:
        """The arguments of `__init__`, SHA-256 and channels filled in, as JSON can hold them."""
        known = self.sha256 is not None and self.channels is not None
        info = None if known else self.colour_network().info
        return {
            "network": str(self.network),
            "sha256": self.sha256 if info is None else info.sha256,
            "channels": self.channels if info is None else info.channels,
        }

    def colour_network(self) -> ColourNetwork:
        """The network itself, opened once; who reads its logits too pays for one run a picture."""
        if not hasattr(self, "network_"):
            opened = ColourNetwork(self.network, sha256=self.sha256)
            if self.channels not in (None, opened.info.channels):
                raise NetworkError(f"{self.network} gives {opened.info.channels} values a pixel, not {self.channels}")
            self.network_ = opened
        return self.network_
