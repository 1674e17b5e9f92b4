"""Containers and codecs of film files: what each extension may hold, which samples each codec takes.

A container here takes what common players read from it, which is less than what FFmpeg's muxers would write
(Vorbis in MP4 and AAC in AVI are written by FFmpeg and read by few).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import cv2

from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.clips.frames import ClipInfo


class Container(NamedTuple):
    """A kind of film file: FFmpeg's name of its muxer, and the codecs it takes (None: any that the muxer knows)."""

    muxer: str
    codecs: tuple[str, ...]
    sound: frozenset[str] | None
    subtitles: frozenset[str]
    attachments: bool = False
    chapters: bool = True

    def takes(self, kind: str, codec: str) -> bool:
        """Whether it takes a sound ("audio") or "subtitle" track of this codec."""
        allowed = self.sound if kind == "audio" else self.subtitles
        return allowed is None or codec in allowed


MP4_SOUND = frozenset(["aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "dts", "truehd"])
MOV_SOUND = frozenset(["aac", "mp3", "mp2", "ac3", "eac3", "alac", "adpcm_ima_qt"])
PCM_LE = frozenset(["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_alaw", "pcm_mulaw"])
PCM_BE = frozenset(["pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be"])
MP4_TEXT = frozenset({"mov_text"})
MKV_TEXT = frozenset(["subrip", "ass", "ssa", "webvtt", "text", "dvd_subtitle", "dvb_subtitle", "hdmv_pgs_subtitle"])

MP4 = Container(muxer="mp4", codecs=("h264", "h265", "vp9", "av1"), sound=MP4_SOUND, subtitles=MP4_TEXT)
CONTAINERS: Mapping[str, Container] = {
    ".mp4": MP4,
    ".m4v": MP4,
    ".mov": Container(
        muxer="mov", codecs=("h264", "h265", "prores"), sound=MOV_SOUND | PCM_LE | PCM_BE, subtitles=MP4_TEXT
    ),
    ".mkv": Container(
        muxer="matroska",
        codecs=("h264", "h265", "vp9", "av1", "ffv1", "prores"),
        sound=None,
        subtitles=MKV_TEXT,
        attachments=True,
    ),
    ".webm": Container(
        muxer="webm", codecs=("vp9", "av1"), sound=frozenset({"opus", "vorbis"}), subtitles=frozenset({"webvtt"})
    ),
    # Packets of other sound come back from it with wrong times.
    ".avi": Container(muxer="avi", codecs=("ffv1",), sound=PCM_LE | {"mp3"}, subtitles=frozenset(), chapters=False),
}
"""By extension; the first of `codecs` is what is written when none is asked for."""


class Codec(NamedTuple):
    """An encoder: its name in FFmpeg, the samples it takes, what it costs.

    Attributes
    ----------
    formats : pixel formats without bits: (4, 2, 0) is "yuv420p"; the first is the default for any input.
    bits : that its formats come in.
    odd : whether it takes odd widths and heights in halved chroma.
    crf : the default constant-quality number and the largest; None where the codec has no such number.
    options : FFmpeg's private options at a given crf.
    """

    encoder: str
    formats: tuple[str, ...]
    bits: tuple[int, ...]
    odd: bool
    options: Callable[[int], dict[str, str]]
    crf: tuple[int, int] | None = None


def _x264(crf: int) -> dict[str, str]:
    # At 10 bits crf 0 is not lossless in x264; a quantiser of 0 is at every depth.
    quality = {"qp": "0"} if crf == 0 else {"crf": str(crf)}
    # With AVX-512 its macroblock tree is another each time that it runs, and so is the film.
    code = "asm=avx2,fma3,bmi2,lzcnt" if cv2.checkHardwareSupport(AVX_512) else "asm=auto"
    return {"preset": "faster", **quality, "x264-params": code}


def _x265(crf: int) -> dict[str, str]:
    lossless = ":lossless=1" if crf == 0 else ""
    return {"preset": "fast", "crf": str(crf), "x265-params": f"log-level=none{lossless}"}


def _vp9(crf: int) -> dict[str, str]:
    common = {"deadline": "good", "cpu-used": "4", "row-mt": "1"}
    return {**common, "lossless": "1"} if crf == 0 else {**common, "crf": str(crf), "b": "0"}


def _av1(crf: int) -> dict[str, str]:
    os.environ.setdefault("SVT_LOG", "1")  # its own words on the error stream: errors only
    return {"preset": "8", "crf": str(crf)}


AVX_512 = 13
"""OpenCV's number of the processor's foundation instructions of 512 bits."""
LEAST_H265 = 64
"""Pixels of the longer side: at 48x48 x265 writes over memory that is not its own, which ends the process."""
HALVED = ("yuv420p", "yuv422p", "yuv444p")
CODECS: Mapping[str, Codec] = {
    "h264": Codec(encoder="libx264", formats=HALVED, bits=(8, 10), odd=False, crf=(18, 51), options=_x264),
    "h265": Codec(encoder="libx265", formats=HALVED, bits=(8, 10, 12), odd=False, crf=(20, 51), options=_x265),
    "vp9": Codec(encoder="libvpx-vp9", formats=HALVED, bits=(8,), odd=True, crf=(24, 63), options=_vp9),
    "av1": Codec(encoder="libsvtav1", formats=("yuv420p",), bits=(8, 10), odd=False, crf=(28, 63), options=_av1),
    "ffv1": Codec(
        encoder="ffv1",
        formats=(*HALVED, "yuv440p", "yuv411p", "yuv410p"),
        bits=(8, 9, 10, 12, 14, 16),
        odd=True,
        options=lambda crf: {"level": "3", "slicecrc": "1"},
    ),
    "prores": Codec(
        encoder="prores_ks", formats=HALVED[1:], bits=(10,), odd=False, options=lambda crf: {"vendor": "apl0"}
    ),
}

CHROMA_SHIFTS = {"410": (2, 2), "411": (0, 2), "420": (1, 1), "422": (0, 1), "440": (1, 0), "444": (0, 0)}
"""(rows, columns) halvings of the chroma planes, by the digits in a pixel format's name."""

PLANAR_NAME = re.compile(r"yuv[aj]?(4[1-4][0-4])p(9|10|12|14|16)?(le|be)?")
GREY_NAME = re.compile(r"gray(9|10|12|14|16)?(le|be)?")


class Format(NamedTuple):
    """A pixel format to write: its name in FFmpeg, bits of a sample, halvings of chroma."""

    name: str
    bits: int
    chroma_shift: tuple[int, int]

    @property
    def base(self) -> str:
        """Its name without bits."""
        return self.name.split("p")[0] + "p"


def container_of(suffix: str, name: str) -> Container:
    """Container of an extension; UsageError, listing what works, for another."""
    if suffix.lower() not in CONTAINERS:
        raise UsageError(f"{name}: a film is written as {', '.join(CONTAINERS)}, not as {suffix or 'a bare name'!r}")
    return CONTAINERS[suffix.lower()]


def choose_codec(container: Container, codec: str | None, name: str) -> str:
    """Name of the codec asked for, or the container's own; UsageError when unknown or not for this container."""
    chosen = codec or container.codecs[0]
    if chosen not in CODECS:
        raise UsageError(f"{name}: unknown codec {chosen!r}; choose one of {', '.join(CODECS)}")
    if chosen not in container.codecs:
        homes = [suffix for suffix, other in CONTAINERS.items() if chosen in other.codecs]
        raise UsageError(
            f"{name}: this container is not for {chosen}; take {' or '.join(container.codecs)} here, "
            f"or write {' or '.join(homes)}"
        )
    return chosen


def choose_crf(codec: str, crf: int | None, name: str) -> int:
    """Quality asked for, or the codec's default; 0 where the codec has no such number."""
    span = CODECS[codec].crf
    if span is None:
        if crf is not None:
            raise UsageError(f"{name}: {codec} has no --crf; leave it out")
        return 0
    if crf is not None and not 0 <= crf <= span[1]:
        raise UsageError(f"{name}: --crf of {codec} is from 0 (largest file) to {span[1]}, not {crf}")
    return span[0] if crf is None else crf


def choose_format(codec: str, asked: str | None, info: ClipInfo, name: str) -> tuple[Format, list[str]]:
    """Pixel format that carries the clip's luma exactly, and what a person should know of the choice."""
    rules, size = CODECS[codec], f"{info.width}x{info.height}"
    if codec == "h265" and max(info.width, info.height) < LEAST_H265:
        raise UsageError(f"{name}: h265 is not written at {size}; take --codec h264")
    if asked is not None:
        chosen = parse_format(asked, name)
        if chosen.bits not in rules.bits or chosen.base not in rules.formats:
            offer = ", ".join(_deep(base, bits) for bits in rules.bits for base in rules.formats)
            raise UsageError(f"{name}: {codec} does not take {asked}; it takes {offer}")
        _check_depth(chosen, info, name)
        if _needs_even(chosen, rules, info):
            raise UsageError(f"{name}: {asked} of {codec} needs even sizes, not {size}; leave --pixel-format out")
        return chosen, _depth_note(chosen, info, codec)
    bits = min((bits for bits in rules.bits if _carries(bits, info)), default=None)
    if bits is None:
        raise UsageError(
            f"{name}: {codec} cannot carry the {info.bits}-bit luma of {info.name} exactly; take --codec ffv1 and .mkv"
        )
    base = rules.formats[0]
    own = next((base for base in rules.formats if parse_format(base, name).chroma_shift == info.chroma_shift), base)
    # The lossless codec is taken to lose nothing: it keeps the input's chroma grid too.
    base = own if codec == "ffv1" and info.colour else base
    chosen = parse_format(_deep(base, bits), name)
    notes = []
    if _needs_even(chosen, rules, info):
        if "yuv444p" not in rules.formats:
            raise UsageError(f"{name}: {codec} needs even sizes, not {size}; take --codec h264 or ffv1")
        chosen = parse_format(_deep("yuv444p", bits), name)
        notes.append(f"the odd size {size} is kept by writing full-size chroma ({chosen.name}), as {codec} needs")
    return chosen, notes + _depth_note(chosen, info, codec)


def parse_format(text: str, name: str) -> Format:
    """A planar Y'CbCr format by its name; UsageError for what is none."""
    found = PLANAR_NAME.fullmatch(text)
    if found is None or found[1] not in CHROMA_SHIFTS or text[3] in "aj" or found[3] == "be":
        raise UsageError(f"{name}: --pixel-format is one like yuv420p, yuv444p or yuv422p10le, not {text!r}")
    return Format(name=text, bits=int(found[2] or 8), chroma_shift=CHROMA_SHIFTS[found[1]])


def _deep(base: str, bits: int) -> str:
    """The format of a name without bits at so many."""
    return base + (f"{bits}le" if bits > 8 else "")


def _carries(bits: int, info: ClipInfo) -> bool:
    # Codes of the narrow range go over by a shift and come back by one; the full range's white would not be white.
    return bits == info.bits or (bits > info.bits and not info.full_range)


def _check_depth(chosen: Format, info: ClipInfo, name: str) -> None:
    if not _carries(chosen.bits, info):
        why = "full-range " if info.full_range else ""
        raise UsageError(
            f"{name}: {chosen.name} cannot carry the {why}{info.bits}-bit luma of {info.name} exactly; "
            f"leave --pixel-format out or name one of {info.bits} bits"
        )


def _depth_note(chosen: Format, info: ClipInfo, codec: str) -> list[str]:
    if chosen.bits == info.bits:
        return []
    factor = 2 ** (chosen.bits - info.bits)
    return [
        f"{codec} is given {chosen.bits} bits: every {info.bits}-bit code times {factor}, which divides back exactly"
    ]


def _needs_even(chosen: Format, rules: Codec, info: ClipInfo) -> bool:
    rows, columns = chosen.chroma_shift
    return not rules.odd and bool(info.height % (1 << rows) or info.width % (1 << columns))
