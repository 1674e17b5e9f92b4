"""Commands that are stopped: Ctrl-C and SIGTERM leave whole pictures, one line and no traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.commands import STOPPED, main, program
from tests.samples import grey, read_rgb, write_rgb, written

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "cli.py")]

Photographs = dict[str, NDArray[np.uint8]]


def many(folder: Path, photographs: Photographs, count: int) -> None:
    picture = cv2.resize(grey(photographs["coffee"]), (1200, 900))
    for number in range(count):
        write_rgb(folder / f"{number:03}.png", picture)


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a shell inherit that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_stopped_batch_leaves_whole_pictures_and_goes_on(
    tmp_path: Path, photographs: Photographs, tiny_model: Path, jobs: str, number: signal.Signals, code: int
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    many(old, photographs, 30)
    call = ["colorize", str(old), "-o", str(new), "--model", str(tiny_model), "--jobs", jobs]
    process = start(*call, "--report", str(tmp_path / "r.json"))
    while process.poll() is None and not list(new.glob("[!.]*")):
        time.sleep(0.02)
    # As a terminal does it: Ctrl-C reaches the whole group, SIGTERM the process alone.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    said = re.fullmatch(
        r"featcolor: stopped: (\d+) of 30 pictures are coloured; .* with --skip-existing goes on\n", err
    )
    done = written(new)
    assert said, err
    assert int(said[1]) == len(done)
    assert 0 < len(done) < 30
    assert all(name.endswith(".png") and not name.startswith(".") for name in done)
    assert all(read_rgb(new / name).shape == (900, 1200, 3) for name in done)
    assert json.loads((tmp_path / "r.json").read_text())["counts"]["not reached"] >= 1
    for path in sorted(old.iterdir())[len(done) + 3 :]:
        path.unlink()
    assert main([*call[:-1], "1", "--skip-existing", "-q"]) == 0
    assert {path.name for path in old.iterdir()} <= set(written(new))


@pytest.mark.parametrize("module", ["argparse", "numpy", "featcolor.batch.colour", "onnxruntime"])
def test_ctrl_c_while_libraries_load_is_one_line(tmp_path: Path, photographs: Photographs, module: str) -> None:
    write_rgb(tmp_path / "old.png", grey(photographs["china"]))
    code = f"""
import os, signal, sys
class Press:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Press())
from featcolor.commands import main
sys.exit(main())
"""
    words = [sys.executable, "-c", code, "colorize", str(tmp_path / "old.png"), "-q"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == f"featcolor: {STOPPED}\n"
    assert written(tmp_path) == ["old.png"]


def test_a_signal_whose_exception_python_drops_comes_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def run(*_: object) -> None:
        Dying()
        time.sleep(20)

    monkeypatch.setattr(program, "run", run)
    assert main(["inspect"]) == 143
    assert capsys.readouterr().err == f"featcolor: {STOPPED}\n"


def test_a_reader_that_leaves_is_no_traceback(tiny_model: Path) -> None:
    process = start("inspect", str(tiny_model))
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "Exception ignored" not in err
