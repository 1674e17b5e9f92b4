"""Colour of a film: one shot tried on the small copy, or the whole film written with its sound."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import UsageError
from featcolor.files import remove_parts, write_json
from featcolor.hints.hint import SUFFIX
from featcolor.studio.films.folder import FilmFolder, ShotFacts, file_facts, read_json
from featcolor.studio.films.proxy import proxy_frames
from featcolor.studio.films.shelf import ANY_SOUND
from featcolor.video.checkpoints import can_go_on, work_path
from featcolor.video.colorize import Progress, colorize_video
from featcolor.video.inputs import ClipInputs
from featcolor.video.options import ClipOptions
from featcolor.video.report import ClipReport, NextFrame

CUTTING: Final = "cutting the shot out"
CUT_CRF: Final = 10
PLAY_PRESET: Final = "fast"


@dataclass(frozen=True, kw_only=True)
class ShotOutcome:
    """What came out when a shot was tried.

    Attributes
    ----------
    clip : size and time of change of the shot's clip.
    told : digest of the model and the hints that it was made with (`FilmFolder.told`).
    confidence : mean over the shot, 0..1.
    guessed : share of the shot that is a guess, 0..1.
    next : frames of it to correct, the most useful first.
    """

    clip: Mapping[str, int]
    told: str
    confidence: float
    guessed: float
    next: tuple[NextFrame, ...]

    @classmethod
    def read(cls, film: FilmFolder, shot: int) -> Self | None:
        """Of the shot of this number; None where it was not tried, or not to the end."""
        content, clip = read_json(film.outcome(shot)), file_facts(film.clip(shot))
        if content is None or not clip or content.get("clip") != clip:
            return None
        return cls(**{**content, "next": tuple(NextFrame(**each) for each in content["next"])})


def play_shot(
    source: str | Path,
    folder: str | Path,
    shot: int,
    model: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    progress: Progress | None = None,
) -> ShotOutcome:
    """A shot coloured at the size of the proxy, with the hints on its frames; a clip and what came out are kept.

    Parameters
    ----------
    source, folder : of a film that was scanned
    shot : its number, from 0
    model : as `featcolor.video.colorize.colorize_video` takes it
    settings : of `ClipOptions`
    progress : called while it goes on
    """
    progress = progress or (lambda stage, done, total: None)
    film = FilmFolder(source, folder)
    facts, place = film.scanned(), film.shot(shot)
    told = film.told(model, place.first, place.last)
    with _work_place(film.shots / f"{shot:05d}.work") as work:
        grey, coloured, report = work / "grey.mp4", work / "coloured.mp4", work / "report.json"
        _cut_out(film, facts.step, place, grey, progress)
        hints = [
            Path(shutil.copyfile(path, work / f"hints-{frame - place.first:06d}{SUFFIX}"))
            for frame, path in film.hint_files(place.first, place.last).items()
        ]
        options = replace(ClipOptions(preset=PLAY_PRESET), **(settings or {}), report=report)
        came = colorize_video(grey, coloured, hints=hints or None, model=model, options=options, progress=progress)
        film.outcome(shot).unlink(missing_ok=True)
        coloured.replace(film.clip(shot))
    outcome = ShotOutcome(
        clip=file_facts(film.clip(shot)),
        told=told,
        confidence=mean_of(each.confidence for each in came.shots),
        guessed=mean_of(each.guess_shares() for each in came.shots),
        next=tuple(replace(each, frame=each.frame + place.first, shot=shot) for each in came.next),
    )
    write_json(film.outcome(shot), asdict(outcome))
    return outcome


def write_film(
    source: str | Path,
    target: str | Path,
    folder: str | Path,
    model: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    *,
    progress: Progress | None = None,
) -> ClipReport:
    """The whole film coloured in full size, with its sound; its report is kept in the folder.

    Goes on with what an interrupted run has left, where nothing that its colour depends on has changed.

    Parameters
    ----------
    source : the film
    target : the coloured film
    folder : of the film, with hints on its frames
    model, settings, progress : as of `play_shot`
    overwrite : whether a target that is there may be replaced
    """
    film = FilmFolder(source, folder)
    film.path.mkdir(parents=True, exist_ok=True)
    remove_parts([film.report, film.report.with_suffix(".html"), film.written])
    target = Path(target).resolve()
    told, hints = film.told(model), list(film.hint_files().values()) or None
    # What an interrupted run has left may be thrown away, a film that is there may not.
    chosen = {**(settings or {}), "sound": _sound_in(target), "report": film.report}
    options = replace(ClipOptions(), **chosen, overwrite=overwrite or not target.exists())
    with ClipInputs(source, None, hints, model, options) as inputs:
        options = replace(options, resume=can_go_on(work_path(str(target)), inputs.fingerprint()))
    report = colorize_video(source, target, hints=hints, model=model, options=options, progress=progress)
    write_json(film.written, {"target": str(target), "file": file_facts(target), "told": told})
    return report


def fitting_target(source: str | Path, targets: Sequence[Path]) -> Path:
    """The first of some names whose container can hold all of a film in colour; UsageError where none can."""
    with open_clip(source) as reader:
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                VideoFileWriter(target, reader.info, source=source, sound=_sound_in(target), overwrite=True)
            except UsageError:
                if target is targets[-1]:
                    raise
            else:
                break
    return target


def _sound_in(target: Path) -> str:
    """What sound becomes that a container does not take: in the last that is tried it is encoded."""
    return "aac" if target.suffix == ANY_SOUND else "copy"


def mean_of(curves: Iterable[Iterable[float]]) -> float:
    """Mean over all frames of curves, 0..1; 0 where there are none or nobody knows."""
    values = np.array([value for curve in curves for value in curve], np.float64)
    return float(np.nan_to_num(values).mean()) if len(values) else 0.0


def _cut_out(film: FilmFolder, step: Fraction, shot: ShotFacts, target: Path, progress: Progress) -> None:
    """A shot of the proxy as a film of its own, with next to no loss."""
    count = shot.last - shot.first + 1
    frames = proxy_frames(film.proxy, step, shot.first, shot.last)
    info, first = next(frames)
    with VideoFileWriter(target, info, source=None, codec="h264", crf=CUT_CRF, first_pts=first.pts) as writer:
        neutral = np.full(writer.chroma_shape, 128, np.uint8)
        writer.write(first, neutral, neutral)
        for done, (_, frame) in enumerate(frames, start=2):
            writer.write(frame, neutral, neutral)
            progress(CUTTING, done, count)


@contextmanager
def _work_place(path: Path) -> Iterator[Path]:
    """A new folder in which things may be half done; what a killed run has left in it goes before."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
