"""What the wheel and the source distribution hold."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

from tests.mutate import ROOT

SHIPPED = {".py", ".css", ".html", ".js", ".json", ".onnx", ".npz"}
PACKAGES = ("featcolor", "features", "refine", "benchmarks")
MADE = {"PKG-INFO", "setup.cfg"}
"""What a source distribution holds beside the checkout, and its folder `featcolor.egg-info`."""


@dataclass(frozen=True)
class Release:
    """The two files of a release."""

    wheel: Path
    sdist: Path

    def wheel_files(self) -> dict[str, bytes]:
        """Content by name."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def sdist_names(self) -> set[str]:
        """Names below the folder that the version gives its name to."""
        with tarfile.open(self.sdist) as archive:
            names = [Path(member.name).parts[1:] for member in archive if member.isfile()]
        return {"/".join(parts) for parts in names if parts[0] != "featcolor.egg-info"} - MADE


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Both files, built as `make dist` does from a copy of the checkout, without what git ignores."""
    folder = tmp_path_factory.mktemp("release")
    for name in _tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    build = "import setuptools.build_meta as build; build.build_sdist('dist'); build.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, check=True)
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    return Release(wheel, sdist)


def test_a_wheel_holds_every_module_style_sheet_script_and_model(release: Release) -> None:
    inside = release.wheel_files()
    shipped = {
        name for name in _tracked() if Path(name).parts[0] in (*PACKAGES, "cli.py") and Path(name).suffix in SHIPPED
    }
    assert {name for name in inside if ".dist-info/" not in name} >= shipped
    for name in shipped:
        assert inside[name] == (ROOT / name).read_bytes()
    assert not [name for name in inside if name.startswith(("tests", "docs"))]


def test_a_source_distribution_is_the_checkout(release: Release) -> None:
    assert release.sdist_names() == set(_tracked())


def test_the_version_stands_in_one_place(release: Release) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    said = release.wheel_files()[f"featcolor-{version}.dist-info/METADATA"].decode()
    assert Parser().parsestr(said)["Version"] == version
    assert release.sdist.name == f"featcolor-{version}.tar.gz"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{version}] - " in changelog


def _tracked() -> list[str]:
    """Files of the checkout as git knows them, of an unpacked source distribution all that it was unpacked with."""
    if (ROOT / "PKG-INFO").exists():
        listed = (ROOT / "featcolor.egg-info" / "SOURCES.txt").read_text(encoding="utf-8").splitlines()
        return [name for name in listed if not name.startswith("featcolor.egg-info/") and name not in MADE]
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]
