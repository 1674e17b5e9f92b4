"""Sound of a film: copied packet for packet into any container that can hold it, or encoded anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.error import BlockingIOError as NotYet
from av.error import EOFError as NoMore
from av.error import InvalidDataError

COPY, NO_SOUND = "copy", "none"
"""What else can be asked for beside the keys of `SOUND_CODECS`."""


class SoundCodec(NamedTuple):
    """An encoder of sound: its name in FFmpeg, and that of what it writes."""

    encoder: str
    canonical: str


SOUND_CODECS: Mapping[str, SoundCodec] = {
    "aac": SoundCodec("aac", "aac"),
    "opus": SoundCodec("libopus", "opus"),
    "pcm": SoundCodec("pcm_s16le", "pcm_s16le"),
}
"""What sound is encoded as, by the name that is asked for."""

OPUS_RATE = 48_000
OPUS_LAYOUTS = {
    "5.1(side)": "5.1",
    "5.0(side)": "5.0",
    "quad(side)": "quad",
    "4.0": "quad",
    "2.1": "3.0",
    "7.1(wide)": "7.1",
}
"""Places of channels that Opus does not know, as AC-3 and DTS have them, by the nearest that it knows."""

BITS_A_CHANNEL = 96_000
"""A second, of AAC and Opus: more than the sound of old films needs."""
NO_TAG = "\0\0\0\0"


def codec_name(stream: Any) -> str:
    """FFmpeg's name of a track's codec ("mp3", whichever decoder would be used); "" where it is unknown."""
    return "" if stream.codec_context is None else str(stream.codec_context.codec.canonical_name)


def add_copy(output: Any, stream: Any) -> Any:
    """A track of an output for the packets of another film's track; ValueError when the container has no such tracks.

    PyAV asks a muxer for what it has names of its own for. Matroska also holds what has a number in Microsoft's list of
    sound formats (Matroska codec mappings, A_MS/ACM), and writes its header or fails: the track is made as one of
    samples, and then given the parameters of the stream.
    """
    try:
        return output.add_stream_from_template(stream)
    except ValueError:
        if stream.type != "audio" or output.format.name != "matroska":
            raise
    with av.open(BytesIO(_few_samples())) as film:
        copy = output.add_stream_from_template(film.streams.audio[0])
    BitStreamFilterContext("null", stream, copy)
    copy.time_base = stream.time_base
    copy.codec_context.codec_tag = NO_TAG  # of the container that it comes from
    return copy


class SoundEncoder:
    """An encoder of a track's packets, decoded, into another codec; what is missing between them becomes silence.

    Parameters
    ----------
    stream : of the source
    output : container that gets a track; not begun yet
    codec : a key of `SOUND_CODECS`

    Attributes
    ----------
    deaf : whether there were packets, and none of them could be decoded.
    """

    def __init__(self, stream: Any, output: Any, codec: str) -> None:
        self._source = stream.codec_context
        self._layout = _named_layout(self._source.layout)
        self._written = OPUS_LAYOUTS.get(self._layout, self._layout) if codec == "opus" else self._layout
        rate = OPUS_RATE if codec == "opus" else self._source.sample_rate
        self.track = output.add_stream(SOUND_CODECS[codec].encoder, rate=rate, layout=self._written)
        if codec != "pcm":
            self.track.codec_context.bit_rate = BITS_A_CHANNEL * self._source.layout.nb_channels
        self._graph: Any = None
        self._end = Fraction(0)
        self._broken = 0

    @property
    def deaf(self) -> bool:
        return self._broken > 0 and self._graph is None

    def encode(self, packet: Any | None) -> Iterator[Any]:
        """Packets of the new track, which come later than what went in; None: all that are left."""
        try:
            frames = self._source.decode(packet)
        except InvalidDataError:
            self._broken += 1
            return  # what is missing becomes silence
        for frame in map(self._stamped, frames):
            if self._graph is None:
                self._graph = self._resampler(frame)
            self._graph.push(frame)
            yield from self._encoded()
        if packet is None:
            if self._graph is not None:
                self._graph.push(None)
                yield from self._encoded()
            yield from self.track.encode(None)

    def _stamped(self, frame: Any) -> Any:
        """A frame with a time stamp: decoders that give several of a packet stamp the first."""
        unit = Fraction(1, frame.sample_rate)
        start = self._end if frame.pts is None else frame.pts * frame.time_base
        frame.pts, frame.time_base = round(start / unit), unit
        self._end = start + frame.samples * unit
        return frame

    def _encoded(self) -> Iterator[Any]:
        while True:
            try:
                frame = self._graph.pull()
            except (NotYet, NoMore):
                return
            yield from self.track.encode(frame)

    def _resampler(self, frame: Any) -> Any:
        """FFmpeg's filters that keep samples at their times and cut them to what the encoder takes at once."""
        context = self.track.codec_context
        graph = av.filter.Graph()
        options = (
            f"time_base=1/{frame.sample_rate}:sample_rate={frame.sample_rate}:"
            f"sample_fmt={frame.format.name}:channel_layout={self._layout}"
        )
        last = graph.add("abuffer", options)
        kind = f"sample_fmts={context.format.name}:sample_rates={context.sample_rate}:channel_layouts={self._written}"
        steps = [("aresample", "async=1"), ("aformat", kind)]
        if context.frame_size:
            steps.append(("asetnsamples", f"n={context.frame_size}:p=0"))
        for name, text in (*steps, ("abuffersink", None)):
            last.link_to(step := graph.add(name, text))
            last = step
        graph.configure()
        return graph


def _named_layout(layout: Any) -> str:
    """A name of the channels' places, which old files do not tell: of one and two there is but one."""
    return {1: "mono", 2: "stereo"}.get(layout.nb_channels, str(layout.name))


@cache
def _few_samples() -> bytes:
    """A WAV file that holds next to nothing."""
    stream = BytesIO()
    with av.open(stream, "w", format="wav") as output:
        track: Any = output.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        output.mux(track.encode(frame))
    return stream.getvalue()
