"""Dense DAISY descriptors by OpenCV (Tola, Lepetit, Fua, DAISY, TPAMI 2010)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from features.base import FloatArray, IndexArray, Stateless

SIGMA_REACH = 4
"""OpenCV cuts its Gaussians at this many standard deviations or less; the widest has a deviation of radius / 2."""


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
        for name, value in (("radius", radius), ("rings", rings), ("histograms", histograms)):
            if value < 1:
                raise ValueError(f"DAISY {name} must be at least 1, got {value}")
        if orientations < 2:
            raise ValueError(f"DAISY orientations must be at least 2, got {orientations}")
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
        return self.radius + SIGMA_REACH * -(-self.radius // 2) + 1

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
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
