"""Architectures of Zhang et al. 2016 and of DDColor with random weights: speed without the trained weights at hand.

Zhang, Isola, Efros: Colorful image colorization, ECCV 2016, table 4 (as released, `colorization_deploy_v2.prototxt`).

Kang et al.: DDColor, ICCV 2023: a ConvNeXt encoder (Liu et al., CVPR 2022), a pixel decoder in the manner of a U-Net, a
colour decoder whose queries attend to three scales of it, and a product of both that a 1 x 1 convolution turns into
a*b*; sizes of the released tiny model (`ddcolor_paper_tiny`). Departures, none of which changes a shape or a number of
multiplications: layer normalisation is ONNX's one operator over transposed maps; spectral normalisation and the
positions' sines are constants; the encoder's pooled normalisation, whose output is dropped, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.methods.released import IMAGENET_MEAN, IMAGENET_STD
from benchmarks.speed.network_graph import NetworkGraph
from features.base import FloatArray

ZHANG16_BLOCKS: Final = (
    ((64, 64), 2, 1),
    ((128, 128), 2, 1),
    ((256, 256, 256), 2, 1),
    ((512, 512, 512), 1, 1),
    ((512, 512, 512), 1, 2),
    ((512, 512, 512), 1, 2),
    ((512, 512, 512), 1, 1),
)
"""Channels of each 3 x 3 convolution, stride of the last one, dilation; each followed by ReLU, a block by its norm."""
ZHANG16_COLOURS: Final = 313
"""Colours of the quantised a*b* plane that lie in the sRGB gamut (the paper's Q)."""
ZHANG16_SHARPNESS: Final = 2.606
"""What the logits are multiplied by before the softmax: the annealed mean at T = 0.38 (the paper's section 2.3)."""
ZHANG16_SIZE: Final = 256

STRIDE: Final = 32
"""Sides of DDColor's input are multiples of it."""
SCALES: Final = 3
"""Maps of the pixel decoder that the colour decoder looks at in turn (section 3.3)."""
EXPANSION: Final = 4
"""ConvNeXt's perceptron is this many times as wide inside (section 2.4)."""
POSITION_BASE: Final = 10000.0
"""Largest period of the positions' sines (Vaswani et al. 2017, section 3.5; in two dimensions Carion et al. 2020)."""


def zhang16_onnx(path: Path, seed: int = 0) -> Path:
    """Writes Zhang et al.'s network with random weights: `lightness` (1, 1, 256, 256) to `ab` (1, 2, 64, 64)."""
    graph = NetworkGraph(np.random.default_rng(seed))
    tensor, before = "lightness", 1
    for block, (widths, stride, dilation) in enumerate(ZHANG16_BLOCKS, start=1):
        for layer, width in enumerate(widths, start=1):
            step = stride if layer == len(widths) else 1
            size: Any = {"kernel": 3, "stride": step, "padding": dilation, "dilation": dilation}
            tensor, before = graph.relu(graph.convolution(tensor, before, width, f"conv{block}_{layer}", **size)), width
        tensor = graph.batch_norm(tensor, before)
    tensor = graph.convolution(tensor, before, 256, "conv8_1", kernel=4, stride=2, padding=1, transposed=True)
    for name in ("conv8_2", "conv8_3"):
        tensor = graph.convolution(graph.relu(tensor), 256, 256, name, kernel=3, padding=1)
    logits = graph.convolution(graph.relu(tensor), 256, ZHANG16_COLOURS, "conv8_313", kernel=1)
    graph.node("Softmax", [graph.multiply(logits, ZHANG16_SHARPNESS)], "distribution", axis=1)
    graph.convolution("distribution", ZHANG16_COLOURS, 2, "ab", kernel=1)
    side = ZHANG16_SIZE
    return graph.write(
        path, "zhang16", inputs={"lightness": (1, 1, side, side)}, outputs={"ab": (1, 2, side // 4, side // 4)}
    )


@dataclass(frozen=True, kw_only=True)
class DDColorSizes:
    """Sizes of a DDColor; the defaults are DDColor-tiny's.

    Attributes
    ----------
    depths, widths : blocks and channels of the encoder's four stages.
    channels : of the pixel decoder; half as many at a quarter of the size and at full size.
    hidden, heads, feedforward : width of the colour decoder's queries, attention heads, and its perceptron.
    queries, layers : colour queries, and layers of cross-attention, self-attention and perceptron.
    """

    depths: tuple[int, int, int, int] = (3, 3, 9, 3)
    widths: tuple[int, int, int, int] = (96, 192, 384, 768)
    channels: int = 512
    hidden: int = 256
    heads: int = 8
    feedforward: int = 2048
    queries: int = 100
    layers: int = 9


DDCOLOR_TINY: Final = DDColorSizes()


def ddcolor_onnx(path: Path, sizes: DDColorSizes = DDCOLOR_TINY, *, size: int = 256, seed: int = 0) -> Path:
    """Writes DDColor with random weights: `rgb` (1, 3, size, size), grey as RGB 0..1, to `ab` (1, 2, size, size).

    The paper measures at 256 x 256, the released program works at 512 x 512. The file of the tiny one takes 220 MB.

    Raises ValueError when size is not a multiple of `STRIDE`, or heads do not divide hidden.
    """
    if size < STRIDE or size % STRIDE:
        raise ValueError(f"size must be a multiple of {STRIDE}, got {size}")
    if sizes.hidden % (4 * sizes.heads):
        raise ValueError(f"hidden must be a multiple of 4 x heads ({4 * sizes.heads}), got {sizes.hidden}")
    graph = NetworkGraph(np.random.default_rng(seed))
    mean, deviation = (np.reshape(values, (1, 3, 1, 1)) for values in (IMAGENET_MEAN, IMAGENET_STD))
    seen = graph.affine("rgb", subtract=mean, divide=deviation)
    maps = _add_encoder(graph, seen, sizes)
    scales, full = _add_pixel_decoder(graph, maps, sizes)
    colours = _add_colour_decoder(graph, scales, sizes, size)
    pixels = graph.reshape(full, sizes.channels // 2, size * size)
    fused = graph.reshape(graph.node("MatMul", [colours, pixels]), 1, sizes.queries, size, size)
    graph.convolution(graph.node("Concat", [fused, seen], axis=1), sizes.queries + 3, 2, "ab", kernel=1)
    inputs, outputs = {"rgb": (1, 3, size, size)}, {"ab": (1, 2, size, size)}
    return graph.write(path, "ddcolor", inputs=inputs, outputs=outputs, opset=20, ir_version=9)  # 20 has Gelu


def _add_encoder(graph: NetworkGraph, tensor: str, sizes: DDColorSizes) -> list[str]:
    """ConvNeXt: a normalised map at strides 4, 8, 16 and 32."""
    graph.part = "encoder."
    maps, channels = [], 3
    for stage, (depth, width) in enumerate(zip(sizes.depths, sizes.widths, strict=True)):
        if stage == 0:
            tensor = _normalise_map(graph, graph.convolution(tensor, channels, width, kernel=4, stride=4), width)
        else:
            tensor = graph.convolution(_normalise_map(graph, tensor, channels), channels, width, kernel=2, stride=2)
        for _ in range(depth):
            tensor = _add_convnext_block(graph, tensor, width)
        maps.append(_normalise_map(graph, tensor, width))
        channels = width
    graph.part = ""
    return maps


def _add_convnext_block(graph: NetworkGraph, tensor: str, width: int) -> str:
    """A 7 x 7 depthwise convolution and a perceptron beside a shortcut, the branch scaled (Liu et al., section 2)."""
    inner = graph.convolution(tensor, width, width, kernel=7, padding=3, groups=width)
    inner = graph.layer_norm(graph.transpose(inner, 0, 2, 3, 1), width)
    inner = graph.node("Gelu", [graph.linear(inner, width, EXPANSION * width)])
    inner = graph.linear(inner, EXPANSION * width, width)
    factor = graph.constant(np.full(width, 1e-6, np.float32), f"scaled{len(graph.nodes)}.weights")
    return graph.node("Add", [tensor, graph.transpose(graph.node("Mul", [inner, factor]), 0, 3, 1, 2)])


def _normalise_map(graph: NetworkGraph, tensor: str, width: int) -> str:
    """Layer normalisation over the channels of a (1, C, H, W) map."""
    return graph.transpose(graph.layer_norm(graph.transpose(tensor, 0, 2, 3, 1), width), 0, 3, 1, 2)


def _add_pixel_decoder(graph: NetworkGraph, maps: list[str], sizes: DDColorSizes) -> tuple[list[str], str]:
    """Maps at strides 16, 8 and 4, and the full-size one (section 3.2)."""
    tensor, channels = maps[-1], sizes.widths[-1]
    scales = []
    for step, outputs in enumerate((sizes.channels, sizes.channels, sizes.channels // 2)):
        skipped = sizes.widths[2 - step]
        raised = _shuffle(graph, tensor, channels, outputs, factor=2, normalised=True)
        skip = graph.batch_norm(maps[2 - step], skipped)
        both = graph.relu(graph.node("Concat", [raised, skip], axis=1))
        mixed = graph.convolution(
            both, outputs + skipped, outputs, kernel=3, padding=1, biased=False
        )  # the norm shifts
        tensor, channels = graph.batch_norm(graph.relu(mixed), outputs, f"pixels.{step}"), outputs
        scales.append(tensor)
    return scales, _shuffle(graph, tensor, channels, channels, factor=4, normalised=False)


def _shuffle(graph: NetworkGraph, tensor: str, inputs: int, outputs: int, *, factor: int, normalised: bool) -> str:
    """Sub-pixel convolution (Shi et al. 2016), and the 2 x 2 mean that hides its checkerboard (Sugawara 2018)."""
    width = outputs * factor**2
    wide = graph.convolution(tensor, inputs, width, kernel=1, biased=not normalised)
    relu = graph.relu(graph.batch_norm(wide, width) if normalised else wide)
    fine = graph.node("DepthToSpace", [relu], blocksize=factor, mode="CRD")
    before = graph.constant(np.array([0, 0, 1, 1, 0, 0, 0, 0], np.int64))
    return graph.node(
        "AveragePool", [graph.node("Pad", [fine, before], mode="edge")], kernel_shape=[2, 2], strides=[1, 1]
    )


def _add_colour_decoder(graph: NetworkGraph, scales: list[str], sizes: DDColorSizes, size: int) -> str:
    """Colour embeddings (queries, channels // 2): queries attend to the scales in turn (section 3.3)."""
    hidden, memories, keys = sizes.hidden, [], []
    for level, tensor in enumerate(scales):
        channels, side = (sizes.channels, sizes.channels, sizes.channels // 2)[level], size >> (4 - level)
        flat = graph.reshape(graph.convolution(tensor, channels, hidden, kernel=1), hidden, side * side)
        embedding = graph.constant(graph.normal((hidden,), 1.0), f"level{level}.weights")
        memories.append(graph.node("Add", [graph.transpose(flat, 1, 0), embedding], f"memory{level}"))
        position = graph.constant(encode_positions(side, hidden))
        keys.append(graph.node("Add", [memories[-1], position], f"keys{level}"))
    queries, places = (
        graph.constant(graph.normal((sizes.queries, hidden), 1.0), f"{name}.weights") for name in ("queries", "places")
    )
    for layer in range(sizes.layers):
        level = layer % SCALES
        placed = graph.node("Add", [queries, places], f"placed{layer}")
        seen = _attend(graph, placed, keys[level], memories[level], sizes, f"cross{layer}", tokens=-1)
        queries = graph.layer_norm(graph.node("Add", [queries, seen]), hidden)
        placed = graph.node("Add", [queries, places])
        seen = _attend(graph, placed, placed, queries, sizes, f"self{layer}", tokens=sizes.queries)
        queries = graph.layer_norm(graph.node("Add", [queries, seen]), hidden)
        inner = graph.relu(graph.linear(queries, hidden, sizes.feedforward))
        inner = graph.linear(inner, sizes.feedforward, hidden)
        queries = graph.layer_norm(graph.node("Add", [queries, inner]), hidden)
    tensor = graph.layer_norm(queries, hidden)
    for _ in range(2):
        tensor = graph.relu(graph.linear(tensor, hidden, hidden))
    return graph.linear(tensor, hidden, sizes.channels // 2, "colours")


def _attend(
    graph: NetworkGraph, queries: str, keys: str, values: str, sizes: DDColorSizes, name: str, *, tokens: int
) -> str:
    """Attention by several heads (Vaswani et al. 2017, section 3.2); `tokens` rows of keys, -1 for all there are."""
    hidden, depth = sizes.hidden, sizes.hidden // sizes.heads
    q, k, v = (
        graph.transpose(
            graph.reshape(graph.linear(tensor, hidden, hidden, f"{name}.{part}"), rows, sizes.heads, depth), *order
        )
        for part, tensor, rows, order in (
            ("q", queries, sizes.queries, (1, 0, 2)),
            ("k", keys, tokens, (1, 2, 0)),
            ("v", values, tokens, (1, 0, 2)),
        )
    )
    scores = graph.node("MatMul", [graph.multiply(q, depth**-0.5), k])
    mixed = graph.node("MatMul", [graph.node("Softmax", [scores], axis=-1), v])
    joined = graph.reshape(graph.transpose(mixed, 1, 0, 2), sizes.queries, hidden)
    return graph.linear(joined, hidden, hidden, f"{name}.mix")


def encode_positions(side: int, width: int) -> FloatArray:
    """Sines and cosines of row and column, (side * side, width) float32, rows first; periods 2 pi to `POSITION_BASE`.

    Positions are scaled to 2 pi over the map (Carion et al., "DETR", ECCV 2020, supplement).
    """
    quarter = width // 4
    angles = 2 * np.pi * np.arange(1, side + 1) / side
    phases = angles[:, None] / POSITION_BASE ** (np.arange(quarter) / quarter)
    waves = np.stack([np.sin(phases), np.cos(phases)], axis=-1).reshape(side, 2 * quarter)
    planes = [np.broadcast_to(plane, (side, side, 2 * quarter)) for plane in (waves[:, None], waves)]
    return np.concatenate(planes, axis=-1).reshape(side * side, width).astype(np.float32)
