"""Whole commands, from the shell's point of view: start-up, one picture of any size, a folder of pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.inputs import MODEL_NAME, TimedWithModel, make_picture, run_cli, sides_of
from featcolor.pictures.io import read_picture, write_picture

TINY = (32, 32)
FOLDER_PICTURE = (321, 481)
"""Rows and columns of the pictures in folders: a BSDS photograph."""


class StartUp(TimedWithModel):
    """Commands that do next to nothing: the last colours a picture of 32 x 32."""

    params = (("--version", "--help", "colorize"),)
    quick_params = params
    smoke_params = (("--version",),)
    param_names = ("command",)

    def setup(self, folder: Path, command: str) -> None:
        self.words: list[str | Path] = [command]
        if command == "colorize":
            out = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
            self.words = colorize_words(write_input(out / "tiny.png", *TINY), out / "out.png", folder)

    def time_command(self, *_: Any) -> None:
        run_cli(*self.words)


class OneFile(TimedWithModel):
    """`colorize` of one JPEG file, and what it cannot do without: decoding and encoding the same file."""

    params = ((0.06, 0.25, 1, 4, 12, 24), ("grey", "colour"))
    quick_params = ((0.06, 4), ("grey",))
    smoke_params = ((0.01,), ("colour",))
    param_names = ("megapixels", "input")

    def setup(self, folder: Path, megapixels: float, kind: str) -> None:
        out = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.source = write_input(out / "in.jpg", *sides_of(megapixels), colour=kind == "colour")
        self.target = out / "out.jpg"
        self.words = colorize_words(self.source, self.target, folder)

    def time_command(self, *_: Any) -> None:
        run_cli(*self.words)

    def time_decode_encode(self, *_: Any) -> None:
        picture = read_picture(self.source)
        rgb = picture.pixels if picture.pixels.ndim == 3 else np.dstack([picture.pixels] * 3)
        write_picture(self.target, rgb, like=picture)

    def track_peak_memory(self, *_: Any) -> float:
        return run_cli(*self.words).peak

    track_peak_memory.unit = "MiB"


class Folder(TimedWithModel):
    """`colorize` of a folder of 481 x 321 photographs: by default, in one process, in two."""

    params = ((6, 20, 60), ("default", "1", "2"))
    smoke_params = ((2,), ("1",))
    param_names = ("pictures", "jobs")

    def setup(self, folder: Path, pictures: int, jobs: str) -> None:
        out = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        (out / "in").mkdir()
        for i in range(pictures):
            write_input(out / "in" / f"{i}.jpg", *FOLDER_PICTURE)
        self.words = colorize_words(out / "in", out / "out", folder)
        if jobs != "default":
            self.words += ["--jobs", jobs]

    def time_command(self, *_: Any) -> None:
        run_cli(*self.words)


def write_input(path: Path, height: int, width: int, *, colour: bool = False) -> Path:
    """A picture file of the photograph at this size."""
    write_picture(path, make_picture(height, width, colour=colour))
    return path


def colorize_words(source: Path, target: Path, folder: Path) -> list[str | Path]:
    """The command that colours `source` by the folder's model."""
    return ["colorize", source, "-o", target, "--model", folder / MODEL_NAME, "--overwrite", "--quiet"]
