"""Items: the pictures of a workspace, how they are found, and what is kept of each beside its hints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from featcolor.errors import UsageError
from featcolor.files import write_json
from featcolor.pictures.find import FoundPicture, earlier_outputs, find_pictures
from featcolor.studio.choices import Choices
from featcolor.studio.films.shelf import is_film_name
from featcolor.studio.stamps import id_of


@dataclass
class Item:
    """A picture of a workspace.

    Attributes
    ----------
    id : by which the page calls it; never a path
    path : of the file
    name : for a person; where its coloured one goes below the folder of outputs
    dropped : whether it was dropped on the page, and is the studio's own
    film, frame : the film that it is a frame of, and its number
    error : why it cannot be opened, once that was tried
    """

    id: str
    path: Path
    name: str
    dropped: bool = False
    film: str | None = None
    frame: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class PictureRecord:
    """What is kept of a picture beside its hints.

    Attributes
    ----------
    choices : Choices
    written : the file that was last written
    told : fingerprint of what was told and chosen when it was
    """

    choices: Choices = field(default_factory=Choices)
    written: str | None = None
    told: str = ""

    @classmethod
    def read(cls, path: Path) -> PictureRecord:
        """What a file keeps; nothing where there is none, or none that this program wrote."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(Choices.from_dict(content["choices"]), content["written"], content["told"])
        except (OSError, ValueError, LookupError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """One small JSON file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"choices": self.choices.to_dict(), "written": self.written, "told": self.told})


def find_items(sources: Iterable[Path], output: Path | None, dropped: Path) -> list[Item]:
    """Pictures of the sources, but for those that an earlier run wrote, and those that were dropped on the page."""
    found = [(each, False) for source in sources if source.exists() for each in _unwritten(source, output)]
    found += [(each, True) for each in (_search(dropped) if dropped.is_dir() else [])]
    return [_item_of(each, own) for each, own in found]


def _item_of(found: FoundPicture, own: bool) -> Item:
    name = found.relative.as_posix()
    return Item(id_of(f"{own}/{name}" if own else os.fspath(found.path.resolve())), found.path, name, own)


def _search(source: Path, output: Path | None = None) -> list[FoundPicture]:
    """The pictures of a source, none where there are none."""
    try:
        return find_pictures([source], leave_out=output)
    except UsageError:
        return []


def _unwritten(source: Path, output: Path | None) -> list[FoundPicture]:
    """The pictures of a source that no earlier run wrote."""
    found = _search(source, output)
    written = earlier_outputs(found)
    return [each for each in found if each.path not in written and not is_film_name(each.path.name)]
