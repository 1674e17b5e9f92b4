"""The arrows of the design: which folder may import which, and nothing that is not declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Layer: the layers that it may import besides itself.
GROUND = {"featcolor.names", "featcolor.errors", "featcolor.files"}
LAYERS = {
    "features": set(),
    "refine": set(),
    "featcolor.names": set(),
    "featcolor.errors": {"featcolor.names"},
    "featcolor.files": {"featcolor.names", "featcolor.errors"},
    "featcolor.parallel": GROUND | {"features"},
    "featcolor.pages": {"featcolor.names", "featcolor.pictures"},
    "featcolor.colour": set(),
    "featcolor.pictures": GROUND | {"featcolor.colour"},
    "featcolor.preparation": {"featcolor.colour"},
    "featcolor.regression": {"features"},
    "featcolor.models": GROUND
    | {"features", "refine", "featcolor.parallel", "featcolor.colour", "featcolor.pictures", "featcolor.regression"},
    "featcolor.hints": GROUND
    | {"features", "refine", "featcolor.colour", "featcolor.pictures", "featcolor.regression", "featcolor.models"},
    "featcolor.layers": GROUND | {"featcolor.colour", "featcolor.pictures"},
    "featcolor.clips": GROUND | {"featcolor.colour", "featcolor.pictures"},
    "featcolor.video": GROUND
    | {"features", "refine", "featcolor.parallel", "featcolor.pages", "featcolor.colour", "featcolor.pictures"}
    | {"featcolor.regression", "featcolor.models", "featcolor.clips", "featcolor.hints"},
    "featcolor.batch": GROUND
    | {"featcolor.pages", "featcolor.colour", "featcolor.pictures", "featcolor.preparation", "featcolor.models"}
    | {"featcolor.hints", "featcolor.layers"},
    "featcolor.studio": GROUND
    | {"featcolor.parallel", "featcolor.colour", "featcolor.pictures", "featcolor.preparation", "featcolor.models"}
    | {"refine", "featcolor.hints", "featcolor.batch", "featcolor.clips", "featcolor.video"},
    "featcolor.pretraining": GROUND
    | {"features", "featcolor.parallel", "featcolor.colour", "featcolor.pictures", "featcolor.regression"}
    | {"featcolor.models", "featcolor.hints"},
}
PRODUCT = set(LAYERS)
ARROWS = LAYERS | {
    "featcolor": PRODUCT,  # the facade, lazily
    "benchmarks": PRODUCT,
    "benchmarks.data": PRODUCT,
    "benchmarks.metrics": PRODUCT | {"benchmarks.data"},
    "benchmarks.methods": PRODUCT | {"benchmarks.data"},
    "benchmarks.runs": PRODUCT | {"benchmarks.data", "benchmarks.metrics", "benchmarks.methods"},
    "benchmarks.report": PRODUCT | {"benchmarks.metrics", "benchmarks.runs"},
    "benchmarks.speed": PRODUCT | {"benchmarks.data", "benchmarks.methods"},
    "benchmarks.load": PRODUCT | {"benchmarks.data", "benchmarks.speed"},
    "benchmarks.demo": PRODUCT | {"benchmarks.data", "benchmarks.metrics"},
    "cli": {"featcolor.commands"},
}
ARROWS["featcolor.commands"] = {layer for layer in ARROWS if "." in layer} - {"benchmarks.demo"}

# Distributions whose module has another name.
MODULES = {
    "scikit-learn": "sklearn",
    "scikit-image": "skimage",
    "opencv-contrib-python-headless": "cv2",
    "pillow": "PIL",
}

# What the command line may import before it knows what to do: `--help` is for people who wait.
HEAVY = (
    "numpy",
    "scipy",
    "sklearn",
    "skimage",
    "cv2",
    "rich",
    "joblib",
    "onnx",
    "PIL",
    "shtab",
    "av",
    "starlette",
    "uvicorn",
)


def layer_of(module: str) -> str | None:
    """The layer that a dotted module name belongs to; None when it is not ours."""
    candidates = [layer for layer in ARROWS if module == layer or module.startswith(layer + ".")]
    return max(candidates, key=len, default=None)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.glob("*.py")) + sorted(
        path for package in ("features", "refine", "featcolor", "benchmarks") for path in (ROOT / package).rglob("*.py")
    ):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(module: str, source: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Every module that an import statement anywhere in the file names, as (line, dotted name)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if is_package else module.split(".")[:-1]
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            # `from featcolor import commands` names a module by its alias.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def wrong_arrows(module: str, source: str, *, is_package: bool = False) -> list[str]:
    own = layer_of(module)
    found = []
    for line, name in imported(module, source, is_package=is_package):
        target = layer_of(name)
        if own and target and target != own and target not in ARROWS[own]:
            found.append(f"{module}:{line} ({own}) imports {name} ({target})")
    return found


def test_no_arrow_points_the_other_way() -> None:
    found = [
        arrow
        for module, path in modules()
        for arrow in wrong_arrows(module, path.read_text(), is_package=path.name == "__init__.py")
    ]
    assert not found, "\n".join(found)


def test_no_circle_of_imports() -> None:
    """Among files, wherever in them the import stands."""
    names = {name for name, _ in modules()}
    graph = TopologicalSorter()
    for module, path in modules():
        for _, name in imported(module, path.read_text(), is_package=path.name == "__init__.py"):
            target = name if name in names else name.rpartition(".")[0]
            if target in names and target != module:
                graph.add(module, target)
    graph.prepare()  # raises CycleError, which names the files


@pytest.mark.parametrize(
    ("module", "statement", "wrong"),
    [
        ("features.patch", "import featcolor", True),
        ("features.patch", "from refine import guided", True),
        ("featcolor.models.colorizer", "from featcolor.commands import main", True),
        ("featcolor.models.colorizer", "from featcolor import commands", True),
        ("featcolor.models.colorizer", "from ..commands import main", True),
        ("featcolor.models.colorizer", "def f():\n    import benchmarks.demo", True),
        ("benchmarks.demo", "import featcolor.commands.fit", True),
        ("featcolor.commands.fit", "from features.base import FeatureStack", True),
        ("featcolor.commands.fit", "from featcolor.models.colorizer import Colorizer", False),
        ("benchmarks.demo", "from refine import guided", False),
        ("features.patch", "import numpy as np", False),
        ("features.patch", "from features.base import FeatureStack", False),
    ],
)
def test_the_walk_tells_a_wrong_arrow_from_a_right_one(module: str, statement: str, wrong: bool) -> None:
    assert bool(wrong_arrows(module, statement)) == wrong


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    names = [re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements]
    declared = {MODULES.get(name, name.replace("-", "_")) for name in names}
    ours = {layer.split(".")[0] for layer in ARROWS}
    for module, path in modules():
        for line, name in imported(module, path.read_text(), is_package=path.name == "__init__.py"):
            top = name.split(".")[0]
            assert top in declared | ours | set(sys.stdlib_module_names), f"{module}:{line} imports undeclared {top}"


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom featcolor.commands import main\n"
        "for words in (['--help'], ['colorize', '--help']):\n"
        "    try:\n        main(words)\n    except SystemExit:\n        pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_test_reads_outside_the_checkout() -> None:
    """No path of somebody's machine is written into the repository."""
    words = re.compile(r"(?<![\w.])/(?:home|work|root|Users)/\w")
    for path in [*ROOT.glob("*.*"), *(p for _, p in modules()), *(ROOT / "tests").glob("*.py")]:
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".yaml"}:
            assert not words.search(path.read_text()), f"{path.relative_to(ROOT)} names a path of one machine"
