"""The demo's film is grey, has its sound, moves and cuts; what is measured of it leaves key frames out."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.demo.film import (
    HEIGHT,
    PANELS,
    RATE,
    SHOT_FRAMES,
    WIDTH,
    contact_strip,
    make_film,
    measure_film,
    read_frames,
)
from benchmarks.demo.results import DemoFilm
from featcolor.pictures.io import read_picture
from featcolor.video.colorize import colorize_video


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> DemoFilm:
    return make_film(tmp_path_factory.mktemp("film"))


def test_the_film_is_grey_and_has_all_frames_and_sound(film: DemoFilm) -> None:
    with av.open(str(film.path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (WIDTH, HEIGHT, RATE)
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    assert len(frames) == len(film.truth) == 2 * SHOT_FRAMES
    assert all((frame[HEIGHT:] == 128).all() for frame in frames)
    with av.open(str(film.path)) as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        assert samples.shape[1] / container.streams.audio[0].rate == pytest.approx(len(frames) / RATE, abs=0.1)
    assert 0.1 < np.abs(samples).max() < 0.9
    assert {each.name for each in film.path.parent.iterdir()} == {"film-grey.mp4", "film-keys"}


def test_the_grey_film_shows_the_truth_with_grain(film: DemoFilm) -> None:
    grey = read_frames(film.path)[::7].astype(float)[..., 1]
    truth = film.truth[::7].astype(float) @ [0.2126, 0.7152, 0.0722]
    for ours, wanted in zip(grey, truth, strict=True):
        assert np.corrcoef(ours.ravel(), wanted.ravel())[0, 1] > 0.97


def test_it_moves_within_shots_and_cuts_between_them(film: DemoFilm) -> None:
    change = np.abs(np.diff(film.truth.astype(float), axis=0)).mean(axis=(1, 2, 3))
    cuts = [first - 1 for first, _ in film.shots[1:]]
    inside = np.delete(change, cuts)
    assert (inside > 0.2).all()
    assert change[cuts].min() > 2 * inside.max()


def test_key_frames_are_the_truth_one_a_shot(film: DemoFilm) -> None:
    assert len(film.key_frames) == len(film.shots)
    assert len(list(film.keys.iterdir())) == len(film.key_frames)
    for index, (first, last) in zip(film.key_frames, film.shots, strict=True):
        assert first <= index <= last
        np.testing.assert_array_equal(read_picture(film.keys / f"{index:06d}.png").pixels, film.truth[index])


def test_an_uncoloured_film_gains_nothing(film: DemoFilm, tmp_path: Path) -> None:
    copy = Path(shutil.copy(film.path, tmp_path / "same.mp4"))
    measured = measure_film(film, copy, seconds=6.0)
    assert measured.psnr == measured.grey_psnr
    assert measured.flicker < 0.1  # grey is steady
    assert 0 < measured.true_flicker < 3
    assert measured.frames_a_second == 10
    assert measured.strip.shape == (3 * HEIGHT, PANELS * WIDTH, 3)


def test_the_strip_shows_no_key_frame(film: DemoFilm) -> None:
    numbers = np.arange(len(film.truth), dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 1, 3), np.uint8)
    assert not set(contact_strip((numbers,))[0, :, 0].tolist()) & set(film.key_frames)


def test_our_pipeline_colours_it(film: DemoFilm, tmp_path: Path) -> None:
    target = tmp_path / "coloured.mp4"
    colorize_video(str(film.path), str(target), keyframes=str(film.keys))
    coloured = measure_film(film, target, seconds=1.0)
    assert coloured.psnr > coloured.grey_psnr + 1
    assert coloured.flicker < coloured.true_flicker + 1
