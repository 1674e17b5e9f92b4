"""The demo's page: one HTML file that holds its pictures and asks nothing of the network; the film lies beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.demo.hints import HintedPicture
from benchmarks.demo.results import ColouredFilm, Result
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import delta_e00
from featcolor.pages import ARTICLE, build_document, build_header, build_image, build_section, signed

LONGEST_SIDE = 560
"""Pictures on the page are no larger than this, in pixels."""

FILM_SIDE = 1120
"""The film's contact strip likewise."""

ERROR_BLACK = 30
"""CIEDE2000 shown as black."""

BEST_SHOWN = 4
"""Unseen pictures shown besides the worst; the table counts all."""


@dataclass(frozen=True)
class Command:
    """A command as typed, and its wall time in seconds."""

    text: str
    seconds: float


@dataclass(frozen=True)
class Page:
    """Everything that the page shows."""

    halves: list[Result]
    unseen: list[Result]
    failure: str
    commands: list[Command]
    picture_seconds: float
    seconds: float
    credits: list[str]
    versions: Mapping[str, str]
    hinted: list[HintedPicture] = field(default_factory=list)
    film: ColouredFilm | None = None
    film_address: str = ""
    preview_address: str = ""
    """Of the coloured film and of the sheet of settings, from the page."""


def build_page(page: Page) -> str:
    """The page as HTML."""
    ranked = sorted(page.unseen, key=_gain, reverse=True)
    best, worst = ranked[:BEST_SHOWN], ranked[-1]
    body = [
        _header(page),
        build_section(
            "The default model",
            f"No references, no fit: {_word(len(page.unseen))} photographs that it has never seen, coloured as they "
            f"come. By colour difference the mean result is {_mean(page.unseen, 'featcolor', 'delta_e00'):.1f} from "
            f"the truth, and plain grey {_mean(page.unseen, 'grey', 'delta_e00'):.1f}. Shown are the best "
            f"{_word(len(best))} of {_word(len(page.unseen))} by gain; the tables below count all. "
            f"<a href='{escape(page.preview_address)}'>A sheet of settings</a> for two of them.",
            _figures(best, "default model", "It has seen no pixel of this picture."),
        ),
        *_hints(page),
        build_section(
            "Where it fails",
            f"The worst of the {_word(len(page.unseen))} pictures by gain. {page.failure}",
            _figures([worst], "failure", "It has seen no pixel of this picture."),
        ),
        build_section(
            "With references: unseen halves",
            f"One model, fitted on the left halves of {_word(len(page.halves))} photographs, coloured their right "
            "halves, of which it never saw a pixel. This is the easiest case: the same things, in the same light, "
            "taken by the same camera.",
            _figures(page.halves, "unseen half", "The left half was a reference; this right half was not."),
        ),
        *_film(page),
        build_section(
            "How sure it says it is",
            "<code>colorize --confidence</code> writes a map for each picture: bright where the model is sure, dark "
            "where many colours seem as likely. Beside it, how near its colour came to the truth: black is "
            f"{ERROR_BLACK} ΔE<sub>00</sub> or more away. Where both are dark, the map warned; where only the right "
            "one is, the model was sure and wrong. Take it as a hint of where to look first.",
            _confidence([(best[0], "default model"), (worst, "failure")]),
        ),
        build_section(
            "Numbers",
            "Means over all pictures, none left out. Gain is PSNR over the grey picture; it rewards timid colour, so "
            "colourfulness stands beside it, which should come near the truth’s. ΔE<sub>00</sub> is the mean colour "
            "difference: lower is better.",
            _means("The default model, unseen pictures", page.unseen)
            + _means("Fitted, unseen halves", page.halves)
            + _every(page),
        ),
        build_section(
            "How it was made",
            f"The whole demo took {page.seconds:.0f} s. These commands made every picture above, with all settings as "
            "they come; beside each, its wall time with start-up.",
            _commands(page.commands)
            + f"<p class=note>{escape(', '.join(f'{name} {version}' for name, version in page.versions.items()))}</p>",
        ),
        build_section(
            "Pictures",
            "Photographs that come with the installed packages.",
            "<ul class=credits>" + "".join(f"<li>{escape(credit)}</li>" for credit in page.credits) + "</ul>",
        ),
    ]
    return build_document(
        "featcolor: demo", "\n".join(body), ARTICLE, Path(__file__).with_name("demo.css"), policy=None
    )


def _gain(result: Result) -> float:
    return result.scores["featcolor"].gain


def _mean(results: Iterable[Result], label: str, measure: str) -> float:
    return float(np.mean([getattr(result.scores[label], measure) for result in results]))


def _header(page: Page) -> str:
    facts = (
        (signed(_mean(page.halves, "featcolor", "gain")) + " dB", "PSNR over grey, mean of the unseen halves, fitted"),
        (signed(_mean(page.unseen, "featcolor", "gain")) + " dB", "the same for whole pictures by the default model"),
        (f"{page.commands[0].seconds:.0f} s", f"to fit on {_word(len(page.halves))} references, on a CPU"),
        (f"{page.picture_seconds:.2f} s", "to colour one of these halves"),
    )
    lead = "Colours black-and-white photographs, by a default model or with the colours of your own reference pictures."
    return build_header("Demo", "featcolor", f"<p class=lead>{lead}</p>", facts)


def _figures(results: Iterable[Result], tag: str, note: str) -> str:
    return f"<div class=figures>{''.join(_figure(result, tag, note) for result in results)}</div>"


def _figure(result: Result, tag: str, note: str) -> str:
    panels = ((result.grey, "grey"), (result.coloured, "coloured"), (result.truth, "truth"))
    ours, grey, truth = (result.scores[label] for label in ("featcolor", "grey", "truth"))
    numbers = (
        ("over grey", f"{signed(ours.gain)} dB"),
        ("ΔE<sub>00</sub>", f"{ours.delta_e00:.1f}<small> grey {grey.delta_e00:.1f}</small>"),
        ("colourfulness", f"{ours.cf:.0f}<small> truth {truth.cf:.0f}</small>"),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in numbers)
    return (
        f"<figure class={_shape(result)}>{_panels(panels, result.name)}<figcaption><p><b>{escape(result.name.title())}"
        f"</b> <span class=tag>{escape(tag)}</span></p><p class=note>{escape(note)}</p><dl>{cells}</dl>"
        "</figcaption></figure>"
    )


def _hints(page: Page) -> list[str]:
    if not page.hinted:
        return []
    figures = "".join(
        f"<figure class={'wide' if each.grey.shape[1] > each.grey.shape[0] else 'tall'}>"
        f"{_panels(((each.marked, 'one click'), (each.before, 'without'), (each.after, 'with it')), each.click.thing)}"
        f"<figcaption><p><b>{escape(each.click.thing.capitalize())}</b> <code>--hint {escape(each.click.typed)}</code>"
        "</p></figcaption></figure>"
        for each in page.hinted
    )
    return [
        build_section(
            "Tell it what you know",
            "The default model once more, told the colour of one place: what looks alike nearby follows, the rest "
            "mostly stays as it was.",
            f"<div class=figures>{figures}</div>",
        )
    ]


def _film(page: Page) -> list[str]:
    if page.film is None:
        return []
    film = page.film
    gained = signed(film.psnr - film.grey_psnr)
    return [
        build_section(
            "Film",
            "Two shots of thirty frames with a hard cut, grain and a sound track, made of three of the photographs. "
            "One frame of each shot was given in colour, the rest is carried from it. Below, from top to bottom: grey, "
            "coloured, truth; none of these frames was given.",
            f'<figure class=wide><video controls loop preload=metadata src="{escape(page.film_address)}"></video>'
            f"{build_image(film.strip, 'grey, coloured and true frames of the film', side=FILM_SIDE)}"
            f"<figcaption><dl><div><dt>over grey</dt><dd>{gained} dB</dd></div><div><dt>flicker of colour, a*b*</dt>"
            f"<dd>{film.flicker:.2f}<small> truth {film.true_flicker:.2f}</small></dd></div><div><dt>whole command</dt>"
            f"<dd>{film.frames_a_second:.1f} frames a second</dd></div></dl></figcaption></figure>",
        )
    ]


def _confidence(results: Iterable[tuple[Result, str]]) -> str:
    figures = "".join(
        f"<figure class={_shape(result)}>"
        f"{_panels(_maps(result), result.name)}"
        f"<figcaption><p><b>{escape(result.name.title())}</b> <span class=tag>{escape(tag)}</span></p>"
        f"<p class=note>Mean confidence {result.confidence.mean() / 255:.2f} of 1.</p></figcaption></figure>"
        for result, tag in results
    )
    return f"<div class='figures two'>{figures}</div>"


def _maps(result: Result) -> list[tuple[NDArray[np.uint8], str]]:
    """The result, its confidence, and its nearness to the truth: white equal, black ERROR_BLACK away."""
    first, second = (np.dstack([100 * L, ab]) for L, ab in map(rgb_to_lab, (result.truth, result.coloured)))
    nearness = 1 - np.minimum(delta_e00(first, second) / ERROR_BLACK, 1)
    return [
        (result.coloured, "coloured"),
        (result.confidence, "confidence"),
        (np.rint(255 * nearness).astype(np.uint8), "nearness to the truth"),
    ]


def _panels(panels: Iterable[tuple[NDArray[np.uint8], str]], name: str) -> str:
    cells = "".join(
        f"<div>{build_image(picture, f'{name}, {label}', side=LONGEST_SIDE)}<span>{label}</span></div>"
        for picture, label in panels
    )
    return f"<div class=panels>{cells}</div>"


def _shape(result: Result) -> str:
    return "wide" if result.truth.shape[1] > result.truth.shape[0] else "tall"


def _means(title: str, results: list[Result]) -> str:
    rows = ""
    for label in ("grey", "one constant colour", "featcolor"):
        psnr_, gain, delta, cf = (_mean(results, label, measure) for measure in ("psnr", "gain", "delta_e00", "cf"))
        gained = "0" if label == "grey" else signed(gain, 2)
        rows += _row(label, f"{psnr_:.2f}", gained, f"{delta:.1f}", f"{cf:.1f}", ours=label == "featcolor")
    rows += _row("truth", "", "", "", f"{_mean(results, 'truth', 'cf'):.1f}")
    return _table(f"{title}, {len(results)}", ("PSNR, dB", "gain, dB", "ΔE<sub>00</sub>", "colourfulness"), rows)


def _every(page: Page) -> str:
    rows = ""
    for result, what in [*((each, "half") for each in page.halves), *((each, "whole") for each in page.unseen)]:
        ours, grey, truth = (result.scores[label] for label in ("featcolor", "grey", "truth"))
        deltas, colours = f"{ours.delta_e00:.1f} / {grey.delta_e00:.1f}", f"{ours.cf:.0f} / {truth.cf:.0f}"
        rows += _row(f"{result.name.title()}, {what}", signed(ours.gain, 2), deltas, colours)
    head = ("gain, dB", "ΔE<sub>00</sub> / grey", "colourfulness / truth")
    return f"<details><summary>Every picture</summary>{_table('Every picture', head, rows)}</details>"


def _row(label: str, *cells: str, ours: bool = False) -> str:
    return f"<tr{' class=ours' if ours else ''}><th scope=row>{escape(label)}</th>" + "".join(
        f"<td>{cell}</td>" for cell in cells
    )


def _table(caption: str, head: Iterable[str], rows: str) -> str:
    cells = "".join(f"<th scope=col>{name}</th>" for name in head)
    return (
        f"<div class=scroll><table><caption>{escape(caption)}</caption><thead><tr><td></td>{cells}</thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _commands(commands: Iterable[Command]) -> str:
    lines = "".join(
        f"<li><code>{escape(command.text)}</code><span>{command.seconds:.1f} s</span></li>" for command in commands
    )
    return f"<ol class=commands>{lines}</ol>"


def _word(number: int) -> str:
    """A small number in words."""
    return _WORDS[number] if number < len(_WORDS) else str(number)


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
