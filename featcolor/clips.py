"""Colours a whole film: one pass finds its shots, one colours them, one writes them. No pass keeps the film in memory.

What is done is kept shot by shot in a work folder beside the output (`featcolor.clipwork`). A run that goes on where
another stopped does what is missing of the second pass, and all of the others: they are quick beside it, and so the
output is the same as if nothing had happened.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from featcolor.clipcorrections import frames_to_correct
from featcolor.clipencode import Encoding, KeyPictures, Look
from featcolor.clipmask import MaskSource, parse_region, shown_size
from featcolor.clipoptions import PIPE, ClipOptions
from featcolor.clipparts import PartReader
from featcolor.clipreport import ClipReport, KeyReport
from featcolor.clipreport_page import choose_tiles, write_page
from featcolor.clipscan import ClipScan, scan_clip
from featcolor.clipshots import ShotColouring, ShotPlan, model_guess, plan_shots
from featcolor.cliptargets import Target
from featcolor.clipwork import WORK_VERSION, WorkFolder, content_hash, file_fingerprint, open_work
from featcolor.errors import UsageError
from featcolor.frames import ClipInfo
from featcolor.keyframes import KeyMatch, find_keyframes, match_keys
from featcolor.propagation import FILM_PRESETS
from featcolor.videos import open_clip

if TYPE_CHECKING:
    from featcolor.colorizer import Colorizer

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, frames done, and frames in all."""

Tell = Callable[[str, str], None]
"""Called with a line for a person, and "error" or "note", while the run goes on."""

NO_COLOUR: Final = (
    "where should the colour come from? Give --keyframes keys/ (pictures of single frames, coloured; 'featcolor "
    "keyframes' exports some), --model town.featcolor, or both"
)
SCANNING, COLOURING, WRITING = "finding shots", "colouring shots", "writing"


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """What a run would do.

    Attributes
    ----------
    info : of the film.
    shots : in order, with the frames of each that have a key picture.
    match : what became of the key pictures.
    first, n_frames : of the part that is coloured.
    damaged : numbers of frames that could not be decoded.
    """

    info: ClipInfo
    shots: tuple[ShotPlan, ...]
    match: KeyMatch
    first: int
    n_frames: int
    damaged: tuple[int, ...]


def colorize_video(
    source: str | Path,
    target: str | Path,
    *,
    keyframes: str | Path | Iterable[str | Path] | None = None,
    model: str | Path | None = None,
    options: ClipOptions | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> ClipReport:
    """Colour a film, or a part of it.

    Parameters
    ----------
    source : a film, a folder of frames (with `options.rate`), or "-": Y4M on stdin
    target : a film, a folder for frames (`options.picture_format`), or "-": Y4M on stdout
    keyframes : a folder or files of coloured frames; they win over the model
    model : a file of 'featcolor fit'; it colours key frames in shots without one, and what flow cannot reach
    options : ClipOptions, optional
    progress, tell : called while the run goes on

    Returns
    -------
    ClipReport; a key-frame picture that shows no frame is in its `refused`, and the others are used.

    Raises
    ------
    UsageError : what was asked for cannot be done; nothing was written, and nothing coloured.
    ClipError : the film cannot be read on, or the output not written; what was done stays for `options.resume`.
    """
    run = _Run(source, target, keyframes, model, options or ClipOptions(), progress, tell)
    with run:
        return run.colour()


def plan_video(
    source: str | Path,
    target: str | Path,
    *,
    keyframes: str | Path | Iterable[str | Path] | None = None,
    model: str | Path | None = None,
    options: ClipOptions | None = None,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> ClipPlan:
    """What `colorize_video` would do: shots, and key frames matched. Nothing is written."""
    with _Run(source, target, keyframes, model, options or ClipOptions(), progress, tell) as run:
        run.check()
        with run.scan(None) as scan:
            return run.plan(scan)


class _Run:
    """One run; a context manager that gives the temporary files back."""

    def __init__(
        self,
        source: str | Path,
        target: str | Path,
        keyframes: str | Path | Iterable[str | Path] | None,
        model: str | Path | None,
        options: ClipOptions,
        progress: Progress | None,
        tell: Tell | None,
    ) -> None:
        if keyframes is None and model is None:
            raise UsageError(NO_COLOUR)
        if options.preset not in FILM_PRESETS:
            raise UsageError(f"--preset is one of {', '.join(FILM_PRESETS)}, got {options.preset!r}")
        self.options, self.config = options, FILM_PRESETS[options.preset]
        self.keyframes = [keyframes] if isinstance(keyframes, str | Path) else keyframes and list(keyframes)
        self.model = None if model is None else Path(model)
        self.progress: Progress = progress or (lambda stage, done, total: None)
        self.tell: Tell = tell or (lambda message, kind: None)
        self.named = str(source)
        self.source = self.named
        self.target = Target(str(target), options)
        self.notes: list[str] = []
        self._stack = ExitStack()

    def __enter__(self) -> _Run:
        try:
            if self.named == PIPE:
                from featcolor.y4m import spool_stdin

                folder = self._stack.enter_context(TemporaryDirectory(prefix="featcolor-"))
                self.source = str(spool_stdin(sys.stdin.buffer, Path(folder)))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def colour(self) -> ClipReport:
        """The whole run."""
        started = time.perf_counter()
        colorizer = self.check()
        work = open_work(
            None if PIPE in (self.named, self.target.name) else self.target.work_path,
            self._fingerprint(),
            resume=self.options.resume,
            overwrite=self.options.overwrite,
        )
        try:
            with self.scan(work) as scan:
                plan = self.plan(scan)
                keys = KeyPictures({key.frame: key.path for key in plan.match.keys}, plan.info)
                report = self._colour_shots(plan, work, keys, colorizer)
                report = self._write(plan, scan, work, keys, report)
        except BaseException:
            if work.temporary or not work.n_done:
                work.remove()
            raise
        work.remove()
        report = replace(report, seconds=time.perf_counter() - started)
        self._write_report(report)
        return report

    def check(self) -> Colorizer | None:
        """Refuse what cannot be done before anything is; the model, if there is one."""
        colorizer = None
        if self.model is not None:
            from featcolor.modelfile import load_model

            colorizer = load_model(self.model)
        report = self.options.report
        if report is not None and not report.resolve().parent.is_dir():
            raise UsageError(f"{report.parent}: no such folder for --report")
        if self.named != PIPE:
            self.target.check(Path(self.source))
        with self._open() as reader:
            info = reader.info
            self._mask(info).__exit__(None, None, None)
            for note in getattr(self.target.writer(info, self.source), "notes", ()):
                self._note(note)
        if info.interlaced:
            self._note(f"{info.name}: colour lies better on whole frames; 'ffmpeg -i IN -vf bwdif OUT' makes them of fields")
        return colorizer

    def scan(self, work: WorkFolder | None) -> ClipScan:
        """The first pass."""
        with self._open() as reader:
            return scan_clip(
                reader, folder=None if work is None else work.path, progress=partial(self.progress, SCANNING)
            )

    def plan(self, scan: ClipScan) -> ClipPlan:
        """Key pictures matched to frames, and what is to be done with each shot."""
        with open_clip(self.source, rate=self.options.rate) as reader:
            info = reader.info
            match = KeyMatch(())
            if self.keyframes is not None:
                files = find_keyframes(self.keyframes, stems=getattr(reader, "stems", None))
                match = match_keys(files, scan.thumbnails, info, info.n_frames, first=scan.first)
        for note in match.notes:
            self._note(note)
        for _, reason in match.refused:
            self.tell(reason, "error")
        if self.keyframes is not None and not match.keys:
            raise UsageError(
                f"{', '.join(map(str, self.keyframes))}: no key frame is left; colour frames that "
                f"'featcolor keyframes {self.named} -o keys/' exports"
            )
        frames = {key.frame: key for key in match.keys}
        shots = ((shot.first, shot.last, shot.kind) for shot in scan.shots)
        plans = plan_shots(shots, frames, every=self.options.every, model=self.model is not None)
        for frame in scan.damaged:
            self._note(f"{info.name}: frame {frame} is damaged; it is coloured like its neighbours")
        return ClipPlan(
            info=info,
            shots=tuple(plans),
            match=match,
            first=scan.first,
            n_frames=scan.n_frames,
            damaged=scan.damaged,
        )

    def _colour_shots(
        self, plan: ClipPlan, work: WorkFolder, keys: KeyPictures, colorizer: Colorizer | None
    ) -> ClipReport:
        guess = None if colorizer is None else model_guess(colorizer, plan.info)
        colouring = ShotColouring(plan.info, self.config, work, keys.chroma, guess)
        if guess is None and any(not shot.keys for shot in plan.shots):
            with self._open() as reader:
                colouring.learn(reader, [key.frame for key in plan.match.keys])
        with self._open() as reader:
            shots = colouring.run(reader, plan.shots, partial(self.progress, COLOURING))
        return ClipReport(
            clip=self.named,
            output=self.target.name,
            frames=plan.n_frames,
            shots=tuple(shots),
            keys=tuple(
                KeyReport(path=str(key.path), frame=key.frame, correlation=key.correlation, located=key.located)
                for key in plan.match.keys
            ),
            refused=tuple(reason for _, reason in plan.match.refused),
            damaged=plan.damaged,
            next=tuple(frames_to_correct(shots, avoid=plan.damaged)),
        )

    def _write(
        self, plan: ClipPlan, scan: ClipScan, work: WorkFolder, keys: KeyPictures, report: ClipReport
    ) -> ClipReport:
        options, info = self.options, plan.info
        part = options.start is not None or options.end is not None
        stamps = (int(scan.pts[0]), int(scan.pts[-1])) if part else (None, None)
        tiles = choose_tiles(report) if options.report is not None else []
        with (
            self._mask(info) as mask,
            self._open() as reader,
            self.target.writer(info, self.source, first_pts=stamps[0], last_pts=stamps[1]) as writer,
        ):
            encoding = Encoding(
                info,
                writer,
                work,
                keys,
                mask=mask if options.mask is not None or options.region is not None else None,
                look=Look(saturation=options.saturation, chroma_only=options.chroma_only),
                tiles=tiles,
            )
            encoding.run(reader, plan.shots, partial(self.progress, WRITING))
        for note in mask.notes:
            self._note(note)
        self._tiles = encoding.tiles
        return replace(report, notes=tuple(self.notes))

    def _write_report(self, report: ClipReport) -> None:
        path = self.options.report
        if path is not None:
            report.write_json(path)
            write_page(path.with_suffix(".html"), report, self._tiles, json_name=path.name)

    def _open(self) -> PartReader:
        """The part of the film, to be read once."""
        return PartReader(open_clip(self.source, rate=self.options.rate), self.options.start, self.options.end)

    def _mask(self, info: ClipInfo) -> MaskSource:
        options = self.options
        region = None if options.region is None else parse_region(options.region, *shown_size(info))
        return MaskSource(None if options.mask is None else str(options.mask), info, region=region)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
            self.tell(note, "note")

    def _fingerprint(self) -> dict[str, Any]:
        """What the colour of the shots depends on; how they are written may change from run to run."""
        options = self.options
        files = [] if self.keyframes is None else [file.path for file in find_keyframes(self.keyframes)]
        return {
            "version of featcolor": WORK_VERSION,
            "input": file_fingerprint(Path(self.source)),
            "model": None if self.model is None else content_hash(self.model),
            "key frames": {f"{path.parent.name}/{path.name}": content_hash(path) for path in files},
            "settings": {
                "--preset": options.preset,
                "--start": str(options.start),
                "--end": str(options.end),
                "--every": options.every,
                "--fps": str(options.rate),
            },
        }
