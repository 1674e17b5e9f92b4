"""Film files written through PyAV: luma exactly as it came, other tracks packet for packet, whole or not at all."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.error import FFmpegError

from featcolor.clips.fields import CONTAINER_ORDERS, ORDER_CODES, TOP_FIRST, FieldMarker
from featcolor.clips.frames import ClipInfo, ClipWriter, Codes, Frame
from featcolor.clips.output.containers import CODECS, choose_codec, choose_crf, choose_format, container_of
from featcolor.clips.output.display_size import keep_shape
from featcolor.clips.output.remux import Part, TrackCopier
from featcolor.clips.output.sound import COPY
from featcolor.clips.output.tape_time import moved_time_code
from featcolor.clips.output.target import check_target
from featcolor.clips.output.tracks import TrackPlan, avi_step, plan_tracks
from featcolor.clips.probe import FULL_RANGE, NARROW_RANGE, SPACES, UNTAGGED_SPACE
from featcolor.errors import ClipError, OutputError, UsageError, reason
from featcolor.files import replacing

BT2020_TRANSFER = 14
INTERLACED_FLAG = 1 << 18
BITEXACT = 0x400
"""Of a muxer: no random identifiers and no program's name, so that the same input gives the same bytes."""

MOVIE_UNITS = 90_000
"""A second at least, as broadcast clocks have."""

FALLBACK_RATE = Fraction(25)

UNORDERED = 2
"""Frames of so short a film come in their order, and libx265 gives them times of decoding from nowhere."""

REHEARSED = 10
"""Seconds of the other tracks that a trial takes."""

ENCODER_THREADS = 4
"""On any machine: x264 and VP9 give other bytes, and other pictures, by another number of them."""


class VideoFileWriter(ClipWriter):
    """A film file as a `ClipWriter`, which leaves a whole file, or none.

    Everything that can be refused is refused when it is made; the file is opened when it is entered.

    Parameters
    ----------
    target : its extension says the container: .mp4, .m4v, .mov, .mkv, .webm or .avi.
    like : the input's facts, which the output keeps.
    source : the film whose sound, subtitles, attachments, chapters and metadata are copied; None or a folder: none.
    codec : "h264", "h265", "vp9", "av1", "ffv1" or "prores"; None: the container's own.
    crf : constant quality, smaller is better; 0 is lossless for H.264, H.265 and VP9.
    pixel_format : such as "yuv444p"; None: 4:2:0 (ProRes 4:2:2, FFV1 the input's) at the input's bits.
    sound : "copy": packet for packet, or refused; a key of `featcolor.clips.output.sound.SOUND_CODECS`: what the
        container does not take is encoded so; "none": left out.
    first_pts, last_pts : time stamps, in units of `like.time_base`, of the first and the last frame of a part: the
        part is moved to start at 0 and the other tracks are cut to it. None: from the start, to the end.
    seek_step : frames from one that is decoded on its own to the next, at most; None: the encoder's own, hundreds.
    overwrite : whether an existing target may be replaced. The source never is.

    Raises
    ------
    UsageError : what was asked for does not fit; the message names what would.
    ClipError : the source cannot be read; while writing, the disk is full or the target cannot be written.
    """

    def __init__(
        self,
        target: str | Path,
        like: ClipInfo,
        *,
        source: str | Path | None,
        codec: str | None = None,
        crf: int | None = None,
        pixel_format: str | None = None,
        sound: str = COPY,
        first_pts: int | None = None,
        last_pts: int | None = None,
        seek_step: int | None = None,
        overwrite: bool = False,
    ) -> None:
        self.target = target = Path(target)
        source = None if source is None or Path(source).is_dir() else Path(source)
        self.like, self._source, self._overwrite, self._seek_step = like, source, overwrite, seek_step
        self._container = container_of(target.suffix, str(target))
        self._codec = choose_codec(self._container, codec, str(target))
        self._crf = choose_crf(self._codec, crf, str(target))
        self.notes: list[str]
        self._format, self.notes = choose_format(self._codec, pixel_format, like, str(target))
        self.chroma_shape = replace(like, chroma_shift=self._format.chroma_shift).chroma_shape
        check_target(target, source, overwrite=overwrite)
        self._plan = TrackPlan() if source is None else plan_tracks(source, self._container, str(target), sound)
        self.notes += self._plan.notes
        self._time_base = like.time_base
        if self._container.muxer == "avi":
            self._time_base = avi_step(target, like, source)
        self._note_losses(codec)
        self._last = last_pts
        start = None if first_pts is None else first_pts * like.time_base
        self._part = Part(start=start, shift=-self._plan.clock_start if start is None else -start)
        if last_pts is not None:
            self._part = replace(self._part, end=self._end_of(last_pts, 0))
        self._stack = ExitStack()
        self._output: Any = None
        self._copier: TrackCopier | None = None
        self._fields: FieldMarker | None = None
        self._path = target
        self._first_stamp: int | None = None
        self._last_stamp: int | None = None
        self._count = 0

    def __enter__(self) -> Self:
        check_target(self.target, self._source, overwrite=self._overwrite)
        with ExitStack() as stack, self._clear_errors():
            self._open(stack.enter_context(replacing(self.target)), stack)
            self._stack = stack.pop_all()
        return self

    def rehearse(self) -> None:
        """A trial of the muxer and the encoder, written nowhere: a grey frame, and the first seconds of all tracks.

        What they refuse is a UsageError before the work, not an error after it. The writer is used up by it.
        """
        like, start = self.like, self._plan.picture_start + self._plan.clock_start
        try:
            with ExitStack() as stack, self._clear_errors():
                self._open(Path(os.devnull), stack)
                grey = (
                    np.full(shape, 1 << (like.bits - 1), like.dtype) for shape in (like.shape, *[self.chroma_shape] * 2)
                )
                luma, cb, cr = grey
                frame = Frame(index=0, luma=luma, pts=round(start / like.time_base))
                self._encode(self._picture(frame, cb, cr))
                self._encode(None)
                if self._copier is not None:
                    self._copier.finish(start + REHEARSED)
                self._output.close()
        except ClipError as error:
            raise UsageError(f"{error}; try another container (.mkv takes most), --codec or --sound") from error
        if self._copier is not None:
            self._copier.check_taken(self.target)

    def _open(self, path: Path, stack: ExitStack) -> None:
        """Open the output with all its tracks, and write its header; closed with the stack."""
        options = self._muxer_options()
        self._path = path
        self._output = av.open(f"file:{path}", "w", format=self._container.muxer, container_options=options)
        stack.callback(self._close_quietly)
        self._output.flags |= BITEXACT
        self._stream = self._picture_track()
        if self._source is not None:
            self._copier = TrackCopier(self._source, self._plan, self._output, self._part, self.notes)
            stack.callback(self._copier.close)
            if self._container.chapters:
                self._copier.copy_chapters()
        self._move_time_code(self._output.metadata)
        self._output.start_encoding()

    def write(self, frame: Frame, cb: Codes, cr: Codes) -> None:
        """Encode the frame's luma, as it is, with these chroma planes, and the sound up to it."""
        shapes = self.like.shape, self.chroma_shape, self.chroma_shape
        for plane, shape in zip((frame.luma, cb, cr), shapes, strict=True):
            if plane.shape != shape:
                raise ValueError(f"{self.target}: a plane of {shape} is due in frame {frame.index}, not {plane.shape}")
        with self._clear_errors():
            if self._copier is not None:
                self._copier.copy_until(frame.pts * self.like.time_base)
            self._encode(self._picture(frame, cb, cr))

    def __exit__(self, kind: object, *error: object) -> None:
        with self._clear_errors(), self._stack:
            if kind is not None:
                # Tells `replacing` that the file is not whole; the caller sees the error itself.
                with suppress(_NotWholeError), self._stack:
                    raise _NotWholeError
                return
            self._encode(None)
            if self._copier is not None:
                self._copier.finish(self._part.end)
            if self._last_stamp is None:
                raise ClipError(f"{self.target}: no frame was written; is the part of the film empty?")
            self._output.close()
            if not keep_shape(self._path, self.like, muxer=self._container.muxer, codec=self._codec):
                self.notes.append(f"{self.target} does not say how wide the pixels of {self.like.name} are")

    def _encode(self, picture: Any) -> None:
        packets = self._stream.encode(picture)
        self._count += picture is not None
        if self._codec == "h265" and self._count <= UNORDERED:
            for packet in packets:
                packet.dts = packet.pts
        self._output.mux(packets if self._fields is None else map(self._fields.mark_packet, packets))

    def _close_quietly(self) -> None:
        # After an error the trailer may fail too; after a clean end this does nothing.
        with suppress(FFmpegError, OSError, ValueError):
            self._output.close()

    def _note_losses(self, codec: str | None) -> None:
        like, suffix = self.like, self.target.suffix.lower()
        if suffix == ".avi":
            if like.rotation:
                raise UsageError(f"{self.target}: AVI cannot say that {like.name} is turned; write .mp4 or .mkv")
            if codec is None:
                self.notes.append("AVI is written with FFV1, which is lossless and large; .mp4 or .mkv are smaller")
            if like.pixel_aspect != 1:
                self.notes.append(f"AVI does not say that pixels here are {like.pixel_aspect} as wide as high")
        if suffix in (".mkv", ".webm") and like.time_base % Fraction(1, 1000):
            self.notes.append(f"{suffix} keeps time stamps to 1 ms; .mp4 keeps those of {like.name} exactly")
        if like.interlaced:
            kept = self._keeps_fields()
            self.notes.append(
                f"{like.name} is interlaced: its frames are coloured as they are woven"
                + ("" if kept else f", and {self._codec} here does not mark them as interlaced")
                + (", and prores marks all of them so" if self._codec == "prores" else "")
            )
        if like.tags.get("has_alpha"):
            self.notes.append(f"the transparency of {like.name} is not written")

    def _keeps_fields(self) -> bool:
        # x264 codes fields of 4:2:0 only where each field has whole chroma lines.
        whole = self._codec != "h264" or self.like.height % (2 << self._format.chroma_shift[0]) == 0
        return self.like.interlaced and self._codec in ("h264", "ffv1", "prores") and whole

    def _end_of(self, pts: int, duration: int) -> Fraction:
        rate = self.like.rate or FALLBACK_RATE
        return pts * self.like.time_base + (duration * self.like.time_base if duration else 1 / rate)

    def _muxer_options(self) -> dict[str, str]:
        if self._container.muxer in ("matroska", "webm", "avi") and self._plan.picture_start >= 0:
            # Else all tracks are moved on by the little that an encoder's first sound packets lie before 0.
            return {"avoid_negative_ts": "disabled"}
        if self._container.muxer not in ("mp4", "mov"):
            return {}
        # An MP4 keeps the start of each track in the film's own unit; of 1 ms, as usual, it would round it.
        unit = self._time_base.denominator
        return {"movie_timescale": str(unit * max(1, MOVIE_UNITS // unit))}

    def _picture_track(self) -> Any:
        like, rules = self.like, CODECS[self._codec]
        options = rules.options(self._crf)
        rate = (like.rate or FALLBACK_RATE).limit_denominator(1 << 20)
        stream: Any = self._output.add_stream(rules.encoder, rate=rate)
        context = stream.codec_context
        if self._keeps_fields():
            order = CONTAINER_ORDERS.get(like.tags.get("field_order", 0), TOP_FIRST)
            self._fields = FieldMarker(
                like.width, like.height, self._format.name, self._time_base, codec=self._codec, usual=order
            )
            context.field_order = ORDER_CODES[order]
            if self._codec != "ffv1":
                context.flags |= INTERLACED_FLAG
            if self._codec == "h264":
                options["x264-params"] += f":{order}=1"
        context.options = options
        if self._seek_step is not None:
            context.gop_size = self._seek_step
        context.width, context.height, context.pix_fmt = like.width, like.height, self._format.name
        context.time_base = self._time_base
        context.sample_aspect_ratio = like.pixel_aspect
        context.thread_type = "AUTO"  # PyAV's own choice, slices, costs x264 quality
        context.thread_count = ENCODER_THREADS
        if self._codec == "h265" and self._container.muxer in ("mp4", "mov"):
            context.codec_tag = "hvc1"  # Apple's players read no other
        for name, code in self._colour_codes().items():
            setattr(context, name, code)
        stream.metadata.update(self._plan.picture_tags)
        self._move_time_code(stream.metadata)
        if like.tags.get("display_matrix"):
            stream.set_display_matrix(like.tags["display_matrix"])
        elif like.rotation:
            stream.set_display_rotation(like.rotation)
        return stream

    def _move_time_code(self, tags: dict[str, str]) -> None:
        """The time code in tags, if there is one, as that of the part's first frame."""
        key = next((key for key in tags if key.lower() == "timecode"), None)  # Matroska's is in capitals
        if self._part.start is None or key is None or not self.like.rate:
            return
        passed = self._part.start - self._plan.picture_start - self._plan.clock_start
        tags[key] = moved_time_code(tags[key], round(passed * self.like.rate), self.like.rate)

    def _colour_codes(self) -> dict[str, int]:
        like = self.like
        space = SPACES[like.matrix]
        primaries = like.tags.get("color_primaries") or UNTAGGED_SPACE
        transfer = like.tags.get("color_trc") or UNTAGGED_SPACE
        usual = BT2020_TRANSFER if like.matrix == "bt2020" else space
        return {
            "colorspace": like.tags.get("colorspace") or space,
            "color_range": FULL_RANGE if like.full_range else NARROW_RANGE,
            "color_primaries": space if primaries == UNTAGGED_SPACE else primaries,
            "color_trc": usual if transfer == UNTAGGED_SPACE else transfer,
        }

    def _picture(self, frame: Frame, cb: Codes, cr: Codes) -> Any:
        like = self.like
        picture: Any = av.VideoFrame(like.width, like.height, self._format.name)
        shift = self._format.bits - like.bits
        for plane, codes in zip(picture.planes, (frame.luma, cb, cr), strict=True):
            dtype = np.dtype(np.uint8 if self._format.bits == 8 else "<u2")
            into = np.ndarray(codes.shape, dtype, buffer=memoryview(plane), strides=(plane.line_size, dtype.itemsize))
            np.left_shift(codes, shift, out=into, casting="unsafe", dtype=np.uint16 if shift else None)
        stamp = round((frame.pts * like.time_base + self._part.shift) / self._time_base)
        if self._container.muxer == "avi":  # it begins with its first frame
            self._first_stamp = stamp if self._first_stamp is None else self._first_stamp
            stamp -= self._first_stamp
        if self._last_stamp is not None and stamp <= self._last_stamp:
            stamp = self._last_stamp + 1  # no encoder takes a stamp twice, and no frame is dropped for it
        self._last_stamp = stamp
        picture.pts, picture.time_base = stamp, self._time_base
        picture.duration = math.floor(frame.duration * like.time_base / self._time_base)
        for name, code in self._colour_codes().items():
            setattr(picture, name, code)
        if self._last is not None and frame.pts >= self._last:
            self._part = replace(self._part, end=self._end_of(frame.pts, frame.duration))
        return picture if self._fields is None else self._fields.mark(picture, frame.fields)

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """FFmpeg's and the system's errors in one line of ours."""
        try:
            yield
        except (FFmpegError, OSError) as error:
            if getattr(error, "errno", None) != errno.ENOSPC:
                raise OutputError(f"{self.target}: cannot be written: {reason(error)}") from error
            why = "the disk is full; nothing is left of it. Free some space or write elsewhere"
            raise ClipError(f"{self.target}: cannot be written: {why}") from error


class _NotWholeError(Exception):
    """Sign that unwinds the part file after an error that the caller raises himself."""
