"""Kinds of files that are no pictures to us: told by content or name, each with its way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from featcolor.errors import PictureError
from featcolor.pictures.io import PICTURE_SUFFIXES, read_picture
from featcolor.pictures.kinds import KINDS, ways_out
from featcolor.pictures.picture import sniff

TIFF = b"II*\0\x08\0\0\0"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.nef", b"MM\0*" + bytes(60), "is a camera's raw file, which is not read; develop it"),
        ("a.dng", TIFF + bytes(60), "is a camera's raw file"),
        ("a.tif", TIFF + b"CR\2\0" + bytes(60), "is a camera's raw file"),
        ("a.jpg", b"\0\0\0\x18ftypcrx " + bytes(60), "is a camera's raw file"),
        ("a.rw2", bytes(60), "is named as a camera's raw file"),
        ("a.jpg", b"%PDF-1.7", "is a PDF, which is not read; 'pdfimages -all FILE page'"),
        ("a.tif", b"8BPS\0\1", "is a Photoshop file, which is not read; export it"),
        ("a.kra", b"PK\3\4" + bytes(26) + b"mimetypeapplication/x-krita", "is a Krita file"),
        ("a.cbz", b"PK\3\4" + bytes(60), "is an archive, which is not read; unpack it and name the folder"),
        ("a.jxl", b"\xff\x0a" + bytes(60), "is a JPEG XL picture, which is not read; 'djxl"),
        (
            "a.exr",
            b"\x76\x2f\x31\x01" + bytes(60),
            "is an OpenEXR frame, which is not read; 'ffmpeg -apply_trc iec61966_2_1",
        ),
        ("a.svg", b"<svg xmlns", "is a drawing"),
        ("a.jpg", b"<!DOCTYPE html>", "is a web page, which is not read; save the picture"),
        ("a.dcm", bytes(200), "is named as a medical picture (DICOM)"),
        ("a.mp4", b"?" * 60, "is named as a film"),
        ("a.jpg", b"?" * 60, "is not a picture that is read; convert it to TIFF, PNG or JPEG"),
    ],
)
def test_a_file_is_told_of_by_what_it_is(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: {words}")


def test_no_kind_is_a_picture_and_none_hides_another() -> None:
    suffixes = [suffix for kind in KINDS for suffix in kind.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert not PICTURE_SUFFIXES.intersection(suffixes)
    for kind in KINDS:
        for at, magic in kind.magics:
            with pytest.raises(ValueError, match=kind.name.replace("(", r"\(").replace(")", r"\)")):
                sniff((TIFF if at == 8 else b"\0\0\0\x20" if at else b"").ljust(at, b"\1") + magic + bytes(40))


def test_each_kind_among_files_has_one_line() -> None:
    lines = ways_out([Path(name) for name in ("a.nef", "b.DNG ", "c.zip", "d.txt", "e.heic", "f.pdf")])
    assert [line.split(":")[0] for line in lines] == ["dng, nef", "heic", "pdf", "zip"]
