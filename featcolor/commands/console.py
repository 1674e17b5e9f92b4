"""The one place that prints: messages and progress to stderr, results to stdout."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from featcolor.names import shown

WORK_FAILED = 1
"""Exit code of a command that could not do all of its work."""
LEFT_OUT_SHOWN = 20
QUALITY_ROWS = {"featcolor": "this model", "grey": "grey", "constant": "one mean colour"}
QUALITY_COLUMNS = {"psnr": ".2f", "gain": "+.2f", "delta_e00": ".2f", "colourfulness": ".1f"}
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a stage's name, how much of it is done, and its total; what follows a comma in the name may change."""


def complain(message: str, *, kind: str = "") -> None:
    """One line for a person on stderr, named after the program; no name in it steers the terminal."""
    line = shown(message)
    print(f"featcolor: {kind}: {line}" if kind else f"featcolor: {line}", file=sys.stderr, flush=True)


def name_left_out(left_out: Sequence[tuple[str, str]], *, more: str = "") -> None:
    """The pictures that could not be used, with the reason of each; of many the first ones, and `more`."""
    for name, reason in left_out[:LEFT_OUT_SHOWN]:
        complain(f"left out {name}: {reason}")
    if len(left_out) > LEFT_OUT_SHOWN:
        complain(f"left out {len(left_out) - LEFT_OUT_SHOWN} more{more}")


@contextmanager
def stopping(words: Callable[[], str]) -> Iterator[None]:
    """Let Ctrl-C within the block say how much is done, and how to go on; where that is nothing, as it always does."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise (KeyboardInterrupt(text) if (text := words()) else stop) from None


def many(count: int, what: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count} {what}" + ("" if count == 1 else "s")


def print_line(message: str) -> None:
    """One line of result on stdout; no name in it steers the terminal."""
    print(shown(message), flush=True)


def print_text(text: str) -> None:
    """Lines of our own on stdout, as they are."""
    print(text, flush=True)


def print_swatch(colour: str, message: str) -> None:
    """One line of result on stdout, behind a patch of "#rrggbb" where that is a terminal with colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    patch = Text("\u2588\u2588 ", style=colour) if console.is_terminal and console.color_system else Text("")
    console.print(patch.append(message, style="default"))


def print_json(value: Any) -> None:
    """Machine-readable output on stdout."""
    import json

    print(json.dumps(value, indent=2, sort_keys=False), flush=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """A table on stdout: the first column is text, the others are numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        # Text, so that a file name in brackets is not taken for markup.
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console(file=sys.stdout, soft_wrap=False).print(table)


def print_pairs(pairs: Mapping[str, str]) -> None:
    """Names and values on stdout, values aligned."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        print_line(f"{name:<{width}}  {value}")


@contextmanager
def progress_bar(*, quiet: bool, unit: str | None = None) -> Iterator[Progress]:
    """A progress bar on stderr, with time left; silent when asked, or when stderr is no terminal.

    With a unit ("frames") it also says how many of them a second are done.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        """So many units a second."""

        def render(self, task: Task) -> Any:
            self.text_format = f"{task.finished_speed or task.speed or 0:.1f} {unit}/s"
            return super().render(task)

    rate = () if unit is None else (Rate(""),)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        *rate,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            name = stage.partition(",")[0]
            if name not in tasks:
                tasks[name] = bar.add_task(stage, total=total)
            bar.update(tasks[name], completed=done, total=total, description=stage)

        yield report


def print_quality(table: Mapping[str, Mapping[str, float]], truth_colourfulness: float | None) -> None:
    """Quality on held-back references beside grey, one mean colour, and the truth's own colourfulness."""
    rows = [
        [title, *(f"{row[key]:{form}}" for key, form in QUALITY_COLUMNS.items())]
        for name, title in QUALITY_ROWS.items()
        if (row := table.get(name))
    ]
    if truth_colourfulness is not None:
        rows.append(["the truth", "-", "-", "-", f"{truth_colourfulness:.1f}"])
    print_table(("on pictures held back", "PSNR dB", "gain dB", "ΔE00", "colourfulness"), rows)


def number(value: float, digits: int) -> str:
    """For a table; a dash where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"
