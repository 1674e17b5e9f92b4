"""What is chosen for a whole picture: strength and warmth, a mask, a model of one's own references."""

from __future__ import annotations

import io
import shlex
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featcolor.commands.program import build_parser
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import as_depth
from tests.samples import write_rgb
from tests.studio.browser.library import JPEG_ERROR, coloured, is_same
from tests.studio.browser.person import Person

NAME = "coffee.png"


@pytest.fixture
def at_work(person: Person, album: Path) -> Person:
    """Somebody with a picture open."""
    person.give(album / NAME)
    person.settle()
    return person


def test_sliders_choose_for_the_whole_picture_and_say_their_option(at_work: Person, album: Path) -> None:
    chosen = {"saturation": 0.5, "warmth": -0.6, "boldness": 0.9}
    for count, (name, value) in enumerate(chosen.items(), 1):
        label = {"saturation": "Strength", "warmth": "Warmth", "boldness": "Boldness"}[name]
        at_work.page.locator("#whole").get_by_role("slider", name=label).fill(str(value))
        at_work.reads("#whole code", f"^--{name}$")
        now = dict(list(chosen.items())[:count])
        assert is_same(at_work.pixels(), coloured(album / NAME, choices=now))
    kept = at_work.picture(NAME)["choices"]
    assert {name: kept[name] for name in chosen} == chosen
    at_work.click(at_work.page.locator("#whole").get_by_role("button", name="Warmth as the model has it"))
    assert is_same(at_work.pixels(), coloured(album / NAME, choices=chosen | {"warmth": None}))
    at_work.press("z", "z", "z", "z")
    assert is_same(at_work.pixels(), coloured(album / NAME))


def test_a_filter_and_repairs_are_chosen(at_work: Person, album: Path) -> None:
    at_work.page.get_by_label("Refinement").select_option("guided")
    assert is_same(at_work.pixels(), coloured(album / NAME, choices={"refine": "guided"}))
    at_work.page.locator("#whole").get_by_role("checkbox", name="contrast").check()
    repaired = at_work.pixels()
    assert not is_same(repaired, coloured(album / NAME, choices={"refine": "guided"}))
    assert at_work.picture(NAME)["choices"]["prepare"] == "contrast"


def test_the_command_line_is_what_the_studio_says(at_work: Person) -> None:
    at_work.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at_work.hint(50, 50)
    at_work.page.locator("#whole").get_by_role("slider", name="Warmth").fill("0.35")
    at_work.settle()
    at_work.click("#copy-command")
    at_work.reads("#status", "copied")
    copied = str(at_work.page.evaluate("navigator.clipboard.readText()"))
    assert copied == at_work.picture(NAME)["command"]
    program, *words = shlex.split(copied)
    assert program == "featcolor"
    parsed = build_parser().parse_args(words)
    assert parsed.warmth == 0.35
    assert parsed.hints


def test_only_a_part_is_coloured(at_work: Person, album: Path) -> None:
    at_work.page.locator("#mask-tools summary").click()
    tools = {
        "Rectangle": [(8, 8), (70, 90)],
        "Brush": [(30, 20), (30, 80)],
        "Lasso": [(8, 8), (90, 10), (80, 90), (10, 80)],
    }
    plain = as_depth(read_picture(album / NAME).pixels, np.uint8)
    free = coloured(album / NAME).astype(int)
    for tool, way in tools.items():
        at_work.page.locator("#mask-tools").get_by_role("radio", name=tool).click()
        with at_work.recolouring():
            at_work.drag(*way)
        shown, where = at_work.pixels().astype(int), mask_of(at_work)
        assert 0.05 < where.mean() < 0.8
        assert np.abs(shown - free)[where].mean() < JPEG_ERROR
        assert np.abs(shown - plain)[~where].mean() < JPEG_ERROR
        assert at_work.picture(NAME)["mask"]
        with at_work.recolouring():
            at_work.click(at_work.page.locator("#mask-tools").get_by_role("button", name="Colour all of it"))
        at_work.reads("#mask-tools summary", "^Only a part$")
        assert is_same(at_work.pixels(), coloured(album / NAME))
        assert not at_work.picture(NAME)["mask"]


def mask_of(person: Person) -> NDArray[np.bool_]:
    """Where the studio was told to colour."""
    address = f"api/pictures/{person.picture(NAME)['id']}/mask.png"
    code = "path => fetch(path).then((answer) => answer.bytes()).then((bytes) => [...bytes])"
    return np.asarray(Image.open(io.BytesIO(bytes(person.page.evaluate(code, address)))).convert("L")) > 127


def test_a_mask_is_drawn_back_and_forth_and_is_there_after_a_reload(at_work: Person, album: Path) -> None:
    at_work.page.locator("#mask-tools summary").click()
    at_work.page.locator("#mask-tools").get_by_role("radio", name="Rectangle").click()
    with at_work.recolouring():
        at_work.drag((8, 8), (70, 90))
    masked = at_work.pixels()
    with at_work.recolouring():
        at_work.press("z")
    assert is_same(at_work.pixels(), coloured(album / NAME))
    with at_work.recolouring():
        at_work.press("Shift+Z")
    assert is_same(at_work.pixels(), masked)
    at_work.page.reload()
    assert is_same(at_work.pixels(), masked)
    at_work.reads("#mask-tools summary", "drawn")


def test_an_album_of_references_is_learned_and_chosen(
    at_work: Person, album: Path, photographs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    before = at_work.pixels()
    files = [write_rgb(tmp_path / f"{name}.png", photographs[name]) for name in ("china", "flower", "rocket")]
    at_work.page.locator("#references summary").click()
    with at_work.recolouring():
        at_work.page.set_input_files("#references input[type=file]", [str(path) for path in files])
    at_work.reads("#references", "Learned")
    at_work.counts("#references .names > li", 3)
    learned = at_work.pixels()
    assert not np.array_equal(learned, before)
    model = at_work.page.get_by_label("Model of all pictures")
    assert model.input_value() == "album"

    at_work.click(at_work.page.locator("#references").get_by_role("button", name="Side by side"))
    at_work.counts("#models figure", 2)
    default = at_work.page.locator("#models figure", has_text="Default model")
    at_work.click(default.get_by_role("button", name="For this picture"))
    assert np.array_equal(at_work.pixels(), before)
    assert at_work.picture(NAME)["choices"]["model"] == "default"
    at_work.press("z")
    assert np.array_equal(at_work.pixels(), learned)
    with at_work.recolouring():
        model.select_option("default")
    assert np.array_equal(at_work.pixels(), before)


def test_a_model_file_is_dropped_and_chosen(at_work: Person, tiny_model: Path) -> None:
    before = at_work.pixels()
    at_work.drop(tiny_model, on="#stage")
    at_work.reads("#status", "tiny")
    at_work.page.locator("#references summary").click()
    with at_work.recolouring():
        at_work.page.get_by_label("Model of all pictures").select_option(label="tiny")
    assert not np.array_equal(at_work.pixels(), before)
