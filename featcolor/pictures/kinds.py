"""Kinds of files that are no pictures to us: known by their first bytes or their suffix, each with the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A kind of file that is not read.

    Attributes
    ----------
    name : with its article
    remedy : what makes a picture of it
    suffixes : lower case, with the dot
    magics : (place, bytes) pairs; a file that has one there is of the kind
    """

    name: str
    remedy: str
    suffixes: frozenset[str]
    magics: tuple[tuple[int, bytes], ...] = ()

    def __str__(self) -> str:
        return f"{self.name}, which is not read; {self.remedy}"


def _kind(name: str, remedy: str, suffixes: str, *magics: bytes, at: int = 0) -> Kind:
    return Kind(name, remedy, frozenset(f".{each}" for each in suffixes.split()), tuple((at, each) for each in magics))


RAW: Final = Kind(
    "a camera's raw file",
    "develop it into a TIFF first, in darktable or RawTherapee",
    frozenset(
        (".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".dng", ".orf", ".rw2", ".rwl", ".raf", ".pef")
    ).union((".srw", ".3fr", ".fff", ".iiq", ".mos", ".mef", ".erf", ".kdc", ".dcr", ".mrw", ".x3f", ".gpr")),
    (
        *((0, magic) for magic in (b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\0MRM")),
        (4, b"ftypcrx "),
        (6, b"HEAPCCDR"),
        (8, b"CR\2\0"),
    ),
)
"""Many are TIFF files inside, whose first picture is a thumbnail: their suffix goes before their content."""

FILM: Final = _kind(
    "a film",
    "'featcolor video FILM -o OUT' colours it",
    "mp4 m4v mov mkv webm avi mpg mpeg m2v vob ts mts m2ts dv wmv asf flv ogv 3gp mxf y4m",
)
"""Its content is known to `featcolor.pictures.picture.sniff`."""

EDITOR: Final = "export it as TIFF or PNG from the editor"
DRAWN: Final = "export it as PNG from its program, or from Inkscape"
KINDS: Final = (
    RAW,
    FILM,
    _kind("a DPX frame", "'ffmpeg -i FILE FILE.png' makes a picture of it", "dpx", b"SDPX", b"XPDS"),
    _kind("a Cineon frame", "'ffmpeg -i FILE FILE.png' makes a picture of it", "cin", b"\x80\x2a\x5f\xd7"),
    _kind(
        "an OpenEXR frame",
        "'ffmpeg -apply_trc iec61966_2_1 -i FILE FILE.png' makes a picture of it",
        "exr",
        b"\x76\x2f\x31\x01",
    ),
    _kind("a PDF", "'pdfimages -all FILE page' takes the scans out of it", "pdf", b"%PDF"),
    _kind(
        "a DjVu document",
        "'ddjvu -format=tiff -eachpage FILE page%d.tif' makes pictures of it",
        "djvu djv",
        b"AT&TFORM",
    ),
    _kind("a Photoshop file", EDITOR, "psd psb", b"8BPS"),
    _kind("a GIMP file", EDITOR, "xcf", b"gimp xcf"),
    _kind("an OpenRaster file", EDITOR, "ora", b"mimetypeimage/openraster", at=30),
    _kind("a Krita file", EDITOR, "kra", b"mimetypeapplication/x-krita", at=30),
    _kind("a Clip Studio or Affinity file", EDITOR, "clip afphoto afdesign", b"CSFCHUNK"),
    _kind("a drawing", DRAWN, "svg svgz ai eps ps wmf emf", b"<svg", b"%!PS", b"\xc5\xd0\xd3\xc6", b"\xd7\xcd\xc6\x9a"),
    _kind(
        "a JPEG XL picture",
        "'djxl FILE.jxl FILE.png' makes one that is read",
        "jxl",
        b"\xff\x0a",
        b"\0\0\0\x0cJXL ",
    ),
    _kind("a JPEG XR picture", "'JxrDecApp -i FILE -o FILE.tif' makes one that is read", "jxr wdp hdp", b"II\xbc\x01"),
    _kind("a medical picture (DICOM)", "'dcmj2pnm +on FILE FILE.png' makes one that is read", "dcm dicom"),
    _kind("an astronomer's picture (FITS)", "save it as 16-bit TIFF from Siril or GIMP", "fits fit fts", b"SIMPLE  ="),
    _kind(
        "an archive",
        "unpack it and name the folder",
        "zip cbz rar cbr 7z cb7 tar gz tgz bz2 xz",
        b"PK\3\4",
        b"Rar!",
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b",
    ),
    _kind(
        "a web page",
        "save the picture that it shows",
        "html htm",
        b"<!DOCTYPE",
        b"<!doctype",
        b"<html",
    ),
)
"""A zip comes after the editors' files, which are zips too."""
HEIC: Final = _kind(
    "a HEIC picture",
    "pip install 'featcolor[heic]' makes featcolor read it, or convert it to JPEG or PNG",
    "heic heif hif",
)
"""Where its package is not there."""


def kind_of_content(head: bytes) -> Kind | None:
    """The kind of a file by its first bytes."""
    return next((kind for kind in KINDS for at, magic in kind.magics if head[at : at + len(magic)] == magic), None)


def kind_of_name(name: str, kinds: Iterable[Kind] = KINDS) -> Kind | None:
    """The kind of a file by its suffix."""
    suffix = suffix_of(name)
    return next((kind for kind in kinds if suffix in kind.suffixes), None)


def suffix_of(name: str) -> str:
    """A name's suffix in lower case, without the space that copying by hand leaves behind it.

    >>> suffix_of("pier.JPG ")
    '.jpg'
    """
    return Path(name).suffix.strip().lower()


def kinds_of(files: Iterable[Path]) -> str:
    """Files counted by their suffixes.

    >>> kinds_of([Path("a.pdf"), Path("b.HEIC"), Path("c.heic"), Path("notes")])
    '2 heic, 1 pdf, 1 without a suffix'
    """
    kinds = Counter(suffix_of(path.name)[1:] or "without a suffix" for path in files)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def ways_out(files: Iterable[Path]) -> list[str]:
    """What makes pictures of files that are not read, a line for every kind among them that is known.

    >>> ways_out([Path("a.nef"), Path("b.txt"), Path("c.dng")])
    ["dng, nef: a camera's raw file; develop it into a TIFF first, in darktable or RawTherapee"]
    """
    found: dict[Kind, set[str]] = {}
    for path in files:
        if (kind := kind_of_name(path.name, (*KINDS, HEIC))) is not None:
            found.setdefault(kind, set()).add(suffix_of(path.name)[1:])
    return sorted(f"{', '.join(sorted(suffixes))}: {kind.name}; {kind.remedy}" for kind, suffixes in found.items())
