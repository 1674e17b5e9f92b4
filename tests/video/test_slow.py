"""Minutes of work (`make slow`): films of every container come out with all their tracks, and kills change nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featcolor.clips.open import open_clip
from featcolor.clips.output.containers import CONTAINERS
from featcolor.commands import main
from tests.clips.samples import make_clip, packet_hashes, seconds

pytestmark = pytest.mark.slow
COMMAND = (sys.executable, str(Path(__file__).resolve().parents[2] / "cli.py"), "video")
PCM = ("pcm_s16le",)
STEADY = {"time_base": Fraction(1, 25)}


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", {"sound": ("aac", "libmp3lame"), "subtitles": ("mov_text",), "chapters": True}),
        (".m4v", {"sound": ("aac",), "subtitles": ("mov_text",)}),
        (".mov", {"sound": ("pcm_s16be", "aac"), "subtitles": ("mov_text",)}),
        (".mkv", {"sound": ("libopus", "flac"), "subtitles": ("subrip", "ass"), "attachment": True}),
        (".webm", {"codec": "libvpx-vp9", "sound": ("libopus",), "subtitles": ("webvtt",)}),
        (".avi", {"codec": "mpeg4", "sound": (*PCM, "libmp3lame"), "aspect": Fraction(1), **STEADY}),
        (".3gp", {"codec": "mpeg4", "sound": ("aac",), **STEADY}),
        (".3g2", {"sound": ("aac",)}),
        (".f4v", {"sound": ("aac",)}),
        (".flv", {"codec": "flv", "sound": ("libmp3lame",), **STEADY}),
        (".wmv", {"codec": "wmv2", "sound": ("libmp3lame",), **STEADY}),
        (".asf", {"codec": "msmpeg4", "sound": ("libmp3lame",), **STEADY}),
        (".mpg", {"codec": "mpeg1video", "sound": ("mp2",), **STEADY}),
        (".vob", {"codec": "mpeg2video", "sound": ("ac3",), **STEADY}),
        (".ts", {"codec": "mpeg2video", "sound": ("mp2", "ac3"), **STEADY}),
        (".m2ts", {"sound": ("ac3",), **STEADY}),
        (".mxf", {"codec": "mpeg2video", "sound": PCM, **STEADY}),
        (".nut", {"codec": "ffv1", "sound": (*PCM, "flac")}),
        (".ogv", {"codec": "libvpx", "sound": ("libopus",)}),
        (".wtv", {"codec": "mpeg2video", "sound": ("mp2",), **STEADY}),
        (".ivf", {"codec": "libvpx"}),
    ],
)
def test_a_film_of_every_container_keeps_frames_stamps_aspect_and_tracks(
    tiny_model: Path, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    source = make_clip(tmp_path / f"in{suffix}", **{"aspect": Fraction(16, 15), **options})
    target = tmp_path / f"out{suffix if suffix in CONTAINERS else '.mkv'}"
    assert main(["video", str(source), "-o", str(target), "--model", str(tiny_model), "--preset", "fast", "-q"]) == 0
    before, after = seconds(source), seconds(target)
    assert len(after) == len(before) >= 11
    np.testing.assert_allclose(np.diff(np.float64(after)), np.diff(np.float64(before)), atol=1.01e-3)
    shapes = [(i.width, i.height, i.pixel_aspect, i.rotation) for i in (open_clip(p).info for p in (source, target))]
    assert shapes[0] == shapes[1]
    assert packet_hashes(target) == packet_hashes(source)
    assert len(packet_hashes(source)) == len(options.get("sound", ())) + len(options.get("subtitles", ()))


def test_a_run_killed_at_any_moment_resumes_to_the_same_film(reel: Path, keys: Path, tmp_path: Path) -> None:
    def words(target: Path) -> list[str]:
        options = ("--codec", "ffv1", "--preset", "fast", "--quiet")
        return [*COMMAND, str(reel), "-o", str(target), "--keyframes", str(keys), *options]

    whole, started = tmp_path / "whole.mkv", time.perf_counter()
    subprocess.run(words(whole), check=True)
    took = time.perf_counter() - started
    for number, share in enumerate(np.random.default_rng(0).uniform(0.3, 1, 12)):
        target = tmp_path / f"killed-{number}.mkv"
        process = subprocess.Popen(words(target), start_new_session=True)
        try:
            process.wait(share * took)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            subprocess.run([*words(target), "--resume", "--overwrite"], check=True)
        assert target.read_bytes() == whole.read_bytes(), f"killed after {share * took:.2f} s"
        assert not [path for path in tmp_path.iterdir() if path.name.lstrip(".").startswith(f"{target.name}.")]
