"""Every step of --prepare before and after, picture by picture: sheets to look at.

    python -m benchmarks.prepare_study old/*.jpg -o look/

writes look/index.html and a JPEG a picture. A sheet has a column for each step: the whole picture after it, and the
place that it changed most, enlarged, before and after. What dust and scratches were found is red, the inside of a
frame green.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.denoising import measure_grain
from featcolor.images import read_picture, write_picture
from featcolor.preparation import grey_picture, parse_preparation, prepare
from featcolor.spaces import FloatArray, lightness_of

Sheet = NDArray[np.uint8]

COLUMNS: Final = ("border", "dust", "scratches", "denoise", "contrast:percentile", "contrast:clahe", "auto")
CELL: Final = 320
"""Side of a column, pixels."""

DETAIL: Final = 80
"""Side of the place that is enlarged, pixels of the picture."""

RED: Final = (220, 0, 0)
GREEN: Final = (0, 170, 0)
_TITLE = 22
_COLUMNS_ABREAST = 4
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Preparation, step by step</title>
<style>body{font:15px/1.4 sans-serif;margin:2em}img{max-width:100%}</style>
<h1>Preparation, step by step</h1>
<p>A column a step: the picture after it; below, the place that it changed most, before and after. Red: taken for
dust or scratches. Green: what is inside the frame.</p>
"""


class Change(NamedTuple):
    """What a step did to a picture: mean and largest change of L*, 0..100, and the share of pixels that changed."""

    mean: float
    largest: float
    share: float

    def __str__(self) -> str:
        return f"mean {self.mean:.2f}, max {self.largest:.0f}, {self.share:.2%} of pixels"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheets, and print what each step changed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare_study", description=main.__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    page = [_PAGE]
    for path in options.pictures:
        lightness = lightness_of(read_picture(path).pixels)
        sheet, changes = draw_sheet(lightness)
        name = f"{path.stem}.jpg"
        write_picture(options.output / name, sheet, quality=88)
        grain = 100 * float(measure_grain(lightness)[0])
        print(f"{path.name}: {lightness.shape[1]} x {lightness.shape[0]}, grain {grain:.2f}")
        for step, change in changes.items():
            print(f"    {step:20} {change}")
        page.append(f"<h2>{html.escape(path.name)}</h2><p>Grain {grain:.2f} L*.</p><img src='{html.escape(name)}'>\n")
    (options.output / "index.html").write_text("".join(page), encoding="utf-8")


def draw_sheet(lightness: FloatArray) -> tuple[Sheet, dict[str, Change]]:
    """A sheet (h, w, 3) of one picture (H, W), and what each step changed."""
    columns = [_column("before", _grey(lightness), None)]
    changes = {}
    for text in COLUMNS:
        prepared, region = prepare(lightness, parse_preparation(text))
        difference = np.abs(prepared - lightness)
        changes[text] = Change(
            100 * float(difference.mean()), 100 * float(difference.max()), np.mean(difference > 0.002)
        )
        shown = _grey(prepared)
        if text in ("dust", "scratches"):
            shown[difference > 0] = RED
        if region != (slice(0, lightness.shape[0]), slice(0, lightness.shape[1])):
            rows, columns_ = region
            corners = (columns_.start, rows.start), (columns_.stop - 1, rows.stop - 1)
            cv2.rectangle(shown, *corners, GREEN, max(1, len(shown) // 200))
        columns.append(_column(text, shown, _detail(lightness, prepared, difference)))
    rows = [columns[start : start + _COLUMNS_ABREAST] for start in range(0, len(columns), _COLUMNS_ABREAST)]
    return np.vstack([_abreast(row) for row in rows]), changes


def _abreast(columns: list[Sheet]) -> Sheet:
    height = max(len(column) for column in columns)
    padded = [np.pad(column, ((0, height - len(column)), (0, 0), (0, 0)), constant_values=255) for column in columns]
    return np.hstack(padded)


def _column(title: str, picture: Sheet, detail: Sheet | None) -> Sheet:
    scale = min(CELL / picture.shape[1], 1.5 * CELL / picture.shape[0])
    size = max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale))
    detail_rows = 0 if detail is None else len(detail)
    column = np.full((_TITLE + size[1] + detail_rows + 6, CELL + 6, 3), 255, np.uint8)
    cv2.putText(column, title, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    column[_TITLE : _TITLE + size[1], : size[0]] = small
    if detail is not None:
        top = len(column) - len(detail)
        column[top:, : detail.shape[1]] = detail
    return column


def _detail(before: FloatArray, after: FloatArray, difference: FloatArray) -> Sheet | None:
    """Before above after where most has changed, each enlarged to half a cell high; None where nothing has."""
    if not difference.any():
        return None
    side = tuple(min(DETAIL * each // 2, length) for each, length in zip((1, 2), before.shape, strict=True))
    there = cv2.boxFilter(difference, -1, side[::-1], borderType=cv2.BORDER_CONSTANT)
    row, column = np.unravel_index(int(np.argmax(there)), there.shape)
    rows, columns = (
        slice(start, start + each)
        for start, each in (
            (int(np.clip(middle - each // 2, 0, length - each)), each)
            for middle, each, length in zip((row, column), side, before.shape, strict=True)
        )
    )
    shown = [
        cv2.resize(_grey(plane[rows, columns]), (CELL, CELL // 2), interpolation=cv2.INTER_NEAREST)
        for plane in (before, after)
    ]
    return np.vstack(shown)


def _grey(lightness: FloatArray) -> Sheet:
    grey: NDArray[Any] = grey_picture(lightness, np.dtype(np.uint8))
    return np.repeat(grey[..., None], 3, axis=2)


if __name__ == "__main__":
    main()
