"""The documents are spelled right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.spelling import WORDS, prose, unknown_words
from tests.test_documents import DOCUMENTS, ROOT, name_of

SPELLED = [*DOCUMENTS, ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("path", SPELLED, ids=name_of)
def test_documents_are_spelled_right(path: Path) -> None:
    assert not unknown_words(prose(path.read_text(encoding="utf-8")))


def test_misspelt_and_american_words_are_found() -> None:
    assert unknown_words("The colours of a neighbour's garden, recognised at the centre; PyAV and OpenCV's.") == set()
    assert unknown_words("The color of a nieghbour, recognized at the center.") == {
        "color",
        "nieghbour",
        "recognized",
        "center",
    }
    assert unknown_words(prose("A `colro` in\n\n    colro\n\n```\ncolro\n```\n[link](colro.md)")) == set()


def test_our_words_are_in_order() -> None:
    ours = WORDS.read_text(encoding="utf-8").split()
    assert ours == sorted(set(ours))
