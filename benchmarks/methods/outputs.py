"""Pictures that other programs coloured, as a method, and how far any output's lightness is from its input's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import DataSet, Sample, file_hash, read_rgb8
from benchmarks.methods.base import Group, Method
from featcolor.colour.lab import lightness_of
from featcolor.errors import UsageError
from featcolor.pictures.find import find_pictures
from featcolor.pictures.io import read_picture


class Precomputed(Method):
    """Outputs found by the sample's name and returned as they are, their lightness too.

    A sample's output is the file with its name without suffix, below the folder if the name has folders in it;
    `photo_fake.png` is not taken for `photo`.

    Parameters
    ----------
    name : what the method is called.
    source : a folder, searched through, or {sample's name: file}.
    resize : outputs of another size are resized to the sample's, by area where that makes them smaller, else bicubic;
        otherwise they are an error.
    dataset : of the samples; outputs of the size that their truth has on disk go through its protocol as the truth did.
    """

    group: ClassVar[Group] = "precomputed"

    def __init__(
        self, name: str, source: Path | Mapping[str, Path], *, resize: bool = False, dataset: DataSet | None = None
    ) -> None:
        self.name = name
        self.title = name
        self.source = dict(source) if isinstance(source, Mapping) else source
        self.resize = resize
        self.dataset = dataset
        self._files: dict[str, Path] | None = None

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Not possible: outputs are found by name."""
        raise UsageError(
            f"{self.name}: outputs that are already there belong to a sample; there is nothing to colour with"
        )

    def output(self, sample: Sample) -> NDArray[np.uint8]:
        """The picture of the sample, (H, W, 3) uint8.

        Raises
        ------
        UsageError : there is none, or it has another size and `resize` is off.
        PictureError : it cannot be read.
        """
        path = self._index().get(sample.name)
        if path is None:
            where = f" in {self.source}" if isinstance(self.source, Path) else ""
            raise UsageError(f"{self.name}: there is no output of {sample.name}{where}")
        rgb = read_rgb8(path)
        height, width = sample.grey.shape
        if rgb.shape[:2] == (height, width):
            return rgb
        if self.dataset is not None and rgb.shape[:2] == self._stored_shape(sample.name):
            return self.dataset.protocol.apply(rgb)
        if not self.resize or (self.dataset is not None and self.dataset.protocol.crop):
            size = f"{rgb.shape[1]} x {rgb.shape[0]}"
            raise UsageError(f"{path}: is {size}, its input {width} x {height}; {self._remedy()}")
        method = cv2.INTER_AREA if height * width < rgb.shape[0] * rgb.shape[1] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(rgb, (width, height), interpolation=method))

    def _stored_shape(self, name: str) -> tuple[int, int] | None:
        """Height and width of the truth's file."""
        assert self.dataset is not None
        truth = next((each.truth for each in self.dataset.pictures if each.name == name), None)
        return None if truth is None else read_picture(truth).pixels.shape[:2]

    def _remedy(self) -> str:
        if self.dataset is not None and self.dataset.protocol.crop:
            return "give it the size of the truth's file, so that it is cropped as the truth is"
        return "give it the size of its input or of the truth's file, or add --resize-outputs"

    def settings(self) -> dict[str, Any]:
        """Whether outputs are resized, and the SHA-256 of their names and contents."""
        total = hashlib.sha256()
        for name, path in sorted(self._index().items()):
            total.update(os.fsencode(name) + b"\0" + bytes.fromhex(file_hash(path)))
        return {"resize": self.resize, "outputs": total.hexdigest()}

    def _index(self) -> dict[str, Path]:
        if self._files is None:
            self._files = _index_folder(self.name, self.source) if isinstance(self.source, Path) else self.source
        return self._files


def lightness_deviation(grey: NDArray[np.uint8], rgb: NDArray[np.uint8]) -> float:
    """Mean over pixels of |L* of the output (H, W, 3) - L* of the input (H, W)|, both uint8, L* in 0..100."""
    if rgb.shape != (*grey.shape, 3) or grey.ndim != 2:
        raise ValueError(f"grey must be (H, W) and rgb (H, W, 3), got {grey.shape} and {rgb.shape}")
    return float(100 * np.abs(lightness_of(rgb) - lightness_of(grey)).mean(dtype=np.float64))


def _index_folder(name: str, folder: Path) -> dict[str, Path]:
    """{name without suffix: file}: by the place below the folder and, where only one file has it, by the stem alone."""
    if not folder.is_dir():
        raise UsageError(f"{name}: there is no folder {folder}; name the folder with its outputs")
    files: dict[str, Path] = {}
    by_stem: dict[str, list[Path]] = {}
    for found in find_pictures([folder]):
        key = found.relative.with_suffix("").as_posix()
        if key in files:
            raise UsageError(f"{name}: {files[key]} and {found.path} are outputs of one name; remove one")
        files[key] = found.path
        by_stem.setdefault(found.path.stem, []).append(found.path)
    return {stem: paths[0] for stem, paths in by_stem.items() if len(paths) == 1} | files
