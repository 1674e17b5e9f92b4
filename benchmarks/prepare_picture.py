"""The picture of docs/old-pictures.md: a photograph aged, coloured as it is, mended and coloured, and as it was.

python -m benchmarks.prepare_picture --model town.featcolor -o docs/images/old-pictures.jpg
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from skimage import data

from benchmarks.prepare_wear import dusty, framed, scratched
from featcolor.batch import ColouringSettings, load_colorizer
from featcolor.film import add_grain, fade
from featcolor.images import write_picture
from featcolor.preparation import colorize_prepared, grey_picture, parse_preparation
from featcolor.spaces import lightness_of

STEPS: Final = "border,dust,scratches,denoise,contrast"
SIDE: Final = 360
FADING: Final = 0.4
GRAIN: Final = 0.025
PAPER: Final = 0.93
SEED: Final = 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare_picture", description=main.__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.jpg")
    options = parser.parse_args(arguments)
    true = cv2.resize(data.astronaut(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(SEED)
    worn = dusty(lightness_of(true), rng, specks=40)[0]
    worn = scratched(worn, rng, scratches=2)[0]
    worn = add_grain(fade(worn, strength=FADING), rng, strength=GRAIN)
    scan = grey_picture(framed(worn, PAPER), np.dtype(np.uint8))
    colorizer = load_colorizer(options.model, ColouringSettings())
    shown = [
        np.repeat(scan[..., None], 3, axis=2),
        colorize_prepared(colorizer, scan),
        colorize_prepared(colorizer, scan, parse_preparation(STEPS)),
        cv2.copyMakeBorder(true, *((len(scan) - SIDE) // 2,) * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255)),
    ]
    write_picture(options.output, np.hstack(shown), quality=80)


if __name__ == "__main__":
    main()
