"""The colour network: from a grey picture straight to an embedding trained for colour and to logits over a*b* cells.

One ONNX file that `featcolor pretrain` makes. It sees the picture at its own short side, as grey codes, mirrored out to
multiples of 32, and gives both maps at stride 4; what it needs to be read is JSON in its property `featcolor.colour`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from features.annealed import annealed_mean, confidence_of, mean_and_spread, softmax
from features.base import FloatArray, IndexArray
from features.confidence import Certainty, evidence
from features.network import ONNX_FLOAT, OPENING, Network, NetworkError
from features.network_grid import FrameAxis, gather, grey_codes, mirror_out
from features.onnxfile import OnnxSummary, summarise

#: Pixels of a picture, whole or between.
Points: TypeAlias = IndexArray | NDArray[np.floating]

#: The name of the network that comes with the package, and its file.
BUNDLED: Final = "bundled"
BUNDLED_FILE = Path(__file__).parent / "models" / "colour.onnx"

INPUT: Final = "grey"
OUTPUTS: Final = ("embedding", "logits")
#: What the network sees is at most so many times as long as its short side: a strip is shown smaller.
LONGEST: Final = 6

#: ONNX metadata properties: what the network wants to see, and JSON on how its outputs are read.
INPUT_PROPERTY: Final = "featcolor.input"
COLOUR_PROPERTY: Final = "featcolor.colour"
#: Of the JSON; a larger one comes from a program newer than this.
VERSION: Final = 1
#: Smallest and largest values.
SHORT_SIDES: Final = (32, 2048)
TEMPERATURES: Final = (0.05, 5.0)
SATURATIONS: Final = (0.0, 5.0)
#: a* and b* of sRGB's colours reach 108.
WIDEST_CHROMA: Final = 130.0


@dataclass(frozen=True)
class ColourNetworkInfo:
    """How a colour network is shown a picture and how its outputs are read.

    Attributes
    ----------
    cells : (Q, 2) float32, a* and b* of each logit
    short_side : pixels of the short side of the picture that it sees
    temperature, saturation : that it was measured best with
    channels : of the embedding
    certainty : what makes its confidence one about error; None: the spread of its distribution does
    vividness : what `featcolor.models.vividness` makes of it; None: nothing is known
    card : what it was trained on, and its quality; for people
    sha256 : of the file
    """

    cells: FloatArray
    short_side: int
    temperature: float
    saturation: float
    channels: int
    certainty: Certainty | None
    vividness: dict[str, Any] | None
    card: dict[str, Any]
    sha256: str


@dataclass(frozen=True)
class ColourMaps:
    """What the network makes of one picture.

    Attributes
    ----------
    embedding : (C, h, w) float32, finite, of the whole frame at stride 4.
    logits : (Q, h, w) float32, finite, likewise.
    grey : (h, w) float32, 0..1, the mean code of each cell.
    axes : how rows and columns of the picture that was given lie in the frame.
    cells : (Q, 2) float32, the a*, b* that the logits stand for.
    certainty : what makes confidence of the logits; None: their spread does.
    """

    embedding: FloatArray
    logits: FloatArray
    grey: FloatArray
    axes: tuple[FrameAxis, FrameAxis]
    cells: FloatArray
    certainty: Certainty | None = None

    def sample_embedding(self, yx: Points) -> FloatArray:
        """The embedding at pixels (n, 2) of the picture that was given, between cells bilinearly: (n, C)."""
        return self._sample(self.embedding, yx)

    def sample_logits(self, yx: Points) -> FloatArray:
        """The logits at pixels (n, 2) of the picture that was given, between cells bilinearly: (n, Q)."""
        return self._sample(self.logits, yx)

    def chroma(self, temperature: float, saturation: float) -> tuple[FloatArray, FloatArray]:
        """The annealed mean of each stride-4 cell that the picture is read from.

        Parameters
        ----------
        temperature : sharpens the distribution (below 1)
        saturation : factor on the chroma

        Returns
        -------
        chroma : (h', w', 2) float32
        confidence : (h', w') float32, 0..1
        """
        chroma, spread, values = self.read(temperature, saturation, told=self.certainty is not None)
        confidence = confidence_of(spread) if self.certainty is None else self.certainty.confidence(values)
        shape = self.inside(self.grey).shape
        return chroma.reshape(*shape, 2), confidence.reshape(shape)

    def read(
        self, temperature: float, saturation: float, *, told: bool = True
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Chroma (n, 2), spread (n,) and `features.confidence.evidence` (n, k) of the cells of `chroma`, row by row.

        The last is empty, (n, 0), unless `told` is set.
        """
        inner = self.inside(self.logits)
        logits = np.ascontiguousarray(inner.reshape(len(inner), -1).T)
        if not told:
            chroma, spread = annealed_mean(logits, self.cells, temperature=temperature)
            return chroma * np.float32(saturation), spread, np.empty((len(logits), 0), np.float32)
        shares = softmax(logits)
        chroma, spread = mean_and_spread(shares, self.cells)
        if temperature != 1:
            chroma = softmax(logits / temperature) @ self.cells
        chroma *= np.float32(saturation)
        return chroma, spread, evidence(shares, spread, chroma, self.inside(self.grey).ravel())

    def at_size(self, planes: FloatArray, shape: tuple[int, int]) -> FloatArray:
        """Planes on the grid of `chroma`, (h', w') or (h', w', k), bilinear at every pixel of the picture in any size.

        `shape` is the (H', W') wanted, k is 4 at most: (H', W') or (H', W', k) float32.
        """
        at = []
        for axis, kept, side, cells in zip(self.axes, self._inside(), shape, self.logits.shape[1:], strict=True):
            pixels = (np.arange(side, dtype=np.float32) + 0.5) * (axis.side / side) - 0.5
            at.append((axis.positions(pixels, cells) - kept.start).astype(np.float32))
        columns, rows = np.meshgrid(at[1], at[0])
        return cv2.remap(planes, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def scene(self) -> FloatArray:
        """The picture as one vector, its mean embedding: (C,)."""
        return self.inside(self.embedding).mean(axis=(1, 2))

    def inside(self, planes: FloatArray) -> FloatArray:
        """Of planes (..., h, w) of the frame, the cells that the picture is read from: (..., h', w')."""
        rows, columns = self._inside()
        return planes[..., rows, columns]

    def _inside(self) -> tuple[slice, slice]:
        rows, columns = (axis.inside(n) for axis, n in zip(self.axes, self.logits.shape[1:], strict=True))
        return rows, columns

    def _sample(self, each: FloatArray, yx: Points) -> FloatArray:
        rows, columns = (axis.taps(yx[:, i], each.shape[1 + i]) for i, axis in enumerate(self.axes))
        return gather(each, rows, columns)


class ColourNetwork:
    """A colour network, ready to run; pickles, and each process opens its own session.

    Parameters
    ----------
    network : "bundled" or the path of an ONNX file.
    sha256 : what the file must hash to (a model file says so); None: whatever it does.

    Attributes
    ----------
    info : ColourNetworkInfo

    Raises
    ------
    NetworkError
        When the file is missing, damaged, no colour network, newer than this program, or not the one of the hash.
    """

    def __init__(
        self,
        network: str | Path = BUNDLED,
        *,
        sha256: str | None = None,
    ) -> None:
        self.network = str(network)
        self.info = _content(self.network, sha256)[1]
        self._latest: tuple[bytes, ColourMaps] | None = None
        self._scene: tuple[bytes, FloatArray] | None = None

    def maps(self, lightness: FloatArray, *, scale: float = 1.0) -> ColourMaps:
        """Embedding and logits of a picture (H, W) of any size, 0..1; those of the latest picture are kept.

        `scale` multiplies the short side at which the network sees it.
        """
        axes, seen = self._look(lightness, max(1, round(scale * self.info.short_side)))
        digest = _digest(lightness, seen)
        latest = self._latest
        if latest is None or latest[0] != digest:
            network, frame = self._opened(), mirror_out(grey_codes(seen))
            embedding, logits = network.run(frame[None, None])
            if len(embedding) != self.info.channels or len(logits) != len(self.info.cells):
                raise NetworkError(f"{self.network}: the outputs are not of the size that the file promises")
            embedding, logits = _finite(embedding), _finite(logits)
            grey = cv2.resize(frame, logits.shape[:0:-1], interpolation=cv2.INTER_AREA) / np.float32(255)
            maps = ColourMaps(embedding, logits, grey, axes, self.info.cells, self.info.certainty)
            latest = (digest, maps)
            self._latest = latest
            if scale == 1:
                self._scene = (digest, maps.scene())
        return latest[1]

    def scene(self, lightness: FloatArray) -> FloatArray:
        """A picture (H, W) of any size, 0..1, as one vector: (C,). Nothing is run where it was seen as a whole last."""
        _, seen = self._look(lightness, self.info.short_side)
        kept = self._scene
        if kept is not None and kept[0] == _digest(lightness, seen):
            return kept[1]
        return self.maps(lightness).scene()

    def _look(self, lightness: FloatArray, side: int) -> tuple[tuple[FrameAxis, FrameAxis], FloatArray]:
        """The picture with this short side, and how it lies in the frame."""
        height, width = lightness.shape
        scale = min(side / min(height, width), LONGEST * side / max(height, width))
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        seen = np.ascontiguousarray(lightness, np.float32)
        if (rows, columns) != (height, width):
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            seen = cv2.resize(seen, (columns, rows), interpolation=way)
        return (FrameAxis.mirrored(height, rows), FrameAxis.mirrored(width, columns)), seen

    def _opened(self) -> Network:
        with OPENING:
            return _open(self.network, self.info.sha256)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_latest": None, "_scene": None}


def _digest(lightness: FloatArray, seen: FloatArray) -> bytes:
    return hashlib.blake2b(seen.data, digest_size=16).digest() + f"{lightness.shape}{seen.shape}".encode()


@lru_cache(maxsize=4)
def _open(network: str, sha256: str) -> Network:
    """One network a process, however many copies arrive there with their tasks."""
    return Network(_content(network, sha256)[0], OUTPUTS)


def _finite(values: FloatArray) -> FloatArray:
    """The values, those that are no numbers or infinite replaced; one look at a sum where all are, as nearly always."""
    return values if np.isfinite(values.sum()) else np.nan_to_num(values)


def _content(network: str, sha256: str | None) -> tuple[bytes, ColourNetworkInfo]:
    path = network_file(network)
    try:
        content, info = _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise NetworkError(f"{path} cannot be read: {error.strerror or error}") from error
    if sha256 not in (None, info.sha256):
        raise NetworkError(f"the network {network} is not the one that this model was fitted with")
    return content, info


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> tuple[bytes, ColourNetworkInfo]:
    """The file and what it says of itself, read once as long as it does not change."""
    content = path.read_bytes()
    return content, _checked(content, str(path))


def network_file(network: str | Path) -> Path:
    """The file of a network; NetworkError where this copy of the package lacks the bundled one."""
    if str(network) != BUNDLED:
        return Path(network)
    if not BUNDLED_FILE.is_file():
        raise NetworkError(f"the default colour network is missing from this copy of featcolor ({BUNDLED_FILE.name})")
    return BUNDLED_FILE


def _checked(content: bytes, name: str) -> ColourNetworkInfo:
    """What a file says of itself, without running it; NetworkError in one line, naming the file."""
    try:
        summary = summarise(content)
    except ValueError as error:
        raise NetworkError(f"{name} is not an ONNX network: {error}" if content else f"{name} is empty") from error
    try:
        settings = _settings(summary)
        channels, n_cells = _channels(summary)
        cells = _cells(settings.get("cells"), n_cells)
        short_side = settings.get("short_side")
        if type(short_side) is not int or not SHORT_SIDES[0] <= short_side <= SHORT_SIDES[1]:
            raise ValueError(f"short_side must be {SHORT_SIDES[0]} to {SHORT_SIDES[1]}, is {short_side!r}")
        card = settings.get("card", {})
        if not isinstance(card, dict):
            raise ValueError("the card must be an object")
        certainty, vividness = settings.get("confidence"), settings.get("vividness")
        if not isinstance(vividness, dict | None):
            raise ValueError("damaged: its vividness must be an object")
        return ColourNetworkInfo(
            cells=cells,
            short_side=short_side,
            temperature=_number(settings, "temperature", TEMPERATURES),
            saturation=_number(settings, "saturation", SATURATIONS),
            channels=channels,
            certainty=None if certainty is None else Certainty.from_dict(certainty),
            vividness=vividness,
            card=card,
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except ValueError as error:
        raise NetworkError(f"{name}: {error}") from error


def _settings(summary: OnnxSummary) -> dict[str, Any]:
    text = summary.properties.get(COLOUR_PROPERTY)
    if text is None:
        raise ValueError(f"not a colour network of featcolor pretrain: no property {COLOUR_PROPERTY}")
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"damaged: its property {COLOUR_PROPERTY} is not JSON") from error
    version = settings.get("version") if isinstance(settings, dict) else None
    if type(version) is not int or version < 1:
        raise ValueError(f"damaged: its property {COLOUR_PROPERTY} tells no version")
    if version > VERSION:
        raise ValueError(f"made by a newer featcolor (version {version} of a colour network, {VERSION} is known)")
    wanted = summary.properties.get(INPUT_PROPERTY)
    if wanted != "codes":
        raise ValueError(f"a colour network sees grey codes, this one wants {wanted!r}")
    return settings


def _channels(summary: OnnxSummary) -> tuple[int, int]:
    """Channels of the two outputs, once the graph's ends are as they must be."""
    given = summary.inputs.get(INPUT)
    if given is None or given.kind != ONNX_FLOAT or len(given.sides) != 4 or given.sides[1] != 1:
        raise ValueError(f"a colour network takes '{INPUT}' of 1 x 1 x H x W float32")
    counts = []
    for name in OUTPUTS:
        tensor = summary.outputs.get(name)
        channels = tensor.sides[1] if tensor is not None and len(tensor.sides) == 4 else None
        if channels is None:
            raise ValueError(f"a colour network gives '{name}' of 1 x channels x H/4 x W/4")
        counts.append(channels)
    return counts[0], counts[1]


def _cells(values: Any, count: int) -> FloatArray:
    try:
        cells = np.array(values, np.float32)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError("damaged: its cells are not pairs of numbers") from error
    if cells.ndim != 2 or cells.shape[1] != 2:
        raise ValueError("damaged: its cells are not pairs of numbers")
    if len(cells) != count:
        raise ValueError(f"damaged: {len(cells)} cells for {count} logits")
    if not (np.abs(cells) <= WIDEST_CHROMA).all():
        raise ValueError("damaged: its cells are not colours")
    cells.flags.writeable = False
    return cells


def _number(settings: Mapping[str, Any], name: str, limits: tuple[float, float]) -> float:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"damaged: {name} must be a number, is {value!r}")
    if not limits[0] <= value <= limits[1]:  # nor is NaN
        raise ValueError(f"{name} must be {limits[0]} to {limits[1]}, is {value}")
    return float(value)
