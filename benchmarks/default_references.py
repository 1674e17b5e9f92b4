"""What references add to the default model: one domain, one film scene, few and many of them, one film stock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.datasets import Sample
from benchmarks.default_parts import (
    Clock,
    RowResult,
    StudySettings,
    colour_by,
    load_samples,
    open_default,
    split,
    spread,
)
from benchmarks.default_scores import GREY, Colour, Rgb, Scores, Table, join, measure, show, table_of, table_of_pairs
from benchmarks.film_sequences import FrameFolder
from benchmarks.layouts_base import folder_names
from benchmarks.layouts_film import frames_in_order
from featcolor.album import AlbumColorizer
from featcolor.colorizer import Colorizer
from featcolor.config import DEFAULT_PRESET, PRESETS
from featcolor.errors import FeatcolorError
from featcolor.film import film_lightness
from featcolor.images import read_picture
from featcolor.measures import grey_picture
from featcolor.references import expand_references
from featcolor.spaces import lab_to_rgb, lightness_of
from featcolor.stills import StillColorizer
from features.colournet import BUNDLED

DOMAINS: Final[Mapping[str, tuple[int, int]]] = {"street": (12, 11), "people": (100, 40), "flowers": (150, 40)}
"""References and test pictures of each, as in the issue's table; `split` says which they are."""
COUNTS: Final = (1, 3, 10, 30, 100)
SCENE_REFERENCES: Final = 10
DAVIS_PHASE: Final = 2
"""Test frames of the row `refcount`: this one of every five, so that references may lie two frames away or more."""
PAIRS: Final = (("refs", "default"), ("refs", "fit"), ("fit", "default"))

OLD_REFERENCES: Final = 300
OLD_RIM: Final = 0.04
"""Share of each side of a Prokudin-Gorskii picture that is cut off: there its three plates do not overlap."""
OLD_SCALE: Final = 0.5
STOCKS: Final = ("orthochromatic", "panchromatic", "none")


@dataclass(frozen=True)
class Ready:
    """Methods ready to colour, how long each took to fit, and what could not be fitted."""

    methods: dict[str, Colour]
    seconds: dict[str, float]
    notes: list[str]


def prepare(settings: StudySettings, references: Sequence[Path]) -> Ready:
    """The default preset fitted on the references, and the default model with them as an album."""
    fits: dict[str, Callable[[], StillColorizer]] = {
        "fit": lambda: Colorizer(PRESETS[DEFAULT_PRESET]).fit(references),
        "refs": lambda: AlbumColorizer(settings.network or BUNDLED).fit(references),
    }
    ready = Ready({}, {}, [])
    for name, fit in fits.items():
        try:
            with Clock() as clock:
                ready.methods[name] = colour_by(fit())
            ready.seconds[name] = clock.seconds
        except FeatcolorError as error:
            ready.notes.append(f"{name} with {len(references)} references: {error}")
    return ready


def measure_domains(settings: StudySettings) -> RowResult:
    """References of one domain: the default, `fit` and `--refs` on other pictures of it."""
    result, default = RowResult(), open_default(settings)
    for name, (references, tests) in DOMAINS.items():
        paths = expand_references([settings.data / "domains" / name])
        known, unknown = split(paths, references, tests, seed=settings.split_seed)
        ready = prepare(settings, known)
        samples = load_samples(unknown, "as-is", limit=settings.limit)
        scores = measure(samples, {"default": colour_by(default), **ready.methods})
        seconds = {method: f"{value:.1f} s" for method, value in ready.seconds.items()}
        result.scores[name] = scores
        result.notes += ready.notes
        result.tables += [
            table_of(scores, f"{name}, {len(known)} references", seed=settings.seed, more=seconds),
            table_of_pairs(scores, PAIRS, f"{name}, picture by picture", seed=settings.seed),
        ]
        tell(f"{name} done")
    return result


def measure_counts(settings: StudySettings) -> RowResult:
    """1, 3, 10, 30 and 100 references, evenly spaced over what is not test: domains, and DAVIS' scenes."""
    result, default = RowResult(), open_default(settings)
    jobs = {}
    for name, (references, tests) in DOMAINS.items():
        paths = expand_references([settings.data / "domains" / name])
        unknown = set(split(paths, references, tests, seed=settings.split_seed)[1])
        jobs[name] = [([path for path in paths if path not in unknown], sorted(unknown))]
    jobs["davis"] = [
        ([p for i, p in enumerate(scene.paths) if i % 5 != DAVIS_PHASE], list(scene.paths[DAVIS_PHASE::5]))
        for scene in scenes(settings)
    ]
    lines = []
    for name, scene_jobs in jobs.items():
        loaded = [load_samples(tests, "as-is", limit=settings.limit) for _, tests in scene_jobs]
        alone = [measure(samples, {"default": colour_by(default)}) for samples in loaded]
        for count in COUNTS:
            if any(count > len(pool) for pool, _ in scene_jobs):
                continue
            parts = []
            for (pool, _), samples, base in zip(scene_jobs, loaded, alone, strict=True):
                ready = prepare(settings, spread(pool, count))
                result.notes += [f"{name}: {note}" for note in ready.notes]
                parts.append(base.beside(measure(samples, ready.methods)))
            scores = join(parts) if len(parts) == 1 else means_of(parts)
            result.scores[f"{name}, {count}"] = scores
            lines.append((name, str(count), *_gains(scores, settings.seed)))
            tell(" ".join(lines[-1]))
    head = ("set", "references", "default", "fit", "refs", *(f"{a} − {b}" for a, b in PAIRS))
    result.tables.append(Table("gain over grey, dB; davis by scene, not by frame", head, tuple(lines)))
    return result


def _gains(scores: Scores, seed: int) -> list[str]:
    """Mean gain of each method, then the differences with their intervals; a dash where a method is missing."""
    means = [f"{scores.mean(m, 'gain'):+.2f}" if m in scores.values else "–" for m in ("default", "fit", "refs")]
    there = [
        show(scores.compare(a, b, "gain", seed=seed), sign=True) if {a, b} <= scores.values.keys() else "–"
        for a, b in PAIRS
    ]
    return [*means, *there]


def measure_davis(settings: StudySettings) -> RowResult:
    """Ten references of the same scene (as many as there are), `apart` frames apart; the other frames are the test."""
    result, default, lines, parts = RowResult(), open_default(settings), [], []
    for scene in scenes(settings):
        known = scene.paths[:: settings.apart][:SCENE_REFERENCES]
        unknown = [path for path in scene.paths if path not in set(known)]
        ready = prepare(settings, known)
        samples = load_samples(unknown, "as-is", limit=settings.limit)
        scores = measure(samples, {"default": colour_by(default), **ready.methods})
        result.notes += [f"{scene.name}: {note}" for note in ready.notes]
        result.scores[scene.name] = scores
        parts.append(scores)
        lines.append((scene.name, str(len(known)), str(len(scores.pictures)), *_gains(scores, settings.seed)))
        tell(" ".join(lines[-1]))
    head = ("scene", "references", "frames", "default", "fit", "refs", *(f"{a} − {b}" for a, b in PAIRS))
    total = means_of(parts)
    result.tables = [
        Table(f"gain over grey, dB; references {settings.apart} frames apart", head, tuple(lines)),
        table_of(total, "all scenes, each one value", seed=settings.seed),
        table_of_pairs(total, PAIRS, "scene by scene", seed=settings.seed),
    ]
    return result


def scenes(settings: StudySettings) -> list[FrameFolder]:
    """The DAVIS sequences; at most `limit` of them, evenly spaced, too."""
    root = settings.data / "film/davis"
    names = folder_names(root)
    names = names if settings.limit is None else spread(names, settings.limit)
    return [FrameFolder(name, tuple(frames_in_order(root / name))) for name in names]


def means_of(parts: Sequence[Scores]) -> Scores:
    """Each set's means as one picture: what intervals over scenes need, whose frames are much alike."""
    common = [method for method in parts[0].values if all(method in part.values for part in parts)]
    return Scores(
        tuple(part.pictures[0] for part in parts),
        np.array([part.truth_cf.mean() for part in parts]),
        {method: np.array([part.values[method].mean(axis=0) for part in parts]) for method in common},
    )


def measure_prokudin(settings: StudySettings) -> RowResult:
    """Colour of about 1910 greyed as an orthochromatic plate; models fitted with that film stock, another and none.

    Measured twice: as it comes out, on the plate's lightness (whose error all models share), and the colour alone,
    put on the truth's own lightness.
    """
    result = RowResult()
    samples = [old_sample(path) for path in expand_references([settings.data / "history/prokudin-gorskii"])]
    samples = samples if settings.limit is None else spread(samples, settings.limit)
    references = spread(expand_references([settings.data / "photos/imagenet"]), OLD_REFERENCES)
    models: dict[str, list[StillColorizer]] = {"default": [open_default(settings)], **{stock: [] for stock in STOCKS}}
    for seed in range(settings.fits):
        for stock in STOCKS:
            config = replace(PRESETS[DEFAULT_PRESET], film=stock, seed=seed)
            with Clock() as clock:
                models[stock].append(Colorizer(config).fit(references))
            tell(f"fitted as {stock}, seed {seed}, in {clock.seconds:.0f} s")
    pairs = [("orthochromatic", other) for other in ("panchromatic", "none", "default")]
    ways: dict[str, tuple[Callable[[StillColorizer], Colour], dict[str, Colour]]] = {
        "on the plate's lightness": (colour_by, {}),
        "on the truth's lightness": (colour_alone, {GREY: lambda sample: grey_picture(sample.truth)}),
    }
    for title, (wrap, grey) in ways.items():
        parts = {
            name: [measure(samples, {**grey, name: wrap(model)}) for model in fitted] for name, fitted in models.items()
        }
        values = {name: np.mean([part.values[name] for part in scored], axis=0) for name, scored in parts.items()}
        one = parts["default"][0]
        scores = Scores(one.pictures, one.truth_cf, {GREY: one.values[GREY], **values}, one.left_out)
        result.scores[title] = scores
        result.tables += [
            table_of(scores, f"{title}, mean of {settings.fits} fits", seed=settings.seed),
            table_of_pairs(scores, pairs, f"{title}, picture by picture", seed=settings.seed),
        ]
    return result


def old_sample(path: Path) -> Sample:
    """A Prokudin-Gorskii picture without its rims at half size, and its grey codes as an orthochromatic plate's."""
    rgb = read_picture(path).pixels
    rows, columns = (round(OLD_RIM * length) for length in rgb.shape[:2])
    rgb = np.ascontiguousarray(rgb[rows : len(rgb) - rows, columns : rgb.shape[1] - columns])
    truth = np.asarray(cv2.resize(rgb, None, fx=OLD_SCALE, fy=OLD_SCALE, interpolation=cv2.INTER_AREA), np.uint8)
    lightness = film_lightness(truth, "orthochromatic")
    grey = lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32))[..., 0]
    return Sample(path.stem, truth, np.ascontiguousarray(grey))


def colour_alone(colorizer: StillColorizer) -> Colour:
    """The method that predicts chroma from the grey input and puts it on the truth's lightness."""

    def colour(sample: Sample) -> Rgb:
        rgb: Rgb = lab_to_rgb(lightness_of(sample.truth), colorizer.predict(lightness_of(sample.grey)))
        return rgb

    return colour


def tell(line: str) -> None:
    """A line for the person who waits."""
    print(line, file=sys.stderr, flush=True)
