"""Training of the likeness that hints spread by: what it learns is what the program computes, and it learns."""

from __future__ import annotations

import math

import numpy as np

from featcolor.hints.kernel import LikenessKernel
from featcolor.hints.places import Places
from featcolor.hints.process import HintProcess

CHANNELS, COUNT = 20, 60


def rows(torch, number: int):
    """Places of a made-up photograph whose error is a plane over one axis of the embedding."""
    from featcolor.pretraining.likeness import PLACES, SIDE, Rows

    rng = np.random.default_rng(number)
    embedding = rng.normal(0, 1, (PLACES, CHANNELS))
    predicted = rng.normal(0, 5, (PLACES, 2))
    true = predicted + 15 * embedding[:, :1] * [1, -1]
    values = (embedding, rng.uniform(0, SIDE, (PLACES, 2)), rng.uniform(0.3, 0.8, PLACES), predicted, true)
    values += (predicted, true, embedding)
    return Rows(*(torch.from_numpy(np.asarray(each, np.float32)) for each in values))


def test_the_trained_process_is_the_one_that_spreads(torch):
    from featcolor.pretraining.likeness import Likeness

    torch.manual_seed(0)
    one = rows(torch, 0)
    likeness = Likeness(one.embedding)
    hints = likeness.looks(one, one.predicted, torch.arange(5))
    others = likeness.looks(one, one.predicted, torch.arange(5, COUNT))
    change = torch.randn(5, 2) * 10
    theirs = likeness.predict(hints[None], others[None], change[None])[0].detach().numpy()
    kernel = LikenessKernel.from_arrays(likeness.arrays())
    process = HintProcess.of(kernel, hints.detach().numpy())
    ours = process.change(Places(others.detach().numpy()[None], kernel), change.numpy())[0]
    assert np.allclose(ours, theirs, atol=0.02)


def test_training_gains_and_its_file_is_a_kernel(torch):
    from featcolor.pretraining.likeness import train

    steps = list(train([rows(torch, number) for number in range(3)], 60))
    losses = [loss for _, loss in steps]
    assert all(map(math.isfinite, losses))
    assert np.mean(losses[-15:]) < np.mean(losses[:15])
    kernel = LikenessKernel.from_arrays(steps[-1][0].arrays())
    assert abs(kernel.weights.sum() - 1) < 1e-5
    assert kernel.noise > 0
