"""Every measure of a coloured picture and of a set of them, by key: what each is, and which way is better.

The functions are elsewhere, each small and pure: `featcolor.colour.measures` and the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.histograms import auc, combine_rebalanced_auc, jensen_shannon, rebalanced_auc_parts
from benchmarks.metrics.kinds import FilmMetric, Metric, Rgb, SetMetric
from benchmarks.metrics.lpips_fid import InceptionFeatures, Lpips, frechet_distance
from benchmarks.metrics.perceptual import flip, ssimulacra2_score
from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.ssim import ssim, wrapped_psnr
from featcolor.colour.measures import colourfulness, delta_e00, psnr
from featcolor.errors import UsageError


def on_rgb(function: Callable[[Rgb, Rgb], float]) -> Callable[[Picture, Picture], float]:
    """A function of two (H, W, 3) uint8 arrays as a `Metric` takes it."""
    return lambda truth, output: function(truth.rgb, output.rgb)


def measure_gain(truth: Picture, output: Picture) -> float:
    """`featcolor.colour.measures.gain`: PSNR less that of the exact grey picture, in dB; nan when the truth is grey."""
    return psnr(truth.rgb, output.rgb) - truth.grey_psnr


def measure_delta_e00(truth: Picture, output: Picture) -> float:
    """`featcolor.colour.measures.mean_delta_e00`: CIEDE2000, mean over pixels; 0 when equal."""
    return float(delta_e00(truth.lab, output.lab).mean(dtype=np.float64))


def measure_cf(truth: Picture, output: Picture) -> float:
    """Colourfulness of the output, signed, in codes of 255."""
    return output.colourfulness


def measure_cf_abs(truth: Picture, output: Picture) -> float:
    """Colourfulness of the output with |rg| and |yb| taken first, in codes of 255."""
    return colourfulness(output.rgb, signed=False)


def measure_delta_cf(truth: Picture, output: Picture) -> float:
    """|CF of the output - CF of the truth|, signed CF, in codes of 255; 0 when equally colourful."""
    return abs(output.colourfulness - truth.colourfulness)


def measure_auc(truth: Picture, output: Picture) -> float:
    """`auc` of the pictures' chroma, in %."""
    return auc(truth.chroma, output.chroma)


def measure_ab_js(truth: Picture, output: Picture) -> float:
    """Jensen-Shannon distance (root, base 2; 0..1) of the ab histograms: blind to where the colours are."""
    return jensen_shannon(truth.ab_shares, output.ab_shares)


def cf_pair(truth: Picture, output: Picture) -> NDArray[np.float64]:
    """(CF of the truth, CF of the output), signed."""
    return np.array([truth.colourfulness, output.colourfulness])


def cf_abs_pair(truth: Picture, output: Picture) -> NDArray[np.float64]:
    """(CF-abs of the truth, CF-abs of the output)."""
    return np.array([colourfulness(picture.rgb, signed=False) for picture in (truth, output)])


def combine_delta_cf(pairs: NDArray[Any]) -> float:
    """|mean CF of the outputs - mean CF of the truth| of (n, 2): what papers print as ΔCF, most of CF-abs.

    Pictures too colourful make up for others too pale, so that it is at most the mean of the pictures' own ΔCF.
    """
    truth, output = pairs.mean(axis=0)
    return float(abs(output - truth))


def ab_shares_pair(truth: Picture, output: Picture) -> NDArray[np.float32]:
    """ab histograms of truth and output, (2, AB_BINS), each of sum 1: pictures of any size count the same."""
    return np.asarray([truth.ab_shares, output.ab_shares], np.float32)


def combine_ab_js(pairs: NDArray[Any]) -> float:
    """Jensen-Shannon distance (root, base 2; 0..1) of the whole set's ab histograms, from (n, 2, AB_BINS)."""
    truth, output = pairs.mean(axis=0, dtype=np.float64)
    return jensen_shannon(truth, output)


def lack_weights(truth: Picture, output: Picture) -> Any:
    """What stands for a network of the user's until `bind_weights` puts it there."""
    raise UsageError("this measure needs a network: give its ONNX file by --lpips or --fid")


@lru_cache(maxsize=2)
def _open_lpips(path: Path) -> Lpips:
    return Lpips(path)


@lru_cache(maxsize=2)
def _open_inception(path: Path) -> InceptionFeatures:
    return InceptionFeatures(path)


def bind_weights(weights: Mapping[str, Path]) -> tuple[Mapping[str, Metric], Mapping[str, SetMetric]]:
    """`PICTURE_METRICS` and `SET_METRICS` with the networks of the user's: {"lpips": file, "fid": file} or fewer.

    Raises
    ------
    UsageError
        When a file is missing or no such network.
    """
    pictures, sets = dict(PICTURE_METRICS), dict(SET_METRICS)
    if "lpips" in weights:
        pictures["lpips"] = replace(pictures["lpips"], measure=on_rgb(_open_lpips(weights["lpips"])))
    if "fid" in weights:
        features = _open_inception(weights["fid"])
        sets["fid"] = replace(sets["fid"], statistic=lambda truth, output: features([truth.rgb, output.rgb]))
    return pictures, sets


Keyed = TypeVar("Keyed", Metric, SetMetric, FilmMetric)


def by_key(metrics: Iterable[Keyed]) -> Mapping[str, Keyed]:
    """A table that nobody changes, in the order given."""
    return MappingProxyType({metric.key: metric for metric in metrics})


_ZHANG: Final = "Zhang, Isola, Efros 2016"
_HASLER: Final = "Hasler, Süsstrunk 2003"

PICTURE_METRICS: Final[Mapping[str, Metric]] = by_key(
    (
        Metric("gain", "PSNR gain", "dB", "higher", measure_gain, source="PSNR less that of the exact grey picture"),
        Metric("psnr", "PSNR", "dB", "higher", on_rgb(psnr), source="RGB, 20 log10(255 / RMSE)"),
        Metric("delta_e00", "ΔE00", "", "lower", measure_delta_e00, source="Sharma, Wu, Dalal 2005"),
        Metric("cf", "CF", "", "near truth", measure_cf, source=_HASLER),
        Metric("delta_cf", "ΔCF of a picture", "", "lower", measure_delta_cf, source=_HASLER),
        Metric("cf_abs", "CF-abs", "", "near truth", measure_cf_abs, source="scripts of DDColor and ColorMNet"),
        Metric("ssim", "SSIM", "", "higher", on_rgb(ssim), source="Wang, Bovik, Sheikh, Simoncelli 2004"),
        Metric("auc", "AuC, plain", "%", "higher", measure_auc, source=_ZHANG),
        Metric("ab_js", "ab histogram distance", "", "lower", measure_ab_js, source="Jensen-Shannon, root, base 2"),
        Metric(
            "wrapped_psnr",
            "PSNR wrapped in uint8 (wrong, flatters)",
            "dB",
            "higher",
            on_rgb(wrapped_psnr),
            source="script of ColorMNet; published DAVIS tables appear to use it",
        ),
        Metric("flip", "FLIP", "", "lower", on_rgb(flip), "perceptual", source="Andersson et al. 2020, LDR"),
        Metric(
            "ssimulacra2", "SSIMULACRA2", "", "higher", on_rgb(ssimulacra2_score), "perceptual", source="Sneyers 2023"
        ),
        Metric("lpips", "LPIPS", "", "lower", lack_weights, "weights", source="Zhang et al. 2018, weights as given"),
    )
)
"""Measures of one picture, by key, in the order that reports show."""

SET_METRICS: Final[Mapping[str, SetMetric]] = by_key(
    (
        SetMetric(
            "delta_cf_of_means", "ΔCF of means", "", "lower", cf_pair, combine_delta_cf, (0, np.inf), source=_HASLER
        ),
        SetMetric(
            "delta_cf_abs_of_means",
            "ΔCF-abs of means",
            "",
            "lower",
            cf_abs_pair,
            combine_delta_cf,
            (0, np.inf),
            source="as DDColor's table prints it: |rg|, |yb| first",
        ),
        SetMetric(
            "auc_rebalanced",
            "AuC, rebalanced",
            "%",
            "higher",
            lambda truth, output: rebalanced_auc_parts(truth.chroma, output.chroma),
            combine_rebalanced_auc,
            (0, 100),
            source=f"{_ZHANG}, eq. 4 with λ = 0; the prior is the truth of this set",
        ),
        SetMetric(
            "ab_js_of_set",
            "ab histogram distance of the set",
            "",
            "lower",
            ab_shares_pair,
            combine_ab_js,
            (0, 1),
            source="Jensen-Shannon, root, base 2",
        ),
        SetMetric(
            "fid",
            "FID",
            "",
            "lower",
            lack_weights,
            lambda features: frechet_distance(features[:, 0], features[:, 1]) if len(features) > 1 else np.nan,
            (0, np.inf),
            "weights",
            source="Heusel et al. 2017, weights as given; compare sets of one size only",
            bootstrap=False,
        ),
    )
)
"""Measures of all pictures of a method together, by key, in the order that reports show."""

FILM_METRICS: Final[Mapping[str, FilmMetric]] = by_key(
    (
        FilmMetric("cdc", "CDC", "lower", "Liu et al. 2021; grey scores well"),
        FilmMetric("warp_error", "warp error", "lower", "Lai et al. 2018, flow by DIS on the truth's luma"),
        FilmMetric("chroma_flicker", "chroma flicker", "lower", "mean distance in a*b* along the truth's motion"),
    )
)
"""Measures of frames in order, by key: one value a sequence, of which reports show the mean."""

ALL_METRICS: Final[Mapping[str, Metric | SetMetric | FilmMetric]] = MappingProxyType(
    {**PICTURE_METRICS, **SET_METRICS, **FILM_METRICS}
)
"""Every measure that reports can show."""
