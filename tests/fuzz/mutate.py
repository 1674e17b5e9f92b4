"""Mutations of files: of their bytes, of the numbers that steer their readers, and of what is packed inside them."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.fuzz.structure import mended, png_chunks, spots

Mutator = Callable[[str, bytes, random.Random], bytes]

MOST: Final = 4
"""Mutations of one input; most have one, since two tend to stop at the first."""
BOMB: Final = 48 << 20
"""Zeros that a few kilobytes of deflate stand for."""
NUMBERS: Final = (0, 1, -1, 2, 0.5, -0.0, 1e-320, 1e308, 2**31, 2**63, -(2**63), 10**400)
ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, *NUMBERS, "", "x", "../../etc/passwd", "é\ud800", "y" * 100_000),
    *([], {}, [[]], [0], [0, 0, 0], {"a": 1}, [1e9, -1e9]),
)
RAW_VALUES: Final = ("[" * 100_000, "NaN", "-Infinity", "1e999", "9" * 10_000, '{"a":' * 30_000, "'", "\x00", "0x10")
"""What is not JSON, or deeper than Python goes."""


def mutated(kind: str, seeds: Sequence[bytes], draw: random.Random) -> bytes:
    """A seed after a few mutations of its kind."""
    data = draw.choice(seeds)
    for _ in range(min(MOST, 1 + int(draw.expovariate(1.5)))):
        if draw.random() < 0.1:
            data = _splice(data, draw.choice(seeds), draw)
        else:
            own = OWN.get(kind, ())
            mutator = draw.choice(own) if own and draw.random() < 0.75 else draw.choice((_numbers, _numbers, *PLAIN))
            data = mutator(kind, data, draw)
    return mended(kind, data) if draw.random() < 0.9 else data


def _numbers(kind: str, data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for spot in draw.choices(spots(kind, data), k=draw.choice((1, 1, 1, 2, 5))) if len(data) > 8 else ():
        old, top = int.from_bytes(data[spot.start : spot.start + spot.size], spot.order), 1 << 8 * spot.size
        values = (
            0,
            1,
            2,
            top - 1,
            top >> 1,
            (top >> 1) - 1,
            old + 1,
            old - 1,
            old * 2,
            old // 2,
            old ^ 1 << draw.randrange(8),
        )
        value = draw.choice((*values, len(data), draw.randrange(256), draw.randrange(top))) % top
        changed[spot.start : spot.start + spot.size] = value.to_bytes(spot.size, spot.order)
    return bytes(changed)


def _bits(_: str, data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 2, 5, 20, 100))):
        if changed:
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _range(_: str, data: bytes, draw: random.Random) -> bytes:
    """Some bytes overwritten, taken out, put in twice or put in anew."""
    start = draw.randrange(len(data) + 1)
    length = draw.choice((1, 2, 4, 8, 16, 64, 512))
    part = data[start : start + length]
    fill = draw.choice((bytes(length), b"\xff" * length, b"\x80" * length, draw.randbytes(length)))
    put = draw.choice((fill[: len(part)], b"", part + part, part * 50, fill + part))
    return data[:start] + put + data[start + length :]


def _cut(_: str, data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)] + draw.choice((b"", b"", bytes(100)))


def _splice(data: bytes, other: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


def _chunks(_: str, data: bytes, draw: random.Random) -> bytes:
    """A PNG with a chunk moved, doubled, left out, or with other contents, packed again where they were packed."""
    chunks = [data[start : start + 12 + length] for start, length, _ in png_chunks(data)]
    if not chunks:
        return data
    at = draw.randrange(len(chunks))
    kind, body = chunks[at][4:8], chunks[at][8:-4]
    what = draw.choice(("move", "double", "drop", "fill", "fill", "fill"))
    if what == "fill":
        head = {b"iCCP": body.find(0) + 2, b"zTXt": body.find(0) + 2}.get(kind, 0 if kind == b"IDAT" else None)
        try:
            inside = body if head is None else zlib.decompress(body[head:])
        except zlib.error:
            return data
        inside = bytes(BOMB) if draw.random() < 0.05 else draw.choice(PLAIN)("", inside, draw)
        body = inside if head is None else body[:head] + zlib.compress(inside, 9)
        chunks[at] = len(body).to_bytes(4, "big") + kind + body + bytes(4)
    elif what == "double":
        chunks.insert(draw.randrange(len(chunks) + 1), chunks[at])
    else:
        chunk = chunks.pop(at)
        if what == "move":
            chunks.insert(draw.randrange(len(chunks) + 1), chunk)
    return mended("png", data[:8] + b"".join(chunks))


def _json(_: str, data: bytes, draw: random.Random) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data
    text = json.dumps(changed_json(value, draw))
    if draw.random() < 0.2:
        numbers = [place for place, letter in enumerate(text) if letter in '0123456789"']
        place = draw.choice(numbers or [0])
        text = text[:place] + draw.choice(RAW_VALUES) + text[place + 1 :]
    return text.encode("utf-8", "surrogatepass")


def changed_json(value: Any, draw: random.Random) -> Any:
    """JSON with one value changed, gone, under another name, or many times over."""
    holders: list[tuple[Any, Any]] = []

    def walk(part: Any) -> None:
        for key, item in part.items() if isinstance(part, dict) else enumerate(part):
            holders.append((part, key))
            if isinstance(item, dict | list):
                walk(item)

    value = json.loads(json.dumps(value))
    if not isinstance(value, dict | list):
        return draw.choice(ODD_VALUES)
    walk(value)
    if not holders:
        return draw.choice(ODD_VALUES)
    part, key = draw.choice(holders)
    other, name = draw.choice(holders)
    item = part[key]
    if isinstance(item, int | float) and draw.random() < 0.5:
        part[key] = draw.choice((item + 1, item - 1, -item, item * 1000, item // 3, 0, 10**6, 10**9))
    elif isinstance(item, list) and draw.random() < 0.5:
        part[key] = draw.choice((item * 2, item * 5000, item[1:], item[::-1], [*item, *draw.choices(ODD_VALUES)]))
    elif isinstance(part, dict) and draw.random() < 0.3:
        del part[key]
        if draw.random() < 0.5:
            part[f"{key}s"] = item
    else:
        part[key] = draw.choice((draw.choice(ODD_VALUES), json.loads(json.dumps(other[name]))))
    return value


def _model(_: str, data: bytes, draw: random.Random) -> bytes:
    from tests.fuzz.mutate_models import changed_model

    return changed_model(data, draw)


def _network(_: str, data: bytes, draw: random.Random) -> bytes:
    from tests.fuzz.mutate_models import changed_network

    return changed_network(data, draw)


PLAIN: Final[tuple[Mutator, ...]] = (_bits, _range, _cut)
OWN: Final[dict[str, tuple[Mutator, ...]]] = {
    "png": (_chunks,),
    "painted.png": (_chunks,),
    "hints.json": (_json, _json, _json),
    "featcolor": (_model, _model, _model),
    "album": (_model, _model, _model),
    "onnx": (_network, _network, _network),
}
