"""A film coloured: one pass finds its shots, one colours them, one writes them. No pass keeps the film in memory.

What is done is kept shot by shot in a work folder beside the output (`featcolor.video.checkpoints`). A run that goes
on where another stopped does what is missing of the second pass, and all of the others: they are quick beside it, and
so the output is the same as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from featcolor.clips.fields import BOTTOM_FIRST, TOP_FIRST, with_fields
from featcolor.clips.frames import ClipInfo, Closing
from featcolor.errors import UsageError
from featcolor.parallel.engine import Engine
from featcolor.parallel.local import local_engine
from featcolor.video.checkpoints import WorkFolder, open_work
from featcolor.video.encode import Encoding
from featcolor.video.hint_files import FrameHints
from featcolor.video.inputs import ClipInputs, KeySource
from featcolor.video.keyframes.match import KeyMatch
from featcolor.video.keyframes.next_frames import frames_to_correct
from featcolor.video.keyframes.pictures import KeyPictures
from featcolor.video.options import PIPE, VIDEO_PRESETS, ClipOptions
from featcolor.video.output import Target
from featcolor.video.propagation.model_guess import ModelGuess
from featcolor.video.report import ClipReport, KeyReport, ShotReport
from featcolor.video.report_page import Tile, choose_tiles, write_page
from featcolor.video.scan import SCANNING, ClipScan, scan_clip
from featcolor.video.shot_tasks import ColourShots, least_frames, run_tasks, shot_tasks
from featcolor.video.shots import ShotColouring, ShotPlan, missing, plan_shots, report_shot, within
from features.threads import one_blas_thread

DEFAULT_MODEL = "the default model colours: likely colours, not known ones; --keyframes or --model brings in yours"
Progress = Callable[[str, int, int], None]
"""Called with a stage's name, frames done, and frames in all."""

Notify = Callable[[str, str], None]
"""Called with a line for a person, and "error" or "note", while the run goes on."""

COLOURING: Final = "colouring shots"
WRITING: Final = "writing"

KEPT_FREE: Final = 31 * 2**20
"""Bytes. glibc takes every array larger than any that was freed so far from the system anew, page by page (to 32 MiB:
mallopt(3), M_MMAP_THRESHOLD), which costs a frame's planes more than most of what is done with them."""
NAMED: Final = 5
"""Damaged frames that a note names, and what else was wrong with the file."""


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """Shots of a film, and the key frames that colour them.

    Attributes
    ----------
    info : of the film.
    shots : in order, with the frames of each that have a key picture.
    match : what became of the key pictures.
    hints : of the frames that a person gave hints on.
    part : numbers of the first and last frame that are written; shots may reach beyond it, to their key frames.
    damaged : numbers of frames that could not be decoded.
    """

    info: ClipInfo
    shots: tuple[ShotPlan, ...]
    match: KeyMatch
    hints: FrameHints
    part: tuple[int, int]
    damaged: tuple[int, ...]

    @property
    def n_frames(self) -> int:
        """Frames of the part."""
        return self.part[1] - self.part[0] + 1


@one_blas_thread()
def colorize_video(
    source: str | Path,
    target: str | Path,
    *,
    keyframes: KeySource | None = None,
    hints: KeySource | None = None,
    model: str | Path | None = None,
    options: ClipOptions | None = None,
    progress: Progress | None = None,
    notify: Notify | None = None,
) -> ClipReport:
    """Colour a film, or a part of it.

    Parameters
    ----------
    source : a film, a folder of frames (with `options.rate`), or "-": Y4M on stdin
    target : a film, a folder for frames (`options.picture_format`), or "-": Y4M on stdout
    keyframes : a folder or files of coloured frames; they win over the model
    hints : a folder or files of hints on single frames (`featcolor.hints.hint.Hints`, or painted pictures); they go on
        top of the rest
    model : a file of 'featcolor fit', a colour network, or "default"; it colours frames of shots without a key frame,
        and what is like nothing in one. With neither model nor key frames the default model colours
    options : ClipOptions, optional
    progress, notify : called while the run goes on

    Returns
    -------
    report : ClipReport
        A key-frame picture that shows no frame is in its `refused`, and the others are used.

    Raises
    ------
    UsageError : what was asked for cannot be done; nothing was written, and nothing coloured.
    ClipError : the film cannot be read on, or the output not written; what was done stays for `options.resume`.
    """
    bytearray(KEPT_FREE)
    given: dict[str, Any] = {"keyframes": keyframes, "hints": hints, "model": model, "options": options}
    with _Run(source, target, **given, progress=progress, notify=notify) as run:
        return run.colour()


@one_blas_thread()
def plan_video(source: str | Path, target: str | Path, **given: Any) -> ClipPlan:
    """The plan that `colorize_video`, given the same, would follow: shots, and key frames. Nothing is written."""
    with _Run(source, target, **given) as run:
        run.check()
        run.prepare()
        with run.scan() as scan:
            return run.plan(scan)


class _Run(Closing):
    """One run over a film."""

    def __init__(
        self,
        source: str | Path,
        target: str | Path,
        *,
        keyframes: KeySource | None = None,
        hints: KeySource | None = None,
        model: str | Path | None = None,
        options: ClipOptions | None = None,
        progress: Progress | None = None,
        notify: Notify | None = None,
    ) -> None:
        self.options = options = options or ClipOptions()
        if options.preset not in VIDEO_PRESETS:
            raise UsageError(f"--preset is one of {', '.join(VIDEO_PRESETS)}, got {options.preset!r}")
        self.target = Target(str(target), options)
        self.progress: Progress = progress or (lambda stage, done, total: None)
        self.notify: Notify = notify or (lambda message, kind: None)
        self.notes: list[str] = []
        self._problems: list[str] = []
        self._part = self._coloured = (0, 0)
        self.inputs = ClipInputs(source, keyframes, hints, model, options)

    def close(self) -> None:
        self.inputs.close()

    def colour(self) -> ClipReport:
        """The whole run."""
        started = time.perf_counter()
        self.check()
        self.prepare()
        with self._cluster() as cluster, self._work_folder() as work, self.scan(work.path) as scan:
            plan = self.plan(scan)
            keys = KeyPictures({key.frame: key.path for key in plan.match.keys}, plan.info)
            self._colour_shots(plan, scan, work, keys, cluster)
            report = self._report(plan, [report_shot(shot, work, plan.part) for shot in plan.shots])
            tiles = choose_tiles(report) if self.options.report is not None else ()
            shown = self._write(plan, scan, work, keys, tiles)
        report = replace(report, notes=tuple(self.notes), seconds=time.perf_counter() - started)
        if (path := self.options.report) is not None:
            report.write_json(path)
            rate = [] if self.options.rate is None else ["--fps", str(self.options.rate)]
            reading = [*rate, *self.inputs.preparation.words()]
            write_page(path.with_suffix(".html"), report, shown, json_name=str(path), reading=reading)
        return report

    def check(self) -> None:
        """Refuse what cannot be done before anything is."""
        if self.options.cluster is not None and self.inputs.name == PIPE:
            raise UsageError("--cluster does not go with - (a pipe) as input; name a file that all workers see")
        if self.options.cluster is not None and self.inputs.preparation:
            raise UsageError(
                "--cluster does not go with --deinterlace and --prepare: workers do not see the film that is made "
                "here; use --jobs"
            )
        self.inputs.load_model()
        if self.inputs.chose_nothing:
            self._note(DEFAULT_MODEL)
        self.target.check(self.inputs.taken())
        with self.inputs.film.open() as reader, self.inputs.open_mask(reader.info):
            info = self.inputs.preparation.made(reader.info)
            self.inputs.check_hints(reader)
        writer = self.target.writer(info, self.inputs.path)
        for note in writer.notes:
            self._note(note)
        writer.rehearse()
        if info.interlaced:
            self._note(f"{info.name}: colour lies better on whole frames; --deinterlace makes them of fields")

    def prepare(self) -> None:
        """The film that is coloured, where another than the one that was given was asked for."""
        self.inputs.prepare(self.progress, self._note)

    def scan(self, folder: Path | None = None) -> ClipScan:
        """The first pass: over the part, and the frames from there to the key frames of its shots."""
        reach = self.inputs.key_reach()
        with self.inputs.film.open(reach) as reader:
            scan = scan_clip(reader, folder=folder, progress=partial(self.progress, SCANNING))
            self._problems = list(reader.problems)
            assert reader.part is not None, "a part without frames is refused"
            self._part = reader.part
        self.progress(SCANNING, scan.n_frames, scan.n_frames)
        self._coloured = self._with_keys(scan) if reach is not None else self._part
        return scan if (scan.first, scan.last) == self._coloured else scan.cropped(*self._coloured)

    def _with_keys(self, scan: ClipScan) -> tuple[int, int]:
        """First and last frame of the part, or of the way from there to the nearest key frame of the same shot."""
        first, last = self._part
        keys = [key.frame for key in self.inputs.match(scan).keys]
        begins = next(shot.first for shot in scan.shots if shot.first <= first <= shot.last)
        ends = next(shot.last for shot in scan.shots if shot.first <= last <= shot.last)
        low = max((key for key in keys if begins <= key <= first), default=first)
        high = min((key for key in keys if last <= key <= ends), default=last)
        outside = [key for key in (low, high) if not first <= key <= last]
        if outside:
            named = " and ".join(f"frame {key}" for key in outside)
            self._note(f"{self.inputs.name}: colour comes from key frames of the part's shots outside it ({named})")
        return low, high

    def plan(self, scan: ClipScan) -> ClipPlan:
        """Key pictures matched to frames, and what is to be done with each shot."""
        match = self.inputs.match(scan)
        for note in match.notes:
            self._note(note)
        for _, line in match.refused:
            self.notify(line, "error")
        self.inputs.check_match(match)
        hints = self.inputs.match_hints(scan)
        for note in hints.notes:
            self._note(note)
        keys = {key.frame: key for key in match.keys}
        shots = ((shot.first, shot.last, shot.kind) for shot in scan.shots)
        plans = plan_shots(shots, keys, model=self.inputs.uses_model, hinted=hints.frames)
        bare = [plan for plan in plans if not plan.keys]
        if match.keys and bare:
            way = "by the model" if self.inputs.uses_model else "after the key frames of other shots"
            others = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
            self._note(
                f"{self.inputs.name}: the shot of frames {bare[0].first} to {bare[0].last}{others} has no key frame; "
                f"guessed {way}"
            )
        if scan.damaged:
            named = ", ".join(map(str, scan.damaged[:NAMED])) + (" ..." if len(scan.damaged) > NAMED else "")
            self._note(f"{self.inputs.name}: damaged frames ({named}) are coloured like their neighbours")
        with self.inputs.film.open() as reader:
            info = with_fields(reader.info, scan.fields)
        if swapped := min(scan.fields.get(TOP_FIRST, 0), scan.fields.get(BOTTOM_FIRST, 0)):
            self._note(
                f"{self.inputs.name}: {swapped} frames have the other field first than the rest; "
                "H.264 marks them as whole, only --codec ffv1 and prores keep both orders in one film"
            )
        return ClipPlan(
            info=info,
            shots=tuple(plans),
            match=match,
            hints=hints,
            part=self._part,
            damaged=scan.damaged,
        )

    @contextmanager
    def _work_folder(self) -> Iterator[WorkFolder]:
        """The folder of what is done; deleted at the end, and after an error where nobody could go on with it."""
        options, on_pipe = self.options, PIPE in (self.inputs.name, self.target.name)
        work = open_work(
            None if on_pipe else self.target.work_path,
            self.inputs.fingerprint(),
            resume=options.resume,
            overwrite=options.overwrite,
        )
        if options.resume or options.overwrite:
            self.target.remove_parts()
        try:
            yield work
        except BaseException:
            if work.temporary or not work.n_done:
                work.remove()
            raise
        work.remove()

    @contextmanager
    def _cluster(self) -> Iterator[Engine | None]:
        """The cluster, where one was asked for."""
        if self.options.cluster is None:
            yield None
            return
        from featcolor.parallel.cluster import Cluster

        with Cluster(self.options.cluster) as cluster:
            yield cluster

    def _colour_shots(
        self, plan: ClipPlan, scan: ClipScan, work: WorkFolder, keys: KeyPictures, cluster: Engine | None
    ) -> None:
        """The second pass: while the film is read, or by an engine where there are several shots for it."""
        colouring, progress = self._colouring(plan, work, keys), partial(self.progress, COLOURING)
        left = missing(plan.shots, work)
        jobs = min(self.options.jobs, len(left))
        if not left or (cluster is None and jobs < 2):
            with self.inputs.film.open(self._coloured) as reader:
                colouring.run(reader, plan.shots, work, progress)
            return
        with self.inputs.film.open_whole() as reader:
            least = least_frames(reader, left, scan)
        tasks = shot_tasks(left, scan, work, keys=keys.paths, hints=plan.hints, least=least)
        engine = cluster or local_engine(min(jobs, len(tasks)))
        film, kept = Path(self.inputs.path), self.inputs.film.kept
        each = ColourShots(film=film, rate=self.options.rate, kept=kept, colouring=colouring)
        run_tasks(engine, each, tasks, progress, scan.n_frames)

    def _colouring(self, plan: ClipPlan, work: WorkFolder, keys: KeyPictures) -> ShotColouring:
        options = self.options
        colouring = ShotColouring(
            info=plan.info,
            config=VIDEO_PRESETS[options.preset],
            every=options.every,
            steady=options.steady,
            keys=keys,
            hints=plan.hints,
            guess=ModelGuess(self.inputs.model, plan.info.rotation) if self.inputs.uses_model else None,
            # A worker of a cluster has a disk of its own.
            folder=None if options.cluster is not None else str(work.path),
        )
        if self.inputs.uses_model or all(shot.keys for shot in plan.shots):
            return colouring
        with self.inputs.film.open(self._coloured) as reader:
            return colouring.learn(reader, [key.frame for key in plan.match.keys])

    def _write(
        self, plan: ClipPlan, scan: ClipScan, work: WorkFolder, keys: KeyPictures, tiles: Collection[int]
    ) -> list[Tile]:
        """The last pass; the frames that the report's page shows."""
        options, part = self.options, {}
        if options.start is not None or options.end is not None:
            ends = [int(scan.pts[number - scan.first]) for number in plan.part]
            part = {"first_pts": ends[0], "last_pts": ends[1]}
        with (
            self.inputs.open_mask(plan.info) as mask,
            self.inputs.film.open() as reader,
            self.target.writer(plan.info, self.inputs.path, **part) as writer,
        ):
            masked = mask if options.mask is not None or options.region is not None else None
            shown: dict[str, Any] = {"tiles": tiles, "hinted": plan.hints.frames, "shares": scan.shares()}
            encoding = Encoding(plan.info, writer, work, keys, options, mask=masked, **shown)
            encoding.run(reader, within(plan.shots, plan.part), partial(self.progress, WRITING))
        problems = self._problems[:NAMED]
        if len(self._problems) > NAMED:
            problems.append(f"{self.inputs.name}: {len(self._problems) - NAMED} more of these")
        for note in (*mask.notes, *problems, *writer.notes):
            self._note(note)
        return encoding.tiles

    def _report(self, plan: ClipPlan, shots: list[ShotReport]) -> ClipReport:
        return ClipReport(
            clip=self.inputs.name,
            output=self.target.name,
            frames=plan.n_frames,
            shots=tuple(shots),
            keys=tuple(KeyReport(**{**vars(key), "path": str(key.path)}) for key in plan.match.keys),
            refused=tuple(line for _, line in plan.match.refused),
            damaged=plan.damaged,
            next=tuple(frames_to_correct(shots, avoid=(*plan.damaged, *plan.hints.frames))),
        )

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)
            self.notify(note, "note")
