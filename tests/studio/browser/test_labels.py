"""Who hears the page, has no mouse, or sees little: names, roles, order and contrast in every state of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.studio.browser.person import Person

AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8").rstrip().rstrip(";")
NAMED = {
    *("button", "checkbox", "combobox", "dialog", "image", "link", "progressbar", "radio", "radiogroup", "searchbox"),
    *("slider", "spinbutton", "switch", "textbox"),
}
"""Roles that mean nothing without a name."""


def what_is_wrong(person: Person) -> list[str]:
    """With the page as it is now, in light and in dark."""
    wrong: list[str] = []
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        wrong += [each for what in ("markup", "contrast") for each in person.page.evaluate(AUDIT, what)]
    session = person.context.new_cdp_session(person.page)
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        if role in NAMED and not node["ignored"] and not name.strip():
            found = session.send("DOM.getOuterHTML", {"backendNodeId": node["backendDOMNodeId"]})["outerHTML"]
            wrong.append(f"no name: {found[:100]}")
    session.detach()
    return wrong


def is_reached(person: Person, within: str = "") -> None:
    """Whether Tab comes to every control, or to those within something, and to no other."""
    count = int(person.page.evaluate(AUDIT, "reach"))
    wanted = {
        each.get_attribute("data-reach"): each.evaluate("each => each.outerHTML.slice(0, 90)")
        for each in person.page.locator(f"{within} [data-reach]").all()
    }
    assert wanted
    person.press(*["Tab"] * (2 + (len(wanted) if within else count)))
    reached = set(person.page.evaluate("[...reached]"))
    assert not [shown for number, shown in wanted.items() if number not in reached]
    assert not within or reached <= set(wanted), "only the browser itself is beside a dialog"


def test_all_that_is_shown_is_named_and_read(visit: Callable[..., Person], album: Path, tmp_path: Path) -> None:
    """One walk through the page, from the first sight of it to a picture that cannot be read."""
    person = visit(reduced_motion="reduce")
    page, wrong = person.page, {}
    person.sees("#welcome")
    wrong["nothing"] = what_is_wrong(person)

    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.hint(40, 40)
    person.sees("#questions button")
    for role in ("main", "navigation", "banner"):
        assert page.get_by_role(role).count() == 1
    assert page.locator("#status").get_attribute("role") == "status"
    wrong["a picture"] = what_is_wrong(person)

    person.click_picture(100, 100)
    person.sees("#palette .suggestion")
    page.fill("#palette input[type=search]", "blue")
    page.fill("#palette .hex", "#203080")
    person.settle()
    wrong["the palette"] = what_is_wrong(person)
    person.click(page.locator("#palette").get_by_role("button", name="From a picture"))
    person.sees("#palette .dropper")
    wrong["the dropper"] = what_is_wrong(person)
    person.press("Escape", "Escape")

    for panel in ("#mask-tools", "#references"):
        page.locator(f"{panel} summary").click()
    page.locator("#mask-tools").get_by_role("radio", name="Brush").click()
    with person.recolouring():
        person.drag((20, 20), (60, 60))
    person.click("#write-all")
    person.reads("#status", "Written")
    person.click("#copy-command")
    person.sees("#whole .command")
    wrong["every panel"] = what_is_wrong(person)

    for dialog in ("#contact", "#keys"):
        person.click(f"{dialog}-open")
        person.sees(dialog)
        wrong[dialog] = what_is_wrong(person)
        person.press("Escape")

    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    person.forgiven.append("status of 422")
    person.drop(tmp_path / "broken.jpg", on="#stage")
    person.sees("#album [data-state=broken]")
    wrong["a broken picture"] = what_is_wrong(person)
    assert not any(wrong.values()), {state: found for state, found in wrong.items() if found}


def test_tab_comes_to_every_control(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.hint(40, 40)
    person.sees("#questions button")
    is_reached(person)
    person.click("#contact-open")
    person.sees("#contact img")
    is_reached(person, "#contact")
    person.press("Escape")
    person.click_picture(100, 100)
    person.sees("#palette .suggestion")
    is_reached(person, "#palette")


def test_focus_comes_back_from_the_palette_and_dialogs(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg")
    person.settle()
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
