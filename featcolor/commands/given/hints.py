"""`--hint` and `--hints`: the colours that a person knows of each picture of a batch."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featcolor.commands.console import complain, many, print_text
from featcolor.commands.given.companions import Companions, few_names
from featcolor.errors import PictureError, UsageError

if TYPE_CHECKING:
    from featcolor.batch.colour import PictureTask
    from featcolor.hints.told import Told
    from featcolor.pictures.find import FoundPicture

NAMES = "help"
"""In place of a hint: the names of colours."""


class _HintAction(argparse.Action):
    """Collects hints; `help` prints the names of colours and stops, as --help does."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take one more."""
        if values == NAMES:
            from featcolor.hints.colours import colour_table

            print_text(colour_table())
            parser.exit()
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), values])


def add_hint_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what colour something has."""
    known = parser.add_argument_group(
        "what you know", "what looks alike nearby follows, the rest mostly stays as it was"
    )
    known.add_argument(
        "--hint",
        action=_HintAction,
        default=[],
        metavar="X,Y=COLOUR",
        help="the colour of a place, in pixels from the top left: 320,410=navy; 320,410,5=#1f2c4d is a spot of radius "
        "5, '320,410 360,420=grey' a stroke; may be repeated; '--hint help' lists the names of colours",
    )
    known.add_argument(
        "--hints",
        type=Path,
        metavar="HINTS",
        help="hints in a file: NAME.hints.json, or the picture itself with colours painted on it (flat, or as a layer "
        "with transparency); or a folder of them, each named as the picture that it is for",
    )
    known.add_argument(
        "--share-hints",
        action="store_true",
        help="hints of one picture count for the others of the batch too, where the same thing shows: the uniform is "
        "coloured once",
    )


class NamedHints:
    """The hints that were named: typed ones and a file for the only picture, or a folder by the names of pictures.

    Attributes
    ----------
    chosen : whether any were
    shared : whether they count for other pictures too
    told : what is shared, by picture

    Raises
    ------
    UsageError
        When what was typed is no hint, or the file or folder is not there or holds none.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        from featcolor.hints.hint import Hint, Hints
        from featcolor.hints.told import Told

        self._quiet = arguments.quiet
        self._typed = arguments.hint
        self.shared = arguments.share_hints
        self.told: dict[Path, Told] = {}
        self._named: Path | None = arguments.hints
        self._all = Told(Hints(tuple(map(Hint.parse, self._typed))))
        self._by_name: tuple[Companions, ...] = ()
        self.chosen = bool(self._typed or self._named)
        if self.shared and self._named is None:
            raise UsageError(
                "--share-hints needs hints to share: --hints DIR, with NAME.hints.json of a picture or more"
            )
        if self._named is None:
            return
        if self._named.is_dir():
            self._by_name = _hints_below(self._named)
        elif not self._named.is_file():
            raise UsageError(f"--hints: {self._named}: no such file or folder")
        else:
            self._all = replace(self._all, files=(self._named,))

    def without(self, pictures: Sequence[FoundPicture]) -> list[FoundPicture]:
        """The pictures that are no hints, which may lie among them; UsageError when that leaves none.

        In the pictures' own folder only JSON is hints: a picture there is to be coloured, or another one.
        """
        if any(self._is_own(picture) for picture in pictures):
            self._by_name = self._by_name[:1]
        files = {path.resolve() for path in self._files()}
        others = [picture for picture in pictures if picture.path.resolve() not in files]
        if pictures and not others:
            raise UsageError(
                f"{self._named}: every picture to be coloured is one of hints, painted; name the grey ones"
            )
        return others

    def put_on(self, tasks: Sequence[PictureTask], pictures: Sequence[FoundPicture]) -> list[PictureTask]:
        """The tasks with their hints; `pictures` are all that there are, done or not.

        Raises
        ------
        UsageError
            When hints would be overwritten, belong to no picture or to two, or the only picture's cannot be used.
        """
        if not self.chosen:
            return list(tasks)
        if len(pictures) > 1 and (self._typed or not self._by_name):
            what = "--hint" if self._typed else f"--hints {self._named}"
            raise UsageError(
                f"{what} tells of one picture, and there are {len(pictures)}; for a batch name a folder: --hints DIR, "
                f"with {pictures[0].path.stem}.hints.json in it"
            )
        self._keep(path for task in tasks for path in (task.target, task.confidence))
        told = {picture.path: self._of(picture) for picture in pictures}
        if self._by_name:
            self._tell_of_names(told)
        if self.shared:
            self.told = {path: each for path, each in told.items() if each is not None}
        hinted = [replace(task, told=told[task.source]) for task in tasks]
        if len(hinted) == 1:
            check(hinted[0])
        return hinted

    def of_one(self, source: Path | None, target: Path | None) -> Told | None:
        """The hints of a picture on a pipe; None: there are none. A source of None is stdin, which has no name."""
        from featcolor.pictures.find import FoundPicture

        if self.shared:
            raise UsageError("--share-hints is for a batch, and - is one picture on a pipe")
        if not self.chosen:
            return None
        if self._by_name and source is None:
            raise UsageError(f"{self._named}: a picture from stdin has no name to find its hints by; name one file")
        if source is not None and self._by_name:
            self.without([FoundPicture(source, Path(source.name), named=True)])
        self._keep([target])
        if source is None or not self._by_name:
            return self._all
        told = self._of(FoundPicture(source, Path(source.name), named=True))
        if told is None:
            raise UsageError(f"{self._named}: no hints there are named as {source}")
        return told

    def as_report(self) -> dict[str, object]:
        """What was chosen, as JSON can hold it."""
        named = {} if self._named is None else {"hints": str(self._named)}
        return named | ({"hint": self._typed} if self._typed else {}) | ({"shared": True} if self.shared else {})

    def _is_own(self, picture: FoundPicture) -> bool:
        """Whether a picture lies in the folder of hints as what is to be coloured."""
        if not self._by_name or self._named is None:
            return False
        place, folder = picture.path.resolve(), self._named.resolve()
        return place.is_relative_to(folder) if picture.named else place == (folder / picture.relative).resolve()

    def _files(self) -> list[Path]:
        return [path for there in self._by_name for path in there.files()] or list(self._all.files)

    def _of(self, picture: FoundPicture) -> Told | None:
        told = replace(self._all, files=(*self._all.files, *_found(self._by_name, picture)))
        return told if told.typed.hints or told.files else None

    def _keep(self, written: Iterable[Path | None]) -> None:
        files = {path.resolve() for path in self._files()}
        for path in written:
            if path is not None and path.resolve() in files:
                raise UsageError(f"{path} holds hints of --hints and would be overwritten; choose another output")

    def _tell_of_names(self, told: dict[Path, Told | None]) -> None:
        """UsageError where hints are those of two pictures, or none are of any; a note on those of none."""
        owners: dict[Path, Path] = {}
        for picture, each in told.items():
            for file in () if each is None else each.files:
                if file in owners:
                    raise UsageError(
                        f"{file}: it may be of {owners[file]} or of {picture}; name it after one of them in full, "
                        f"{picture.name}{file.name.removeprefix(picture.stem)}"
                    )
                owners[file] = picture
        if not owners:
            first = next(iter(told))
            raise UsageError(
                f"{self._named}: no hints there are named as a picture; {first.name} needs {first.stem}.hints.json or, "
                f"painted, {first.stem}.png, in the same place below the folder"
            )
        unused = [path for path in self._files() if path not in owners]
        if unused and not self._quiet:
            verb = "holds" if len(unused) == 1 else "hold"
            complain(f"{many(len(unused), 'file')} {verb} hints of no picture here: {few_names(unused)}", kind="note")


def _found(by_name: Sequence[Companions], picture: FoundPicture) -> list[Path]:
    """The hints at a picture's place; of one that was named itself, at the end of its path, the longest that has some:
    old/1923/anna.jpg has those of 1923/anna."""
    parts = picture.path.absolute().parts[1:] if picture.named else picture.relative.parts
    for count in range(len(parts), len(picture.relative.parts) - 1, -1):
        found = [there.find(Path(*parts[-count:])) for there in by_name]
        if any(found):
            return [file for file in found if file is not None]
    return []


def _hints_below(folder: Path) -> tuple[Companions, Companions]:
    """The JSON of a folder, and the painted pictures."""
    from featcolor.hints.hint import SUFFIX
    from featcolor.pictures.find import find_pictures

    texts = [
        (path.relative_to(folder).with_name(path.name.removesuffix(SUFFIX)), path)
        for path in sorted(folder.rglob(f"*{SUFFIX}"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    try:
        painted = [(each.relative.with_suffix(""), each.path) for each in find_pictures([folder])]
    except UsageError as error:
        if not texts:
            raise UsageError(f"--hints: {error}, and for NAME{SUFFIX}") from error
        painted = []
    return Companions.of("hints", texts), Companions.of("hints", painted)


def check(task: PictureTask) -> None:
    """UsageError where the hints do not suit the picture; what is wrong with the picture itself is told later."""
    from featcolor.colour.lab import lightness_of
    from featcolor.pictures.io import read_picture

    if task.told is None:
        return
    try:
        picture = read_picture(task.source)
    except PictureError:
        return
    task.told.of(lightness_of(picture.pixels))
