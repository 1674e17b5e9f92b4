"""Opens films to read and to write, behind which are `video_reader`, `video_writer` and `framefolders`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from featcolor.clips.frames import ClipInfo, ClipReader
from featcolor.clips.reader import VideoFileReader
from featcolor.clips.writer import VideoFileWriter
from featcolor.errors import UsageError


def open_clip(source: str | Path, *, rate: Fraction | None = None) -> ClipReader:
    """A film to read: a file, or a folder of pictures shown `rate` frames a second.

    A film of RGB, a palette or other non-Y'CbCr pixels is converted to 4:4:4 Y'CbCr when read; its luma is that
    conversion's. Every other film's planes are those of the decoder, bit for bit.

    Raises
    ------
    ClipError : not a film, no picture track, damaged beyond its first frames.
    UsageError : no such film, or a folder without a rate.
    """
    path = Path(source)
    if not path.is_dir():
        return VideoFileReader(path)
    if rate is None:
        raise UsageError(f"{path}: a folder of frames needs its frames a second; give --fps, for instance --fps 24")
    from featcolor.clips.folders import FrameFolderReader

    return FrameFolderReader(path, rate=rate)


def create_clip(
    target: str | Path,
    like: ClipInfo,
    *,
    source: str | Path | None,
    codec: str | None = None,
    crf: int | None = None,
    pixel_format: str | None = None,
    first_pts: int | None = None,
    last_pts: int | None = None,
    overwrite: bool = False,
) -> VideoFileWriter:
    """A film file to write: a context manager that leaves a whole file, or none.

    Everything that can be refused is refused here, before any work; the file is opened when the writer is entered.

    Parameters
    ----------
    target : its extension says the container: .mp4, .m4v, .mov, .mkv, .webm or .avi.
    like : the input's facts, which the output keeps.
    source : the film whose sound, subtitles, attachments, chapters and metadata are copied; None or a folder: none.
    codec : "h264", "h265", "vp9", "av1", "ffv1" or "prores"; None: the container's own.
    crf : constant quality, smaller is better; 0 is lossless for H.264, H.265 and VP9.
    pixel_format : such as "yuv444p"; None: 4:2:0 (ProRes 4:2:2, FFV1 the input's) at the input's bits.
    first_pts, last_pts : time stamps, in units of `like.time_base`, of the first and the last frame of a part: the
        part is moved to start at 0 and the other tracks are cut to it. None: from the start, to the end.
    overwrite : whether an existing target may be replaced. The source never is.

    Raises
    ------
    UsageError : what was asked for does not fit; the message names what would.
    ClipError : the source cannot be read; while writing, the disk is full or the target cannot be written.
    """
    tracks = None if source is None or Path(source).is_dir() else Path(source)
    return VideoFileWriter(
        Path(target),
        like,
        tracks,
        codec=codec,
        crf=crf,
        pixel_format=pixel_format,
        first_pts=first_pts,
        last_pts=last_pts,
        overwrite=overwrite,
    )
