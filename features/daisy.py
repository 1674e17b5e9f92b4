"""Dense DAISY descriptors by OpenCV (Tola, Lepetit, Fua, DAISY, TPAMI 2010)."""

from __future__ import annotations

from math import sqrt
from typing import Any

import cv2
import numpy as np

from features.base import FloatArray, IndexArray, Stateless

KERNEL_SIGMAS = 5
"""Width of OpenCV's Gaussian kernels in standard deviations (at least 3 pixels)."""
GRADIENT_REACH = 7
"""Pixels around a sample before the rings' smoothing: two Gaussians 2 + 3, the gradient 1, interpolation 1."""
SPANS = {"radius": (1, 256), "rings": (1, 8), "histograms": (1, 16), "orientations": (2, 16)}
"""Smallest and largest values: OpenCV does not check them, and more would be thousands of values at each pixel."""


class DaisyFeatures(Stateless):
    """DAISY at each pixel: histograms of gradient orientation on rings around it.

    (rings * histograms + 1) * orientations values, each histogram scaled to unit length ("partial"
    normalisation), so that they describe structure and not contrast. Near the border OpenCV leaves out the samples
    that fall outside. scikit-image's DAISY is another descriptor: a model is tied to this one.

    Parameters
    ----------
    radius : int
        Distance of the outermost ring, in pixels.
    rings, histograms, orientations : int
        Number of rings, histograms a ring, and orientation bins a histogram.
    """

    def __init__(self, radius: int = 15, *, rings: int = 2, histograms: int = 4, orientations: int = 8) -> None:
        values = {"radius": radius, "rings": rings, "histograms": histograms, "orientations": orientations}
        for name, value in values.items():
            low, high = SPANS[name]
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"DAISY {name} must be {low} to {high}, got {value!r}")
        if not hasattr(cv2, "xfeatures2d"):
            raise ImportError(
                "DAISY needs OpenCV's contrib modules: pip uninstall opencv-python opencv-python-headless, "
                "then pip install --force-reinstall opencv-contrib-python-headless"
            )
        self.radius, self.rings, self.histograms, self.orientations = radius, rings, histograms, orientations

    @property
    def names(self) -> tuple[str, ...]:
        count = (self.rings * self.histograms + 1) * self.orientations
        return tuple(f"daisy{self.radius}_{i}" for i in range(count))

    @property
    def margin(self) -> int:
        # Ring r = 1.. is smoothed by sigma_r = r radius / (2 rings), as a cascade of sqrt(sigma_r^2 - sigma_(r-1)^2).
        first = self.radius / (2 * self.rings)
        widths = (int(KERNEL_SIGMAS * first * sqrt(2 * ring - 1)) for ring in range(1, self.rings + 1))
        return self.radius + GRADIENT_REACH + sum(max(width // 2, 1) for width in widths)

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        if len(yx) == 0:  # OpenCV gives None
            return np.empty((0, len(self.names)), np.float32)
        # OpenCV's object keeps the last picture and does not pickle: a new one each time costs microseconds.
        contrib: Any = cv2.xfeatures2d
        daisy = contrib.DAISY_create(
            radius=self.radius,
            q_radius=self.rings,
            q_theta=self.histograms,
            q_hist=self.orientations,
            norm=contrib.DAISY_NRM_PARTIAL,
        )
        places: Any = yx[:, ::-1].astype(np.float32)
        points = cv2.KeyPoint.convert(places, 1.0)
        _, descriptors = daisy.compute(np.ascontiguousarray(lightness, dtype=np.float32), points)
        return np.nan_to_num(descriptors.astype(np.float32, copy=False))
