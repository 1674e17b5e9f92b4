"""DDColor's architecture with random weights, to compare speed where its trained weights are not at hand.

Kang et al., "DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders", ICCV 2023: a ConvNeXt encoder, a
pixel decoder in the manner of a U-Net, a colour decoder whose queries attend to three scales of it, and a product of
both that a 1 x 1 convolution turns into a*b*. Sizes are those of the paper and of the released tiny model
(`ddcolor_paper_tiny`).

Departures, none of which changes a shape or a number of multiplications: layer normalisation is ONNX's one operator
over transposed maps, where the released export spells it out; spectral normalisation is taken as folded into the
weights, as an export does; so are the positions' sines, which are constants at one size. One normalisation that the
released encoder holds and whose output it drops (the pooled one, 1536 numbers) is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.methods.released import IMAGENET_MEAN, IMAGENET_STD
from benchmarks.speed.network_graph import NetworkGraph
from features.base import FloatArray

STRIDE: Final = 32
"""Sides of the input are multiples of it."""
SCALES: Final = 3
"""Maps of the pixel decoder that the colour decoder looks at in turn (section 3.3)."""
LAST_SCALE: Final = 4
"""The last pixel shuffle brings a quarter of the size back to the whole."""
DETAIL: Final = 7
"""Kernel of ConvNeXt's depthwise convolutions (Liu et al., CVPR 2022, section 2.5)."""
EXPANSION: Final = 4
"""ConvNeXt's perceptron is this many times as wide inside (section 2.4)."""
LAYER_SCALE: Final = 1e-6
"""ConvNeXt's initial factor on each residual branch; its value does not matter to speed."""
POSITION_BASE: Final = 10000.0
"""Largest period of the positions' sines (Vaswani et al. 2017, section 3.5; in two dimensions Carion et al. 2020)."""
OPSET: Final = 20
"""The first with Gelu."""
IR_VERSION: Final = 9
DDCOLOR_TINY_PARAMETERS: Final = 55.0e6
"""Published for the tiny model, in millions with one decimal."""


@dataclass(frozen=True, kw_only=True)
class DDColorSizes:
    """What distinguishes one DDColor from another.

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


def ddcolor_tiny_onnx(path: Path, *, size: int = 256, seed: int = 0) -> Path:
    """Writes DDColor-tiny with random weights: `rgb` (1, 3, size, size), grey as RGB 0..1, to `ab` (1, 2, size, size).

    The paper measures at 256 x 256, the released program works at 512 x 512. The file takes 220 MB.
    """
    return ddcolor_onnx(path, DDCOLOR_TINY, size=size, seed=seed)


def ddcolor_onnx(path: Path, sizes: DDColorSizes, *, size: int = 256, seed: int = 0) -> Path:
    """Writes a DDColor of any sizes, see `ddcolor_tiny_onnx`.

    Raises
    ------
    ValueError
        When size is not a multiple of `STRIDE`, or heads do not divide hidden.
    """
    if size < STRIDE or size % STRIDE:
        raise ValueError(f"size must be a multiple of {STRIDE}, got {size}")
    if sizes.hidden % (4 * sizes.heads):
        raise ValueError(f"hidden must be a multiple of 4 x heads ({4 * sizes.heads}), got {sizes.hidden}")
    graph = NetworkGraph(np.random.default_rng(seed))
    mean, deviation = (np.reshape(values, (1, 3, 1, 1)) for values in (IMAGENET_MEAN, IMAGENET_STD))
    seen = graph.affine("rgb", "normalised", subtract=mean, divide=deviation)
    maps = add_encoder(graph, seen, sizes)
    scales, full = _add_pixel_decoder(graph, maps, sizes)
    colours = _add_colour_decoder(graph, scales, sizes, size)
    pixels = graph.reshape(full, "fusion.pixels", sizes.channels // 2, size * size)
    product = graph.node("MatMul", [colours, pixels], "fusion.product")
    fused = graph.reshape(product, "fusion.maps", 1, sizes.queries, size, size)
    with_input = graph.node("Concat", [fused, seen], "fusion.with_input", axis=1)
    graph.convolution(with_input, sizes.queries + 3, 2, "ab", kernel=1)
    return graph.write(
        path,
        "ddcolor",
        inputs={"rgb": (1, 3, size, size)},
        outputs={"ab": (1, 2, size, size)},
        opset=OPSET,
        ir_version=IR_VERSION,
    )


def add_encoder(graph: NetworkGraph, tensor: str, sizes: DDColorSizes) -> list[str]:
    """ConvNeXt (Liu et al., CVPR 2022): a normalised map at strides 4, 8, 16 and 32."""
    maps, channels = [], 3
    for stage, (depth, width) in enumerate(zip(sizes.depths, sizes.widths, strict=True)):
        name = f"encoder.{stage}"
        if stage == 0:
            tensor = graph.convolution(tensor, channels, width, f"{name}.stem", kernel=4, stride=4)
            tensor = _normalise_map(graph, tensor, width, f"{name}.stem.norm")
        else:
            tensor = _normalise_map(graph, tensor, channels, f"{name}.down.norm")
            tensor = graph.convolution(tensor, channels, width, f"{name}.down", kernel=2, stride=2)
        for block in range(depth):
            tensor = _add_convnext_block(graph, tensor, width, f"{name}.{block}")
        maps.append(_normalise_map(graph, tensor, width, f"{name}.out"))
        channels = width
    return maps


def _add_convnext_block(graph: NetworkGraph, tensor: str, width: int, name: str) -> str:
    inner = graph.convolution(
        tensor, width, width, f"{name}.depthwise", kernel=DETAIL, padding=DETAIL // 2, groups=width
    )
    inner = graph.layer_norm(graph.transpose(inner, f"{name}.last", 0, 2, 3, 1), width, f"{name}.norm")
    inner = graph.linear(inner, width, EXPANSION * width, f"{name}.expand")
    inner = graph.linear(graph.node("Gelu", [inner], f"{name}.gelu"), EXPANSION * width, width, f"{name}.project")
    factor = graph.constant(f"{name}.layer_scale.weights", np.full(width, LAYER_SCALE, np.float32))
    inner = graph.node("Mul", [inner, factor], f"{name}.scaled")
    return graph.node("Add", [tensor, graph.transpose(inner, f"{name}.first", 0, 3, 1, 2)], name)


def _normalise_map(graph: NetworkGraph, tensor: str, width: int, name: str) -> str:
    """Layer normalisation over the channels of a (1, C, H, W) map."""
    last = graph.layer_norm(graph.transpose(tensor, f"{name}.last", 0, 2, 3, 1), width, name)
    return graph.transpose(last, f"{name}.first", 0, 3, 1, 2)


def _add_pixel_decoder(graph: NetworkGraph, maps: list[str], sizes: DDColorSizes) -> tuple[list[str], str]:
    """Maps at strides 16, 8 and 4, and the full-size one (section 3.2)."""
    tensor, channels = maps[-1], sizes.widths[-1]
    scales = []
    for step, outputs in enumerate((sizes.channels, sizes.channels, sizes.channels // 2)):
        name, skipped = f"pixels.{step}", sizes.widths[2 - step]
        raised = _shuffle(graph, tensor, channels, outputs, f"{name}.up", factor=2, normalised=True)
        skip = graph.batch_norm(maps[2 - step], skipped, f"{name}.skip.norm")
        both = graph.node("Relu", [graph.node("Concat", [raised, skip], f"{name}.both", axis=1)], f"{name}.relu")
        mixed = graph.convolution(
            both, outputs + skipped, outputs, f"{name}.mix", kernel=3, padding=1, biased=False
        )  # the normalisation has a shift
        tensor = graph.batch_norm(graph.node("Relu", [mixed], f"{name}.mix.relu"), outputs, f"{name}.mix.norm")
        channels = outputs
        scales.append(tensor)
    return scales, _shuffle(graph, tensor, channels, channels, "pixels.last", factor=LAST_SCALE, normalised=False)


def _shuffle(
    graph: NetworkGraph, tensor: str, inputs: int, outputs: int, name: str, *, factor: int, normalised: bool
) -> str:
    """Sub-pixel convolution (Shi et al. 2016), and the 2 x 2 mean that hides its checkerboard (Sugawara 2018)."""
    width = outputs * factor**2
    wide = graph.convolution(tensor, inputs, width, name, kernel=1, biased=not normalised)
    if normalised:
        wide = graph.batch_norm(wide, width, f"{name}.norm")
    relu = graph.node("Relu", [wide], f"{name}.relu")
    fine = graph.node("DepthToSpace", [relu], f"{name}.fine", blocksize=factor, mode="CRD")
    before = graph.constant(f"{name}.before", np.array([0, 0, 1, 1, 0, 0, 0, 0], np.int64))
    padded = graph.node("Pad", [fine, before], f"{name}.padded", mode="edge")
    return graph.node("AveragePool", [padded], f"{name}.blurred", kernel_shape=[2, 2], strides=[1, 1])


def _add_colour_decoder(graph: NetworkGraph, scales: list[str], sizes: DDColorSizes, size: int) -> str:
    """Colour embeddings (queries, channels // 2): queries attend to the scales in turn (section 3.3)."""
    memories, keys = [], []
    for level, tensor in enumerate(scales):
        channels, side = (sizes.channels, sizes.channels, sizes.channels // 2)[level], size >> (4 - level)
        name = f"colours.scale{level}"
        projected = graph.convolution(tensor, channels, sizes.hidden, name, kernel=1)
        rows = graph.transpose(graph.reshape(projected, f"{name}.flat", sizes.hidden, side * side), f"{name}.t", 1, 0)
        embedding = graph.constant(f"{name}.level.weights", graph.normal((sizes.hidden,), 1.0))
        memories.append(graph.node("Add", [rows, embedding], f"{name}.memory"))
        position = graph.constant(f"{name}.position", encode_positions(side, sizes.hidden))
        keys.append(graph.node("Add", [memories[-1], position], f"{name}.keys"))
    shape = (sizes.queries, sizes.hidden)
    queries = graph.constant("colours.queries.weights", graph.normal(shape, 1.0))
    places = graph.constant("colours.places.weights", graph.normal(shape, 1.0))
    for layer in range(sizes.layers):
        name, level = f"colours.{layer}", layer % SCALES
        placed = graph.node("Add", [queries, places], f"{name}.cross.placed")
        seen = _attend(graph, placed, keys[level], memories[level], sizes, f"{name}.cross", tokens=-1)
        queries = _add_and_normalise(graph, queries, seen, sizes.hidden, f"{name}.cross.out")
        placed = graph.node("Add", [queries, places], f"{name}.self.placed")
        seen = _attend(graph, placed, placed, queries, sizes, f"{name}.self", tokens=sizes.queries)
        queries = _add_and_normalise(graph, queries, seen, sizes.hidden, f"{name}.self.out")
        inner = graph.linear(queries, sizes.hidden, sizes.feedforward, f"{name}.expand")
        relu = graph.node("Relu", [inner], f"{name}.relu")
        inner = graph.linear(relu, sizes.feedforward, sizes.hidden, f"{name}.project")
        queries = _add_and_normalise(graph, queries, inner, sizes.hidden, f"{name}.out")
    tensor = graph.layer_norm(queries, sizes.hidden, "colours.norm")
    for layer, outputs in enumerate((sizes.hidden, sizes.hidden, sizes.channels // 2)):
        tensor = graph.linear(tensor, sizes.hidden, outputs, f"colours.embed{layer}")
        if layer < 2:
            tensor = graph.node("Relu", [tensor], f"colours.embed{layer}.relu")
    return tensor


def _attend(
    graph: NetworkGraph, queries: str, keys: str, values: str, sizes: DDColorSizes, name: str, *, tokens: int
) -> str:
    """Attention by several heads (Vaswani et al. 2017, section 3.2); `tokens` rows of keys, -1 for all there are."""
    heads, depth = sizes.heads, sizes.hidden // sizes.heads
    parts = {}
    for part, tensor, rows in (("q", queries, sizes.queries), ("k", keys, tokens), ("v", values, tokens)):
        linear = graph.linear(tensor, sizes.hidden, sizes.hidden, f"{name}.{part}")
        split = graph.reshape(linear, f"{name}.{part}.split", rows, heads, depth)
        order = (1, 2, 0) if part == "k" else (1, 0, 2)
        parts[part] = graph.transpose(split, f"{name}.{part}.heads", *order)
    scale = graph.constant(f"{name}.temperature", np.float32(depth**-0.5))
    scaled = graph.node("Mul", [parts["q"], scale], f"{name}.q.scaled")
    scores = graph.node("MatMul", [scaled, parts["k"]], f"{name}.scores")
    shares = graph.node("Softmax", [scores], f"{name}.shares", axis=-1)
    mixed = graph.transpose(graph.node("MatMul", [shares, parts["v"]], f"{name}.mixed"), f"{name}.rows", 1, 0, 2)
    joined = graph.reshape(mixed, f"{name}.joined", sizes.queries, sizes.hidden)
    return graph.linear(joined, sizes.hidden, sizes.hidden, f"{name}.mix")


def _add_and_normalise(graph: NetworkGraph, tensor: str, change: str, width: int, name: str) -> str:
    return graph.layer_norm(graph.node("Add", [tensor, change], f"{name}.sum"), width, f"{name}.norm")


def encode_positions(side: int, width: int) -> FloatArray:
    """Sines and cosines of row and column, (side * side, width) float32, rows first; periods 2 pi to `POSITION_BASE`.

    Positions are scaled to 2 pi over the map (Carion et al., "DETR", ECCV 2020, supplement).
    """
    quarter = width // 4
    angles = 2 * np.pi * np.arange(1, side + 1) / side
    phases = angles[:, None] / POSITION_BASE ** (np.arange(quarter) / quarter)
    waves = np.stack([np.sin(phases), np.cos(phases)], axis=-1).reshape(side, 2 * quarter)
    planes = [
        np.broadcast_to(waves[:, None], (side, side, 2 * quarter)),
        np.broadcast_to(waves, (side, side, 2 * quarter)),
    ]
    return np.concatenate(planes, axis=-1).reshape(side * side, width).astype(np.float32)
