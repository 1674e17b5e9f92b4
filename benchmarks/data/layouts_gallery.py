"""Truth beside grey input beside what others made of it, in folders that are matched by name without suffix."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.data.layouts_base import (
    Found,
    Paths,
    TestPicture,
    folder_names,
    picture_names,
    require_folder,
    single_folder,
)
from featcolor.errors import UsageError

TRUTH_FOLDER: Final = "gt"
GREY_FOLDERS: Final = ("gray", "grey")
OUR_FOLDERS: Final = frozenset((TRUTH_FOLDER, *GREY_FOLDERS))

PAIRS_HOLD: Final = "gt/ and gray/, matched by name without suffix"
GALLERY_HOLDS: Final = "gt/, gray/ and one folder a method, matched by name without suffix"


def is_pairs(paths: Paths) -> bool:
    """Whether there are folders gt and gray (or grey), and no other."""
    folders = set(folder_names(single_folder(paths)))
    return TRUTH_FOLDER in folders and len(folders) > 1 and folders <= OUR_FOLDERS


def is_gallery(paths: Paths) -> bool:
    """Whether there is a folder gt beside folders of methods."""
    folders = set(folder_names(single_folder(paths)))
    return TRUTH_FOLDER in folders and not folders <= OUR_FOLDERS


def find_pairs(paths: Paths) -> Found:
    """Truth in gt, grey input in gray or grey."""
    root = require_folder(paths, "pairs", PAIRS_HOLD)
    return Found(_truth_and_grey(root, "pairs", grey_needed=True))


def find_gallery(paths: Paths) -> Found:
    """Truth in gt, grey input in gray or grey (may lack), outputs in every other folder that holds pictures.

    With both, gray has the inputs, and grey is what a study keeps of the method of that name: the same once more.

    A method may lack some of the outputs; outputs of pictures that are not in gt are left aside.
    """
    root = require_folder(paths, "gallery", GALLERY_HOLDS)
    pictures = _truth_and_grey(root, "gallery", grey_needed=False)
    outputs: dict[str, dict[str, Path]] = {}
    for method in folder_names(root):
        files = {} if method in OUR_FOLDERS else _by_stem(root / method)
        matched = {picture.name: files[picture.name] for picture in pictures if picture.name in files}
        if files and not matched:
            raise UsageError(
                f"{root / method}: none of its {len(files)} pictures has the name of one in {root / TRUTH_FOLDER}; "
                "give outputs the names of their truth (suffixes may differ)"
            )
        if matched:
            outputs[method] = matched
    if not outputs:
        raise UsageError(f"{root}: the layout gallery wants {GALLERY_HOLDS}; there is no folder of outputs")
    return Found(pictures, outputs)


def _truth_and_grey(root: Path, layout: str, *, grey_needed: bool) -> tuple[TestPicture, ...]:
    truths = _by_stem(root / TRUTH_FOLDER)
    if not truths:
        raise UsageError(f"{root}: the layout {layout} wants pictures in a folder {TRUTH_FOLDER}; there are none")
    folders = [root / name for name in GREY_FOLDERS if (root / name).is_dir()]
    if not folders:
        if grey_needed:
            raise UsageError(
                f"{root}: the layout {layout} wants grey inputs in a folder {' or '.join(GREY_FOLDERS)}; there is none"
            )
        return tuple(TestPicture(name, path) for name, path in truths.items())
    greys = _by_stem(folders[0])
    alone = [name for name in truths if name not in greys]
    if alone:
        raise UsageError(
            f"{folders[0]}: {len(alone)} of the {len(truths)} pictures in {TRUTH_FOLDER} have no partner here, the "
            f"first {alone[0]}; partners have one name without suffix"
        )
    return tuple(TestPicture(name, path, greys[name]) for name, path in truths.items())


def _by_stem(folder: Path) -> dict[str, Path]:
    """Pictures directly in a folder by name without suffix, sorted; UsageError where two share one."""
    files: dict[str, Path] = {}
    for name in picture_names(folder) if folder.is_dir() else []:
        path = folder / name
        if path.stem in files:
            raise UsageError(f"{path}: has the name of {files[path.stem].name} but for the suffix; rename one of them")
        files[path.stem] = path
    return files
