"""The tutorial as a reader does it, and its pictures: python -m tests.docs.tutorial docs/images."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.bundled import PHOTOGRAPHS, load
from benchmarks.demo.film import contact_strip, make_film, read_frames
from featcolor.commands import main as featcolor
from tests.samples import read_rgb, write_rgb

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "tutorial.md"
HEIGHT: Final = 200
"""Of each picture in a row, pixels."""
GAP: Final = 6
QUALITY: Final = 76
WAYS: Final = ("old", "default", "coloured")
"""Folders of the album's pictures."""
MADE_ELSEWHERE: Final = ".venv/bin/python docs/tutorial_pictures.py"

Picture = NDArray[np.uint8]


def steps() -> Iterator[tuple[bool, str]]:
    """What the reader types, in order: (whether it is Python, command line or program)."""
    for python, command in re.findall(r"(?s:```python\n(.*?)```)|^    (.*)$", PAGE.read_text(), re.MULTILINE):
        yield bool(python), python or command


def made_by(name: str) -> Any:
    """What `docs/tutorial_pictures.py` calls so."""
    return runpy.run_path(str(DOCS / "tutorial_pictures.py"))[name]


def follow(folder: Path) -> None:
    """Do all that the tutorial says, in a folder; AssertionError for a command that fails."""
    made_by("write_pictures")(folder)
    with chdir(folder):
        for is_python, typed in steps():
            if is_python:
                exec(compile(typed, "<the tutorial>", "exec"), {})
            elif not typed.startswith(MADE_ELSEWHERE):
                program, *words = shlex.split(typed)
                assert program == "featcolor", typed
                assert featcolor([*words, "--quiet"]) == 0, typed


def pictures(folder: Path) -> dict[str, Picture]:
    """The pictures of the page, by their names, from what was written in the folder."""
    album = [
        [read_rgb(folder / way / f"{photograph.name}.jpg") for way in WAYS]
        + [made_by("part")(load(photograph), made_by("WHOLE"))]
        for photograph in PHOTOGRAPHS
        if photograph.name in made_by("ALBUM")
    ]
    with tempfile.TemporaryDirectory() as again:
        film = make_film(Path(again)).truth
    return {
        "tutorial-picture": row([read_rgb(folder / name) for name in ("old.jpg", "old-colour.jpg", "told.jpg")]),
        "tutorial-album": np.vstack([row(way) for way in zip(*album, strict=True)]),
        "tutorial-film": contact_strip(
            (read_frames(folder / "reel.mp4"), read_frames(folder / "reel-colour.mp4"), film)
        ),
    }


def row(several: Iterable[Picture]) -> Picture:
    """Pictures beside each other, equally high, on white."""
    sized = [(each, round(each.shape[1] * HEIGHT / each.shape[0])) for each in several]
    small = [cv2.resize(each, (width, HEIGHT), interpolation=cv2.INTER_AREA) for each, width in sized]
    framed = [np.pad(each, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for each in small]
    return np.hstack(framed)[:, :-GAP]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, metavar="FOLDER")
    target = parser.parse_args().target
    with tempfile.TemporaryDirectory() as folder:
        follow(Path(folder))
        for name, picture in pictures(Path(folder)).items():
            write_rgb(target / f"{name}.jpg", picture, cv2.IMWRITE_JPEG_QUALITY, QUALITY)


if __name__ == "__main__":
    main()
