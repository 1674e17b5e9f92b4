"""A newcomer's whole job, filmed: five old pictures opened, two of them put right, hints shared, all written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.samples import write_rgb
from tests.studio.browser.person import Person

MOST_CLICKS = 40


@pytest.fixture
def old_pictures(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> list[Path]:
    names = ("astronaut", "chelsea", "coffee", "rocket", "china")
    return [
        write_rgb(tmp_path / "old" / f"{name}.jpg", photographs[name].mean(axis=2).astype(np.uint8)) for name in names
    ]


def test_a_newcomer_does_the_whole_job(person: Person, old_pictures: list[Path], tmp_path: Path) -> None:
    film = tmp_path / "filmed"
    film.mkdir()
    shot = iter(range(100))

    def look(words: str) -> None:
        person.page.screenshot(path=film / f"{next(shot):02} {words}.jpg", type="jpeg", quality=80)

    look("an empty page")
    person.drop(*old_pictures)
    person.counts("#album > [data-id]", 5)
    person.settle()
    look("five are there and one is coloured")
    person.clicks = 0
    for name in ("astronaut.jpg", "china.jpg"):
        person.open(name)
        for x, y in ((40, 40), (80, 60), (120, 90)):
            person.click_picture(x, y)
            person.sees("#palette .suggestion")
            look(f"likely colours in {name}")
            person.click(person.page.locator("#palette .suggestion").first)
            person.settle()
        look(f"{name} is right")
        assert len(person.told(name)) == 3
    with person.recolouring():
        person.click("#share")
    person.click("#write-all")
    person.reads("#status", "Written: 5 pictures")
    look("all are written")
    with person.page.expect_download() as coming:
        person.click(person.page.locator("#out").get_by_role("link", name="All as zip"))
    assert coming.value.suggested_filename == "coloured.zip"
    assert person.clicks <= MOST_CLICKS
    assert {each["state"] for each in person.api("api/workspace")["pictures"]} <= {"coloured", "corrected"}
    assert len(list(film.iterdir())) >= 10
