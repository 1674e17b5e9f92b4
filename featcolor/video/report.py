"""What a run over a film has to say afterwards: where its colour is a guess, and which frames to correct next."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from featcolor.errors import UsageError
from featcolor.files import jsonable, replacing
from featcolor.video.propagation import Lightnesses
from features.base import FloatArray

REPORT_FORMAT: Final = "featcolor film report"
REPORT_VERSION: Final = 1

GUESS_BELOW: Final = 0.5
"""A place whose confidence is lower is called a guess."""

Source = Literal["key frames", "model", "clip's other key frames"]
"""Where a shot's colour comes from."""


@dataclass(frozen=True, kw_only=True)
class ShotReport:
    """One shot.

    Attributes
    ----------
    first, last : zero-based numbers of its first and last frame.
    kind : how it begins: "cut", "dissolve", "fade", or "start".
    key_frames : numbers of the frames whose colour was given, rising.
    confidence : mean over the picture, one a frame, 0..1.
    guessed : share of the picture whose confidence is below `GUESS_BELOW`, one a frame, 0..1.
    source : where the colour comes from.
    """

    first: int
    last: int
    kind: str = "cut"
    key_frames: tuple[int, ...] = ()
    confidence: tuple[float, ...] = ()
    guessed: tuple[float, ...] = ()
    source: Source = "key frames"

    def __len__(self) -> int:
        """Frames."""
        return self.last - self.first + 1


@dataclass(frozen=True, kw_only=True)
class KeyReport:
    """A key frame that was used.

    Attributes
    ----------
    path : of its picture; empty where a model coloured it.
    frame : its zero-based number in the film.
    correlation : of the picture's lightness with the frame's, -1..1.
    located : whether the number was found by lightness, not read off the name.
    """

    path: str
    frame: int
    correlation: float = 1.0
    located: bool = False


@dataclass(frozen=True, kw_only=True)
class NextFrame:
    """A frame that a person should correct.

    Attributes
    ----------
    frame : its zero-based number in the film.
    shot : place of its shot in the report, from 0.
    gain : frames' worth of colour that would no longer be a guess, those before it in the list being corrected too.
    reason : for a person.
    """

    frame: int
    shot: int
    gain: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClipReport:
    """Everything about one run.

    Attributes
    ----------
    clip, output : as the person named them.
    frames : coloured.
    seconds : wall time of the run.
    shots : in order.
    keys : key frames used, by frame.
    refused : key-frame pictures that were not used, each with the reason.
    damaged : numbers of frames that the decoder could not restore.
    notes : anything else a person should know.
    next : frames to correct, the most useful first.
    """

    clip: str
    output: str
    frames: int
    seconds: float = 0.0
    shots: tuple[ShotReport, ...] = ()
    keys: tuple[KeyReport, ...] = ()
    refused: tuple[str, ...] = ()
    damaged: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[NextFrame, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """In JSON's own types; confidences are rounded to three digits."""
        document = {"format": REPORT_FORMAT, "version": REPORT_VERSION, **asdict(self)}
        for shot in document["shots"]:
            for curve in ("confidence", "guessed"):
                shot[curve] = [round(float(value), 3) for value in shot[curve]]
        return dict(jsonable(document))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """What `to_dict` made; ValueError, in one line, for anything else."""
        if not isinstance(document, Mapping) or document.get("format") != REPORT_FORMAT:
            raise ValueError("not a film report of featcolor")
        if document.get("version") != REPORT_VERSION:
            raise ValueError(f"a report of version {document.get('version')!r:.20}; this featcolor reads 1")
        try:
            return cls(
                clip=_text(document["clip"]),
                output=_text(document["output"]),
                frames=_whole(document["frames"]),
                seconds=_number(document["seconds"]),
                shots=tuple(_read_shot(shot) for shot in document["shots"]),
                keys=tuple(_read_key(key) for key in document["keys"]),
                refused=tuple(_text(name) for name in document["refused"]),
                damaged=tuple(_whole(frame) for frame in document["damaged"]),
                notes=tuple(_text(note) for note in document["notes"]),
                next=tuple(_read_next(frame) for frame in document["next"]),
            )
        except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"a film report with a part missing or wrong ({error})") from error

    def write_json(self, path: str | Path) -> None:
        """Beside the place, then renamed."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)
        with replacing(path) as part:
            part.write_text(text + "\n", encoding="utf-8")


def confidence_curves(planes: Lightnesses) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """`ShotReport.confidence` and `guessed` of a shot: its mean and its share of guesses, of planes (h, w), 0..1."""
    curves = [(float(plane.mean()), float((plane < GUESS_BELOW).mean())) for plane in _each(planes)]
    return tuple(mean for mean, _ in curves), tuple(share for _, share in curves)


def _each(planes: Lightnesses) -> Iterator[FloatArray]:
    """One after the other: a long shot's lie in a file."""
    return (planes[index] for index in range(len(planes)))


def read_report(path: str | Path) -> ClipReport:
    """A report back from its JSON file; UsageError, naming the file, for one that cannot be read."""
    remedy = "name the file that 'featcolor video --report' wrote"
    try:
        return ClipReport.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be read ({error.strerror}); {remedy}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: not a film report of featcolor; {remedy}") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON ({error.msg}, line {error.lineno}); {remedy}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not JSON (not UTF-8); {remedy}") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}; {remedy}") from error


def _read_shot(shot: Mapping[str, Any]) -> ShotReport:
    source = shot["source"]
    if source not in get_args(Source):
        raise TypeError(f"source {source!r:.40}")
    read = ShotReport(
        first=_whole(shot["first"]),
        last=_whole(shot["last"]),
        kind=_text(shot["kind"]),
        key_frames=tuple(_whole(frame) for frame in shot["key_frames"]),
        confidence=tuple(_share(value) for value in shot["confidence"]),
        guessed=tuple(_share(value) for value in shot["guessed"]),
        source=source,
    )
    if not len(read.confidence) == len(read.guessed) == read.last - read.first + 1:
        raise TypeError(f"shot {read.first} to {read.last}: one confidence and one share a frame are wanted")
    return read


def _read_key(key: Mapping[str, Any]) -> KeyReport:
    located = key["located"]
    if not isinstance(located, bool):
        raise TypeError("located")
    return KeyReport(
        path=_text(key["path"]),
        frame=_whole(key["frame"]),
        correlation=_number(key["correlation"]),
        located=located,
    )


def _read_next(frame: Mapping[str, Any]) -> NextFrame:
    return NextFrame(
        frame=_whole(frame["frame"]),
        shot=_whole(frame["shot"]),
        gain=_number(frame["gain"]),
        reason=_text(frame["reason"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not text")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r:.40} is not a whole number from 0")
    return value


def _number(value: object) -> float:
    """JSON has no NaN: `to_dict` wrote None for it."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.40} is not a number")
    return float(value)


def _share(value: object) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise TypeError(f"{value!r:.40} is not within 0..1")
    return number
