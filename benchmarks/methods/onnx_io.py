"""Input and output of colouring networks: from a grey picture to the answer to a colour picture, by a description.

Values are float32 and CIELAB is exact (`featcolor.colour.lab`, scikit-image), where DDColor's own program takes
OpenCV's interpolated one. Colours outside the sRGB gamut are clipped channel by channel, as every released program
does; that moves lightness, and the benchmark reports by how much.
"""

from __future__ import annotations

import json
import math
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb

from featcolor.colour.lab import bands, lightness_of, rgb_to_lab
from featcolor.errors import UsageError

FloatArray = NDArray[np.float32]

INPUTS: Final[Mapping[str, int]] = MappingProxyType({"lightness": 1, "luma": 1, "rgb": 3})
"""Channels of each kind of input: L* in 0..100; the grey code in 0..1; the same in red, green and blue."""

OUTPUTS: Final[Mapping[str, int]] = MappingProxyType({"ab": 2, "rgb": 3})
"""Channels of each kind of output: CIELAB a*, b*; sRGB in 0..1."""

RECOMBINATIONS: Final = ("lab", "yuv", "none")

INTERPOLATIONS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "nearest": cv2.INTER_NEAREST,
        "bilinear": cv2.INTER_LINEAR,
        "bicubic": cv2.INTER_CUBIC,
        "area": cv2.INTER_AREA,
        "bilinear antialiased": Image.Resampling.BILINEAR,
        "bicubic antialiased": Image.Resampling.BICUBIC,
    }
)
"""Antialiased ones are Pillow's, the others OpenCV's; OpenCV's bilinear is torch's with align_corners=False."""

ANTIALIASED: Final = "antialiased"


@dataclass(frozen=True, kw_only=True)
class NetworkDescription:
    """Description of a network's input and output: (1, C, h, w) float32 in, (1, C', h', w') float32 out.

    Attributes
    ----------
    input : a key of `INPUTS`; the network is fed (value - mean) / std.
    output : a key of `OUTPUTS`; its values are the network's times output_std plus output_mean.
    mean, std, output_mean, output_std : one number, or one a channel.
    size : (height, width) that pictures are resized to, without regard to their shape; None for networks of any size.
    multiple : where size is None, each side is resized up to the next multiple of it.
    interpolation, output_interpolation : keys of `INTERPOLATIONS`, of the grey codes on the way in and of a*, b* or
        colours on the way out.
    zeros : channels of further inputs, which get zeros: colour hints and their mask.
    recombine : "lab" puts a*, b* on the L* of the input; "yuv" puts U, V on the input's codes as Y', all in 8 bits as
        DeOldify does; "none" takes colours as they are. Networks that give ab can only have "lab".
    title : what reports call it.
    source : where these facts are from.
    """

    input: str
    output: str
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    size: tuple[int, int] | None = None
    multiple: int = 1
    interpolation: str = "bilinear"
    zeros: tuple[int, ...] = ()
    output_mean: tuple[float, ...] = (0.0,)
    output_std: tuple[float, ...] = (1.0,)
    output_interpolation: str = "bilinear"
    recombine: str = "lab"
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        choices = {"input": INPUTS, "output": OUTPUTS, "recombine": RECOMBINATIONS}
        choices |= dict.fromkeys(("interpolation", "output_interpolation"), INTERPOLATIONS)
        for name, table in choices.items():
            if getattr(self, name) not in tuple(table):
                raise ValueError(f"{name} must be one of {', '.join(table)}; got {getattr(self, name)!r}")
        for name in ("title", "source"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text, got {getattr(self, name)!r}")
        for name in ("mean", "std"):
            self._set_numbers(name, INPUTS[self.input])
            self._set_numbers(f"output_{name}", OUTPUTS[self.output])
        size = None if self.size is None else _as_tuple(self.size)
        if size is not None:
            size = size * 2 if len(size) == 1 else size
            if len(size) != 2 or not all(_is_count(side) for side in size):
                raise ValueError(f"size must be a side or [height, width], whole and positive, got {self.size!r}")
        if not _is_count(self.multiple):
            raise ValueError(f"multiple must be whole and positive, got {self.multiple!r}")
        zeros = _as_tuple(self.zeros)
        if not all(_is_count(channels) for channels in zeros):
            raise ValueError(f"zeros must be the channels of each further input, got {self.zeros!r}")
        if self.output == "ab" and self.recombine != "lab":
            raise ValueError(f"a network that gives ab can only recombine by lab, got {self.recombine!r}")
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "zeros", zeros)

    def _set_numbers(self, name: str, channels: int) -> None:
        values = _as_tuple(getattr(self, name))
        fits = len(values) in (1, channels) and all(
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in values
        )
        if not fits or (name.endswith("std") and 0 in values):
            raise ValueError(f"{name} must be 1 or {channels} finite numbers, std not 0; got {getattr(self, name)!r}")
        object.__setattr__(self, name, tuple(float(value) for value in values))

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; an unknown or a missing key is an error."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(settings) - set(known)):
            raise ValueError(f"unknown key {unknown[0]!r}; the keys are {', '.join(known)}")
        if missing := [name for name in ("input", "output") if name not in settings]:
            raise ValueError(f"the key {missing[0]!r} is missing")
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """As JSON and TOML can hold it; size is left out where there is none."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in plain.items() if value is not None}

    def to_toml(self) -> str:
        """The description as the text of a file that `read_description` reads."""
        # strings, whole numbers, finite floats and lists of them are written alike in JSON and TOML
        return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in self.to_dict().items())


def read_description(path: Path) -> NetworkDescription:
    """The description in a TOML file; UsageError, naming the file, where there is none or it says what is not known."""
    try:
        return NetworkDescription.from_dict(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror or error}); it should describe the network"
        ) from error
    except ValueError as error:  # tomllib's and unicode's errors are ValueErrors
        raise UsageError(f"{path}: {' '.join(str(error).split())}") from error


def network_inputs(grey: NDArray[np.uint8], description: NetworkDescription) -> list[FloatArray]:
    """What the network is fed for a grey picture: the picture, then zeros.

    `grey`: (H, W) uint8, sRGB grey codes.

    Returns list of (1, C, h, w) float32.
    """
    if grey.dtype != np.uint8 or grey.ndim != 2 or grey.size == 0:
        raise ValueError(f"grey must be (H, W) uint8 and not empty, got {grey.shape} {grey.dtype}")
    height, width = description.size or (-(-side // description.multiple) * description.multiple for side in grey.shape)
    # Pillow's filters work on codes and round to codes, as in the programs that use them; OpenCV's on shares of white.
    whole = grey if ANTIALIASED in description.interpolation else grey.astype(np.float32) / 255
    codes = resize(whole, (height, width), description.interpolation)
    if description.input == "lightness":
        plane = np.asarray(100 * lightness_of(codes), np.float32)
    else:
        plane = codes.astype(np.float32) / np.float32(255 if codes.dtype == np.uint8 else 1)
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (description.mean, description.std))
    picture = np.repeat(plane[None], INPUTS[description.input], axis=0)
    zeros = [np.zeros((1, channels, height, width), np.float32) for channels in description.zeros]
    return [((picture - mean) / std)[None], *zeros]


def colour_picture(output: FloatArray, grey: NDArray[np.uint8], description: NetworkDescription) -> NDArray[np.uint8]:
    """The picture that a network's answer makes of the grey one.

    `output`: (1, C, h, w) float32; `grey`: (H, W) uint8.

    Returns (H, W, 3) uint8.
    """
    expected = OUTPUTS[description.output]
    if output.ndim != 4 or output.shape[:2] != (1, expected):
        raise ValueError(f"the network gives {output.shape}, not (1, {expected}, h, w)")
    if not np.isfinite(output).all():
        raise ValueError("the network gives values that are not finite")
    values = np.ascontiguousarray(output[0].transpose(1, 2, 0), np.float32)
    values = values * np.array(description.output_std, np.float32) + np.array(description.output_mean, np.float32)
    size = grey.shape
    if description.output == "ab":
        return lab_to_clipped_rgb(lightness_of(grey), resize(values, size, description.output_interpolation))
    colours = np.clip(values, 0.0, 1.0)
    if description.recombine == "yuv":
        # truncated, not rounded: DeOldify casts 255 * colours to uint8
        codes = resize((255 * colours).astype(np.uint8), size, description.output_interpolation)
        yuv = cv2.cvtColor(codes, cv2.COLOR_RGB2YUV)
        yuv[..., 0] = grey
        return np.asarray(cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB))
    colours = np.clip(resize(colours, size, description.output_interpolation), 0.0, 1.0)
    if description.recombine == "none":
        return np.rint(255 * colours).astype(np.uint8)
    _, chroma = rgb_to_lab(colours)
    return lab_to_clipped_rgb(lightness_of(grey), chroma)


def resize(planes: NDArray[Any], size: tuple[int, int], interpolation: str) -> NDArray[Any]:
    """(H, W) or (H, W, C), uint8 or float32, at (height, width); antialiased uint8 is rounded to uint8 by Pillow."""
    if planes.shape[:2] == tuple(size):
        return planes
    height, width = size
    if interpolation == "nearest":
        # pixel i shows floor(i * from / to), in whole numbers: products of rounded ratios may fall one short
        rows, columns = (np.arange(to) * old // to for to, old in zip(size, planes.shape, strict=False))
        return planes[rows[:, None], columns]
    method = INTERPOLATIONS[interpolation]
    if ANTIALIASED not in interpolation:
        return np.asarray(cv2.resize(planes, (width, height), interpolation=method))
    channels = planes[..., None] if planes.ndim == 2 else planes
    resized = [
        np.asarray(Image.fromarray(np.ascontiguousarray(channel)).resize((width, height), method))
        for channel in np.moveaxis(channels, -1, 0)
    ]
    return resized[0] if planes.ndim == 2 else np.stack(resized, axis=-1)


def lab_to_clipped_rgb(lightness: FloatArray, chroma: FloatArray) -> NDArray[np.uint8]:
    """sRGB (H, W, 3) uint8 of L*/100 (H, W) and a*, b* (H, W, 2); what leaves the gamut is clipped in each channel."""
    rgb = np.empty((*lightness.shape, 3), np.uint8)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*negative Z values", category=UserWarning)
        for band in bands(len(lightness)):
            lab = np.concatenate([100 * lightness[band][..., None], chroma[band]], axis=-1)
            rgb[band] = np.rint(255 * lab2rgb(lab))
    return rgb


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0
