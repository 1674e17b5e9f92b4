"""Page of the film report: a strip a shot, where colour is a guess, and which frames to correct next."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.files import write_text
from featcolor.names import plain_path, shell_line
from featcolor.pages import as_html, build_document, build_header, build_image, build_warnings, grouped
from featcolor.pictures.resize import shrink
from featcolor.video.report import GUESS_BELOW, ORIGINS, ClipReport, NextFrame, ShotReport, in_percent, in_words
from features.base import FloatArray

TILES_A_SHOT: Final = 8
TILES: Final = 400
TILE_WIDTH: Final = 144
"""Pixels: at most eight stand side by side on a page of 1140."""
JPEG_QUALITY: Final = 72

SHOTS_SHOWN: Final = 600
"""Strips on the page; a reel with more keeps those with the most guesses, and the JSON has all."""
BARS: Final = 64
"""Of one curve."""
NAMED: Final = 8
"""Frames with hints that are named a shot."""
IN_JSON: Final = " in the JSON"

STRIPE: Final = 3
"""Pixels of the light and dark stripes that shade guesses: no colour of their own, so that they show on any picture."""
_LIGHT_BGRA: Final = (255, 255, 255, 190)
_DARK_BGRA: Final = (0, 0, 0, 90)


class Tile(NamedTuple):
    """A picture of a frame for the page.

    Attributes
    ----------
    frame : its zero-based number in the film.
    rgb : (h, w, 3) uint8, upright, of any size.
    confidence : (h', w') 0..1, of the same view; None: not known.
    """

    frame: int
    rgb: NDArray[np.uint8]
    confidence: FloatArray | None = None


def choose_tiles(report: ClipReport) -> list[int]:
    """Numbers of the frames that the page wants to show, rising: some of each shot, and those to correct next."""
    return sorted({frame for shot in _frames_shown(report).values() for frame in shot} | {n.frame for n in report.next})


def write_page(
    path: str | Path,
    report: ClipReport,
    tiles: Iterable[Tile],
    *,
    json_name: str = "report.json",
    reading: Sequence[str] = (),
) -> None:
    """Write the page of `build_page` beside the place and then rename it."""
    write_text(path, build_page(report, tiles, json_name=json_name, reading=reading))


def build_page(
    report: ClipReport, tiles: Iterable[Tile], *, json_name: str = "report.json", reading: Sequence[str] = ()
) -> str:
    """One HTML file that asks nothing of the network; some 4 MB for the longest film.

    Parameters
    ----------
    report : ClipReport
    tiles : frames, at best those of `choose_tiles`; others are passed over, and one that is missing leaves a gap
    json_name : of the report's JSON, for the command that exports the frames to correct
    reading : options with which that command reads the film, as `video` did
    """
    wanted = set(choose_tiles(report))
    bare = [range(shot.first, shot.last + 1) for shot in report.shots if not shot.key_frames]
    images = {
        tile.frame: _image(tile._replace(confidence=None) if any(tile.frame in shot for shot in bare) else tile)
        for tile in tiles
        if tile.frame in wanted
    }
    body = (
        _header(report)
        + _next_frames(report, images, json_name, reading)
        + _shots(report, images)
        + build_warnings("Key frames not used", report.refused, IN_JSON)
        + build_warnings("Damaged frames", [f"frame {frame}" for frame in report.damaged], IN_JSON)
        + build_warnings("Notes", report.notes, IN_JSON)
    )
    return build_document(f"featcolor: {report.clip}", body, Path(__file__).with_suffix(".css"))


def _frames_shown(report: ClipReport) -> dict[int, list[int]]:
    """Frames of the strip of each shot on the page, by the shot's place."""
    worst = sorted(range(len(report.shots)), key=lambda place: (-_guesses(report.shots[place]), place))
    shown = sorted(worst[:SHOTS_SHOWN])
    count = max(1, min(TILES_A_SHOT, TILES // max(1, len(shown))))
    with_tiles = set(worst[:TILES])
    return {place: _spread(report.shots[place], count) if place in with_tiles else [] for place in shown}


def _spread(shot: ShotReport, count: int) -> list[int]:
    """Frames at regular steps, each the middle of its step, or a key frame, one with hints, or an anchor in it."""
    count = min(count, len(shot))
    ends = [shot.first + len(shot) * step // count for step in range(count + 1)]
    frames = []
    for low, high in pairwise(ends):
        keys = [key for key in (*shot.key_frames, *shot.hinted, *shot.anchors) if low <= key < high]
        frames.append(keys[0] if keys else (low + high - 1) // 2)
    return frames


def _header(report: ClipReport) -> str:
    rate = f"{report.frames / report.seconds:.1f}" if report.seconds > 0 else "–"
    hinted = sum(len(shot.hinted) for shot in report.shots)
    facts = (
        (grouped(report.frames), "frames"),
        (grouped(len(report.shots)), "shots" if len(report.shots) != 1 else "shot"),
        (grouped(len(report.keys)), "key frames used" if len(report.keys) != 1 else "key frame used"),
        *([(grouped(hinted), "frames with hints" if hinted != 1 else "frame with hints")] if hinted else []),
        *((f"{share} %", f"of all colour: {ORIGINS[name]}") for name, share in report.percents().items()),
        (rate, "frames a second"),
    )
    return build_header("Film report", report.clip, f"<p class=note>Coloured as {as_html(report.output)}</p>", facts)


def _next_frames(report: ClipReport, images: Mapping[int, str], json_name: str, reading: Sequence[str]) -> str:
    if not report.next:
        return "<section><h2>Correct next</h2><p class=note>No single frame would help much.</p></section>"
    command = shell_line(
        ["featcolor", "keyframes", plain_path(report.clip), *reading, "-o", "keys/", "--more", plain_path(json_name)]
    )
    rows = "".join(_next_row(rank, frame, images) for rank, frame in enumerate(report.next, 1))
    return (
        "<section><h2>Correct next</h2><p class=note>The frame whose correction would help most comes first; each gain "
        "counts those above it as corrected. This command exports them, for colouring:</p>"
        f"<p class=command><code>{as_html(command)}</code></p><ol class=next>{rows}</ol></section>"
    )


def _next_row(rank: int, frame: NextFrame, images: Mapping[int, str]) -> str:
    return (
        f"<li><span class=rank>{rank}</span><span class=tile>{images.get(frame.frame, '')}</span>"
        f"<div><h3>Frame {frame.frame}</h3><p class=note>{as_html(frame.reason)}</p></div>"
        f"<p class=gain>{frame.gain:.1f} <small>frames’ worth</small></p></li>"
    )


def _shots(report: ClipReport, images: Mapping[int, str]) -> str:
    shown = _frames_shown(report)
    if not shown:
        return ""
    hidden = len(report.shots) - len(shown)
    more = f"<p class=note>The {hidden} shots with the fewest guesses are in the JSON only.</p>" if hidden else ""
    strips = "".join(_shot(place, report.shots[place], frames, images) for place, frames in shown.items())
    return (
        "<section><h2>Shots</h2><p class='note legend'>Over time: <i class=sure></i> mean confidence, from below; "
        "<i class=guesses></i> share of the picture that is a guess, from above. Upright lines and framed pictures are "
        "key frames, frames with hints, and anchors: frames that the model coloured first. A shot without key frames "
        "is a guess everywhere but where hints say its colour, and not shaded.</p>"
        "<label class=shading><input type=checkbox id=shading checked> Shade guesses in the pictures</label>"
        f"{more}{strips}</section>"
    )


def _shot(place: int, shot: ShotReport, frames: Sequence[int], images: Mapping[int, str]) -> str:
    given = dict.fromkeys(shot.anchors, " anchor") | dict.fromkeys(shot.hinted, " hints")
    given |= {key: " key, hints" if key in given else " key" for key in shot.key_frames}
    tiles = "".join(
        f"<figure{' class=key' if frame in given else ''}><span class=tile>{images[frame]}</span>"
        f"<figcaption>{frame}{given.get(frame, '')}</figcaption></figure>"
        for frame in frames
        if frame in images
    )
    strip = f"<div class=strip>{tiles}</div>" if tiles else ""
    begins = "" if shot.kind == "start" else f", begins with a {as_html(shot.kind)}"
    counts = _count(len(shot.key_frames), "key frame")
    if shot.anchors:
        counts += f"; {_count(len(shot.anchors), 'anchor')}"
    if shot.hinted:
        more = " ..." if len(shot.hinted) > NAMED else ""
        named = ", ".join(map(str, shot.hinted[:NAMED])) + more
        counts += f"; hints on {_count(len(shot.hinted), 'frame')} ({named})"
    return (
        f"<article class=shot><h3>Shot {place + 1}</h3><p class=note>{len(shot)} frames{begins}; "
        f"{counts}; colour: {as_html(in_words(in_percent([shot.origins()])))}</p>{strip}"
        f"{_curve(shot)}<p class=ends><span>{shot.first}</span><span>{shot.last}</span></p></article>"
    )


def _curve(shot: ShotReport) -> str:
    """Bars of confidence from below, of guesses from above, and the key frames; both are means over a bar's frames."""
    count = len(shot.confidence)
    if not count or len(shot.guessed) != count:
        return ""
    edges = np.unique(np.linspace(0, count, min(BARS, count) + 1).astype(int))
    sizes = np.diff(edges)
    paths = []
    for name, values in (("sure", shot.confidence), ("guesses", shot.guessed)):
        curve = np.clip(np.nan_to_num(np.array(values, np.float64)), 0, 1)
        heights = np.rint(100 * np.add.reduceat(curve, edges[:-1]) / sizes).astype(int)
        bars = zip(edges[:-1], sizes, heights, strict=True)
        base, sign = (100, -1) if name == "sure" else (0, 1)
        drawn = (f"M{start} {base}v{sign * height}h{size}v{-sign * height}z" for start, size, height in bars if height)
        paths.append(f'<path class={name} d="{"".join(drawn)}"/>')
    given = sorted({*shot.key_frames, *shot.hinted, *shot.anchors})
    marks = "".join(f"M{key - shot.first + 0.5} 0v100" for key in given if shot.first <= key <= shot.last)
    mark = f'<path class=mark d="{marks}"/>' if marks else ""
    return (
        f'<svg class=curve viewBox="0 0 {count} 100" preserveAspectRatio=none role=img '
        f'aria-label="Confidence over time">{"".join(paths)}{mark}</svg>'
    )


def _image(tile: Tile) -> str:
    """The picture, and over it the shading of where it is a guess."""
    small = shrink(tile.rgb, TILE_WIDTH)
    image = build_image(small, f"frame {tile.frame}", side=TILE_WIDTH, quality=JPEG_QUALITY)
    return image + (_shading(tile.confidence, small.shape[1::-1]) if tile.confidence is not None else "")


def _shading(confidence: FloatArray, size: tuple[int, ...]) -> str:
    """Stripes, as a transparent PNG, where the confidence is low; none where nothing is."""
    known = np.nan_to_num(np.asarray(confidence, np.float32))
    guess = cv2.resize(known, size, interpolation=cv2.INTER_LINEAR) < GUESS_BELOW
    if not guess.any():
        return ""
    rows, columns = np.indices(guess.shape)
    light = (rows + columns) // STRIPE % 2 == 0
    bgra = np.zeros((*guess.shape, 4), np.uint8)
    bgra[guess & light] = _LIGHT_BGRA
    bgra[guess & ~light] = _DARK_BGRA
    png = cv2.imencode(".png", bgra, [cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
    return f'<img class=guess alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' if number > 1 else ''}"


def _guesses(shot: ShotReport) -> float:
    """Frames' worth."""
    return float(shot.guess_shares().sum())
