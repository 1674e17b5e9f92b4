"""What must be equal on all machines of a cluster, so that a picture is the same wherever it was coloured."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

LIBRARIES: Final = ("featcolor", "numpy", "opencv-contrib-python-headless", "onnxruntime", "distributed")
CODE: Final = ("featcolor", "features", "refine", "benchmarks")
MODELS: Final = (".onnx", ".npz")
INSTALL: Final = "install the same on every machine"


@cache
def facts() -> dict[str, str]:
    """{what: its version here}: Python, libraries, and a hash each of our code and of the models that come along."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    folders = [Path(spec.origin).parent for name in CODE if (spec := find_spec(name)) and spec.origin]
    found["code of featcolor"] = _hash(folders, (".py",))
    found["models of featcolor"] = _hash(folders, MODELS)
    return found


def difference(here: Mapping[str, str], there: Mapping[str, str]) -> str | None:
    """What is not equal, in words on the other machine; None where all is.

    >>> difference({"Python": "3.12", "numpy": "2.3"}, {"Python": "3.11", "numpy": "2.3"})
    'has Python 3.11, this machine 3.12'
    """
    unlike = [name for name in here if there.get(name) != here[name]]
    # Other versions of ours are other code; to say both would say it twice.
    told = [name for name in unlike if not name.startswith("code") or "featcolor" not in unlike]
    return ", and ".join(f"has {name} {there.get(name, 'none')}, this machine {here[name]}" for name in told) or None


def _hash(folders: list[Path], suffixes: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in suffixes):
            digest.update(path.relative_to(folder).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
