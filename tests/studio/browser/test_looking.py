"""What is looked at without telling anything: before and after, larger and smaller, the whole album, the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio.browser.person import Person


@pytest.fixture
def at_work(person: Person, album: Path) -> Person:
    """Somebody with two pictures, the first of which is open."""
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.open("astronaut.jpg")
    return person


def is_shown(person: Person, x: float, y: float) -> bool:
    """Whether the colour canvas is what is seen at a pixel of it, since the slider cuts it there or not."""
    left, top = person.place(x, y)
    seen = person.page.evaluate(
        """([x, y]) => document.elementsFromPoint(x, y).some((element) => element.id === 'colour'
             && getComputedStyle(element).visibility === 'visible' && getComputedStyle(element).opacity > 0.5)""",
        [left, top],
    )
    return bool(seen)


def test_the_slider_shows_the_picture_as_it_was(at_work: Person) -> None:
    assert is_shown(at_work, 40, 80)
    slider = at_work.page.locator("#compare")
    box = slider.bounding_box()
    assert box is not None
    at_work.page.mouse.move(box["x"] + 14, box["y"] + box["height"] / 2)
    at_work.page.mouse.down()
    at_work.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    at_work.page.mouse.up()
    assert 45 < float(slider.input_value()) < 55
    assert not is_shown(at_work, 40, 80)
    assert is_shown(at_work, 120, 80)
    for side in at_work.page.locator("#divider span").all():
        assert side.evaluate("side => side.offsetWidth > side.offsetHeight"), "its name stands in a line"
    slider.focus()
    at_work.press("Home")
    assert is_shown(at_work, 40, 80)
    at_work.press("End")
    assert not is_shown(at_work, 120, 80)


def test_space_is_held_to_compare(at_work: Person) -> None:
    at_work.page.locator("#stage").focus()
    at_work.page.keyboard.down("Space")
    assert not is_shown(at_work, 80, 80)
    at_work.page.keyboard.up("Space")
    assert is_shown(at_work, 80, 80)
    hold = at_work.page.locator("#hold")
    hold.hover()
    at_work.page.mouse.down()
    assert not is_shown(at_work, 80, 80)
    at_work.page.mouse.up()
    assert is_shown(at_work, 80, 80)


def test_a_place_stays_under_the_pointer_that_zooms(at_work: Person) -> None:
    x, y = at_work.place(40, 30)
    at_work.page.mouse.move(x, y)
    at_work.page.mouse.wheel(0, -400)
    nearer = at_work.place(40, 30)
    assert abs(nearer[0] - x) < 2
    assert abs(nearer[1] - y) < 2
    assert at_work.place(60, 30)[0] > nearer[0] + 20 * 4
    at_work.hint(40, 30)
    assert at_work.told("astronaut.jpg")[0]["points"] == [[40, 30]]
    at_work.press("0")
    assert at_work.place(40, 30) == (x, y)
    at_work.press("+", "+", "-", "-")
    at_work.page.locator("#tools").get_by_role("radio", name="Move the picture").click()
    at_work.drag((80, 80), (100, 90))
    assert at_work.place(40, 30)[0] > x + 20
    assert len(at_work.told("astronaut.jpg")) == 1


def test_the_contact_sheet_shows_and_opens_every_picture(at_work: Person) -> None:
    at_work.press("c")
    at_work.sees("#contact")
    at_work.counts("#contact .contact > li", 2)
    for image in at_work.page.locator("#contact img").all():
        assert "colour=1" in str(image.get_attribute("src"))
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 160
    before = at_work.page.locator("#contact").get_by_role("button", name="Before")
    at_work.click(before)
    assert "colour=1" not in str(at_work.page.locator("#contact img").first.get_attribute("src"))
    at_work.click(at_work.page.locator("#contact .cell").nth(1))
    at_work.sees_not("#contact")
    at_work.reads("#title", "coffee.png|astronaut.jpg")


def test_keys_are_listed(at_work: Person) -> None:
    at_work.press("?")
    at_work.sees("#keys")
    at_work.reads("#keys", "undo")
    at_work.press("Escape")
    at_work.sees_not("#keys")


def test_a_narrow_screen_holds_everything(visit: Callable[..., Person], album: Path) -> None:
    person = visit(viewport={"width": 420, "height": 840}, color_scheme="dark", has_touch=True)
    person.give(album / "astronaut.jpg")
    person.settle()
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 420
    person.hint(40, 40)
    assert len(person.told("astronaut.jpg")) == 1
    for button in ("#undo", "#write", "#compare"):
        assert person.page.locator(button).is_visible()


def test_who_wants_no_motion_sees_none(visit: Callable[..., Person], album: Path) -> None:
    person = visit(reduced_motion="reduce")
    person.give(album / "astronaut.jpg")
    person.settle()
    person.sees("#questions button")
    running = "document.getAnimations().filter(({ playState }) => playState === 'running')"
    moving = f"{running}.filter(({{ effect }}) => effect.getComputedTiming().duration > 10).length"
    assert person.page.evaluate(moving) == 0
