"""The deep rival: it learns what its references show, keeps to its budget, and touches nothing but chroma."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.methods.unet.config import Budget, UNetConfig, schedule
from benchmarks.methods.unet.method import UNet
from benchmarks.methods.unet.pictures import batches, random_crop, read_references, to_bytes
from featcolor.colour.lab import lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.colour.measures import grey_picture
from featcolor.errors import ReferencesError, UsageError
from tests.samples import write_rgb

SMALL = UNetConfig(width=8, depth=1, dropout=0.1, side=64, batch=4)
RED, BLUE = (45.0, 25.0), (10.0, -45.0)
"""Chroma of the dark and of the light half of the toy world, within the gamut at their lightness."""
DARK, LIGHT = 0.3, 0.6


def toy_picture(seed: int, side: int = 96) -> NDArray[np.uint8]:
    """Blocks of dark red and light blue."""
    rng = np.random.default_rng(seed)
    light = np.kron(rng.random((6, 6)) < 0.5, np.ones((side // 6, side // 6))).astype(bool)
    lightness = np.where(light, LIGHT, DARK) + rng.normal(0, 0.01, light.shape)
    return lab_to_rgb(lightness.astype(np.float32), np.where(light[..., None], BLUE, RED).astype(np.float32))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads on busy cores wait for each other many times longer than one takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.methods.unet.method.available_cores", lambda: 1)
        yield


@pytest.fixture(scope="module")
def toy_world(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("toy")
    return [write_rgb(folder / f"{seed}.png", toy_picture(seed)) for seed in range(4)]


@pytest.fixture(scope="module")
def trained(toy_world: list[Path]) -> UNet:
    return UNet(SMALL, steps=40).fit(toy_world)


class Clock:
    """A clock that goes on by itself whenever it is read."""

    def __init__(self, tick: float) -> None:
        self.now, self.tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@pytest.mark.torch
def test_it_learns_a_world_of_two_colours(trained):
    truth = toy_picture(99)
    light = lightness_of(truth) > (DARK + LIGHT) / 2
    _, chroma = rgb_to_lab(trained.colorize(grey_picture(truth)[..., 0]))
    np.testing.assert_allclose(np.median(chroma[light], axis=0), BLUE, atol=8)
    np.testing.assert_allclose(np.median(chroma[~light], axis=0), RED, atol=8)
    assert trained.steps_ == 40
    assert trained.references_ == 4
    assert 0 < trained.loss_ < np.inf
    assert trained.seconds_ > 0


@pytest.mark.torch
def test_the_same_steps_and_seed_give_the_same_picture(toy_world, trained):
    import torch

    torch.manual_seed(7)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    again = UNet(SMALL, steps=40).fit(toy_world)
    grey = grey_picture(toy_picture(5))[..., 0]
    np.testing.assert_array_equal(again.colorize(grey), trained.colorize(grey))
    assert again.loss_ == trained.loss_
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.torch
def test_training_ends_with_the_budget(toy_world):
    clock = Clock(1.0)
    unet = UNet(SMALL, clock=clock).fit(toy_world, seconds=30)
    # The clock is read at the start, by reading references, once a step, and at the end.
    assert 15 < unet.steps_ <= 30
    assert 30 <= unet.seconds_ <= 33


@pytest.mark.torch
def test_broken_and_grey_references_are_skipped(toy_world, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    grey = write_rgb(tmp_path / "grey.png", grey_picture(toy_picture(1)))
    unet = UNet(SMALL, steps=1).fit([broken, *toy_world, grey, tmp_path / "missing.png"])
    assert unet.references_ == len(toy_world)
    with pytest.raises(ReferencesError, match=r"none of the 2 references can be used: .*(broken\.jpg|grey\.png): "):
        UNet(SMALL, steps=1).fit([broken, grey])


def test_without_time_or_network_it_says_what_to_do(toy_world):
    with pytest.raises(UsageError, match="seconds must be given"):
        UNet().fit(toy_world)
    with pytest.raises(ValueError, match="seconds must be more than 0, got 0"):
        UNet().fit(toy_world, seconds=0)
    with pytest.raises(ValueError, match="call fit first"):
        UNet().colorize(np.zeros((8, 8), np.uint8))


def test_without_torch_it_names_the_install_command(monkeypatch, toy_world):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match="pip install torch"):
        UNet().fit(toy_world, seconds=1)


def test_a_budget_counts_training_from_where_it_begins_or_in_steps():
    budget = Budget(10, clock=iter([100.0, 102.0, 103.5, 104.0, 107.0, 110.0]).__next__)
    assert not budget.is_late()
    assert budget.is_late()
    budget.begin_training()
    assert budget.share(0) == 0
    assert budget.share(1) == pytest.approx(0.5)
    assert budget.share(2) == pytest.approx(1.0)
    spent = Budget(10, clock=iter([0.0, 20.0, 21.0]).__next__)  # by reading: one step is left
    spent.begin_training()
    assert spent.share(0) < 1 <= spent.share(1)
    steps = Budget(5, steps=4, clock=itertools.repeat(0.0).__next__)
    assert [steps.share(done) for done in range(5)] == [0, 0.25, 0.5, 0.75, 1]
    assert not steps.is_late()


def test_the_learning_rate_rises_and_falls_to_zero_whatever_the_budget():
    rates = [schedule(share) for share in np.linspace(0, 1, 201)]
    peak = int(np.argmax(rates))
    assert max(rates) == pytest.approx(1)
    assert 0 < rates[0] < 0.1
    assert rates[-1] == pytest.approx(0)
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()


def test_reading_ends_when_memory_is_full_or_time_is_up(toy_world):
    one = to_bytes(toy_picture(0)).nbytes
    rng = np.random.default_rng
    assert len(read_references(toy_world, rng(0))) == 4
    assert len(read_references(toy_world, rng(0), memory=2 * one)) == 2
    assert len(read_references(toy_world, rng(0), memory=1)) == 1
    assert len(read_references(toy_world, rng(0), late=lambda: True)) == 1
    assert not np.array_equal(read_references(toy_world, rng(0))[0], read_references(toy_world, rng(1))[0])


def test_bytes_hold_lightness_and_chroma(photographs):
    picture = photographs["coffee"]
    lightness, chroma = rgb_to_lab(picture)
    lab = to_bytes(picture)
    np.testing.assert_allclose(lab[..., 0] / 255, lightness, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(lab[..., 1:] - 128.0, chroma, atol=0.5 + 1e-4)


def test_crops_of_any_picture_are_squares_from_within_it():
    rng = np.random.default_rng(0)
    for shape in ((16, 16), (16, 900), (341, 290), (1000, 30)):
        rows, columns = np.indices(shape)
        picture = np.dstack([255 * rows / shape[0], 255 * columns / shape[1], np.full(shape, 7)]).astype(np.uint8)
        for _ in range(20):
            crop = random_crop(picture, 32, rng)
            assert crop.shape == (32, 32, 3)
            assert (crop[..., 2] == 7).all()
            assert (np.diff(crop[..., 0].astype(int), axis=0) >= 0).all()  # never turned over


def test_batches_show_every_picture_before_any_again():
    pictures = [np.full((40, 40, 3), i, np.uint8) for i in range(6)]
    stream = batches(pictures, 3, 32, np.random.default_rng(0))
    for _ in range(4):
        seen = np.concatenate([next(stream), next(stream)])[:, 0, 0, 0]
        assert sorted(seen) == list(range(6))
