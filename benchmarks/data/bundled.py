"""Photographs that our dependencies ship: test pictures and references that need no download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from featcolor.pictures.io import write_picture

TESTS, REFERENCES = "right-halves", "left-halves"


@dataclass(frozen=True)
class Photograph:
    """A picture that a package ships."""

    name: str
    subject: str
    credit: str
    rows: int | None = None
    """Rows used, from the top; None for all."""


PHOTOGRAPHS = (
    Photograph("coffee", "a cup of coffee", "Coffee: Rachel Michetti, CC0 (scikit-image)"),
    Photograph("astronaut", "a person", "Astronaut Eileen Collins: NASA, public domain (scikit-image)", rows=384),
    Photograph("flower", "a flower", "Flower: vultilion on Flickr, CC BY 2.0 (scikit-learn), made grey and coloured"),
    Photograph("rocket", "a night sky", "Rocket on its pad: SpaceX, public domain (scikit-image)"),
    Photograph("chelsea", "a cat", "Chelsea the cat: Stéfan van der Walt, CC0 (scikit-image)"),
    Photograph(
        "china",
        "a pagoda",
        "Summer Palace in Beijing: danielbuechele on Flickr, CC BY 2.0 (scikit-learn), made grey and coloured",
    ),
)


def load(photograph: Photograph) -> NDArray[np.uint8]:
    """The picture out of the installed package, (H, W, 3); nothing is fetched."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    if photograph.name in ("china", "flower"):
        rgb = load_sample_image(f"{photograph.name}.jpg")
    else:
        rgb = getattr(data, photograph.name)()
    return np.ascontiguousarray(rgb[: photograph.rows, :, :3])


def write_bundled(folder: Path) -> tuple[Path, Path]:
    """Write the right halves (to test on) and the left ones (to learn from) below a folder; returns both folders.

    The easiest case there is: the same things in the same light by the same camera. It shows that a benchmark runs,
    not how good a method is.
    """
    for photograph in PHOTOGRAPHS:
        rgb = load(photograph)
        middle = rgb.shape[1] // 2
        for name, half in ((REFERENCES, rgb[:, :middle]), (TESTS, rgb[:, middle:])):
            (folder / name).mkdir(parents=True, exist_ok=True)
            write_picture(folder / name / f"{photograph.name}.png", np.ascontiguousarray(half))
    return folder / TESTS, folder / REFERENCES
