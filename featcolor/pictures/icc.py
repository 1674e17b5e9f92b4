"""ICC profiles, through lcms: codes under a profile as sRGB, and sRGB put back under the profile.

Inside the program pictures are sRGB. A file keeps its profile where lcms comes back through it to the colour that it
started from, as with every profile of a matrix and curves; tables that go one way only are used up by reading.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from enum import Enum, auto
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from featcolor.colour.srgb import decode_srgb, encode_srgb

SAME: Final = 0.5 / 255
"""A profile whose colours are this near to sRGB's is taken for it."""
RETURNS: Final = 1.0 / 255
"""How near a colour must come to itself, there and back, for a profile to be kept."""
_HEADER = 128  # bytes before the tag table (ICC.1:2022, 7.2)
_UNOPTIMIZED = 0x0100  # lcms's cmsFLAGS_NOOPTIMIZE: more than 8 bits are worked out, not looked up in a coarse table
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB (IEC 61966-2-1)
_PASTEL = np.float32(0.2)  # how far around a middle grey the way back is tried: inside every profile's gamut

Space = Literal["gray", "rgb"]


class Fate(Enum):
    """What becomes of an RGB profile: it is sRGB (or cannot be used), is applied and put back, or is used up."""

    SAME = auto()
    RETURNS = auto()
    USED_UP = auto()


def profile_space(icc: bytes | None) -> str:
    """Colour space that an ICC profile describes: 'RGB', 'GRAY', 'CMYK' ...; '' when there is none."""
    if icc is None or len(icc) < _HEADER + 4 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("ascii", "replace").strip()


def to_srgb(pixels: NDArray[Any], icc: bytes) -> NDArray[Any]:
    """Codes (H, W) or (H, W, 3) under a profile of GRAY or RGB as sRGB; same shape and dtype.

    Codes under a profile that does not apply to them, or that lcms cannot use, are left as they are.
    """
    if not applies_to(icc, pixels) or (profile_space(icc) == "RGB" and fate_of(icc) is Fate.SAME):
        return pixels
    if pixels.ndim == 2:
        return _grey_to_srgb(pixels, icc)
    if profile_space(icc) == "GRAY":
        return np.repeat(_grey_to_srgb(pixels[..., 0], icc)[..., None], 3, axis=2)
    return _through(pixels, icc, srgb_profile())


def applies_to(icc: bytes, pixels: NDArray[Any]) -> bool:
    """Whether a profile is of such pixels: RGB of all, GRAY of grey ones, also where a format stores them as RGB."""
    space = profile_space(icc)
    return space == "RGB" or (space == "GRAY" and (pixels.ndim == 2 or _is_neutral(pixels)))


def _is_neutral(pixels: NDArray[Any]) -> bool:
    return all(np.array_equal(pixels[..., 0], pixels[..., channel]) for channel in (1, 2))


def from_srgb(pixels: NDArray[Any], icc: bytes | None) -> NDArray[Any]:
    """sRGB codes as codes under an RGB profile that returns; same shape and dtype, and the same array under others."""
    if icc is None or pixels.ndim != 3 or fate_of(icc) is not Fate.RETURNS:
        return pixels
    return _through(pixels, srgb_profile(), icc)


@lru_cache(maxsize=16)
def fate_of(icc: bytes) -> Fate:
    """What becomes of a profile under which an RGB picture lies."""
    levels = np.linspace(0, 1, 9, dtype=np.float32)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    greys = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, axis=2)
    probe = np.concatenate([cube, greys], axis=1)
    try:
        if _apart(_through(probe, icc, srgb_profile()), probe) <= SAME:
            return Fate.SAME
    except (RuntimeError, ValueError):  # lcms's errors are the former
        return Fate.SAME
    with suppress(RuntimeError, ValueError):
        there = _apart(_through(_through(greys, icc, srgb_profile()), srgb_profile(), icc), greys)
        pastels = _PASTEL * cube + np.float32((1 - _PASTEL) / 2)
        back = _apart(_through(_through(pastels, srgb_profile(), icc), icc, srgb_profile()), pastels)
        return Fate.RETURNS if max(there, back) <= RETURNS else Fate.USED_UP
    return Fate.USED_UP


def _apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one - other).max())


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """A profile of sRGB."""
    return undated(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def undated(profile: bytes) -> bytes:
    """A profile of one date, for the same bytes at any time (ICC.1:2022, 7.2.8: bytes 24 to 35)."""
    return profile[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + profile[36:]


def cmyk_to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """A CMYK image as sRGB, by its profile where it has one, else by the plain complement."""
    with suppress(ImageCms.PyCMSError, OSError):
        if icc is not None and profile_space(icc) == "CMYK":
            source, target = ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB")
            if converted := ImageCms.profileToProfile(image, source, target, outputMode="RGB"):
                return converted
    return image.convert("RGB")


def _grey_to_srgb(pixels: NDArray[Any], icc: bytes) -> NDArray[Any]:
    """Grey codes, under RGB those of three equal channels, as sRGB's greys of the same luminance, by a table of all."""
    is_float = np.issubdtype(pixels.dtype, np.floating)
    top = 2**16 - 1 if is_float else int(np.iinfo(pixels.dtype).max)
    grid = np.linspace(0, 1, top + 1, dtype=np.float32)
    space: Space = "rgb" if profile_space(icc) == "RGB" else "gray"
    codes = np.repeat(grid[None, :, None], 3 if space == "rgb" else 1, axis=2)
    try:
        light = decode_srgb(_through(codes, icc, srgb_profile(), space=space)) @ _LUMINANCE
    except (RuntimeError, ValueError):
        return pixels
    table = np.clip(encode_srgb(light)[0], 0.0, 1.0)
    if is_float:
        return np.interp(pixels, grid, table).astype(pixels.dtype)
    return np.take(np.rint(table * top).astype(pixels.dtype), pixels)


def _through(pixels: NDArray[Any], source: bytes, target: bytes, *, space: Space = "rgb") -> NDArray[Any]:
    """Codes (H, W, n) of one profile as RGB (H, W, 3) of another, of the same dtype; relative colorimetric."""
    import imagecodecs

    out = imagecodecs.cms_transform(
        np.ascontiguousarray(pixels),
        source,
        target,
        colorspace=space,
        outcolorspace="rgb",
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=0 if pixels.dtype == np.uint8 else _UNOPTIMIZED,
    ).reshape(*pixels.shape[:2], 3)
    return np.clip(out, 0.0, 1.0, out=out) if pixels.dtype == np.float32 else out
