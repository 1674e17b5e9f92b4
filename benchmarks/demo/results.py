"""Results of the demo: each picture's output and baselines beside the truth, and the film's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import colourfulness, mean_delta_e00, psnr


@dataclass(frozen=True)
class Scores:
    """Measures of one picture: PSNR and its gain over grey in dB, mean CIEDE2000, colourfulness."""

    psnr: float
    gain: float
    delta_e00: float
    cf: float


@dataclass(frozen=True)
class Result:
    """One picture of the demo: all (H, W, 3) uint8, but confidence (H, W) uint8."""

    name: str
    grey: NDArray[np.uint8]
    constant: NDArray[np.uint8]
    coloured: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    confidence: NDArray[np.uint8]

    @cached_property
    def scores(self) -> dict[str, Scores]:
        """Scores of grey, one constant colour, featcolor and the truth, by these names."""
        base = psnr(self.truth, self.grey)
        outputs = {"grey": self.grey, "one constant colour": self.constant, "featcolor": self.coloured}
        scores = {}
        for label, output in outputs.items():
            value = psnr(self.truth, output)
            delta = mean_delta_e00(self.truth, output)
            scores[label] = Scores(value, value - base, delta, colourfulness(output))
        return scores | {"truth": Scores(float("inf"), float("inf"), 0.0, colourfulness(self.truth))}


@dataclass(frozen=True, eq=False)
class DemoFilm:
    """A grey film and what it was in colour.

    `path`: of the grey film, MP4 with sound; `keys`: folder of the key frames in colour, one a shot, named by frame;
    `truth`: (n, H, W, 3) uint8, without grain; `shots`: (first, last) frame of each; `key_frames`: their numbers.
    """

    path: Path
    keys: Path
    truth: NDArray[np.uint8]
    shots: tuple[tuple[int, int], ...]
    key_frames: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ColouredFilm:
    """A coloured film beside the grey one and the truth.

    Attributes
    ----------
    path : of the coloured film, with its sound.
    grey_psnr, psnr : mean over the frames that were not given, dB, of the grey film and of ours against the truth.
    flicker, true_flicker : mean change of a point's chroma from frame to frame in a*b*, of ours and of the truth.
    frames_a_second : of the whole command.
    strip : contact sheet, (h, w, 3) uint8: rows grey, coloured, truth.
    """

    path: Path
    grey_psnr: float
    psnr: float
    flicker: float
    true_flicker: float
    frames_a_second: float
    strip: NDArray[np.uint8]
