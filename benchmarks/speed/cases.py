"""One measurement of a timed class as asv defines it: setup, warm-up, repeats; memory in a fresh process."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.speed.inputs import ROOT, run_process
from featcolor.errors import FeatcolorError


@dataclass(frozen=True)
class Timing:
    """Result of one case.

    `name`: "module.Class.method", as asv has it; `parameters`: by name; `unit`: "s", "MiB", or what a tracked number is
    counted in; `median`, `low`, `high`: over n repeats, low and high are the smallest and the largest. nan where it
    failed; `n`: repeats, the warm-up is not one of them; `failure`: one line, empty when all went well.
    """

    name: str
    parameters: dict[str, Any]
    unit: str
    median: float
    low: float
    high: float
    n: int
    failure: str = ""


@dataclass(frozen=True)
class Scale:
    """Extent of a run of the suite.

    `parameters`: attribute of the classes that lists their parameters; `seconds`: a case repeats until this time is
    spent; `fewest`, `most`: repeats; `warm`: whether a call that is not counted comes first.
    """

    parameters: str
    seconds: float
    fewest: int
    most: int
    warm: bool = True


SCALES: Final = MappingProxyType(
    {
        "full": Scale("params", seconds=2.0, fewest=3, most=20),
        "quick": Scale("quick_params", seconds=0.1, fewest=2, most=5),
        "smoke": Scale("smoke_params", seconds=0.0, fewest=1, most=1, warm=False),
    }
)
"""smoke: each class once on tiny inputs, for a look whether everything runs; its times mean nothing."""


@dataclass(frozen=True)
class Case:
    """One measurement with one value of each parameter."""

    kind: type[Any]
    method: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        return f"{self.kind.__module__.rpartition('.')[2]}.{self.kind.__name__}.{self.method}"

    @property
    def label(self) -> str:
        """The name and the parameters: what people see and filter by."""
        return " ".join([self.name, *(f"{name}={value}" for name, value in self.parameters.items())])

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(zip(self.kind.param_names, self.values, strict=True))


def methods_of(kind: type) -> list[str]:
    """Names of the methods that measure, in the order of their definition."""
    return [name for name in vars(kind) if name.startswith(tuple(MEASURES))]


@contextlib.contextmanager
def prepared(case: Case, arguments: tuple[Any, ...]) -> Iterator[Callable[[], Any]]:
    """The case's method, set up and with its arguments; torn down at the end."""
    instance = case.kind()
    try:
        if hasattr(instance, "setup"):
            instance.setup(*arguments)
        yield lambda: getattr(instance, case.method)(*arguments)
    finally:
        if hasattr(instance, "teardown"):
            instance.teardown(*arguments)


def measure_seconds(case: Case, arguments: tuple[Any, ...], scale: Scale) -> list[float]:
    """Wall seconds of each call after the first."""
    with prepared(case, arguments) as function:

        def once() -> float:
            start = time.perf_counter()
            function()
            return time.perf_counter() - start

        return repeat(once, scale)


def measure_fresh_seconds(case: Case, arguments: tuple[Any, ...], scale: Scale) -> list[float]:
    """Wall seconds of the code that the method returns, each time in a fresh interpreter, start-up left out."""
    with prepared(case, arguments) as function:
        code = function()

        def once() -> float:
            words = [sys.executable, "-c", _FRESH, code]
            done = subprocess.run(words, env=_environment(), capture_output=True, text=True, check=False)
            if done.returncode:
                raise FeatcolorError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
            return float(done.stdout)

        return repeat(once, scale)


def measure_memory(case: Case, arguments: tuple[Any, ...], scale: Scale) -> list[float]:
    """MiB that a fresh process holds at most, which sets the case up and runs it once."""
    with tempfile.TemporaryDirectory() as folder:
        order = Path(folder) / "case.pickle"
        order.write_bytes(pickle.dumps((case, arguments)))
        return [run_process(sys.executable, "-c", _ALONE, str(ROOT), order).peak]


def measure_number(case: Case, arguments: tuple[Any, ...], scale: Scale) -> list[float]:
    """What the method returns, once."""
    with prepared(case, arguments) as function:
        return [float(function())]


def repeat(once: Callable[[], float], scale: Scale) -> list[float]:
    """Values of `once` until the time is spent."""
    if scale.warm:
        once()
    values: list[float] = []
    start = time.perf_counter()
    while len(values) < scale.fewest or (len(values) < scale.most and time.perf_counter() - start < scale.seconds):
        values.append(once())
    return values


def run_alone(order: Path) -> None:
    """Set up and run the pickled case once: what the fresh process of `measure_memory` does."""
    case, arguments = pickle.loads(order.read_bytes())
    with prepared(case, arguments) as function:
        function()


def _environment() -> dict[str, str]:
    """Ours, with this checkout first where a child looks for modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}


MEASURES: Final[MappingProxyType[str, tuple[str, Callable[[Case, tuple[Any, ...], Scale], list[float]]]]] = (
    MappingProxyType(
        {
            "timeraw_": ("s", measure_fresh_seconds),
            "time_": ("s", measure_seconds),
            "peakmem_": ("MiB", measure_memory),
            "track_": ("", measure_number),
        }
    )
)
"""asv's prefix of a method: the unit, and how it is measured."""

_FRESH: Final = (
    "import sys, time\nstart = time.perf_counter()\nexec(sys.argv[1])\nprint(repr(time.perf_counter() - start))"
)
_ALONE: Final = (
    "import sys\nsys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\n"
    "from benchmarks.speed.cases import run_alone\nrun_alone(Path(sys.argv[2]))"
)
