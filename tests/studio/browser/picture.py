"""The picture of the studio in README.md, taken of the real page: python -m tests.studio.browser.picture OUT.jpg."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Final

from featcolor.hints.hint import Hint, Hints
from tests.samples import grey, write_rgb
from tests.studio.browser.chromium import launch
from tests.studio.browser.person import Person
from tests.studio.command import Command

SIZE: Final = {"width": 1400, "height": 860}
PICTURES: Final = ("astronaut", "chelsea", "coffee", "rocket")
HINTS: Final = (
    Hint(((30, 70),), "#27366e"),
    Hint(((290, 330),), "#d8541f"),
    Hint(((170, 470), (200, 440), (228, 400)), "#d8541f"),
)
"""On the astronaut: the flag, a point on the suit and a stroke."""
ASKED: Final = (330, 55)
"""A place whose likely colours are shown."""
BEFORE: Final = 30
"""Per cent of the picture that are shown as they were."""
QUALITY: Final = 76


def take(target: Path) -> None:
    """A JPEG of the page with hints and an open palette."""
    from playwright.sync_api import sync_playwright
    from skimage import data

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        album = Path(folder) / "album"
        for name in PICTURES:
            write_rgb(album / f"{name}.jpg", grey(getattr(data, name)()))
        Hints(HINTS, size=data.astronaut().shape[1::-1]).write(album / "astronaut.hints.json")
        browser, studio = launch(playwright), Command(Path(folder) / "home", album)
        person = Person(browser, studio.address, viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        person.open("astronaut.jpg")
        person.sees("#questions button")
        person.page.locator("#compare").fill(str(BEFORE))
        person.click_picture(*ASKED)
        person.sees("#palette .suggestion")
        for image in person.page.locator("#album img").all():
            image.evaluate("image => image.decode()")
        person.page.mouse.move(5, SIZE["height"] - 5)
        person.page.screenshot(path=target, type="jpeg", quality=QUALITY)
        person.leave()
        browser.close()
        studio.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, metavar="OUT.jpg")
    take(parser.parse_args().target)


if __name__ == "__main__":
    main()
