"""The study of refiners runs from pictures to two tables."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks import refiners
from refine.refiners import REFINERS
from refine.upsample import UPSAMPLERS


def test_both_studies_name_every_method(tmp_path, capsys):
    random = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        small = random.integers(0, 255, (5, 6, 3), np.uint8)
        cv2.imwrite(str(tmp_path / name), cv2.resize(small, (48, 40), interpolation=cv2.INTER_CUBIC))
    refiners.main([str(tmp_path), "--working-size", "24", "--grid-size", "12"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in [*REFINERS, *UPSAMPLERS])


def test_a_folder_without_pictures_is_a_usage_error(tmp_path):
    with pytest.raises(SystemExit, match="2"):
        refiners.main([str(tmp_path)])


def test_true_chroma_scores_higher_than_none():
    rgb = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    picture = refiners.Picture.of(rgb)
    assert picture.psnr(picture.chroma) > 50 > picture.psnr(np.zeros_like(picture.chroma))
