"""Good films of many containers and codecs, which the mutations begin from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.clips.samples import make_clip

SIZE = (64, 48)
QUICK_265 = {"x265-params": "log-level=none", "preset": "ultrafast"}
PLAIN: dict[str, dict[str, Any]] = {
    "mp4": {"sound": ("aac",), "subtitles": ("mov_text",), "chapters": True, "rotation": 90},
    "fast.mp4": {"sound": ("ac3",), "container_options": {"movflags": "faststart"}},
    "pieces.mp4": {"sound": ("aac",), "container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc.mp4": {"codec": "libx265", "options": QUICK_265},
    "vp9.mp4": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "mov": {"sound": ("pcm_s16le",), "interlaced": True},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "mjpeg.mov": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "mkv": {"sound": ("libopus", "flac"), "subtitles": ("subrip",), "chapters": True, "attachment": True},
    "ffv1.mkv": {"codec": "ffv1", "pix_fmt": "yuv444p16le", "options": {"level": "3"}},
    "grey.mkv": {"codec": "ffv1", "pix_fmt": "gray", "options": {"level": "3"}},
    "vp8.mkv": {"codec": "libvpx", "options": {"deadline": "realtime"}},
    "deep.mkv": {"pix_fmt": "yuv420p10le", "options": {"qp": "30"}, "subtitles": ("ass",), "color_range": 2},
    "av1.mkv": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "huffyuv.avi": {"codec": "huffyuv", "pix_fmt": "yuv422p", "sound": ("pcm_s16le",)},
    "avi": {"codec": "mpeg4", "sound": ("libmp3lame",)},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "sound": ("pcm_s16le",)},
    "utvideo.avi": {"codec": "utvideo", "pix_fmt": "yuv422p"},
    "msmpeg4.avi": {"codec": "msmpeg4", "sound": ("adpcm_ima_wav",)},
    "raw.avi": {"codec": "rawvideo"},
    "ts": {"codec": "mpeg2video", "sound": ("mp2",)},
    "avc.ts": {"sound": ("aac",)},
    "webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime"}, "sound": ("libopus",)},
    "mpg": {"codec": "mpeg2video", "sound": ("mp2",)},
    "wmv": {"codec": "wmv2"},
    "old.wmv": {"codec": "wmv1"},
    "flv": {"codec": "flv"},
    "mxf": {"codec": "mpeg2video", "sound": ("pcm_s16le",)},
    "dv": {"codec": "dvvideo", "size": (720, 576), "n": 2},
}
"""Options of `make_clip` by the ends of names."""


def film_seeds(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Kind and content of each."""
    os.environ.setdefault("SVT_LOG", "1")  # AV1's encoder's own words: errors only
    for name, options in PLAIN.items():
        kind = name.rpartition(".")[2]
        own = {"options": {"qp": "30"}} if "codec" not in options else {"time_base": Fraction(1, 25)}
        path = make_clip(folder / f"film.{kind}", **{"n": 6, "size": SIZE, **own, **options})
        yield kind, path.read_bytes()
