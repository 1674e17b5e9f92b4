"""Pictures to look at: held-back ones beside their truth, and old ones that have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from benchmarks.contact_sheet import PAPER, build_sheet, gather_tiles
from benchmarks.datasets import Sample
from benchmarks.default_parts import (
    RowResult,
    StudySettings,
    held_back_paths,
    load_samples,
    open_default,
    spread,
)
from benchmarks.default_scores import Rgb, Table
from featcolor.images import read_reference
from featcolor.measures import colourfulness, grey_picture, is_grey
from featcolor.references import expand_references
from featcolor.spaces import rgb_to_lab
from featcolor.stills import StillColorizer

SHOWN: Final = 24
TILE: Final = 224
BLOCKS: Final = 4
"""Columns of rows that lie side by side."""
OLD_PIXELS: Final = 600 * 600
ONE_TINT: Final = 0.9
"""Share of the chroma's power in its mean from which on a picture counts as in one tint."""
LEAST_POWER: Final = 1.0
"""Mean of |(a*, b*)|² below which a picture is grey."""


def draw_sheets(settings: StudySettings) -> RowResult:
    """Sheets of `SHOWN` held-back pictures (grey, default, truth) and of history/bw (grey, default)."""
    result, default = RowResult(), open_default(settings)
    count = SHOWN if settings.limit is None else min(SHOWN, settings.limit)
    corpus = settings.data / "corpus"
    held = load_samples(held_back_paths(settings), "as-is", limit=None, root=corpus)
    chosen = spread([sample for sample in held if not is_grey(sample.truth)], count)
    old = expand_references([settings.data / "history/bw"])
    olds = [
        Sample(path.stem, picture, np.ascontiguousarray(grey_picture(picture)[..., 0]))
        for path in (old if settings.limit is None else spread(old, settings.limit))
        for picture in [read_reference(path, OLD_PIXELS)]
    ]
    for name, samples, shows_truth in (("held-back", chosen, True), ("history-bw", olds, False)):
        outputs = {sample.name: colour(default, sample) for sample in samples}
        columns = ("grey", "default", "truth") if shows_truth else ("grey", "default")
        result.pictures[name] = sheet_of(samples, outputs, columns)
        lines = [(key, f"{colourfulness(rgb):.1f}", f"{tint_share(rgb):.2f}") for key, rgb in outputs.items()]
        result.tables.append(Table(name, ("picture", "CF", "power of the mean chroma"), tuple(lines)))
        tinted = [line[0] for line in lines if float(line[2]) > ONE_TINT]
        result.notes.append(f"{name}: in one tint (above {ONE_TINT:g}): {', '.join(tinted) or 'none'}")
    return result


def colour(colorizer: StillColorizer, sample: Sample) -> Rgb:
    """The sample's grey picture in colour."""
    rgb: Rgb = colorizer.colorize(sample.grey)
    return rgb


def tint_share(rgb: Rgb) -> float:
    """|mean of (a*, b*)|² as a share of the mean of |(a*, b*)|²: 1 when one chroma covers all, 0 for grey."""
    chroma = rgb_to_lab(rgb)[1].reshape(-1, 2).astype(np.float64)
    power = float((chroma**2).sum(axis=1).mean())
    return float((chroma.mean(axis=0) ** 2).sum() / power) if power >= LEAST_POWER else 0.0


def sheet_of(samples: Sequence[Sample], outputs: Mapping[str, Rgb], columns: Sequence[str]) -> Rgb:
    """One picture of all samples in `BLOCKS` columns of rows, each row with `columns`: grey, default, truth."""
    by_name = {sample.name: sample for sample in samples}

    def picture_of(column: str, name: str) -> Rgb:
        if column == "default":
            return outputs[name]
        return by_name[name].truth if column == "truth" else np.dstack([by_name[name].grey] * 3)

    height = -(-len(samples) // BLOCKS)
    blocks = []
    for start in range(0, len(samples), height):
        names = [sample.name for sample in samples[start : start + height]]
        tiles = gather_tiles(names, columns, picture_of, side=TILE)
        blocks.append(build_sheet({n: n for n in names}, {c: c for c in columns}, tiles, side=TILE))
    tallest = max(len(block) for block in blocks)
    whole = np.empty((tallest, sum(block.shape[1] for block in blocks), 3), np.uint8)
    whole[:] = PAPER
    left = 0
    for block in blocks:
        whole[: len(block), left : left + block.shape[1]] = block
        left += block.shape[1]
    return whole
