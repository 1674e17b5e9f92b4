"""`--mask` and `--region`: where each picture of a batch is coloured."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.console import complain, many
from featcolor.commands.given.companions import Companions, few_names
from featcolor.errors import PictureError, UsageError

if TYPE_CHECKING:
    from featcolor.batch.colour import PictureTask
    from featcolor.hints.mask import Mask
    from featcolor.pictures.find import FoundPicture


def add_mask_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where."""
    where = parser.add_argument_group("where to colour", "elsewhere a picture keeps its own colours, if it has any")
    where.add_argument(
        "--mask",
        type=Path,
        metavar="MASK",
        help="a picture: colour where it is white (grey: in part), or opaque, if it has transparency; or a folder of "
        "them, each named as the picture that it is for",
    )
    where.add_argument(
        "--region",
        action="append",
        default=[],
        metavar="X,Y,W,H",
        help="colour only inside this rectangle, in pixels or per cent, such as 10%%,0,50%%,100%%; may be repeated",
    )


class Masks:
    """The masks that were named: one for all pictures, or a folder of them, and the regions.

    Attributes
    ----------
    chosen : whether any was
    blank : whether the one for all pictures is black all over

    Raises
    ------
    UsageError
        When a region is none, the one mask cannot be read, or the folder holds none.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        from featcolor.hints.mask import Mask, Region, read_mask

        self._quiet = arguments.quiet
        self._named = arguments.mask
        self._all = Mask(None, tuple(map(Region.parse, arguments.region)))
        self._by_name: Companions | None = None
        self.chosen = bool(arguments.mask or arguments.region)
        self.blank = False
        if self._named is None:
            return
        if self._named.is_dir():
            self._by_name = Companions.below("masks", self._named)
            return
        self._all = replace(self._all, file=self._named)
        try:
            self.blank = not read_mask(self._named).any()
        except PictureError as error:
            raise UsageError(f"--mask: {error}") from error
        if self.blank:
            self._say(f"{self._named}: the mask is black all over, so that nothing is coloured")

    def without(self, pictures: Sequence[FoundPicture]) -> list[FoundPicture]:
        """The pictures that are no masks, which may lie among them; UsageError when that leaves none."""
        files = self._files()
        others = [picture for picture in pictures if picture.path.resolve() not in files]
        if pictures and not others:
            raise UsageError(f"{self._named}: every picture to be coloured is a mask of --mask; name others")
        return others

    def put_on(self, tasks: Sequence[PictureTask], pictures: Sequence[FoundPicture]) -> list[PictureTask]:
        """The tasks with their masks; `pictures` are all that there are, done or not.

        Raises
        ------
        UsageError
            When a mask would be overwritten, none is that of a picture, or the only picture's cannot be used.
        """
        if not self.chosen:
            return list(tasks)
        masks = {picture.path: self._of(picture.relative) for picture in pictures}
        self._keep(path for task in tasks for path in (task.target, task.confidence))
        masked = [replace(task, mask=masks[task.source]) for task in tasks]
        if self._by_name:
            self._tell_of_names(self._by_name, masks, masked)
        if len(masked) == 1:
            _check(masked[0])
        return masked

    def of_one(self, source: Path | None, target: Path | None) -> Mask | None:
        """The mask of a picture on a pipe; None: there is none. A source of None is stdin, which has no name."""
        if not self.chosen:
            return None
        if self._by_name and source is None:
            raise UsageError(f"{self._named}: a picture from stdin has no name to find its mask by; name one mask")
        self._keep([target])
        mask = self._of(Path(source.name)) if source is not None else self._all
        if self._by_name and mask.file is None:
            raise UsageError(f"{self._named}: no mask there is named as {source}")
        return mask

    def tell_of_blank(self, blank: int, coloured: int) -> None:
        """How many masks left nothing to colour."""
        if blank and not self.blank:
            self._say(f"{blank} of {many(coloured, 'picture')} got no colour: the mask is black there")

    def as_report(self) -> dict[str, object]:
        """What was chosen, as JSON can hold it."""
        named = {} if self._named is None else {"mask": str(self._named)}
        return named | ({"regions": [str(region) for region in self._all.regions]} if self._all.regions else {})

    def _files(self) -> set[Path]:
        named = () if self._all.file is None else (self._all.file,)
        return {path.resolve() for path in (self._by_name.files() if self._by_name else named)}

    def _of(self, relative: Path) -> Mask:
        """By the picture's whole name, as --confidence writes it, or by its stem, at its place below the folder."""
        file = self._by_name.find(relative) if self._by_name else None
        return self._all if file is None else replace(self._all, file=file)

    def _keep(self, written: Iterable[Path | None]) -> None:
        files = self._files()
        for path in written:
            if path is not None and path.resolve() in files:
                raise UsageError(f"{path} is a mask of --mask and would be overwritten; choose another output")

    def _tell_of_names(self, there: Companions, masks: dict[Path, Mask], tasks: Sequence[PictureTask]) -> None:
        used = {mask.file for mask in masks.values()}
        if used == {None}:
            raise UsageError(
                f"{self._named}: no mask there is named as a picture; {next(iter(masks)).name} needs "
                f"{self._named / next(iter(masks)).stem}.png"
            )
        whole = [task.source for task in tasks if task.mask is not None and task.mask.file is None]
        unused = [path for path in there.files() if path not in used]
        if whole:
            where = "whole" if not self._all.regions else "in the regions"
            count = f"{len(whole)} of {many(len(tasks), 'picture')}"
            verb = "has no mask and is" if len(whole) == 1 else "have no mask and are"
            self._say(f"{count} {verb} coloured {where}: {few_names(whole)}")
        if unused:
            self._say(f"{many(len(unused), 'mask')} named as no picture: {few_names(unused)}")

    def _say(self, message: str) -> None:
        if not self._quiet:
            complain(message, kind="note")


def _check(task: PictureTask) -> None:
    """UsageError where the mask does not suit the picture; what is wrong with the picture itself is told later."""
    from featcolor.pictures.io import read_picture

    try:
        height, width = read_picture(task.source).pixels.shape[:2]
    except PictureError:
        return
    try:
        if task.mask is not None:
            task.mask.of((height, width))
    except PictureError as error:
        raise UsageError(str(error)) from error
