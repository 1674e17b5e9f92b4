"""What the rows of the study of the default model share: settings, models, test pictures, and what a row gives back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import PROTOCOLS, Sample, TestPicture, load_sample, open_dataset
from benchmarks.default_scores import Colour, Rgb, Scores, Table
from featcolor.batch import ColouringSettings, load_colorizer
from featcolor.errors import UsageError
from featcolor.references import expand_references
from featcolor.spaces import rgb_to_lab
from featcolor.stills import StillColorizer

Item = TypeVar("Item")

IMAGENET_STEP: Final = 4
"""Every so manieth ImageNet photograph is a test picture."""
CONSTANT_PICTURES: Final = 500
"""Corpus pictures whose mean chroma stands for the training pictures' where the card says nothing of it."""


@dataclass(frozen=True)
class StudySettings:
    """What the command line says.

    Attributes
    ----------
    data : folder that holds photos/, corpus/, domains/, film/, history/ and deep-outputs/.
    network : a colour network (or a fitted model) instead of the bundled one.
    limit : at most so many test pictures of each set, evenly spaced; for a first look.
    seed : of the bootstrap intervals.
    held_back : names of the corpus' test pictures, where the network's card has none.
    split_seed : shuffle domains by this before they are split; None splits them evenly spaced.
    apart : frames between references of one film scene.
    repeats : of each timing.
    fits : of each film stock, with seeds 0, 1, ..; a picture's score is their mean.
    sets, temperatures, saturations : of the row `grid`.
    """

    data: Path
    network: Path | None = None
    limit: int | None = None
    seed: int = 0
    held_back: tuple[str, ...] | None = None
    split_seed: int | None = None
    apart: int = 5
    repeats: int = 5
    fits: int = 1
    sets: tuple[str, ...] = ("corpus", "imagenet")
    temperatures: tuple[float, ...] = (0.4, 0.5, 0.6, 0.8, 1.0)
    saturations: tuple[float, ...] = (0.8, 1.0, 1.2, 1.4, 1.6)


@dataclass
class RowResult:
    """What a row of the study measured: tables, lines for people, scores by set, and pictures that are PNG files."""

    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    scores: dict[str, Scores] = field(default_factory=dict)
    pictures: dict[str, Rgb] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


Row: TypeAlias = Callable[[StudySettings], RowResult]


def open_default(settings: StudySettings) -> StillColorizer:
    """The default model, or the one that --network names; its settings are those of a call without options."""
    return load_colorizer(settings.network, ColouringSettings())


def colour_by(colorizer: StillColorizer) -> Colour:
    """The method that colours a sample's grey codes by a colorizer."""

    def colour(sample: Sample) -> Rgb:
        rgb: Rgb = colorizer.colorize(sample.grey)
        return rgb

    return colour


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of the items, evenly spaced, in their order; all of them where there are no more.

    The middles of `count` equal runs: item floor((i + 1/2) n / count) for i = 0 .. count - 1.

    >>> spread(range(10), 3)
    [1, 5, 8]
    """
    if count >= len(items):
        return list(items)
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def split(items: Sequence[Item], references: int, tests: int, *, seed: int | None = None) -> tuple[list[Item], ...]:
    """References and test pictures: both evenly spaced over the items, or drawn where a seed is given.

    `references` + `tests` items are spread over all (a shuffled order first, with a seed); of these, `tests` that are
    spread again are the test, the others the references.

    Raises
    ------
    UsageError
        Where there are fewer items.

    >>> split("abcdefg", 4, 3)
    (['a', 'c', 'e', 'g'], ['b', 'd', 'f'])
    """
    if len(items) < references + tests:
        raise UsageError(f"{references} references and {tests} test pictures are needed; there are {len(items)}")
    if seed is not None:
        items = [items[i] for i in np.random.default_rng(seed).permutation(len(items))]
    chosen = list(range(len(items)))
    chosen = spread(chosen, references + tests)
    tested = set(spread(chosen, tests))
    return [items[i] for i in chosen if i not in tested], [items[i] for i in chosen if i in tested]


def load_samples(paths: Sequence[Path], protocol: str, *, limit: int | None, root: Path | None = None) -> list[Sample]:
    """Test pictures under a protocol of `benchmarks.protocols`; named by their place below `root`."""
    chosen = list(paths) if limit is None else spread(paths, limit)
    named = [(path.relative_to(root).as_posix() if root else path.stem, path) for path in chosen]
    return [load_sample(TestPicture(name, path), PROTOCOLS[protocol]) for name, path in named]


def held_back_paths(settings: StudySettings) -> list[Path]:
    """The corpus pictures that the network was not trained on, by its card or as the command line names them.

    Raises
    ------
    UsageError
        Neither names any, or one is missing.
    """
    names = settings.held_back or tuple(open_default(settings).card().get("held_back", ()))
    if not names:
        raise UsageError("the network's card names no pictures that were held back; name them by --held-back LIST.txt")
    corpus = settings.data / "corpus"
    paths = [next((p for p in (corpus / name, settings.data / name) if p.is_file()), None) for name in names]
    found = [path for path in paths if path is not None and path.is_relative_to(corpus)]
    if missing := [name for name, path in zip(names, paths, strict=True) if path is None]:
        raise UsageError(f"{missing[0]}: held back, but not below {corpus} ({len(missing)} of {len(names)} missing)")
    return sorted(found)


def constant_chroma(settings: StudySettings, barred: Sequence[Path]) -> NDArray[np.float32]:
    """Mean a*, b* of the training pictures: the card's, else of `CONSTANT_PICTURES` corpus pictures not `barred`."""
    told = open_default(settings).card().get("mean_chroma")
    if told is not None:
        return np.asarray(told, np.float32)
    out = set(barred)
    others = [path for path in expand_references([settings.data / "corpus"]) if path not in out]
    truths = load_samples(spread(others, CONSTANT_PICTURES), "as-is", limit=None)
    return np.mean([rgb_to_lab(each.truth)[1].mean(axis=(0, 1)) for each in truths], axis=0).astype(np.float32)


def _bsds(settings: StudySettings) -> list[Sample]:
    paths = expand_references([settings.data / "photos/bsds/test"])
    return load_samples(paths, "resize-256", limit=settings.limit)


def _imagenet(settings: StudySettings) -> list[Sample]:
    paths = expand_references([settings.data / "photos/imagenet"])[::IMAGENET_STEP]
    return load_samples(paths, "crop-256", limit=settings.limit)


def _corpus(settings: StudySettings) -> list[Sample]:
    corpus = settings.data / "corpus"
    return load_samples(held_back_paths(settings), "as-is", limit=settings.limit, root=corpus)


def _gallery(name: str) -> Callable[[StudySettings], list[Sample]]:
    def load(settings: StudySettings) -> list[Sample]:
        found = open_dataset(settings.data / "deep-outputs" / name, layout="gallery", limit=settings.limit)
        return [load_sample(picture, found.protocol) for picture in found.pictures]

    return load


SETS: Final[Mapping[str, Callable[[StudySettings], list[Sample]]]] = MappingProxyType(
    {
        "bsds": _bsds,
        "imagenet": _imagenet,
        "corpus": _corpus,
        "havc8": _gallery("havc8"),
        "koalarization7": _gallery("koalarization7"),
    }
)
"""Test sets by name. What is chosen on `corpus` and `imagenet` is then measured on the others."""


class Clock:
    """Seconds that a block took: `with Clock() as clock: ...; clock.seconds`."""

    seconds: float = float("nan")

    def __enter__(self) -> Clock:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start
