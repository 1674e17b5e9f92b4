"""What a colour network's file says of its output, learned from pictures kept back: its errors, and its paleness.

Both are ridge regressions, small beside the network and learned once it is trained: `features.confidence` tells where
an error is to be expected, `featcolor.models.vividness` how colourful a picture should come out. On pictures of the
training both would flatter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import colourfulness, delta_e00
from featcolor.files import replacing
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.vividness import Vividness, few_of, statistics
from featcolor.parallel.engine import Progress
from features.annealed import confidence_of
from features.base import FloatArray
from features.colournet import COLOUR_PROPERTY, ColourNetwork
from features.confidence import Certainty, terms
from features.threads import one_blas_thread

FEWEST: Final = 60
"""Pictures below which nothing is learned: the file then says nothing of either."""
SCALES: Final = (1.0, 2.0)
"""Short sides at which errors are learned, in the network's own: it is asked at several when a picture is coloured."""
CELLS: Final = 120
"""Of a picture at each scale, drawn at random."""
MOST_FOR_CONFIDENCE: Final = 400
"""Pictures that errors are learned from, drawn evenly: their cells are many."""
CONFIDENCE_PENALTY: Final = 0.01
VIVIDNESS_PENALTY: Final = 0.3
"""Of the ridge regressions, a row; every column has a standard deviation of 1."""
SCENE_SHARE: Final = 0.3
"""Standard deviation of the embedding's columns beside 1 of the statistics': there are many of them."""
FACTORS: Final = (0.8, 2.2)
"""The least and the most that a picture's chroma is multiplied by."""
ERROR_ADDED: Final = 1e-3
"""To an error whose logarithm is taken."""
SEED: Final = 0


def calibrate(path: Path, pictures: Sequence[NDArray[np.uint8]], progress: Progress) -> None:
    """Learn both from colour pictures (H, W, 3) that the network in this file was not trained on, and write them there.

    Nothing happens where there are fewer than `FEWEST` pictures.
    """
    if len(pictures) < FEWEST:
        return
    some = pictures[:: -(-len(pictures) // MOST_FOR_CONFIDENCE)]
    certainty = fit_confidence(ColourNetwork(path), some, progress=progress)
    write_settings(path, {"confidence": certainty.to_dict()})
    vividness = fit_vividness(PretrainedColorizer(path), pictures, progress=progress)
    write_settings(path, {"vividness": vividness.to_dict()})


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Put settings over those in the property `featcolor.colour` of a network's file; all else stays."""
    import onnx

    model = onnx.load_model_from_string(path.read_bytes())
    properties = {each.key: each.value for each in model.metadata_props}
    colour = {**json.loads(properties[COLOUR_PROPERTY]), **settings}
    properties[COLOUR_PROPERTY] = json.dumps(colour, sort_keys=True, allow_nan=False)
    onnx.helper.set_model_props(model, properties)
    with replacing(path) as part:
        part.write_bytes(model.SerializeToString(deterministic=True))


@one_blas_thread()
def fit_confidence(network: ColourNetwork, pictures: Sequence[NDArray[np.uint8]], *, progress: Progress) -> Certainty:
    """What tells of a network's errors.

    It is laid so that the confidence of the pictures' cells has the median and the quartiles' distance, in log odds,
    of the one by the spread alone: thresholds keep their meaning.
    """
    rng = np.random.default_rng(SEED)
    rows = []
    for done, rgb in enumerate(pictures, start=1):
        lightness, chroma = rgb_to_lab(rgb)
        rows += [_errors(network, lightness, chroma, scale, rng) for scale in SCALES]
        progress("learning confidence", done, len(pictures))
    values, spread, error = (np.concatenate(column) for column in zip(*rows, strict=True))
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    weights, bias = _ridge(terms(values, mean, scale), np.sqrt(error), CONFIDENCE_PENALTY)
    raw = Certainty(mean, scale, weights.astype(np.float32), bias, half=1.0, power=1.0)
    expected = np.log(raw.expected(values) + ERROR_ADDED)
    by_spread = confidence_of(spread)
    odds = np.log(by_spread / (1 - by_spread + ERROR_ADDED))
    (low, middle, high), (least, centre, most) = (np.quantile(each, (0.25, 0.5, 0.75)) for each in (expected, odds))
    power = float((most - least) / (high - low + ERROR_ADDED))
    return replace(raw, half=float(np.exp(middle + centre / power)), power=power)


def _errors(
    network: ColourNetwork, lightness: FloatArray, chroma: FloatArray, scale: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Evidence (n, k), spread (n,) and CIEDE2000 (n,) of some cells of a picture at a scale."""
    maps = network.maps(lightness, scale=scale)
    guess, spread, values = maps.read(network.info.temperature, network.info.saturation)
    height, width = maps.inside(maps.grey).shape
    truth = cv2.resize(np.dstack([100 * lightness, chroma]), (width, height), interpolation=cv2.INTER_AREA)
    truth = truth.reshape(-1, 3)
    at = rng.choice(len(truth), min(CELLS, len(truth)), replace=False)
    error = delta_e00(truth[at], np.column_stack([truth[at, 0], guess[at]]))
    return values[at], spread[at], error


@one_blas_thread()
def fit_vividness(
    colorizer: PretrainedColorizer, pictures: Sequence[NDArray[np.uint8]], *, progress: Progress
) -> Vividness:
    """How colourful the pictures are by what the model makes of their grey."""
    plain = colorizer.with_options(vivid=False)
    report = partial(progress, "learning vividness")
    rows = []
    for done, rgb in enumerate(pictures, start=1):
        lightness, _ = rgb_to_lab(rgb)
        few = few_of(*plain.predict_working(lightness))
        rows.append(np.concatenate([plain.network.scene(lightness), statistics(*few)]))
        report(done, len(pictures))
    values = np.array(rows)
    scale = values.std(axis=0) + 1e-6
    scale[: plain.network.info.channels] /= SCENE_SHARE
    truth = np.log1p([colourfulness(rgb) for rgb in pictures])
    weights, bias = _ridge(values / scale, truth, VIVIDNESS_PENALTY)
    return Vividness(weights / scale, bias, *FACTORS)


def _ridge(columns: NDArray[Any], target: NDArray[Any], penalty: float) -> tuple[NDArray[np.float64], float]:
    """Weights (d,) and bias of a ridge regression, the penalty times the number of rows."""
    columns, target = columns.astype(np.float64), target.astype(np.float64)
    mean = columns.mean(axis=0)
    centred = columns - mean
    gram = centred.T @ centred + penalty * len(columns) * np.eye(len(mean))
    weights = np.linalg.solve(gram, centred.T @ (target - target.mean()))
    return weights, float(target.mean() - mean @ weights)
