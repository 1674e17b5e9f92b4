"""Layers on the command line: by the output's name, for a folder, on a pipe; refused before any work."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.commands import main
from featcolor.layers import formats
from featcolor.pictures.io import read_picture
from tests.samples import grey, write_rgb, written

pytestmark = pytest.mark.usefixtures("old")


@pytest.fixture
def old(
    tmp_path: Path, photographs: dict[str, NDArray[np.uint8]], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder `old` of two grey pictures in a fresh working folder."""
    write_rgb(tmp_path / "old/china.png", grey(photographs["china"]))
    write_rgb(tmp_path / "old/deep/coffee.jpg", grey(photographs["coffee"]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))


def flat(path: Path) -> NDArray[np.uint8]:
    """The merged picture of an .ora file."""
    with zipfile.ZipFile(path) as files:
        return read_picture(files.read("mergedimage.png")).pixels


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["colorize", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("featcolor: error: ")
    assert written(".") == ["old/china.png", "old/deep/coffee.jpg"]
    return line


def test_the_name_asks_for_layers_of_the_very_colours_of_a_flat_file() -> None:
    for name in ("new.png", "new.ora", "new.psd"):
        assert main(["colorize", "old/china.png", "-o", name, "-q"]) == 0
    from psd_tools import PSDImage

    expected = read_picture("new.png").pixels
    np.testing.assert_array_equal(flat(Path("new.ora")), expected)
    np.testing.assert_array_equal(np.rint(PSDImage.open("new.psd").numpy("color") * 255), expected)


def test_a_mended_picture_keeps_the_scan_as_it_was() -> None:
    assert main(["colorize", "old/china.png", "-o", "new.ora", "-q", "--prepare", "contrast"]) == 0
    with zipfile.ZipFile("new.ora") as files:
        scan = read_picture(files.read("data/scan.png")).pixels
    np.testing.assert_array_equal(scan[..., 0], read_picture("old/china.png").pixels)


def test_a_folder_keeps_its_tree_and_processes_change_nothing() -> None:
    for jobs in ("1", "2"):
        assert main(["colorize", "old", "-o", jobs, "--layers", "ora", "--jobs", jobs, "-q"]) == 0
        assert written(jobs) == ["china.ora", "deep/coffee.ora"]
    for name in written("1"):
        assert Path("1", name).read_bytes() == Path("2", name).read_bytes()


def test_one_picture_goes_beside_itself() -> None:
    assert main(["colorize", "old/china.png", "--layers", "psd", "-q"]) == 0
    assert Path("old/china-colour.psd").exists()


def test_a_pipe_into_a_layered_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("old/china.png").read_bytes())))
    assert main(["colorize", "-", "-o", "piped.ora"]) == 0
    assert main(["colorize", "old/china.png", "-o", "named.ora", "-q"]) == 0
    assert Path("piped.ora").read_bytes() == Path("named.ora").read_bytes()


def test_what_cannot_be_is_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "end the name so" in refused(capsys, "old/china.png", "-o", "new.ora", "--layers", "psd")
    assert "end the name so" in refused(capsys, "old/china.png", "-o", "new.png", "--layers", "ora")
    assert "a folder is needed" in refused(capsys, "old", "-o", "new.ora")
    assert "--layers does not go with -" in refused(capsys, "old/china.png", "-o", "-", "--layers", "ora")
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    for words in (["old/china.png", "-o", "new.psd"], ["old", "-o", "new", "--layers", "psd"], ["-", "-o", "new.psd"]):
        assert "pip install 'featcolor[layers]'" in refused(capsys, *words)


def test_two_formats_of_one_name_do_not_become_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("old/china.jpg").write_bytes(Path("old/deep/coffee.jpg").read_bytes())
    assert main(["colorize", "old", "-o", "new", "--layers", "ora"]) == 2
    assert "would both become" in capsys.readouterr().err


def test_a_layered_file_as_input_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorize", "old/china.png", "-o", "new.ora", "-q"]) == 0
    assert main(["colorize", "new.ora", "-o", "again.png"]) == 1
    assert "new.ora: is an OpenRaster file" in capsys.readouterr().err
