"""Y4M pipes (YUV4MPEG2, as mjpegtools, ffmpeg and VapourSynth speak it): frames written, and standard input kept."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from featcolor.clips.frames import ClipInfo, ClipWriter, Codes, Frame
from featcolor.errors import ClipError, UsageError, reason

SUBSAMPLINGS = {(0, 0): "444", (0, 1): "422", (1, 1): "420"}
DEPTHS = (8, 9, 10, 12, 14, 16)
"""Bits a sample that the header can name."""

GONE = "-: the program that reads our output has stopped; see what it said"
_LEFT_SITED = {"420": "420mpeg2"}  # names of 8 bits that tell where chroma lies; deeper ones cannot


def y4m_header(like: ClipInfo) -> bytes:
    """The first line of a Y4M stream; UsageError where Y4M cannot say it.

    Y4M has no rotation and no matrix: frames go out as stored, and the next program has to be told both.
    """
    if like.rate is None:
        raise UsageError(
            f"{like.name}: its frame rate is not constant or not known, and Y4M has one; write a file instead"
        )
    subsampling = SUBSAMPLINGS.get(like.chroma_shift)
    if subsampling is None or like.bits not in DEPTHS:
        raise UsageError(
            f"{like.name}: Y4M holds no chroma shifted by {like.chroma_shift} at {like.bits} bits; write a file instead"
        )
    colour = _LEFT_SITED.get(subsampling, subsampling) if like.bits == 8 else f"{subsampling}p{like.bits}"
    weave = "?" if like.interlaced else "p"  # which field comes first is not known here
    rate, aspect = like.rate, like.pixel_aspect
    return (
        f"YUV4MPEG2 W{like.width} H{like.height} F{rate.numerator}:{rate.denominator} I{weave} "
        f"A{aspect.numerator}:{aspect.denominator} C{colour} XCOLORRANGE={'FULL' if like.full_range else 'LIMITED'}\n"
    ).encode("ascii")


class Y4mWriter(ClipWriter):
    """A `ClipWriter` onto a pipe; what was written when an error passes cannot be taken back.

    Parameters
    ----------
    stream : binary, left open
    like : of the input; its rate, size, aspect, range, depth and subsampling go into the header

    Raises
    ------
    UsageError : no constant rate, or planes that Y4M cannot hold.
    ClipError : the reader of the pipe has gone.
    """

    def __init__(self, stream: BinaryIO, like: ClipInfo) -> None:
        self._stream, self._like, self._header = stream, like, y4m_header(like)
        self.chroma_shape = like.chroma_shape

    def write(self, frame: Frame, cb: Codes, cr: Codes) -> None:
        """Send the frame's luma, as it is, with these chroma planes."""
        shapes, dtype = (self._like.shape, self.chroma_shape, self.chroma_shape), self._like.dtype
        self._send(b"FRAME\n")
        for plane, shape in zip((frame.luma, cb, cr), shapes, strict=True):
            if plane.shape != shape or plane.dtype != dtype:
                raise ValueError(f"a plane must be {shape} {dtype}, got {plane.shape} {plane.dtype}")
            self._send(np.ascontiguousarray(plane, plane.dtype.newbyteorder("<")).tobytes())

    def _send(self, data: bytes) -> None:
        try:
            self._stream.write(data)
        except BrokenPipeError:
            raise ClipError(GONE) from None
        except OSError as error:
            raise ClipError(f"-: the output cannot be written ({reason(error)}); is there room?") from error

    def __enter__(self) -> Self:
        self._send(self._header)
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        try:
            self._stream.flush()
        except OSError:
            if kind is None:
                raise ClipError(GONE) from None


def spool_stdin(stream: BinaryIO, folder: Path) -> Path:
    """A temporary file of a Y4M stream, planes bit for bit (FFV1), so that later passes can read it again.

    A stream that ends within a frame is kept to the frame before.

    Returns
    -------
    The file, in `folder`; the caller deletes it. It is an MP4: NUT loses the colour range, and Matroska rounds time
    stamps to milliseconds. MP4 keeps the range beside a matrix only, which Y4M does not tell: it is written as players
    assume it, BT.601 below 720 lines, BT.709 from there.

    Raises
    ------
    ClipError : what comes is no Y4M, has no frame, or is damaged; or the folder is full. No file is left then.
    """
    path = folder / f".stdin.{secrets.token_hex(4)}.mp4"
    try:
        _spool(stream, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _spool(stream: BinaryIO, path: Path) -> None:
    import av  # heavy, and its shared libraries are not needed to write Y4M

    from featcolor.clips.probe import SPACES, usual_matrix

    n_frames = 0
    try:
        with av.open(stream, "r", format="yuv4mpegpipe") as source, av.open(f"file:{path}", "w", format="mp4") as kept:
            video = source.streams.video[0]
            if video.average_rate is None:
                raise ValueError("it has no frame, or tells no frame rate")
            copy: Any = kept.add_stream("ffv1", rate=video.average_rate)
            copy.width, copy.height, copy.pix_fmt = video.width, video.height, video.codec_context.pix_fmt
            copy.codec_context.time_base = video.time_base
            copy.codec_context.color_range = video.codec_context.color_range
            copy.codec_context.color_primaries = copy.codec_context.color_trc = SPACES["bt709"]
            copy.codec_context.colorspace = SPACES[usual_matrix(video.height)]
            if video.sample_aspect_ratio:  # None where the header does not tell
                copy.codec_context.sample_aspect_ratio = video.sample_aspect_ratio
            for frame in source.decode(video):
                kept.mux(copy.encode(frame))
                n_frames += 1
            kept.mux(copy.encode(None))
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise ClipError(
            f"-: what came on standard input is not whole Y4M ({reason(error)}, after {n_frames} frames); "
            "send it with 'ffmpeg -i FILM -f yuv4mpegpipe -strict -1 -'"
        ) from error
    if not n_frames:
        raise ClipError("-: no frame came on standard input; see what the program before us said")
