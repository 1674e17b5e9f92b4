"""The release in `dist/` as somebody gets it: the wheel in a fresh environment, the unpacked source distribution."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import HTTPCookieProcessor, build_opener

import av
import numpy as np
import pytest

from tests.clips.samples import make_clip
from tests.mutate import ROOT
from tests.packaging.test_core import LEFT_OUT
from tests.samples import read_rgb, write_rgb

pytestmark = pytest.mark.dist

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
OWN_TESTS = ["tests/packaging", "tests/test_architecture.py", "tests/models/test_model_file.py", "tests/test_facade.py"]
"""Tests that the source distribution runs: of its content, its code, its old models, its interface."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FEATCOLOR"))}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of a new environment that holds the wheel, what it asks for, and the extra `studio`."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], env=ENVIRONMENT, check=True)
    wheel = ROOT / "dist" / f"featcolor-{VERSION}-py3-none-any.whl"
    install = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", f"{wheel}[studio]"]
    subprocess.run(install, env=ENVIRONMENT, check=True)
    return venv / "bin"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: nothing of the checkout is in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(scripts: Path, *words: str) -> str:
    """What the installed program says when all goes well."""
    done = subprocess.run([scripts / "featcolor", *words], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(python: Path | str, code: str) -> str:
    return subprocess.run(
        [python, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_wheel_brings_its_version_and_nothing_of_the_extra(scripts: Path, empty: Path) -> None:
    assert call(scripts, "--version") == f"featcolor {VERSION}\n"
    modules = [module for each in LEFT_OUT.values() for module in each]
    found = f"import importlib.util as i; print([name for name in {modules} if i.find_spec(name)])"
    assert ask(scripts / "python", found) == "[]"


def test_a_picture_is_coloured(scripts: Path, empty: Path) -> None:
    write_rgb(empty / "old.jpg", np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8))
    call(scripts, "colorize", "old.jpg")
    assert read_rgb(empty / "old-colour.jpg").std(axis=2).any()


def test_a_film_is_coloured(scripts: Path, empty: Path) -> None:
    make_clip(empty / "reel.mp4", n=5)
    call(scripts, "video", "reel.mp4", "-o", "film.mp4")
    with av.open(str(empty / "film.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 5
    assert frames[2].std(axis=2).any()


def test_a_page_of_settings_is_written(scripts: Path, empty: Path) -> None:
    write_rgb(empty / "old.png", np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8))
    call(scripts, "preview", "old.png", "-o", "page.html")
    page = (empty / "page.html").read_text(encoding="utf-8")
    assert "<style>" in page
    assert page.count("<img") > 1


def test_the_studio_serves_its_page_and_all_that_the_page_loads(scripts: Path, empty: Path) -> None:
    write_rgb(empty / "old.png", np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8))
    words = [scripts / "featcolor", "studio", "old.png", "--no-browser", "--home", "home"]
    with subprocess.Popen(
        words, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as studio:
        try:
            assert studio.stdout is not None
            address = studio.stdout.readline().strip()
            visitor = build_opener(HTTPCookieProcessor())  # the address has a token, which becomes a cookie
            page = visitor.open(address, timeout=60).read().decode()
            parts = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^":]+)"', page)
            assert parts
            for part in parts:
                assert visitor.open(urljoin(address, part), timeout=60).read()
        finally:
            studio.send_signal(signal.SIGINT)
    assert studio.returncode in (0, 128 + signal.SIGINT)


def test_the_source_distribution_runs_its_own_tests(empty: Path) -> None:
    with tarfile.open(ROOT / "dist" / f"featcolor-{VERSION}.tar.gz") as archive:
        archive.extractall(empty, filter="data")
    unpacked = empty / f"featcolor-{VERSION}"
    program = [sys.executable, "-m", "pytest", *OWN_TESTS]
    done = subprocess.run(program, cwd=unpacked, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
