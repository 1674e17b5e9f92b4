"""Export of frames as pictures that a person colours in an editor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, ClipReader, Frame
from featcolor.clips.ycbcr import lightness_from_luma, upright
from featcolor.colour.lab import lab_to_rgb
from featcolor.errors import UsageError
from featcolor.hints.hint import SUFFIX, Hints
from featcolor.names import NAME_BYTES, cut_name
from featcolor.pictures.io import write_picture

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer
    from featcolor.video.keyframes.coloured import ColouredFilm

SUFFIXES: Final = {"png": ".png", "tiff": ".tif", "jpg": ".jpg"}


def key_targets(
    frames: Sequence[int], folder: Path, source: str | Path, *, stems: Sequence[str] | None = None, format: str = "png"
) -> dict[int, Path]:
    """Paths of the frames' pictures, such that `find_keyframes` knows them again.

    Parameters
    ----------
    frames : numbers in the whole film
    source : the film; its stem and six digits make the name
    stems : of a folder of frames; a frame's own makes the name
    format : a key of `SUFFIXES`

    Raises
    ------
    UsageError : the folder is the one that the frames come from, a file, or a frame is not in the folder of frames.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: a file, but key frames need a folder; choose another -o")
    if stems is None:
        # So long that the hints beside it have a name, too.
        stem = cut_name(Path(source).stem, NAME_BYTES - len(f"-{max(frames, default=0):06d}{SUFFIX}"))
        return {frame: folder / f"{stem}-{frame:06d}{SUFFIXES[format]}" for frame in frames}
    if folder.resolve() == Path(source).resolve():
        raise UsageError(f"{folder}: the frames themselves are in this folder; choose another -o")
    beyond = [frame for frame in frames if frame >= len(stems)]
    if beyond:
        raise UsageError(beyond_the_end(str(source), beyond, len(stems)))
    return {frame: folder / f"{stems[frame]}{SUFFIXES[format]}" for frame in frames}


def hints_beside(target: Path) -> Path:
    """Path of the hints on the frame that a picture shows."""
    return target.with_name(target.stem + SUFFIX)


def export_keys(
    reader: ClipReader,
    targets: Mapping[int, Path],
    *,
    colorizer: StillColorizer | None = None,
    coloured: ColouredFilm | None = None,
    hints: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write frames as pictures, upright, one by one; the number of those written.

    A picture is grey with three channels, so that an editor lets a person paint, or as the model or the coloured film
    has it. Films of more than 8 bits become pictures of 16, where the format holds them. Decoding stops after the last.

    Parameters
    ----------
    reader : of the whole film, from its start
    targets : frame number to path; the folder is made
    colorizer, coloured : where colour comes from; one of them at most
    hints : write a file of no hints beside each picture, for a person to fill
    progress : called with (pictures written, of all)

    Raises
    ------
    UsageError : the film ends before the last one; those before it are written.
    """
    written, n_frames = 0, 0
    for frame in reader:
        n_frames = frame.index + 1
        target = targets.get(frame.index)
        if target is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            if coloured is None:
                write_picture(target, frame_picture(frame, reader.info, colorizer))
            else:
                write_picture(target, coloured.picture(frame, reader.info))
            if hints:
                Hints(size=reader.info.shown_size).write(hints_beside(target))
            written += 1
            if progress is not None:
                progress(written, len(targets))
            if written == len(targets):
                return written
    beyond = sorted(frame for frame in targets if frame >= n_frames)
    raise UsageError(beyond_the_end(reader.info.name, beyond, n_frames))


def frame_picture(frame: Frame, info: ClipInfo, colorizer: StillColorizer | None = None) -> NDArray[Any]:
    """A frame as a person sees it, without the film's own colour: (H, W, 3), uint8 or, above 8 bits, uint16."""
    lightness = lightness_from_luma(frame.luma, info)
    grey = upright(lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32), info.dtype), info.rotation)
    return grey if colorizer is None else colorizer.colorize(grey)


def beyond_the_end(name: str, frames: Sequence[int], n_frames: int) -> str:
    """The line about frames that a film does not have."""
    others = f" (and {len(frames) - 1} more)" if len(frames) > 1 else ""
    return f"{name}: there is no frame {frames[0]}{others}, it has {n_frames}; was the report made of another film?"
