"""Feature lists: what people type, what model files keep."""

from __future__ import annotations

import pytest

from features.backbone import BackboneFeatures
from features.daisy import DaisyFeatures
from features.patch import PatchFeatures
from features.spec import EXTRACTORS, build_stack, parse_features
from features.words import VisualWords


def test_every_extractor_has_a_name_of_its_own() -> None:
    stack = parse_features(",".join(EXTRACTORS))
    assert [type(each) for each in stack.extractors] == [kind for _, kind in EXTRACTORS.values()]


def test_options_reach_the_extractors() -> None:
    patch, daisy, short, context, words = parse_features(
        " patch:5 , daisy:7-1-3-6,daisy:9,context:2-11,words:32-16"
    ).extractors
    assert isinstance(patch, PatchFeatures)
    assert patch.size == 5
    assert daisy.settings() == {"radius": 7, "rings": 1, "histograms": 3, "orientations": 6}
    assert short.settings() == DaisyFeatures(9).settings()
    assert context.settings() == {"radii": (2, 11)}
    assert isinstance(words, VisualWords)
    assert (words.words, words.components) == (32, 16)


@pytest.mark.parametrize(
    ("text", "network", "layers", "components"),
    [
        ("backbone", "lite0", None, None),
        ("backbone#12", "lite0", None, 12),
        ("backbone:lite0@stride8+stride32", "lite0", ("stride8", "stride32"), None),
        ("backbone:nets/my-net.onnx@conv3+conv5#24", "nets/my-net.onnx", ("conv3", "conv5"), 24),
        ("backbone:nets@home/net.onnx@relu", "nets@home/net.onnx", ("relu",), None),
    ],
)
def test_backbones(text: str, network: str, layers: tuple[str, ...] | None, components: int | None) -> None:
    (backbone,) = parse_features(text).extractors
    assert isinstance(backbone, BackboneFeatures)
    assert (str(backbone.network), backbone.layers, backbone.components) == (network, layers, components)


@pytest.mark.parametrize(
    "text",
    ["", " , ", "colour", "Patch", "patch:4", "patch:x", "patch:5-7", "daisy:15-2-4-8-1", "daisy:0", "daisy:7-",
     "context:0", "context:-3", "position:1", "words:1", "words:8-8-8", "backbone#x", "backbone#3-4", "patch;daisy"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_syntax(text: str) -> None:
    with pytest.raises(ValueError, match="the features are patch"):
        parse_features(text)


@pytest.mark.parametrize(
    "settings",
    [[{"name": "colour"}], [{"size": 7}], [{"name": "patch", "width": 7}], [{"name": "patch", "size": 8}],
     [{"name": "backbone", "pooled": True}], ["patch"], [7], 7],
)  # fmt: skip
def test_foreign_settings_are_refused(settings: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        build_stack(settings)  # type: ignore[arg-type]
