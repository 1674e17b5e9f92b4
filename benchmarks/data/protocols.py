"""Protocols by name: the crops and sizes that the field publishes for test pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.errors import UsageError

FIELD_SIDE: Final = 256
"""Side of the square that stills are measured at since Zhang et al. (ECCV 2016)."""


@dataclass(frozen=True)
class Protocol:
    """Crop and size that pictures are brought to before anything is measured.

    `name`: what reports call it; `side`: pictures become side x side, None leaves them as they are; `crop`: centre crop
    to the short side first; `source`: where the protocol is published.
    """

    name: str
    side: int | None
    crop: bool = False
    source: str = ""

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture as it is measured.

        `pixels`: (H, W, 3) or (H, W) uint8.

        Returns (h, w, 3) or (h, w) uint8: the crop starts at row (H - n) // 2, column (W - n) // 2, n being the short
        side. The resize is OpenCV's INTER_AREA in either direction: box means where it shrinks; where it enlarges by a
        whole factor it repeats pixels.
        """
        if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
            raise ValueError(f"pictures are (H, W, 3) or (H, W) uint8, got {pixels.shape} {pixels.dtype}")
        if self.crop:
            short = min(pixels.shape[:2])
            top, left = ((length - short) // 2 for length in pixels.shape[:2])
            pixels = np.ascontiguousarray(pixels[top : top + short, left : left + short])
        if self.side is None:
            return pixels
        return np.asarray(cv2.resize(pixels, (self.side, self.side), interpolation=cv2.INTER_AREA), np.uint8)

    def describe(self) -> str:
        """One line with the exact crop, size and interpolation.

        >>> Protocol("small", 64, crop=True).describe()
        'small: centre crop to the short side, then 64 x 64 by cv2.INTER_AREA'
        """
        size = "size as stored" if self.side is None else f"{self.side} x {self.side} by cv2.INTER_AREA"
        crop = "centre crop to the short side, then " if self.crop else "no crop, "
        source = f" ({self.source})" if self.source else ""
        return f"{self.name}: {crop}{size}{source}"

    __str__ = describe


PROTOCOLS: Final[Mapping[str, Protocol]] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            Protocol(
                "crop-256",
                FIELD_SIDE,
                crop=True,
                source="ImageNet val5k: Kumar et al. (ColTran, ICLR 2021), Weng et al. (CT2, ECCV 2022), "
                "Kang et al. (DDColor, ICCV 2023)",
            ),
            Protocol(
                "resize-256",
                FIELD_SIDE,
                source="the other sets of stills: Zhang et al. (ECCV 2016), Kang et al. (DDColor, ICCV 2023)",
            ),
            Protocol("as-is", None),
            Protocol(
                "frames",
                None,
                source="film: released code of TCVC (Liu et al. 2021) and ColorMNet (Yang et al., ECCV 2024) measures "
                "frames at the size of their files",
            ),
        )
    }
)
"""Protocols by name."""


def find_protocol(name: str) -> Protocol:
    """The protocol of that name; UsageError lists the names there are."""
    if name not in PROTOCOLS:
        raise UsageError(f"there is no protocol {name!r}; choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
