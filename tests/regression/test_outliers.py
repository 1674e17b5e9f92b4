"""The reference that the others do not explain is found."""

from __future__ import annotations

import numpy as np
import pytest

from featcolor.regression import outliers
from featcolor.regression.outliers import cross_validated_errors
from features.base import FloatArray, IndexArray

N_PICTURES, PIXELS = 23, 40


def album(odd: int | None = None, dtype: type = np.float16) -> tuple[FloatArray, FloatArray, IndexArray]:
    """Pictures whose chroma follows from their features, but for one."""
    rng = np.random.default_rng(0)
    X = rng.normal(2, [1, 30, 0.2], (N_PICTURES * PIXELS, 3)).astype(dtype)
    z = (X.astype(np.float32) - 2) / [1, 30, 0.2]
    chroma = 15 * z[:, :2] + rng.normal(0, 1, (len(X), 2))
    pictures = np.repeat(np.arange(N_PICTURES), PIXELS)
    if odd is not None:
        chroma[pictures == odd] *= -1
    return X, chroma.astype(np.float32), pictures


@pytest.mark.parametrize("odd", [0, 11, N_PICTURES - 1])
def test_wrong_colours_stand_out(odd: int) -> None:
    arrays = album(odd)
    before = [array.copy() for array in arrays]
    errors = cross_validated_errors(*arrays)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)
    assert errors.shape == (N_PICTURES,)
    assert errors.dtype == np.float32
    assert errors.argmax() == odd
    assert errors[odd] > 1.5 * np.delete(errors, odd).max()


def test_some_of_the_rows_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outliers, "ROWS", 300)
    monkeypatch.setattr(outliers, "ALPHA", 10.0)
    assert cross_validated_errors(*album(5)).argmax() == 5


@pytest.mark.parametrize("n_pictures", [2, 4])
def test_few_pictures_are_no_trouble(n_pictures: int) -> None:
    X, chroma, pictures = album()
    few = pictures < n_pictures
    errors = cross_validated_errors(X[few], chroma[few], pictures[few])
    assert errors.shape == (n_pictures,)
    assert np.isfinite(errors).all()
