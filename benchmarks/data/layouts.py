"""Layouts of test sets on disk: their table, and the one that takes any pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.data import layouts_sets as sets
from benchmarks.data.layouts_base import SEPARATOR, Found, Paths, TestPicture
from featcolor.errors import UsageError
from featcolor.pictures.find import find_pictures

AUTO: Final = "auto"
"""Takes the first layout of the table that recognises the paths."""


@dataclass(frozen=True)
class Layout:
    """A way in which a test set lies on disk.

    `name`: what it is called on the command line and in reports; `holds`: what is looked for, for help and for errors;
    `protocol`: name of its protocol where none is asked for; `recognises`: whether paths look like this layout, by
    names and by the sizes of a few frames; `find`: the pictures, UsageError says what was looked for and is missing.
    """

    name: str
    holds: str
    protocol: str
    recognises: Callable[[Paths], bool]
    find: Callable[[Paths], Found]


def find_folder(paths: Paths) -> Found:
    """Every picture that the paths (files, folders, globs, @lists) lead to."""
    foreign: set[Path] = set()
    found = find_pictures(paths, foreign=foreign)
    names = unique_names([(each.relative, each.path) for each in found])
    pictures = tuple(TestPicture(name, each.path) for name, each in zip(names, found, strict=True))
    return Found(pictures, foreign=frozenset(foreign))


def unique_names(places: Sequence[tuple[Path, Path]]) -> list[str]:
    """A name for each (path below the named folder, whole path), no two equal, not even where case is ignored.

    The name without suffix; those that are not unique take the path below the folder, then that with its suffix, then
    the whole path, then a number.

    >>> unique_names([(Path("a/1.png"), Path("x/a/1.png")), (Path("b/1.png"), Path("x/b/1.png"))])
    ['a__1', 'b__1']
    """
    schemes: tuple[Callable[[Path, Path], str], ...] = (
        lambda relative, whole: relative.stem,
        lambda relative, whole: _joined(relative.with_suffix("")),
        lambda relative, whole: _joined(relative),
        lambda relative, whole: _joined(whole),
    )
    names = [schemes[0](*place) for place in places]
    for scheme in schemes[1:]:
        counts = Counter(name.casefold() for name in names)
        names = [
            scheme(*place) if counts[name.casefold()] > 1 else name for name, place in zip(names, places, strict=True)
        ]
    taken: set[str] = set()
    for index, name in enumerate(names):
        number = 1
        while names[index].casefold() in taken:
            number += 1
            names[index] = f"{name}-{number}"
        taken.add(names[index].casefold())
    return names


def _joined(path: Path) -> str:
    return SEPARATOR.join(part for part in path.parts if part not in (path.anchor, ".."))


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            Layout("gallery", sets.GALLERY_HOLDS, "as-is", sets.is_gallery, sets.find_gallery),
            Layout("pairs", sets.PAIRS_HOLD, "as-is", sets.is_pairs, sets.find_pairs),
            Layout("davis", sets.DAVIS_HOLDS, "frames", sets.is_davis, sets.find_davis),
            Layout("kodak", sets.KODAK_HOLDS, "resize-256", sets.is_kodak, sets.find_kodak),
            Layout("div2k", sets.DIV2K_HOLDS, "resize-256", sets.is_div2k, sets.find_div2k),
            Layout("coco-stuff", sets.COCO_HOLDS, "resize-256", sets.is_coco_stuff, sets.find_coco_stuff),
            Layout("imagenet-ctest10k", sets.CTEST10K_HOLDS, "resize-256", sets.is_ctest10k, sets.find_ctest10k),
            Layout("imagenet-val5k", sets.VAL5K_HOLDS, "crop-256", sets.is_val5k, sets.find_val5k),
            Layout("videvo", sets.VIDEVO_HOLDS, "frames", sets.is_videvo, sets.find_videvo),
            Layout("folder", "pictures: files, folders, globs, @lists", "resize-256", lambda paths: True, find_folder),
        )
    }
)
"""Layouts by name, in the order in which `auto` tries them; `folder` takes what no other recognises."""


def choose_layout(name: str, paths: Paths) -> Layout:
    """The layout of that name, or the one that recognises the paths; UsageError lists the names there are."""
    if name == AUTO:
        return next(layout for layout in LAYOUTS.values() if layout.recognises(paths))
    if name not in LAYOUTS:
        raise UsageError(f"there is no layout {name!r}; choose from {', '.join((AUTO, *LAYOUTS))}")
    return LAYOUTS[name]
