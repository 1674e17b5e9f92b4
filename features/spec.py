"""Feature lists as people type them ("daisy,context,backbone:net.onnx@conv3+conv5") and as model files keep them."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from features.backbone import BackboneFeatures
from features.base import FeatureExtractor, FeatureStack
from features.colournet import BUNDLED
from features.context import ContextFeatures
from features.daisy import DaisyFeatures
from features.embedding import EmbeddingFeatures
from features.patch import PatchFeatures
from features.position import PositionFeatures
from features.words import VisualWords

SYNTAX: Final = (
    "patch[:SIZE], daisy[:RADIUS-RINGS-HISTOGRAMS-ORIENTATIONS], context[:RADIUS-RADIUS...], position, "
    "words[:WORDS-COMPONENTS], backbone[:NETWORK.onnx@LAYER+LAYER...][#COMPONENTS], embedding[:NETWORK.onnx]"
)

DAISY_OPTIONS: Final = ("radius", "rings", "histograms", "orientations")


def _patch(text: str) -> PatchFeatures:
    return PatchFeatures(*_numbers(text, at_most=1))


def _daisy(text: str) -> DaisyFeatures:
    return DaisyFeatures(**dict(zip(DAISY_OPTIONS, _numbers(text, at_most=4), strict=False)))


def _context(text: str) -> ContextFeatures:
    numbers = _numbers(text, at_most=16)
    return ContextFeatures(numbers) if numbers else ContextFeatures()


def _position(text: str) -> PositionFeatures:
    _numbers(text, at_most=0)
    return PositionFeatures()


def _words(text: str) -> VisualWords:
    return VisualWords(*_numbers(text, at_most=2))


def _backbone(text: str) -> BackboneFeatures:
    text, _, components = text.partition("#")
    network, _, layers = text.rpartition("@") if "@" in text else (text, "", "")
    return BackboneFeatures(
        network or "lite0",
        layers=tuple(layers.split("+")) if layers else None,
        components=_numbers(components, 1)[0] if components else None,
    )


def _embedding(text: str) -> EmbeddingFeatures:
    return EmbeddingFeatures(text or BUNDLED)


ABANDONED: Final = ("joint", "pooled")
"""Options of a backbone that older model files name, always false: nothing a person typed could set them."""

EXTRACTORS: Final[Mapping[str, tuple[Callable[[str], FeatureExtractor], type]]] = MappingProxyType(
    {
        "patch": (_patch, PatchFeatures),
        "daisy": (_daisy, DaisyFeatures),
        "context": (_context, ContextFeatures),
        "position": (_position, PositionFeatures),
        "words": (_words, VisualWords),
        "backbone": (_backbone, BackboneFeatures),
        "embedding": (_embedding, EmbeddingFeatures),
    }
)
"""Name of each extractor: how its options are read, and its class."""


def parse_features(spec: str) -> FeatureStack:
    """The stack that a comma-separated list names.

    >>> [type(extractor).__name__ for extractor in parse_features("patch:5,daisy:7-1-3-8,context").extractors]
    ['PatchFeatures', 'DaisyFeatures', 'ContextFeatures']

    Raises
    ------
    ValueError
        For an unknown name or an option that does not fit; the message shows the syntax.
    """
    extractors = []
    for item in filter(None, (part.strip() for part in spec.split(","))):
        name = item[: len(item) - len(item.lstrip(string.ascii_lowercase))]
        options = item.removeprefix(name).removeprefix(":")
        if name not in EXTRACTORS:
            raise ValueError(f"unknown feature {name!r}; the features are {SYNTAX}")
        try:
            extractors.append(EXTRACTORS[name][0](options))
        except (TypeError, ValueError) as error:
            raise ValueError(f"feature {item!r}: {error}; the features are {SYNTAX}") from error
    if not extractors:
        raise ValueError(f"no features named; the features are {SYNTAX}")
    return FeatureStack(extractors)


def stack_settings(stack: FeatureStack) -> list[dict[str, Any]]:
    """Each extractor's name and settings, as JSON can hold them: what `build_stack` takes."""
    names = {kind: name for name, (_, kind) in EXTRACTORS.items()}
    return [{"name": names[type(each)], **each.settings()} for each in stack.extractors]


def build_stack(settings: Sequence[Mapping[str, Any]]) -> FeatureStack:
    """The stack that `stack_settings` described, not yet given its state."""
    extractors = []
    for each in settings:
        arguments = {key: value for key, value in dict(each).items() if key not in ABANDONED or value is not False}
        name = arguments.pop("name", None)
        if name not in EXTRACTORS:
            raise ValueError(f"unknown feature {name!r}")
        extractors.append(EXTRACTORS[name][1](**arguments))
    return FeatureStack(extractors)


def _numbers(text: str, at_most: int) -> list[int]:
    numbers = [int(part) for part in text.split("-")] if text else []
    if len(numbers) > at_most:
        raise ValueError(f"takes at most {at_most} numbers, got {len(numbers)}")
    return numbers
