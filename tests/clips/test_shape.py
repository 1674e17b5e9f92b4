"""The shape of pixels in Matroska, for codecs that do not say it themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from featcolor.clips.open import open_clip
from featcolor.clips.output.display_size import shown_size
from tests.clips.samples import frames_of, make_clip, packet_hashes, rewrite

SHAPE = Fraction(16, 15)
HOMES = [(codec, suffix) for codec in ("vp9", "av1") for suffix in (".mkv", ".webm")]


@pytest.mark.parametrize(("codec", "suffix"), [*HOMES, ("ffv1", ".mkv"), ("prores", ".mkv")])
def test_pixels_keep_their_shape_in_every_codec(codec: str, suffix: str, tmp_path: Path) -> None:
    sound = ["libopus"]
    source = make_clip(tmp_path / "in.mkv", aspect=SHAPE, sound=sound, chapters=True, metadata={"title": "Harbour"})
    writer = rewrite(source, target := tmp_path / f"out{suffix}", codec=codec)
    with open_clip(target) as clip, av.open(str(target)) as film:
        assert clip.info.pixel_aspect == SHAPE
        assert film.metadata["title"] == "Harbour"
        assert len(film.chapters()) == 2
    assert not any("as wide as high" in note for note in writer.notes)
    assert len(frames_of(target)) == 12
    assert packet_hashes(target) == packet_hashes(source)


def test_a_changed_film_can_be_sought_in(tmp_path: Path) -> None:
    target = tmp_path / "out.mkv"
    rewrite(make_clip(tmp_path / "in.mp4", aspect=SHAPE), target, codec="ffv1", seek_step=1)
    with av.open(str(target)) as film:
        film.seek(200, stream=film.streams.video[0])
        assert next(film.decode(film.streams.video[0])).pts == 200


@pytest.mark.parametrize("aspect", [Fraction(16, 15), Fraction(8, 9), Fraction(4320, 4739)])
def test_a_size_of_display_has_the_shape_of_the_picture(aspect: Fraction) -> None:
    width, height = shown_size(720, 576, aspect)
    assert abs(Fraction(width, height) - Fraction(720, 576) * aspect) < Fraction(1, 576)
    assert 288 < height <= 2 * 576
