"""Activations of a convolutional network at each pixel: the extractor that knows what things are.

The network sees the grey picture as sRGB codes, as it would see a grey photograph. Its maps are read at the pixels by
bilinear interpolation between the cells' centres, and may be reduced by principal components learned from the
references. Both are linear, so the maps are reduced first and interpolated after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from features.base import FloatArray, IndexArray
from features.network import OPENING, Network, NetworkError, NetworkInput, read_network
from features.network_grid import FrameAxis, gather, grey_codes, mirror_out
from features.projection import Moments, Projection
from features.threads import one_blas_thread

#: The name of the network that comes with the package, its file, and the SHA-256 of the weights that it was made of, by
#: which model files know it.
LITE0: Final = "lite0"
LITE0_FILE = Path(__file__).parent / "models" / "lite0.onnx"
LITE0_SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DEFAULT_LAYERS: Final = ("stride4", "stride8", "stride16", "stride32")
#: References that the principal components are learned from, and pixels taken of each.
FIT_PICTURES: Final = 256
FIT_POINTS: Final = 256
#: Mean and deviation of ImageNet's R, G, B codes: what a network exported from torchvision expects.
IMAGENET_MEAN: Final = np.float32(255) * np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_DEVIATION: Final = np.float32(255) * np.array([0.229, 0.224, 0.225], np.float32)


class BackboneFeatures:
    """Layers of an ONNX network at chosen pixels.

    A network tells by the ONNX metadata property `featcolor.input` what it wants to see: "codes" (grey codes 0..255 as
    they are) or "imagenet" (with torchvision's mean and deviation taken out; the default).

    Parameters
    ----------
    network : "lite0" (EfficientNet-Lite0, see features/models/LITE0.md) or the path of an ONNX file.
    layers : tensor names; None: strides 4, 8, 16, 32 of lite0; required for a file. The last one is the deepest.
    components : principal components kept of each layer; None keeps the raw maps.
    random_state : draws the pictures and pixels for the principal components.
    sha256 : what the network's file must hash to (a model file says so); None: whatever it does.
    """

    margin = None

    def __init__(
        self,
        network: str | Path = LITE0,
        *,
        layers: Sequence[str] | None = None,
        components: int | None = None,
        random_state: int = 0,
        sha256: str | None = None,
    ) -> None:
        if layers is not None and (isinstance(layers, str) or not all(isinstance(name, str) for name in layers)):
            raise ValueError(f"layers must be names of tensors, got {layers!r:.60}")
        if components is not None and (type(components) is not int or components < 1):
            raise ValueError(f"components must be at least 1, got {components!r}")
        if not isinstance(sha256, str | None):
            raise ValueError(f"a SHA-256 must be text, got {sha256!r:.60}")
        self.network = network
        self.layers = layers
        self.components = components
        self.random_state = random_state
        self.sha256 = sha256

    @property
    def learns(self) -> bool:
        return self.components is not None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"backbone.{name}" for name in self.projection_.names) if hasattr(self, "projection_") else ()

    def fit(self, lightnesses: Iterable[FloatArray]) -> Self:
        """Learns the principal components from at most `FIT_PICTURES` of the references; without any, only sizes."""
        generator = np.random.default_rng(self.random_state)
        pictures = _choose(lightnesses, 1 if self.components is None else FIT_PICTURES, generator)
        if not pictures:
            raise ValueError("the backbone needs at least one reference picture")
        pixels = Moments()
        with one_blas_thread():  # on a busy machine eigenvectors by two threads took 30 times as long as by one
            for lightness in pictures:
                yx = np.stack([generator.integers(0, side, FIT_POINTS) for side in lightness.shape], axis=1)
                pixels.add(self._interpolate(self._maps(lightness), lightness.shape, yx))
            self.projection_ = Projection.learn(pixels, self._layers(), components=self.components)
        return self

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        """Activations at chosen pixels, (n_points, n_features) float32; see `FeatureExtractor.sample`."""
        reduced = self._fitted().reduce(self._maps(lightness))
        return np.concatenate(self._interpolate(reduced, lightness.shape, yx), axis=1)

    def describe(self, lightness: FloatArray) -> FloatArray:
        """The picture as one vector, the mean of the last layer: (n_channels,) float32; needs no fit."""
        return self._maps(lightness)[-1].mean(axis=(1, 2))

    def settings(self) -> dict[str, Any]:
        """The arguments of `__init__`, the network's SHA-256 filled in, as JSON can hold them."""
        return {
            "network": str(self.network),
            "sha256": self.sha256 or _network_file(str(self.network))[1],
            "layers": list(self._layers()),
            "components": self.components,
            "random_state": self.random_state,
        }

    def get_state(self) -> dict[str, NDArray[Any]]:
        """What `fit` learned, as arrays for a model file."""
        return self._fitted().state("pixel.")

    def set_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `get_state`; ValueError when the arrays do not fit the layers."""
        self.projection_ = Projection.from_state(state, "pixel.", self._layers())

    def __getstate__(self) -> dict[str, Any]:
        """Without the network, which each process opens for itself: pickles stay small."""
        return {name: value for name, value in self.__dict__.items() if name not in ("network_", "_latest")}

    def _fitted(self) -> Projection:
        if not hasattr(self, "projection_"):
            raise ValueError("the backbone is not fitted: call fit first")
        return self.projection_

    def _layers(self) -> tuple[str, ...]:
        if self.layers is None and self.network != LITE0:
            raise NetworkError(f"name the layers of {self.network}: backbone:PATH@layer1+layer2")
        return tuple(DEFAULT_LAYERS if self.layers is None else self.layers)

    def _network(self) -> Network:
        with OPENING:
            if not hasattr(self, "network_"):
                self.network_ = _open(str(self.network), self.sha256, self._layers())
            return self.network_

    def _maps(self, lightness: FloatArray) -> list[FloatArray]:
        """The layers' maps, (C, h, w) each, finite; those of the latest picture are kept."""
        digest = (
            hashlib.blake2b(np.ascontiguousarray(lightness).data, digest_size=16).digest()
            + str(lightness.shape).encode()
        )
        latest: tuple[bytes, list[FloatArray]] | None = getattr(self, "_latest", None)
        if latest is None or latest[0] != digest:
            network = self._network()
            tensor = _as_input(_frame(grey_codes(lightness), network.input), network)
            latest = (digest, [np.nan_to_num(each) for each in network.run(tensor)])
            self._latest = latest
        return latest[1]

    def _interpolate(self, maps: Sequence[FloatArray], shape: tuple[int, ...], yx: IndexArray) -> list[FloatArray]:
        """Bilinear reading of maps (C, h, w) at pixels of a picture of this shape: (n_points, C) each."""
        network = self._network()
        sides = (network.input.height, network.input.width)
        axes = [
            FrameAxis.mirrored(side) if fixed is None else FrameAxis.resized(side, fixed)
            for side, fixed in zip(shape, sides, strict=True)
        ]
        values = []
        for each in maps:
            rows, columns = (axis.taps(yx[:, i], each.shape[1 + i]) for i, axis in enumerate(axes))
            values.append(gather(each, rows, columns))
        return values


@lru_cache(maxsize=4)
def _open(network: str, sha256: str | None, layers: tuple[str, ...]) -> Network:
    """One network a process, however many copies of the extractor arrive there with their tasks."""
    model, found = _network_file(network)
    if sha256 not in (None, found):
        raise NetworkError(f"the network {network} is not the one that this model was fitted with")
    return Network(model, layers)


def _network_file(network: str) -> tuple[bytes, str]:
    """The model and its SHA-256; of lite0 `LITE0_SHA256`."""
    if network == LITE0:
        if not LITE0_FILE.is_file():
            raise NetworkError(f"EfficientNet-Lite0 is missing from this copy of featcolor ({LITE0_FILE.name})")
        return LITE0_FILE.read_bytes(), LITE0_SHA256
    model = read_network(Path(network))
    return model, hashlib.sha256(model).hexdigest()


def _choose(pictures: Iterable[FloatArray], count: int, generator: np.random.Generator) -> list[FloatArray]:
    """At most `count` of the pictures, drawn evenly from a stream of unknown length (reservoir sampling)."""
    chosen: list[FloatArray] = []
    for index, picture in enumerate(pictures):
        if index < count:
            chosen.append(picture)
        elif (slot := int(generator.integers(0, index + 1))) < count:
            chosen[slot] = picture
    return chosen


def _frame(codes: FloatArray, target: NetworkInput) -> FloatArray:
    """The picture at a size that the network takes: mirrored outwards to the next multiple, or resized."""
    if target.height is not None and target.width is not None:
        shrinks = codes.shape[0] > target.height or codes.shape[1] > target.width
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(codes, (target.width, target.height), interpolation=way), np.float32)
    return mirror_out(codes)


def _as_input(codes: FloatArray, network: Network) -> FloatArray:
    """(1, channels, H, W), normalised as the network wants."""
    planes = np.broadcast_to(codes, (network.input.channels, *codes.shape))
    if network.properties.get("featcolor.input", "imagenet") == "imagenet":
        mean, deviation = IMAGENET_MEAN, IMAGENET_DEVIATION
        if network.input.channels == 1:
            mean, deviation = mean.mean(keepdims=True), deviation.mean(keepdims=True)
        planes = (planes - mean[:, None, None]) / deviation[:, None, None]
    return planes[None]
