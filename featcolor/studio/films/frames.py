"""Single frames of a film as pictures: in full size to give hints on, and small ones to find one's way by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.reader import VideoFileReader
from featcolor.errors import UsageError
from featcolor.files import remove_parts, replacing
from featcolor.pictures.io import write_picture
from featcolor.pictures.resize import resize
from featcolor.studio.films.folder import FilmFacts, FilmFolder
from featcolor.studio.films.proxy import proxy_frames
from featcolor.video.keyframes.export import export_keys, frame_picture
from featcolor.video.scan import small_lightness

THUMB_SIDE: Final = 240
"""Pixels of a small picture's longer side."""
JPEG_QUALITY: Final = 85
MOST_OFF: Final = 0.03
"""Mean difference of lightness, 0..1, between a frame and its compressed copy; two frames of a film are further apart
where it matters."""
COMPARED: Final = (36, 64)


def write_frame(source: str | Path, folder: str | Path, frame: int) -> Path:
    """Path of the picture of a frame, in full size and grey, which is written where it is not there yet.

    UsageError for a frame that there is not.
    """
    film = FilmFolder(source, folder)
    facts = film.scanned()
    if not 0 <= frame < facts.frames:
        raise UsageError(f"{film.source.name}: there is no frame {frame}, it has {facts.frames}")
    target = film.picture(frame)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_parts([target])
    with replacing(target) as part:
        # The format is told by the name's ending.
        named = part.with_name(part.name + target.suffix)
        try:
            found = _sought(film, facts, frame)
            if found is None:
                with open_clip(film.source) as reader:
                    export_keys(reader, {frame: named})
            else:
                write_picture(named, found)
            named.replace(part)
        finally:
            named.unlink(missing_ok=True)
    return target


def write_thumb(source: str | Path, folder: str | Path, frame: int) -> Path:
    """Path of the small picture of a frame, which is written where it is not there yet."""
    film = FilmFolder(source, folder)
    facts = film.scanned()
    if not 0 <= frame < facts.frames:
        raise UsageError(f"{film.source.name}: there is no frame {frame}, it has {facts.frames}")
    write_thumbs(film, facts, [frame], lambda done, total: None)
    return film.thumb(frame)


def write_thumbs(
    film: FilmFolder, facts: FilmFacts, frames: Sequence[int], progress: Callable[[int, int], None]
) -> None:
    """Small pictures of frames, of those that have none yet, from the proxy."""
    for done, frame in enumerate(frames, start=1):
        target = film.thumb(frame)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            info, found = next(proxy_frames(film.proxy, facts.step, frame, frame))
            _, content = cv2.imencode(".jpg", _small_picture(found, info), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            with replacing(target) as part:
                part.write_bytes(content.tobytes())
        progress(done, len(frames))


def _small_picture(frame: Frame, info: ClipInfo) -> NDArray[np.uint8]:
    """A frame upright, in the shape that a player gives it."""
    picture = frame_picture(frame, info)
    height, width = picture.shape[:2]
    aspect = float(info.pixel_aspect)
    wide = width * (aspect if info.rotation % 180 == 0 else 1 / aspect)
    scale = min(1.0, THUMB_SIDE / max(height, wide))
    return np.asarray(resize(picture, (max(1, round(height * scale)), max(1, round(wide * scale)))))


def _sought(film: FilmFolder, facts: FilmFacts, frame: int) -> NDArray[np.generic] | None:
    """A frame found by its time stamp; None where none is found so, or another one.

    Some decoders need what stands before a place that they can be sought to, and give noise without an error.
    """
    times = np.load(film.times, allow_pickle=False)
    if np.count_nonzero(times == times[frame]) > 1:
        return None
    with VideoFileReader(film.source) as reader:
        found = next(reader.frames_from(int(times[frame]), frame), None)
        if found is None:
            return None
        small = resize(small_lightness(found.luma, reader.info), COMPARED)
        info, copy = next(proxy_frames(film.proxy, facts.step, frame, frame))
        if np.abs(small - resize(small_lightness(copy.luma, info), COMPARED)).mean() > MOST_OFF:
            return None
        return frame_picture(found, reader.info)
