"""A trained network's file: it says what torch says."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from featcolor.colour.lab import lightness_of
from featcolor.errors import TrainingError
from features.network import Network
from features.network_grid import grey_codes, mirror_out
from tests.pretraining.samples import (
    train,
)


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
