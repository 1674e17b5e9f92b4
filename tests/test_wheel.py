"""What a wheel holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.mutate import ROOT

SHIPPED = {".py", ".css", ".html", ".js", ".json", ".onnx"}
PACKAGES = ("featcolor", "features", "refine", "benchmarks")


def test_a_wheel_holds_every_module_style_sheet_script_and_model(tmp_path: Path) -> None:
    for name in (*PACKAGES, "cli.py", "pyproject.toml", "README.md", "LICENSE"):
        source, target = ROOT / name, tmp_path / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    build = "import setuptools.build_meta as build; build.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    with zipfile.ZipFile(wheel) as archive:
        for path in files:
            if path.suffix in SHIPPED:
                assert archive.read(path.relative_to(ROOT).as_posix()) == path.read_bytes()
        assert not [name for name in archive.namelist() if name.startswith("tests")]
