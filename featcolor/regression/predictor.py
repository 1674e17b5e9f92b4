"""Predictor of chroma: a fitted regressor at colouring time, a few small networks and their cells. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from featcolor.regression.mlp import Mlp
from features.annealed import annealed_mean, confidence_of
from features.base import FloatArray
from features.threads import side_by_side


@dataclass(frozen=True)
class ChromaPredictor:
    """Networks whose outputs are averaged, and the cells that the outputs stand for.

    Attributes
    ----------
    networks : tuple of Mlp, outputs of "bins" networks are logits over the cells; of others, chroma itself
    cells : (n_cells, 2) or None, chroma of each output; None for the mean head
    centre : (2,)
        Mean chroma of the references: the neutral point of confidence, and what the mean head adds its output to.
    """

    networks: tuple[Mlp, ...]
    cells: FloatArray | None
    centre: FloatArray

    def predict(
        self, X: NDArray[np.floating], *, temperature: float = 1.0, saturation: float = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """Chroma of each row and how sure it is.

        Parameters
        ----------
        X : (n, n_features)
        temperature : float, sharpens (below 1) the distribution of the bins head; the mean head has none
        saturation : float, factor on the chroma

        Both come in float64 for rows in float64, else in float32.

        Returns
        -------
        chroma : (n, 2)
        confidence : (n,), 0..1, see `features.annealed.confidence_of`; 1 for the mean head
        """
        outputs, *others = side_by_side([partial(network.forward, X) for network in self.networks])
        for other in others:
            outputs += other
        outputs /= len(self.networks)
        if self.cells is None:
            chroma, confidence = outputs + self.centre, np.ones(len(outputs), outputs.dtype)
        else:
            chroma, spread = annealed_mean(outputs, self.cells, temperature=temperature)
            confidence = confidence_of(spread)
        return chroma * saturation, confidence
