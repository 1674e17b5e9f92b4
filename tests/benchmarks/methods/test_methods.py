"""One contract for every method of the benchmark's table, and what each of them promises by itself."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from benchmarks.methods.base import Method
from benchmarks.methods.baselines import Constant
from benchmarks.methods.exemplars import Retrieval, read_exemplar
from benchmarks.methods.neighbours import FeatureSpace, Neighbours, mean_of_nearest
from benchmarks.methods.ours import Default, Featcolor, FeatcolorModel
from benchmarks.methods.superpixels import Superpixels, SuperpixelTransfer, match, scribbles, vote
from benchmarks.methods.table import METHODS, build_method
from benchmarks.methods.unet.config import UNetConfig
from benchmarks.methods.unet.method import UNet
from benchmarks.methods.welsh2002 import LUMINANCE_WEIGHT, Welsh2002, jittered_grid, remap_luminance, statistics
from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.colour.measures import grey_picture, mean_delta_e00
from featcolor.errors import ModelFileError, NetworkError, ReferencesError, UsageError
from featcolor.models.load import load, load_colorizer
from features import colournet
from features.spec import parse_features
from tests.networks import colour_network
from tests.samples import QUICK, grey, read_rgb, write_rgb

SIZE = 96
SHAPES = [(1, 1), (17, 33), (1, 40), (90, 120)]


def quick_featcolor(name: str) -> Method:
    method = build_method(name)
    assert isinstance(method, Featcolor)
    config = replace(method.config, **QUICK | {"pixels": 40}, hidden=(16,), members=1, views=1)
    return Featcolor(config, title=method.title)


def quick_neighbours(**options: int) -> Method:
    config = replace(Neighbours().config, **QUICK | {"features": "context,position,backbone"})
    return Neighbours(config, **options)


def quick_unet() -> Method:
    return UNet(UNetConfig(width=4, depth=2, side=64, batch=2), steps=2)


QUICK_BUILDS: dict[str, Callable[[], Method]] = {
    "welsh2002": partial(Welsh2002, size=SIZE),
    "superpixels": partial(SuperpixelTransfer, size=SIZE),
    "neighbours": quick_neighbours,
    "unet": quick_unet,
    "unet-x10": quick_unet,
    **{name: partial(quick_featcolor, name) for name in METHODS if name == "ridge" or name.startswith("featcolor")},
}
"""The table's methods with settings that fit in a second; the others are quick as they are."""

EVERY = [pytest.param(name, marks=pytest.mark.torch) if name.startswith("unet") else name for name in METHODS]
NO_REFERENCES = ("grey", "default")
NEEDS_REFERENCES = [n for n in METHODS if n not in NO_REFERENCES and not n.startswith(("featcolor-", "unet"))]
"""Of those that are a `Featcolor`, ridge stands for all; tests/benchmarks/methods/test_unet.py has the U-Net's own."""


def build(name: str) -> Method:
    return QUICK_BUILDS.get(name, METHODS[name])()


@pytest.fixture(scope="module", autouse=True)
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A tiny network in place of the bundled one, so that nothing here depends on what that one learned."""
    path = colour_network(tmp_path_factory.mktemp("network") / "made.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(colournet, "BUNDLED_FILE", path)
        load_colorizer.cache_clear()
        yield path
    load_colorizer.cache_clear()


@pytest.fixture(scope="module")
def fitted(references: Path) -> Callable[[str], Method]:
    """Each method fitted on the sample references, once."""
    paths = sorted(references.iterdir())
    return lru_cache(maxsize=None)(lambda name: build(name).fit(paths))


def noise(shape: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    picture = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    picture.flags.writeable = False
    return picture


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("shape", SHAPES)
def test_adds_chroma_and_leaves_lightness(name: str, shape: tuple[int, int], fitted: Callable[[str], Method]) -> None:
    picture = noise(shape)
    before = picture.copy()
    output = fitted(name).colorize(picture)
    assert output.shape == (*shape, 3)
    assert output.dtype == np.uint8
    assert 100 * np.abs(lightness_of(output) - lightness_of(picture)).max() < 1
    assert np.array_equal(picture, before)
    assert np.array_equal(fitted(name).colorize(picture), output)


@pytest.mark.parametrize("name", EVERY)
def test_flat_pictures_are_coloured(name: str, fitted: Callable[[str], Method]) -> None:
    for code in (0, 128, 255):
        assert fitted(name).colorize(np.full((24, 20), code, np.uint8)).shape == (24, 20, 3)


@pytest.mark.parametrize("name", EVERY)
def test_a_second_fit_gives_the_same(name: str, fitted: Callable[[str], Method], references: Path) -> None:
    again = build(name).fit(sorted(references.iterdir()), seconds=1.0)
    assert np.array_equal(again.colorize(noise((40, 50))), fitted(name).colorize(noise((40, 50))))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("wrong", [np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), np.float32), noise((0, 5))])
def test_other_arrays_are_refused(name: str, wrong: NDArray[np.uint8], fitted: Callable[[str], Method]) -> None:
    with pytest.raises(ValueError, match=r"grey picture must be \(H, W\) uint8"):
        fitted(name).colorize(wrong)


@pytest.mark.parametrize("name", EVERY)
def test_settings_are_json_and_a_new_method_travels_to_another_process(name: str) -> None:
    method = METHODS[name]()
    assert method.title
    assert method.learns == (name not in NO_REFERENCES)
    groups = {"grey": "baseline", "constant": "baseline", "default": "pretrained", "refs": "pretrained"}
    assert method.group == groups.get(name, "same references")
    assert json.loads(json.dumps(method.settings())) == pickle.loads(pickle.dumps(method)).settings()


@pytest.mark.parametrize("name", NEEDS_REFERENCES)
def test_references_that_cannot_be_used_are_left_out(
    name: str, fitted: Callable[[str], Method], references: Path, tmp_path: Path
) -> None:
    good = sorted(references.iterdir())
    broken = broken_references(tmp_path, good[0])
    method = build(name).fit([*good, *broken])
    assert np.array_equal(method.colorize(noise((40, 50))), fitted(name).colorize(noise((40, 50))))
    with pytest.raises(ReferencesError, match="none of the 3 references can be used"):
        build(name).fit(broken)
    with pytest.raises(ReferencesError, match=r"no references given|none of the 0 references"):
        build(name).fit([])


def broken_references(folder: Path, picture: Path) -> list[Path]:
    """A file that is no picture, one that is cut off, and a grey one."""
    text, cut = folder / "text.png", folder / "cut.png"
    text.write_text("no picture")
    cut.write_bytes(picture.read_bytes()[:2000])
    return [text, cut, write_rgb(folder / "grey.png", grey(read_rgb(picture)))]


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(UsageError, match="unknown method 'welch'") as caught:
        build_method("welch")
    assert all(name in str(caught.value) for name in METHODS)


def test_featcolor_methods_have_the_settings_that_they_are_named_for() -> None:
    configs = {name: METHODS[name]().settings()["config"] for name in METHODS if "config" in METHODS[name]().settings()}
    balanced = configs["featcolor-balanced"]
    assert configs["ridge"] == balanced | {"solver": "ridge", "head": "mean"}
    assert configs["featcolor-mean"] == balanced | {"head": "mean"}
    assert configs["neighbours"] == balanced
    assert configs["featcolor-best"]["mirrored"]


def test_constant_is_the_mean_of_the_references_whatever_their_size(tmp_path: Path) -> None:
    colours = np.array([[200, 60, 60], [60, 90, 200]], np.uint8)
    paths = [
        write_rgb(tmp_path / f"{i}.png", np.broadcast_to(colour, (20 + 40 * i, 30, 3)))
        for i, colour in enumerate(colours)
    ]
    method = Constant().fit(paths)
    mean = np.mean([rgb_to_lab(colour[None, None])[1][0, 0] for colour in colours], axis=0)
    assert method.chroma_ == pytest.approx(mean, abs=1e-3)
    output = method.colorize(np.full((16, 16), 120, np.uint8))
    assert rgb_to_lab(output)[1].mean(axis=(0, 1)) == pytest.approx(mean, abs=1.0)


@pytest.mark.parametrize("name", ["welsh2002", "superpixels", "neighbours"])
def test_a_reference_gets_most_of_its_own_colour_back(name: str, references: Path) -> None:
    builds = {
        "welsh2002": Welsh2002(size=SIZE),
        "superpixels": SuperpixelTransfer(exemplars=1, size=SIZE),
        "neighbours": quick_neighbours(exemplars=1),
    }
    paths = sorted(references.iterdir())
    method = builds[name].fit(paths)
    truths = [read_rgb(path) for path in paths]
    errors = [mean_delta_e00(truth, method.colorize(grey_picture(truth)[..., 0])) for truth in truths]
    greys = [mean_delta_e00(truth, grey_picture(truth)) for truth in truths]
    assert np.mean(errors) < 0.5 * np.mean(greys)
    alone = build(name).fit(paths[:1]).colorize(noise((30, 30)))  # one reference is enough
    assert np.ptp(alone.astype(int), axis=-1).max() > 0


def test_a_reference_is_the_exemplar_most_like_itself(references: Path) -> None:
    paths = sorted(references.iterdir())
    retrieval = Retrieval(parse_features("backbone"), size=SIZE).fit(paths)
    for path in paths:
        found = retrieval.nearest(read_exemplar(path, SIZE).lightness, 3)
        assert found[0] == path
        assert len(set(found)) == 3
    assert len(retrieval.nearest(read_exemplar(paths[0], SIZE).lightness, 100)) == len(paths)


def test_welsh_takes_the_sample_that_is_nearest_in_both_statistics(references: Path) -> None:
    path = min(references.iterdir())
    exemplar = read_exemplar(path, SIZE)
    target = lightness_of(noise((20, 30)))
    method = Welsh2002(size=SIZE)
    rows, columns = jittered_grid(exemplar.lightness.shape, method.samples, np.random.default_rng(method.seed)).T
    samples = statistics(remap_luminance(exemplar.lightness, target))[rows, columns]
    distances = cdist(statistics(target).reshape(-1, 2), samples, "cityblock")
    expected = exemplar.chroma[rows, columns][distances.argmin(axis=1)].reshape(20, 30, 2)
    assert np.array_equal(method.transfer(target, [path]), expected)


def test_welsh_statistics_are_lightness_and_deviation_of_the_window() -> None:
    lightness = lightness_of(noise((9, 11)))
    window = lightness[2:7, 3:8]
    expected = [LUMINANCE_WEIGHT * lightness[4, 5], (1 - LUMINANCE_WEIGHT) * window.std()]
    assert statistics(lightness)[4, 5] == pytest.approx(expected, abs=1e-5)


def test_remapped_luminance_has_the_targets_mean_and_deviation() -> None:
    source, target = lightness_of(noise((30, 40))), 0.3 + 0.2 * lightness_of(noise((20, 25), seed=1))
    remapped = remap_luminance(source, target)
    assert (remapped.mean(), remapped.std()) == pytest.approx((target.mean(), target.std()), abs=1e-5)
    assert np.isfinite(remap_luminance(np.full((5, 5), 0.5, np.float32), target)).all()


def test_a_jittered_grid_has_one_place_in_each_cell() -> None:
    places = jittered_grid((100, 200), 200, np.random.default_rng(0))
    assert sorted(map(tuple, places // [10, 10])) == [(row, column) for row in range(10) for column in range(20)]
    assert (jittered_grid((1, 3), 200, np.random.default_rng(0)) < [1, 3]).all()


def test_mean_of_nearest_is_the_plain_loop() -> None:
    random = np.random.default_rng(0)
    queries, rows = random.random((30, 4), np.float32), random.random((50, 4), np.float32)
    values = random.random((50, 2), np.float32)
    expected = []
    for query in queries:
        distances = np.linalg.norm(rows - query, axis=1)
        order = np.argsort(distances)[:7]
        expected.append(np.average(values[order], axis=0, weights=1 / distances[order]))
    assert mean_of_nearest(queries, rows, values, count=7) == pytest.approx(np.array(expected), abs=1e-4)
    assert mean_of_nearest(rows, rows, values, count=3) == pytest.approx(values, abs=0.05)
    assert mean_of_nearest(queries, rows[:2], values[:2], count=7).shape == (30, 2)


def test_whole_feature_space_keeps_distances_of_standardised_rows() -> None:
    rows = np.random.default_rng(0).normal(5, [1, 2, 3, 400], (300, 4)).astype(np.float32)
    rows = np.hstack([rows, np.full((300, 1), 7, np.float32)])
    projected = FeatureSpace.learn(rows, 5).project(rows)
    standard = (rows - rows.mean(axis=0))[:, :4] / rows[:, :4].std(axis=0)
    assert cdist(projected, projected) == pytest.approx(cdist(standard, standard), abs=1e-3)
    assert FeatureSpace.learn(rows, 2).project(rows).shape == (300, 2)


def test_superpixels_part_the_picture() -> None:
    lightness = lightness_of(noise((40, 60)))
    superpixels = Superpixels.of(lightness)
    n = len(superpixels.centres)
    assert sorted(np.unique(superpixels.labels)) == list(range(n))
    for i in (0, n - 1):
        assert superpixels.average(lightness)[i, 0] == pytest.approx(
            lightness[superpixels.labels == i].mean(), abs=1e-5
        )
    adjacency = superpixels.adjacency.toarray()
    assert np.array_equal(adjacency, adjacency.T)
    assert adjacency.diagonal().all()
    labels = superpixels.labels
    assert all(adjacency[a, b] for a, b in zip(labels[:, 1:].ravel(), labels[:, :-1].ravel(), strict=True))


def test_a_superpixel_among_the_candidates_is_its_own_best_match() -> None:
    random = np.random.default_rng(0)
    offered = {
        name: random.random((40, d), np.float32) for name, d in (("daisy", 8), ("intensity", 2), ("deviation", 2))
    }
    wanted = {name: features[10:20] for name, features in offered.items()}
    candidates, costs = match(wanted, offered, count=3)
    assert candidates[:, 0].tolist() == list(range(10, 20))
    assert (np.diff(costs, axis=1) >= 0).all()
    assert match(wanted, {name: features[:2] for name, features in offered.items()}, count=3)[0].shape == (10, 2)


def test_the_vote_outvotes_one_wrong_superpixel_and_keeps_agreement() -> None:
    superpixels = Superpixels.of(np.full((60, 60), 0.5, np.float32))
    n = len(superpixels.centres)
    assert n > 9
    chroma = np.tile(np.float32([20, -10]), (n, 4, 1))
    costs, intensity = np.ones((n, 4), np.float32), np.full(n, 0.5, np.float32)
    voted, support = vote(superpixels, intensity, chroma, costs)
    assert voted == pytest.approx(chroma[:, 0], abs=1e-4)
    assert support == pytest.approx(np.ones(n), abs=1e-5)
    chroma[n // 2] = [-60, 60]
    assert vote(superpixels, intensity, chroma, costs)[0] == pytest.approx(np.tile([20, -10], (n, 1)), abs=0.5)


def test_scribbles_lie_in_their_superpixels() -> None:
    superpixels = Superpixels.of(lightness_of(noise((40, 60))))
    support = np.arange(1, len(superpixels.centres) + 1, dtype=np.float32)
    confidence = scribbles(superpixels, support)
    marked = confidence > 0
    assert np.array_equal(confidence[marked], superpixels.labels[marked] + 1)


def test_a_model_file_colours_as_its_colorizer_does_and_a_missing_one_is_named(tiny_model: Path) -> None:
    method = FeatcolorModel(tiny_model)
    assert method.group == "pretrained"
    assert len(method.settings()["model_sha256"]) == 64
    picture = noise((40, 50))
    assert np.array_equal(method.fit([]).colorize(picture), load(tiny_model).colorize(picture))
    missing = FeatcolorModel(tiny_model.with_name("none.featcolor"))
    for act in (missing.settings, partial(missing.fit, [])):
        with pytest.raises(ModelFileError, match=r"^[^\n]*none\.featcolor[^\n]*$"):
            act()


def test_a_colour_network_is_a_model_too_and_the_default_is_the_bundled_one(made_network: Path, tmp_path: Path) -> None:
    picture = noise((40, 50))
    named, default = FeatcolorModel(made_network).fit([]), Default().fit([])
    assert np.array_equal(named.colorize(picture), default.colorize(picture))
    assert default.settings()["network_sha256"] == named.settings()["model_sha256"]
    other = Default(colour_network(tmp_path / "other.onnx", seed=1))
    assert other.settings() != default.settings()
    assert not np.array_equal(other.fit([]).colorize(picture), default.colorize(picture))
    with pytest.raises(NetworkError, match=r"none\.onnx"):
        Default(tmp_path / "none.onnx").settings()
