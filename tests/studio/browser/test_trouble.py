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


@pytest.fixture
def folder(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    write_rgb(tmp_path / "album" / "china.png", photographs["china"].mean(axis=2).astype(np.uint8))
    return tmp_path / "album"


@pytest.fixture
def start(tmp_path: Path, browser: Any) -> Iterator[Callable[..., Command]]:
    """What starts studios with the same folder of their own."""
    started: list[Command] = []

    def begin(*words: Any, **options: Any) -> Command:
        started.append(Command(tmp_path / "home", *words, **options))
        return started[-1]

    yield begin
    for studio in started:
        studio.close()


def test_a_studio_that_dies_comes_back_with_all_that_was_told(
    start: Callable[..., Command], visit: Callable[..., Person], folder: Path
) -> None:
    studio = start(folder)
    person = visit(studio)
    person.forgiven.append(NO_ANSWER)
    person.open("china.png")
    person.hint(100, 60)
    studio.kill()
    person.sees("#banner")
    person.reads("#banner", "stopped.*[Kk]ept")
    person.click_picture(40, 30)
    person.page.fill("#palette .hex", "#803020")
    person.press("Enter")
    again = start(folder, port=studio.port)
    person.sees_not("#banner")
    person.reads("#status", "Coloured with 2 hints")
    told = person.told("china.png")
    assert [each["points"] for each in told] == [[[100, 60]], [[40, 30]]]
    assert is_same(person.pixels(), coloured(folder / "china.png", told))
    assert again.press_ctrl_c()[0] == 130, "an open page keeps no studio from ending"


def test_a_full_disk_is_said_and_the_hint_stays_in_the_page(
    start: Callable[..., Command], visit: Callable[..., Person], folder: Path, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    person = visit(start(folder, program=(sys.executable, "-c", FILLED), environment={"FULL": str(full)}))
    person.forgiven.append("status of 507")
    person.open("china.png")
    full.touch()
    person.click_picture(100, 60)
    person.click(person.page.locator("#palette .suggestion").first)
    person.reads("#trouble, #notices", "disk is full")
    assert not (folder / "china.hints.json").exists()
    assert person.page.locator("#marks button.mark").count() == 1
    full.unlink()
    person.hint(40, 30)
    assert len(person.told("china.png")) == 2
    assert person.page.locator("#trouble").is_hidden()


def test_a_picture_that_goes_while_it_is_open_is_named(
    start: Callable[..., Command], visit: Callable[..., Person], folder: Path
) -> None:
    person = visit(start(folder))
    person.forgiven.append("status of 422")
    person.open("china.png")
    (folder / "china.png").unlink()
    person.click_picture(50, 50)
    person.page.fill("#palette .hex", "#803020")
    person.reads("#trouble, #notices", r"china\.png: the file is gone")


def test_what_is_too_large_is_said_before_it_is_sent(
    start: Callable[..., Command], visit: Callable[..., Person], tmp_path: Path
) -> None:
    person = visit(start("--max-upload", "1"))
    write_rgb(tmp_path / "large.tif", np.random.default_rng(0).integers(0, 255, (1100, 1100), np.uint8))
    person.page.set_input_files("#drop", str(tmp_path / "large.tif"))
    person.reads("#album [data-state=broken]", "1 MB")


def test_a_page_without_its_token_says_where_to_get_it(browser: Any, studio: Command) -> None:
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"{studio.origin}/")
    assert answer.status == 401
    assert "featcolor studio" in page.locator("body").inner_text()
    page.get_by_label("Password").fill(studio.address.partition("token=")[2])
    page.get_by_role("button", name="Open").click()
    page.locator("#welcome").wait_for()
    context.close()
