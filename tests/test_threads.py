"""The same bytes by any number of threads and processes: pictures, models, films."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.colour.lab import lightness_of
from featcolor.hints.hint import Hint, Hints
from featcolor.hints.picture import HintedColorizer
from featcolor.models.album import AlbumColorizer, AlbumConfig
from featcolor.models.colorizer import Colorizer
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.video.colorize import colorize_video
from features.threads import one_blas_thread, side_by_side
from refine.refiners import REFINERS, refine
from refine.stains import calm_stains
from tests.samples import quick_config
from tests.video.samples import ffv1, make_keys, make_reel

Photographs = dict[str, NDArray[np.uint8]]
Threads = Callable[[], bytes]

COUNTS = (1, 2, 3, 5)


@contextmanager
def given(count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of so many cores, whose libraries have as many threads."""
    before = cv2.getNumThreads()
    with monkeypatch.context() as patch, threadpool_limits(count):
        patch.setattr("joblib.cpu_count", lambda: count)
        cv2.setNumThreads(count)
        yield
    cv2.setNumThreads(before)


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], bytes]], bytes]:
    """What a piece of work gives, which is the same by every number of threads."""

    def run(work: Callable[[], bytes]) -> bytes:
        made = []
        for count in COUNTS:
            with given(count, monkeypatch):
                made.append(work())
        assert made[0]
        assert [other == made[0] for other in made] == [True] * len(COUNTS)
        return made[0]

    return run


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_blas_has_one_thread_until_the_last_block_ends() -> None:
    with threadpool_limits(3):
        first, second = one_blas_thread(), one_blas_thread()
        with first:
            second.__enter__()
            assert blas_threads() == {1}
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == {3}


def test_side_by_side_keeps_the_order(once: Callable[[Threads], bytes]) -> None:
    assert once(lambda: bytes(side_by_side([lambda n=n: n * n for n in range(12)]))) == bytes(n * n for n in range(12))


def test_the_default_model(once: Callable[[Threads], bytes], photographs: Photographs) -> None:
    once(lambda: PretrainedColorizer().predict(lightness_of(photographs["china"])).tobytes())


def test_hints(once: Callable[[Threads], bytes], photographs: Photographs) -> None:
    deep = photographs["coffee"].mean(axis=2).astype(np.uint16) * 257
    hints = Hints((Hint.parse("20,30=#a03020"), Hint.parse("60,40 80,60,2=#808080"))).pixels(deep.shape)
    once(lambda: HintedColorizer(PretrainedColorizer(), hints).colorize(deep).tobytes())


def test_a_fit_and_its_pictures(once: Callable[[Threads], bytes], photographs: Photographs, tmp_path: Path) -> None:
    """What learns, members, clusters, mirrored: whatever multiplies matrices."""
    features = "context,words,embedding,backbone@stride8#16"
    config = quick_config(features=features, hidden=(32,), members=2, clusters=2, mirrored=True)
    corners = [(y, x) for y in (0, 20) for x in (0, 20, 40, 60)]
    references = [each[y : y + 70, x : x + 70] for each in photographs.values() for y, x in corners]
    path = tmp_path / "m.featcolor"

    def fit() -> bytes:
        model = Colorizer(config).fit(references, jobs=1)
        model.save(path)
        return path.read_bytes() + model.predict(lightness_of(photographs["coffee"])).tobytes()

    once(fit)


@pytest.mark.parametrize("count", [1, 5])
def test_an_album(once: Callable[[Threads], bytes], photographs: Photographs, count: int) -> None:
    pictures = [photographs[name] for name in ("astronaut", "coffee", "rocket", "flower", "chelsea")][:count]
    config = AlbumConfig(pixels=3000, keys=900, pixels_each=900, width=64, folds=2)
    once(lambda: AlbumColorizer(album=config).fit(pictures).predict(lightness_of(photographs["china"])).tobytes())


@pytest.mark.parametrize("method", REFINERS)
def test_a_refiner(once: Callable[[Threads], bytes], photographs: Photographs, method: str) -> None:
    lightness = lightness_of(photographs["coffee"])
    chroma = np.random.default_rng(0).normal(0, 20, (*lightness.shape, 2)).astype(np.float32)
    once(lambda: refine(chroma, lightness, method=method).tobytes())


def test_calming_stains(once: Callable[[Threads], bytes], photographs: Photographs) -> None:
    lightness = lightness_of(photographs["coffee"])
    chroma = np.random.default_rng(0).normal(0, 20, (*lightness.shape, 2)).astype(np.float32)
    once(lambda: calm_stains(chroma, lightness, lightness).tobytes())


@pytest.mark.parametrize("keys", [True, False])
def test_a_film(once: Callable[[Threads], bytes], default_network: Path, tmp_path: Path, keys: bool) -> None:
    source, target = make_reel(tmp_path / "in.mkv"), tmp_path / "out.mkv"
    folder = make_keys(tmp_path / "keys") if keys else None

    def colour() -> bytes:
        colorize_video(source, target, keyframes=folder, options=ffv1(overwrite=True))
        return target.read_bytes()

    once(colour)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken from a process here")
@pytest.mark.parametrize("codec", ["h264", "vp9"])
def test_an_encoder_by_any_number_of_cores(tmp_path: Path, codec: str) -> None:
    """Its threads are its own affair, and it asks the system how many cores there are."""
    info = ClipInfo(name="noise", width=240, height=136, time_base=Fraction(1, 25), rate=Fraction(25))
    rng = np.random.default_rng(0)
    still = cv2.GaussianBlur(rng.integers(0, 256, (136, 400), np.uint8), (0, 0), 3)
    chroma = np.full((68, 120), 128, np.uint8)
    cores = os.sched_getaffinity(0)
    made = set()
    for use in (cores, {min(cores)}, cores, cores):
        os.sched_setaffinity(0, use)
        try:
            with VideoFileWriter(tmp_path / "out.mkv", info, source=None, codec=codec, overwrite=True) as writer:
                for number in range(30):
                    luma = still[:, 3 * number : 3 * number + 240] + np.random.default_rng(number).integers(
                        0, 20, (136, 240), np.uint8
                    )
                    frame = Frame(index=number, luma=luma, cb=chroma, cr=chroma, pts=number, duration=1)
                    writer.write(frame, chroma, chroma)
        finally:
            os.sched_setaffinity(0, cores)
        made.add((tmp_path / "out.mkv").read_bytes())
    assert len(made) == 1
