"""Workspace: one person's pictures, with what is told and chosen of each, kept in files as it comes.

Hints lie beside their picture as `NAME.hints.json`, where `featcolor colorize --hints` finds them. All else lies in the
workspace's own folder: pictures that were dropped on the page, choices, masks, references, and what is yet to be done.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from featcolor.batch.colour import ColourPicture, PictureTask
from featcolor.errors import UsageError, reason
from featcolor.files import beside, replacing, write_json
from featcolor.hints.hint import SUFFIX, Hint, Hints
from featcolor.hints.mask import Mask
from featcolor.hints.told import Told
from featcolor.models.load import DEFAULT_MODEL, ColouringSettings
from featcolor.names import NAME_BYTES, cut_name, shell_line, shown_name
from featcolor.pictures.find import COLOURED_MARK
from featcolor.pictures.io import written_name
from featcolor.studio.choices import Choices, command_line
from featcolor.studio.desk import Look
from featcolor.studio.films.shelf import Film, Shelf
from featcolor.studio.given import DROPPED, MODELS, Given, id_of_given
from featcolor.studio.items import Item, PictureRecord, find_items
from featcolor.studio.stamps import FileStamp, id_of

FRAME_SETTINGS: Final = ColouringSettings(saturation=1.0)
"""Of a frame: as `featcolor video` has it."""
ALBUM: Final = "album"
"""The model that is fitted on a workspace's references."""
PICTURES, MASKS = "pictures", "masks"
"""Folders of a workspace where choices and masks are kept."""


class Workspace:
    """One person's pictures.

    Parameters
    ----------
    folder : of its own
    sources : pictures and folders that were named on the command line
    output : folder for what is written; None: beside each picture, dropped ones in `folder`/coloured
    model : that the command line named
    """

    def __init__(
        self, folder: Path, sources: Sequence[Path] = (), *, output: Path | None = None, model: Path | None = None
    ) -> None:
        self.folder, self.sources, self.output, self.given_model = folder, tuple(sources), output, model
        self.items: dict[str, Item] = {}
        self.frames: dict[str, Item] = {}
        self.given = Given(folder)
        self.shelf = Shelf(folder, self.sources, output)
        self._kept: dict[str, PictureRecord] = {}
        self._hints: dict[str, tuple[FileStamp | None, Hints]] = {}
        self._targets: dict[str, Path] = {}
        self._stems: Counter[Path] = Counter()
        self._hinted: set[str] = set()
        self._shared: tuple[tuple[FileStamp, ...], str] = (), ""
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        state = _read_state(folder / "workspace.json")
        self.share = bool(state.get("share"))
        self.model = str(state.get("model", "given" if model else DEFAULT_MODEL))
        if self.model not in dict(self.models()):
            self.model = DEFAULT_MODEL
        self.refresh()

    def refresh(self) -> None:
        """Look what pictures there are now."""
        with self._lock:
            found = find_items(self.sources, self.output, self.folder / DROPPED)
            self.items = items = {each.id: self.items.get(each.id, each) for each in found}
            self._targets = self._apart(found)
            self._stems = Counter(each.path.with_suffix("") for each in items.values())
            self._hinted = {each.id for each in items.values() if self.hints_file(each).exists()}
            self.shelf.refresh()
            for film, number in self.shelf.frames():
                self.frame(film, number)
            for frame in [each for each in self.frames.values() if each.film not in self.shelf.films]:
                self.frames.pop(frame.id, None)

    def item(self, item_id: str) -> Item:
        """The picture, or frame of a film, of an identifier; KeyError where there is none."""
        return self.items[item_id] if item_id in self.items else self.frames[item_id]

    def film(self, film_id: str) -> Film:
        """The film of an identifier; KeyError where there is none."""
        return self.shelf.films[film_id]

    def frame(self, film: Film, number: int) -> Item:
        """A frame of a film as a picture, whose hints are the film's."""
        path = self.shelf.folder(film).picture(number)
        item_id = id_of(f"{film.id}/{number}")
        name = f"{film.name}, frame {number}"
        return self.frames.setdefault(item_id, Item(item_id, path, name, film=film.id, frame=number))

    # What is told and chosen

    def hints_file(self, item: Item) -> Path:
        """Where the hints on a picture lie, or will: beside it; in the workspace's folder where that cannot be."""
        if item.film is not None and item.frame is not None:
            return self.shelf.folder(self.film(item.film)).hints_on(item.frame)
        alone = self._stems[item.path.with_suffix("")] < 2
        name = (item.path.stem if alone else item.path.name) + SUFFIX
        place, fits = item.path.with_name(name), len(os.fsencode(name)) <= NAME_BYTES
        if fits and (place.exists() or os.access(item.path.parent, os.W_OK)):
            return place
        return self.folder / "hints" / f"{item.id}-{cut_name(name, NAME_BYTES - len(item.id) - 1)}"

    def hints(self, item: Item) -> Hints:
        """The hints on a picture; UsageError where the file is none."""
        path = self.hints_file(item)
        stamp = FileStamp.of(path) if path.exists() else None
        known = self._hints.get(item.id)
        if known is None or known[0] != stamp:
            known = stamp, Hints() if stamp is None else Hints.read(path)
            self._hints[item.id] = known
        return known[1]

    def tell(self, item: Item, hints: Sequence[Hint], size: tuple[int, int]) -> Hints:
        """Keep hints on a picture of this size, (width, height), in place of those before."""
        told = Hints(tuple(hints), size)
        before = self.hints(item)  # what is no hints is not written over
        if told != before:
            path = self.hints_file(item)
            if told.hints:
                path.parent.mkdir(parents=True, exist_ok=True)
                told.write(path)
            else:
                path.unlink(missing_ok=True)
            if item.id in self.items:
                (self._hinted.add if told.hints else self._hinted.discard)(item.id)
        return told

    def kept(self, item: Item) -> PictureRecord:
        """What is kept of a picture beside its hints."""
        if item.id not in self._kept:
            self._kept[item.id] = PictureRecord.read(self._kept_file(item))
        return self._kept[item.id]

    def choose(self, item: Item, choices: Choices) -> None:
        """Keep choices for a picture."""
        kept = self.kept(item)
        if choices != kept.choices:
            self._keep(item, replace(kept, choices=choices))

    def mask_file(self, item: Item) -> Path:
        """Where the mask of a picture lies, if it has one."""
        return self.folder / MASKS / f"{item.id}.png"

    def set_mask(self, item: Item, content: bytes | None) -> None:
        """Keep a mask, a PNG, or none."""
        path = self.mask_file(item)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_bytes(content)

    # Models

    def models(self) -> Iterator[tuple[str, Path | None]]:
        """Identifiers of the models that can be chosen, and their files; None: the default model."""
        yield DEFAULT_MODEL, None
        if self.given_model is not None:
            yield "given", self.given_model
        album = self.folder / "references.album"
        if album.exists():
            yield ALBUM, album
        for path in self.given.of(MODELS):
            yield id_of_given(path), path

    def model_file(self, choices: Choices) -> Path | None:
        """The file of the model that is chosen for a picture; None: the default model."""
        known = dict(self.models())
        return known.get(choices.model or self.model)

    def settle(self, *, share: bool | None = None, model: str | None = None) -> None:
        """Choose for all pictures; UsageError for a model that there is not."""
        if model is not None and model not in dict(self.models()):
            raise UsageError("there is no such model; load the page again")
        self.share = self.share if share is None else share
        self.model = model or self.model
        write_json(self.folder / "workspace.json", {"share": self.share, "model": self.model})

    # What is done with a picture

    def look(self, item: Item, choices: Choices) -> Look:
        """What the desk is asked to show; a frame as its film is coloured, to which the choices for one do not go."""
        if item.film is not None:
            model = self.model_file(choices)
            return Look(FileStamp.of(item.path), None if model is None else FileStamp.of(model), FRAME_SETTINGS)
        model, mask = self.model_file(choices), self.mask_file(item)
        others = [each for each in self.hinted_items() if each.id != item.id] if self.share else []
        told = [(FileStamp.of(each.path), self._hints_or_none(each)) for each in others]
        return Look(
            FileStamp.of(item.path),
            None if model is None else FileStamp.of(model),
            choices.settings(),
            choices.steps(),
            FileStamp.of(mask) if mask.exists() else None,
            tuple(told),
        )

    def target(self, item: Item) -> Path:
        """Where the coloured picture goes; of two that would go to one place the second gets a number."""
        return self._targets.get(item.id) or self._wanted_target(item)

    def _apart(self, items: Sequence[Item]) -> dict[str, Path]:
        targets: dict[str, Path] = {}
        taken: set[Path] = set()
        for item in items:
            wanted = target = self._wanted_target(item)
            for number in itertools.count(2):
                if target not in taken:
                    break
                target = beside(wanted.with_name(wanted.stem), f"-{number}{wanted.suffix}")
            targets[item.id] = target
            taken.add(target)
        return targets

    def _wanted_target(self, item: Item) -> Path:
        if self.output is not None:
            return self.output / written_name(Path(item.name))
        if item.dropped:
            return self.folder / "coloured" / written_name(Path(item.name))
        return beside(item.path.with_name(item.path.stem), f"{COLOURED_MARK}{written_name(item.path).suffix}")

    def task(self, item: Item) -> PictureTask:
        """The work of writing a picture, as `featcolor colorize` would do it."""
        hints, mask = self.hints_file(item), self.mask_file(item)
        return PictureTask(
            item.path,
            self.target(item),
            mask=Mask(mask) if mask.exists() else None,
            told=Told(files=(hints,)) if hints.exists() else None,
        )

    def work(self, item: Item) -> ColourPicture:
        """What colours a picture that is written."""
        choices = self.kept(item).choices
        return ColourPicture(self.model_file(choices), choices.settings(), choices.steps())

    def hinted_items(self) -> list[Item]:
        """The pictures that have hints, in their order."""
        return [item for item in self.items.values() if item.id in self._hinted and item.path.exists()]

    def told_of_all(self) -> dict[Path, Told]:
        """Hints of all pictures that have some, by picture."""
        return {item.path: Told(files=(self.hints_file(item),)) for item in self.hinted_items()}

    def note_written(self, item: Item, fingerprint: str) -> None:
        """Remember that a picture is written, with what was told of it then."""
        self._keep(item, replace(self.kept(item), written=os.fspath(self.target(item)), told=fingerprint))

    def written(self, item: Item) -> Path | None:
        """The coloured picture that the studio wrote, if it is still there."""
        written = self.kept(item).written
        return Path(written) if written is not None and Path(written).is_file() else None

    def fingerprint(self, item: Item) -> str:
        """Of all that a picture's colour depends on."""
        choices, mask = self.kept(item).choices, self.mask_file(item)
        model = self.model_file(choices)
        told = [
            choices.to_dict() | {"model": None if model is None else FileStamp.of(model).to_list()},
            self._hints_or_none(item).to_dict(),
            FileStamp.of(mask).to_list() if mask.exists() else None,
            self._shared_by_all() if self.share else None,
        ]
        return blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=12).hexdigest()

    def command(self, item: Item, choices: Choices, hints: Sequence[Hint] | None = None) -> str:
        """What a person types for the same picture, or for the film that it is a frame of."""
        if item.film is not None:
            return self.film_command(self.film(item.film))
        rest: list[str] = []
        if self.hints_file(item).exists() if hints is None else hints:
            rest += ["--hints", os.fspath(self.hints_file(item))]
        if self.mask_file(item).exists():
            rest += ["--mask", os.fspath(self.mask_file(item))]
        return command_line(item.path, self.target(item), choices, model=self.model_file(choices), rest=rest)

    def film_command(self, film: Film) -> str:
        """What a person types for the same film."""
        told, model = self.shelf.folder(film), self.model_file(Choices())
        words = ["featcolor", "video", os.fspath(film.path), "-o", os.fspath(self.shelf.targets(film)[0])]
        words += [] if model is None else ["--model", os.fspath(model)]
        words += ["--hints", os.fspath(told.hints)] if told.hint_files() else []
        return shell_line(words)

    def describe(self, item: Item) -> dict[str, Any]:
        """A picture as the page knows it."""
        hints = self._hints_or_none(item)
        kept, mask, written = self.kept(item), self.mask_file(item).exists(), self.written(item)
        now = self.fingerprint(item) if item.path.exists() else ""
        told = bool(hints.hints) or mask or kept.choices != Choices()
        if written is not None:
            state = "changed" if kept.told != now else "corrected" if told else "coloured"
        else:
            state = "corrected" if told else "grey"
        return {
            "id": item.id,
            "name": shown_name(item.name),
            "state": state,
            "hints": len(hints.hints),
            "mask": mask,
            "dropped": item.dropped,
            "written": None if written is None else written.name,
            "stamp": now,
            "error": item.error,
            "film": item.film,
            "frame": item.frame,
        }

    def forget(self, item: Item) -> None:
        """Delete a picture that was dropped, with all that is kept of it; UsageError for another's file."""
        if not item.dropped:
            raise UsageError(f"{item.name}: lies in your own folder, and is not the studio's to delete")
        for path in (item.path, self.hints_file(item), self.mask_file(item), self._kept_file(item), self.target(item)):
            if path.is_relative_to(self.folder):
                path.unlink(missing_ok=True)
        for table in (self.items, self._kept, self._hints):
            table.pop(item.id, None)
        self._hinted.discard(item.id)

    def delete(self) -> None:
        """All of it, its own folder that is."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kept_file(self, item: Item) -> Path:
        return self.folder / PICTURES / f"{item.id}.json"

    def _keep(self, item: Item, kept: PictureRecord) -> None:
        self._kept[item.id] = kept
        kept.write(self._kept_file(item))

    def _hints_or_none(self, item: Item) -> Hints:
        try:
            return self.hints(item)
        except UsageError as error:
            item.error = str(error)
            return Hints()

    def _shared_by_all(self) -> str:
        """A fingerprint of the hints that all pictures share."""
        hinted = self.hinted_items()
        files = tuple(FileStamp.of(self.hints_file(item)) for item in hinted if self.hints_file(item).exists())
        if files != self._shared[0]:
            told = [(os.fspath(item.path), self._hints_or_none(item).to_dict()) for item in hinted]
            self._shared = files, id_of(json.dumps(told))
        return self._shared[1]


def _read_state(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({reason(error)}); delete it to go on") from error
    return content if isinstance(content, dict) else {}
