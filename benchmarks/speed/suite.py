"""Finds the timed classes of this package and runs them without asv."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import nan
from pathlib import Path
from typing import Any

import benchmarks.speed
from benchmarks.speed.cases import MEASURES, SCALES, Case, Scale, Timing, methods_of
from benchmarks.speed.inputs import MODEL_NAME
from featcolor.errors import UsageError, one_line
from featcolor.models.model_file import read_card
from featcolor.parallel.engine import Progress


@dataclass
class Caches:
    """Results of `setup_cache`, each function called once a run; its failure is kept too."""

    folder: Path
    known: dict[Any, tuple[Any, ...] | Exception] = field(default_factory=dict)

    def arguments(self, kind: type) -> tuple[Any, ...]:
        """What comes before the parameters: nothing, or what the class's `setup_cache` returns."""
        make = getattr(kind, "setup_cache", None)
        if make is None:
            return ()
        if make not in self.known:
            try:
                with contextlib.chdir(self.folder):
                    self.known[make] = (make(kind()),)
            except Exception as error:
                self.known[make] = error
        made = self.known[make]
        if isinstance(made, Exception):
            raise made
        return made


def run_suite(
    *,
    scale: str = "full",
    only: str | None = None,
    model: Path | None = None,
    progress: Progress | None = None,
    classes: Sequence[type] | None = None,
) -> list[Timing]:
    """Run every class of the suite.

    `scale`: a key of `SCALES`; `only`: run the cases that have this in their label ("networks", "refiner=guided",
    "threads=1"); `model`: the model to colour with, None: the preset, fitted on the way on six photographs; `progress`:
    called with (stage, cases done, cases in all); `classes`: timed classes, None: those of this package.

    Returns One timing a case, in order; a case that failed says why, one that does not apply here is left out.

    Raises
    ------
    UsageError : nothing has `only` in its label.
    ModelFileError : the model cannot be used.
    """
    if scale not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}; got {scale!r}")
    cases = [case for case in find_cases(scale, classes) if (only or "") in case.label]
    if not cases:
        raise UsageError(f"no timing has {only!r} in its name; the names are {', '.join(case_names(scale, classes))}")
    if model is not None:
        read_card(model)  # says what is wrong with it before anything is timed
    timings = []
    with tempfile.TemporaryDirectory(prefix="featcolor-speed-") as name:
        folder = Path(name)
        if model is not None:
            shutil.copyfile(model, folder / MODEL_NAME)
        caches = Caches(folder)
        for done, case in enumerate(cases):
            if progress:
                progress("timing", done, len(cases))
            timing = run_case(case, caches, SCALES[scale])
            if timing is not None:
                timings.append(timing)
        if progress:
            progress("timing", len(cases), len(cases))
    return timings


def find_classes() -> list[type]:
    """The timed classes of this package, by module and in the order of their definition."""
    found = []
    for entry in pkgutil.iter_modules(benchmarks.speed.__path__):
        module = importlib.import_module(f"{benchmarks.speed.__name__}.{entry.name}")
        kinds = [
            kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__
        ]
        found += [kind for kind in kinds if methods_of(kind)]
    return found


def find_cases(scale: str, classes: Sequence[type] | None = None) -> list[Case]:
    """Every measurement with every combination of the scale's parameters."""
    return [
        Case(kind, method, values)
        for kind in (find_classes() if classes is None else classes)
        if hasattr(kind, SCALES[scale].parameters)
        for values in product(*getattr(kind, SCALES[scale].parameters))
        for method in methods_of(kind)
    ]


def case_names(scale: str, classes: Sequence[type] | None = None) -> list[str]:
    """Names of the measurements, each once."""
    return list(dict.fromkeys(case.name for case in find_cases(scale, classes)))


def run_case(case: Case, caches: Caches, scale: Scale) -> Timing | None:
    """Measure one case; None where it raises NotImplementedError, which means that it does not apply here."""
    prefix = next(prefix for prefix in MEASURES if case.method.startswith(prefix))
    unit, measure = MEASURES[prefix]
    unit = getattr(getattr(case.kind, case.method), "unit", unit)
    try:
        values = measure(case, (*caches.arguments(case.kind), *case.values), scale)
    except NotImplementedError:
        return None
    except Exception as error:
        return Timing(case.name, case.parameters, unit, nan, nan, nan, 0, failure=one_line(error))
    return Timing(case.name, case.parameters, unit, statistics.median(values), min(values), max(values), len(values))
