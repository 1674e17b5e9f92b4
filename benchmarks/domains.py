"""One-domain fits beside a general model: python -m benchmarks.domains --general MODEL FOLDER:REFERENCES ...

The folder's pictures are shuffled (seed 0); the first REFERENCES of them are fitted on, the others are the test.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.datasets import PROTOCOLS, read_truth
from benchmarks.readings import LINE, measure
from featcolor.colorizer import Colorizer
from featcolor.config import DEFAULT_PRESET, PRESETS
from featcolor.modelfile import load_model
from featcolor.references import expand_references


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("domains", nargs="+", metavar="FOLDER:REFERENCES")
    parser.add_argument("--general", type=Path, required=True, help="model fitted on other pictures")
    parser.add_argument("--preset", choices=PRESETS, default=DEFAULT_PRESET)
    arguments = parser.parse_args()
    general = load_model(arguments.general)
    for domain in arguments.domains:
        folder, _, count = domain.rpartition(":")
        paths = expand_references([folder])
        order = np.random.default_rng(0).permutation(len(paths))
        references, tests = [paths[i] for i in order[: int(count)]], [paths[i] for i in order[int(count) :]]
        start = time.perf_counter()
        own = Colorizer(PRESETS[arguments.preset]).fit(references)
        seconds = time.perf_counter() - start
        pictures = [read_truth(path, PROTOCOLS["resize-256"]) for path in tests]
        print(
            f"{Path(folder).name}: {len(references)} references, {len(tests)} test pictures, fitted in {seconds:.0f} s"
        )
        fitted, foreign = measure(own, pictures), measure(general, pictures)
        for label, row in (
            ("grey", fitted["grey"]),
            ("constant mean chroma", fitted["constant"]),
            ("general model", foreign["as set"]),
            ("fitted on the domain", fitted["as set"]),
        ):
            print(f"  {label:22s}" + LINE.format(**row), flush=True)


if __name__ == "__main__":
    main()
