"""Films that fuzzing broke, each in a few bytes or a stand-in: refused in one line, or read as far as they go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest

from featcolor.clips.frames import ClipInfo
from featcolor.clips.limits import packets_of
from featcolor.clips.open import open_clip
from featcolor.clips.output.containers import choose_format
from featcolor.clips.output.tracks import avi_step
from featcolor.errors import ClipError, UsageError
from tests.clips.samples import make_clip


def test_a_track_that_begins_in_the_middle_does_not_end_the_reading() -> None:
    """PyAV counts the tracks again at the end of a film, and does not find those that came while it was read."""

    class Film:
        def demux(self, _: Any) -> Iterator[Any]:
            yield packet
            raise IndexError("list index out of range")

    packet = av.Packet(b"kept")
    assert list(packets_of(Film(), None)) == [packet]


def test_stamps_that_leave_64_bits_when_they_are_moved_are_unknown() -> None:
    packet = av.Packet(b"kept")
    packet.pts, packet.dts, packet.duration = (1 << 63) - 9, -(1 << 62), 1 << 62
    assert list(packets_of(SimpleNamespace(demux=lambda _: [packet]), None)) == [packet]
    assert (packet.pts, packet.dts, packet.duration or 0) == (None, None, 0)
    packet.pts = packet.dts = 1 << 50
    list(packets_of(SimpleNamespace(demux=lambda _: [packet]), None))
    assert packet.pts == packet.dts == 1 << 50


def test_a_film_too_small_for_x265_is_refused_before_it_ends_the_process() -> None:
    info = ClipInfo(name="in.mp4", width=48, height=48, time_base=Fraction(1, 25))
    with pytest.raises(UsageError, match=r"48x48; take --codec h264"):
        choose_format("h265", None, info, "out.mp4")


def test_a_frame_is_not_larger_than_can_be_decoded(tmp_path: Path) -> None:
    """VP9 says its size in four bytes (its specification, 6.2.3), after which decoders make room for such frames."""
    options = {"deadline": "realtime", "cpu-used": "8"}
    path = make_clip(
        tmp_path / "in.mkv", n=2, codec="libvpx-vp9", options=options, time_base=Fraction(1, 25), size=(64, 48)
    )
    content = bytearray(path.read_bytes())
    at = content.index(b"\x49\x83\x42") + 3
    kept = int.from_bytes(content[at : at + 6], "big") & ~(0xFFFF_FFFF << 12)
    content[at : at + 6] = (kept | (15_999 << 16 | 15_999) << 12).to_bytes(6, "big")
    path.write_bytes(content)
    with pytest.raises(ClipError, match="claims frames of 16000x16000 pixels"):
        open_clip(path)


def test_a_film_that_breaks_off_goes_into_avi_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamps of the whole film are looked at first, where FFmpeg may fail as it does while frames are read."""

    def breaking(container: Any, streams: Any) -> Iterator[Any]:
        yield from islice(container.demux(streams), 5)
        raise av.error.InvalidDataError(1, "damaged")

    source = make_clip(tmp_path / "in.mkv", n=8)
    with open_clip(source) as clip:
        monkeypatch.setattr("featcolor.clips.output.tracks.packets_of", breaking)
        assert avi_step(tmp_path / "out.avi", clip.info, source) == Fraction(1, 25)


def test_texts_that_end_behind_an_avi_are_not_made_room_for(tmp_path: Path) -> None:
    """FFmpeg takes their length for true, and fills as much memory with zeros."""
    path = make_clip(tmp_path / "in.avi", n=2, codec="ffv1", options={"level": "3"}, metadata={"title": "Pier"})
    content = bytearray(path.read_bytes())
    at = content.index(b"INFO") - 4
    open_clip(path).close()
    content[at : at + 4] = b"\xff\xff\xff\xff"
    content[at + 12 : at + 16] = b"\xf0\xff\xff\xef"
    path.write_bytes(content)
    with pytest.raises(ClipError, match="texts of 4294967295 bytes"):
        open_clip(path)


def test_an_index_of_more_pieces_than_a_film_has_bytes_is_not_made_room_for(tmp_path: Path) -> None:
    """Some numbers of an MP4 say that each byte is a frame, of millions: each takes 36 bytes of memory."""
    path = make_clip(tmp_path / "in.mov", n=4, codec="mjpeg", pix_fmt="yuvj420p", time_base=Fraction(1, 25))
    content = bytearray(path.read_bytes())
    for name, at, number in ((b"stsz", 8, 1), (b"stsz", 12, 1 << 25), (b"stsc", 16, 1 << 25), (b"stts", 12, 1 << 25)):
        place = content.index(name) + at
        content[place : place + 4] = number.to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(ClipError, match="33554432 pieces of 1 bytes"):
        open_clip(path)
