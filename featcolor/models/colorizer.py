"""Colorizer that is fitted on reference pictures.

It is not a scikit-learn estimator (it takes pictures, not a matrix of rows, and is configured by one frozen dataclass),
so that colouring starts without scikit-learn, whose import alone takes longer than a picture does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import refuse_without_fit
from featcolor.models.base import StillColorizer, between_grid_points
from featcolor.models.config import ColorizerConfig
from featcolor.models.fit_report import FitReport
from featcolor.models.network_errors import network_errors
from featcolor.models.references import Source, describe, network_within
from featcolor.parallel.engine import Engine, Progress
from featcolor.parallel.local import local_engine
from featcolor.regression.experts import Experts
from features.base import FeatureStack, FloatArray, grid_points
from features.spec import build_stack, stack_settings


class Colorizer(StillColorizer):
    """Colorizer that learns chroma from reference pictures and adds it to grey ones; lightness is never touched.

    Parameters
    ----------
    config : ColorizerConfig, optional

    Attributes
    ----------
    stack_ : FeatureStack
    experts_ : Experts
    followed_ : float, 0..1: how much of their answer is taken, beside that of the colour network of the features
    card_ : dict, what the model file says of itself: references, quality, versions
    report_ : FitReport, only of a Colorizer that was fitted in this process
    """

    stack_: FeatureStack
    experts_: Experts
    followed_: float = 1.0
    card_: dict[str, Any]
    report_: FitReport

    def __init__(self, config: ColorizerConfig | None = None) -> None:
        self.config = config or ColorizerConfig()

    def fit(
        self,
        references: Source | Iterable[Source],
        *,
        jobs: int | None = None,
        engine: Engine | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from colour pictures.

        Parameters
        ----------
        references : a folder, a glob or @list.txt; paths; sRGB arrays (H, W, 3), uint8, uint16 or float 0..1; or
            several of them, in an iterator too
        jobs : int, optional, processes; None: as many as cores, where there is enough work
        engine : what reads the references in place of processes here, such as `featcolor.parallel.cluster.Cluster`
        progress : callable, optional, called with (stage, steps done, steps in all)

        Raises
        ------
        ReferencesError : when no reference can be used
        UsageError : when the extra `fit` is not installed
        """
        refuse_without_fit("fitting")
        from featcolor.models.fitting import fit_references  # here: colouring does not need scikit-learn

        def predict(stack: FeatureStack, experts: Experts, followed: float, lightness: FloatArray) -> FloatArray:
            self.stack_, self.experts_, self.followed_ = stack, experts, followed
            return np.asarray(self.predict(lightness), np.float32)

        if engine is None and jobs is not None:
            engine = local_engine(jobs)
        fit = fit_references(references, self.config, predict=predict, engine=engine, progress=progress)
        self.stack_, self.experts_, self.followed_ = fit.stack, fit.experts, fit.followed
        self.report_, self.card_ = fit.report, fit.card
        return self

    def predict_rows(self, features: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the regressor makes of features: the part that a comparison of regressors puts another in place of.

        Parameters
        ----------
        features : (n, n_features) float32
        working : (h, w) float32, 0..1, lightness of the working picture that they are of

        Returns
        -------
        chroma : (n, 2) float32
        confidence : (n,) float32, 0..1
        """
        descriptor = describe(self.stack_, working) if len(self.experts_.predictors) > 1 else self.experts_.mean
        return self.experts_.predict(
            features, descriptor, temperature=self.config.temperature, saturation=self.config.saturation
        )

    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows: references, features, settings, quality, versions."""
        parts = [
            {"name": settings["name"], "features": len(extractor.names)}
            for settings, extractor in zip(stack_settings(self.stack_), self.stack_.extractors, strict=True)
        ]
        return {"settings": self.config.to_dict(), "features": parts, **self.card_}

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """A header that JSON can hold, and named arrays."""
        experts, arrays = self.experts_.to_arrays()
        named = {f"experts.{name}": array for name, array in arrays.items()}
        for i, extractor in enumerate(self.stack_.extractors):
            named |= {f"stack.{i}.{name}": array for name, array in extractor.get_state().items()}
        header = {
            "config": self.config.to_dict(),
            "stack": stack_settings(self.stack_),
            "experts": experts,
            "followed": self.followed_,
            "card": self.card_,
        }
        return header, named

    @classmethod
    def from_arrays(cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of `to_arrays`; ValueError, KeyError or TypeError when they describe no model."""
        colorizer = cls(ColorizerConfig.from_dict(header["config"]))
        colorizer.stack_ = build_stack(header["stack"])
        for i, extractor in enumerate(colorizer.stack_.extractors):
            extractor.set_state(_within(arrays, f"stack.{i}."))
        colorizer.experts_ = Experts.from_arrays(header["experts"], _within(arrays, "experts."))
        colorizer.followed_ = header["followed"]
        if not isinstance(colorizer.followed_, float) or not 0 <= colorizer.followed_ <= 1:
            raise ValueError(f"0 to 1 of the answer can be followed, not {colorizer.followed_!r}")
        colorizer.card_ = dict(header["card"])
        n_features = len(colorizer.stack_.names)
        if colorizer.experts_.n_inputs != n_features:
            raise ValueError(f"{n_features} features for a network of {colorizer.experts_.n_inputs} inputs")
        return colorizer

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        shape = (working.shape[0], working.shape[1])
        yx = grid_points(shape, self.config.step)
        network = network_within(self.stack_) if self.followed_ < 1 else None
        with network_errors():
            features = self.stack_.sample(working, yx)
            guess = None if network is None else network.guess(working, yx)
        chroma, confidence = self.predict_rows(features, working)
        if guess is not None:
            guess *= np.float32(self.config.saturation)
            chroma = guess + np.float32(self.followed_) * (chroma - guess)
        planes = between_grid_points(np.column_stack([chroma, confidence]), shape, self.config.step)
        return np.ascontiguousarray(planes[..., :2]), np.ascontiguousarray(planes[..., 2])


def _within(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
