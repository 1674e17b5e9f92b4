"""Writing from the page: the very bytes of the command line, every failure by its name."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.commands import main
from featcolor.hints.hint import Hint, Hints
from tests.samples import write_rgb
from tests.studio.browser.person import Person
from tests.studio.command import Command
from tests.studio.serving import grey_album

NAMES = ("astronaut.jpg", "coffee.png", "below/chelsea.tif")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    """A person's own album."""
    return grey_album(tmp_path_factory.mktemp("own") / "album", photographs)


@pytest.fixture(scope="module")
def own_studio(browser: Any, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A studio that was opened on it."""
    started = Command(tmp_path_factory.mktemp("home"), folder, "-o", folder.parent / "out")
    yield started
    started.close()


@pytest.fixture
def owner(visit: Callable[..., Person], own_studio: Command) -> Person:
    """Who started it."""
    person = visit(own_studio)
    person.counts("#album > [data-id]", len(NAMES))
    return person


def wrote(person: Person, what: Callable[[], None], words: str) -> None:
    """Do something that writes, and wait until it is said to be done."""
    what()
    person.reads("#status", f"Written: {words}")


def test_what_is_written_is_what_the_command_line_writes(owner: Person, folder: Path) -> None:
    owner.open("astronaut.jpg")
    owner.hint(100, 120)
    owner.page.locator("#whole").get_by_role("slider", name="Strength").fill("1.3")
    owner.settle()
    beside = folder / "astronaut.hints.json"
    assert Hints.read(beside).hints == tuple(Hint(**each) for each in owner.told("astronaut.jpg"))
    wrote(owner, lambda: owner.click("#write"), "1 picture")
    owner.sees("#album [data-state=corrected]")
    typed = folder.parent / "typed.jpg"
    _, *words = shlex.split(owner.picture("astronaut.jpg")["command"])
    words[words.index("-o") + 1] = str(typed)
    assert main([*words, "--quiet"]) == 0
    assert (folder.parent / "out" / "astronaut.jpg").read_bytes() == typed.read_bytes()
    with owner.page.expect_download() as coming:
        owner.click(owner.page.locator("#out").get_by_role("link", name="Download"))
    assert coming.value.suggested_filename == "astronaut.jpg"
    assert Path(coming.value.path()).read_bytes() == typed.read_bytes()
    owner.hint(30, 30)
    owner.sees("#album [data-state=changed]")
    for _ in range(3):
        owner.press("z")
    owner.settle()
    assert not beside.exists()


def test_what_is_told_on_another_page_is_not_lost(
    owner: Person, visit: Callable[..., Person], own_studio: Command
) -> None:
    other = visit(own_studio)
    owner.open("coffee.png")
    other.open("coffee.png")
    owner.hint(30, 30)
    other.reads("#status", "Changed on another page")
    other.settle()
    other.hint(90, 60)
    owner.reads("#told", "2 hints")
    assert len(owner.told("coffee.png")) == 2
    for _ in range(2):
        other.press("z")
        other.settle()
    owner.reads("#told", "Click a place")
    assert not owner.told("coffee.png")


def test_all_are_written_and_the_broken_one_is_named(owner: Person, folder: Path, tmp_path: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    owner.forgiven.append("status of 422")
    try:
        owner.page.reload()
        owner.counts("#album > [data-id]", len(NAMES) + 1)
        owner.open("coffee.png")
        wrote(owner, lambda: owner.click("#write-all"), "3 pictures; 1 could not be")
        owner.reads("#jobs", "broken.jpg")
        owner.counts("#album [data-state=coloured]", len(NAMES))
        owner.click(owner.item("broken.jpg").locator("button.item"))
        owner.reads("#trouble", "broken.jpg")
        owner.open("coffee.png")
        assert owner.page.locator("#trouble").is_hidden()
        with owner.page.expect_download() as coming:
            owner.click(owner.page.locator("#out").get_by_role("link", name="All as zip"))
        with zipfile.ZipFile(coming.value.path()) as archive:
            assert archive.testzip() is None
            assert set(archive.namelist()) == set(NAMES)
            for name in NAMES:
                assert archive.read(name) == (folder.parent / "out" / name).read_bytes()
    finally:
        (folder / "broken.jpg").unlink()


def test_chosen_ones_are_written_from_the_contact_sheet_with_shared_hints(owner: Person, folder: Path) -> None:
    owner.open("astronaut.jpg")
    owner.hint(100, 120)
    with owner.recolouring():
        owner.page.locator("#share").check()
    try:
        owner.click("#contact-open")
        for name in ("astronaut.jpg", "coffee.png"):
            owner.page.locator("#contact").get_by_role("checkbox", name=f"Choose {name}").check()
        chosen = owner.page.locator("#contact").get_by_role("button", name="Write 2 chosen")
        wrote(owner, lambda: owner.click(chosen), "2 pictures")
        typed = folder.parent / "shared"
        inputs = [str(folder / name) for name in ("astronaut.jpg", "coffee.png")]
        words = ["colorize", *inputs, "-o", f"{typed}/", "--hints", str(folder), "--share-hints", "--quiet"]
        assert main(words) == 0
        for name in ("astronaut.jpg", "coffee.png"):
            assert (typed / name).read_bytes() == (folder.parent / "out" / name).read_bytes()
    finally:
        with owner.recolouring():
            owner.page.locator("#share").uncheck()
        owner.press("z")
        owner.settle()
    assert not owner.told("astronaut.jpg")


def test_a_file_of_somebody_else_is_asked_about(owner: Person, folder: Path) -> None:
    target = folder.parent / "out" / "mine.jpg"
    target.write_bytes(b"somebody's")
    source = folder / "mine.jpg"
    source.write_bytes((folder / "astronaut.jpg").read_bytes())
    try:
        owner.page.reload()
        owner.open("mine.jpg")
        owner.forgiven.append("status of 4(09|22)")  # refused; and gone at the end
        owner.click("#write")
        owner.reads("#question", "mine.jpg")
        owner.click(owner.page.locator("#question").get_by_role("button", name="Cancel"))
        owner.reads("#status", "Nothing is written")
        assert target.read_bytes() == b"somebody's"
        owner.click("#write")
        replace = owner.page.locator("#question").get_by_role("button", name="Replace")
        wrote(owner, lambda: owner.click(replace), "1 picture")
        assert target.read_bytes() != b"somebody's"
    finally:
        source.unlink()
        target.unlink()


def test_a_queue_is_paused_gone_on_with_and_cancelled(owner: Person, folder: Path) -> None:
    picture = np.tile(np.arange(256, dtype=np.uint8), (900, 5))
    large = [folder / f"large-{number}.jpg" for number in range(12)]
    for path in large:
        write_rgb(path, picture)
    out = folder.parent / "out"
    try:
        owner.page.reload()
        owner.counts("#album > [data-id]", len(NAMES) + len(large))
        jobs = owner.page.locator("#jobs")
        owner.click("#write-all")
        owner.click(jobs.get_by_role("button", name="Pause"))
        owner.reads("#jobs", "paused")
        owner.page.reload()
        owner.reads("#jobs", "paused")
        owner.click(jobs.get_by_role("button", name="Go on"))
        owner.click(jobs.get_by_role("button", name="Pause"))
        owner.reads("#jobs", "paused")
        assert not list(out.rglob("*.part"))
        owner.click(jobs.get_by_role("button", name="Cancel"))
        owner.reads("#jobs", "cancelled")
        assert not list(out.rglob("*.part"))
        assert not list(out.glob(large[-1].name)), "it was stopped before its end"
    finally:
        for path in large:
            path.unlink()
            (out / path.name).unlink(missing_ok=True)
