"""What texts of a PNG say (title, author), as EXIF for files of other formats; a comment of a JPEG as such a text."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Final

from PIL import Image

from featcolor.pictures.metadata import EXIF_PREFIX

_TAGS: Final = {"Title": 270, "Description": 270, "Comment": 270, "Author": 315, "Copyright": 33432}
"""EXIF's tags (ImageDescription, Artist, Copyright) of keywords (PNG, third edition, 11.3.3.1)."""
_MOST_TEXT: Final = 1 << 16  # bytes of one text, unpacked; EXIF holds no more in a JPEG


def exif_with_texts(exif: bytes | None, texts: tuple[tuple[bytes, bytes], ...]) -> bytes | None:
    """An EXIF block that also says, where it has nothing there, what these texts of a PNG (kind, body) say."""
    found: dict[int, list[str]] = {}
    for kind, body in texts:
        with suppress(ValueError, zlib.error):  # damaged
            keyword, text = _keyword_and_text(kind, body)
            if keyword in _TAGS and text.strip():
                found.setdefault(_TAGS[keyword], []).append(text.strip())
    block = Image.Exif()
    if exif is not None:
        block.load(exif)
    lacking = {tag: "\n".join(lines).encode() for tag, lines in found.items() if tag not in block}
    block.update(lacking)
    return block.tobytes().removeprefix(EXIF_PREFIX) if lacking else exif


def comment_chunk(comment: bytes) -> tuple[bytes, bytes]:
    """The text chunk of a PNG (kind, body) that says what a comment does, in UTF-8 or Latin-1 as it is in there."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = comment.decode("latin-1")
    return b"iTXt", b"Comment\0\0\0\0\0" + text.replace("\0", " ").strip().encode()


def _keyword_and_text(kind: bytes, body: bytes) -> tuple[str, str]:
    """Of tEXt, zTXt or iTXt; ValueError or zlib.error where it is damaged."""
    keyword, rest = body.split(b"\0", 1)
    if kind == b"iTXt":
        packed, (_, _, text) = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        return keyword.decode("latin-1"), (_unpacked(text) if packed else text).decode()
    return keyword.decode("latin-1"), (_unpacked(rest[1:]) if kind == b"zTXt" else rest).decode("latin-1")


def _unpacked(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, _MOST_TEXT)
