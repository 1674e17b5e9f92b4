"""Session of a pretraining: from pictures to a file, stopped, gone on with, started from another's."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.colour.lab import lightness_of
from featcolor.errors import ModelFileError, UsageError
from featcolor.pretraining.config import PretrainConfig
from features.colournet import ColourNetwork
from tests.networks import colour_network
from tests.pretraining.samples import (
    COUNT,
    TINY,
    checkpoint,
    photograph,
    pretrain,
    same_weights,
)
from tests.samples import write_rgb


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
