"""An sRGB picture that is measured, and what several measures need of it, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.histograms import ab_shares
from benchmarks.metrics.skin import skin_tones
from featcolor.colour.measures import check_rgb, colourfulness, grey_psnr, lab_of


@dataclass(frozen=True, eq=False)
class Picture:
    """An sRGB picture (H, W, 3) uint8 whose conversions are computed when first asked for, and kept.

    Keep one for the truth while the outputs of every method are measured against it. `rgb` must not change meanwhile.
    """

    rgb: NDArray[np.uint8]

    def __post_init__(self) -> None:
        check_rgb(self.rgb)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """L* (0..100), a*, b*: (H, W, 3)."""
        return lab_of(self.rgb)

    @property
    def chroma(self) -> NDArray[np.float32]:
        """a*, b*: (H, W, 2)."""
        return self.lab[..., 1:]

    @cached_property
    def colourfulness(self) -> float:
        """CF, signed."""
        return colourfulness(self.rgb)

    @cached_property
    def ab_shares(self) -> NDArray[np.float64]:
        """Share of the pixels in each ab bin: (AB_BINS,)."""
        return ab_shares(self.chroma)

    @cached_property
    def skin_tones(self) -> NDArray[np.uint8]:
        """Tone of the skin at each pixel, 0 for none: (H, W)."""
        return skin_tones(self.rgb, self.lab)

    @cached_property
    def grey_psnr(self) -> float:
        """PSNR in dB of the picture's own grey version; nan when it is grey itself."""
        return grey_psnr(self.rgb)
