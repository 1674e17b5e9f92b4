"""Folder of a study's samples and every method's outputs: a gallery, beside notes of what made them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import Sample
from featcolor.files import replacing, write_json

TRUTH, GREY = "gt", "gray"
"""Folders of the truth and of the grey inputs, as galleries call them."""
RECORD: Final = "method.json"
INDEX: Final = "samples.json"


class OutputFolder:
    """Folder of samples and outputs.

    `folder`: made when it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, method: str, picture: str, pixels: NDArray[np.uint8]) -> None:
        """Keep a picture, (H, W) or (H, W, 3) uint8, written beside its place and renamed."""
        path = self.path(method, picture)
        path.parent.mkdir(parents=True, exist_ok=True)
        coded = cv2.imencode(".png", pixels if pixels.ndim == 2 else pixels[..., ::-1])[1]
        with replacing(path) as part:
            part.write_bytes(coded.tobytes())

    def read(self, method: str, picture: str) -> NDArray[np.uint8] | None:
        """A kept picture, (H, W, 3) uint8; None where there is none."""
        return read_kept(self.path(method, picture))

    def output(self, method: str, picture: str) -> NDArray[np.uint8]:
        """A kept picture that must be there, (H, W, 3) uint8."""
        rgb = self.read(method, picture)
        if rgb is None:
            raise FileNotFoundError(f"{self.path(method, picture)} is missing or damaged; run again with --fresh")
        return rgb

    def picture_of(self, method: str, picture: str) -> NDArray[np.uint8] | None:
        """As reports ask for it: `read`, where "truth" and "grey" are the sample's."""
        return self.read({"truth": TRUTH, "grey": GREY}.get(method, method), picture)

    def has(self, method: str, picture: str) -> bool:
        """Whether the picture is there."""
        return self.path(method, picture).is_file()

    def sample(self, picture: str) -> Sample:
        """Truth and grey of a test picture, kept by `write_sample`."""
        truth, grey = self.output(TRUTH, picture), self.output(GREY, picture)
        return Sample(picture, truth, np.ascontiguousarray(grey[..., 0]))

    def write_sample(self, sample: Sample) -> None:
        """Keep a test picture."""
        self.write(TRUTH, sample.name, sample.truth)
        self.write(GREY, sample.name, sample.grey)

    def record(self, method: str) -> dict[str, Any]:
        """What a finished method left beside its outputs; empty where it did not finish."""
        return _read_json(self.folder / method / RECORD)

    def write_record(self, method: str, record: dict[str, Any]) -> None:
        """Say that a method has finished, and how."""
        _write_json(self.folder / method / RECORD, record)

    def write_index(self, index: dict[str, Any]) -> None:
        """Say which samples are there, once all of them are."""
        _write_json(self.folder / INDEX, index)

    def index(self) -> dict[str, Any]:
        """What `write_index` said; empty where the samples are not complete."""
        return _read_json(self.folder / INDEX)

    def clear_all(self) -> None:
        """Forget samples and outputs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def clear(self, method: str) -> None:
        """Forget a method's outputs."""
        shutil.rmtree(self.folder / method, ignore_errors=True)

    def path(self, method: str, picture: str) -> Path:
        """Where a picture lies or would lie."""
        return self.folder / method / f"{picture}.png"


def read_kept(path: Path) -> NDArray[np.uint8] | None:
    """A picture that a study kept, (H, W, 3) uint8; None where there is none, or a damaged one.

    OpenCV itself opens no file whose name is not UTF-8.
    """
    if not path.is_file():
        return None
    bgr = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else np.ascontiguousarray(bgr[..., ::-1])


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content, indent=2)


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none or another thing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
