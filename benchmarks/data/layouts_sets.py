"""Test sets as they lie on disk: galleries, published sets of stills, film as folders of frames.

A gallery is truth beside grey input beside what others made of it, in folders that are matched by name without suffix.
Of a published set the whole is wanted, so that its name in a report means what it means elsewhere. Frames of film are
named sequence__frame, in order.
"""

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
    incomplete,
    picture_names,
    require_folder,
    single_folder,
    whole_set,
)
from featcolor.errors import UsageError
from featcolor.pictures.find import find_pictures

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
    return _first_name(paths) in KODAK


def find_kodak(paths: Paths) -> Found:
    """The Kodak Lossless True Color Image Suite: 24 pictures."""
    return _named_set(paths, "kodak", KODAK_HOLDS, KODAK)


def is_div2k(paths: Paths) -> bool:
    """Whether the first picture in the folder, or in DIV2K_valid_HR below it, has a name of the set."""
    return _first_name(paths, "DIV2K_valid_HR") in DIV2K


def find_div2k(paths: Paths) -> Found:
    """The validation set of DIV2K at full size: 100 pictures (Agustsson, Timofte: CVPR workshops 2017)."""
    return _named_set(paths, "div2k", DIV2K_HOLDS, DIV2K, below="DIV2K_valid_HR")


def is_coco_stuff(paths: Paths) -> bool:
    """Whether the first picture in the folder, or in val2017 below it, has a name as COCO gives them."""
    return bool(COCO_NAME.fullmatch(_first_name(paths, "val2017")))


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


def _first_name(paths: Paths, below: str = "") -> str:
    return (picture_names(single_folder(paths, below)) or [""])[0]


def _named_set(paths: Paths, layout: str, holds: str, names: Sequence[str], *, below: str = "") -> Found:
    root = require_folder(paths, layout, holds, below=below)
    return whole_set(root, layout, holds, names, {name: root / name for name in picture_names(root)})


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
