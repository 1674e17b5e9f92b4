"""Who hears the page, has no mouse, or sees little: names, roles, order and contrast in every state of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studio.browser.person import Person

AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8").rstrip().rstrip(";")
NAMED = {
    *("button", "checkbox", "combobox", "dialog", "image", "link", "progressbar", "radio", "radiogroup", "searchbox"),
    *("slider", "spinbutton", "switch", "textbox"),
}
"""Roles that mean nothing without a name."""
FOCUSED = "document.activeElement?.dataset.reach ?? null"


def nothing(person: Person, album: Path) -> None:
    person.sees("#welcome")


def a_picture(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.settle()
    person.hint(40, 40)
    person.sees("#questions button")


def the_palette(person: Person, album: Path) -> None:
    a_picture(person, album)
    person.click_picture(100, 100)
    person.sees("#palette .suggestion")
    person.page.fill("#palette input[type=search]", "blue")
    person.page.fill("#palette .hex", "#203080")
    person.settle()


def every_panel(person: Person, album: Path) -> None:
    a_picture(person, album)
    for panel in ("#mask-tools", "#references"):
        person.page.locator(f"{panel} summary").click()
    person.page.locator("#mask-tools").get_by_role("radio", name="Brush").click()
    with person.recolouring():
        person.drag((20, 20), (60, 60))
    person.click("#write-all")
    person.reads("#status", "Written")
    person.click("#copy-command")
    person.sees("#whole .command")


def the_contact_sheet(person: Person, album: Path) -> None:
    a_picture(person, album)
    person.click("#contact-open")
    person.sees("#contact img")


def the_keys(person: Person, album: Path) -> None:
    a_picture(person, album)
    person.click("#keys-open")
    person.sees("#keys")


def a_broken_picture(person: Person, album: Path) -> None:
    broken = album.parent / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    person.forgiven.append("status of 422")
    person.drop(broken)
    person.sees("#album [data-state=broken]")


STATES: list[Callable[..., None]] = [
    nothing,
    a_picture,
    the_palette,
    every_panel,
    the_contact_sheet,
    the_keys,
    a_broken_picture,
]


def is_right(person: Person) -> None:
    wrong = [each for what in ("markup", "contrast") for each in person.page.evaluate(AUDIT, what)]
    session = person.context.new_cdp_session(person.page)
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        if role in NAMED and not node["ignored"] and not name.strip():
            found = session.send("DOM.getOuterHTML", {"backendNodeId": node["backendDOMNodeId"]})["outerHTML"]
            wrong.append(f"no name: {found[:100]}")
    session.detach()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_all_that_is_shown_is_named_and_read(
    visit: Callable[..., Person], album: Path, state: Callable[..., None]
) -> None:
    person = visit(reduced_motion="reduce")
    state(person, album)
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        is_right(person)


def test_the_page_has_landmarks(person: Person, album: Path) -> None:
    a_picture(person, album)
    for role in ("main", "navigation", "banner"):
        assert person.page.get_by_role(role).count() == 1
    assert person.page.locator("#status").get_attribute("role") == "status"


@pytest.mark.parametrize("state", [a_picture, the_palette, the_contact_sheet], ids=lambda state: state.__name__)
def test_tab_comes_to_every_control(person: Person, album: Path, state: Callable[..., None]) -> None:
    state(person, album)
    if state is not the_palette:
        person.page.evaluate("document.activeElement.blur()")
    count = int(person.page.evaluate(AUDIT, "reach"))
    if state is the_palette:
        inside = "[...document.querySelectorAll('#palette [data-reach]')].map((each) => each.dataset.reach)"
        wanted = set(person.page.evaluate(inside))
    else:
        wanted = {str(each) for each in range(count)}
    reached = set()
    for _ in range(count + 4):
        person.press("Tab")
        reached.add(person.page.evaluate(FOCUSED))
    missed = [
        person.page.locator(f"[data-reach='{each}']").evaluate("each => each.outerHTML.slice(0, 90)")
        for each in wanted - reached
    ]
    assert not missed
    if state is the_palette:
        assert reached == wanted, "a dialog keeps the focus"


def test_focus_comes_back_from_the_palette_and_dialogs(person: Person, album: Path) -> None:
    a_picture(person, album)
    focused = "document.activeElement.id || document.activeElement.className"
    person.page.locator("#stage").focus()
    person.press("Alt+ArrowLeft", "Enter")
    person.sees("#palette .suggestion")
    person.press("Escape")
    assert person.page.evaluate(focused) == "stage"
    person.page.locator("#keys-open").focus()
    person.press("Enter")
    person.sees("#keys")
    person.press("Escape")
    assert person.page.evaluate(focused) == "keys-open"
