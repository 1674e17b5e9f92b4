"""The table of quality that `fit` and `inspect` print."""

from __future__ import annotations

from collections.abc import Mapping

from featcolor.commands.console import print_table

ROW_NAMES = {"featcolor": "this model", "grey": "grey", "constant": "one mean colour"}
UNKNOWN = "-"


def print_quality(table: Mapping[str, Mapping[str, float]], truth_colourfulness: float | None) -> None:
    """Quality on held-back references beside grey, one mean colour, and the truth's own colourfulness."""
    rows = [
        [
            title,
            f"{row['psnr']:.2f}",
            f"{row['gain']:+.2f}",
            f"{row['delta_e00']:.2f}",
            f"{row['colourfulness']:.1f}",
        ]
        for name, title in ROW_NAMES.items()
        if (row := table.get(name))
    ]
    if truth_colourfulness is not None:
        rows.append(["the truth", UNKNOWN, UNKNOWN, UNKNOWN, f"{truth_colourfulness:.1f}"])
    print_table(("on pictures held back", "PSNR dB", "gain dB", "ΔE00", "colourfulness"), rows)
