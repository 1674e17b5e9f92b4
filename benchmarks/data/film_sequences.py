"""The sequences of `featcolor benchmark film`: folders of frames, and frames that other programs coloured."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import file_hash, read_rgb8
from benchmarks.data.layouts_base import folder_names
from benchmarks.data.layouts_sets import DAVIS_FRAMES, frames_in_order
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import UsageError
from features.base import FloatArray

Frame: TypeAlias = NDArray[np.uint8]

LEAST_FRAMES = 3
"""A key frame, another at the end, and one between them."""


@dataclass(frozen=True)
class FrameFolder:
    """A sequence: its name and its frames' files in order."""

    name: str
    paths: tuple[Path, ...]

    def read(self) -> list[Frame]:
        """The frames, (H, W, 3) uint8 each; UsageError where one has another size, PictureError where one is none."""
        frames = [read_rgb8(path) for path in self.paths]
        for path, frame in zip(self.paths, frames, strict=True):
            if frame.shape != frames[0].shape:
                raise UsageError(f"{path}: has another size than {self.paths[0].name}; frames of one sequence have one")
        return frames

    def fingerprint(self) -> str:
        """Hash of the frames' files, in order."""
        return hashlib.sha256("".join(file_hash(path) for path in self.paths).encode()).hexdigest()


@dataclass(frozen=True)
class FilmOutputs:
    """Frames that another program coloured, found by the frame's name below FOLDER/SEQUENCE.

    `name`: what the method is called; `folder`: holds a folder a sequence, with `sequence`, the frames of that one;
    `sequence`: the only one that they are of, None: every one that there is a folder for.
    """

    name: str
    folder: Path
    sequence: str | None = None

    def find(self, sequence: FrameFolder) -> list[Path | None]:
        """The output's file for each frame; None where there is none."""
        if self.sequence is None:
            place = self.folder / sequence.name
        elif self.sequence == sequence.name:
            place = self.folder
        else:
            return [None] * len(sequence.paths)
        files = {path.stem: path for path in frames_in_order(place)} if place.is_dir() else {}
        return [files.get(path.stem) for path in sequence.paths]

    def read(self, path: Path, lightness: FloatArray) -> Frame:
        """An output as (H, W, 3) uint8.

        One of another size than `lightness` (H, W), the truth's, gives its chroma only, resized, on that lightness:
        resizing would be measured otherwise.
        """
        rgb = read_rgb8(path)
        if rgb.shape[:2] == lightness.shape:
            return rgb
        height, width = lightness.shape
        method = cv2.INTER_AREA if height * width < rgb.shape[0] * rgb.shape[1] else cv2.INTER_CUBIC
        chroma = cv2.resize(rgb_to_lab(rgb)[1], (width, height), interpolation=method)
        return np.asarray(lab_to_rgb(lightness, chroma))


def find_sequences(
    root: Path, *, names: Collection[str] | None = None, limit: int | None = None
) -> tuple[FrameFolder, ...]:
    """The sequences of a folder: ROOT/SEQUENCE/00000.jpg, or DAVIS as distributed (ROOT/JPEGImages/480p/SEQUENCE).

    `names`: only these; `limit`: at most so many frames of each, from the first.

    Raises UsageError: there is none, one that was asked for is not there, or one has fewer than 3 frames.
    """
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder (of --data)")
    place = root / DAVIS_FRAMES if (root / DAVIS_FRAMES).is_dir() else root
    found = [name for name in folder_names(place) if frames_in_order(place / name)]
    if missing := sorted(set(names or ()) - set(found)):
        raise UsageError(f"{place}: holds no sequence {missing[0]}; there are {', '.join(found) or 'none'}")
    chosen = [name for name in found if names is None or name in names]
    if not chosen:
        raise UsageError(f"{place}: holds no folder with frames; --data wants a folder a sequence, SEQUENCE/00000.jpg")
    sequences = tuple(FrameFolder(name, tuple(frames_in_order(place / name)[:limit])) for name in chosen)
    for sequence in sequences:
        if len(sequence.paths) < LEAST_FRAMES:
            raise UsageError(f"{place / sequence.name}: {len(sequence.paths)} frames; at least {LEAST_FRAMES} needed")
    return sequences


def check_outputs(outputs: Sequence[FilmOutputs], sequences: Sequence[FrameFolder]) -> None:
    """UsageError for outputs of which no frame belongs to any sequence."""
    for each in outputs:
        if not any(path for sequence in sequences for path in each.find(sequence)):
            names = ", ".join(sequence.name for sequence in sequences)
            raise UsageError(
                f"{each.folder}: no file is named as a frame of {names}; name the folder that "
                "holds SEQUENCE/FRAME, or NAME@SEQUENCE=FOLDER for frames of one sequence"
            )
