"""`python -m tests.fuzz`: a run with its table, or saved inputs once more."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from tests.fuzz.run import FAULTS, PEAK_MB, Run, Tally, scratch, write_seeds
from tests.fuzz.work import MB, WALL_S, WEIGHTS, tried

SAVED = Path("fuzz")
SAID_EVERY_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="try damaged and hostile files")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: %(default)s)")
    parser.add_argument("inputs", nargs="*", type=Path, help="saved inputs to try once more, and no others")
    options = parser.parse_args()
    with scratch() as name:
        folder = Path(name)
        write_seeds(folder)
        if options.inputs:
            return _again(options.inputs, folder)
        run = Run(folder, SAVED, seed=options.seed, workers=options.workers)
        said = time.monotonic()
        for count in run.watch(60 * options.minutes):
            if time.monotonic() - said > SAID_EVERY_S:
                said = time.monotonic()
                print(f"{count} inputs, {sum(run.places.values())} faults", file=sys.stderr, flush=True)
    _show(run)
    return 1 if run.places else 0


def _again(paths: list[Path], folder: Path) -> int:
    failed = 0
    for path in paths:
        kind = next(kind for kind in sorted(WEIGHTS, key=len, reverse=True) if path.name.endswith(f".{kind}"))
        result = tried(kind, path, folder, int((*re.findall(r"\d+", path.stem), 1)[1]))
        print(f"{path}: {result.outcome}, {result.seconds:.2f} s, {result.peak // MB} MB\n{result.words}", end="")
        failed += result.outcome == "traceback" or result.seconds > WALL_S or result.peak > PEAK_MB * MB
    return 1 if failed else 0


def _show(run: Run) -> None:
    total = Tally()
    print(
        f"{'kind':<12}{'inputs':>8}{'taken':>8}"
        + "".join(f"{fault:>11}" for fault in FAULTS)
        + f"{'slowest s':>11}{'peak MB':>9}"
    )
    for kind in WEIGHTS:
        tally = run.tallies.get(kind, Tally())
        total.inputs, total.taken = total.inputs + tally.inputs, total.taken + tally.taken
        total.faults += tally.faults
        total.slowest, total.peak = max(total.slowest, tally.slowest), max(total.peak, tally.peak)
        print(_row(kind, tally))
    print(_row("all", total))
    for place, count in run.places.most_common():
        print(f"{count:>6} x {place}")


def _row(kind: str, tally: Tally) -> str:
    faults = "".join(f"{tally.faults[fault]:>11}" for fault in FAULTS)
    return f"{kind:<12}{tally.inputs:>8}{tally.taken:>8}{faults}{tally.slowest:>11.2f}{tally.peak // MB:>9}"


if __name__ == "__main__":
    sys.exit(main())
