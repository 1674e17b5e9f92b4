"""colorize --prepare as a person types it: what is written, what is told, what stays."""

from __future__ import annotations

import io
import json
import pickle
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featcolor.batch.colour import ColourPicture, PictureTask
from featcolor.colour.lab import lightness_of
from featcolor.commands import main
from featcolor.pictures.io import read_picture
from featcolor.preparation.steps import parse_preparation
from tests.samples import grey, read_rgb, write_rgb

Photographs = dict[str, NDArray[np.uint8]]


@pytest.fixture
def faded(
    tmp_path: Path, photographs: Photographs, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> NDArray[np.uint8]:
    """`old.png`, a grey picture between 80 and 160, in a fresh working folder, with the model named."""
    picture = np.asarray(80 + grey(photographs["china"]) * (80 / 255), np.uint8)
    write_rgb(tmp_path / "old.png", picture)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return picture


def lightness(path: str) -> NDArray[np.float32]:
    return lightness_of(np.ascontiguousarray(read_rgb(Path(path))))


def test_contrast_is_stretched_when_asked_and_kept_otherwise(faded: NDArray[np.uint8]) -> None:
    assert main(["colorize", "old.png", "-o", "kept.png", "-q"]) == 0
    assert main(["colorize", "old.png", "-o", "stretched.png", "-q", "--prepare", "contrast"]) == 0
    np.testing.assert_allclose(lightness("kept.png"), lightness_of(faded), atol=0.0035)
    assert np.ptp(lightness("kept.png")) < 0.4
    assert np.ptp(lightness("stretched.png")) > 0.98


def test_a_batch_says_once_how_many_scans_look_worn_and_what_would_help(
    faded: NDArray[np.uint8], photographs: Photographs, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = cv2.resize(faded, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    write_rgb(Path("old.png"), scan)
    write_rgb(Path("faded.png"), scan[:, ::-1])
    write_rgb(Path("clean.png"), cv2.resize(photographs["china"], None, fx=2, fy=2))
    batch = ["colorize", "old.png", "faded.png", "clean.png", "-o", "new", "--overwrite"]
    assert main([*batch, "--report", "report.json"]) == 0
    told = capsys.readouterr()
    assert "prepare" not in told.out
    advice = [line for line in told.err.splitlines() if "--prepare" in line]
    assert advice == ["featcolor: note: 2 of 3 pictures look worn (2 faded); --prepare auto would help"]
    pictures = json.loads(Path("report.json").read_text())["pictures"]
    assert [each.get("signs") for each in pictures] == [["faded"], ["faded"], None]
    for words in ([*batch, "-q"], [*batch, "--prepare", "contrast"], ["colorize", "clean.png", "-o", "alone.png"]):
        assert main(words) == 0
        assert "--prepare" not in capsys.readouterr().err


def test_scratches_are_advised_where_they_are(faded: NDArray[np.uint8], capsys: pytest.CaptureFixture[str]) -> None:
    scratched = cv2.resize(faded, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    scratched[:, scratched.shape[1] // 3] = 20
    write_rgb(Path("old.png"), scratched)
    assert main(["colorize", "old.png", "-o", "new.png"]) == 0
    assert "1 of 1 picture looks worn (1 scratched); --prepare scratches,auto" in capsys.readouterr().err


def test_the_work_travels_to_workers_with_its_steps(faded: NDArray[np.uint8], tmp_path: Path, tiny_model: Path) -> None:
    steps = "border,dust,scratches,denoise:0.5,contrast:clahe"
    assert main(["colorize", "old.png", "-o", "here.png", "-q", "--prepare", steps]) == 0
    work = ColourPicture(tiny_model, preparation=parse_preparation(steps))
    pickle.loads(pickle.dumps(work))(PictureTask(tmp_path / "old.png", tmp_path / "there.png"))
    assert Path("here.png").read_bytes() == Path("there.png").read_bytes()


def test_depth_alpha_and_metadata_go_through(faded: NDArray[np.uint8]) -> None:
    deep = faded.astype(np.uint16) * 257
    alpha = np.tile(np.arange(deep.shape[1], dtype=np.uint16) * 300, (len(deep), 1))
    assert cv2.imwrite("deep.png", np.dstack([deep, deep, deep, alpha]))
    exif = Image.Exif()
    exif[0x010E] = "grandmother, 1912"
    Image.fromarray(faded).save("old.jpg", exif=exif, dpi=(300, 300), quality=95)
    assert main(["colorize", "deep.png", "old.jpg", "-o", "new", "-q", "--prepare", "auto"]) == 0
    coloured = read_picture("new/deep.png")
    assert coloured.pixels.dtype == np.uint16
    np.testing.assert_array_equal(coloured.alpha, alpha)
    with Image.open("new/old.jpg") as image:
        assert image.getexif()[0x010E] == "grandmother, 1912"
        assert image.info["dpi"] == (300, 300)


def test_a_frame_stays_neutral_and_unsure(faded: NDArray[np.uint8]) -> None:
    framed = cv2.copyMakeBorder(faded, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=250)
    write_rgb(Path("framed.png"), framed)
    arguments = ["colorize", "framed.png", "-o", "new.png", "-q", "--prepare", "border", "--confidence", "sure"]
    assert main(arguments) == 0
    coloured = read_rgb(Path("new.png"))
    np.testing.assert_array_equal(coloured[:12], np.repeat(framed[:12, :, None], 3, axis=2))
    assert np.ptp(coloured[40:-40, 40:-40].astype(int), axis=2).mean() > 1
    sure = cv2.imread("sure/new.png.png", cv2.IMREAD_UNCHANGED)
    assert sure.shape == framed.shape
    assert (sure[:12] == 0).all()
    assert sure[60, 60] > 0


def test_the_report_names_the_steps(faded: NDArray[np.uint8]) -> None:
    arguments = ["colorize", "old.png", "-o", "new.png", "-q", "--report", "report.json"]
    assert main([*arguments, "--prepare", "dust:2,contrast"]) == 0
    assert json.loads(Path("report.json").read_text())["prepare"] == ["dust:2", "contrast"]
    assert main([*arguments, "--overwrite"]) == 0
    assert json.loads(Path("report.json").read_text())["prepare"] == []


def test_pipes_prepare_too(faded: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        @property
        def buffer(self) -> Pipe:
            return self

    source, target = Pipe(Path("old.png").read_bytes()), Pipe()
    monkeypatch.setattr(sys, "stdin", source)
    monkeypatch.setattr(sys, "stdout", target)
    assert main(["colorize", "-", "-o", "-", "--prepare", "contrast"]) == 0
    assert np.ptp(lightness_of(read_picture(target.getvalue()).pixels)) > 0.98


@pytest.mark.parametrize(
    ("steps", "told"),
    [("sharpen", "border, dust, scratches, denoise, contrast, auto"), ("contrast:much", "percentile, clahe")],
)
@pytest.mark.parametrize("source", ["old.png", "-"])
def test_an_unknown_step_is_a_wrong_call_and_nothing_is_written(
    faded: NDArray[np.uint8], steps: str, told: str, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", source, "-o", "new.png", "--prepare", steps]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert told in lines[0]
    assert not Path("new.png").exists()
