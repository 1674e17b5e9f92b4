"""The demo's film: a camera over two photographs, an object of a third moved across, grey, with a made sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.demo.results import ColouredFilm, DemoFilm
from benchmarks.metrics.film import temporal_errors
from featcolor.colour.measures import grey_picture, psnr
from featcolor.files import replacing
from featcolor.pictures.io import write_picture

WIDTH: Final = 320
HEIGHT: Final = 192
RATE: Final = 24
SHOT_FRAMES: Final = 30
SOUND_RATE: Final = 44_100
GRAIN: Final = 2.5
"""Standard deviation of the grain, in codes of 8 bits."""
SOFTNESS: Final = 0.7
"""Blur before the photographs are made smaller, in pixels."""

CUP: Final = (slice(10, 392), slice(76, 482))
"""Where scikit-image's `coffee` shows the cup on its saucer."""
CUP_WIDTH: Final = 96

PANELS: Final = 4
"""Moments of the film that the contact strip shows."""


@dataclass(frozen=True)
class Move:
    """A camera's way over a photograph: centre (x, y) and width of its window at the first and the last frame, as
    shares of the photograph's width and height; and the cup's centre in the window, likewise."""

    photograph: str
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    cup_start: tuple[float, float]
    cup_end: tuple[float, float]


MOVES: Final = (
    Move("china", (0.40, 0.45, 0.72), (0.56, 0.52, 0.60), (-0.05, 0.72), (0.95, 0.80)),
    Move("astronaut", (0.46, 0.36, 0.88), (0.50, 0.32, 0.70), (1.02, 0.78), (0.10, 0.70)),
)


def make_film(folder: Path) -> DemoFilm:
    """Write `film-grey.mp4` and `film-keys/` into the folder; the same bytes of truth every time."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = np.stack([frame for move in MOVES for frame in _shoot(move)])
    firsts = range(0, len(truth), SHOT_FRAMES)
    shots = tuple((first, first + SHOT_FRAMES - 1) for first in firsts)
    key_frames = tuple(first + SHOT_FRAMES // 2 for first in firsts)
    path, keys = folder / "film-grey.mp4", folder / "film-keys"
    keys.mkdir(exist_ok=True)
    for index in key_frames:
        write_picture(keys / f"{index:06d}.png", truth[index])
    _write_grey(path, truth)
    return DemoFilm(path, keys, truth, shots, key_frames)


def measure_film(film: DemoFilm, coloured: Path, seconds: float) -> ColouredFilm:
    """The coloured film beside the grey one and the truth; key frames never count."""
    grey, ours = read_frames(film.path), read_frames(coloured)
    if grey.shape != film.truth.shape or ours.shape != film.truth.shape:
        raise ValueError(f"frames of {grey.shape} and {ours.shape}; the truth has {film.truth.shape}")
    counted = [index for index in range(len(grey)) if index not in film.key_frames]
    before, after = (np.mean([psnr(film.truth[i], frames[i]) for i in counted]) for frames in (grey, ours))
    return ColouredFilm(
        path=coloured,
        grey_psnr=float(before),
        psnr=float(after),
        flicker=_flicker(film, ours),
        true_flicker=_flicker(film, film.truth),
        frames_a_second=len(grey) / max(seconds, 1e-9),
        strip=contact_strip((grey, ours, film.truth)),
    )


def _flicker(film: DemoFilm, frames: NDArray[np.uint8]) -> float:
    """Mean over the shots, which are equally long; never across a cut."""
    parts = [slice(first, last + 1) for first, last in film.shots]
    return float(np.mean([temporal_errors(film.truth[part], frames[part]).chroma_flicker for part in parts]))


def contact_strip(films: tuple[NDArray[np.uint8], ...]) -> NDArray[np.uint8]:
    """A row a film, of the same moments, none of them a key frame's."""
    count = len(films[0])
    moments = [(2 * panel + 1) * count // (2 * PANELS) for panel in range(PANELS)]
    return np.vstack([np.hstack([film[moment] for moment in moments]) for film in films])


def read_frames(path: Path) -> NDArray[np.uint8]:
    """All frames, (n, H, W, 3) sRGB; for short films only."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def _shoot(move: Move) -> Iterator[NDArray[np.uint8]]:
    """The frames of a shot in colour."""
    from benchmarks.data.bundled import PHOTOGRAPHS, load

    photographs = {photograph.name: load(photograph) for photograph in PHOTOGRAPHS}
    picture = cv2.GaussianBlur(photographs[move.photograph], (0, 0), SOFTNESS)
    cup, opacity = _cut_cup(photographs["coffee"])
    for index in range(SHOT_FRAMES):
        time_ = index / (SHOT_FRAMES - 1)
        eased = time_ * time_ * (3 - 2 * time_)  # a camera starts and stops gently
        x, y, width = ((1 - eased) * a + eased * b for a, b in zip(move.start, move.end, strict=True))
        frame = _look(picture, x, y, width)
        cup_x, cup_y = ((1 - time_) * a + time_ * b for a, b in zip(move.cup_start, move.cup_end, strict=True))
        yield _place(frame, cup, opacity, cup_x * WIDTH, cup_y * HEIGHT)


def _look(picture: NDArray[np.uint8], x: float, y: float, width: float) -> NDArray[np.uint8]:
    """What a window of the picture shows, at the film's size."""
    scale = WIDTH / (width * picture.shape[1])
    shift_x, shift_y = WIDTH / 2 - scale * x * picture.shape[1], HEIGHT / 2 - scale * y * picture.shape[0]
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    size = (WIDTH, HEIGHT)
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def _cut_cup(coffee: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The cup within a soft ellipse: colours and opacity."""
    piece = coffee[CUP]
    size = (CUP_WIDTH, round(CUP_WIDTH * piece.shape[0] / piece.shape[1]))
    cup = cv2.resize(piece, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    rows, columns = np.indices(cup.shape[:2], np.float32)
    radius = np.hypot(2 * (rows + 0.5) / size[1] - 1, 2 * (columns + 0.5) / size[0] - 1)
    return cup, np.clip((1 - radius) * 12, 0, 1)[..., None].astype(np.float32)


def _place(
    frame: NDArray[np.uint8], cup: NDArray[np.float32], opacity: NDArray[np.float32], x: float, y: float
) -> NDArray[np.uint8]:
    """The cup over the frame, its centre at (x, y), which may lie outside and between pixels."""
    matrix = np.array([[1, 0, x - cup.shape[1] / 2], [0, 1, y - cup.shape[0] / 2]])
    moved, share = (cv2.warpAffine(plane, matrix, (WIDTH, HEIGHT)) for plane in (cup * opacity, opacity))
    return np.rint(frame * (1 - share[..., None]) + moved).clip(0, 255).astype(np.uint8)


def _write_grey(path: Path, truth: NDArray[np.uint8]) -> None:
    """H.264 with neutral chroma, and AAC; Y' of a grey is the same in every matrix."""
    rng = np.random.default_rng(0)
    with replacing(path) as part, av.open(str(part), "w", format="mp4") as container:
        video: Any = container.add_stream("libx264", RATE, options={"crf": "14", "preset": "medium", "threads": "1"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.time_base = Fraction(1, RATE)
        for tag in ("colorspace", "color_primaries", "color_trc", "color_range"):
            setattr(video.codec_context, tag, 1)  # BT.709, limited range
        audio: Any = container.add_stream("aac", SOUND_RATE, layout="mono")
        for index, rgb in enumerate(truth):
            grey = grey_picture(rgb)[..., 0] + rng.normal(0, GRAIN, rgb.shape[:2])
            luma = np.rint(16 + 219 / 255 * grey.clip(0, 255)).astype(np.uint8)
            planes = np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for sound in _sound(len(truth) / RATE):
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))


def _sound(seconds: float) -> Iterator[Any]:
    """A chime at each cut: a fifth that dies away."""
    at = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    since = at % (SHOT_FRAMES / RATE)
    wave = sum(np.sin(2 * np.pi * pitch * since) for pitch in (440, 660)) * np.exp(-3 * since) * 0.2
    for start in range(0, len(wave), 1024):
        piece = wave[start : start + 1024].astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        yield frame
