"""Pictures come in by every way, and are coloured unasked."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from tests.studio.browser.library import coloured, is_same
from tests.studio.browser.person import IN_ALBUM, Person


def test_who_has_no_picture_sees_where_to_drop_one(person: Person) -> None:
    person.sees("#welcome")
    person.reads("#welcome", "Drop")
    assert person.page.locator("#stage").is_hidden()


def test_a_chosen_picture_is_coloured_at_once_as_the_library_does(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg")
    assert is_same(person.pixels(), coloured(album / "astronaut.jpg"))
    assert np.ptp(person.pixels("#grey").astype(int), axis=2).max() < 10
    person.reads("#status", "Coloured in")
    person.reads("#title", "astronaut.jpg")


def test_dropped_pictures_are_in_the_album_and_the_first_is_open(person: Person, album: Path) -> None:
    person.drop(album / "coffee.png", album / "astronaut.jpg")
    person.counts(IN_ALBUM, 2)
    person.settle()
    name = person.title()
    assert is_same(person.pixels(), coloured(album / name))
    person.drop(album / "below" / "chelsea.tif", on="#stage")
    person.counts(IN_ALBUM, 3)
    person.open("chelsea.tif")
    assert is_same(person.pixels(), coloured(album / "below" / "chelsea.tif"))


def test_a_picture_out_of_the_clipboard(person: Person, album: Path) -> None:
    content = base64.b64encode((album / "coffee.png").read_bytes()).decode()
    person.page.evaluate(
        """content => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        content,
    )
    person.reads("#title", r"\.png")
    assert is_same(person.pixels(), coloured(album / "coffee.png"))


def test_what_is_no_picture_is_named_and_the_others_come_in(person: Person, album: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes((album / "astronaut.jpg").read_bytes()[:300])
    (tmp_path / "<img src=x onerror=alert(1)>.png").write_bytes(b"no picture")
    person.forgiven.append("status of 4(15|22)")
    person.drop(*tmp_path.iterdir(), album / "astronaut.jpg")
    person.reads("#title", "astronaut.jpg")
    person.settle()
    person.counts("#album [data-state=broken]", 2)
    broken = person.page.locator("#album [data-state=broken]").all_inner_texts()
    assert all("broken.jpg" in words or "<img" in words for words in broken)
    person.click(person.page.locator("#album [data-state=broken] button").first)
    person.counts("#album [data-state=broken]", 1)


def test_a_reload_comes_back_to_the_same_picture_with_its_hints(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.open("coffee.png")
    person.hint(40, 30)
    before = person.pixels()
    person.page.reload()
    person.reads("#title", "coffee.png")
    assert is_same(person.pixels(), before)
    assert len(person.told("coffee.png")) == 1
    assert person.page.locator("#marks .mark").count() == 1
    person.click("#undo")
    assert is_same(person.pixels(), coloured(album / "coffee.png")), "undo goes back beyond the reload"


def test_pictures_are_taken_out_again(person: Person, album: Path) -> None:
    person.forgiven.append("status of 422")  # a view that is on its way when its picture goes
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.take_out("astronaut.jpg")
    person.counts(IN_ALBUM, 1)
    person.reads("#title", "coffee.png")
    person.settle()
    person.take_out("coffee.png")
    person.sees("#welcome")


def test_arrows_go_through_the_album(person: Person, album: Path) -> None:
    person.give(album / "astronaut.jpg", album / "coffee.png")
    person.settle()
    names = ["astronaut.jpg", "coffee.png"]
    here = names.index(person.title())
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        person.press(key)
        here = 1 - here
        person.reads("#title", names[here])
    assert is_same(person.pixels(), coloured(album / names[here]))
