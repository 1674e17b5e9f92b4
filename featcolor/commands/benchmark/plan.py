"""What the words of `featcolor benchmark photos` and `outputs` mean: the study to run, and the bounds to hold."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from featcolor.commands.given.options import words
from featcolor.commands.given.references import find, tell_of_foreign
from featcolor.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.data.datasets import DataSet
    from benchmarks.metrics.table import Metric, SetMetric
    from benchmarks.runs.photos import Entry, Study
    from benchmarks.runs.results import Results

QUICK_PICTURES = 10
QUICK_REFERENCES = 32
QUICK_METHODS = "grey,constant,welsh2002,neighbours,ridge,featcolor-fast,featcolor-balanced,unet"
OURS = "featcolor-balanced"
MODEL_NAME = "featcolor"
DEFAULT_NAME = "default"
ALL = "all"
NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")
RESERVED = ("gt", "gray", "truth")
BUNDLED = "bundled"
SPEED_REPORT = "speed.json"


class Bound(NamedTuple):
    """The worst that the mean of a measure may be; `method` is None for ours."""

    method: str | None
    metric: str
    value: float


def plan_study(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Study:
    """The study that a command line asks for.

    Raises
    ------
    UsageError
        When it contradicts itself, or names what is not there.
    """
    from benchmarks.runs.environment import environment_facts
    from benchmarks.runs.photos import Study

    if (arguments.output / SPEED_REPORT).exists():
        raise UsageError(f"{arguments.output}: holds the report of 'benchmark speed'; choose another -o")
    weights = {key: path for key in ("lpips", "fid") if (path := getattr(arguments, key)) is not None}
    data, references = _pictures_and_references(arguments)
    dataset = _dataset(arguments, data)
    entries = _entries(arguments, dataset, tell)
    _check_needs(entries, references)
    sources = [path for files in dataset.outputs.values() for path in files.values()]
    return Study(
        dataset=dataset,
        references=tuple(references),
        entries=tuple(entries),
        ours=_ours(arguments.ours, [entry.name for entry in entries]),
        metrics=_metrics(arguments.metrics, weights),
        weights=weights,
        sources=(*sources, *(_named(text, "--outputs", None)[1] for text in arguments.outputs)),
        sequences=_are_sequences(arguments, dataset, tell),
        folder=arguments.output,
        allow_leaks=arguments.allow_leaks,
        fresh=arguments.fresh,
        seed=arguments.seed,
        title=f"Colorizers compared on {dataset.name}",
        facts=environment_facts(["featcolor", *sys.argv[1:]], arguments.seed),
        by_source=arguments.by_source,
    )


def check_bounds(bounds: Sequence[Bound], study: Study) -> None:
    """UsageError for a bound on a method or a measure that the study does not have."""
    from benchmarks.metrics.table import FILM_METRICS

    measured = (*study.metrics, *(FILM_METRICS if study.sequences else ()))
    names = [entry.name for entry in study.entries]
    for method, metric, _ in bounds:
        if metric not in measured:
            raise UsageError(f"--fail-under {metric}: not measured here; there are {', '.join(measured)}")
        if (method or study.ours) not in names:
            raise UsageError(f"--fail-under {method or metric}: no such method here; there are {', '.join(names)}")


def parse_bound(text: str) -> Bound:
    """[METHOD:]MEASURE=VALUE."""
    name, _, value = text.rpartition("=")
    method, _, metric = name.rpartition(":")
    try:
        return Bound(method or None, metric, float(value))
    except ValueError as error:
        raise UsageError(f"--fail-under {text}: [METHOD:]MEASURE=VALUE is needed ({error})") from error


def broken_bounds(results: Results, bounds: Sequence[Bound]) -> list[str]:
    """A line for each bound that does not hold."""
    from benchmarks.metrics.table import ALL_METRICS

    lines = []
    for method, metric, value in bounds:
        name = method or results.ours
        means = [row.mean for row in results.summaries if (row.method, row.metric) == (name, metric)]
        if not means:
            lines.append(f"--fail-under {metric}: {name} has no {metric} here")
            continue
        better = ALL_METRICS[metric].better
        wrong = not means[0] <= value if better == "lower" else not means[0] >= value
        if wrong:
            lines.append(f"{name}: {metric} is {means[0]:.4g}, worse than {value:g}")
    return lines


def _pictures_and_references(arguments: argparse.Namespace) -> tuple[list[Path], list[Path]]:
    """Paths of the test set, and the references; without either, pictures that come along."""
    if not arguments.data and not arguments.refs:
        from benchmarks.data.bundled import write_bundled

        tests, left_halves = write_bundled(arguments.output / BUNDLED)
        return [tests], [each.path for each in find([os.fspath(left_halves)])]
    if not arguments.data:
        raise UsageError("--refs without --data: name the test pictures by --data")
    references = [each.path for each in find(arguments.refs or (), quiet=arguments.quiet)]
    if arguments.quick:
        import numpy as np

        order = np.random.default_rng(arguments.seed).permutation(len(references))[:QUICK_REFERENCES]
        references = [references[i] for i in sorted(order)]
    return [Path(path) for path in arguments.data], references


def _dataset(arguments: argparse.Namespace, data: Sequence[Path]) -> DataSet:
    from benchmarks.data.datasets import open_dataset

    limit = arguments.limit or (QUICK_PICTURES if arguments.quick else None)
    layout = "gallery" if arguments.benchmark == "outputs" and arguments.layout == "auto" else arguments.layout
    dataset = open_dataset(data, layout=layout, protocol=arguments.protocol, limit=limit, seed=arguments.seed)
    tell_of_foreign(dataset.foreign, quiet=arguments.quiet)
    return dataset


def _entries(arguments: argparse.Namespace, dataset: DataSet, tell: Callable[[str], None]) -> list[Entry]:
    """Methods by name, then what was named by file; names are unique."""
    from benchmarks.methods.onnx import parse_onnx
    from benchmarks.methods.ours import FeatcolorModel
    from benchmarks.methods.outputs import Precomputed
    from benchmarks.methods.table import BUDGETS, METHODS, build_method
    from benchmarks.runs.photos import Entry

    entries = [
        Entry(name, build_method(name), BUDGETS.get(name)) for name in _method_names(arguments, tuple(METHODS), tell)
    ]
    for name, pictures in dataset.outputs.items():
        entries.append(Entry(name, Precomputed(name, pictures, resize=arguments.resize_outputs, dataset=dataset)))
    for text in arguments.outputs:
        name, folder = _named(text, "--outputs", None)
        entries.append(Entry(name, Precomputed(name, folder, resize=arguments.resize_outputs, dataset=dataset)))
    for text in arguments.onnx:
        method = parse_onnx(text)
        entries.append(Entry(method.name, method))
    for text in arguments.model:
        name, path = _named(text, "--model", MODEL_NAME)
        entries.append(Entry(name, FeatcolorModel(path, title=None if name == MODEL_NAME else name)))
    _check_names([entry.name for entry in entries])
    for entry in entries:
        entry.method.settings()  # a file that cannot be read is known now, not after hours of fitting
    return entries


def _check_needs(entries: Sequence[Entry], references: Sequence[Path]) -> None:
    """UsageError where a method lacks what it learns from, or the one whose time is its budget."""
    from benchmarks.runs.photos import BUDGET_UNIT

    if not references and (needing := [entry.name for entry in entries if entry.method.learns]):
        raise UsageError(f"{', '.join(needing)}: fitted on references; name them by --refs")
    names = [entry.name for entry in entries]
    if (timed := [entry.name for entry in entries if entry.budget is not None]) and BUDGET_UNIT not in names:
        raise UsageError(
            f"{', '.join(timed)}: trained as long as {BUDGET_UNIT} takes to fit; add {BUDGET_UNIT} to --methods"
        )


def _are_sequences(arguments: argparse.Namespace, dataset: DataSet, tell: Callable[[str], None]) -> bool:
    """Whether pictures are frames in order: as asked for, or as the layout says, but not where some are left out."""
    film = arguments.sequences or dataset.layout in ("davis", "videvo")
    if film and (arguments.limit or arguments.quick):
        tell("no measures of film: --limit and --quick take frames that are not neighbours")
        return False
    return film


def _method_names(arguments: argparse.Namespace, known: Sequence[str], tell: Callable[[str], None]) -> list[str]:
    """Names of the methods to run; what needs an extra that is missing is left out of `all`, not of what was named."""
    from importlib.util import find_spec

    if arguments.methods and arguments.methods != ALL:
        return words(arguments.methods)
    if arguments.benchmark == "outputs" and not arguments.methods:
        return ["grey"]
    names = QUICK_METHODS.split(",") if arguments.quick and not arguments.methods else list(known)
    if find_spec("torch") is None and (left := [name for name in names if name.startswith("unet")]):
        tell(f"left out {', '.join(left)}: needs torch; pip install torch")
        names = [name for name in names if name not in left]
    return names


def _named(text: str, option: str, default: str | None) -> tuple[str, Path]:
    """NAME=PATH; the name may be missing where there is a default."""
    name, separator, path = text.partition("=")
    if not separator or not NAME.fullmatch(name):
        if default is None:
            raise UsageError(f"{option} {text}: NAME=FOLDER is needed")
        name, path = default, text
    place = Path(path).expanduser()
    if not place.exists():
        raise UsageError(f"{path}: no such file or folder (of {option})")
    return name, place


def _check_names(names: Sequence[str]) -> None:
    """Names become folders: each once, and none that the study needs itself."""
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name}: two methods of this name; give one another NAME=")
        if name in RESERVED or not NAME.fullmatch(name):
            raise UsageError(f"{name!r}: not usable as a method's name; use letters, digits, '.', '_', '+' and '-'")


def _ours(asked: str | None, names: Sequence[str]) -> str:
    """The method that the others are compared with: what was asked for, else ours; empty where none is."""
    if asked and asked not in names:
        raise UsageError(f"--ours {asked}: no such method here; there are {', '.join(names)}")
    others = [name for name in names if name.startswith(MODEL_NAME)]
    candidates = (asked or OURS, OURS, MODEL_NAME, DEFAULT_NAME, *others)
    return next((name for name in candidates if name in names), "")


def _metrics(text: str, weights: Mapping[str, Path]) -> tuple[str, ...]:
    """Keys of measures, in the tables' order; colourfulness and those that come with weights are always among them.

    PSNR and ΔE00 mean nothing without colourfulness beside them.
    """
    from benchmarks.metrics.table import PICTURE_METRICS, SET_METRICS, bind_weights

    bind_weights(weights)
    table: dict[str, Metric | SetMetric] = {**PICTURE_METRICS, **SET_METRICS}
    groups = {"core": ("core",), ALL: ("core", "perceptual"), "people": ("people",)}
    asked = []
    for word in words(text):
        if word in groups:
            asked += [key for key, metric in table.items() if metric.group in groups[word]]
        else:
            asked.append(_known_metric(word))
    if missing := [key for key in asked if table[key].group == "weights" and key not in weights]:
        raise UsageError(f"--metrics {missing[0]}: needs its network, --{missing[0]} FILE.onnx")
    return tuple(key for key in table if key in asked or key in weights or key == "cf")


def _known_metric(key: str) -> str:
    from benchmarks.metrics.table import PICTURE_METRICS, SET_METRICS

    known = (*PICTURE_METRICS, *SET_METRICS)
    if key not in known:
        raise UsageError(f"no measure is called {key!r}; there are {', '.join(known)}")
    return key
