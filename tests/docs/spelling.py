"""Spelling: British English, and the words of docs/words.txt, of which those with a capital are names.

The dictionary is American; words that are spelled in another way in Britain are told apart by a table of pairs.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

WORDS: Final = Path(__file__).parents[2] / "docs" / "words.txt"
CODE: Final = re.compile(r"(?s:```.*?```)|`[^`]*`|^(?: {4}|\t).*$|\]\([^)]*\)|<[^>]*>|\{[^}]*\}", re.MULTILINE)
"""What is no prose in Markdown: blocks and pieces of code, targets of links, elements, roles."""
NAMES: Final = re.compile(r"\S*(?:[\d_/=@$*#\\]|\w\.\w)\S*")
"""Files, addresses, options with values, formulas, versions."""
SHORTEST: Final = 3
"""Letters of a word that is looked at."""
WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def prose(markdown: str) -> str:
    """Markdown without what is no prose."""
    return CODE.sub(" ", markdown)


def unknown_words(text: str) -> set[str]:
    """Words of a text that are in no list; those with a capital inside are names, and not looked at."""
    words = {re.sub(r"['’]s$", "", word) for word in WORD.findall(NAMES.sub(" ", text))}
    looked_at = {word for word in words if len(word) >= SHORTEST and word[1:] == word[1:].lower()}
    return {word for word in looked_at if not _known(word.replace("’", "'"))}


def _known(word: str) -> bool:
    (american, british), ours, small = _pairs(), _ours(), word.lower()
    return bool({word, small} & ours) or small in british or (small in _dictionary() and small not in american)


@cache
def _ours() -> frozenset[str]:
    return frozenset(WORDS.read_text(encoding="utf-8").split())


@cache
def _dictionary() -> frozenset[str]:
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en", distance=1).word_frequency.keys())


@cache
def _pairs() -> tuple[frozenset[str], frozenset[str]]:
    """American spellings, and British ones."""
    table = files("codespell_lib").joinpath("data/dictionary_en-GB_to_en-US.txt").read_text(encoding="utf-8")
    pairs = [line.partition("->") for line in table.split()]
    return (
        frozenset(each for _, _, americans in pairs for each in americans.strip(",").split(",")),
        frozenset(british for british, _, _ in pairs),
    )
