"""Y4M: what goes down the pipe is what a decoder gets, and what comes up it can be read twice."""

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.y4m import Y4mWriter, spool_stdin, y4m_header
from featcolor.errors import ClipError, UsageError

INFO = ClipInfo(
    name="clip",
    width=7,
    height=5,
    time_base=Fraction(1001, 24000),
    rate=Fraction(24000, 1001),
    pixel_aspect=Fraction(4, 3),
)


def planes_of(info, count=4, seed=0):
    rng = np.random.default_rng(seed)
    sizes = info.shape, info.chroma_shape, info.chroma_shape
    return [[rng.integers(0, 2**info.bits, size, dtype=info.dtype) for size in sizes] for _ in range(count)]


def written(info, frames):
    stream = io.BytesIO()
    with Y4mWriter(stream, info) as writer:
        for i, (luma, cb, cr) in enumerate(frames):
            writer.write(Frame(index=i, luma=luma, pts=i), cb, cr)
    return stream.getvalue()


def decoded(source, format=None):
    """Planes and time stamps in seconds; PyAV's planes have padded rows."""
    with av.open(source, format=format) as container:
        video = container.streams.video[0]
        result = []
        for frame in container.decode(video):
            dtype = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
            planes = [np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes]
            result.append((planes, frame.pts * frame.time_base))
        return result, video.average_rate, video.sample_aspect_ratio, video.codec_context.color_range


def check_decoded(found, info, frames):
    """Planes, stamps and facts of what a decoder found are those that were written."""
    result, rate, aspect, colour_range = found
    assert (rate, aspect, colour_range == 2) == (info.rate, info.pixel_aspect, info.full_range)
    assert [stamp for _, stamp in result] == [i / info.rate for i in range(len(frames))]
    for (got, _), sent in zip(result, frames, strict=True):
        assert all((a == b).all() for a, b in zip(got, sent, strict=True))


STREAMS = [
    replace(INFO, bits=bits, chroma_shift=shift, full_range=full)
    for bits, full in ((8, False), (8, True), (10, False), (16, True))
    for shift in ((1, 1), (0, 1), (0, 0))
]


def name_of(info):
    return f"{info.bits}-{info.chroma_shift}"


@pytest.mark.parametrize("info", STREAMS, ids=name_of)
def test_a_decoder_gets_the_planes_written(info):
    frames = planes_of(info)
    check_decoded(decoded(io.BytesIO(written(info, frames)), "yuv4mpegpipe"), info, frames)


def test_bytes_are_the_formats():
    info = replace(INFO, width=2, height=1, rate=Fraction(25), pixel_aspect=Fraction(1), chroma_shift=(0, 0))
    frames = [[np.array([[1, 2]], np.uint8), np.array([[3, 4]], np.uint8), np.array([[5, 6]], np.uint8)]]
    expected = b"YUV4MPEG2 W2 H1 F25:1 Ip A1:1 C444 XCOLORRANGE=LIMITED\nFRAME\n\x01\x02\x03\x04\x05\x06"
    assert written(info, frames) == expected


@pytest.mark.parametrize(
    ("change", "word"), [({"rate": None}, "rate"), ({"chroma_shift": (1, 0)}, "chroma"), ({"bits": 11}, "11 bits")]
)
def test_what_y4m_cannot_say_is_refused(change, word):
    with pytest.raises(UsageError, match=word):
        y4m_header(replace(INFO, **change))


def test_planes_of_another_size_are_refused():
    luma, cb, cr = planes_of(INFO)[0]
    with Y4mWriter(io.BytesIO(), INFO) as writer, pytest.raises(ValueError, match="a plane must be"):
        writer.write(Frame(index=0, luma=luma), cb[:1], cr)


class ClosedPipe(io.RawIOBase):
    def writable(self):
        return True

    def write(self, data):
        raise BrokenPipeError


def test_a_reader_that_goes_is_one_clear_line():
    with pytest.raises(ClipError, match="has stopped"), Y4mWriter(ClosedPipe(), INFO):
        pass
    buffered = io.BufferedWriter(ClosedPipe())
    with pytest.raises(ClipError, match="has stopped"), Y4mWriter(buffered, INFO):
        raise ClipError("-: has stopped")
    with pytest.raises(BrokenPipeError):  # which its end would tell of
        buffered.close()


@pytest.mark.parametrize("info", STREAMS, ids=name_of)
def test_spooled_frames_are_the_pipes(info, tmp_path):
    frames = planes_of(info)
    path = spool_stdin(io.BytesIO(written(info, frames)), tmp_path)
    check_decoded(decoded(str(path)), info, frames)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("data", [b"", b"garbage" * 100, b"YUV4MPEG2 W7 H5 F25:1\n", b"YUV4MPEG2 W0 H5 F25:1\nFRAME\n"])
def test_garbage_is_one_clear_line_and_leaves_nothing(data, tmp_path):
    with pytest.raises(ClipError, match=r"^-: [^\n]+$"):
        spool_stdin(io.BytesIO(data), tmp_path)
    assert not list(tmp_path.iterdir())


class Unseekable(io.RawIOBase):
    """A pipe: no seeking, and reads that give less than asked for."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def read(self, size=-1):
        return self._data.read(min(size, 50) if size > 0 else size)


def test_a_pipe_may_break_off_in_a_frame_not_tell_its_aspect_and_not_seek(tmp_path):
    data = written(INFO, planes_of(INFO))
    cases = (io.BytesIO(data[:-10]), 3), (io.BytesIO(data.replace(b" A4:3", b"", 1)), 4), (Unseekable(data), 4)
    for stream, whole in cases:
        assert len(decoded(str(spool_stdin(stream, tmp_path)))[0]) == whole
