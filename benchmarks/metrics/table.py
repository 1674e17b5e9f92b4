"""Measures of a coloured picture, of a set of them and of a film, by key: what each is, and which way is better.

The functions are elsewhere, each small and pure: `featcolor.colour.measures` and the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.histograms import auc, combine_rebalanced_auc, jensen_shannon, rebalanced_auc_parts
from benchmarks.metrics.lpips_fid import InceptionFeatures, Lpips, frechet_distance
from benchmarks.metrics.perceptual import flip, ssimulacra2_score
from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.skin import TONES, combine_skin, mean_skin, skin_parts
from benchmarks.metrics.ssim import ssim, wrapped_psnr
from featcolor.colour.measures import colourfulness, delta_e00, psnr
from featcolor.errors import UsageError

Rgb: TypeAlias = NDArray[np.uint8]
Better: TypeAlias = Literal["higher", "lower", "near truth"]
Group: TypeAlias = Literal["core", "perceptual", "people", "weights"]


@dataclass(frozen=True)
class Described:
    """Description of a measure for reports; measures of film, which `benchmarks.metrics.film` has, are no more.

    Attributes
    ----------
    key : name in `results.csv` and on the command line.
    title, unit : for people; the unit is empty for pure numbers.
    better : which way is better; "near truth" for what has an ideal that is neither end (colourfulness).
    source : paper or definition.
    """

    key: str
    title: str
    unit: str
    better: Better
    source: str


@dataclass(frozen=True)
class Metric(Described):
    """A measure of one output against its truth.

    `measure`: from truth and output, two pictures of one shape, to a number; `group`: "core" is always measured,
    "perceptual" is modelled on sight and needs the extra of that name, "people" means something in pictures of people
    only, "weights" needs files of the user's.
    """

    measure: Callable[[Picture, Picture], float]
    group: Group = "core"

    def of(self, truth: Rgb, output: Rgb) -> float:
        """The measure of two (H, W, 3) uint8 arrays; several measures of one picture share work by `measure`."""
        return self.measure(Picture(truth), Picture(output))


@dataclass(frozen=True)
class SetMetric(Described):
    """A measure of all outputs of a method together.

    A set may hold thousands of pictures: one is reduced to its statistic as it passes, and a bootstrap over pictures
    draws among the statistics.

    Attributes
    ----------
    statistic : from truth and output, two pictures of one shape, to a small array of a shape that is always the same.
    combine : from the statistics of n pictures, (n, ...), to a number.
    bounds : the least and the largest value possible.
    group : as of `Metric`.
    bootstrap : whether an interval is worked out; not for what takes minutes to combine.
    """

    statistic: Callable[[Picture, Picture], NDArray[Any]]
    combine: Callable[[NDArray[Any]], float]
    bounds: tuple[float, float] = (0, np.inf)
    group: Group = "core"
    bootstrap: bool = True


def on_rgb(function: Callable[[Rgb, Rgb], float]) -> Callable[[Picture, Picture], float]:
    """A function of two (H, W, 3) uint8 arrays as a `Metric` takes it."""
    return lambda truth, output: function(truth.rgb, output.rgb)


def combine_delta_cf(pairs: NDArray[Any]) -> float:
    """|mean CF of the outputs - mean CF of the truth| of (n, 2): what papers print as ΔCF, most of CF-abs.

    Pictures too colourful make up for others too pale, so that it is at most the mean of the pictures' own ΔCF.
    """
    truth, output = pairs.mean(axis=0)
    return float(abs(output - truth))


def combine_ab_js(pairs: NDArray[Any]) -> float:
    """Jensen-Shannon distance (root, base 2; 0..1) of the whole set's ab histograms, from (n, 2, AB_BINS)."""
    truth, output = pairs.mean(axis=0, dtype=np.float64)
    return jensen_shannon(truth, output)


def lack_weights(truth: Picture, output: Picture) -> Any:
    """What stands for a network of the user's until `bind_weights` puts it there."""
    raise UsageError("this measure needs a network: give its ONNX file by --lpips or --fid")


def skin_statistic(truth: Picture, output: Picture) -> NDArray[np.float32]:
    """`skin_parts` of a picture."""
    return skin_parts(truth.skin_tones, truth.lab, output.lab)


_open_lpips = lru_cache(maxsize=2)(Lpips)
_open_inception = lru_cache(maxsize=2)(InceptionFeatures)


def bind_weights(weights: Mapping[str, Path]) -> tuple[Mapping[str, Metric], Mapping[str, SetMetric]]:
    """`PICTURE_METRICS` and `SET_METRICS` with the networks of the user's: {"lpips": file, "fid": file} or fewer.

    Raises UsageError when a file is missing or no such network.
    """
    pictures, sets = dict(PICTURE_METRICS), dict(SET_METRICS)
    if "lpips" in weights:
        pictures["lpips"] = replace(pictures["lpips"], measure=on_rgb(_open_lpips(weights["lpips"])))
    if "fid" in weights:
        features = _open_inception(weights["fid"])
        sets["fid"] = replace(sets["fid"], statistic=lambda truth, output: features([truth.rgb, output.rgb]))
    return pictures, sets


Keyed = TypeVar("Keyed", bound=Described)


def by_key(metrics: Iterable[Keyed]) -> Mapping[str, Keyed]:
    """A table that nobody changes, in the order given."""
    return MappingProxyType({metric.key: metric for metric in metrics})


_ZHANG: Final = "Zhang, Isola, Efros 2016"
_SKIN: Final = "hue within 25° and half the chroma; skin by Chai, Ngan 1999 and shape (benchmarks/metrics/skin.py)"
_HASLER: Final = "Hasler, Süsstrunk 2003"

PICTURE_METRICS: Final = by_key(
    (
        Metric(
            *("gain", "PSNR gain", "dB", "higher", "PSNR less that of the exact grey picture"),
            lambda truth, output: psnr(truth.rgb, output.rgb) - truth.grey_psnr,
        ),
        Metric("psnr", "PSNR", "dB", "higher", "RGB, 20 log10(255 / RMSE)", on_rgb(psnr)),
        Metric(
            *("delta_e00", "ΔE00", "", "lower", "Sharma, Wu, Dalal 2005"),
            lambda truth, output: float(delta_e00(truth.lab, output.lab).mean(dtype=np.float64)),
        ),
        Metric("cf", "CF", "", "near truth", _HASLER, lambda truth, output: output.colourfulness),
        Metric(
            *("delta_cf", "ΔCF of a picture", "", "lower", _HASLER),
            lambda truth, output: abs(output.colourfulness - truth.colourfulness),
        ),
        Metric(
            *("cf_abs", "CF-abs", "", "near truth", "scripts of DDColor and ColorMNet: |rg|, |yb| first"),
            lambda truth, output: colourfulness(output.rgb, signed=False),
        ),
        Metric("ssim", "SSIM", "", "higher", "Wang, Bovik, Sheikh, Simoncelli 2004", on_rgb(ssim)),
        Metric("auc", "AuC, plain", "%", "higher", _ZHANG, lambda truth, output: auc(truth.chroma, output.chroma)),
        Metric(
            *("ab_js", "ab histogram distance", "", "lower", "Jensen-Shannon, root, base 2"),
            lambda truth, output: jensen_shannon(truth.ab_shares, output.ab_shares),
        ),
        Metric(
            *("wrapped_psnr", "PSNR wrapped in uint8 (wrong, flatters)", "dB", "higher"),
            "script of ColorMNet; published DAVIS tables appear to use it",
            on_rgb(wrapped_psnr),
        ),
        Metric("flip", "FLIP", "", "lower", "Andersson et al. 2020, LDR", on_rgb(flip), "perceptual"),
        Metric("ssimulacra2", "SSIMULACRA2", "", "higher", "Sneyers 2023", on_rgb(ssimulacra2_score), "perceptual"),
        Metric("lpips", "LPIPS", "", "lower", "Zhang et al. 2018, weights as given", lack_weights, "weights"),
    )
)
"""Measures of one picture, by key, in the order that reports show."""

SET_METRICS: Final = by_key(
    (
        SetMetric(
            *("delta_cf_of_means", "ΔCF of means", "", "lower", _HASLER),
            lambda truth, output: np.array([truth.colourfulness, output.colourfulness]),
            combine_delta_cf,
        ),
        SetMetric(
            *("delta_cf_abs_of_means", "ΔCF-abs of means", "", "lower"),
            "as DDColor's table prints it: |rg|, |yb| first",
            lambda *pair: np.array([colourfulness(picture.rgb, signed=False) for picture in pair]),
            combine_delta_cf,
        ),
        SetMetric(
            *("auc_rebalanced", "AuC, rebalanced", "%", "higher"),
            f"{_ZHANG}, eq. 4 with λ = 0; the prior is the truth of this set",
            lambda truth, output: rebalanced_auc_parts(truth.chroma, output.chroma),
            combine_rebalanced_auc,
            (0, 100),
        ),
        SetMetric(
            *("ab_js_of_set", "ab histogram distance of the set", "", "lower", "Jensen-Shannon, root, base 2"),
            lambda truth, output: np.asarray([truth.ab_shares, output.ab_shares], np.float32),
            combine_ab_js,
            (0, 1),
        ),
        SetMetric(
            *("skin", "skin that is right", "%", "higher", _SKIN),
            skin_statistic,
            combine_skin,
            (0, 100),
            "people",
        ),
        SetMetric(
            *("skin_of_pictures", "skin that is right, mean of pictures", "%", "higher", _SKIN),
            skin_statistic,
            mean_skin,
            (0, 100),
            "people",
        ),
        *(
            SetMetric(
                *(f"skin_{tone}", f"skin that is right, {tone}", "%", "higher", _SKIN, skin_statistic),
                partial(combine_skin, tone=tone),
                (0, 100),
                "people",
            )
            for tone in TONES
        ),
        SetMetric(
            *("fid", "FID", "", "lower", "Heusel et al. 2017, weights as given; compare sets of one size only"),
            lack_weights,
            lambda features: frechet_distance(features[:, 0], features[:, 1]) if len(features) > 1 else np.nan,
            group="weights",
            bootstrap=False,
        ),
    )
)
"""Measures of all pictures of a method together, by key, in the order that reports show."""

FILM_METRICS: Final = by_key(
    (
        Described("cdc", "CDC", "", "lower", "Liu et al. 2021; grey scores well"),
        Described("warp_error", "warp error", "", "lower", "Lai et al. 2018, flow by DIS on the truth's luma"),
        Described("chroma_flicker", "chroma flicker", "", "lower", "mean distance in a*b* along the truth's motion"),
    )
)
"""Measures of frames in order, by key: one value a sequence, of which reports show the mean."""

ALL_METRICS: Final[Mapping[str, Described]] = MappingProxyType({**PICTURE_METRICS, **SET_METRICS, **FILM_METRICS})
"""Every measure that reports can show."""
