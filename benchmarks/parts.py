"""What each part is worth: one fit a line, everything else as the preset has it.

python -m benchmarks.parts --refs ... --test ... [--only LABEL ...]     (the arguments of benchmarks.readings)
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from benchmarks.readings import build_parser, gain_at, load, measure
from featcolor.colorizer import Colorizer
from featcolor.config import PRESETS

STEPS: dict[str, dict[str, Any]] = {
    "patch": {"features": "patch"},
    "+ DAISY": {"features": "patch,daisy"},
    "+ context, position": {"features": "patch,daisy,context,position"},
    "+ words": {"features": "patch,daisy,context,position,words"},
    "+ backbone": {"features": "patch,daisy,context,position,words,{backbone}"},
    "preset": {},
    "preset without refinement": {"refine": "none"},
    "preset without rebalancing": {"rebalance": 0.0},
    "preset, rebalancing 0.5": {"rebalance": 0.5},
    "preset, 8 clusters": {"clusters": 8},
    "preset, one view": {"views": 1},
    "preset, mean head": {"head": "mean"},
    "preset, ridge": {"head": "mean", "solver": "ridge"},
}
"""What a line changes in the preset; {backbone} is the preset's own backbone."""


def main() -> None:
    """Command line."""
    parser = build_parser(__doc__)
    parser.add_argument("--only", nargs="+", metavar="LABEL", help="these lines only")
    arguments = parser.parse_args()
    references, sets = load(arguments)
    preset = PRESETS[arguments.preset]
    backbone = next(part for part in preset.features.split(",") if part.startswith("backbone"))
    print(f"{len(references)} references; gain in dB over grey, [CF], CIEDE2000; then gain at CF 23 and 25")
    for label, changes in STEPS.items():
        if arguments.only and label not in arguments.only:
            continue
        changed = {k: v.format(backbone=backbone) if isinstance(v, str) else v for k, v in changes.items()}
        start = time.perf_counter()
        colorizer = Colorizer(replace(preset, **changed)).fit(references)
        line = f"{label:28s} {len(colorizer.stack_.names):4d} features, {time.perf_counter() - start:4.0f} s"
        for name, pictures in sets.items():
            table = measure(colorizer, pictures)
            row = table["as set"]
            line += f" | {name}: {row['gain']:+.2f} [{row['cf']:.1f}] {row['delta_e00']:.2f}"
            line += "".join(f", {gain_at(table, wanted)[0]:+.2f}" for wanted in (23, 25))
        print(line, flush=True)


if __name__ == "__main__":
    main()
