"""A negative is told of before it is coloured; positives, prints with white borders and pages of text are let alone."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from featcolor.commands import main
from featcolor.models.negative import NEGATIVE, looks_negative
from featcolor.pictures.io import write_picture

PHOTOGRAPHS = {name: cv2.cvtColor(getattr(data, name)(), cv2.COLOR_RGB2GRAY) for name in ("astronaut", "chelsea")}


def bordered(grey, level):
    return cv2.copyMakeBorder(grey, *[min(grey.shape) // 18] * 4, cv2.BORDER_CONSTANT, value=level)


def on_film(grey):
    """The negative of a picture: what was black is the film's base, what was white is dense, and no black."""
    return np.rint(225 - 0.75 * grey).astype(np.uint8)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_negative_is_known_in_every_depth(name):
    negative = on_film(PHOTOGRAPHS[name])
    deep = negative.astype(np.uint16) * 257
    for picture in (negative, deep, np.float32(negative / 255), np.repeat(negative[..., None], 3, axis=2)):
        assert looks_negative(picture)


def test_positives_and_pages_are_no_negatives():
    for grey in (*PHOTOGRAPHS.values(), data.camera(), data.page(), data.text()):
        assert not looks_negative(grey)
        assert not looks_negative(bordered(grey, 250))
        assert not looks_negative(np.rint(40 + 0.7 * grey).astype(np.uint8))
    for shape in ((1, 1), (3, 500), (40, 40)):
        assert not looks_negative(np.full(shape, 128, np.uint8))


def test_colorize_says_so_and_colours_it(tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old").mkdir()
    for name, picture in (("a", on_film(PHOTOGRAPHS["chelsea"])), ("b", PHOTOGRAPHS["chelsea"])):
        write_picture(tmp_path / "old" / f"{name}.png", picture)
    assert main(["colorize", str(tmp_path / "old"), "-o", str(tmp_path / "new"), "--model", str(tiny_model)]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if NEGATIVE in line]
    assert len(said) == 1
    assert "a.png: " in said[0]
