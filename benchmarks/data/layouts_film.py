"""Film as folders of frames: DAVIS and Videvo. Pictures are frames, named sequence__frame, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.data.layouts_base import (
    SEPARATOR,
    Found,
    Paths,
    TestPicture,
    folder_names,
    picture_names,
    require_folder,
    single_folder,
)
from featcolor.errors import UsageError

TRAILING_NUMBER: Final = re.compile(r"(\d+)$")

DAVIS_FRAMES: Final = "JPEGImages/480p"
DAVIS_LIST: Final = "ImageSets/2017/val.txt"
DAVIS_VAL: Final = frozenset(
    """bike-packing blackswan bmx-trees breakdance camel car-roundabout car-shadow cows dance-twirl dog dogs-jump
    drift-chicane drift-straight goat gold-fish horsejump-high india judo kite-surf lab-coat libby loading mbike-trick
    motocross-jump paragliding-launch parkour pigs scooter-black shooting soapbox""".split()  # noqa: SIM905
)
"""The 30 sequences of DAVIS 2017 val, by which a bare folder of sequences is recognised."""

DAVIS_HOLDS: Final = f"{DAVIS_FRAMES}/SEQUENCE/00000.jpg (val where {DAVIS_LIST} lists it), or folders of frames alone"
VIDEVO_HOLDS: Final = "one folder of frames a sequence"


def is_davis(paths: Paths) -> bool:
    """Whether it is DAVIS as distributed, or a folder of sequences of which one has a name of DAVIS 2017 val."""
    root = single_folder(paths)
    if root is None:
        return False
    return (root / DAVIS_FRAMES).is_dir() or (not DAVIS_VAL.isdisjoint(folder_names(root)) and is_videvo(paths))


def find_davis(paths: Paths) -> Found:
    """Frames of DAVIS 2017 at 480p (Pont-Tuset et al., arXiv 1704.00675): val where it is listed, else all."""
    root = require_folder(paths, "davis", DAVIS_HOLDS)
    frames, listed = root / DAVIS_FRAMES, root / DAVIS_LIST
    if not frames.is_dir():
        if (root / DAVIS_FRAMES).parent.is_dir():
            raise UsageError(f"{root}: the layout davis wants {DAVIS_HOLDS}; there is no {DAVIS_FRAMES}")
        return _frames_of(root, folder_names(root), "davis", DAVIS_HOLDS)
    sequences = listed.read_text(encoding="utf-8").split() if listed.is_file() else folder_names(frames)
    return _frames_of(frames, sequences, "davis", DAVIS_HOLDS)


def is_videvo(paths: Paths) -> bool:
    """Whether the folder holds only folders of frames, numbered without a gap, first and last of one size."""
    root = single_folder(paths)
    if root is None or picture_names(root):
        return False
    sequences = [frames for name in folder_names(root) if (frames := frames_in_order(root / name))]
    return bool(sequences) and all(_is_sequence(frames) for frames in sequences)


def find_videvo(paths: Paths) -> Found:
    """Frames of every sequence, as the test clips of Videvo are distributed by Lai et al. (ECCV 2018)."""
    root = require_folder(paths, "videvo", VIDEVO_HOLDS)
    return _frames_of(root, folder_names(root), "videvo", VIDEVO_HOLDS)


def frames_in_order(folder: Path) -> list[Path]:
    """Pictures directly in a folder by the number that their names end in."""
    return sorted((folder / name for name in picture_names(folder)), key=lambda path: (_number(path), path.name))


def _is_sequence(frames: Sequence[Path]) -> bool:
    from PIL import Image

    numbers = [_number(frame) for frame in frames]
    if len(frames) < 2 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return False
    try:
        with Image.open(frames[0]) as first, Image.open(frames[-1]) as last:
            return bool(first.size == last.size)
    except (OSError, ValueError):
        return False


def _frames_of(root: Path, sequences: Sequence[str], layout: str, holds: str) -> Found:
    pictures: list[TestPicture] = []
    for sequence in sequences:
        frames = frames_in_order(root / sequence) if (root / sequence).is_dir() else []
        if not frames:
            raise UsageError(f"{root}: the layout {layout} wants {holds}; there are no frames in {root / sequence}")
        if len({frame.stem for frame in frames}) != len(frames):
            raise UsageError(f"{root / sequence}: two frames have one name without suffix; keep one of each")
        pictures += [TestPicture(f"{sequence}{SEPARATOR}{frame.stem}", frame) for frame in frames]
    if not pictures:
        raise UsageError(f"{root}: the layout {layout} wants {holds}; there is no folder in it")
    return Found(tuple(pictures))


def _number(path: Path) -> int:
    match = TRAILING_NUMBER.search(path.stem)
    return int(match.group()) if match else -1
