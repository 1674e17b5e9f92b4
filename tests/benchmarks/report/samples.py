"""Results with every oddity, and what reads the pages that are made of them."""

from __future__ import annotations

import csv
import math
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.runs.results import Comparison, CurvePoint, MethodRecord, Results, Score, Summary

NAN, INF = math.nan, math.inf
HOSTILE = '<b>"R&D" | $x_1$ & co</b>'
FILES = ("results.csv", "summary.csv", "comparisons.csv", "curves.csv", "report.json", "report.md", "index.html")
VOID = {"meta", "img", "link"}
CLOSED_BY_THE_NEXT = {"tr", "th", "td", "thead", "tbody"}


def draw(name: str, number: int, side: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    """A picture that depends on both."""
    rng = np.random.default_rng([sum(map(ord, name)), number])
    return np.kron(rng.integers(0, 256, (6, 8, 3), np.uint8), np.ones((side[0] // 6, side[1] // 8, 1), np.uint8))


def build_results(methods: int = 6, pictures: int = 9) -> Results:
    """Results with every oddity: a method that failed, one that lacks a picture, nan, inf, HTML in names."""
    names = [f"picture {i:03}" for i in range(pictures - 1)] + ["<i>odd</i>"]
    records = [
        MethodRecord("grey", "Grey", "baseline", picture_seconds=0.0004),
        MethodRecord("ours", "featcolor", "same references", {"preset": "fast"}, 61.0, 2**29, 0.3, 2**28, 0.1),
        MethodRecord("odd", HOSTILE, "pretrained", fit_seconds=900, picture_seconds=4.5, lightness_deviation=1.25),
        MethodRecord("broken", "Broken", "pretrained", failure="model.onnx: the file is <missing>"),
    ]
    records += [MethodRecord(f"m{i}", f"Method {i}", "precomputed") for i in range(methods - len(records))]
    scores, summaries = [], []
    for rank, method in enumerate(records):
        if method.name == "broken":
            continue
        own = names[:-1] if method.name == "odd" else names
        for i, name in enumerate(own):
            delta = 14.0 - 2.0 * i / pictures if method.name == "grey" else 8.0 + rank
            scores += [Score(method.name, name, "delta_e00", delta), Score(method.name, name, "psnr", 20.0 + rank)]
        gain = 0.0 if method.name == "grey" else 4.0 - rank
        cf = 0.0 if method.name == "grey" else 20.0 + 3 * rank
        summaries += [
            Summary(method.name, "gain", gain, gain - 0.25, gain + 0.5, len(own)),
            Summary(method.name, "delta_e00", 1.0 if method.name == "grey" else 8.0 + rank, 7.0, 9.5, len(own)),
            Summary(method.name, "cf", cf, cf - 2, cf + 2, len(own)),
            Summary(method.name, "psnr", INF if method.name == "ours" else 20.0, NAN, NAN, len(own)),
            Summary(method.name, "nobody_knows", 0.5, NAN, NAN, len(own)),
        ]
    rivals = [m.name for m in records if m.name not in ("grey", "ours", "broken")]
    comparisons = [
        Comparison("ours", rival, "delta_e00", 1.2, 26.0, 26.5, 8.5, 10.0, -1.5, -2.0, -1.0, 0.75, True)
        for rival in rivals
    ]
    comparisons.append(Comparison("ours", "odd", "gain", 3.0, 20.0, 26.0, 1.0, 1.0, NAN, NAN, NAN, NAN, False))
    curves = {"ours": [CurvePoint(f, 20 * f, 3 - (f - 1) ** 2, 9.0) for f in (0.5, 1.0, 2.0)], "odd": []}
    return Results(
        title="Drawn pictures & more",
        ours="ours",
        data={"set": "photos/drawn", "layout": "folder", "protocol": "plain resize to 64", "left out": 1}
        | {"references": 12, "leaks": 0, "fingerprint": "abc123"},
        pictures=names,
        truth_cf=30.0,
        scores=scores,
        summaries=summaries,
        comparisons=comparisons,
        curves=curves,
        methods=records,
        environment={"command": "featcolor benchmark", "date": "2025-01-01", "seed": 7, "versions": {"numpy": "2"}},
        left_out=[("flat", "its truth is grey")],
    )


def picture_of(method: str, picture: str) -> NDArray[np.uint8] | None:
    """Drawn pictures of every method; none of the broken one, and not the odd one's last."""
    if method == "broken" or (method == "odd" and picture == "<i>odd</i>"):
        return None
    return draw(method, len(picture))


class Outline(HTMLParser):
    """Gathers tags with attributes and text, and finds elements that are closed wrongly.

    `loose`: parts of tables need no end.
    """

    def __init__(self, page: str, *, loose: bool = False) -> None:
        super().__init__()
        self.without_end = VOID | CLOSED_BY_THE_NEXT if loose else VOID
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.without_end:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.without_end and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, *names: str) -> list[str]:
        """Values of these attributes, in order."""
        return [value or "" for _, attributes in self.tags for name, value in attributes.items() if name in names]


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
