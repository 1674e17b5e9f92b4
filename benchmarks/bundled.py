"""Test pictures and references that need no download: halves of photographs that our dependencies ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.demo import PHOTOGRAPHS, load
from featcolor.images import write_picture

TESTS, REFERENCES = "right-halves", "left-halves"


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
