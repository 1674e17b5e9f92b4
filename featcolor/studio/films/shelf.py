"""Films of a workspace: which there are, and where what is kept of each of them lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from featcolor.clips.output.containers import CONTAINERS
from featcolor.errors import UsageError
from featcolor.files import beside
from featcolor.pictures.find import COLOURED_MARK, FoundPicture, find_pictures
from featcolor.studio.films.folder import FilmFolder
from featcolor.studio.stamps import id_of
from featcolor.video.keyframes.match import frame_numbers

FILMS, REELS, COLOURED = "films", "reels", "coloured"
"""Folders of a workspace: films that were dropped, what is kept of any, and what is written of those dropped."""
LOSSLESS: Final = "ffv1"
"""What makes a film many times as large as the grey one."""
ANY_SOUND: Final = ".mkv"
"""Which is tried last."""
FILM_SUFFIXES: Final = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".m2v",
        ".vob",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".flv",
        ".ogv",
        ".3gp",
        ".dv",
        ".mxf",
        ".y4m",
    ]
)
"""Endings of names of films. A film whose name ends otherwise is none here."""


@dataclass(frozen=True)
class Film:
    """A film of a workspace.

    Attributes
    ----------
    id : by which the page calls it; never a path
    path : of its file
    name : for a person
    dropped : whether it was dropped on the page, and is the studio's own
    """

    id: str
    path: Path
    name: str
    dropped: bool = False


class Shelf:
    """The films of a workspace.

    Parameters
    ----------
    folder : of the workspace
    sources : films and folders that were named on the command line
    output : folder of what is written; None: beside each film, those that were dropped in the workspace's folder

    Attributes
    ----------
    films : by identifier, as they were found last
    """

    def __init__(self, folder: Path, sources: Sequence[Path], output: Path | None) -> None:
        self._folder, self._sources, self._output = folder, tuple(sources), output
        self.films: dict[str, Film] = {}

    def refresh(self) -> None:
        """Look what films there are now."""
        found = [
            Film(id_of(str(each.path.resolve())), each.path, each.relative.as_posix())
            for source in self._sources
            for each in find_films(source, self._output)
        ]
        dropped = self._folder / FILMS
        found += [
            Film(id_of(f"dropped/{each.path.name}"), each.path, each.path.name, True) for each in find_films(dropped)
        ]
        self.films = {film.id: film for film in found}

    def folder(self, film: Film) -> FilmFolder:
        """What is kept of a film."""
        return FilmFolder(film.path, self._folder / REELS / film.id)

    def targets(self, film: Film) -> list[Path]:
        """Where its coloured one may go, in the container of the grey one first, and in one that takes what others
        refuse."""
        if self._output is not None:
            folder = self._output / Path(film.name).parent
        else:
            folder = self._folder / COLOURED if film.dropped else film.path.parent
        own = film.path.suffix.lower()
        if own not in CONTAINERS or CONTAINERS[own].codecs[0] == LOSSLESS:
            own = ANY_SOUND
        return [beside(folder / film.path.stem, COLOURED_MARK + suffix) for suffix in dict.fromkeys((own, ANY_SOUND))]

    def frames(self) -> Iterator[tuple[Film, int]]:
        """Frames that were opened as pictures."""
        for film in self.films.values():
            pictures = sorted(self.folder(film).picture(0).parent.glob("[!.]*.png"))
            for number in frame_numbers([path.stem for path in pictures]):
                if number is not None:
                    yield film, number

    def forget(self, film: Film) -> None:
        """Delete a film that was dropped, with all that is kept of it; UsageError for another's file."""
        if not film.dropped:
            raise UsageError(f"{film.name}: lies in your own folder, and is not the studio's to delete")
        self.folder(film).remove()
        for path in (film.path, *self.targets(film)):
            if path.is_relative_to(self._folder):
                path.unlink(missing_ok=True)
        self.films.pop(film.id, None)


def is_film_name(name: str) -> bool:
    """Whether a file of this name is taken for a film."""
    return not name.startswith(".") and Path(name).suffix.lower() in FILM_SUFFIXES


def find_films(source: Path, output: Path | None = None) -> list[FoundPicture]:
    """Films that a path leads to, a film or a folder that is searched through, but for those that were written.

    Those are NAME-colour beside NAME, and all in the folder `output`.
    """
    foreign: set[Path] = set()
    named: Sequence[FoundPicture] = ()
    with suppress(UsageError):  # where there are no pictures
        named = find_pictures([source], leave_out=output, foreign=foreign)
    films = [each for each in named if is_film_name(each.path.name)]
    top = source.resolve()
    for path in sorted(each for each in foreign if is_film_name(each.name)):
        relative = path.relative_to(top) if path.is_relative_to(top) else Path(path.name)
        films.append(FoundPicture(path, relative, named=False))
    stems = {film.path.with_suffix("") for film in films}
    return [film for film in films if not _is_of_another(film.path, stems)]


def _is_of_another(path: Path, stems: set[Path]) -> bool:
    stem = path.stem
    return stem.endswith(COLOURED_MARK) and path.with_name(stem.removesuffix(COLOURED_MARK)) in stems
