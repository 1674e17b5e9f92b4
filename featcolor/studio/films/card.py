"""What the page is told of a film: read off the files in its folder each time, so that nothing else need remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from featcolor.errors import UsageError
from featcolor.studio.films.colour import ShotOutcome, mean_of
from featcolor.studio.films.folder import FilmFacts, FilmFolder, ShotFacts, file_facts
from featcolor.video.report import ClipReport, NextFrame, read_report

KEPT_REPORTS: Final = 4
"""Those of long films are large, and a film is told of after each hint."""


def film_card(source: str | Path, folder: str | Path) -> dict[str, Any]:
    """Facts, shots with how sure their colour is, and the frame to correct next, in JSON's own types.

    "state" is "new" or "ready". What came out when a shot was tried counts instead of the report on the whole film
    where it is newer.
    """
    film = FilmFolder(source, folder)
    written = film.written_film()
    card: dict[str, Any] = {"state": "new", "shots": [], "next": None, "stamp": "", "corrected": []}
    card["written"] = None if written is None else written.name
    facts = film.facts()
    if facts is None:
        return card | dict.fromkeys(("width", "height", "frames", "rate", "seconds"))
    corrected = list(film.hint_files())
    report = _report(film, facts)
    tried = {shot.number: ShotOutcome.read(film, shot.number) for shot in facts.shots}
    later = {number: outcome for number, outcome in tried.items() if outcome and _is_later(film, number, report)}
    asked = [each for outcome in later.values() for each in outcome.next]
    asked += [each for each in (report.next if report else ()) if each.shot not in later]
    return card | {
        "state": "ready",
        "width": facts.width,
        "height": facts.height,
        "frames": facts.frames,
        "rate": float(1 / facts.step),
        "seconds": facts.seconds,
        "shots": [_shot(film, shot, tried[shot.number], later.get(shot.number), report) for shot in facts.shots],
        "next": _most_useful(asked, corrected),
        "stamp": str(facts.source["changed"]),
        "corrected": corrected,
    }


def _shot(
    film: FilmFolder, shot: ShotFacts, tried: ShotOutcome | None, later: ShotOutcome | None, report: ClipReport | None
) -> dict[str, Any]:
    card: dict[str, Any] = vars(shot) | {"confidence": None, "guessed": None, "playable": None, "changed": False}
    if tried is not None:
        changed = tried.told != film.told(shot.first, shot.last)
        card |= {"playable": str(tried.clip["changed"]), "changed": changed}
    if later is not None:
        card |= {"confidence": round(later.confidence, 3), "guessed": round(later.guessed, 3)}
    elif report is not None:
        own = report.shots[shot.number]
        sure, guessed = mean_of([own.confidence]), mean_of([own.guess_shares()])
        card |= {"confidence": round(sure, 3), "guessed": round(guessed, 3)}
    return card


def _report(film: FilmFolder, facts: FilmFacts) -> ClipReport | None:
    """The report on the film that was written; None where there is none, or one of other shots."""
    stamp = file_facts(film.report)
    report = _read_report(film.report, *stamp.values()) if stamp else None
    if report is None:
        return None
    same = [(shot.first, shot.last) for shot in report.shots] == [(shot.first, shot.last) for shot in facts.shots]
    return report if same else None


@lru_cache(maxsize=KEPT_REPORTS)
def _read_report(path: Path, *stamp: int) -> ClipReport | None:
    """A report as it is at the time that the stamp says; None for what is none."""
    try:
        return read_report(path)
    except UsageError:
        return None


def _is_later(film: FilmFolder, shot: int, report: ClipReport | None) -> bool:
    if report is None:
        return True
    return film.outcome(shot).stat().st_mtime_ns >= film.report.stat().st_mtime_ns


def _most_useful(asked: Iterable[NextFrame], corrected: Iterable[int]) -> Mapping[str, Any] | None:
    left = [each for each in asked if each.frame not in set(corrected)]
    best = max(left, key=lambda each: each.gain, default=None)
    return None if best is None else {"frame": best.frame, "shot": best.shot, "reason": best.reason}
