"""A fit: what is left out and why, the same model from paths, arrays and iterators, on one process and on two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import colourfulness, psnr
from featcolor.errors import ReferencesError
from featcolor.models import fitting
from featcolor.models import references as trainingset
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.fit_report import MEASURES, METHODS, measure_held_back
from featcolor.models.fitting import WORST_SHOWN
from featcolor.models.references import TrainingSet, find_duplicates, sample_all, sample_source
from featcolor.parallel.local import local_engine
from featcolor.pictures.resize import resize
from features.spec import parse_features
from tests.samples import write_rgb


def config(**changes: Any) -> ColorizerConfig:
    """Settings that fit in a tenth of a second, none of them a default's."""
    settings = {
        "features": "patch:3,context:2-5,position",
        "size": 48,
        "step": 4,
        "pixels": 50,
        "views": 2,
        "hidden": (12,),
        "members": 2,
        "epochs": 2,
        "holdout": 0.2,
        "refine": "none",
        "upsample": "bilinear",
    }
    return ColorizerConfig(**settings | changes)


def picture(seed: int, height: int = 48, width: int = 60) -> NDArray[np.uint8]:
    """Sky above, ground below, of changing colours."""
    rng = np.random.default_rng(seed)
    corners = np.clip(
        np.array([[80, 130, 210], [190, 190, 180], [70, 110, 40]])[:, None] + rng.normal(0, 40, (3, 4, 3)), 0, 255
    )
    return resize(corners.astype(np.float32), (height, width)).round().astype(np.uint8)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    return [picture(seed) for seed in range(14)]


def arrays_of(colorizer: Colorizer) -> dict[str, NDArray[Any]]:
    return colorizer.to_arrays()[1]


def assert_same_model(first: Colorizer, second: Colorizer) -> None:
    a, b = arrays_of(first), arrays_of(second)
    assert a.keys() == b.keys()
    for name, array in a.items():
        np.testing.assert_array_equal(array, b[name], err_msg=name)


def fit(references: Any, jobs: int = 1, **changes: Any) -> Colorizer:
    return Colorizer(config(**changes)).fit(references, jobs=jobs)


@pytest.fixture(scope="module")
def fitted(pictures: list[NDArray[np.uint8]]) -> Colorizer:
    return fit(pictures)


def test_paths_arrays_and_iterators_give_the_same_model(
    fitted: Colorizer, pictures: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    paths = [write_rgb(tmp_path / f"{i:02}.png", each) for i, each in enumerate(pictures)]
    assert_same_model(fit(paths), fitted)
    assert_same_model(fit(str(path) for path in paths), fitted)
    assert_same_model(fit(each / 255 for each in pictures), fitted)
    assert_same_model(fit([each.astype(np.uint16) * 257 for each in pictures]), fitted)


@pytest.mark.parametrize("features", ["patch:3,context,position", "daisy:5-1-4-4,words:8-4"])
def test_two_processes_give_the_same_model_as_one(features: str, pictures: list[NDArray[np.uint8]]) -> None:
    assert_same_model(fit(pictures, jobs=1, features=features), fit(pictures, jobs=2, features=features))


def test_another_seed_or_film_gives_another_model(fitted: Colorizer, pictures: list[NDArray[np.uint8]]) -> None:
    for changes in ({"seed": 1}, {"film": "blue-sensitive"}):
        other = arrays_of(fit(pictures, **changes))
        assert any(not np.array_equal(array, other[name]) for name, array in arrays_of(fitted).items())


def test_what_cannot_be_used_is_named_and_left_out(pictures: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    whole = write_rgb(tmp_path / "whole.png", pictures[0]).read_bytes()
    (tmp_path / "broken.png").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "notes.png").write_text("not a picture")
    (tmp_path / "empty.jpg").touch()
    write_rgb(tmp_path / "grey.png", np.repeat(pictures[1][..., :1], 3, axis=2))
    write_rgb(tmp_path / "tiny.png", picture(99, 9, 30))
    write_rgb(tmp_path / "copy.jpg", pictures[2])
    bad = {
        "broken.png": "",
        "notes.png": "",
        "empty.jpg": "",
        "missing.png": "",
        "grey.png": "grey",
        "tiny.png": "tiny",
        "copy.jpg": "the same picture as array 2",
    }
    odd_arrays = [np.zeros((40, 40), np.uint8), np.zeros((40, 40, 3), np.int32)]
    colorizer = fit([*pictures, *(tmp_path / name for name in bad), *odd_arrays])
    report = colorizer.report_
    assert report.references == len(pictures) == colorizer.card_["references"]
    assert [Path(name).name for name, _ in report.left_out] == [*bad, "array 21", "array 22"]
    for (_, reason), expected in zip(report.left_out, [*bad.values(), "shape", "int32"], strict=True):
        assert reason
        assert expected in reason
        assert "\n" not in reason
        assert "defect" not in reason


def test_left_out_references_leave_no_trace_in_the_rows(pictures: list[NDArray[np.uint8]]) -> None:
    stack, silent = parse_features(config().features), {"engine": local_engine(1), "progress": lambda *_: None}
    grey = np.full((40, 40, 3), 128, np.uint8)
    sources = [grey, pictures[0], grey, grey, pictures[1], pictures[0], pictures[2]]
    rows, left_out = sample_all(sources, stack, config(), **silent)
    assert rows.kept == [1, 4, 6]
    assert [name for name, _ in left_out] == ["array 0", "array 2", "array 3", "array 5"]
    assert rows.features.shape == (3 * 50, len(stack.names))
    for place, index in enumerate(rows.kept):
        expected = sample_source((index, sources[index]), stack=stack, config=config())
        block = rows.rows_of(np.array([place]))
        np.testing.assert_array_equal(rows.features[block], expected.features)
        np.testing.assert_array_equal(rows.chroma[block], expected.chroma)
        np.testing.assert_array_equal(rows.descriptors[place], expected.descriptor)


@pytest.mark.parametrize(
    "references",
    [[], iter([]), [np.full((40, 40, 3), 90, np.uint8)], [Path("missing.png")], [np.zeros((3, 3), np.uint8)]],
    ids=["none", "empty iterator", "grey", "missing", "shape"],
)
def test_no_usable_reference_is_an_error_in_one_line(references: Any) -> None:
    with pytest.raises(ReferencesError) as caught:
        fit(references)
    assert "\n" not in str(caught.value)


def test_more_references_give_fewer_pixels_each(
    pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_features = len(parse_features(config().features).names)
    budget = 14 * 20 * n_features * 2
    monkeypatch.setattr(trainingset, "ROWS_BYTES", budget)
    colorizer = fit(pictures)
    assert colorizer.card_["rows"] == 14 * 20
    assert colorizer.config.pixels == 50, "the settings stay as they were asked for"
    monkeypatch.setattr(trainingset, "ROWS_BYTES", 1)
    assert fit(pictures).card_["rows"] == 14


def test_rows_of_references() -> None:
    rows = TrainingSet(np.zeros((12, 1), np.float16), np.zeros((12, 2), np.float32), np.zeros((3, 1)), [0, 4, 5], 4)
    np.testing.assert_array_equal(rows.pictures, np.repeat([0, 1, 2], 4))
    np.testing.assert_array_equal(rows.rows_of(np.array([0, 2])), [0, 1, 2, 3, 8, 9, 10, 11])


def test_duplicates_point_to_the_first_and_chains_do_not_lose_it() -> None:
    flat = np.full(64, 50, np.float32)
    near, far = flat + 0.9, flat + 1.8
    assert find_duplicates({0: flat, 3: near, 7: flat + 20, 9: flat}) == {3: 0, 9: 0}
    assert find_duplicates({0: flat, 1: near, 2: far}) == {1: 0}
    assert find_duplicates({4: flat}) == {}
    assert find_duplicates({}) == {}


def test_the_report_is_complete_and_goes_into_json(fitted: Colorizer) -> None:
    report = fitted.report_
    assert report.references == 14
    assert report.held_back == 3
    assert set(report.table) == set(METHODS)
    assert all(set(row) == set(MEASURES) for row in report.table.values())
    assert report.table["grey"]["gain"] == 0
    assert report.table["grey"]["colourfulness"] < 1
    assert len(report.worst) == WORST_SHOWN
    errors = [error for _, error in report.worst]
    assert errors == sorted(errors, reverse=True)
    assert report.seconds > 0
    assert report.peak_memory > 50e6
    json.dumps(report.to_dict())
    json.dumps(fitted.card())


def test_few_references_are_all_learned_from_and_more_if_so_asked(pictures: list[NDArray[np.uint8]]) -> None:
    for count, changes in ((1, {}), (2, {}), (9, {}), (14, {"holdout": 0.0})):
        colorizer = fit(pictures[:count], **changes)
        assert colorizer.report_.held_back == 0
        assert colorizer.report_.table == {}
        assert np.isnan(colorizer.report_.table["featcolor"]["gain"]), "no KeyError where nothing was held back"
        assert bool(colorizer.report_.worst) == (count > 9)
        assert colorizer.colorize(pictures[0]).shape == pictures[0].shape
        json.dumps(colorizer.card(), allow_nan=False)


def test_held_back_references_are_not_learned_from(
    fitted: Colorizer, pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other colours in the held-back references change neither cells nor weights, when no epoch is chosen by them."""
    held: list[int] = []
    original = fitting.fit_regressors

    def spy(rows: TrainingSet, *arguments: Any, **options: Any) -> Any:
        experts, numbers, followed = original(rows, *arguments, **options)
        held[:] = numbers
        return experts, numbers, followed

    monkeypatch.setattr(fitting, "fit_regressors", spy)
    first = fit(pictures, epochs=1, head="mean")
    assert len(held) == 3
    changed = [each[..., ::-1] if i in held else each for i, each in enumerate(pictures)]
    second = fit([np.ascontiguousarray(each) for each in changed], epochs=1, head="mean")
    for name, array in arrays_of(first).items():
        if name.startswith("experts.0."):
            np.testing.assert_array_equal(array, arrays_of(second)[name], err_msg=name)


def test_clusters_make_several_experts() -> None:
    many = [picture(seed, 20, 24) for seed in range(44)]
    dark = [(each * 0.3).astype(np.uint8) if i % 2 else each for i, each in enumerate(many)]
    colorizer = fit(dark, clusters=2, pixels=10, views=1)
    assert len(colorizer.experts_.predictors) == 2
    assert colorizer.colorize(dark[0]).shape == dark[0].shape


def test_progress_tells_every_stage(pictures: list[NDArray[np.uint8]]) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}
    Colorizer(config()).fit(
        pictures, jobs=1, progress=lambda stage, done, total: seen.setdefault(stage, []).append((done, total))
    )
    assert list(seen) == ["learning features", "reading references", "fitting", "measuring"]
    for steps in seen.values():
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert all(done <= total for done, total in steps)
        assert steps[-1][0] == steps[-1][1]


def test_held_back_quality_is_that_of_the_measures(pictures: list[NDArray[np.uint8]]) -> None:
    def perfect(rgb: NDArray[np.uint8]) -> Any:
        return rgb_to_lab(rgb)[1]

    table, truth = measure_held_back(pictures[:3], perfect, np.array([2, 5], np.float32), lambda *_: None)
    assert truth == pytest.approx(np.mean([colourfulness(each) for each in pictures[:3]]))
    assert table["featcolor"]["psnr"] > 60
    assert table["featcolor"]["delta_e00"] < 0.1
    assert table["featcolor"]["gain"] == pytest.approx(table["featcolor"]["psnr"] - table["grey"]["psnr"])
    assert table["featcolor"]["colourfulness"] == pytest.approx(truth, abs=0.1)
    assert psnr(pictures[0], pictures[0]) == float("inf")
    assert measure_held_back([], perfect, np.zeros(2, np.float32), lambda *_: None)[0] == {}


def test_a_few_references_are_followed_as_far_as_they_bear_out_each_other(network: Path) -> None:
    """Beside the colour network of the features; a fit without one, or on many, is followed wholly."""
    shade = [np.repeat(picture(seed).mean(axis=2, keepdims=True), 3, axis=2) / 255 for seed in range(8)]
    rng = np.random.default_rng(0)
    alike = [each * np.float32([1, 0.7, 0.4]) for each in shade]
    unlike = [each * rng.uniform(0.3, 1, 3) for each in shade]
    features = f"context:2-5,embedding:{network}"
    fits = [fit(each, features=features, epochs=30) for each in (alike, unlike)]
    assert fits[0].followed_ > 0.8
    assert fits[1].followed_ < fits[0].followed_ - 0.2
    assert fit(alike, features="context:2-5").followed_ == 1
    grey = np.asarray(picture(20).mean(axis=2) / 255, np.float32)
    model, share = fits[0], fits[0].followed_
    coloured = model.predict(grey)
    model.followed_ = 0.0
    guess = model.predict(grey)
    model.followed_ = 1.0
    answer = model.predict(grey)
    np.testing.assert_allclose(coloured, guess + share * (answer - guess), atol=0.01)
