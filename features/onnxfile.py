"""ONNX files without the onnx package: properties, inputs and outputs, what some layers need; and small ones made.

Importing onnx and parsing millions of weights with it costs more than the network's run on a picture. The file is a
protocol buffer; of the message ModelProto (github.com/onnx/onnx, onnx/onnx.proto) only the fields below are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

#: ModelProto.ir_version, .graph, .opset_import, .metadata_props; OperatorSetIdProto.version.
MODEL_VERSION: Final = 1
MODEL_GRAPH: Final = 7
MODEL_OPERATORS: Final = 8
OPERATORS_VERSION: Final = 2
MODEL_PROPERTIES: Final = 14
#: GraphProto.node, .name, .initializer, .input, .output; TensorProto.name.
GRAPH_NODE: Final = 1
GRAPH_NAME: Final = 2
GRAPH_CONSTANT: Final = 5
GRAPH_INPUT: Final = 11
GRAPH_OUTPUT: Final = 12
CONSTANT_NAME: Final = 8
#: NodeProto.input, .output, .op_type, .attribute; AttributeProto.g, .graphs.
NODE_INPUT: Final = 1
NODE_OUTPUT: Final = 2
NODE_OPERATOR: Final = 4
NODE_ATTRIBUTE: Final = 5
ATTRIBUTE_GRAPHS: Final = (6, 11)
#: StringStringEntryProto.key and .value; ValueInfoProto.name and .type.
FIRST: Final = 1
SECOND: Final = 2
#: TypeProto.tensor_type; TypeProto.Tensor.elem_type and .shape; TensorShapeProto.dim; Dimension.dim_value.
TENSOR_TYPE: Final = 1
ELEMENT_TYPE: Final = 1
SHAPE: Final = 2
DIMENSION: Final = 1
DIMENSION_VALUE: Final = 1
#: Versions of the format and of its operators that a network made here asks for: of 2022, read by onnxruntime 1.14 on.
WRITTEN_VERSION: Final = 8
WRITTEN_OPERATORS: Final = 18
#: Wire types of protocol buffers, and bytes of the two fixed ones.
VARINT: Final = 0
DELIMITED: Final = 2
FIXED_BYTES: Final = {1: 8, 5: 4}
LONGEST_VARINT: Final = 10


OnnxNode: TypeAlias = tuple[str, Sequence[str], Sequence[str]]
"""An operator, and names of what it reads and of what it makes."""


@dataclass(frozen=True)
class Tensor:
    """An input or output: its element type (1 is float32) and its sides, None where they are free."""

    kind: int
    sides: tuple[int | None, ...]


@dataclass(frozen=True)
class Node:
    """A node: names of the tensors that it reads, those inside its branches and loops included, and that it makes."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass
class OnnxSummary:
    """What a file says of its network."""

    properties: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Tensor] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    nodes: int = 0


def summarise(content: bytes) -> OnnxSummary:
    """Properties, inputs and outputs of a serialised ONNX network.

    Raises
    ------
    ValueError
        When the bytes are no protocol buffer of this kind, or end too early.
    """
    summary = OnnxSummary()
    for number, value in _fields(memoryview(content)):
        if number == MODEL_PROPERTIES:
            entry = dict(_fields(_message(value)))
            summary.properties[_text(entry.get(FIRST))] = _text(entry.get(SECOND))
        elif number == MODEL_GRAPH:
            for part, inner in _fields(_message(value)):
                if part == GRAPH_NODE:
                    summary.nodes += 1
                elif part == GRAPH_CONSTANT:
                    summary.constants.add(_constant_name(inner))
                elif part in (GRAPH_INPUT, GRAPH_OUTPUT):
                    name, tensor = _value_info(_message(inner))
                    (summary.inputs if part == GRAPH_INPUT else summary.outputs)[name] = tensor
    if not summary.nodes:
        raise ValueError("no layers")
    return summary


def nodes_of(content: bytes) -> list[Node]:
    """The nodes of a serialised ONNX network, in order; ValueError as `summarise`."""
    graphs = (_message(value) for number, value in _fields(memoryview(content)) if number == MODEL_GRAPH)
    return [_node(_message(value)) for graph in graphs for number, value in _fields(graph) if number == GRAPH_NODE]


def cut_down(content: bytes, nodes: Collection[int], constants: Collection[str], outputs: Sequence[str]) -> bytes:
    """A serialised ONNX network with these of its nodes, by number, and of its constants, and these tensors as outputs.

    All else is as it was, byte for byte.
    """
    parts = []
    for number, value, whole in _parts(memoryview(content)):
        if number == MODEL_GRAPH:
            kept = list(_kept(_message(value), nodes, constants))
            graph = b"".join(kept + [_delimited(GRAPH_OUTPUT, _name(FIRST, name)) for name in outputs])
            parts.append(_delimited(MODEL_GRAPH, graph))
        else:
            parts.append(bytes(whole))
    return b"".join(parts)


def serialise(nodes: Iterable[OnnxNode], inputs: Mapping[str, int], outputs: Sequence[str]) -> bytes:
    """A serialised ONNX network of operators without attributes, in order; `inputs`: element types by name."""
    parts = []
    for operator, read, made in nodes:
        names = [_name(NODE_INPUT, name) for name in read] + [_name(NODE_OUTPUT, name) for name in made]
        parts.append(_delimited(GRAPH_NODE, b"".join([*names, _name(NODE_OPERATOR, operator)])))
    parts.append(_name(GRAPH_NAME, "made"))
    for name, kind in inputs.items():
        tensor = _delimited(SECOND, _delimited(TENSOR_TYPE, _number(ELEMENT_TYPE, kind)))
        parts.append(_delimited(GRAPH_INPUT, _name(FIRST, name) + tensor))
    parts += [_delimited(GRAPH_OUTPUT, _name(FIRST, name)) for name in outputs]
    operators = _delimited(MODEL_OPERATORS, _number(OPERATORS_VERSION, WRITTEN_OPERATORS))
    return _number(MODEL_VERSION, WRITTEN_VERSION) + _delimited(MODEL_GRAPH, b"".join(parts)) + operators


def _kept(graph: memoryview, nodes: Collection[int], constants: Collection[str]) -> Iterator[memoryview]:
    count = 0
    for number, value, whole in _parts(graph):
        if number == GRAPH_NODE:
            if count in nodes:
                yield whole
            count += 1
        elif number == GRAPH_CONSTANT:
            if _constant_name(value) in constants:
                yield whole
        elif number != GRAPH_OUTPUT:
            yield whole


def _node(content: memoryview) -> Node:
    inputs, outputs = [], []
    for number, value in _fields(content):
        if number == NODE_INPUT:
            inputs.append(_text(value))
        elif number == NODE_OUTPUT:
            outputs.append(_text(value))
        elif number == NODE_ATTRIBUTE:
            graphs = (_message(graph) for which, graph in _fields(_message(value)) if which in ATTRIBUTE_GRAPHS)
            inner = (_node(_message(each)) for graph in graphs for part, each in _fields(graph) if part == GRAPH_NODE)
            inputs += [name for node in inner for name in node.inputs]
    return Node(tuple(inputs), tuple(outputs))


def _constant_name(value: int | memoryview | None) -> str:
    return _text(dict(_fields(_message(value))).get(CONSTANT_NAME))


def _value_info(content: memoryview) -> tuple[str, Tensor]:
    entry = dict(_fields(content))
    tensor = dict(_fields(_message(dict(_fields(_message(entry.get(SECOND)))).get(TENSOR_TYPE))))
    kind = tensor.get(ELEMENT_TYPE, 0)
    sides = []
    for number, dimension in _fields(_message(tensor.get(SHAPE))):
        if number == DIMENSION:
            side = dict(_fields(_message(dimension))).get(DIMENSION_VALUE)
            sides.append(side if isinstance(side, int) and side > 0 else None)
    return _text(entry.get(FIRST)), Tensor(kind if isinstance(kind, int) else 0, tuple(sides))


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Each field's number and its whole number or bytes; fields of fixed length are passed over."""
    return ((number, value) for number, value, _ in _parts(content) if value is not None)


def _parts(content: memoryview) -> Iterator[tuple[int, int | memoryview | None, memoryview]]:
    """Each field's number, its whole number or bytes (None: it has a fixed length), and all of its bytes."""
    at = 0
    while at < len(content):
        start = at
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(content, at)
            yield number, value, content[start:at]
            continue
        if wire == DELIMITED:
            length, at = _varint(content, at)
        elif wire in FIXED_BYTES:
            length = FIXED_BYTES[wire]
        else:
            raise ValueError(f"unknown wire type {wire}")
        if length > len(content) - at:
            raise ValueError("ends too early")
        begin, at = at, at + length
        yield number, content[begin:at] if wire == DELIMITED else None, content[start:at]


def _delimited(number: int, content: bytes) -> bytes:
    """A field of bytes: its key, their length, and they."""
    return _as_varint(number << 3 | DELIMITED) + _as_varint(len(content)) + content


def _name(number: int, name: str) -> bytes:
    return _delimited(number, name.encode())


def _number(number: int, value: int) -> bytes:
    """A field of a whole number."""
    return _as_varint(number << 3 | VARINT) + _as_varint(value)


def _as_varint(value: int) -> bytes:
    sevens = []
    while value > 0x7F:
        sevens.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*sevens, value])


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(LONGEST_VARINT):
        if at + shift >= len(content):
            break
        byte = content[at + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at + shift + 1
    raise ValueError("ends too early")


def _message(value: int | memoryview | None) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return memoryview(b"") if value is None else value


def _text(value: int | memoryview | None) -> str:
    return bytes(_message(value)).decode("utf-8")
