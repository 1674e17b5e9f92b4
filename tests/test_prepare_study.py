"""The sheets and tables about preparation: every step is in them, and the wear is where it says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from benchmarks import prepare_measures, prepare_picture, prepare_study
from benchmarks.prepare_wear import dusty, framed, scratched
from featcolor.preparation import STEPS
from featcolor.spaces import lightness_of
from tests.samples import read_rgb, write_rgb


def test_a_sheet_shows_every_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rgb(tmp_path / "<old>.png", skimage.data.camera()[::4, ::4])
    prepare_study.main([str(tmp_path / "<old>.png"), "-o", str(tmp_path / "look")])
    told = capsys.readouterr().out
    assert all(name in told for name in (*STEPS, "auto"))
    page = (tmp_path / "look/index.html").read_text(encoding="utf-8")
    assert "&lt;old&gt;.jpg" in page
    assert read_rgb(tmp_path / "look/<old>.jpg").std() > 10


def test_the_tables_are_printed(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare_measures, "SIDE", 96)
    monkeypatch.setattr(prepare_measures, "TIMED_PIXELS", 10_000)
    write_rgb(tmp_path / "a.png", skimage.data.astronaut())
    prepare_measures.main([str(tmp_path / "a.png"), "--model", str(tiny_model)])
    told = capsys.readouterr().out
    for word in ("non-local means", "scratches", "clahe", "frame: found", "seconds a megapixel", "white frame, border"):
        assert word in told
    assert "nan" not in told.split("flaw")[0]


def test_the_picture_of_the_documents_is_drawn(tmp_path: Path, tiny_model: Path) -> None:
    prepare_picture.main(["--model", str(tiny_model), "-o", str(tmp_path / "p.jpg")])
    height, width = read_rgb(tmp_path / "p.jpg").shape[:2]
    assert width == 4 * height


@pytest.mark.parametrize("draw", [dusty, scratched])
def test_wear_is_where_it_says(draw: prepare_measures.Wear) -> None:
    clean = cv2.resize(lightness_of(skimage.data.camera()), (200, 150), interpolation=cv2.INTER_AREA)
    worn, flaws = draw(clean, np.random.default_rng(0))
    far = cv2.dilate(flaws.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert np.abs(worn - clean)[far].max() < 0.02
    assert np.abs(worn - clean)[flaws].mean() > 0.05
    assert framed(clean, 1.0).shape == (168, 218)
