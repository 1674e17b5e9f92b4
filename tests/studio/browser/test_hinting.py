"""Hints told on the picture: what is clicked, dragged and typed colours the canvas as the library would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.studio.browser.library import coloured, is_same
from tests.studio.browser.person import Person

NAME = "astronaut.jpg"


@pytest.fixture
def at_work(person: Person, album: Path) -> Person:
    """Somebody with a picture open."""
    person.give(album / NAME)
    person.settle()
    return person


def shows_what_was_told(person: Person, album: Path, count: int) -> list[dict[str, Any]]:
    """The hints, after the canvas was compared with the library's answer to them."""
    shown = person.pixels()
    told = list(person.told(NAME))
    assert len(told) == count
    assert person.page.locator("#marks button.mark").count() == count
    assert is_same(shown, coloured(album / NAME, told))
    return told


def warmth_at(picture: NDArray[np.uint8], x: int, y: int) -> int:
    return int(picture[y, x, 0]) - int(picture[y, x, 2])


def test_two_clicks_give_a_place_a_likely_colour(at_work: Person, album: Path) -> None:
    before = at_work.pixels()
    at_work.clicks = 0
    at_work.click_picture(100, 120)
    at_work.sees("#palette", "#palette .suggestion", "#marks .pending")
    assert "%" in at_work.page.locator("#palette .suggestion").first.inner_text()
    at_work.click(at_work.page.locator("#palette .suggestion").last)
    at_work.sees_not("#palette")
    (told,) = shows_what_was_told(at_work, album, 1)
    assert told["points"] == [[100, 120]]
    assert at_work.clicks == 2
    assert not np.array_equal(before, at_work.pixels())
    at_work.reads("#status", "Coloured with 1 hint in")


def test_a_name_a_code_and_grey(at_work: Person, album: Path) -> None:
    at_work.click_picture(30, 30)
    at_work.page.fill("#palette input[type=search]", "navy")
    at_work.press("Enter")
    navy = shows_what_was_told(at_work, album, 1)[0]["colour"]
    names = [each for group in at_work.api("api/names")["groups"].values() for each in group.items()]
    assert navy in [code for name, code in names if "navy" in name]

    at_work.click_picture(110, 90)
    at_work.page.fill("#palette .hex", "#a02020")
    at_work.settle()
    assert len(at_work.told(NAME)) == 1, "what is tried is not told yet"
    assert warmth_at(at_work.pixels(), 110, 90) > 30
    at_work.press("Enter")
    assert shows_what_was_told(at_work, album, 2)[1] == {"points": [[110, 90]], "colour": "#a02020", "radius": 0.0}

    at_work.click_picture(60, 140)
    at_work.click(at_work.page.locator("#palette").get_by_role("button", name="Keep grey"))
    assert shows_what_was_told(at_work, album, 3)[2]["colour"] == "#808080"
    assert np.ptp(at_work.pixels()[140, 60].astype(int)) < 12


def test_the_wheel_is_turned_by_pointer_and_keys(at_work: Person, album: Path) -> None:
    at_work.click_picture(100, 100)
    wheel = at_work.page.locator("#palette .wheel")
    box = wheel.bounding_box()
    assert box is not None
    at_work.clicks += 1
    at_work.page.mouse.click(box["x"] + 0.85 * box["width"], box["y"] + 0.5 * box["height"])
    reddish = at_work.pixels()
    assert warmth_at(reddish, 100, 100) > 20
    colour = at_work.page.locator("#palette .hex").input_value()
    wheel.press("ArrowUp")
    assert at_work.page.locator("#palette .hex").input_value() != colour
    colour = at_work.page.locator("#palette .hex").input_value()
    at_work.click(at_work.page.locator("#palette").get_by_role("button", name="Done"))
    (told,) = shows_what_was_told(at_work, album, 1)
    assert told["colour"] == colour


def test_escape_leaves_all_as_it_was(at_work: Person, album: Path) -> None:
    before = at_work.pixels()
    at_work.click_picture(100, 100)
    at_work.page.fill("#palette .hex", "#2020a0")
    assert not is_same(at_work.pixels(), before)
    at_work.press("Escape")
    at_work.sees_not("#palette")
    assert is_same(at_work.pixels(), before)
    assert not at_work.told(NAME)
    assert at_work.page.locator("#undo").is_disabled()


def test_a_stroke_is_dragged(at_work: Person, album: Path) -> None:
    at_work.drag((20, 100), (60, 110), (90, 105))
    at_work.click(at_work.page.locator("#palette .suggestion").first)
    (told,) = shows_what_was_told(at_work, album, 1)
    points = np.array(told["points"])
    assert len(points) > 3
    assert np.abs(points[0] - (20, 100)).max() <= 1
    assert np.abs(points[-1] - (90, 105)).max() <= 1


def test_a_hint_is_moved_recoloured_and_deleted_and_all_of_it_undone(at_work: Person, album: Path) -> None:
    pictures = [at_work.pixels()]
    at_work.hint(40, 60)
    pictures.append(at_work.pixels())

    at_work.drag((40, 60), (80, 90), (120, 140))
    (told,) = shows_what_was_told(at_work, album, 1)
    assert np.abs(np.array(told["points"][0]) - (120, 140)).max() <= 1
    pictures.append(at_work.pixels())

    at_work.click_picture(*told["points"][0])
    at_work.page.fill("#palette .hex", "#20a020")
    at_work.press("Enter")
    (told,) = shows_what_was_told(at_work, album, 1)
    assert told["colour"] == "#20a020"
    pictures.append(at_work.pixels())

    at_work.page.locator("#marks button.mark").focus()
    at_work.press("Delete")
    shows_what_was_told(at_work, album, 0)
    pictures.append(at_work.pixels())
    assert is_same(pictures[0], pictures[-1])

    for before in reversed(pictures[:-1]):
        at_work.click("#undo")
        assert np.array_equal(at_work.pixels(), before)
    assert at_work.page.locator("#undo").is_disabled()
    for after in pictures[1:]:
        at_work.press("Shift+Z")
        assert np.array_equal(at_work.pixels(), after)
    assert at_work.page.locator("#redo").is_disabled()
    at_work.press("z", "Control+z")
    assert np.array_equal(at_work.pixels(), pictures[2])


def test_a_question_is_answered(at_work: Person, album: Path) -> None:
    question = at_work.page.locator("#questions button").first
    question.wait_for()
    at_work.click(question)
    at_work.click(at_work.page.locator("#palette .suggestion").first)
    shows_what_was_told(at_work, album, 1)
    at_work.press("q")
    at_work.counts("#questions button", 0)
    at_work.press("h")
    assert at_work.page.locator("#marks button.mark").first.is_hidden()
    at_work.press("h")
    assert at_work.page.locator("#marks button.mark").first.is_visible()


def test_a_hint_without_a_mouse(at_work: Person, album: Path) -> None:
    at_work.page.locator("#stage").focus()
    at_work.press("Alt+ArrowRight", "Alt+ArrowRight", "Alt+ArrowDown", "Alt+Shift+ArrowDown")
    at_work.reads("#status", r"Cursor at \d+, \d+")
    at_work.press("Enter")
    at_work.sees("#palette .suggestion")
    at_work.press("2")
    at_work.sees_not("#palette")
    (told,) = shows_what_was_told(at_work, album, 1)
    at_work.page.locator("#marks button.mark").focus()
    at_work.press("Alt+ArrowLeft")
    (moved,) = shows_what_was_told(at_work, album, 1)
    assert moved["points"][0][0] < told["points"][0][0]
    at_work.press("Enter")
    at_work.sees("#palette .suggestion")
    at_work.press("g")
    assert shows_what_was_told(at_work, album, 1)[0]["colour"] == "#808080"
    at_work.press("z", "z", "z")
    shows_what_was_told(at_work, album, 0)


def test_a_colour_out_of_another_picture(at_work: Person, album: Path) -> None:
    at_work.give(album / "coffee.png")
    at_work.click_picture(90, 90)
    at_work.click(at_work.page.locator("#palette").get_by_role("button", name="From a picture"))
    at_work.sees("#palette .dropper canvas")
    at_work.click(at_work.page.locator("#palette .strip button").nth(1))
    canvas = at_work.page.locator("#palette .dropper canvas")
    canvas.focus()
    at_work.press("ArrowRight", "ArrowDown", "Enter")
    at_work.sees("#palette .hex")
    taken = at_work.page.locator("#palette .hex").input_value()
    at_work.click(at_work.page.locator("#palette").get_by_role("button", name="Done"))
    assert shows_what_was_told(at_work, album, 1)[0]["colour"] == taken


def test_only_the_last_of_many_changes_counts(at_work: Person, album: Path) -> None:
    """Faster than the studio answers."""
    at_work.hint(100, 100)
    for code in ("#ff0000", "#00ff00", "#0000ff", "#c08040"):
        at_work.page.locator(".hints .line").click()
        at_work.page.fill("#palette .hex", code)
        at_work.press("Enter")
    assert shows_what_was_told(at_work, album, 1)[0]["colour"] == "#c08040"
    at_work.press("z", "z", "z", "z", "z")
    shows_what_was_told(at_work, album, 0)
