"""Filming: the long work on the films of a workspace, and how the page knows each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from featcolor.errors import UsageError
from featcolor.studio.choices import Choices
from featcolor.studio.films.card import film_card
from featcolor.studio.films.colour import play_shot, write_film
from featcolor.studio.films.scan import scan_film
from featcolor.studio.films.shelf import Film
from featcolor.studio.jobs import Running
from featcolor.studio.workers import WorkError
from featcolor.studio.workspace import Workspace

UNDER_WAY = ("waiting", "running", "paused")


async def scan(running: Running) -> None:
    """The job of finding a film's shots."""
    film = _film_of(running)
    folder = running.workspace.shelf.folder(film)
    try:
        with by_name(film.path, folder.path):
            await running.call(scan_film, film.path, folder.path, running.job.what.get("most_frames"))
    except WorkError as error:
        if not running.interrupted:
            _tell(running, film, state="failed", error=str(error))
        raise
    _tell(running, film)


async def play(running: Running) -> None:
    """The job of colouring one shot, to look at it."""
    film, workspace = _film_of(running), running.workspace
    folder, model = workspace.shelf.folder(film), workspace.model_file(Choices())
    with by_name(film.path, folder.path):
        await running.call(play_shot, film.path, folder.path, running.job.what["shot"], model)
    _tell(running, film)


async def write(running: Running) -> None:
    """The job of writing a film; shots that are coloured already are not coloured again."""
    film, workspace, what = _film_of(running), running.workspace, running.job.what
    folder, model = workspace.shelf.folder(film), workspace.model_file(Choices())
    target, overwrite = Path(what["target"]), bool(what["overwrite"])
    with by_name(film.path, target, folder.path):
        await running.call(write_film, film.path, target, folder.path, model, None, overwrite)
    _tell(running, film)


@contextmanager
def by_name(*paths: Path) -> Iterator[None]:
    """Errors that call these files and folders by their names: where they lie is nobody's business."""
    try:
        yield
    except WorkError as error:
        words = str(error)
        for path in paths:
            words = words.replace(str(path), path.name)
        raise WorkError(words, error.kind) from error


def describe(workspace: Workspace, film: Film, jobs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A film as the page knows it; `jobs` are the workspace's, as the page knows those."""
    card = {"id": film.id, "name": film.name, "dropped": film.dropped, "error": None}
    card |= film_card(film.path, workspace.shelf.folder(film).path, workspace.model_file(Choices()))
    card["command"] = workspace.film_command(film)
    scans = [job for job in jobs if job["film"] == film.id and job["kind"] == "scan"]
    if card["state"] == "new" and scans:
        if scans[-1]["state"] in UNDER_WAY:
            card["state"] = "scanning"
        elif scans[-1]["state"] == "failed":
            card |= {"state": "failed", "error": " ".join(scans[-1]["errors"])}
    return card


def _film_of(running: Running) -> Film:
    try:
        return running.workspace.film(running.job.what["film"])
    except KeyError as error:
        raise UsageError(f"{running.job.title}: the film is gone; put it back, or leave it") from error


def _tell(running: Running, film: Film, **more: Any) -> None:
    running.tell({"kind": "film", "film": describe(running.workspace, film, ()) | more})
