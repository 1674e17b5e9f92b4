"""Names of any bytes: a shell gives them back, a terminal is not steered by them, a page shows them."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.names import NAME_BYTES, cut_name, plain_path, shell_line, shell_word, shown
from featcolor.pages import as_html, build_document
from tests.samples import HARD_NAMES


@pytest.mark.parametrize("shell", ["bash", "zsh", "ksh"])
def test_a_shell_gives_back_every_name(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    line = shell_line(["printf", r"%s\0", *map(os.fsdecode, HARD_NAMES)])
    assert subprocess.run([shell, "-c", line], capture_output=True, check=True).stdout.split(b"\0")[:-1] == HARD_NAMES


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name))
def test_what_is_printed_of_a_name_can_be_seen_and_written_anywhere(name: bytes) -> None:
    text = os.fsdecode(name)
    for printed in (shown(text), shell_word(text), as_html(text)):
        assert printed.encode().decode().splitlines() == [printed]
        assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in printed)
    assert "<script" not in as_html("<script>")


def test_what_can_be_seen_stays_as_it_is() -> None:
    for text in ("old  pier [red] %s 海边 é 12\u202f345.jpg", ""):
        assert shown(text) == text
    assert shown("a\x1b\u202e\ud800") == r"a\x1b\u202e\ud800"
    assert r"caf\xe9.mp4" in build_document("caf\udce9.mp4", "")


def test_a_name_is_cut_in_whole_characters_and_no_byte_is_dropped() -> None:
    assert cut_name("写写写", 7) == "写写"
    assert cut_name("caf\udce9.mp4", NAME_BYTES) == "caf\udce9.mp4"
    assert cut_name("caf\udce9.mp4", 4) == "caf\udce9"


def test_a_path_is_no_option() -> None:
    assert plain_path("-pier.jpg") == "./-pier.jpg"
    assert plain_path("old/-pier.jpg") == "old/-pier.jpg"
