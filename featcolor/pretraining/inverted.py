"""Training of the weights by which negatives are told from positives, on photographs; needs no torch.

A logistic regression judges `featcolor.models.negative.difference` of the scans that `featcolor.pretraining.scans`
makes. It has no intercept, so that a picture and its inverse get opposite sums; the bound is what few positives exceed,
each judged by a regression that saw nothing of its folder. Learned on every other folder, all this is measured on the
rest; learned on all, it is the file. `python -m featcolor.pretraining.inverted PHOTO... -o
features/models/negative.npz` makes the bundled one.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from featcolor.colour.lab import FloatArray, lightness_of
from featcolor.errors import PictureError
from featcolor.files import replacing
from featcolor.models.negative import difference
from featcolor.parallel.cores import available_cores
from featcolor.pictures.find import FoundPicture, find_pictures
from featcolor.pictures.io import read_reference
from featcolor.pretraining.scans import NEGATIVES, PAGE, page_of, scans_of
from features.network_grid import grey_codes

PIXELS: Final = 320 * 240
"""What photographs are reduced to."""
ALARMS: Final = 0.003
"""Share of the positives that exceed the bound."""
FOLDS: Final = 5
INVERSE_PENALTY: Final = 0.003
"""scikit-learn's C, of differences divided by their root mean square."""
PAGE_FOLDERS: Final = 10
"""What pages are spread over, so that every half and fold has some."""


class Scans(NamedTuple):
    """Differences (n, d) of scans, with their kinds and their folders, (n,)."""

    differences: FloatArray
    kinds: NDArray[np.str_]
    folders: NDArray[np.str_]

    def of(self, chosen: NDArray[np.bool_]) -> Scans:
        """Some of them."""
        return Scans(self.differences[chosen], self.kinds[chosen], self.folders[chosen])

    @property
    def negative(self) -> NDArray[np.bool_]:
        """Which are negatives."""
        return np.isin(self.kinds, NEGATIVES)


def scans_from(photographs: Sequence[FoundPicture], pages: int) -> Scans:
    """Scans of the photographs that can be read, and so many pages; the same for the same."""
    with ThreadPoolExecutor(available_cores()) as pool:
        found = [each for some in pool.map(_scans_of, range(len(photographs)), photographs) for each in some]
        for number, page in enumerate(pool.map(_page, range(pages))):
            found.append((PAGE, f"{PAGE} {number % PAGE_FOLDERS}", page))
    kinds, folders, differences = zip(*found, strict=True)
    return Scans(np.stack(differences), np.array(kinds), np.array(folders))


def _scans_of(number: int, photograph: FoundPicture) -> list[tuple[str, str, FloatArray]]:
    try:
        rgb = read_reference(photograph.path, PIXELS)
    except PictureError:
        return []
    grey = grey_codes(lightness_of(rgb)) / np.float32(255)
    scans = scans_of(grey, np.random.default_rng(number))
    return [(kind, folder_of(photograph), difference(scan)) for kind, scan in scans]


def _page(number: int) -> FloatArray:
    return difference(page_of(np.random.default_rng([number, 0])))


def folder_of(photograph: FoundPicture) -> str:
    """The first folder below the one that was named, or that itself: what photographs that look alike share."""
    return photograph.relative.parts[0] if len(photograph.relative.parts) > 1 else photograph.path.parent.name


def drawn(found: Sequence[FoundPicture], most: int) -> list[FoundPicture]:
    """At most so many photographs of each folder, at random, the same each time."""
    counted: Counter[str] = Counter()
    kept = []
    for photograph in random.Random(0).sample(found, len(found)):
        counted[folder_of(photograph)] += 1
        if counted[folder_of(photograph)] <= most:
            kept.append(photograph)
    return kept


def learn(scans: Scans) -> tuple[FloatArray, float]:
    """Weights (d,), and the bound that `ALARMS` of the positives exceed, judged by weights learned on other folders."""
    scale = np.sqrt(np.square(scans.differences).mean(axis=0)) + np.float32(1e-6)
    standard = scans.differences / scale
    regression = LogisticRegression(C=INVERSE_PENALTY, fit_intercept=False, class_weight="balanced", max_iter=1000)
    folds = GroupKFold(min(FOLDS, len(set(scans.folders))))
    judged = cross_val_predict(
        regression, standard, scans.negative, groups=scans.folders, cv=folds, method="decision_function"
    )
    bound = float(np.quantile(judged[~scans.negative], 1 - ALARMS, method="higher"))
    return (regression.fit(standard, scans.negative).coef_[0] / scale).astype(np.float32), bound


def report(scans: Scans, weights: FloatArray, bound: float) -> Iterable[str]:
    """Lines that say how many scans of each kind are taken for negatives."""
    told = scans.differences @ weights > bound
    for kind in np.unique(scans.kinds):
        those = told[scans.kinds == kind]
        yield f"{kind}: {those.sum()} of {len(those)} told, {those.mean():.2%}"


def main() -> None:
    """Train on the photographs of the command line, print what folders held out say, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--most", type=int, default=70, help="photographs of a folder, drawn at random")
    parser.add_argument("--pages", type=int, default=200)
    arguments = parser.parse_args()
    scans = scans_from(drawn(find_pictures(arguments.photo), arguments.most), arguments.pages)
    folders = sorted(set(scans.folders))
    print(f"{len(scans.kinds)} scans from {len(folders)} folders; learned on every other one, told of the rest:")
    held_out = np.isin(scans.folders, folders[::2])
    for line in report(scans.of(held_out), *learn(scans.of(~held_out))):
        print(line)
    weights, bound = learn(scans)
    with replacing(arguments.output) as part, part.open("wb") as file:
        np.savez(file, weights=weights, bias=np.float32(bound))


if __name__ == "__main__":
    main()
