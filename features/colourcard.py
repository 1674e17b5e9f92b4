"""What a colour network's file says of itself, read and checked without running it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.base import FloatArray
from features.network import ONNX_FLOAT, NetworkError
from features.onnxfile import OnnxSummary, summarise

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
    card : what it was trained on, and its quality; for people
    sha256 : of the file
    """

    cells: FloatArray
    short_side: int
    temperature: float
    saturation: float
    channels: int
    card: dict[str, Any]
    sha256: str


def read_info(content: bytes, *, name: str, input_name: str, outputs: Sequence[str]) -> ColourNetworkInfo:
    """Check a colour network's file.

    Parameters
    ----------
    content : of the ONNX file
    name : what errors call the file
    input_name, outputs : of the graph; the outputs are the embedding and the logits

    Raises
    ------
    NetworkError
        In one line, naming the file.
    """
    try:
        summary = summarise(content)
    except ValueError as error:
        raise NetworkError(f"{name} is not an ONNX network: {error}" if content else f"{name} is empty") from error
    try:
        settings = _settings(summary)
        channels, n_cells = _channels(summary, input_name, outputs)
        cells = _cells(settings.get("cells"), n_cells)
        short_side = settings.get("short_side")
        if type(short_side) is not int or not SHORT_SIDES[0] <= short_side <= SHORT_SIDES[1]:
            raise ValueError(f"short_side must be {SHORT_SIDES[0]} to {SHORT_SIDES[1]}, is {short_side!r}")
        card = settings.get("card", {})
        if not isinstance(card, dict):
            raise ValueError("the card must be an object")
        return ColourNetworkInfo(
            cells=cells,
            short_side=short_side,
            temperature=_number(settings, "temperature", TEMPERATURES),
            saturation=_number(settings, "saturation", SATURATIONS),
            channels=channels,
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


def _channels(summary: OnnxSummary, input_name: str, outputs: Sequence[str]) -> tuple[int, int]:
    """Channels of the two outputs, once the graph's ends are as they must be."""
    given = summary.inputs.get(input_name)
    if given is None or given.kind != ONNX_FLOAT or len(given.sides) != 4 or given.sides[1] != 1:
        raise ValueError(f"a colour network takes '{input_name}' of 1 x 1 x H x W float32")
    counts = []
    for name in outputs:
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
