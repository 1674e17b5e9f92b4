"""Pictures of the Netpbm family: the samples of another reader, at the depth of the file, or refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from featcolor.errors import PictureError
from featcolor.pictures.io import claimed_pixels, read_picture

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("top", [1, 15, 100, 255, 256, 1023, 4095, 65535])
@pytest.mark.parametrize("plain", [False, True])
def test_samples_are_scaled_by_their_largest(channels: int, top: int, plain: bool) -> None:
    given = RNG.integers(0, top + 1, (5, 7, channels))
    given[0, 0] = top
    head = f"P{(2 if channels == 1 else 3) + (0 if plain else 3)}\n# scanned\n7 5\n# largest\n{top}\n".encode()
    digits = b"\n".join(b" ".join(b"%d" % sample for sample in row.ravel()) for row in given)
    body = digits if plain else given.astype(">u2" if top > 255 else "u1").tobytes()
    picture = read_picture(head + body)
    expected = given * ((65535 if top > 255 else 255) / top)
    assert picture.pixels.dtype == (np.uint16 if top > 255 else np.uint8)
    pixels = picture.pixels.reshape(given.shape).astype(float)
    assert np.abs(pixels - expected).max() <= 0.51
    assert pixels[0, 0].max() == (65535 if top > 255 else 255)
    assert claimed_pixels(head + body) == 35
    assert picture.metadata.format == "PNG"


@pytest.mark.parametrize("width", [1, 8, 13])
def test_bitmaps_are_black_on_white(width: int) -> None:
    given = RNG.integers(0, 2, (4, width)).astype(bool)
    stream = io.BytesIO()
    Image.fromarray(given).save(stream, "PPM")
    digits = "".join("01"[not white] for white in given.ravel())
    for content in (stream.getvalue(), f"P1 {width} 4\n# packed\n{digits}".encode()):
        np.testing.assert_array_equal(read_picture(content).pixels, given * 255)


@pytest.mark.parametrize(("kind", "channels"), [("GRAYSCALE", 1), ("GRAYSCALE_ALPHA", 2), ("RGB", 3), ("RGB_ALPHA", 4)])
@pytest.mark.parametrize("top", [1, 255, 65535])
def test_pam(kind: str, channels: int, top: int) -> None:
    given = RNG.integers(0, top + 1, (3, 4, channels))
    head = f"P7\nWIDTH 4\n# c\nHEIGHT 3\nDEPTH {channels}\nMAXVAL {top}\nTUPLTYPE {kind}\nENDHDR\n".encode()
    picture = read_picture(head + given.astype(">u2" if top > 255 else "u1").tobytes())
    scaled = given * (max(top, 255) // top)
    colours = 1 if channels < 3 else 3
    np.testing.assert_array_equal(picture.pixels.reshape(3, 4, colours), scaled[..., :colours])
    assert (picture.alpha is None) == (channels in (1, 3))
    if picture.alpha is not None:
        np.testing.assert_array_equal(picture.alpha, scaled[..., -1])


def test_of_several_pictures_in_one_file_the_first_is_taken_with_a_note() -> None:
    one = b"P5 2 1 255\n\x10\x20"
    assert read_picture(one + b"\n").metadata.notes == ()
    picture = read_picture(one + b"P5 2 1 255\n\x30\x40")
    assert picture.pixels.tolist() == [[0x10, 0x20]]
    assert picture.metadata.notes == ("holds more pictures; the first is coloured",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"P5 9 9 255\n123", "breaks off before its last sample"),
        (b"P4 9 9\n123", "breaks off"),
        (b"P2 2 2 255\n1 2 3", "breaks off"),
        (b"P1 2 2\n012", "breaks off"),
        (b"P1 2 2\n0120", "other digits"),
        (b"P2 1 1 9\nx", "cannot be decoded"),
        (b"P2 1 1 9\n10", "over its largest, 9"),
        (b"P5 2 2 0\n1234", "largest sample is 0"),
        (b"P5 2 2 65536\n12345678", "largest sample is 65536"),
        (b"P5 2 2\n", "does not say its largest"),
        (b"P5 x", "no PBM, PGM or PPM"),
        (b"P6 99999 99999 255\n", "megapixels"),
        (b"P7\nWIDTH 2\nENDHDR\n", "no PAM"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n12345", "has 5 channels"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n1234", "CMYK"),
    ],
)
def test_damage_is_told(content: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words) as caught:
        read_picture(content)
    assert "; " in str(caught.value)
