"""Published sets of stills as they are distributed: ImageNet's two test sets, COCO-Stuff, Kodak, DIV2K.

The whole set is wanted, so that its name in a report means what it means elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from benchmarks.data.layouts_base import (
    Found,
    Paths,
    TestPicture,
    folder_names,
    incomplete,
    picture_names,
    require_folder,
    single_folder,
    whole_set,
)
from featcolor.errors import UsageError
from featcolor.pictures.find import find_pictures

VAL_NAME: Final = re.compile(r"ILSVRC2012_val_\d{8}")
COCO_NAME: Final = re.compile(r"\d{12}\.jpg")

KODAK: Final = tuple(f"kodim{number:02d}.png" for number in range(1, 25))
DIV2K: Final = tuple(f"{number:04d}.png" for number in range(801, 901))
VAL5K: Final = tuple(f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 5001))
"""The first 5,000 of the validation set: what val5k means (the authors of DDColor, issue 9 of piddnad/DDColor)."""
COCO_SIZE: Final = 5_000
CTEST10K_SIZE: Final = 10_000
CTEST10K_LISTS: Final = ("ctest10k.txt", "imagenet_ctest10k.txt")
"""Names under which the list is looked for, in the folder and beside it."""

KODAK_HOLDS: Final = f"{KODAK[0]} to {KODAK[-1]}"
DIV2K_HOLDS: Final = f"DIV2K_valid_HR, {DIV2K[0]} to {DIV2K[-1]}"
COCO_HOLDS: Final = f"val2017, {COCO_SIZE:,} pictures with names like 000000000139.jpg"
VAL5K_HOLDS: Final = f"ILSVRC2012's validation set, {VAL5K[0]} to {VAL5K[-1]}, flat or in folders of classes"
CTEST10K_HOLDS: Final = (
    "ILSVRC2012's validation set, and the list of 10,000 names of Larsson et al. 2016 in or after it"
)


def is_kodak(paths: Paths) -> bool:
    """Whether the first picture in the folder has a name of the set."""
    return bool(set(KODAK).intersection(picture_names(single_folder(paths))[:1]))


def find_kodak(paths: Paths) -> Found:
    """The Kodak Lossless True Color Image Suite: 24 pictures."""
    root = require_folder(paths, "kodak", KODAK_HOLDS)
    return whole_set(root, "kodak", KODAK_HOLDS, KODAK, {name: root / name for name in picture_names(root)})


def is_div2k(paths: Paths) -> bool:
    """Whether the first picture in the folder, or in DIV2K_valid_HR below it, has a name of the set."""
    return bool(set(DIV2K).intersection(picture_names(single_folder(paths, "DIV2K_valid_HR"))[:1]))


def find_div2k(paths: Paths) -> Found:
    """The validation set of DIV2K at full size: 100 pictures (Agustsson, Timofte: CVPR workshops 2017)."""
    root = require_folder(paths, "div2k", DIV2K_HOLDS, below="DIV2K_valid_HR")
    return whole_set(root, "div2k", DIV2K_HOLDS, DIV2K, {name: root / name for name in picture_names(root)})


def is_coco_stuff(paths: Paths) -> bool:
    """Whether the first picture in the folder, or in val2017 below it, has a name as COCO gives them."""
    return any(COCO_NAME.fullmatch(name) for name in picture_names(single_folder(paths, "val2017"))[:1])


def find_coco_stuff(paths: Paths) -> Found:
    """COCO's val2017: the 5,000 pictures of COCO-Stuff's validation set (Caesar, Uijlings, Ferrari: CVPR 2018)."""
    root = require_folder(paths, "coco-stuff", COCO_HOLDS, below="val2017")
    names = [name for name in picture_names(root) if COCO_NAME.fullmatch(name)]
    if len(names) != COCO_SIZE:
        raise incomplete(root, "coco-stuff", COCO_HOLDS, f"{len(names):,} were found")
    return Found(tuple(TestPicture(Path(name).stem, root / name) for name in names))


def is_val5k(paths: Paths) -> bool:
    """Whether the first picture in the folder, or in its first folder, has a name of ILSVRC2012's validation set."""
    root = single_folder(paths)
    if root is None:
        return False
    folders = [root, *(root / name for name in folder_names(root)[:1])]
    return any(VAL_NAME.match(name) for folder in folders for name in picture_names(folder)[:1])


def find_val5k(paths: Paths) -> Found:
    """The first 5,000 pictures of ILSVRC2012's validation set."""
    root = require_folder(paths, "imagenet-val5k", VAL5K_HOLDS)
    return whole_set(root, "imagenet-val5k", VAL5K_HOLDS, VAL5K, _everywhere_below(root))


def is_ctest10k(paths: Paths) -> bool:
    """Whether the paths are ILSVRC2012's validation set with the list in it, or with a text file named after it."""
    if len(paths) == 2:
        return paths[1].endswith(".txt") and is_val5k(paths[:1])
    root = single_folder(paths)
    return root is not None and any((root / name).is_file() for name in CTEST10K_LISTS) and is_val5k(paths)


def find_ctest10k(paths: Paths) -> Found:
    """The 10,000 pictures of ILSVRC2012's validation set that Larsson, Maire and Shakhnarovich test on (ECCV 2016).

    Their list is the second path, or lies in the folder or beside it under one of CTEST10K_LISTS. A line of it is a
    file's name, with or without folders before it and a class number behind.
    """
    root = require_folder(paths[:1], "imagenet-ctest10k", CTEST10K_HOLDS)
    beside = [folder / name for folder in (root, root.resolve().parent) for name in CTEST10K_LISTS]
    candidates = [Path(path).expanduser() for path in paths[1:]] or beside
    list_file = next((path for path in candidates if path.is_file()), None)
    if list_file is None or len(paths) > 2:
        looked = ", ".join(map(str, candidates))
        raise UsageError(
            f"{root}: the layout imagenet-ctest10k needs the list of {CTEST10K_SIZE:,} names of Larsson et al. 2016 "
            f"(looked for {looked}); name its file after the folder, or put it there as {CTEST10K_LISTS[0]}"
        )
    return whole_set(root, "imagenet-ctest10k", CTEST10K_HOLDS, read_ctest10k(list_file), _everywhere_below(root))


def read_ctest10k(file: Path) -> tuple[str, ...]:
    """File names in the list; UsageError where it is not that list."""
    names: dict[str, None] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        match = VAL_NAME.search(line)
        if match:
            names[f"{match.group()}.JPEG"] = None
        elif line.strip():
            raise UsageError(f"{file}, line {number}: holds no name like {VAL5K[0]}; is this the list of ctest10k?")
    if len(names) != CTEST10K_SIZE:
        raise UsageError(f"{file}: names {len(names):,} different pictures; the list of ctest10k has {CTEST10K_SIZE:,}")
    return tuple(names)


def _everywhere_below(root: Path) -> dict[str, Path]:
    return {found.path.name: found.path for found in find_pictures([str(root)])}
