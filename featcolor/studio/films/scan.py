"""First look at a film: its shots, the frame to look at of each, and the small copy of it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from featcolor.clips.open import open_clip
from featcolor.errors import ClipError
from featcolor.files import remove_parts, replacing
from featcolor.studio.films.folder import FilmFacts, FilmFolder, ShotFacts, file_facts
from featcolor.studio.films.frames import write_thumbs
from featcolor.studio.films.proxy import ProxyReader
from featcolor.video.colorize import Progress
from featcolor.video.keyframes.choose import choose_frames
from featcolor.video.scan import scan_clip

SCANNING: Final = "finding shots"
SHOWING: Final = "small pictures"


def scan_film(
    source: str | Path, folder: str | Path, most_frames: int | None = None, *, progress: Progress | None = None
) -> FilmFacts:
    """The facts of a film file, kept in its folder with a proxy and small pictures; hints stay, all else goes.

    Raises
    ------
    ClipError, UsageError : it is no film that can be read, or one of more frames than `most_frames`
    """

    def tell(stage: str, done: int, total: int) -> None:
        if most_frames is not None and done > most_frames:
            raise ClipError(f"{film.source.name}: has more than the {most_frames:,} frames that are taken here")
        if progress is not None:
            progress(stage, done, total)

    film = FilmFolder(source, folder)
    film.path.mkdir(parents=True, exist_ok=True)
    film.facts_file.unlink(missing_ok=True)
    remove_parts([film.proxy, film.times, film.facts_file])
    for old in (film.shots, film.thumb(0).parent, film.picture(0).parent):
        shutil.rmtree(old, ignore_errors=True)
    before = file_facts(film.source)
    with ProxyReader(open_clip(film.source), film.proxy) as reader:
        info, step = reader.info, reader.proxy_info.time_base
        with scan_clip(reader, folder=film.path, progress=partial(tell, SCANNING)) as scan:
            keys = choose_frames(scan)
            shots = tuple(
                ShotFacts(number=number, first=shot.first, last=shot.last, kind=shot.kind, key=key)
                for number, (shot, key) in enumerate(zip(scan.shots, keys, strict=True))
            )
            with replacing(film.times) as part, part.open("wb") as file:
                np.save(file, scan.pts, allow_pickle=False)
            width, height = info.shown_size
            facts = FilmFacts(
                source=before,
                width=width,
                height=height,
                frames=scan.n_frames,
                rate=str(1 / step),
                seconds=float(scan.n_frames * step),
                shots=shots,
                damaged=scan.damaged,
            )
    write_thumbs(film, facts, [shot.key for shot in shots], partial(tell, SHOWING))
    facts.write(film.facts_file)
    return facts
