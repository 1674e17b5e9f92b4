"""Training of a colour network: crops, wear, steps, stops, and what learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.errors import TrainingError
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.pictures import Pictures
from tests.pretraining.samples import (
    COUNT,
    TINY,
    photograph,
    same_weights,
    train,
)


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
