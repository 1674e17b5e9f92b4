"""Pretraining: which pictures it takes, that it can be stopped and repeated, and that the file says what torch says."""

from __future__ import annotations

import copy
import json
import math
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.colour.measures import colourfulness, mean_delta_e00
from featcolor.commands import main
from featcolor.errors import ModelFileError, ReferencesError, TrainingError, UsageError
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.pictures import Pictures, find_copies, hold_back, names_of, read_pictures, shrink, weigh
from featcolor.pretraining.quality import DEFAULT_SETTINGS, TEMPERATURES, Look, choose_settings, measure, pick
from features.colournet import ColourNetwork
from features.network import Network
from features.network_grid import grey_codes, mirror_out
from tests.networks import colour_network
from tests.samples import write_rgb

TINY: dict[str, Any] = {"width": 12, "blocks": 1, "heads": 2, "hidden": 8, "side": 64, "batch": 2, "epochs": 1}
COUNT = 12


def photograph(seed: int, height: int = 96, width: int = 120) -> NDArray[np.uint8]:
    """Smooth random colours."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sources, `sea` and `wood`."""
    folder = tmp_path_factory.mktemp("album")
    return sorted(
        write_rgb(folder / ("sea" if seed % 3 else "wood") / f"{seed:02}.png", photograph(seed))
        for seed in range(COUNT)
    )


@pytest.fixture(scope="module")
def pictures(album: list[Path]) -> Pictures:
    return read_pictures(album, names_of(album), progress=ignore)[0]


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Torch on one thread, and cells from few pixels."""
    import torch

    monkeypatch.setattr("featcolor.pretraining.training.COLOURS", 4000)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(before)


def ignore(*_: Any) -> None:
    """No progress."""


@lru_cache
def imagenet() -> dict[str, NDArray[Any]]:
    """The trunk's tensors, read once."""
    from featcolor.pretraining.lite0 import read_weights

    return read_weights()


def train(pictures: Pictures, *, steps: int = 0, clock: Callable[[], float] | None = None, **changes: Any) -> Any:
    """A training on all pictures, advanced by some steps."""
    import torch

    from featcolor.pretraining.network import Trunk
    from featcolor.pretraining.training import Training

    timed = {"seconds": 10.0, "clock": clock} if clock else {}
    trunk = Trunk(imagenet())
    numbers = np.arange(len(pictures))
    training = Training(pictures, numbers, trunk, PretrainConfig(**TINY | changes), torch.device("cpu"), **timed)
    if steps:
        training.advance(steps)
    return training


def pretrain(album: list[Path], output: Path, progress: Any = ignore, **changes: Any) -> dict[str, Any]:
    from featcolor.pretraining import session

    given = TINY | {"held_back": 2} | changes.pop("given", {})
    wish = {"given": given, "threads": 1, "temperature": 0.5, "saturation": 1.0} | changes
    return session.pretrain(album, session.Request(output=output, **wish), progress)


def checkpoint(output: Path) -> Any:
    from featcolor.pretraining.checkpoint import checkpoint_path, read_checkpoint

    return read_checkpoint(checkpoint_path(output))


def same_weights(first: Any, second: Any) -> bool:
    assert first.keys() == second.keys()
    return all(bool((first[name] == second[name]).all()) for name in first)


# Pictures.


def test_sources_are_the_folders_below_the_one_that_all_share(album, pictures):
    assert pictures.names[0] == "sea/01.png"
    assert {pictures.source_of(number) for number in range(COUNT)} == {"sea", "wood"}
    assert names_of([Path("a/b.png")]) == ["b.png"]
    np.testing.assert_array_equal(pictures[0], photograph(1))


def test_what_cannot_be_learned_from_is_left_out_with_its_reason(album, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    grey = write_rgb(tmp_path / "grey.png", np.repeat(photograph(1)[..., :1], 3, axis=2))
    copied = write_rgb(tmp_path / "copy.jpg", photograph(0), cv2.IMWRITE_JPEG_QUALITY, 80)
    tiny = write_rgb(tmp_path / "tiny.png", photograph(77, 40, 60))
    paths = [*album, broken, grey, copied, tiny]
    taken, left_out = read_pictures(paths, [path.name for path in paths], progress=ignore)
    assert len(taken) == COUNT
    reasons = dict(left_out)
    assert set(reasons) == {"broken.jpg", "grey.png", "copy.jpg", "tiny.png"}
    assert reasons["copy.jpg"] == "is a copy of 00.png"
    assert reasons["tiny.png"] == "is tiny (60x40)"
    with pytest.raises(ReferencesError, match="3 usable colour pictures; training needs 8"):
        read_pictures(paths[:3], names_of(paths[:3]), progress=ignore)


def test_the_first_of_copies_stays():
    one, other = photograph(1), photograph(2)
    assert find_copies([one, other, one, one]) == {2: 0, 3: 0}
    assert find_copies([]) == {}


def test_large_and_long_pictures_shrink_about_their_middle():
    assert shrink(photograph(1, 400, 300)).shape == (235, 176, 3)
    assert shrink(photograph(1, 100, 1000)).shape == (100, 300, 3)
    assert shrink(photograph(1)).shape == (96, 120, 3)


def test_pictures_are_kept_back_from_every_source_and_drawn_by_weight(pictures):
    many = Pictures.of(
        [photograph(0, 8, 8)] * 100, [f"{'large' if number < 90 else 'small'}/{number}" for number in range(100)]
    )
    held = hold_back(many, 8, 0)
    np.testing.assert_array_equal(held, hold_back(many, 8, 0))
    assert len(set(held)) == 8
    assert {many.source_of(number) for number in held} == {"large", "small"}
    assert len(hold_back(many, 1000, 0)) <= 10
    assert len(hold_back(pictures, 0, 0)) == 0
    weights = weigh(many, np.arange(100), 1.0, 0.0, {})
    assert weights.sum() == pytest.approx(1)
    assert weights[90:].sum() == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_allclose(weigh(many, np.arange(100), 0.0, 0.0, {}), 0.01)
    assert weigh(many, np.arange(100), 1.0, 0.0, {"small": 3.0})[90:].sum() == pytest.approx(0.75, abs=1e-3)


def test_settings_are_checked():
    assert PretrainConfig.from_dict(PretrainConfig(**TINY).to_dict()) == PretrainConfig(**TINY)
    for wrong, message in (
        ({"epochs": 0}, "epochs must be 1 to"),
        ({"side": 70}, "multiple of 32"),
        ({"width": 98, "heads": 4}, "multiple of heads"),
        ({"rate": math.nan}, "rate must be"),
        ({"emphasis": "people"}, "NAME=FACTOR"),
        ({"emphasis": "people=0"}, "positive factors"),
        ({"rate": "much"}, "rate must be a float"),
    ):
        with pytest.raises(ValueError, match=message):
            PretrainConfig(**wrong)
    with pytest.raises(ValueError, match="unknown setting 'size'"):
        PretrainConfig.from_dict({"size": 3})


# The choice of temperature and saturation.


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Look]:
    network = ColourNetwork(colour_network(tmp_path_factory.mktemp("net") / "c.onnx", reach=60))
    return [Look.at(photograph(seed), network, TEMPERATURES) for seed in range(3)]


def test_the_saturation_brings_the_asked_share_of_colour_at_the_least_error(looks):
    def reached(temperature: float, saturation: float) -> float:
        return float(np.mean([colourfulness(look.coloured(temperature, saturation)) for look in looks]))

    def error(temperature: float, saturation: float) -> float:
        return float(np.mean([mean_delta_e00(look.rgb, look.coloured(temperature, saturation)) for look in looks]))

    truth = float(np.mean([colourfulness(look.rgb) for look in looks]))
    share = reached(0.75, 1.2) / truth
    chosen = choose_settings(looks, temperature=None, saturation=None, share=share, progress=ignore)
    assert reached(*chosen) == pytest.approx(share * truth, rel=0.05)
    for temperature in TEMPERATURES:
        pair = choose_settings(looks, temperature=temperature, saturation=None, share=share, progress=ignore)
        assert pair[0] == temperature
        assert error(*chosen) <= error(*pair)


def test_a_look_is_what_the_network_shows_in_one_view(tmp_path):
    path = colour_network(tmp_path / "c.onnx")
    rgb = photograph(4, 96, 96)
    look = Look.at(rgb, ColourNetwork(path), TEMPERATURES)
    model = PretrainedColorizer(path).with_options(temperature=0.5, refine="none", size=96, mirrored=False)
    chroma, _, working = model.predict_working(lightness_of(rgb))
    assert working.shape == rgb.shape[:2]
    factor = ColourNetwork(path).info.saturation
    np.testing.assert_allclose(
        factor * look.chroma[0.5].astype(np.float32), chroma, atol=0.6
    )  # OpenCV's taps: 1/32 pixel


def test_of_many_pictures_some_are_measured_evenly():
    assert len(pick(np.arange(0))) == 0
    np.testing.assert_array_equal(pick(np.arange(400)), np.arange(400))
    np.testing.assert_array_equal(pick(np.arange(401)), np.arange(0, 401, 2))


def test_given_settings_stay_and_without_pictures_there_are_defaults(looks):
    given = {"share": 0.7, "progress": ignore}
    assert choose_settings(looks, temperature=0.5, saturation=1.3, **given) == (0.5, 1.3)
    assert choose_settings(looks, temperature=None, saturation=0.0, **given)[1] == 0.0
    assert choose_settings([], temperature=None, saturation=None, **given) == DEFAULT_SETTINGS
    assert choose_settings([], temperature=None, saturation=0.0, **given) == (DEFAULT_SETTINGS[0], 0.0)


def test_quality_is_measured_beside_grey_and_by_source(looks):
    facts = measure(looks, ["sea", "wood", "sea"], np.float32([3, 5]), 0.5, 1.0)
    assert facts["quality"]["grey"]["gain"] == 0
    assert facts["quality"]["grey"]["colourfulness"] == pytest.approx(0, abs=0.5)
    assert {name: row["pictures"] for name, row in facts["sources_held_back"].items()} == {"sea": 2, "wood": 1}
    assert facts["cross_entropy"] > 0
    json.dumps(facts, allow_nan=False)
    assert measure([], [], np.float32([3, 5]), 0.5, 1.0) == {}


# Training.


def test_crops_show_a_picture_as_it_is(torch):
    from featcolor.pretraining.crops import Deck, colour_numbers

    plain = Pictures.of([np.full((90, 100, 3), (200, 90, 40), np.uint8)] * 2, ["a", "b"])
    config = PretrainConfig(**TINY | {"batch": 3}, ageing=0.0, large=0.0)
    codes, chroma = Deck(plain, np.arange(2), np.float32([0.3, 0.7]), config).draw(0)
    _, truth = rgb_to_lab(plain[0])
    assert codes.shape == (3, 64, 64)
    assert chroma.shape == (3, 16, 16, 2)
    np.testing.assert_allclose(chroma[:, 3, 3], np.broadcast_to(truth[0, 0], (3, 2)), atol=0.02)
    assert codes.std(axis=(1, 2)).max() < 1e-2  # tone is changed, texture is not
    a, b = truth[0, 0].round().astype(int) + 128
    assert colour_numbers(chroma)[0, 3, 3] == 256 * a + b


def test_crops_of_a_step_are_the_same_whenever_they_are_drawn(torch, pictures):
    deck = train(pictures, large=0.5).deck
    drawn = [deck.draw(step) for step in range(8)]
    for step in (5, 2):
        np.testing.assert_array_equal(deck.draw(step).codes, drawn[step].codes)
        np.testing.assert_array_equal(deck.draw(step).chroma, drawn[step].chroma)
    assert {each.codes.shape[1] for each in drawn} == {64, 96}
    assert all(each.codes.min() >= 0 and each.codes.max() <= 255 for each in drawn)
    assert not np.array_equal(deck.draw(-1).codes[:1], deck.draw(1).codes[:1])


def test_wear_keeps_a_picture_and_changes_a_worn_one():
    from featcolor.pretraining.negatives import add_wear, film_response

    picture = lightness_of(photograph(3))
    same, changed = [], []
    for seed in range(40):
        mild, old = (add_wear(picture, np.random.default_rng(seed), share) for share in (0.0, 1.0))
        assert old.shape == picture.shape
        assert old.dtype == np.float32
        assert 0 <= old.min() <= old.max() <= 1
        same.append(np.corrcoef(mild.ravel(), picture.ravel())[0, 1])
        changed.append(np.corrcoef(old.ravel(), picture.ravel())[0, 1])
        assert film_response(np.random.default_rng(seed), 1.0).sum() == pytest.approx(1, abs=1e-3)
    assert min(same) > 0.98  # a tone curve
    assert 0.5 < min(changed) < max(changed)
    assert np.mean(changed) > 0.85


def test_it_learns(torch):
    light = [lightness_of(photograph(seed)) > 0.5 for seed in range(COUNT)]
    world = [np.where(each[..., None], (90, 160, 240), (120, 60, 20)).astype(np.uint8) for each in light]
    pictures = Pictures.of(world, [str(seed) for seed in range(COUNT)])
    training = train(pictures, epochs=8, rate=0.01, dropout=0.0, ageing=0.0, fine=1.0)
    crops = training.deck.draw(-1)

    def losses() -> list[float]:
        torch.manual_seed(0)
        with torch.no_grad():
            return [float(training._loss(crops, levels)) for levels in (3, 4)]

    before = losses()
    training.advance()
    assert training.share == 1
    assert training.step == training.steps == 8 * COUNT // TINY["batch"]
    after = losses()
    assert max(after[0] / before[0], after[1] / before[1]) < 0.9, (before, after)


def test_a_stopped_training_goes_on_to_the_same_weights(torch, pictures, tmp_path):
    state = torch.get_rng_state()
    settings = {"trunk_rate": 1e-4, "trunk_stages": 2, "rebalance": 0.3}
    whole = train(pictures, steps=5, **settings)
    first = train(pictures, steps=2, **settings)
    torch.save(first.state(), tmp_path / "state.pt")
    again = train(pictures, **settings)
    again.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    again.advance(5)
    assert same_weights(whole.network.state_dict(), again.network.state_dict())
    assert same_weights(whole.result().state_dict(), again.result().state_dict())
    assert again.loss == whole.loss
    assert torch.equal(torch.get_rng_state(), state)
    assert not same_weights(whole.network.state_dict(), train(pictures, steps=5, seed=1).network.state_dict())


def test_only_the_trunk_s_last_stages_learn(torch, pictures):
    frozen, started = train(pictures, steps=2, trunk_rate=0.0), train(pictures)
    assert same_weights(frozen.network.trunk.state_dict(), started.network.trunk.state_dict())
    learning = train(pictures, steps=2, trunk_rate=1e-3, trunk_stages=1).network.trunk
    assert same_weights(learning.stages[:6].state_dict(), started.network.trunk.stages[:6].state_dict())
    assert not same_weights(learning.stages[6].state_dict(), started.network.trunk.stages[6].state_dict())


def test_a_step_without_finite_gradient_changes_nothing(torch, pictures, monkeypatch):
    training = train(pictures, steps=2, epochs=10)
    before = {name: value.clone() for name, value in training.network.named_parameters()}
    mean = {name: value.clone() for name, value in training.result().state_dict().items()}
    right = training._loss
    monkeypatch.setattr(training, "_loss", lambda crops, levels: right(crops, levels) * math.nan)
    training.advance(4)
    assert training.skipped == 2
    assert same_weights(before, dict(training.network.named_parameters()))
    assert same_weights(mean, training.result().state_dict())
    assert all(bool(value.isfinite().all()) for value in training.network.state_dict().values())
    with pytest.raises(TrainingError, match=r"diverged: 20 steps up to step 22 .* smaller --rate"):
        training.advance()
    monkeypatch.setattr(training, "_loss", right)
    training.advance(24)
    assert training.skipped == 0
    assert all(bool(torch.isfinite(value).all()) for value in training.result().state_dict().values())


def test_a_training_bound_by_time_ends_with_it(torch, pictures):
    times = iter(range(1000))
    training = train(pictures, clock=lambda: float(next(times)))
    training.advance()
    assert training.share == 1
    assert 2 <= training.step <= 6


# The file.


@pytest.mark.parametrize("heads", [0, 2])
def test_the_file_says_what_torch_says(torch, pictures, photographs, heads):
    from featcolor.pretraining.export import export_network
    from featcolor.pretraining.folding import fold, round_weights

    training = train(pictures, steps=2, heads=heads, width=24)
    randomised(torch, training.result())
    folded = fold(training.result())
    rounded = round_weights(copy.deepcopy(folded))
    settings = {"short_side": 176, "temperature": 0.5, "saturation": 1.0}
    content = export_network(rounded, training.cells, settings, {})
    file = Network(content, ("embedding", "logits"))
    for name in ("coffee", "chelsea", "coffee"):  # another size and back
        codes = mirror_out(grey_codes(lightness_of(photographs[name])))[None, None]
        with torch.no_grad():
            of_trained, of_folded, of_rounded = (
                [each[0].numpy() for each in network(torch.from_numpy(codes))]
                for network in (training.result(), folded, rounded)
            )
        for trained, without_norm, shipped, given in zip(
            of_trained, of_folded, of_rounded, file.run(codes), strict=True
        ):
            size = float(np.abs(trained).max())
            assert size > 0.5
            np.testing.assert_allclose(without_norm, trained, atol=2e-5 * size)
            np.testing.assert_allclose(given, shipped, atol=4e-5 * size)
            assert np.abs(given - trained).mean() < 2e-3 * size


def randomised(torch: Any, network: Any) -> None:
    """Layers that begin at zero, as attention does, get weights, and batch normalisation what a training leaves."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in network.decoder.state_dict().items():
            if "running_var" in name:
                value.copy_(0.5 + torch.rand(value.shape, generator=generator))
            elif value.is_floating_point():
                value.add_(0.1 * torch.randn(value.shape, generator=generator))


def test_weights_beyond_16_bits_are_refused(torch, pictures):
    from featcolor.pretraining.folding import fold, round_weights

    network = train(pictures).result()
    with torch.no_grad():
        network.decoder.hidden.weight[0, 0] = 1e6
    with pytest.raises(TrainingError, match="16 bits do not hold"):
        round_weights(fold(network))


# From pictures to a file.


def test_a_network_with_its_card_and_checkpoint(torch, album, tmp_path):
    output = tmp_path / "n.onnx"
    stages: list[str] = []
    told = pretrain(album, output, lambda stage, done, total: stages.append(stage), temperature=None, saturation=None)
    network = ColourNetwork(output)
    card = network.info.card
    assert network.info.channels == TINY["width"]
    assert network.info.short_side == 176
    assert (network.info.temperature, network.info.saturation) == (told["temperature"], told["saturation"])
    assert card["pictures"] + len(card["held_back"]) == COUNT
    assert sum(card["sources"].values()) == card["pictures"]
    assert card["training"] == PretrainConfig(**TINY, held_back=2).to_dict()
    assert card["quality"]["grey"]["gain"] == 0
    assert card["versions"]["torch"]
    assert {stage.partition(",")[0] for stage in stages} == {"reading", "training", "measuring", "choosing settings"}
    assert checkpoint(output).finished
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.onnx", "n.onnx.checkpoint.pt"]


def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_network_comes(torch, album, tmp_path):
    def press(stage: str, done: int, total: int) -> None:
        if stage.startswith("training") and done == 2:
            signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    whole, output = tmp_path / "whole.onnx", tmp_path / "stopped.onnx"
    pretrain(album, whole)
    with pytest.raises(KeyboardInterrupt, match=r"stopped after step 2; .* --resume goes on"):
        pretrain(album, output, press)
    assert signal.getsignal(signal.SIGINT) is handler
    assert not output.exists()
    assert checkpoint(output).state["step"] == 2
    with pytest.raises(UsageError, match="a training was stopped here; add --resume"):
        pretrain(album, output)
    with pytest.raises(UsageError, match="began with --epochs 1; leave --epochs out"):
        pretrain(album, output, resume=True, given={"epochs": 2})
    with pytest.raises(UsageError, match="its pictures were others"):
        pretrain(album[1:], output, resume=True)
    pretrain(album, output, resume=True, given={})
    assert same_weights(checkpoint(whole).weights, checkpoint(output).weights)
    first, second = (ColourNetwork(path).maps(lightness_of(photograph(5))) for path in (whole, output))
    np.testing.assert_array_equal(first.logits, second.logits)


def test_a_training_starts_from_another_one_s_checkpoint(torch, album, tmp_path):
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    before_it = sorted(pretrain(album, first)["held_back"], key=lambda name: name.split("/")[1])
    start = tmp_path / "first.onnx.checkpoint.pt"
    elsewhere = [write_rgb(tmp_path / "photos" / "more" / f"{seed}.png", photograph(seed)) for seed in range(50, 53)]
    moved = [Path(shutil.copy(path, tmp_path / "photos" / f"renamed-{path.name}")) for path in album]
    told = pretrain([*elsewhere, *moved], second, start=start, given={"seed": 3, "rate": 1e-6})
    assert told["held_back"] == [f"renamed-{name.split('/')[1]}" for name in before_it]
    assert told["earlier_trainings"][0]["steps"] == checkpoint(first).state["step"]
    before, after = checkpoint(first).weights, checkpoint(second).weights
    name = "decoder.hidden.weight"
    np.testing.assert_allclose(after[name], before[name], atol=1e-4)
    with pytest.raises(UsageError, match="its network has width 12; leave --width out"):
        pretrain(album, second, start=start, given={"width": 24})


def test_a_training_starts_from_a_network_s_file_alone(torch, album, tmp_path):
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    held_back = pretrain(album, first, given={"rate": 0.01})["held_back"]
    told = pretrain(album, second, start=first, given={"rate": 1e-6, "trunk_rate": 1e-6, "epochs": 2})
    assert told["held_back"] == held_back
    assert told["training"]["width"] == TINY["width"]
    assert len(told["earlier_trainings"]) == 1
    maps = [ColourNetwork(path).maps(lightness_of(photograph(5))) for path in (first, second)]
    np.testing.assert_array_equal(maps[0].cells, maps[1].cells)
    # the few steps move what the normalisation has seen of its batches, a little
    assert np.abs(maps[0].logits - maps[1].logits).mean() < 0.02 < np.abs(maps[0].logits).mean()
    with pytest.raises(UsageError, match="does not tell the settings"):
        pretrain(album, second, start=colour_network(tmp_path / "older.onnx"), given={})


def test_a_network_keeps_a_share_of_what_it_began_with(torch, album, tmp_path):
    first, changed, mean = (tmp_path / name for name in ("first.onnx", "changed.onnx", "mean.onnx"))
    pretrain(album, first)
    pretrain(album, changed, start=first, given={"rate": 0.01})
    pretrain(album, mean, start=first, given={"rate": 0.01, "kept": 0.25})
    before, after, kept = (weights_of(path) for path in (first, changed, mean))
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(kept, 0.25 * before + 0.75 * after, rtol=2e-3, atol=2e-3)
    with pytest.raises(UsageError, match="kept needs a network"):
        pretrain(album, tmp_path / "other.onnx", given={"kept": 0.25})


def weights_of(path: Path) -> NDArray[np.float32]:
    """All weights of a network's file, one after the other."""
    import onnx

    constants = [each for each in onnx.load(str(path)).graph.initializer if each.data_type == onnx.TensorProto.FLOAT16]
    return np.concatenate([onnx.numpy_helper.to_array(each).ravel() for each in constants]).astype(np.float32)


def test_what_is_no_checkpoint_is_named(torch, tmp_path):
    from featcolor.pretraining.checkpoint import read_checkpoint

    foreign = tmp_path / "x.pt"
    for content in (b"", b"no checkpoint", b"PK\3\4" + bytes(100)):
        foreign.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"x\.pt: damaged, or no checkpoint"):
            read_checkpoint(foreign)
    torch.save({"weights": torch.zeros(3)}, foreign)
    with pytest.raises(ModelFileError, match=r"x\.pt: no checkpoint of this version"):
        read_checkpoint(foreign)
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_checkpoint(tmp_path / "missing.pt")


# The command.


def complaint(capsys: pytest.CaptureFixture[str], *words: Any) -> str:
    assert main(["pretrain", *map(str, words)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    return errors[0]


def test_without_torch_the_command_names_what_to_install(album, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "pip install torch==2.13.0" in complaint(capsys, album[0].parent, "-o", tmp_path / "n.onnx")


def test_a_wrong_output_is_refused_before_the_work(album, tmp_path, capsys):
    photos = album[0].parent
    assert "ends with .onnx" in complaint(capsys, photos, "-o", tmp_path / "n.pt")
    foreign = tmp_path / "notes.onnx"
    foreign.write_text("mine")
    assert "is no colour network" in complaint(capsys, photos, "-o", foreign)
    assert foreign.read_text() == "mine"
    assert "no such folder" in complaint(capsys, photos, "-o", tmp_path / "not" / "there.onnx")
    assert "no such file" in complaint(capsys, tmp_path / "nowhere", "-o", tmp_path / "n.onnx")


def test_the_command_trains_and_colours(torch, album, tmp_path, capsys):
    output = tmp_path / "n.onnx"
    words = ["--width", "9", "--blocks", "1", "--heads", "0", "--batch", "4", "--epochs", "1", "--threads", "1"]
    photos = str(album[0].parents[1])
    assert main(["pretrain", photos, "-o", str(output), *words, "--temperature", "0.6", "--saturation", "1"]) == 0
    assert "n.onnx: " in capsys.readouterr().out
    picture = write_rgb(tmp_path / "grey.png", np.repeat(photograph(50)[..., :1], 3, axis=2))
    assert main(["colorize", str(picture), "-o", str(tmp_path / "out.png"), "--model", str(output), "-q"]) == 0
    assert "no checkpoint, so nothing to go on with" in complaint(
        capsys, photos, "-o", tmp_path / "other.onnx", "--resume"
    )
    assert "multiple of heads" in complaint(capsys, photos, "-o", tmp_path / "other.onnx", "--heads", 5)
