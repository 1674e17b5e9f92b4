"""Two hundred damaged, odd and hostile pictures beside good ones, through the real command line in one batch."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featcolor.commands import main
from tests.samples import read_rgb, write_rgb

SIDE = 40
FORMATS = ("jpg", "png", "tif", "webp")
CUTS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
FLIPPED = 20
"""Damaged copies a format, each with a few bits turned over."""


def encoded(picture: NDArray[np.uint8], suffix: str) -> bytes:
    done, content = cv2.imencode(f".{suffix}", picture[..., ::-1])
    assert done
    return content.tobytes()


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk with the right checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, body: bytes = b"", extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )


def tiff(width: int, height: int, *, offset: int = 8, count: int = 12) -> bytes:
    """A little-endian grey TIFF of one strip, whatever its sizes claim."""
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, offset),
        (279, 4, count),
    ]
    entries = [*entries[:6], (277, 3, 1), (278, 4, height), *entries[6:]]
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + table + struct.pack("<I", 0)


def with_jpeg_size(content: bytes, width: int, height: int) -> bytes:
    """The same JPEG, claiming another size."""
    place = content.index(b"\xff\xc0") + 5
    return content[:place] + struct.pack(">HH", height, width) + content[place + 4 :]


def flipped(content: bytes, seed: int) -> bytes:
    draw = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(draw.choice((1, 3, 20))):
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def animated(picture: NDArray[np.uint8], kind: str) -> bytes:
    frames = [Image.fromarray(np.roll(picture, shift, axis=1)) for shift in (0, 9, 18)]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


def foreign() -> dict[str, bytes]:
    """What is no picture at all, under pictures' names: none of it can be coloured."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", bytes(10**6))
    noise = random.Random(0).randbytes
    contents = {f"empty.{suffix}": b"" for suffix in (*FORMATS, "jpeg", "tiff")}
    contents |= {f"zeros.{suffix}": bytes(1000) for suffix in FORMATS}
    contents |= {f"noise.{suffix}": noise(1000) for suffix in FORMATS}
    contents |= {f"text.{suffix}": b"Not a picture.\n" * 20 for suffix in FORMATS}
    magics = {
        "jpg": b"\xff\xd8\xff\xe0",
        "png": b"\x89PNG\r\n\x1a\n",
        "tif": b"II*\0",
        "webp": b"RIFF\x40\0\0\0WEBPVP8 ",
    }
    contents |= {f"magic only.{suffix}": magic for suffix, magic in magics.items()}
    contents |= {f"magic and noise.{suffix}": magic + noise(500) for suffix, magic in magics.items()}
    return contents | {
        "zip.png": archive.getvalue(),
        "pickle.tif": pickle.dumps({"a": 1}),
        "page.jpg": b"<!DOCTYPE html><html><body>404</body></html>",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "program.webp": b"\x7fELF" + noise(200),
    }


def impossible(picture: NDArray[np.uint8]) -> dict[str, bytes]:
    """Headers that promise what no file of their length can hold."""
    jpeg = encoded(picture, "jpg")
    return {
        "huge.png": png(2**31 - 1, 2**31 - 1),
        "wide.png": png(2**31 - 1, 1),
        "large.png": png(200_000, 200_000),
        "none.png": png(0, 0),
        "no rows.png": png(40, 0),
        "depth.png": png(40, 40, depth=3),
        "huge.tif": tiff(2**31 - 1, 2**31 - 1),
        "large.tif": tiff(100_000, 100_000),
        "far strip.tif": tiff(40, 40, offset=2**32 - 10, count=1600),
        "none.tif": tiff(0, 0),
        "none.jpg": with_jpeg_size(jpeg, 0, 0),
        "no end.tif": b"II*\0" + struct.pack("<I", 2**32 - 1),
        "looped.tif": b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 256, 4, 1, 40) + struct.pack("<I", 8),
    }


def odd(picture: NDArray[np.uint8]) -> dict[str, bytes]:
    """What may be coloured or refused, as long as it is one or the other."""
    jpeg = encoded(picture, "jpg")
    contents: dict[str, bytes] = {}
    for suffix in FORMATS:
        whole = encoded(picture, suffix)
        contents |= {f"cut {part}.{suffix}": whole[: int(len(whole) * part)] for part in CUTS}
        contents |= {f"flipped {seed}.{suffix}": flipped(whole, seed) for seed in range(FLIPPED)}
        contents |= {f"padded.{suffix}": whole + bytes(100), f"twice.{suffix}": whole + whole}
        contents |= {f"really {suffix}.{other}": whole for other in FORMATS if other != suffix}
        contents[f"one pixel.{suffix}"] = encoded(picture[:1, :1], suffix)
        contents[f"one row.{suffix}"] = encoded(picture[:1], suffix)
        contents[f"one column.{suffix}"] = encoded(picture[:, :1], suffix)
    long = np.resize(picture[0], (1, 60_000, 3))
    for suffix in ("jpg", "png", "tif"):
        contents[f"60000 wide.{suffix}"] = encoded(long, suffix)
        contents[f"60000 high.{suffix}"] = encoded(long.transpose(1, 0, 2), suffix)
    contents |= {
        "animated gif.png": animated(picture, "gif"),
        "animated.webp": animated(picture, "webp"),
        "animated.png": animated(picture, "png"),
        "pages.tif": animated(picture, "tiff"),
        "claims 65500.jpg": with_jpeg_size(jpeg, 65_500, 65_500),
        "claims more.jpg": with_jpeg_size(jpeg, 400, 400),
        "no palette.png": png(40, 40, colour=3, body=bytes(41 * 40)),
        "short body.png": png(40, 40, body=bytes(100)),
        "text bomb.png": png(
            40, 40, body=bytes(121 * 40), extra=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7), 9))
        ),
        "profile bomb.png": png(
            40, 40, body=bytes(121 * 40), extra=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(10**7), 9))
        ),
    }
    return contents


def float_pictures() -> Iterator[tuple[str, NDArray[np.float32]]]:
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("negative", -5.0), ("bright", 1e30)):
        picture = np.full((SIDE, SIDE), 0.5, np.float32)
        picture[3:9, 3:9] = value
        yield f"{name}.tif", picture


@pytest.fixture
def album(tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]) -> dict[str, list[str]]:
    """A folder `old` of good pictures and bad ones; the names by what must become of them."""
    small = cv2.resize(photographs["china"], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    folder = tmp_path / "old"
    good = [f"good {name}.{suffix}" for name in ("coffee", "rocket") for suffix in FORMATS]
    for name in good:
        write_rgb(folder / name, photographs[name.split()[1].split(".")[0]])
    refused = foreign() | impossible(small)
    either = odd(small)
    for name, content in (refused | either).items():
        (folder / name).write_bytes(content)
    for name, picture in float_pictures():
        write_rgb(folder / name, picture)
    names = {"good": good, "refused": list(refused), "either": [*either, *(name for name, _ in float_pictures())]}
    assert len(names["refused"]) + len(names["either"]) >= 200
    return names


@pytest.mark.filterwarnings("ignore")  # what a library warns of about a broken file is not our promise
def test_every_good_picture_is_coloured_and_every_bad_one_named(
    tmp_path: Path, album: dict[str, list[str]], tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    code = main(["colorize", str(old), "-o", str(new), "--model", str(tiny_model), "--jobs", "1"])
    said = capfd.readouterr().err
    complaints = [line for line in said.splitlines() if line.startswith("featcolor: error: ")]

    def named(name: str) -> bool:
        return any(line.startswith(f"featcolor: error: {old / name}: ") for line in complaints)

    assert code == 1
    assert "Traceback" not in said
    assert "defect of featcolor" not in said, [line for line in complaints if "defect" in line]
    for name in album["good"]:
        assert not named(name)
        assert read_rgb(new / name).shape == read_rgb(old / name).shape
    for name in album["refused"]:
        assert named(name), name
        assert not (new / name).exists(), name
    for name in album["either"]:
        assert named(name) != (new / name).exists(), name
        if (new / name).exists():
            assert read_rgb(new / name).size
    assert not [path for path in new.rglob("*") if path.name.endswith(".part")]


@pytest.mark.filterwarnings("ignore")
def test_damaged_references_are_left_out_and_named(
    tmp_path: Path, album: dict[str, list[str]], references: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from tests.samples import QUICK_OPTIONS

    for name in (*album["good"], *album["either"]):
        (tmp_path / "old" / name).unlink()
    model = tmp_path / "m.featcolor"
    code = main(
        ["fit", str(references), str(tmp_path / "old"), "-o", str(model), "--jobs", "1", *QUICK_OPTIONS, "--json"]
    )
    said = capfd.readouterr()
    assert code == 0
    assert "Traceback" not in said.err
    for name in album["refused"]:
        assert name in said.out


def test_the_makers_make_what_they_say() -> None:
    """The hand-made headers are right where their numbers are honest."""
    picture = np.full((4, 6, 3), 90, np.uint8)
    assert cv2.imdecode(np.frombuffer(png(6, 4, body=(b"\0" + bytes([90] * 18)) * 4), np.uint8), 1).shape == (4, 6, 3)
    content = tiff(6, 4, offset=122, count=24)
    assert len(content) == 122
    grey = cv2.imdecode(np.frombuffer(content + bytes([90] * 24), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(grey, picture[..., 0])
