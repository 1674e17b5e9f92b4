"""Model file: a safetensors container with our JSON header in its metadata. Loading one never runs code.

Layout (safetensors 1.0): eight bytes of header length, a JSON header (names, types, shapes and places of the arrays,
and string metadata), then the arrays' bytes. The metadata has one key, "featcolor" (two would come in any order): JSON
with the format's name and version, the model's card (references, quality, library versions), the Colorizer's header,
and a SHA-256 over all of these and every array's name, type, shape and bytes, so that one flipped bit is noticed.

safetensors was chosen over npz and pickle: no code in it, no compression to explode, and it checks every array's shape
against the file's size before anything is allocated.

Old formats: when the layout or the meaning of a header changes, `FORMAT_VERSION` goes up, `read` keeps a branch for
the old number, and a small file of the old format stays in `tests/` as a fixture. A newer number is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import ModelFileError
from featcolor.files import jsonable, replacing

FORMAT_NAME = "featcolor-model"
FORMAT_VERSION = 2

HEADER_KEY = "featcolor"
DIGEST_KEY = "sha256"
HEADER_LIMIT = 8 * 2**20
"""Bytes. A header with 20,000 reference names is under 2 MiB; safetensors itself allows 100 MB."""

FOREIGN_KINDS = {
    b"PK\3\4": "a zip archive (npz, torch?)",
    b"\x80\x02\x8a": "a Python pickle, which is never loaded",
    b"\x80\x04\x95": "a Python pickle, which is never loaded",
    b"\x80\x05\x95": "a Python pickle, which is never loaded",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
}
"""First bytes of what is taken for a model by mistake; none is a header length within HEADER_LIMIT."""

DAMAGED = "copy it again or fit it anew"


def read_card(path: str | Path) -> dict[str, Any]:
    """The card of a model, with `format_version`, `file_bytes` and `array_bytes` added; the whole file is checked."""
    document, arrays = read_arrays(path)
    return {
        **document["card"],
        "format_version": document["format_version"],
        "file_bytes": Path(path).stat().st_size,
        "array_bytes": sum(array.nbytes for array in arrays.values()),
    }


def write_arrays(
    path: str | Path, *, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]
) -> None:
    """Write header, card and arrays; the same content gives the same bytes."""
    from safetensors.numpy import save

    document = {
        "format": FORMAT_NAME,
        "format_version": FORMAT_VERSION,
        "card": jsonable(card),
        "colorizer": dict(header),
    }
    plain = {name: np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape) for name in sorted(arrays)}
    document[DIGEST_KEY] = digest(document, plain)
    text = _canonical(document)
    if len(text) > HEADER_LIMIT:
        raise ModelFileError(f"{path}: the model's header has {len(text)} bytes; {HEADER_LIMIT} is the limit")
    content = save(plain, metadata={HEADER_KEY: text})
    with replacing(path) as part:
        part.write_bytes(content)


def read_arrays(path: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The JSON document and the arrays of a model file, both checked; nothing is allocated on the file's word."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    document = _parse_document(path, _read_header(path))
    expected = document.pop(DIGEST_KEY)
    try:
        arrays = load(Path(path).read_bytes())
    except OSError as error:
        raise ModelFileError(f"{path}: the model cannot be read ({error.strerror})") from error
    except (SafetensorError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: damaged model file ({error}); {DAMAGED}") from error
    if digest(document, arrays) != expected:
        raise ModelFileError(f"{path}: damaged model file (its checksum does not match); {DAMAGED}")
    return document, arrays


def digest(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256, in hex, over the document in canonical JSON and every array's name, type, shape and bytes, by name."""
    sha = hashlib.sha256(_canonical(document).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha.update(f"\n{name} {array.dtype.str} {arrays[name].shape}\n".encode(errors="surrogatepass"))
        sha.update(array.reshape(-1).view(np.uint8).data)
    return sha.hexdigest()


def _read_header(path: str | Path) -> str:
    """Our metadata's text, after the container's header has been checked against the file's size."""
    if Path(path).exists() and not Path(path).is_file():
        raise ModelFileError(f"{path}: not a file; name the model file that 'featcolor fit' wrote")
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            if not 2 <= length <= min(size - 8, HEADER_LIMIT * 2):
                raise ModelFileError(f"{path}: {_what_it_is(start, size)}")
            raw = file.read(length)
    except OSError as error:
        raise ModelFileError(f"{path}: the model cannot be read ({error.strerror})") from error
    container = _parse_json(raw)
    if container is None:
        raise ModelFileError(f"{path}: {_what_it_is(start, size)}")
    texts = container.get("__metadata__")
    if not isinstance(texts, dict) or not isinstance(texts.get(HEADER_KEY), str):
        raise ModelFileError(f"{path}: a safetensors file, but not a featcolor model; fit one with 'featcolor fit'")
    return str(texts[HEADER_KEY])


def _parse_document(path: str | Path, text: str) -> dict[str, Any]:
    document = _parse_json(text.encode(errors="surrogatepass"))
    if document is None or document.get("format") != FORMAT_NAME:
        raise ModelFileError(f"{path}: not a featcolor model; fit one with 'featcolor fit'")
    version = document.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelFileError(f"{path}: damaged model file (format version {version!r:.40}); {DAMAGED}")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: model format {version!r:.40} is newer than this featcolor, which reads up to {FORMAT_VERSION}; "
            "update featcolor"
        )
    parts = [document.get(key) for key in ("card", "colorizer")]
    if not all(isinstance(part, dict) for part in parts) or not isinstance(document.get(DIGEST_KEY), str):
        raise ModelFileError(f"{path}: damaged model file (its header lacks a part); {DAMAGED}")
    return document


def _canonical(document: Mapping[str, Any]) -> str:
    """The one text of a document; ValueError for a number that is not finite."""
    return json.dumps(document, sort_keys=True, allow_nan=False, separators=(",", ":"))


def _parse_json(raw: bytes) -> dict[str, Any] | None:
    """A JSON object; None for anything else, however wild (deep nesting, numbers of a million digits, NaN)."""
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _what_it_is(start: bytes, size: int) -> str:
    """What a foreign file seems to be, from its first bytes, and what to do."""
    if size == 0:
        return f"the model file is empty; {DAMAGED}"
    for magic, kind in FOREIGN_KINDS.items():
        if start.startswith(magic):
            return f"not a featcolor model but {kind}; fit one with 'featcolor fit'"
    return "not a featcolor model, or one that was cut short; copy it again or fit one with 'featcolor fit'"
