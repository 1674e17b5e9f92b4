"""A browser, a studio that the real command serves, and people who look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.studio.browser.chromium import open_browser
from tests.studio.browser.person import Person
from tests.studio.command import Command
from tests.studio.serving import grey_album


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder wants a browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """The system's Chromium, for as long as this folder's tests run: asyncio works again after them."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="package")
def album(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    """Grey pictures of 160 pixels."""
    return grey_album(tmp_path_factory.mktemp("album") / "album", photographs)


@pytest.fixture(scope="package")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A studio where everybody who looks has pictures of their own."""
    started = Command(tmp_path_factory.mktemp("home") / "studio", "--apart")
    yield started
    code, said = started.press_ctrl_c()
    assert code == 130, said
    assert len(said.splitlines()) == 2, said


@pytest.fixture
def visit(browser: Any, studio: Command) -> Iterator[Callable[..., Person]]:
    """People who look at a studio, unless another is named at that one."""
    people: list[Person] = []

    def come(at: Command = studio, **options: Any) -> Person:
        people.append(Person(browser, at.address, **options))
        return people[-1]

    yield come
    for person in people:
        person.leave()


@pytest.fixture
def person(visit: Callable[..., Person]) -> Person:
    """Somebody who looks at a studio without pictures."""
    return visit()
