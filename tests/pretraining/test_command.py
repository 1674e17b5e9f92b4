"""The command `featcolor pretrain`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from featcolor.commands import main
from tests.pretraining.samples import (
    photograph,
)
from tests.samples import write_rgb


def complaint(capsys: pytest.CaptureFixture[str], *words: Any) -> str:
    assert main(["pretrain", *map(str, words)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    return errors[0]


def test_without_torch_the_command_names_what_to_install(album, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install torch==2.13.0" in complaint(capsys, album[0].parent, "-o", tmp_path / "n.onnx")


def test_a_wrong_output_is_refused_before_the_work(album, tmp_path, capsys):
    photos = album[0].parent
    assert "ends with .onnx" in complaint(capsys, photos, "-o", tmp_path / "n.pt")
    foreign = tmp_path / "notes.onnx"
    foreign.write_text("mine")
    assert "is no colour network" in complaint(capsys, photos, "-o", foreign)
    assert foreign.read_text() == "mine"
    assert "no such folder" in complaint(capsys, photos, "-o", tmp_path / "not" / "there.onnx")
    assert "no such file" in complaint(capsys, tmp_path / "nowhere", "-o", tmp_path / "n.onnx")


def test_the_command_trains_and_colours(torch, album, tmp_path, capsys):
    output = tmp_path / "n.onnx"
    words = ["--width", "9", "--blocks", "1", "--heads", "0", "--batch", "4", "--epochs", "1", "--threads", "1"]
    photos = str(album[0].parents[1])
    assert main(["pretrain", photos, "-o", str(output), *words, "--temperature", "0.6", "--saturation", "1"]) == 0
    assert "n.onnx: " in capsys.readouterr().out
    picture = write_rgb(tmp_path / "grey.png", np.repeat(photograph(50)[..., :1], 3, axis=2))
    assert main(["colorize", str(picture), "-o", str(tmp_path / "out.png"), "--model", str(output), "-q"]) == 0
    assert "no checkpoint, so nothing to go on with" in complaint(
        capsys, photos, "-o", tmp_path / "other.onnx", "--resume"
    )
    assert "multiple of heads" in complaint(capsys, photos, "-o", tmp_path / "other.onnx", "--heads", 5)
