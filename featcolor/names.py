"""Names of files, as people read them and as a shell takes them: any bytes may stand in one."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from typing import Final

NAME_BYTES: Final = 255
"""A name's length that file systems take."""
UNSEEN: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would steer a terminal, break a line or turn the writing round, and bytes that are no UTF-8."""
_SHORT: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def cut_name(name: str, limit: int) -> str:
    """A name's beginning of at most so many bytes, in whole characters."""
    content = os.fsencode(name)
    if len(content) <= limit:
        return name
    while limit and content[limit] & 0xC0 == 0x80:  # within a character (RFC 3629)
        limit -= 1
    return os.fsdecode(content[:limit])


def shown_name(name: str) -> str:
    """A name as text, whatever bytes it has on the disk."""
    return os.fsencode(name).decode(errors="replace")


def shown(text: str) -> str:
    r"""Text on one line, with what cannot be seen as escapes.

    >>> print(shown("red\x1b[31m\n caf\udce9.jpg"))
    red\x1b[31m\n caf\xe9.jpg
    """
    return UNSEEN.sub(lambda found: _escaped(found[0]), text)


def shell_line(words: Iterable[str]) -> str:
    """A command line for a POSIX shell, of words as a program gets them."""
    return " ".join(map(shell_word, words))


def shell_word(word: str) -> str:
    r"""A word, quoted where that is needed: what cannot be seen is in $'...', as bash, zsh and POSIX.1-2024 have it.

    >>> shell_word("old pier.jpg"), shell_word("caf\udce9's.jpg")
    ("'old pier.jpg'", "$'caf\\351\\'s.jpg'")
    """
    if not UNSEEN.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", r"\\").replace("'", r"\'")
    # Three octal digits end by themselves; hexadecimal ones do not in every shell.
    return "$'" + UNSEEN.sub(lambda found: "".join(f"\\{byte:03o}" for byte in _bytes(found[0])), plain) + "'"


def plain_path(name: str) -> str:
    """A path that no program takes for an option.

    >>> plain_path("-pier.jpg"), plain_path("old/pier.jpg")
    ('./-pier.jpg', 'old/pier.jpg')
    """
    return f"./{name}" if name.startswith("-") else name


def _bytes(character: str) -> bytes:
    return character.encode(errors="surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass")


def _escaped(character: str) -> str:
    code = ord(character)
    if "\udc80" <= character <= "\udcff":
        return f"\\x{_bytes(character)[0]:02x}"
    return _SHORT.get(character, f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
