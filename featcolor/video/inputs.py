"""Inputs of a run over a film: the film, the pictures that somebody coloured, a model, a mask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from featcolor.clips.frames import ClipInfo, ClipReader, Closing
from featcolor.clips.timecode import Timecode
from featcolor.errors import PictureError, UsageError
from featcolor.models.load import named_model
from featcolor.video.checkpoints import WORK_VERSION, content_hash, file_fingerprint
from featcolor.video.hint_files import FrameHints, HintFile, check_hints, find_hints, match_hints
from featcolor.video.keyframes.match import KeyMatch, find_keyframes, match_keys
from featcolor.video.keyframes.pictures import coloured_share, comparing_size, read_key
from featcolor.video.mask import MaskSource
from featcolor.video.options import PIPE, ClipOptions
from featcolor.video.prepared.film import Film, Preparation
from featcolor.video.propagation.model_guess import film_colorizer
from featcolor.video.scan import ClipScan

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer

KeySource = str | Path | Iterable[str | Path]
"""A folder of coloured frames, or several folders and files."""

KEY_REACH: Final = 500
"""Frames outside a part of the film in which key frames of its shots are looked for, on either side: to find where its
shots begin and end costs the first pass over so many, and their colour the second."""


class ClipInputs(Closing):
    """Inputs of one run; a context manager, since what comes on stdin is kept in a temporary file meanwhile.

    Attributes
    ----------
    name : of the film, as a person named it.
    path : of the film that is read.
    model : path of the model file, or None: the default one.
    uses_model : whether a model colours: the one that was given, or the default one where there are no key frames.
    chose_nothing : whether neither was given.
    preparation : what is to be made of the film first.
    film : what is read.
    """

    def __init__(
        self,
        source: str | Path,
        keyframes: KeySource | None,
        hints: KeySource | None,
        model: str | Path | None,
        options: ClipOptions,
    ) -> None:
        self.name = self.path = str(source)
        self.model = None if model is None else named_model(str(model))
        self.chose_nothing = model is None and keyframes is None
        self.uses_model = model is not None or keyframes is None
        self.preparation = Preparation(deinterlace=options.deinterlace, repairs=options.prepare)
        self._options = options
        self._keys = [keyframes] if isinstance(keyframes, str | Path) else keyframes and list(keyframes)
        self._hints = [hints] if isinstance(hints, str | Path) else hints and list(hints)
        self._stack = ExitStack()
        if self.name == PIPE:
            from featcolor.clips.y4m import spool_stdin

            with ExitStack() as stack:
                folder = stack.enter_context(TemporaryDirectory(prefix="featcolor-"))
                self.path = str(spool_stdin(sys.stdin.buffer, Path(folder)))
                self._stack = stack.pop_all()
        self.film = Film(self.path, rate=options.rate, start=options.start, end=options.end)
        self._stack.callback(self.film.close)

    def close(self) -> None:
        self._stack.close()

    def taken(self) -> dict[Path, str]:
        """Every file and folder that a run reads, resolved, and what it is: none of them may be written to."""
        taken = {key.path.resolve(): "a key picture" for key in find_keyframes(self._keys)} if self._keys else {}
        taken |= {file.path.resolve(): "a file of hints" for file in self._hint_files()}
        for given, what in ((self._keys, "where the key frames are"), (self._hints, "where the hints are")):
            taken |= {Path(path).resolve(): what for path in given or () if Path(path).is_dir()}
        for path, what in ((self.model, "the model"), (self._options.mask, "the mask")):
            if path is not None:
                taken[path.resolve()] = what
        if self.name != PIPE:
            taken[Path(self.path).resolve()] = "the input"
        return taken

    def prepare(self, progress: Callable[[str, int, int], None], note: Callable[[str], None]) -> None:
        """Make of the film what is to be made first; from here on this is what is read."""
        if self.preparation:
            self.film.prepare(self.preparation, reach=self.key_reach(), progress=progress, note=note)

    def open_mask(self, info: ClipInfo) -> MaskSource:
        """Mask of where colour is added; everywhere when nothing was asked for."""
        mask = self._options.mask
        return MaskSource(None if mask is None else str(mask), info, region=self._options.region)

    def load_model(self) -> StillColorizer | None:
        """The model, if one colours."""
        if not self.uses_model:
            return None
        return film_colorizer(self.model)

    def key_reach(self) -> tuple[int, int] | None:
        """Numbers of the nearest painted key frames before the part and behind it, which may be of its shots.

        They are read off the names of the pictures; None: the whole film is asked for, or there are none.
        """
        start, end = self._options.start, self._options.end
        if self._keys is None or (start is None and end is None):
            return None
        with self.film.open_whole() as reader:
            files = {file.number: file.path for file in find_keyframes(self._keys, stems=reader.stems)}
            low = 0 if start is None else _nearest_painted(files, start, -1, reader.info)
            return low, low if end is None else _nearest_painted(files, end, 1, reader.info)

    def match(self, scan: ClipScan) -> KeyMatch:
        """Matches of the pictures with their frames; whether any is left is for `check_match` to say."""
        if self._keys is None:
            return KeyMatch(())
        with self.film.open_whole() as reader:
            files = find_keyframes(self._keys, stems=reader.stems)
            # Where nobody knows how many frames there are, any number behind the part may be one.
            n_frames = reader.info.n_frames or (None if self._options.end is None else sys.maxsize)
            return match_keys(files, scan.thumbnails, reader.info, n_frames, first=scan.first)

    def check_match(self, match: KeyMatch) -> None:
        """Refuse a run that was given pictures of which none shows a frame."""
        if self._keys is not None and not match.keys:
            raise UsageError(
                f"{', '.join(map(str, self._keys))}: no key frame is left; colour frames that "
                f"'featcolor keyframes {self.name} -o keys/' exports"
            )

    def check_hints(self, reader: ClipReader) -> None:
        """Refuse files of hints that cannot be read, name no frame, or have points outside it."""
        check_hints(self._hint_files(reader.stems), reader.info)

    def match_hints(self, scan: ClipScan) -> FrameHints:
        """Hints by their frames; UsageError for those on a frame that there is not, or where none is left."""
        if self._hints is None:
            return FrameHints()
        with self.film.open_whole() as reader:
            known = reader.info.n_frames is not None or self._options.end is None
            n_frames = max(scan.first + scan.n_frames, reader.info.n_frames or 0) if known else None
            found = match_hints(self._hint_files(reader.stems), reader.info, scan, n_frames)
        if not found.frames:
            named, note = ", ".join(map(str, self._hints)), found.notes[0]
            raise UsageError(f"{named}: no hint is left ({note}); give some, or leave out --hints")
        return found

    def _hint_files(self, stems: Sequence[str] | None = None) -> list[HintFile]:
        return [] if self._hints is None else find_hints(self._hints, stems=stems)

    def fingerprint(self) -> dict[str, Any]:
        """Everything that the colour of the shots depends on; how they are written may change from run to run."""
        options = self._options
        files = [] if self._keys is None else [file.path for file in find_keyframes(self._keys)]
        hints = [file.path for file in self._hint_files()]
        return {
            "version of featcolor": WORK_VERSION,
            "input": file_fingerprint(Path(self.path)),
            "model": self._model_hash(),
            "key frames": {f"{path.parent.name}/{path.name}": content_hash(path) for path in files},
            "hints": {f"{path.parent.name}/{path.name}": content_hash(path) for path in hints},
            "settings": {
                "--preset": options.preset,
                "--start": str(options.start),
                "--end": str(options.end),
                "--every": options.every,
                "--steady": options.steady,
                "--fps": str(options.rate),
                "--deinterlace": options.deinterlace,
                "--prepare": ",".join(options.prepare),
            },
        }

    def _model_hash(self) -> str | None:
        if not self.uses_model:
            return None
        from features.colournet import BUNDLED, network_file

        return content_hash(network_file(BUNDLED) if self.model is None else self.model)


def _nearest_painted(files: Mapping[int | None, Path], place: Timecode, step: int, info: ClipInfo) -> int:
    """Number of the nearest painted picture from a place on, forward or backward; about the place's own without any."""
    at = place.frame if place.seconds is None else int(place.seconds * (info.rate or 0))
    assert at is not None
    near = [number for number in files if number is not None and 0 <= (number - at) * step <= KEY_REACH]
    near.sort(key=lambda number: abs(number - at))
    return next((number for number in near if _is_painted(files[number], info)), at)


def _is_painted(path: Path, info: ClipInfo) -> bool:
    try:
        return coloured_share(read_key(path, info, comparing_size(info))) > 0
    except PictureError:
        return False
