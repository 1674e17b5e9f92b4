"""Test pictures and how they are brought to the size that they are measured at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.layouts import AUTO, LAYOUTS, choose_layout
from benchmarks.data.layouts_base import TestPicture
from benchmarks.data.protocols import PROTOCOLS, Protocol, find_protocol
from featcolor.colour.measures import grey_picture
from featcolor.errors import PictureError, UsageError
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import as_depth

__all__ = [
    "LAYOUTS",
    "PROTOCOLS",
    "DataSet",
    "Protocol",
    "Sample",
    "TestPicture",
    "fingerprint",
    "load_sample",
    "open_dataset",
    "read_truth",
]

Named: TypeAlias = str | os.PathLike[str]

FINGERPRINT_DIGITS: Final = 16
"""Hexadecimal digits: 64 bits tell any number of sets apart that one person compares."""


@dataclass(frozen=True)
class DataSet:
    """Test pictures under one protocol, and the outputs of others that came with them.

    `outputs` maps a method's name to its pictures by test picture's name; `foreign` are files beside the pictures that
    are none.
    """

    name: str
    layout: str
    protocol: Protocol
    pictures: tuple[TestPicture, ...]
    outputs: dict[str, dict[str, Path]]
    foreign: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class Sample:
    """A test picture as it is measured: truth (H, W, 3) and grey (H, W), both uint8."""

    name: str
    truth: NDArray[np.uint8]
    grey: NDArray[np.uint8]


def open_dataset(
    path_or_paths: Named | Sequence[Named],
    *,
    layout: str = AUTO,
    protocol: Protocol | str | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> DataSet:
    """The test pictures that paths lead to.

    Parameters
    ----------
    path_or_paths : path, or several
        A folder; the layout `folder` also takes files, globs and @lists, `imagenet-ctest10k` its list after the folder.
    layout : a key of LAYOUTS; "auto" takes the first that recognises the paths, and the set's `layout` says which.
    protocol : Protocol or its name, by default the layout's.
    limit : take this many: the set is cut into so many equal runs and one picture is drawn from each, so that
        classes, sequences and sizes are met as in the whole set. Order is kept; the same seed draws the same pictures.
    seed : of the draw.

    Raises UsageError: unknown layout or protocol, a path that leads nowhere, a published set that is not whole.
    """
    named = [path_or_paths] if isinstance(path_or_paths, (str, os.PathLike)) else path_or_paths
    paths = [os.fspath(path) for path in named]
    if not paths:
        raise UsageError("no test pictures are named; name a folder")
    chosen = choose_layout(layout, paths)
    if not isinstance(protocol, Protocol):
        protocol = find_protocol(protocol or chosen.protocol)
    found = chosen.find(paths)
    pictures, outputs = found.pictures, found.outputs
    if limit is not None:
        pictures = _spread(pictures, limit, seed)
        kept = {picture.name for picture in pictures}
        outputs = {
            method: {name: path for name, path in files.items() if name in kept} for method, files in outputs.items()
        }
    return DataSet(_name_of(paths), chosen.name, protocol, pictures, outputs, found.foreign)


def _spread(pictures: tuple[TestPicture, ...], limit: int, seed: int) -> tuple[TestPicture, ...]:
    """One picture of each of `limit` equal runs, drawn; all where there are no more."""
    if limit < 1:
        raise UsageError(f"the limit must be 1 or more pictures, got {limit}")
    if limit >= len(pictures):
        return pictures
    edges = np.arange(limit + 1) * len(pictures) // limit
    drawn = np.random.default_rng(seed).integers(edges[:-1], edges[1:])
    return tuple(pictures[index] for index in drawn)


def _name_of(paths: Sequence[str]) -> str:
    """The last two parts of the first path (a person's home folder left out), and how many more there are."""
    path = Path(paths[0]).expanduser().resolve()
    name = path.name if path.parent in (Path.home(), Path.home().parent) else "/".join(path.parts[-2:])
    return name if len(paths) == 1 else f"{name} and {len(paths) - 1} more"


def read_truth(path: Named, protocol: Protocol) -> NDArray[np.uint8]:
    """A colour picture as it is measured, (H, W, 3): upright, 8 bits (deeper ones rounded), alpha ignored.

    Raises PictureError when it cannot be read.
    """
    return protocol.apply(read_rgb8(path))


def load_sample(picture: TestPicture, protocol: Protocol) -> Sample:
    """A test picture under a protocol, which truth and grey input go through alike.

    The grey input is that of the set where it brings one (a colour file gives its lightness as grey codes), else the
    exact lightness of the truth as it is measured.

    Raises PictureError when a file cannot be read, or the grey input has another size than the truth.
    """
    truth = read_rgb8(picture.truth)
    if picture.grey is None:
        truth = protocol.apply(truth)
        return Sample(picture.name, truth, _grey_codes(truth))
    grey = _grey_codes(as_depth(read_picture(picture.grey).pixels, np.uint8))
    if grey.shape != truth.shape[:2]:
        raise PictureError(
            f"{picture.grey}: is {_size(grey)} pixels, its truth {picture.truth} is {_size(truth)}; "
            "a grey input must have the size of its truth"
        )
    return Sample(picture.name, protocol.apply(truth), protocol.apply(grey))


def fingerprint(dataset: DataSet) -> str:
    """16 hexadecimal digits that change with the protocol, the pictures' names and order, and any byte of their files.

    SHA-256 over the contents of truth and grey input; outputs of others are not part of it.

    Raises PictureError when a file cannot be read.
    """
    protocol = dataset.protocol
    digest = hashlib.sha256(repr((protocol.name, protocol.side, protocol.crop)).encode())
    for picture in dataset.pictures:
        files = [picture.truth] if picture.grey is None else [picture.truth, picture.grey]
        digest.update(repr((picture.name, *map(file_hash, files))).encode())
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror or error}); check the file") from error


def read_rgb8(path: Named) -> NDArray[np.uint8]:
    """A picture's file as (H, W, 3) uint8, a grey one's codes three times; PictureError when it cannot be read."""
    pixels = as_depth(read_picture(path).pixels, np.uint8)
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def _grey_codes(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """sRGB grey codes (H, W) of the picture's lightness; a grey picture's are its own."""
    return pixels if pixels.ndim == 2 else grey_picture(pixels)[..., 0]


def _size(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
