"""A model file comes back as it was, byte for byte, and nothing but a whole, honest one is read."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from featcolor.commands import main
from featcolor.errors import ModelFileError
from featcolor.models.load import load
from featcolor.models.model_file import (
    DIGEST_KEY,
    FORMAT_NAME,
    FORMAT_VERSION,
    HEADER_KEY,
    digest,
    read_arrays,
    read_card,
    write_arrays,
)

ARRAYS = {
    "weights": np.linspace(-1, 1, 60, dtype=np.float32).reshape(12, 5),
    "cells": np.arange(8, dtype=np.int64).reshape(4, 2),
    "half": np.array([0.5, -2.0], np.float16),
    "flags": np.array([True, False, True]),
    "scalar": np.float64(3.25).reshape(()),
    "nothing": np.zeros((0, 3), np.float32),
}
HEADER = {"features": "daisy,context", "layers": [12, 5], "temperature": 0.6}
CARD = {"references": 3, "quality": {"psnr": np.float32(24.5), "unknown": float("nan")}, "Stück": "Straße"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "town.featcolor"
    write_arrays(path, header=HEADER, arrays=ARRAYS, card=CARD)
    return path


def container(table: dict[str, Any], data: bytes = b"", *, texts: dict[str, str] | None = None) -> bytes:
    """A safetensors file with any table and a digest that is right for no arrays."""
    if texts is None:
        texts = honest_texts(document())
    raw = json.dumps({"__metadata__": texts, **table}).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def document(**changes: Any) -> dict[str, Any]:
    plain = {"format": FORMAT_NAME, "format_version": FORMAT_VERSION, "card": {}, "colorizer": {}}
    return plain | changes


def honest_texts(content: dict[str, Any]) -> dict[str, str]:
    return {HEADER_KEY: json.dumps(content | {DIGEST_KEY: digest(content, {})})}


def refused(path: Path, content: bytes) -> str:
    """The one line that refuses this content."""
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_arrays(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message


def test_round_trip_keeps_every_array_and_the_header(model: Path) -> None:
    document, arrays = read_arrays(model)
    assert document["colorizer"] == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        np.testing.assert_array_equal(arrays[name], array)


def test_same_content_same_bytes(model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_arrays(again, header=HEADER, arrays=dict(reversed(ARRAYS.items())), card=CARD)
    assert again.read_bytes() == model.read_bytes()


def test_card_is_plain_json_with_its_size(model: Path) -> None:
    card = read_card(model)
    assert card["references"] == 3
    assert card["quality"] == {"psnr": 24.5, "unknown": None}
    assert card["Stück"] == "Straße"
    assert card["format_version"] == FORMAT_VERSION
    assert card["file_bytes"] == model.stat().st_size
    json.dumps(card, allow_nan=False)


def test_arrays_of_any_memory_order_are_written(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(4, 6)
    for given_array in (array.T, array[::2, ::-1], np.asfortranarray(array)):
        write_arrays(tmp_path / "m", header={}, arrays={"a": given_array}, card={})
        np.testing.assert_array_equal(read_arrays(tmp_path / "m")[1]["a"], given_array)


def test_a_failed_write_leaves_the_old_model_and_nothing_else(model: Path) -> None:
    before = model.read_bytes()
    with pytest.raises((TypeError, ValueError)):
        write_arrays(model, header={"bad": object()}, arrays=ARRAYS, card=CARD)
    with pytest.raises(FileNotFoundError):
        write_arrays(model.parent / "missing" / "m", header=HEADER, arrays=ARRAYS, card=CARD)
    assert model.read_bytes() == before
    assert list(model.parent.iterdir()) == [model]


def test_a_cut_file_is_refused_wherever_it_was_cut(model: Path, tmp_path: Path) -> None:
    content = model.read_bytes()
    cuts = {*range(0, 64), *np.linspace(64, len(content) - 1, 200, dtype=int).tolist()}
    for cut in sorted(cuts):
        refused(tmp_path / "cut", content[:cut])


@pytest.mark.parametrize("padding", [b"\0", b"\n", b"x" * 1000])
def test_a_padded_file_is_refused(model: Path, padding: bytes) -> None:
    refused(model, model.read_bytes() + padding)
    refused(model, padding + model.read_bytes())


@settings(max_examples=300)
@given(data=st.data())
def test_a_flipped_bit_is_noticed_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    original, path = folder / "original", folder / "flipped"
    if not original.exists():
        write_arrays(original, header=HEADER, arrays=ARRAYS, card=CARD)
    content = bytearray(original.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        found, arrays = read_arrays(path)
    except ModelFileError:
        return
    # Only white space of the container's header may differ.
    expected, expected_arrays = read_arrays(original)
    assert found == expected
    assert all(np.array_equal(arrays[name], expected_arrays[name]) for name in expected_arrays)


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    refused(tmp_path_factory.getbasetemp() / "any", content)


class _Runs:
    def __reduce__(self) -> tuple[Callable[[str], Any], tuple[str]]:
        return (pytest.fail, ("a pickle was run",))


def foreign_files() -> dict[str, bytes]:
    bomb, archive = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("weights.npy", b"\0" * 10**7)
    np.savez(archive, **ARRAYS)
    return {
        "empty": b"",
        "zip bomb": bomb.getvalue(),
        "npz": archive.getvalue(),
        "pickle": pickle.dumps(_Runs()),
        "old pickle": pickle.dumps(_Runs(), protocol=0),
        "text": b"This is not a model.\n" * 50,
        "jpeg": b"\xff\xd8\xff\xe0" + bytes(500),
        "json": json.dumps(document()).encode(),
        "zeros": bytes(4096),
        "ones": b"\xff" * 4096,
        "other safetensors": container({}, texts={"format": "pt"}),
        "no metadata": struct.pack("<Q", 2) + b"{}",
        "list header": struct.pack("<Q", 2) + b"[]",
        "deep header": struct.pack("<Q", 200_000) + b"[" * 200_000,
        "long number": struct.pack("<Q", 100_007) + b'{"a": ' + b"9" * 100_000 + b"}",
        "huge header length": struct.pack("<Q", 2**63) + bytes(100),
    }


@pytest.mark.parametrize("name", foreign_files())
def test_a_foreign_file_is_refused(tmp_path: Path, name: str) -> None:
    words = {"npz": "zip", "pickle": "pickle", "empty": "empty"}
    assert words.get(name, "") in refused(tmp_path / "foreign", foreign_files()[name])


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(ModelFileError, match=r"No such file|not a file"):
            read_arrays(path)


LYING_TABLES = {
    "terabytes": {"a": {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 16]}},
    "terabytes inside offsets": {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}},
    "overflow": {"a": {"dtype": "F32", "shape": [2**63, 2**63, 4], "data_offsets": [0, 16]}},
    "negative": {"a": {"dtype": "F32", "shape": [-1, -4], "data_offsets": [0, 16]}},
    "float shape": {"a": {"dtype": "F32", "shape": [4.0], "data_offsets": [0, 16]}},
    "unknown type": {"a": {"dtype": "O", "shape": [4], "data_offsets": [0, 16]}},
    "type of another language": {"a": {"dtype": "BF16", "shape": [8], "data_offsets": [0, 16]}},
    "type that is no text": {"a": {"dtype": ["F32"], "shape": [4], "data_offsets": [0, 16]}},
    "offsets outside": {"a": {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}},
    "offsets backwards": {"a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}},
    "hole": {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},
    "overlap": {
        "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    },
    "no shape": {"a": {"dtype": "F32", "data_offsets": [0, 16]}},
    "no table": {"a": 7},
    "true as a size": {"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}},
    "bytes that nobody claims": {},
}


@pytest.mark.parametrize("name", LYING_TABLES)
def test_a_lying_table_is_refused_before_anything_is_allocated(tmp_path: Path, name: str) -> None:
    tracemalloc.start()
    try:
        refused(tmp_path / "m", container(LYING_TABLES[name], bytes(16)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 2**20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format_version": FORMAT_VERSION + 1}, "newer"),
        ({"format_version": 10**30}, "newer"),
        ({"format_version": "1"}, "damaged"),
        ({"format_version": True}, "damaged"),
        ({"format_version": 0}, "damaged"),
        ({"format": "another"}, "not a featcolor model"),
        ({"colorizer": []}, "lacks"),
        ({"card": "text"}, "lacks"),
    ],
)
def test_a_wrong_document_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    content = container({}, texts=honest_texts(document(**changes)))
    assert words in refused(tmp_path / "m", content)


def test_an_honest_empty_container_is_read(tmp_path: Path) -> None:
    """The maker of the hostile files above makes a good one where nothing lies."""
    (tmp_path / "m").write_bytes(container({}))
    assert read_arrays(tmp_path / "m") == (document(), {})


def test_a_model_that_was_saved_colours_as_before(tiny_model: Path, tmp_path: Path) -> None:
    colorizer = load(tiny_model)
    colorizer.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == tiny_model.read_bytes()
    picture = np.linspace(0, 255, 40 * 50, dtype=np.uint8).reshape(40, 50)
    np.testing.assert_array_equal(load(tmp_path / "again").colorize(picture), colorizer.colorize(picture))


def test_a_warm_model_is_read_back_and_another_is_written_without_a_word_of_warmth(
    tiny_model: Path, tmp_path: Path
) -> None:
    warm = load(tiny_model).with_options(warmth=0.5)
    warm.save(tmp_path / "warm")
    assert load(tmp_path / "warm").config == warm.config
    warm.with_options(warmth=0.0).save(tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == tiny_model.read_bytes()
    assert b"warmth" not in tiny_model.read_bytes()


def test_a_model_whose_parts_do_not_fit_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """Files with a right checksum that no fit has written: nothing is missing, of another shape or of another kind."""
    document, arrays = read_arrays(tiny_model)
    path = tmp_path / "m"

    def refused_with(header: Any, parts: dict[str, NDArray[Any]]) -> None:
        write_arrays(path, header=header, arrays=parts, card=document["card"])
        with pytest.raises(ModelFileError) as caught:
            load(path)
        assert "\n" not in str(caught.value)

    header = document["colorizer"]
    for name in arrays:
        refused_with(header, {key: array for key, array in arrays.items() if key != name})
    for name in header.keys() - {"card"}:
        refused_with({key: value for key, value in header.items() if key != name}, arrays)
        for value in (None, 7, "text", [[]], {"a": 1}):
            refused_with(header | {name: value}, arrays)
    for value in (np.nan, np.inf, 1e38):
        name = max(arrays, key=lambda each: arrays[each].size)
        refused_with(header, arrays | {name: np.full_like(arrays[name], value)})
    write_arrays(path, header=header, arrays=arrays | {name: arrays[name].astype(np.float16)}, card=document["card"])
    load(path)
    refused_with(header | {"config": header["config"] | {"colour": "red"}}, arrays)
    refused_with(header | {"config": header["config"] | {"size": 10**9}}, arrays)
    write_arrays(path, header=header, arrays=arrays, card=document["card"])
    load(path)


@pytest.mark.parametrize("part", [{"features": [{"name": "patch"}]}, {"settings": 3}, {"quality": [1]}])
def test_a_card_that_no_fit_has_written_is_told_of_in_a_line(
    tmp_path: Path, part: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    write_arrays(tmp_path / "m", header={}, arrays={}, card=part)
    assert main(["inspect", str(tmp_path / "m")]) == 2
    said = capsys.readouterr().err
    assert "card is damaged" in said
    assert "defect" not in said
