"""colorize --mask and --region as a person types them: where colour goes, what is told, what is refused."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from featcolor.commands import main
from featcolor.pictures.io import read_picture
from tests.samples import grey, read_rgb, write_rgb, written

Photographs = dict[str, NDArray[np.uint8]]

LEFT = "0,0,50%,100%"


@pytest.fixture
def card(
    tmp_path: Path, photographs: Photographs, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> NDArray[np.uint8]:
    """`card.png`, a toned picture, and `left.png`, a mask of its left half, in a fresh working folder."""
    picture = np.asarray(grey(photographs["china"])[..., None] * [1, 0.9, 0.7], np.uint8)
    write_rgb(tmp_path / "card.png", picture)
    write_rgb(tmp_path / "left.png", half(picture))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return picture


@pytest.fixture
def batch(card: NDArray[np.uint8], photographs: Photographs) -> None:
    """A folder `old` of three pictures, and `masks` with one of `old/deep/coffee.jpg`."""
    write_rgb(Path("old/china.png"), card)
    write_rgb(Path("old/deep/coffee.jpg"), photographs["coffee"])
    write_rgb(Path("old/deep/er/rocket.tif"), photographs["rocket"])
    write_rgb(Path("masks/deep/coffee.png"), half(photographs["coffee"]))


def half(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[:, : mask.shape[1] // 2] = 255
    return mask


def outside(name: str | Path) -> NDArray[np.uint8]:
    """The right half of a picture."""
    picture = read_rgb(Path(name))
    return picture[:, picture.shape[1] // 2 :]


def inside(name: str | Path) -> NDArray[np.uint8]:
    """The left half of a picture."""
    picture = read_rgb(Path(name))
    return picture[:, : picture.shape[1] // 2]


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("words", [["--mask", "left.png"], ["--region", LEFT], ["--region", "0,0,100%,100%"]])
def test_colour_goes_where_the_mask_is_white_and_nowhere_else(card: NDArray[np.uint8], words: list[str]) -> None:
    assert main(["colorize", "card.png", "-o", "whole.png"]) == 0
    assert main(["colorize", "card.png", "-o", "new.png", *words]) == 0
    np.testing.assert_array_equal(inside("new.png"), inside("whole.png"))
    everywhere = words[-1] == "0,0,100%,100%"
    np.testing.assert_array_equal(outside("new.png"), outside("whole.png" if everywhere else "card.png"))


def test_sixteen_bits_and_alpha_stay_code_for_code_outside(card: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(0)
    deep = card.astype(np.uint16) * 256 + rng.integers(0, 256, card.shape, np.uint16)
    tifffile.imwrite("deep.tif", deep, photometric="rgb")
    opacity = rng.integers(0, 256, card.shape[:2], np.uint8)
    Image.fromarray(np.dstack([card, opacity])).save("clear.png")
    for name in ("deep.tif", "clear.png"):
        assert main(["colorize", name, "-o", f"new-{name}", "--mask", "left.png"]) == 0
        given, made = read_picture(name), read_picture(f"new-{name}")
        assert made.pixels.dtype == given.pixels.dtype
        right = card.shape[1] // 2
        np.testing.assert_array_equal(made.pixels[:, right:], given.pixels[:, right:])
        assert (made.pixels[:, :right] != given.pixels[:, :right]).any()
        assert (made.alpha is None) == (given.alpha is None)
        if given.alpha is not None:
            np.testing.assert_array_equal(made.alpha, given.alpha)


def test_the_confidence_is_that_of_the_whole_picture(card: NDArray[np.uint8]) -> None:
    assert main(["colorize", "card.png", "-o", "whole.png", "--confidence", "whole"]) == 0
    assert main(["colorize", "card.png", "-o", "new.png", "--mask", "left.png", "--confidence", "new"]) == 0
    assert Path("new/new.png.png").read_bytes() == Path("whole/whole.png.png").read_bytes()


def test_a_repaired_picture_keeps_its_own_tone_outside(card: NDArray[np.uint8]) -> None:
    """The lightness is repaired everywhere, as without a mask; the chroma outside is the card's."""
    write_rgb(Path("faded.png"), np.asarray(80 + card * 0.4, np.uint8))
    for name, words in (("whole.png", []), ("new.png", ["--mask", "left.png"])):
        assert main(["colorize", "faded.png", "-o", name, "--prepare", "contrast", *words]) == 0
    np.testing.assert_array_equal(inside("new.png"), inside("whole.png"))
    reference = {name: lab_of(name) for name in ("faded.png", "whole.png", "new.png")}
    right = np.s_[:, card.shape[1] // 2 :]
    np.testing.assert_allclose(reference["new.png"][right][..., 0], reference["whole.png"][right][..., 0], atol=0.6)
    middle = np.abs(reference["whole.png"][right][..., 0] - 50) < 30  # where the gamut has room for the tone
    tone = reference["new.png"][right][middle] - reference["faded.png"][right][middle]
    assert np.abs(tone[:, 1:]).max() < 1.5


def lab_of(name: str) -> NDArray[np.float64]:
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(read_rgb(Path(name))))


def test_a_picture_goes_through_the_pipes_under_its_mask(
    card: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["colorize", "card.png", "-o", "new.png", "--mask", "left.png", "-q"]) == 0
    capfdbinary.readouterr()
    Path("masks").mkdir()
    Path("left.png").rename("masks/card.png")
    for words in (["-", "-o", "-", "--mask", "masks/card.png"], ["card.png", "-o", "-", "--mask", "masks"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("card.png").read_bytes())))
        assert main(["colorize", *words]) == 0
        content, said = capfdbinary.readouterr()
        assert content == Path("new.png").read_bytes()
        assert not said


@pytest.mark.usefixtures("batch")
def test_masks_of_a_folder_are_found_by_place_and_stem_and_the_rest_is_coloured_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_rgb(Path("masks/deep/tea.png"), np.zeros((9, 9), np.uint8))
    assert main(["colorize", "old", "-o", "whole"]) == 0
    capsys.readouterr()
    assert main(["colorize", "old", "-o", "new", "--mask", "masks", "--report", "report.json", "--jobs", "2"]) == 0
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 2
    assert "2 of 3 pictures have no mask and are coloured whole: old/china.png" in notes[0]
    assert "1 mask named as no picture: masks/deep/tea.png" in notes[1]
    assert written("new") == written("whole")
    for name in ("china.png", "deep/er/rocket.tif"):
        assert Path("new", name).read_bytes() == Path("whole", name).read_bytes()
    assert np.abs(outside("new/deep/coffee.jpg").astype(int) - outside("old/deep/coffee.jpg")).mean() < 3
    assert np.abs(outside("whole/deep/coffee.jpg").astype(int) - outside("old/deep/coffee.jpg")).mean() > 6
    assert json.loads(Path("report.json").read_text())["mask"] == "masks"


@pytest.mark.usefixtures("batch")
def test_confidence_pictures_are_masks_of_the_same_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorize", "old", "-o", "new", "--confidence", "sure"]) == 0
    capsys.readouterr()
    assert main(["colorize", "old", "-o", "again", "--mask", "sure"]) == 0
    assert not capsys.readouterr().err


@pytest.mark.usefixtures("batch")
def test_of_a_batch_only_the_picture_fails_that_the_mask_does_not_suit(capsys: pytest.CaptureFixture[str]) -> None:
    write_rgb(Path("masks/china.png"), np.zeros((50, 10), np.uint8))
    Path("masks/deep/er").mkdir()
    Path("masks/deep/er/rocket.png").write_bytes(b"no picture")
    assert main(["colorize", "old", "-o", "new", "--mask", "masks"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert any("masks/china.png: the mask is 10x50 and the picture" in line for line in errors)
    assert any("masks/deep/er/rocket.png" in line for line in errors)
    assert written("new") == ["deep/coffee.jpg"]
    write_rgb(Path("old/deep/er/rocket.tif"), read_rgb(Path("old/deep/er/rocket.tif"))[:50])
    assert main(["colorize", "old", "-o", "also", "--region", "0,0,150,60"]) == 1
    assert "old/deep/er/rocket.tif: --region 0,0,150,60: it leaves the picture" in complaint(capsys)
    assert written("also") == ["china.png", "deep/coffee.jpg"]


@pytest.mark.usefixtures("batch")
def test_masks_that_lie_among_the_pictures_are_not_coloured() -> None:
    Path("masks").rename("old/masks")
    assert main(["colorize", "old", "-o", "new", "--mask", "old/masks"]) == 0
    assert written("new") == ["china.png", "deep/coffee.jpg", "deep/er/rocket.tif"]


def test_a_black_mask_is_told_of(card: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]) -> None:
    black = np.zeros(card.shape[:2], np.uint8)
    write_rgb(Path("black.png"), black)
    write_rgb(Path("masks/card.png"), black)
    for number, mask in enumerate(("black.png", "masks")):
        assert main(["colorize", "card.png", "-o", f"new{number}.png", "--mask", mask]) == 0
        assert "black" in complaint(capsys)
        np.testing.assert_array_equal(read_rgb(Path(f"new{number}.png")), card)
    assert main(["colorize", "card.png", "-o", "quiet.png", "--mask", "black.png", "--quiet"]) == 0
    assert not capsys.readouterr().err


REFUSED = {
    "nothere.png: there is no such": ["--mask", "nothere.png"],
    "notes.txt: is not a": ["--mask", "notes.txt"],
    "torn.png: cannot be decoded": ["--mask", "torn.png"],
    "other proportions": ["--mask", "wide.png"],
    "turn the mask by a quarter": ["--mask", "turned.png"],
    "no pictures in this folder": ["--mask", "empty"],
    "tea: no mask there is named as a picture; card.png needs tea/card.png": ["--mask", "tea"],
    "are both masks of card.png": ["--mask", "twice"],
    "x,y,w,h are wanted": ["--region", "left"],
    "it holds no pixel": ["--region", "0,0,0,10"],
    "it leaves the picture": ["--mask", "left.png", "--region", "0,0,10000,10"],
    "would be overwritten": ["--mask", "left.png", "-o", "left.png", "--overwrite"],
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_mask_that_cannot_be_used_is_one_line_before_anything_is_done(
    card: NDArray[np.uint8], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    height, width = card.shape[:2]
    Path("empty").mkdir()
    Path("notes.txt").write_text("left half only, please")
    Path("torn.png").write_bytes(Path("left.png").read_bytes()[:60])
    write_rgb(Path("wide.png"), np.ones((height, 2 * width), np.uint8))
    write_rgb(Path("turned.png"), np.ones((width, height), np.uint8))
    for name in ("tea/cup.png", "twice/card.png", "twice/card.tif"):
        write_rgb(Path(name), half(card))
    before = {name: Path(name).read_bytes() for name in written(".")}
    monkeypatch.setattr("featcolor.batch.colour.colorize_inside", None)
    assert main(["colorize", "card.png", "-o", "new.png", *REFUSED[words]]) == 2
    line = complaint(capsys)
    assert line.startswith("featcolor: error: ")
    assert words in line
    assert {name: Path(name).read_bytes() for name in written(".")} == before


def test_a_folder_of_masks_does_not_tell_whose_stdin_is(
    card: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    write_rgb(Path("masks/card.png"), half(card))
    assert main(["colorize", "-", "-o", "new.png", "--mask", "masks"]) == 2
    assert "name one mask" in complaint(capsys)
