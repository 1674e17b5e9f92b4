"""What is done with each input: read, written again and coloured through the library, now and then the command line."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.probe import claimed_pixels as film_pixels
from featcolor.colour.lab import lightness_of
from featcolor.commands import main
from featcolor.errors import FeatcolorError
from featcolor.hints.hint import Hints
from featcolor.hints.picture import HintedColorizer
from featcolor.hints.told import Told
from featcolor.models.base import StillColorizer
from featcolor.models.load import load
from featcolor.models.model_file import read_card
from featcolor.pictures.io import claimed_pixels, encode_picture, read_picture, read_reference
from featcolor.pictures.picture import FORMATS
from tests.fuzz.picture_seeds import SIDE, texture

FRAMES: Final = 8
MOST_WRITTEN: Final = 1_000_000
"""Pixels of a picture, or of a film's frame, that is written again: larger ones cost time and show nothing new."""
OUTPUTS: Final = (".mkv", ".mkv", ".mp4", ".mov", ".avi")
FILMS: Final = frozenset({"mp4", "mov", "mkv", "webm", "avi", "ts", "mpg", "wmv", "flv", "mxf", "dv"})
FIT: Final = ("--features", "position", "--size", "48", "--pixels", "50", "--jobs", "1")
MODELS: Final = frozenset({"featcolor", "album", "onnx"})
GREY: Final = texture(1)
LIGHTNESS: Final = lightness_of(GREY)


class BrokenPromiseError(AssertionError):
    """What a person would see is not what is promised."""


@contextmanager
def refusing() -> Iterator[list[str]]:
    """A block that may raise an error of ours, with one line; the list gets its words."""
    said: list[str] = []
    try:
        yield said
    except FeatcolorError as error:
        said.append(str(error))
        if "\n" in said[0].strip() or not said[0].strip():
            raise BrokenPromiseError(f"not one line: {said[0]!r}") from error
        if "too little memory" in said[0]:
            raise BrokenPromiseError(f"memory: {said[0]!r}") from error


def drive(kind: str, path: Path, folder: Path, draw: random.Random) -> bool:
    """Everything that is done with an input of a kind; whether it was taken, not refused. Any exception is a fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a library says of a broken file is not our promise
        if kind in FILMS:
            return _film(path, draw)
        if kind in MODELS:
            return _model(path)
        return _hints(path, load(folder / "colour.onnx")) if kind in ("hints.json", "painted.png") else _picture(path)


def _picture(path: Path) -> bool:
    with refusing():
        claimed_pixels(path)
    with refusing() as refused:
        picture = read_picture(path)
    if refused:
        return False
    with refusing():
        read_reference(path, 256)
    height, width = picture.pixels.shape[:2]
    if height * width <= MOST_WRITTEN:
        for format in FORMATS:
            with refusing():
                encode_picture(picture.pixels, format=format, like=picture, name=path.name)
    return True


def _film(path: Path, draw: random.Random) -> bool:
    with refusing():
        film_pixels(path)
    with refusing() as refused, open_clip(path) as clip:
        frames = list(islice(clip, FRAMES))
        info = clip.info
    if refused or not frames:
        return False
    if info.width * info.height <= MOST_WRITTEN:
        with refusing():
            _rewrite(path, info, frames, path.with_name("out" + draw.choice(OUTPUTS)))
    return True


def _rewrite(path: Path, info: ClipInfo, frames: list[Frame], target: Path) -> None:
    with VideoFileWriter(target, info, source=path, overwrite=True) as writer:
        cb, cr = (np.full(writer.chroma_shape, 1 << (info.bits - 1), info.dtype) for _ in range(2))
        for frame in frames:
            writer.write(frame, cb, cr)


def _model(path: Path) -> bool:
    with refusing():
        read_card(path)
    with refusing() as refused:
        model = load(path)
        model.card()
        if model.colorize(GREY).shape != (SIDE, SIDE, 3):
            raise BrokenPromiseError("a picture of another shape")
    return not refused


def _hints(path: Path, network: StillColorizer) -> bool:
    with refusing() as refused:
        if path.name.endswith(".json"):
            Hints.read(path).to_dict()
        told = Told(files=(path,)).of(LIGHTNESS).pixels
        HintedColorizer(network, told).colorize(GREY)
    return not refused


def drive_command(kind: str, path: Path, folder: Path, draw: random.Random) -> bool:
    """The same through the command line, with good files beside it; `folder` holds the good ones. Whether it was taken.

    Exit codes are right, good pictures are coloured, and what is said of the broken file is ours.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as inside:
        work = Path(inside)
        argv, good = _command(kind, path, folder, work, draw)
        out = work / "out"
        with redirect_stdout(StringIO()) as printed, _heard() as heard:
            code = main(argv)
        said = f"{printed.getvalue()}{heard[0]}"
        missing = [name for name in good if not (out / name).is_file()]
        words = ("Traceback", "a defect of featcolor", "Warning:", "EP Error")
        if code not in (0, 1, 2) or missing or any(word in said for word in words):
            raise BrokenPromiseError(f"{' '.join(argv)}: {code}, not coloured {missing}, said {said[-600:]!r}")
        if code and "featcolor: error: " not in said:
            raise BrokenPromiseError(f"{' '.join(argv)}: {code} without a word: {said[-600:]!r}")
        return code == 0


def _command(kind: str, path: Path, folder: Path, work: Path, draw: random.Random) -> tuple[list[str], list[str]]:
    """A command line for an input of a kind, and the names of the pictures that it must colour."""
    out, old, model = str(work / "out"), work / "old", ["--model", str(folder / "model.featcolor")]
    shutil.copytree(folder / "good", old)
    good, grey = sorted(each.name for each in old.iterdir()), str(old / "first.png")
    colorize = ["colorize", str(old), "-o", out, "--jobs", "1"]
    if kind in FILMS:
        video = ["video", str(path), "-o", out + draw.choice(OUTPUTS), *model, "--end", f"{FRAMES}f"]
        keys = ["keyframes", str(path), "-o", out, "--hints"]
        return draw.choice((video, [*video, "--steady", "3"], [*video, "--dry-run"], keys)), []
    if kind in MODELS:
        film = ["video", str(folder / "film.mkv"), "-o", f"{out}.mkv", "--end", "3f"]
        use = draw.choice((colorize, film, ["keyframes", *film[1:3], out]))
        return draw.choice(([*use, "--model", str(path)], ["inspect", str(path)])), []
    if kind in ("hints.json", "painted.png"):
        (work / "hints").mkdir()
        shutil.copy(path, work / "hints" / f"first.{kind.removeprefix('painted.')}")
        share = draw.choice(([], ["--share-hints"]))
        return [*colorize, *model, "--hints", str(work / "hints"), *share], [] if share else good[1:]
    broken = str(shutil.copy(path, work / f"broken.{kind}"))
    if draw.random() < 0.5:
        shutil.move(broken, old)
        use = draw.choice(([*colorize, *model], ["fit", str(old), str(folder / "references"), "-o", out, *FIT]))
        return use, good if use[0] == "colorize" else []
    film = ["video", str(folder / "film.mkv"), "-o", f"{out}.mkv", *model]
    one = ["colorize", grey, "-o", out, *model]
    network = ["--model", str(folder / "colour.onnx"), "--refs"]
    uses = ([*film, "--keyframes"], [*film, "--mask"], [*one, "--mask"], ["colorize", grey, "-o", out, *network])
    return [*draw.choice(uses), broken], []


@contextmanager
def _heard() -> Iterator[list[str]]:
    """The one text that the block writes to the error stream, C libraries too; there after it."""
    heard: list[str] = []
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            with redirect_stderr(file):
                yield heard
        finally:
            file.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            heard.append(file.read())
