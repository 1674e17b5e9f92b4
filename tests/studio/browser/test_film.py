"""A film in the page: its shots, a frame corrected, a shot tried, the whole written; a reload loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.studio.browser.person import Person
from tests.studio.serving import wait_for
from tests.video.samples import COUNT, make_reel, read

SHOTS = "#film-shots > li"
FRAME = """video => new Promise((answer) => video.requestVideoFrameCallback(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  answer([canvas.width, canvas.height, ...context.getImageData(0, 0, canvas.width, canvas.height).data]);
}))"""


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reel(tmp_path_factory.mktemp("film") / "reel.mp4", "h264")


@pytest.fixture
def viewer(visit: Callable[..., Person], reel: Path) -> Person:
    """Somebody who has given a film, and sees its shots and the first of their key frames in colour."""
    person = visit()
    person.give(reel)
    person.counts(SHOTS, 2)
    shows(person, key_of(person, 0))
    person.click("#questions-toggle")  # a pulse that comes under the mouse takes its click
    return person


def key_of(person: Person, shot: int) -> int:
    """The key frame of a shot."""
    return int(person.api("api/workspace")["films"][0]["shots"][shot]["key"])


def shows(person: Person, frame: int) -> None:
    """Wait until a frame stands on the stage in colour."""

    def opened() -> str | None:
        return {each["frame"]: each["id"] for each in person.api("api/workspace")["pictures"]}.get(frame)

    person.sees(f"#colour[data-picture='{wait_for(opened)}']")
    person.settle()


def open_shot(person: Person, shot: int) -> None:
    """Click a shot, and wait for its key frame."""
    person.click(person.page.locator(f"{SHOTS} button").nth(shot))
    shows(person, key_of(person, shot))


def try_shot(person: Person) -> np.ndarray:
    """A frame of the shot as it plays when it was tried, (h, w, 3)."""
    person.click("#film-try")
    person.sees("#film-player video")
    width, height, *codes = person.page.locator("#film-player video").evaluate(FRAME)
    return np.array(codes, np.uint8).reshape(height, width, 4)[..., :3]


def test_a_film_shows_its_shots_and_a_frame_of_the_first(viewer: Person) -> None:
    viewer.reads("#film-words", f"2 shots · {COUNT} frames")
    viewer.reads("#title", "^reel.mp4, frame ")
    assert (
        viewer.page.locator(f"{SHOTS} img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
        == 96
    )
    viewer.sees_not("#write", "#whole", "#film-next")


def test_a_shot_is_tried_plays_in_colour_and_tells_how_sure_it_is(viewer: Person) -> None:
    open_shot(viewer, 1)
    seen = try_shot(viewer)
    assert seen.shape == (60, 96, 3)
    assert np.ptp(seen.astype(int), axis=2).mean() > 3
    level, whole = (
        viewer.page.locator(f"{SHOTS}[data-shot='1'] {each}").bounding_box() for each in (".level span", ".level")
    )
    # It has no key frame, and no hint.
    assert level["width"] == 0 < whole["width"]
    assert "all of it a guess" in str(viewer.page.locator(f"{SHOTS} button").nth(1).get_attribute("aria-label"))
    video = viewer.page.locator("#film-player video")
    assert video.evaluate("video => video.loop && video.muted && !video.paused")
    viewer.press("Space")
    assert video.evaluate("video => video.paused")
    divide = viewer.page.locator("#film-player input")
    divide.fill("100")
    grey = viewer.page.locator("#film-player .greyed").evaluate("side => getComputedStyle(side).backdropFilter")
    assert grey == "grayscale(1)"
    viewer.press("Escape")
    viewer.sees_not("#film-player")


def test_hints_on_a_frame_that_was_scrubbed_to_are_carried_over_its_shot(viewer: Person) -> None:
    open_shot(viewer, 1)
    plain = try_shot(viewer)
    viewer.press("Escape")
    viewer.page.locator("#film-frame").fill(str(COUNT - 4))
    shows(viewer, COUNT - 4)
    viewer.click_picture(48, 30)
    viewer.page.fill("#palette input[placeholder^='#']", "#d02010")
    viewer.press("Enter")
    viewer.sees_not("#palette")
    viewer.settle()
    viewer.reads("#film-try", "Try this shot")
    told = try_shot(viewer)
    assert (told[..., 0].astype(int) - plain[..., 0]).mean() > 3, "redder"
    (film,) = viewer.api("api/workspace")["films"]
    assert film["corrected"] == [COUNT - 4]


def test_a_reload_comes_back_to_the_frame_while_the_shot_is_tried(viewer: Person) -> None:
    open_shot(viewer, 1)
    viewer.hint(30, 20)
    title = viewer.title()
    viewer.click("#film-try")
    viewer.page.reload()
    viewer.counts(SHOTS, 2)
    viewer.settle()
    assert viewer.title() == title
    assert viewer.page.locator("[aria-current=true]", has=viewer.page.locator(".level")).count() == 1
    viewer.sees("#film-play")
    viewer.click("#film-play")
    viewer.sees("#film-player video")


def test_the_film_is_written_and_fetched(viewer: Person, tmp_path: Path) -> None:
    viewer.click("#film-write")
    viewer.sees("#film-file")
    with viewer.page.expect_download() as fetched:
        viewer.click("#film-file")
    fetched.value.save_as(tmp_path / "coloured.mp4")
    assert fetched.value.suggested_filename == "reel-colour.mp4"
    frames = read(tmp_path / "coloured.mp4")
    assert len(frames) == COUNT
    assert max(int(np.ptp(frame.cb)) for frame in frames) > 3
    viewer.reads(f"{SHOTS}[data-shot='1']", "a guess")


def test_arrows_go_from_shot_to_shot_and_the_album_goes_on_beside(viewer: Person, album: Path) -> None:
    viewer.page.locator("#stage").focus()
    viewer.press("ArrowRight")
    shows(viewer, key_of(viewer, 1))
    viewer.give(album / "astronaut.jpg")
    viewer.open("astronaut.jpg")
    viewer.sees_not("#film")
    viewer.sees("#whole", "#write")
    viewer.click(viewer.item("reel.mp4").locator("button.item"))
    viewer.counts(SHOTS, 2)
    viewer.reads("#title", "^reel.mp4, frame ")


def test_what_is_no_film_says_so(person: Person, tmp_path: Path) -> None:
    (tmp_path / "none.mp4").write_bytes(b"no film at all")
    person.forgiven.append("status of 422")
    person.page.set_input_files("#drop", str(tmp_path / "none.mp4"))
    person.reads("#album", "none.mp4.*not a film")


def test_a_film_is_taken_out_with_all_that_was_told_of_it(viewer: Person) -> None:
    viewer.forgiven.append("status of 404")  # what was asked of its frame meanwhile
    viewer.hint(30, 20)
    viewer.reads("#told", "1 hint")
    viewer.page.locator("#album li[data-film]").hover()
    viewer.take_out("reel.mp4")
    viewer.click(viewer.page.get_by_role("button", name="Take it out"))
    viewer.sees_not("#film", "#album li[data-film]")
    assert not viewer.api("api/workspace")["films"]
