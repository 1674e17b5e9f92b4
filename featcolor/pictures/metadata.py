"""EXIF blocks and ICC profiles, and what must change in them when a picture is turned upright and coloured.

EXIF is patched in place, so that maker notes keep their offsets. Grey profiles are used up: their tone curve is
applied, since a grey profile cannot stay on an RGB picture.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from featcolor.colour.srgb import encode_srgb
from featcolor.pictures.picture import Metadata, Picture, clean_dpi, is_quarter_turn, upright

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

EXIF_PREFIX = b"Exif\x00\x00"
_ORIENTATION_TAG = 274
_CONNECTION = slice(20, 24)  # profile connection space (7.2.7)
_ICC_HEADER = 128  # bytes before the tag table (ICC.1:2022, 7.2)
_PARAMETRIC_COUNTS = (1, 3, 4, 5, 7)  # parameters of function types 0..4 (ICC.1:2022, 10.18)


def settle(pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata, orientation: int) -> Picture:
    """The picture upright, a grey profile applied, profiles of other spaces than RGB dropped."""
    space = profile_space(metadata.icc)
    if space == "GRAY" and pixels.ndim == 2 and metadata.icc is not None:
        pixels = grey_to_srgb(pixels, metadata.icc)
    dpi = clean_dpi(metadata.dpi, turned=is_quarter_turn(orientation))
    metadata = replace(metadata, icc=metadata.icc if space == "RGB" else None, dpi=dpi)
    return Picture(upright(pixels, orientation), None if alpha is None else upright(alpha, orientation), metadata)


def settle_exif(exif: bytes | None) -> tuple[bytes | None, int]:
    """EXIF with orientation 1 and without its (grey, unturned) thumbnail; and the orientation that it had.

    A block whose structure is damaged is left out: (None, 1).
    """
    if not exif:
        return None, 1
    block = bytearray(exif.removeprefix(EXIF_PREFIX))
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None:
        return None, 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (n_entries,) = struct.unpack_from(order + "H", block, start)
        orientation = 1
        for entry in range(start + 2, start + 2 + 12 * n_entries, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION_TAG and kind == 3:
                (orientation,) = struct.unpack_from(order + "H", block, entry + 8)
                struct.pack_into(order + "H", block, entry + 8, 1)
        struct.pack_into(order + "I", block, start + 2 + 12 * n_entries, 0)  # offset of the thumbnail's directory
    except struct.error:
        return None, 1
    return bytes(block), orientation if 1 <= orientation <= 8 else 1


def profile_space(icc: bytes | None) -> str:
    """Colour space that an ICC profile describes: 'RGB', 'GRAY', 'CMYK' ...; '' when there is none."""
    if icc is None or len(icc) < _ICC_HEADER + 4 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("ascii", "replace").strip()


def grey_to_srgb(pixels: NDArray[Any], icc: bytes) -> NDArray[Any]:
    """Grey values under a GRAY profile, as the sRGB grey values of the same luminance; same shape and dtype.

    A profile without a readable tone curve leaves the values as they are.
    """
    curve = _grey_tone_curve(icc)
    return pixels if curve is None else through_curve(pixels, curve)


def through_curve(pixels: NDArray[Any], curve: Curve) -> NDArray[Any]:
    """Values that a curve brings to linear light 0..1, as sRGB's codes of that light; same shape and dtype."""
    if np.issubdtype(pixels.dtype, np.floating):
        grid = np.linspace(0.0, 1.0, 2**16)
        return np.interp(pixels, grid, _srgb_codes(curve, grid)).astype(pixels.dtype)
    top = np.iinfo(pixels.dtype).max
    codes = np.rint(_srgb_codes(curve, np.linspace(0.0, 1.0, int(top) + 1)) * top)
    return np.take(codes.astype(pixels.dtype), pixels)


def cmyk_to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """A CMYK image as sRGB, by its profile where it has one, else by the plain complement."""
    with suppress(ImageCms.PyCMSError, OSError):
        if icc is not None and profile_space(icc) == "CMYK":
            source, target = ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, target, outputMode="RGB"):
                return converted
    return image.convert("RGB")


def _srgb_codes(curve: Curve, grid: NDArray[np.float64]) -> NDArray[Any]:
    linear = np.clip(curve(grid), 0.0, 1.0).astype(np.float32)
    return np.clip(encode_srgb(linear[None])[0], 0.0, 1.0).astype(np.float64)


def _grey_tone_curve(icc: bytes) -> Curve | None:
    """The profile's kTRC, from values 0..1 to linear light (ICC.1:2022, 10.6 and 10.18)."""
    try:
        (n_tags,) = struct.unpack_from(">I", icc, _ICC_HEADER)
        for entry in range(_ICC_HEADER + 4, _ICC_HEADER + 4 + 12 * min(n_tags, 200), 12):
            signature, offset, _ = struct.unpack_from(">4sII", icc, entry)
            if signature == b"kTRC":
                curve = _parse_curve(icc, offset)
                # Where profiles are connected in CIELAB the curve gives L*, not light (10.6).
                return curve if curve is None or icc[_CONNECTION] != b"Lab " else _light_of(curve)
    except (struct.error, ValueError):
        return None
    return None


def _light_of(curve: Curve) -> Curve:
    """The luminance, 0..1, of a curve's L*/100 (CIE 1976)."""

    def luminance(x: NDArray[np.float64]) -> NDArray[np.float64]:
        f = (100 * np.clip(curve(x), 0.0, 1.0) + 16) / 116
        return np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2)

    return luminance


def _parse_curve(icc: bytes, offset: int) -> Curve | None:
    kind = icc[offset : offset + 4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", icc, offset + 8)
        if count == 0:
            return lambda x: x
        if count > 1:
            values = np.frombuffer(icc, ">u2", count, offset + 12) / 65535.0
            return lambda x: np.interp(x, np.linspace(0.0, 1.0, count), values)
        (gamma,) = struct.unpack_from(">H", icc, offset + 12)
        return lambda x: x ** (gamma / 256.0)
    if kind == b"para":
        (function,) = struct.unpack_from(">H", icc, offset + 8)
        if function < len(_PARAMETRIC_COUNTS):
            p = np.frombuffer(icc, ">i4", _PARAMETRIC_COUNTS[function], offset + 12) / 65536.0
            g, a, b, c, d, e, f = _full_parameters(function, p)
            return lambda x: np.where(x >= d, np.maximum(a * x + b, 0.0) ** g + e, c * x + f)
    return None


def _full_parameters(function: int, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Function types 0..4 written as type 4: (a x + b)^g + e where x >= d, else c x + f."""
    if function == 0:
        return np.array([p[0], 1, 0, 0, 0, 0, 0])
    if function in (1, 2):
        g, a, b = p[:3]
        level = p[3] if function == 2 else 0.0
        return np.array([g, a, b, 0, -b / a if a else 0.0, level, level])
    return np.array([*p, 0, 0]) if function == 3 else p
