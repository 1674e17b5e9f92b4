"""What goes wrong is said as people need it, and nothing that was told is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.samples import write_rgb
from tests.studio.browser.library import coloured, is_same
from tests.studio.browser.person import Person
from tests.studio.command import Command

NO_ANSWER = "ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
FILLED = """
import errno, os, pathlib, sys
from featcolor.hints.hint import Hints
write = Hints.write
def full(self, path):
    if pathlib.Path(os.environ["FULL"]).exists():
        raise OSError(errno.ENOSPC, "No space left on device", str(path))
    return write(self, path)
Hints.write = full
from featcolor.commands import main
sys.exit(main())
"""
"""A disk that is full as long as a file is there."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    folder = tmp_path_factory.mktemp("trouble") / "album"
    for name in ("china", "flower", "rocket"):
        write_rgb(folder / f"{name}.png", photographs[name].mean(axis=2).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def unlucky(browser: Any, folder: Path) -> Iterator[Command]:
    """A studio whose disk is full as long as `full` lies beside the album, and which takes a megabyte at a time."""
    program, environment = (sys.executable, "-c", FILLED), {"FULL": str(folder.parent / "full")}
    started = Command(folder.parent / "home", folder, "--max-upload", "1", program=program, environment=environment)
    yield started
    started.close()


def test_a_studio_that_dies_comes_back_with_all_that_was_told(
    visit: Callable[..., Person], folder: Path, tmp_path: Path
) -> None:
    studio = Command(tmp_path / "home", folder / "china.png")
    person = visit(studio)
    person.forgiven.append(NO_ANSWER)
    person.settle()
    person.hint(100, 60)
    studio.kill()
    person.sees("#banner")
    person.reads("#banner", "stopped.*[Kk]ept")
    person.click_picture(40, 30)
    person.page.fill("#palette .hex", "#803020")
    person.press("Enter")
    again = Command(tmp_path / "home", folder / "china.png", port=studio.port)
    person.sees_not("#banner")
    person.reads("#status", "Coloured with 2 hints")
    told = person.told("china.png")
    assert [each["points"] for each in told] == [[[100, 60]], [[40, 30]]]
    assert is_same(person.pixels(), coloured(folder / "china.png", told))
    assert again.press_ctrl_c()[0] == 130, "an open page keeps no studio from ending"


def test_a_full_disk_is_said_and_the_hint_stays_in_the_page(
    visit: Callable[..., Person], unlucky: Command, folder: Path
) -> None:
    person = visit(unlucky)
    person.forgiven.append("status of 507")
    person.open("flower.png")
    full = folder.parent / "full"
    full.touch()
    person.click_picture(100, 60)
    person.click(person.page.locator("#palette .suggestion").first)
    person.reads("#trouble, #notices", "disk is full")
    assert not (folder / "flower.hints.json").exists()
    assert person.page.locator("#marks button.mark").count() == 1
    full.unlink()
    person.hint(40, 30)
    assert len(person.told("flower.png")) == 2
    assert person.page.locator("#trouble").is_hidden()


def test_a_picture_that_goes_while_it_is_open_is_named(
    visit: Callable[..., Person], unlucky: Command, folder: Path
) -> None:
    person = visit(unlucky)
    person.forgiven.append("status of 422")
    person.open("rocket.png")
    (folder / "rocket.png").unlink()
    person.click_picture(50, 50)
    person.page.fill("#palette .hex", "#803020")
    person.reads("#trouble, #notices", r"rocket\.png: the file is gone")


def test_what_is_too_large_is_said_before_it_is_sent(
    visit: Callable[..., Person], unlucky: Command, tmp_path: Path
) -> None:
    person = visit(unlucky)
    write_rgb(tmp_path / "large.tif", np.random.default_rng(0).integers(0, 255, (1100, 1100), np.uint8))
    person.page.set_input_files("#drop", str(tmp_path / "large.tif"))
    person.reads("#album [data-state=broken]", "1 MB")
