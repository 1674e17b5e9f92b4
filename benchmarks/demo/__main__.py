"""Colour photographs that scikit-image and scikit-learn ship, by the default model and by a fit; write demo/index.html.

Everything goes through the command line as a person would type it. Neither way shows a pixel that was learned from: the
whole pictures by the default model, which knows none of them, and the right halves of pictures whose left halves are
the references.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.bundled import PHOTOGRAPHS, load
from benchmarks.demo.film import make_film, measure_film
from benchmarks.demo.hints import CLICKS, HintedPicture
from benchmarks.demo.page import Command, Page, build_page
from benchmarks.demo.results import ColouredFilm, Result
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.colour.measures import grey_picture
from featcolor.errors import UsageError, refuse_without_fit
from featcolor.models.fit_report import library_versions
from featcolor.models.model_file import read_card
from featcolor.models.pretrained import read_network_card
from featcolor.pictures.io import read_picture, write_picture

ROOT = Path(__file__).resolve().parents[2]

FAILURE = (
    "Here it guesses {subject} wrong. It cannot know colours that it has not been shown: with the left half of this "
    "picture among the references of a fit, the right half gained {gain:.1f} dB below, at ΔE<sub>00</sub> {delta:.1f}."
)

STRIP = ("coffee", "astronaut")
DEFAULT_STRIP = ("chelsea", "astronaut")
"""Pictures of the strips: all free of any condition."""
STRIP_HEIGHT = 260
DEFAULT_STRIP_HEIGHT = 180
STRIP_GAP = 6
STRIP_BREAK = 30


def prepare(out: Path) -> dict[str, dict[str, NDArray[np.uint8]]]:
    """Write references and grey inputs below out; returns the truths, by split and name."""
    truths: dict[str, dict[str, NDArray[np.uint8]]] = {"halves": {}, "pictures": {}}
    for photograph in PHOTOGRAPHS:
        name, rgb = photograph.name, load(photograph)
        middle = rgb.shape[1] // 2
        truths["halves"][name] = np.ascontiguousarray(rgb[:, middle:])
        truths["pictures"][name] = rgb
        half = out / "left-halves" / f"{name}.png"
        half.parent.mkdir(parents=True, exist_ok=True)
        write_picture(half, np.ascontiguousarray(rgb[:, :middle]))
        for split, folder in (("halves", "grey-right-halves"), ("pictures", "grey-pictures")):
            path = out / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), grey_picture(truths[split][name])[..., 0])
    return truths


def run(*words: str | Path) -> Command:
    """Run `python cli.py` with these words, printed first; stops the demo when it fails."""
    typed = [os.path.relpath(word, ROOT) if isinstance(word, Path) else word for word in words]
    shown = shlex.join(["python", "cli.py", *typed])
    print(f"\n$ {shown}", flush=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "cli.py", *typed], cwd=ROOT, check=True)
    return Command(shown, time.perf_counter() - start)


def result_of(name: str, split: str, truth: NDArray[np.uint8], out: Path, mean_chroma: list[float]) -> Result:
    """What the command line wrote for a picture, beside truth and baselines; `mean_chroma` is the model's."""
    lightness, _ = rgb_to_lab(truth)
    chroma = np.broadcast_to(np.array(mean_chroma, np.float32), (*lightness.shape, 2))
    confidence = out / f"confidence-{split}" / f"{name}.png.png"
    return Result(
        name=name,
        grey=grey_picture(truth),
        constant=lab_to_rgb(lightness, chroma),
        coloured=read_picture(out / f"coloured-{split}" / f"{name}.png").pixels,
        truth=truth,
        confidence=read_picture(confidence).pixels,
    )


def colour_halves(truths: dict[str, NDArray[np.uint8]], out: Path) -> tuple[list[Result], list[Command], float]:
    """One model of all left halves colours all right halves; also the seconds a picture took."""
    model, report = out / "halves.featcolor", out / "halves.json"
    commands = [
        run("fit", out / "left-halves", "-o", model),
        run(
            *("colorize", out / "grey-right-halves", "-o", out / "coloured-halves", "--model", model),
            *("--confidence", out / "confidence-halves", "--report", report),
        ),
    ]
    pictures = json.loads(report.read_text())["pictures"]
    seconds = float(np.median([each["seconds"] for each in pictures]))
    mean = read_card(model)["mean_chroma"]
    return [result_of(name, "halves", truth, out, mean) for name, truth in truths.items()], commands, seconds


def colour_unseen(truths: dict[str, NDArray[np.uint8]], out: Path) -> tuple[list[Result], list[Command]]:
    """All whole pictures by the default model, and two of them in several settings side by side."""
    greys = out / "grey-pictures"
    commands = [
        run("colorize", greys, "-o", out / "coloured-pictures", "--confidence", out / "confidence-pictures"),
        run(
            "preview",
            *(greys / f"{name}.png" for name in STRIP),
            *("-o", out / "preview.html", "--grid", "saturation=0.8,1,1.2", "boldness=0.3,0.6"),
        ),
    ]
    mean = read_network_card()["mean_chroma"]
    return [result_of(name, "pictures", truth, out, mean) for name, truth in truths.items()], commands


def colour_hints(out: Path) -> tuple[list[HintedPicture], list[Command]]:
    """Pictures that the default model coloured, once more with one thing told of each."""
    pictures, commands = [], []
    for number, click in enumerate(CLICKS, start=1):
        grey, target = out / "grey-pictures" / f"{click.photograph}.png", out / "hinted" / f"{number}.png"
        commands.append(run("colorize", grey, "-o", target, "--hint", click.typed))
        before = out / "coloured-pictures" / grey.name
        seen = np.repeat(read_picture(grey).pixels[..., None], 3, axis=2)
        pictures.append(HintedPicture(click, seen, read_picture(before).pixels, read_picture(target).pixels))
    return pictures, commands


def colour_film(out: Path) -> tuple[ColouredFilm, Command]:
    """A made film, coloured from one frame of each shot."""
    film, target = make_film(out), out / "film-coloured.mp4"
    command = run("video", film.path, "-o", target, "--keyframes", film.keys, "--report", out / "film-report.json")
    return measure_film(film, target, command.seconds), command


def explain_failure(halves: list[Result], unseen: list[Result]) -> str:
    """What the default model got wrong in the worst picture, and what its own half as a reference did."""
    worst = min(unseen, key=lambda result: result.scores["featcolor"].gain).name
    subject = next(photograph.subject for photograph in PHOTOGRAPHS if photograph.name == worst)
    half = next(result.scores["featcolor"] for result in halves if result.name == worst)
    return FAILURE.format(subject=subject, gain=half.gain, delta=half.delta_e00)


def strip(results: list[Result], height: int = STRIP_HEIGHT) -> NDArray[np.uint8]:
    """Grey, ours and truth of each result in one row on white."""
    columns: list[NDArray[np.uint8]] = []
    for result in results:
        for position, picture in enumerate((result.grey, result.coloured, result.truth)):
            width = round(picture.shape[1] * height / picture.shape[0])
            gap = STRIP_GAP if position else STRIP_BREAK if columns else 0
            columns.append(np.full((height, gap, 3), 255, np.uint8))
            columns.append(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    return np.hstack(columns)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--page", type=Path, default=ROOT / "demo" / "index.html", help="(default: demo/index.html)")
    parser.add_argument("--strip", type=Path, metavar="PATH", help="also write grey, ours, truth of two halves here")
    parser.add_argument("--default-strip", type=Path, metavar="PATH", help="the same, whole, by the default model")
    arguments = parser.parse_args()
    try:
        refuse_without_fit("the demo")
    except UsageError as error:
        parser.error(str(error))
    start = time.perf_counter()
    out = ROOT / "demo" / "out"
    shutil.rmtree(out, ignore_errors=True)
    truths = prepare(out)
    halves, commands, seconds = colour_halves(truths["halves"], out)
    unseen, more = colour_unseen(truths["pictures"], out)
    hinted, hint_commands = colour_hints(out)
    film, film_command = colour_film(out)
    page = Page(
        halves=halves,
        unseen=unseen,
        hinted=hinted,
        failure=explain_failure(halves, unseen),
        commands=[*commands, *more, *hint_commands, film_command],
        picture_seconds=seconds,
        seconds=time.perf_counter() - start,
        credits=[photograph.credit for photograph in PHOTOGRAPHS],
        versions=library_versions(),
        film=film,
        preview_address=Path(os.path.relpath(out / "preview.html", arguments.page.parent)).as_posix(),
        film_address=Path(os.path.relpath(film.path, arguments.page.parent)).as_posix(),
    )
    arguments.page.parent.mkdir(parents=True, exist_ok=True)
    arguments.page.write_text(build_page(page), encoding="utf-8")
    for path, results, names, height in (
        (arguments.strip, halves, STRIP, STRIP_HEIGHT),
        (arguments.default_strip, unseen, DEFAULT_STRIP, DEFAULT_STRIP_HEIGHT),
    ):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_picture(path, strip([each for name in names for each in results if each.name == name], height))
    print(f"\n{time.perf_counter() - start:.0f} s. Open {arguments.page.resolve()} in a browser.")


if __name__ == "__main__":
    main()
