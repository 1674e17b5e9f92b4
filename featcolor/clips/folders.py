"""Folders of pictures as films, to read and to write."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, ClipReader, ClipWriter, Codes, Frame
from featcolor.clips.ycbcr import (
    chroma_from_codes,
    chroma_to_codes,
    luma_from_codes,
    luma_to_codes,
    rgb_to_ycbcr,
    upright,
    ycbcr_to_rgb,
)
from featcolor.errors import ClipError, PictureError, UsageError
from featcolor.names import shell_word
from featcolor.pictures.find import is_picture_name
from featcolor.pictures.io import read_picture, write_picture
from featcolor.pictures.kinds import kinds_of, suffix_of, ways_out
from featcolor.pictures.picture import Picture, as_depth

FRAME_FORMATS = {"png": "PNG", "tiff": "TIFF"}
"""What a folder of frames is written as; the key is the suffix as well."""

NAMED_GAPS = 3
"""Gaps in the numbers that are named."""
FILM_FRAMES = {".dpx": ("DPX", ""), ".cin": ("Cineon", ""), ".exr": ("OpenEXR", " -apply_trc iec61966_2_1")}
"""What film scanners write and nobody here reads, and what FFmpeg is told of it: OpenEXR holds light."""

_WRITERS = 4  # threads at most; deflate takes ten times as long as the rest
_NUMBERED = re.compile(r"\d{6,}")


def natural_key(name: str) -> tuple[Any, ...]:
    """Sort key of names with their numbers as numbers: 2 before 10; equal numbers by the name itself.

    >>> sorted(["f10", "f9", "f09"], key=natural_key)
    ['f09', 'f9', 'f10']
    """
    parts = re.split(r"([0-9]+)", name)
    return tuple(int(part) if i % 2 else part for i, part in enumerate(parts)), name


class FrameFolderReader(ClipReader):
    """A folder's pictures (not those of folders in it) as a `ClipReader`, in natural order of their names.

    Y' is BT.709's, full range, of 8 bits or 16 as the first picture is; a grey picture's values are Y' as they are. A
    colour picture gives chroma planes of its own size (4:4:4). A picture that cannot be read is a damaged frame that
    repeats the one before. Numbers that are missing and files that are no pictures are `problems`.

    Parameters
    ----------
    folder : path
    rate : frames a second

    Raises
    ------
    ClipError : no picture in the folder, none that can be read; while reading: a picture of another size.
    """

    def __init__(self, folder: Path, *, rate: Fraction) -> None:
        if rate <= 0:
            raise UsageError(f"{folder}: frames a second must be more than 0, got {rate}")
        self.paths, others = _pictures_in(folder)
        self.stems = [path.stem for path in self.paths]
        self.problems = [*_gaps(folder, self.stems), *_left_out(folder, others)]
        pixels, self._model = _first_readable(folder, self.paths)
        self.info = ClipInfo(
            name=str(folder),
            width=pixels.shape[1],
            height=pixels.shape[0],
            time_base=1 / Fraction(rate),
            rate=Fraction(rate),
            matrix="bt709",
            full_range=True,
            bits=8 if pixels.dtype == np.uint8 else 16,
            chroma_shift=(0, 0),
            colour=pixels.ndim == 3,
            n_frames=len(self.paths),
        )

    def __iter__(self) -> Iterator[Frame]:
        return self._frames(0)

    def frames_from(self, pts: int, number: int) -> Iterator[Frame]:
        frames = self._frames(number)
        first = next(frames, None)
        if first is not None and first.pts == pts and not first.damaged:
            yield from chain([first], frames)

    def _frames(self, number: int) -> Iterator[Frame]:
        """Those from a number on; the first is grey where it cannot be read."""
        info = self.info
        last = Frame(index=0, luma=np.full(info.shape, 1 << (info.bits - 1), info.dtype), duration=1)
        for index, path in enumerate(self.paths[number:], start=number):
            try:
                pixels = read_picture(path).pixels
            except PictureError:
                yield replace(last, index=index, pts=index, damaged=True)
                continue
            last = self._frame(index, path, pixels)
            yield last

    def _frame(self, index: int, path: Path, pixels: NDArray[Any]) -> Frame:
        info = self.info
        height, width = pixels.shape[:2]
        if (height, width) != info.shape:
            raise ClipError(
                f"{path}: is {width}x{height} pixels, {self._model.name} {info.width}x{info.height}; the frames of a "
                "film have one size: scale it or take it out"
            )
        frame = Frame(index=index, luma=as_depth(pixels, info.dtype), pts=index, duration=1)
        if pixels.ndim == 2:
            return frame
        luma, *chroma = rgb_to_ycbcr(frame.luma, info)
        cb, cr = (chroma_to_codes(plane, info) for plane in chroma)
        return replace(frame, luma=luma_to_codes(luma, info), cb=cb, cr=cr)


class FrameFolderWriter(ClipWriter):
    """A folder of frames as a `ClipWriter`: one RGB picture a frame, upright, 8 bits for 8 and 16 for more.

    Profile, resolution, EXIF and alpha of each of the input's pictures stay.

    Each picture is whole or not there; pictures written before an error or a stop stay, so the folder then holds the
    beginning of the film. Pixel aspect and time stamps have no place in pictures.

    Parameters
    ----------
    folder : made when the first frame may come
    like : of the input
    pictures : the input's, when it is a folder: frame i is named as pictures[i]; None: the frame's number, six digits
    format : a key of `FRAME_FORMATS`
    overwrite : whether pictures of these names may be replaced

    Raises
    ------
    UsageError : the folder is the input's, is a file, or holds such pictures; two input pictures have one stem.
    PictureError : a picture cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        like: ClipInfo,
        *,
        pictures: Sequence[Path] | None = None,
        format: str = "png",
        overwrite: bool = False,
    ) -> None:
        if format not in FRAME_FORMATS:
            raise UsageError(f"{format!r} is no format of frames; choose from {', '.join(FRAME_FORMATS)}")
        self._folder, self._like, self._pictures, self._suffix = folder, like, pictures, format
        self._stems = None if pictures is None else [path.stem for path in pictures]
        self.chroma_shape = like.shape
        self._pending: deque[Future[None]] = deque()
        self._workers = min(_WRITERS, os.cpu_count() or 1)
        self._pool: ThreadPoolExecutor | None = None
        self._check(overwrite)

    def write(self, frame: Frame, cb: Codes, cr: Codes) -> None:
        """Write the picture of this luma and these chroma planes; an error of it may come with a later frame."""
        if self._pool is None:
            raise RuntimeError("use the writer in a with statement")
        if cb.shape != self.chroma_shape or cr.shape != self.chroma_shape:
            raise ValueError(f"chroma planes must be {self.chroma_shape}, got {cb.shape} and {cr.shape}")
        while len(self._pending) >= 2 * self._workers or (self._pending and self._pending[0].done()):
            self._pending.popleft().result()
        source = None if self._pictures is None else self._pictures[frame.index]
        stem = f"{frame.index:06d}" if source is None else source.stem
        path = self._folder / f"{stem}.{self._suffix}"
        self._pending.append(self._pool.submit(self._write_one, path, source, frame.luma, cb, cr))

    def _write_one(self, path: Path, source: Path | None, luma: Codes, cb: Codes, cr: Codes) -> None:
        like = self._like
        planes = luma_from_codes(luma, like), chroma_from_codes(cb, like), chroma_from_codes(cr, like)
        rgb = ycbcr_to_rgb(*planes, like, like.dtype)
        given = None if source is None else _read_if_whole(source)
        write_picture(path, upright(rgb, like.rotation), like=given, format=FRAME_FORMATS[self._suffix])

    def _check(self, overwrite: bool) -> None:
        folder, source = self._folder, Path(self._like.name)
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: is a file; name a folder for the frames")
        if source.is_dir() and folder.resolve() == source.resolve():
            raise UsageError(f"{folder}: is the folder of the input; name another for the coloured frames")
        if self._stems is not None and len(set(self._stems)) < len(self._stems):
            twice = next(stem for i, stem in enumerate(self._stems) if stem in self._stems[:i])
            raise UsageError(f"{source}: two pictures are called {twice!r} but for their suffix; rename one")
        if overwrite or not folder.is_dir():
            return
        wanted = None if self._stems is None else set(self._stems)
        for path in sorted(folder.glob(f"*.{self._suffix}")):
            if path.stem in wanted if wanted is not None else _NUMBERED.fullmatch(path.stem):
                raise UsageError(f"{path}: is there already; name another folder or allow --overwrite")

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClipError(f"{self._folder}: cannot be made ({error.strerror}); is there room, may you?") from error
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="frames")
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        assert self._pool is not None
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        self._pool = None
        pending, self._pending = self._pending, deque()
        if kind is None:
            for one in pending:
                one.result()


def _pictures_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures of a folder in natural order, and its other files; ClipError where there are no pictures."""
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
    except OSError as error:
        raise ClipError(f"{folder}: this folder cannot be read ({error.strerror}); check the path") from error
    pictures = [path for path in files if is_picture_name(path.name)]
    others = [path for path in files if not is_picture_name(path.name) and path.suffix != ".json"]  # hints may lie here
    if not pictures:
        found = f", found {kinds_of(others)}" if others else ""
        raise ClipError(
            f"{folder}: no pictures in this folder{found}; a film needs one picture a frame in it{_way_out(others)}"
        )
    return sorted(pictures, key=lambda path: natural_key(path.name)), others


def _left_out(folder: Path, others: Sequence[Path]) -> list[str]:
    """A line on the files of a folder that are no pictures."""
    return [f"{folder}: left out {kinds_of(others)}{_way_out(others)}"] if others else []


def _way_out(files: Sequence[Path]) -> str:
    """What makes pictures of them: of a film scanner's frames all at once, of other kinds each as by itself."""
    frames = sorted(path for path in files if suffix_of(path.name) in FILM_FRAMES)
    lines = ways_out(path for path in files if suffix_of(path.name) not in FILM_FRAMES)
    if frames:
        first = frames[0]
        name, options = FILM_FRAMES[suffix_of(first.name)]
        numbered = re.fullmatch(r"(.*?)([0-9]+)", first.stem, re.DOTALL)
        source = str(first)
        if numbered is not None:
            # FFmpeg looks for the first number among 0 to 4 only; of its own a % stands twice.
            options += f" -start_number {int(numbered[2])}"
            stem = str(first.with_name(numbered[1])) if numbered[1] else f"{first.parent}/"
            source = f"{stem.replace('%', '%%')}%0{len(numbered[2])}d{first.suffix}"
        lines.insert(0, f"of {name}, ffmpeg{options} -i {shell_word(source)} FOLDER/%06d.png makes pictures")
    return "".join(f"; {line}" for line in lines)


def _gaps(folder: Path, stems: Sequence[str]) -> list[str]:
    """A line on numbers that are missing among names that are all numbered."""
    found = [re.findall(r"[0-9]+", stem) for stem in stems]
    if not all(found):
        return []
    numbers = [int(each[-1]) for each in found]
    gaps = [(before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1]
    if not gaps:
        return []
    named = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in gaps[:NAMED_GAPS])
    more = " and more" if len(gaps) > NAMED_GAPS else ""
    return [f"{folder}: no pictures of the numbers {named}{more}; time goes on without them, and sound would drift"]


def _read_if_whole(path: Path) -> Picture | None:
    try:
        return read_picture(path)
    except PictureError:
        return None


def _first_readable(folder: Path, paths: Sequence[Path]) -> tuple[NDArray[Any], Path]:
    for path in paths:
        try:
            return read_picture(path).pixels, path
        except PictureError as error:
            first = error
    raise ClipError(f"{folder}: none of its {len(paths)} pictures can be read; the last: {first}")
