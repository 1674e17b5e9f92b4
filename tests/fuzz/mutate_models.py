"""Mutations of what model files hold: header, settings and arrays, with the checksum of what comes out; networks."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from featcolor.models.model_file import DIGEST_KEY, HEADER_KEY, digest


def changed_model(data: bytes, draw: random.Random) -> bytes:
    """A model file with one value of its header or one of its arrays changed."""
    from tests.fuzz.mutate import changed_json

    try:
        (length,) = struct.unpack_from("<Q", data)
        document = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][HEADER_KEY])
        arrays = load(data)
    except (ValueError, LookupError, TypeError, RecursionError, struct.error, SafetensorError):
        return data
    if not isinstance(document, dict):
        return data
    document.pop(DIGEST_KEY, None)
    if arrays and draw.random() < 0.5:
        name = draw.choice(sorted(arrays))
        array = _changed_array(arrays.pop(name), draw)
        if draw.random() < 0.9:
            arrays[name if draw.random() < 0.95 else f"{name}s"] = array
    else:
        part = "colorizer" if isinstance(document.get("colorizer"), dict) and draw.random() < 0.9 else None
        changed = changed_json(document if part is None else document[part], draw)
        document = {**document, part: changed} if part else changed if isinstance(changed, dict) else document
    try:
        arrays = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
        document[DIGEST_KEY] = digest(document, arrays)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return bytes(save(arrays, metadata={HEADER_KEY: text}))
    except (ValueError, RecursionError, SafetensorError):
        return data


def _changed_array(array: NDArray[Any], draw: random.Random) -> NDArray[Any]:
    what = draw.choice(("values", "values", "shape", "shape", "kind"))
    if what == "kind":
        with np.errstate(all="ignore"):
            return array.astype(draw.choice((np.float64, np.float16, np.int8, np.int64, np.uint16, bool)))
    if what == "values" and array.size:
        array = array.copy()
        odd = draw.choice((np.nan, np.inf, -np.inf, 0, 1e38, -1e38, 1e-45, -1, 2**31 - 1))
        some = slice(None) if draw.random() < 0.3 else draw.randrange(array.size)
        with np.errstate(all="ignore"):
            array.reshape(-1)[some] = np.asarray(odd).astype(array.dtype)
        return array
    shapes = (
        (array[:0], array[:-1], array.T, array.reshape(-1), array[None], np.concatenate([array, array]))
        if array.ndim
        else (array[None],)
    )
    return draw.choice(shapes)


def changed_network(data: bytes, draw: random.Random) -> bytes:
    """An ONNX file with a property, attribute, constant, name or operator changed."""
    from tests.fuzz.mutate import changed_json

    try:
        model = onnx.load_from_string(data)
    except (DecodeError, ValueError):
        return data
    what = draw.choice(("property", "attribute", "constant", "name", "operator", "shape", "drop"))
    nodes, constants = model.graph.node, model.graph.initializer
    odd = draw.choice((0, 1, 2, 3, -1, 7, 1000, 2**31, 2**62, -(2**62)))
    if what == "property" and model.metadata_props:
        held = draw.choice(model.metadata_props)
        try:
            held.value = json.dumps(changed_json(json.loads(held.value), draw))
        except ValueError:
            held.value = draw.choice(("", "imagenet", "[]", "x" * 1000))
    elif what == "attribute" and (held := [a for node in nodes for a in node.attribute]):
        attribute = draw.choice(held)
        if attribute.ints:
            attribute.ints[draw.randrange(len(attribute.ints))] = odd
        else:
            attribute.i = odd
    elif what == "constant" and constants:
        constant = draw.choice(constants)
        if constant.dims and draw.random() < 0.5:
            constant.dims[draw.randrange(len(constant.dims))] = odd
        else:
            constant.raw_data = draw.choice((b"", b"\xff" * len(constant.raw_data), constant.raw_data * 2))
    elif what in ("name", "operator", "drop") and nodes:
        node, other = draw.choice(nodes), draw.choice(nodes)
        if what == "operator":
            node.op_type = draw.choice((other.op_type, "Resize", "Loop", "Reshape", "Softmax", "Nothing", "If"))
        elif what == "drop":
            nodes.remove(node)
        elif node.input:
            node.input[draw.randrange(len(node.input))] = draw.choice((*other.output, *other.input, ""))
    elif what == "shape":
        held = draw.choice([*model.graph.input, *model.graph.output]).type.tensor_type
        if held.shape.dim:
            draw.choice(held.shape.dim).dim_value = odd
    return bytes(model.SerializeToString())
