"""Uploads of the studio: what is in a file counts, and nothing that a stranger gives gets out of its place."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import zipfile
import zlib
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from featcolor.models.album import AlbumColorizer
from featcolor.pictures.io import claimed_pixels, picture_format
from featcolor.studio.api import uploads
from featcolor.studio.config import FOR_STRANGERS, MEGABYTE
from tests.commands.test_hostile import chunk, png, tiff
from tests.studio.serving import Visitor, Visitors, served_apart
from tests.video.samples import make_reel

LIMITS = replace(FOR_STRANGERS, bytes=MEGABYTE, pixels=1_000_000, pictures=4, visitors=None, free=0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def visitors(home: Path) -> Iterator[Visitors]:
    with served_apart(home, limits=LIMITS) as visitors:
        yield visitors


@pytest.fixture
def visitor(visitors: Visitors) -> Visitor:
    return visitors.new()


@pytest.fixture
def folder(home: Path, visitor: Visitor) -> Path:
    visitor.workspace()
    return home / "visitors" / visitor.id


def encoded(picture: NDArray[Any], format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format, **options)
    return stream.getvalue()


def small(format: str = "JPEG", **options: Any) -> bytes:
    return encoded(np.tile(np.arange(40, 200, 4, dtype=np.uint8), (40, 1)), format, **options)


NAMES = [
    "../../evil.jpg",
    "..\\..\\evil.jpg",
    "/etc/passwd",
    "C:\\Windows\\evil.jpg",
    "\\\\host\\share\\evil.jpg",
    "..",
    ".",
    "",
    ".jpg",
    "<.jpg",
    ". .jpg",
    ".hidden.jpg",
    "CON",
    "con.jpg",
    "aux.tar.jpg",
    "LPT1.jpg",
    "nul\0.jpg",
    "evil\njpg.jpg",
    "evil\r\nSet-Cookie: a=b.jpg",
    "evil\u202egpj.exe",
    "\u2028.jpg",
    "x" * 300 + ".jpg",
    "\u00fc" * 300 + ".jpg",
    "\U0001f600" * 300,
    "a." + "j" * 300,
    "evil.jpg.",
    "evil.jpg ",
    "evil.jpg::$DATA",
    "evil.jpg/",
    "evil.html",
    "evil.svg",
    "evil.jpg.hints.json",
    "<script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg',
    "$(reboot).jpg",
    "`reboot`;&|.jpg",
    "-rf.jpg",
    "~root.jpg",
    "%2e%2e%2fevil.jpg",
    "old-colour.jpg",
    "old.jpg.png",
    "e\u0301vil.jpg",
    "\ud7ff\ufffe\ufdd0.jpg",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_and_no_path(visitor: Visitor, folder: Path, name: str) -> None:
    assert visitor.give(small(), "old.jpg").status_code == 201
    before = set(map(str, folder.parent.parent.rglob("*")))
    answer = visitor.give(small(), name)
    assert answer.status_code == 201, answer.text
    assert len(visitor.workspace()["pictures"]) == 2
    shown = answer.json()["name"]
    assert shown.isprintable()
    assert not set(shown) & set('/\\<>:"|?*\0')
    assert not shown.startswith(".")
    assert len(os.fsencode(shown)) <= 130
    assert shown.partition(".")[0].upper() not in ("CON", "AUX", "LPT1")
    new = {path for path in set(map(str, folder.parent.parent.rglob("*"))) - before if Path(path).is_file()}
    assert new == {str(folder / "dropped" / shown)}
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    job = visitor.ended(visitor("POST", "/api/write", json={"pictures": [answer.json()["id"]]}).json())
    assert job["state"] == "done"
    assert not job["errors"]
    disposition = visitor("GET", f"/api/pictures/{answer.json()['id']}/file").headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert "\n" not in disposition
    with zipfile.ZipFile(io.BytesIO(visitor("GET", "/api/written.zip").content)) as archive:
        assert archive.namelist() == [shown]


def test_a_name_that_is_taken_takes_nothing(visitor: Visitor, folder: Path) -> None:
    first, second = visitor.give(small(), "old.jpg").json(), visitor.give(small("PNG"), "old.jpg").json()
    assert first["id"] != second["id"]
    assert (folder / "dropped" / first["name"]).read_bytes() == small()
    assert (folder / "dropped" / second["name"]).read_bytes() == small("PNG")


def _bomb_of_text() -> bytes:
    body = zlib.compress(b"\0" * 100_000_000)
    return png(10, 10, body=b"\0" * 310, extra=b"".join(chunk(b"zTXt", b"k%d\0\0" % n + body) for n in range(5)))


def _bomb_of_profile() -> bytes:
    return png(10, 10, body=b"\0" * 310, extra=chunk(b"iCCP", b"evil\0\0" + zlib.compress(b"\0" * 200_000_000)))


def _bomb_of_tiles() -> bytes:
    """A TIFF of few pixels in a tile of a terabyte."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((64, 64), np.uint16), tile=(64, 64), compression="zlib")
    content = bytearray(stream.getvalue())
    for tag in (322, 323):
        place = content.find(struct.pack("<HH", tag, 3))
        content[place + 2 : place + 12] = struct.pack("<HIHH", 4, 1, 0x4000, 0x10)[:10]
    return bytes(content)


def _polyglot() -> bytes:
    return b"GIF89a/*" + small() + b"*/=1;alert(1)"


BROKEN = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"<script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "xml that grows": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "elf": b"\x7fELF" + b"\0" * 100,
    "pdf": b"%PDF-1.4\n",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
    "sgi": small("SGI"),
    "dds": small("DDS"),
    "gzip": gzip.compress(small()),
    "polyglot": _polyglot(),
    "jpeg cut": small()[:200],
    "jpeg of 4 gigapixels": small().replace(struct.pack(">HH", 40, 40), b"\xff\xff\xff\xff", 1),
    "png of 4 gigapixels": png(65535, 65535),
    "png of 2 million columns": png(2_000_000, 1),
    "png of -1 columns": png(0xFFFFFFFF, 1),
    "png of no columns": png(0, 0),
    "png of 2 megapixels": png(2000, 1000, body=b"\0" * 6_001_000),
    "png of 2 megapixels, 16 bits": png(2000, 1000, depth=16, colour=0, body=b"\0" * 4_001_000),
    "png without a body": png(40, 40),
    "tiff of 4 gigapixels": tiff(65535, 65535),
    "tiff behind its end": tiff(40, 40, offset=2**31, count=1600),
    "tiff of 2 megapixels": None,
    "tiff of 2 megapixels that Pillow does not read": None,
    "tiff of a terabyte": _bomb_of_tiles(),
    "webp cut": small("WEBP")[:60],
}


def _deep_tiff(dtype: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((1000, 2000), dtype), compression="zlib", **options)
    return stream.getvalue()


BROKEN["tiff of 2 megapixels"] = _deep_tiff(np.uint8)
BROKEN["tiff of 2 megapixels that Pillow does not read"] = _deep_tiff(np.float64)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_picture_is_not_kept(visitor: Visitor, folder: Path, what: str) -> None:
    content = BROKEN[what]
    assert content is not None
    for kind in ("pictures", "references"):
        answer = visitor.give(content, "fine.jpg", kind)
        assert answer.status_code in (415, 422), (answer.status_code, answer.text)
        assert str(folder) not in answer.text
        assert "\n" not in answer.json()["error"]
    assert visitor.workspace()["pictures"] == visitor.workspace()["references"] == []
    assert not [path for path in folder.rglob("*") if path.is_file() and path.name != "seen"]


SEGMENT = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n"
FILMS = {
    "no film": b"text",
    "a picture": small(),
    "a list of a file": SEGMENT.format("file:///etc/passwd").encode(),
    "a list of an address": SEGMENT.format("http://127.0.0.1:9/").encode(),
    "a list of a film": None,
    "another list": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "a session": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "a manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>',
    "subtitles": b"1\n00:00:01,000 --> 00:00:02,000\n<script>alert(1)</script>\n",
}


@pytest.mark.parametrize("what", FILMS)
def test_what_is_no_film_is_not_kept_and_reads_nothing_else(visitor: Visitor, tmp_path: Path, what: str) -> None:
    content = FILMS[what]
    if content is None:
        make_reel(tmp_path / "secret.mp4", "h264")
        content = SEGMENT.format(f"file://{tmp_path}/secret.mp4").encode()
    for name in ("reel.mp4", "reel.m3u8", "reel.mkv", "concat:reel.mp4", "reel%03d.mp4"):
        answer = visitor.give(content, name, "films")
        assert answer.status_code == 422, answer.text
        assert "passwd" not in answer.text
    assert visitor.workspace()["films"] == []


@pytest.mark.parametrize("bomb", [_bomb_of_text, _bomb_of_profile])
def test_what_swells_is_not_unpacked(visitor: Visitor, bomb: Any) -> None:
    # Refused, or taken without it: the memory of the worker tells, which is bounded by the system's own limit in CI.
    answer = visitor.give(bomb(), "bomb.png")
    assert answer.status_code in (201, 415, 422)
    assert visitor.give(small(), "after.jpg").status_code == 201


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_what_is_in_a_file_counts_and_not_its_name(visitor: Visitor, format: str) -> None:
    assert picture_format_of(visitor, small(format), "picture") == format
    name = visitor.give(small(format), "picture.exe").json()["name"]
    assert name.endswith((".jpg", ".png", ".tif", ".webp"))


def picture_format_of(visitor: Visitor, content: bytes, name: str) -> str:
    given = visitor.give(content, name).json()
    home = visitor.client.app.state.studio.config.home
    return picture_format(home / "visitors" / visitor.id / "dropped" / given["name"])


def test_script_in_what_a_file_says_of_itself_is_only_text(visitor: Visitor) -> None:
    script = "<script>alert(1)</script>"
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", script)
    exif = Image.Exif()
    exif[270] = script
    for content in (small("PNG", pnginfo=info), small("JPEG", exif=exif, comment=script.encode())):
        given = visitor.give(content, "script").json()
        answer = visitor("GET", f"/api/pictures/{given['id']}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert script not in answer.text


def test_too_large_is_refused_before_it_comes_and_while_it_comes(visitor: Visitor, folder: Path) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3 * MEGABYTE // 65536):
            yield b"\0" * 65536

    assert visitor.give(b"\0" * (MEGABYTE + 1)).status_code == 413
    assert visitor.give(pieces()).status_code == 413
    for kind in ("references", "models"):
        assert visitor.give(b"\0" * (MEGABYTE + 1), "x", kind).status_code == 413
    assert visitor("POST", "/api/colorize", content=b"\0" * (MEGABYTE + 1)).status_code == 413
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["seen"]


@pytest.mark.parametrize(
    "length", ["-1", "1e9", "\u00b2".encode().decode("latin-1"), "9" * 5000, "\u00b2", "0x10", "+5"]
)
def test_an_odd_length_is_no_way_around(visitor: Visitor, length: str) -> None:
    headers = [(b"content-length", length.encode("latin-1"))]
    answer = visitor("PUT", "/api/pictures?name=x.jpg", content=b"\0" * (MEGABYTE + 1), headers=headers)
    assert answer.status_code in (400, 413)


def test_the_files_of_a_visitor_are_counted(visitor: Visitor) -> None:
    for number in range(2):
        assert visitor.give(small(), f"{number}.jpg").status_code == 201
        assert visitor.give(small(), f"{number}.jpg", "references").status_code == 201
    for kind in ("pictures", "references", "models"):
        assert visitor.give(small(), "one more.jpg", kind).status_code == 413
    picture = visitor.workspace()["pictures"][0]["id"]
    assert visitor("DELETE", f"/api/pictures/{picture}").status_code == 204
    assert visitor.give(small(), "now.jpg").status_code == 201


def test_hints_are_no_files_of_the_visitor(visitor: Visitor) -> None:
    for number in range(3):
        given = visitor.give(small(), f"{number}.jpg").json()
        hints = [{"points": [[3, 3]], "colour": "#ff0000"}]
        told = visitor("POST", f"/api/pictures/{given['id']}/view", json={"hints": hints, "keep": True})
        assert told.status_code == 200
    assert visitor.give(small(), "fourth.jpg").status_code == 201


def test_the_bytes_of_a_visitor_are_counted_with_those_on_the_way(
    visitor: Visitor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = visitor.client.app.state.studio
    monkeypatch.setattr(studio, "config", replace(studio.config, limits=replace(LIMITS, total=10 * MEGABYTE)))
    studio.coming[folder] = [9 * MEGABYTE + MEGABYTE // 2, 400_000]
    assert visitor.give(small()).status_code == 201
    studio.coming[folder] = [10 * MEGABYTE]
    assert visitor.give(small()).status_code == 413
    picture = visitor.workspace()["pictures"][0]["id"]
    assert visitor("POST", "/api/write", json={"pictures": [picture]}).status_code == 413
    studio.coming[folder] = [1] * 4
    assert visitor.give(small()).status_code == 413  # four more are being given
    del studio.coming[folder]
    assert visitor.give(small()).status_code == 201
    assert folder not in studio.coming


def test_the_disk_is_not_filled(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(2**40, 2**40, 100)
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path: usage)
    studio = visitor.client.app.state.studio
    monkeypatch.setattr(studio, "config", replace(studio.config, limits=replace(LIMITS, free=MEGABYTE)))
    assert visitor.give(small()).status_code == 507


def test_models_of_strangers_are_numbers_and_no_programs(visitor: Visitor) -> None:
    given = visitor.give(b"\x08\x08\x12\x07pytorch", "x.featcolor", "models")
    assert given.status_code == 422
    assert "ONNX is not taken here" in given.json()["error"]
    for content in (
        b"",
        b"\x80\x04\x95pickle",
        b"PK\x03\x04",
        small(),
        b"\xff" * 100,
        b"\x08\x00\x00\x00\x00\x00\x00\x00{}",
    ):
        assert visitor.give(content, "evil.onnx", "models").status_code == 422
    assert len(visitor.workspace()["models"]) == 1


def test_a_model_is_kept_under_the_suffix_of_what_it_is(
    visitor: Visitor, tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]
) -> None:
    album = AlbumColorizer()
    Image.fromarray(photographs["coffee"]).save(tmp_path / "coffee.png")
    album.fit([tmp_path / "coffee.png"])
    album.save(tmp_path / "town.album")
    content = (tmp_path / "town.album").read_bytes()
    if len(content) > MEGABYTE:
        pytest.skip("this album is larger than the bound of this test")
    given = visitor.give(content, "../town.onnx", "models")
    assert given.status_code == 201, given.text
    assert given.json()["name"] == "town.featcolor"  # read as ONNX by its name, it would be another's to read


@pytest.mark.parametrize("size", [(39, 40), (4000, 4000), (1, 1)])
def test_a_mask_has_the_size_of_the_view(visitor: Visitor, size: tuple[int, int]) -> None:
    picture = visitor.give(small()).json()["id"]
    mask = png(*size, colour=0, body=b"\0" * (size[0] + 1) * size[1])
    assert visitor("PUT", f"/api/pictures/{picture}/mask", content=mask).status_code == 422
    assert visitor("GET", f"/api/pictures/{picture}/mask.png").status_code == 404


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", small("JPEG"), small("TIFF"), png(40, 40)])
def test_a_mask_is_a_png(visitor: Visitor, content: bytes) -> None:
    picture = visitor.give(small()).json()["id"]
    assert visitor("PUT", f"/api/pictures/{picture}/mask", content=content).status_code == 422


def test_a_large_mask_is_refused_while_it_comes(visitor: Visitor) -> None:
    picture = visitor.give(small()).json()["id"]
    pieces = (b"\0" * MEGABYTE for _ in range(20))
    assert visitor("PUT", f"/api/pictures/{picture}/mask", content=pieces).status_code == 413


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_head_of_a_picture_says_how_large_it_is(format: str) -> None:
    assert claimed_pixels(small(format)) == 1600
    assert claimed_pixels(_deep_tiff(np.float64)) == 2_000_000


def test_what_breaks_off_leaves_nothing(home: Path) -> None:
    assert not list(home.rglob("*.part"))
    assert not list((home / "incoming").rglob("*")) if (home / "incoming").exists() else True
    assert shutil.disk_usage(home).free > 0
