"""`--refs`: the default model with an album of references, fitted before the first picture is coloured."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.console import complain, many, name_left_out, progress_bar
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.pictures.find import FoundPicture

REFS_HELP = (
    "colour pictures of the same place, people or film, which make the default model better in seconds: a picture, a "
    "folder, a glob or @list.txt; may be repeated"
)


def find(arguments: Sequence[str], *, output: str | None = None, quiet: bool = False) -> list[FoundPicture]:
    """The pictures that arguments lead to, in a stable order; says of what other kinds there are files.

    What an earlier run wrote below `output` is none.
    """
    from featcolor.pictures.find import find_pictures

    foreign: set[Path] = set()
    found = find_pictures(arguments, leave_out=None if output is None else Path(output), foreign=foreign)
    tell_of_foreign(foreign, quiet=quiet)
    return found


def tell_of_foreign(files: Iterable[Path], *, quiet: bool) -> None:
    """Say how many files of which kind are no pictures, hints apart, and what makes pictures of them."""
    from featcolor.hints.hint import SUFFIX
    from featcolor.pictures.kinds import kinds_of, ways_out

    foreign = [path for path in files if not path.name.endswith(SUFFIX)]
    if foreign and not quiet:
        complain(f"left out {many(len(foreign), 'file')} that featcolor does not read: {kinds_of(foreign)}")
        for line in ways_out(foreign):
            complain(line, kind="note")


def find_uncoloured(arguments: Sequence[str], *, output: str | None, quiet: bool) -> list[FoundPicture]:
    """As `find`, without what an earlier run made of these pictures, which is told of."""
    from featcolor.pictures.find import earlier_outputs

    found = find(arguments, output=output, quiet=quiet)
    coloured = earlier_outputs(found)
    if coloured and not quiet:
        pictures = many(len(coloured), "picture")
        folders = ", ".join(sorted({str(folder) for folder in coloured.values()}))
        complain(f"left out {pictures} in {folders}: coloured from others here; name them alone to colour them")
    return [picture for picture in found if picture.path not in coloured]


def without_references(pictures: Sequence[FoundPicture], references: Sequence[Path]) -> list[FoundPicture]:
    """The inputs that are no references: an album may lie among the pictures that are to be coloured.

    Raises
    ------
    UsageError
        When that leaves none.
    """
    known = {path.resolve() for path in references}
    others = [picture for picture in pictures if picture.path.resolve() not in known]
    if pictures and not others:
        raise UsageError("every picture to be coloured is a reference of --refs; name grey pictures beside the album")
    return others


def keep_references(references: Sequence[Path], written: Iterable[Path | None]) -> None:
    """UsageError where a reference would be overwritten."""
    known = {path.resolve() for path in references}
    for path in written:
        if path is not None and path.resolve() in known:
            raise UsageError(f"{path} is a reference of --refs and would be overwritten; choose another output")


def network_of(model: Path | None, arguments: argparse.Namespace) -> Path | None:
    """The colour network that an album stands on: the one that was named, or None for the bundled one.

    A fitted model that only the environment names gives way to `--refs`, which was typed.

    Raises
    ------
    UsageError
        When `--model` names a fitted model.
    """
    from featcolor.models.load import is_network

    if model is None or not arguments.refs or is_network(model):
        return model
    if arguments.model:
        raise UsageError(
            f"--refs goes with the default model or a colour network (.onnx), not with the fitted model {model}; "
            "leave --model out, or fit a model on these references: featcolor fit REFS... -o MODEL"
        )
    return None


@contextmanager
def fitted_album(references: Sequence[Path], network: Path | None, *, quiet: bool) -> Iterator[Path | None]:
    """The file of an album fitted on these references, for as long as it is needed; says which were left out.

    Without references it is the network itself.

    Raises
    ------
    ReferencesError
        When none can be used.
    """
    if not references:
        yield network
        return
    import tempfile

    from featcolor.models.album import AlbumColorizer
    from featcolor.models.load import ALBUM_SUFFIX

    start = time.perf_counter()
    colorizer = AlbumColorizer() if network is None else AlbumColorizer(network)
    with progress_bar(quiet=quiet) as progress:
        colorizer.fit(references, progress=progress)
    if not quiet:
        name_left_out(colorizer.left_out)
        seconds = time.perf_counter() - start
        count = many(colorizer.references, "reference")
        complain(f"the default model with {count}, fitted in {seconds:.1f} s", kind="note")
    with tempfile.TemporaryDirectory(prefix="featcolor-") as folder:
        path = Path(folder, f"references{ALBUM_SUFFIX}")
        colorizer.save(path)
        yield path
