"""Files that are written beside and then renamed, whatever their names are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from featcolor.files import beside, remove_parts, replacing, write_json
from featcolor.names import NAME_BYTES, cut_name
from tests.samples import HARD_NAMES

NAMES = {
    "short": "old.jpg",
    "80 characters of three bytes": "写" * 83 + ".jpg",
    "255 bytes": "x" * 251 + ".jpg",
    "no UTF-8": "caf\udce9.jpg",
    "a colon": "12:30.jpg",
    "a leading dash": "-o.jpg",
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_file_is_written_under_any_name_that_the_file_system_takes(kind: str, tmp_path: Path) -> None:
    target = tmp_path / NAMES[kind]
    with replacing(target) as part:
        part.write_bytes(b"whole")
        assert len(list(tmp_path.iterdir())) == 1
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[kind]]


@pytest.mark.parametrize("kind", NAMES)
def test_what_a_killed_worker_left_is_found_again(kind: str, tmp_path: Path) -> None:
    target = tmp_path / NAMES[kind]
    part = replacing(target).__enter__()
    part.write_bytes(b"half")
    remove_parts([target])
    assert not list(tmp_path.iterdir())


def test_names_are_cut_between_characters() -> None:
    assert cut_name("写写写", 7) == "写写"
    longest = Path("写" * 85)
    assert beside(longest, ".work").name == "写" * 83 + ".work"
    assert len(beside(longest, ".work").name.encode()) <= NAME_BYTES
    assert beside(Path("a/film.mp4"), ".work") == Path("a/film.mp4.work")


def test_json_gives_back_every_name_and_is_utf8(tmp_path: Path) -> None:
    names = list(map(os.fsdecode, HARD_NAMES))
    write_json(tmp_path / "a.json", {"names": names})
    assert json.loads((tmp_path / "a.json").read_bytes().decode("utf-8")) == {"names": names}
    assert "海边" in (tmp_path / "a.json").read_text(encoding="utf-8")
