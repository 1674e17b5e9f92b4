"""The tutorial: every command runs, and its pictures are what they write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.docs.tutorial import DOCS, follow, pictures
from tests.samples import read_rgb

pytestmark = pytest.mark.docs

COMPRESSED = 4
"""Codes by which a picture of the page may be off in the mean: it is a JPEG."""


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    follow(tmp_path)
    written = {
        "old-colour.jpg",
        "told.jpg",
        "sheet.html",
        "reel-colour.mp4",
        "report.json",
        "report.html",
        "told-again.jpg",
    }
    assert written <= {path.name for path in tmp_path.iterdir()}
    assert sorted(path.name for path in (tmp_path / "coloured").iterdir()) == ["china.jpg", "coffee.jpg", "flower.jpg"]
    keys, painted = ({path.name for path in (tmp_path / name).iterdir()} for name in ("keys", "painted"))
    assert keys == painted
    for name, picture in pictures(tmp_path).items():
        shown = read_rgb(DOCS / "images" / f"{name}.jpg")
        assert np.abs(shown.astype(float) - picture).mean() < COMPRESSED, (
            f"{name}: python -m tests.docs.tutorial docs/images"
        )
