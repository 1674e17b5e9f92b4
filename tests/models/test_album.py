"""An album of references makes the default model better, or leaves it as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.colour.measures import gain
from featcolor.commands import main
from featcolor.errors import ModelFileError, NetworkError, ReferencesError
from featcolor.models.album import AlbumColorizer
from featcolor.models.load import load
from featcolor.models.model_file import write_arrays
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.regression.blend import SAME_DISTANCES, Blend, fit_blend, share_to_follow
from featcolor.regression.kernel import KernelRegression
from features.base import FloatArray, IndexArray
from tests.models.samples import QUICK_ALBUM, small
from tests.networks import colour_network
from tests.samples import grey, read_rgb, write_rgb


def album(network: Path, *references: Any, **changes: Any) -> AlbumColorizer:
    return AlbumColorizer(network, album=replace(QUICK_ALBUM, **changes)).fit(references)


def test_a_picture_comes_back_in_its_reference_s_colours(network: Path) -> None:
    picture = small("chelsea")
    default = gain(picture, PretrainedColorizer(network).colorize(picture))
    assert gain(picture, album(network, picture).colorize(picture)) > default + 3
    assert gain(picture, album(network, picture, small("coffee")).colorize(picture)) > default + 3


def test_lightness_is_untouched_and_references_are_not_changed(network: Path) -> None:
    picture = small("coffee")
    before = picture.copy()
    coloured = album(network, picture).with_options(saturation=2.0).colorize(grey(picture))
    np.testing.assert_array_equal(picture, before)
    assert np.abs(lightness_of(coloured) - lightness_of(grey(picture))).max() < 0.0027


def test_what_looks_like_no_reference_stays_as_the_default_has_it(network: Path) -> None:
    asked = lightness_of(small("coffee")).repeat(2, axis=0).repeat(2, axis=1)
    default = PretrainedColorizer(network).predict(asked)
    model = album(network, small("chelsea"))
    assert np.abs(model.predict(asked) - default).mean() > 0.5
    model.kernel.keys += 100
    np.testing.assert_allclose(model.predict(asked), default, atol=0.05)
    afar = PretrainedColorizer(network).without_closer_views().predict(asked)
    assert np.abs(afar - default).max() > 0.5
    np.testing.assert_allclose(model.without_closer_views().predict(asked), afar, atol=0.05)


def learned(answer: FloatArray, chroma: FloatArray, picture: IndexArray, *, most_vivid: float = 1.0) -> Blend:
    """Of one answer that is far from the album, where the guess is nought."""
    far = np.full(len(chroma), 1e4, np.float32)
    guess = np.zeros_like(chroma)
    return fit_blend(answer[None], guess, far, chroma, picture, narrowest=0, most_vivid=most_vivid)


def test_answers_that_are_wrong_are_not_followed() -> None:
    answer, chroma = 20 * np.random.default_rng(0).normal(size=(2, 4000, 2)).astype(np.float32)
    blend = learned(answer, chroma, np.repeat(np.arange(20), 200), most_vivid=1.25)
    assert np.abs(blend.weights[0]) < 0.05
    assert blend.vividness < 1.05


def test_answers_that_only_some_references_bear_out_are_followed_less() -> None:
    answer = 20 * np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    picture = np.repeat(np.arange(4), 1000)
    assert learned(answer, answer, picture).weights[0] > 0.7
    for shares, followed in (([0.5, 0.5, 1, 1], 0.4), ([-1, 1, 1, 1], 0.4), ([-1, -1, 1, 1], 0.05)):
        assert learned(answer, np.float32(shares)[picture, None] * answer, picture).weights[0] < followed


def test_a_blend_follows_the_answer_that_is_right() -> None:
    rng = np.random.default_rng(0)
    truth, guess, wrong = 20 * rng.normal(size=(3, 2000, 2)).astype(np.float32)
    answers, far = np.stack([wrong, truth]), np.full(2000, 1e4, np.float32)
    blend = fit_blend(answers, guess, far, truth, np.repeat(np.arange(40), 50), narrowest=0)
    assert np.abs(blend.apply(answers, guess, far) - truth).mean() < 0.1 * np.abs(guess - truth).mean()


def test_a_blend_is_as_vivid_as_the_references_but_by_its_limit_at_most() -> None:
    rng = np.random.default_rng(0)
    chroma, noise = 20 * rng.normal(size=(2, 4000, 2)).astype(np.float32)
    picture = np.repeat(np.arange(40), 100)
    plain, vivid = (learned(chroma + noise, chroma, picture, most_vivid=most) for most in (1.0, 1.2))
    np.testing.assert_array_equal(plain.weights, vivid.weights)
    assert plain.vividness == 1
    assert 1.1 < vivid.vividness < 1.2001


def test_what_was_learned_counts_for_nothing_where_the_album_has_nothing_so_near() -> None:
    rng = np.random.default_rng(0)
    truth, guess = 20 * rng.normal(size=(2, 2000, 2)).astype(np.float32)
    answers, nearest = truth[None], rng.uniform(2, 4, 2000).astype(np.float32)
    blend = fit_blend(answers, guess, nearest, truth, np.repeat(np.arange(40), 50), narrowest=0)
    near, far = (np.abs(blend.apply(answers, guess, nearest * by) - guess).mean() for by in (1, 40))
    assert near > 0.8 * np.abs(truth - guess).mean()
    assert far < 0.02 * near


def test_the_same_look_is_recalled_unless_references_speak_against_it() -> None:
    rng = np.random.default_rng(0)
    answer, truth = 20 * rng.normal(size=(2, 2000, 2)).astype(np.float32)
    guess = np.float32(0.8) * truth
    picture, near = np.repeat(np.arange(20), 100), rng.uniform(0.05, 0.5, 2000).astype(np.float32)

    def same_distance(answer: FloatArray, nearest: FloatArray) -> float:
        return fit_blend(answer[None], guess, nearest, truth, picture, narrowest=0).same_distance

    assert same_distance(truth, near) == same_distance(answer, near + 1e6) == max(SAME_DISTANCES)
    assert same_distance(answer, near) == min(SAME_DISTANCES)


def test_a_share_is_what_pictures_bear_out() -> None:
    rng = np.random.default_rng(0)
    truth, noise, other = 20 * rng.normal(size=(3, 4000, 2)).astype(np.float32)
    picture, guess = np.repeat(np.arange(20), 200), np.zeros((4000, 2), np.float32)
    right, doubtful, wrong = (share_to_follow(each, guess, truth, picture) for each in (truth, truth + noise, other))
    assert right > 0.85
    assert 0.35 < doubtful < 0.75
    assert wrong < 0.05


@pytest.mark.parametrize("vividness", [1.0, 1.25])
def test_the_very_same_is_recalled_as_it_was(vividness: float) -> None:
    rng = np.random.default_rng(0)
    answers, guess = rng.normal(size=(2, 9, 2)).astype(np.float32), rng.normal(size=(9, 2)).astype(np.float32)
    blend = Blend(np.zeros(4, np.float32), 1, vividness=vividness)
    np.testing.assert_allclose(blend.apply(answers, guess, np.zeros(9, np.float32)), answers[1], rtol=1e-5)
    np.testing.assert_allclose(
        blend.apply(answers, guess, np.full(9, 1e6, np.float32)), guess * np.float32(vividness), rtol=1e-5
    )


def test_the_same_seed_gives_the_same_colours(network: Path) -> None:
    references, asked = [small("chelsea"), small("coffee")], lightness_of(small("rocket"))
    first = album(network, *references).predict(asked)
    np.testing.assert_array_equal(album(network, *references).predict(asked), first)
    assert not np.array_equal(album(network, *references, seed=1).predict(asked), first)


def test_what_cannot_be_used_is_named_and_left_out(network: Path, tmp_path: Path) -> None:
    paths = [
        write_rgb(tmp_path / "good.png", small("chelsea")),
        write_rgb(tmp_path / "grey.png", grey(small("coffee"))),
        write_rgb(tmp_path / "tiny.png", small("coffee")[:8, :8]),
        write_rgb(tmp_path / "twin.png", small("chelsea")),
        tmp_path / "broken.jpg",
    ]
    paths[-1].write_bytes(b"no picture")
    model = album(network, *paths)
    assert model.references == 1
    assert [Path(name).name for name, _ in model.left_out] == ["grey.png", "tiny.png", "twin.png", "broken.jpg"]
    assert all(reason and str(tmp_path) not in reason for name, reason in model.left_out if "twin" not in name)
    with pytest.raises(ReferencesError, match=r"none of the 2 references can be used: .*grey\.png: is grey"):
        album(network, paths[1], paths[-1])
    with pytest.raises(ReferencesError, match="no references given"):
        album(network)


def test_a_reference_of_one_colour_is_no_trouble(network: Path) -> None:
    flat = np.full((64, 64, 3), (180, 90, 40), np.uint8)
    _, chroma = rgb_to_lab(flat)
    same = album(network, flat).predict(lightness_of(flat))
    assert np.abs(same - chroma).mean() < 0.5 * np.abs(chroma).mean()


def test_a_file_gives_the_same_album_back(network: Path, tmp_path: Path) -> None:
    model, asked = album(network, small("chelsea"), small("coffee")), lightness_of(small("rocket"))
    model.save(tmp_path / "a.album")
    again = load(tmp_path / "a.album")
    np.testing.assert_array_equal(again.predict(asked), model.predict(asked))
    assert again.card() == model.card()
    content = bytearray((tmp_path / "a.album").read_bytes())
    content[-3] ^= 1
    (tmp_path / "b.album").write_bytes(content)
    with pytest.raises(ModelFileError, match="checksum"):
        load(tmp_path / "b.album")


@pytest.mark.parametrize("pictures", [("chelsea",), ("chelsea", "coffee")])
def test_an_album_whose_arrays_do_not_fit_is_refused(network: Path, tmp_path: Path, pictures: tuple[str, ...]) -> None:
    """Files with a right checksum that no fit has written."""
    header, arrays = album(network, *map(small, pictures)).to_arrays()
    for name, array in arrays.items():
        for other in (array[:0], array[:-1], array[None], np.concatenate([array, array]), array * np.nan):
            write_arrays(tmp_path / "a.album", header=header, arrays=arrays | {name: other}, card={})
            with pytest.raises(ModelFileError, match="do not fit") as caught:
                load(tmp_path / "a.album")
            assert "\n" not in str(caught.value)


def test_what_is_endlessly_far_is_not_the_same_and_no_warning() -> None:
    blend = Blend(np.zeros(4, np.float32), 1, same_distance=1e-30)
    answers, guess = np.ones((2, 3, 2), np.float32), np.zeros((3, 2), np.float32)
    np.testing.assert_array_equal(blend.apply(answers, guess, np.full(3, 1e30, np.float32)), guess)


def test_an_album_needs_the_network_that_it_was_fitted_with(tmp_path: Path) -> None:
    own = colour_network(tmp_path / "own.onnx")
    album(own, small("chelsea")).save(tmp_path / "a.album")
    colour_network(own, seed=1)
    with pytest.raises(NetworkError, match="not the one"):
        load(tmp_path / "a.album")


def test_the_kernel_is_nadaraya_and_watson_s() -> None:
    rng = np.random.default_rng(0)
    features, chroma = rng.normal(size=(50, 5)).astype(np.float32), rng.normal(size=(50, 2)).astype(np.float32)
    kernel = KernelRegression.fitted(features, chroma, (3, 2), (1.0, 0.5))
    asked = rng.normal(size=(7, 5)).astype(np.float32)
    colours, nearest = kernel.predict(asked)
    scale = np.sqrt(np.array([1 / 3] * 3 + [0.25] * 2)) / features.std(axis=0)
    distance = (((asked[:, None] - features) * scale) ** 2).sum(axis=2)
    np.testing.assert_allclose(nearest, distance.min(axis=1), rtol=0.02)
    for colour, bandwidth in zip(colours, (0.8, 0.4, 0.2, 0.1), strict=True):
        weights = np.exp(-distance / bandwidth)
        np.testing.assert_allclose(
            colour, weights @ chroma / weights.sum(axis=1, keepdims=True), atol=0.05, err_msg=str(bandwidth)
        )


def test_leaving_out_asks_the_other_pictures_only() -> None:
    rng = np.random.default_rng(0)
    features, chroma = rng.normal(size=(30, 4)).astype(np.float32), rng.normal(size=(30, 2)).astype(np.float32)
    picture = np.repeat([0, 1, 2], 10)
    kernel = KernelRegression.fitted(features, chroma, (4,), (1.0,))
    colours, _ = kernel.leave_one_out(picture)
    others = KernelRegression(kernel.mean, kernel.scale, kernel.keys[10:], chroma[10:])
    np.testing.assert_allclose(colours[:, :10], others.predict(features[:10])[0], rtol=1e-4, atol=1e-4)


def command(network: Path, *words: str | Path) -> int:
    return main(["colorize", *map(str, words), "--model", str(network), "--jobs", "1"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    made = AlbumColorizer.__init__

    def make(self: AlbumColorizer, *arguments: Any) -> None:
        made(self, *arguments, **({} if len(arguments) > 2 else {"album": QUICK_ALBUM}))

    monkeypatch.setattr(AlbumColorizer, "__init__", make)


def test_the_command_colours_by_an_album(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], quick: None
) -> None:
    picture = small("chelsea")
    album_folder, reel = tmp_path / "album", tmp_path / "reel"
    write_rgb(album_folder / "chelsea.png", picture)
    (album_folder / "broken.jpg").write_bytes(b"no picture")
    write_rgb(reel / "old.png", grey(picture))
    write_rgb(reel / "key.png", small("coffee"))
    report = tmp_path / "report.json"
    words = (reel, "--refs", album_folder, "--refs", reel / "key.png", "-o", tmp_path / "out")
    assert command(network, *words, "--report", report) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["old.png"]
    default = gain(picture, PretrainedColorizer(network).colorize(grey(picture)))
    assert gain(picture, read_rgb(tmp_path / "out/old.png")) > default + 3
    said = capsys.readouterr().err
    assert "left out" in said
    assert "broken.jpg" in said
    assert "2 references" in said
    assert "no model given" not in said
    assert json.loads(report.read_text())["references"] == [str(album_folder), str(reel / "key.png")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["album", "--refs", "album", "-o", "out"], "every picture to be coloured is a reference"),
        (["old.png", "--refs", "album", "-o", "album/a.png", "--overwrite"], "would be overwritten"),
        (["old.png", "--refs", "nowhere", "-o", "out"], "nowhere: no such file"),
        (["old.png", "--refs", "album", "-o", "out", "--model", "town.featcolor"], "not with the fitted model"),
        (["old.png", "--refs", "old.png", "-o", "out"], "every picture to be coloured is a reference"),
    ],
)
def test_calls_that_make_no_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    write_rgb(tmp_path / "album/a.png", small("chelsea"))
    write_rgb(tmp_path / "old.png", grey(small("coffee")))
    monkeypatch.chdir(tmp_path)
    assert main(["colorize", *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_fitted_on_a_dry_run(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rgb(tmp_path / "album/a.png", small("chelsea"))
    write_rgb(tmp_path / "old.png", grey(small("coffee")))
    monkeypatch.setattr(AlbumColorizer, "fit", None)
    words = (tmp_path / "old.png", "--refs", tmp_path / "album", "-o", tmp_path / "new.png")
    assert command(network, *words, "--dry-run") == 0
