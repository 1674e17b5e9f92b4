"""The reference that the others do not explain is found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from featcolor.regression import outliers as oddities
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
    errors = cross_validated_errors(*album(odd))
    assert errors.shape == (N_PICTURES,)
    assert errors.dtype == np.float32
    assert errors.argmax() == odd
    assert errors[odd] > 1.5 * np.delete(errors, odd).max()


def test_errors_agree_with_a_plain_cross_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oddities, "BATCH", 100)
    X, chroma, pictures = album(3, np.float32)
    standardised = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0), np.ones(len(X))])
    expected = np.empty(N_PICTURES)
    for fold in range(oddities.FOLDS):
        held = pictures % oddities.FOLDS == fold
        ridge = Ridge(alpha=oddities.ALPHA, fit_intercept=False).fit(standardised[~held], chroma[~held])
        distance = np.linalg.norm(ridge.predict(standardised) - chroma, axis=1)
        for picture in np.unique(pictures[held]):
            expected[picture] = distance[pictures == picture].mean()
    np.testing.assert_allclose(cross_validated_errors(X, chroma, pictures), expected, rtol=1e-3)


def test_some_of_the_rows_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oddities, "ROWS", 300)
    monkeypatch.setattr(oddities, "ALPHA", 10.0)
    assert cross_validated_errors(*album(5)).argmax() == 5


@pytest.mark.parametrize("n_pictures", [1, 2, 4])
def test_few_pictures_are_no_trouble(n_pictures: int) -> None:
    X, chroma, pictures = album()
    few = pictures < n_pictures
    errors = cross_validated_errors(X[few], chroma[few], pictures[few])
    assert errors.shape == (n_pictures,)
    assert np.isfinite(errors).all()


def test_inputs_are_not_changed() -> None:
    arrays = album()
    before = [array.copy() for array in arrays]
    cross_validated_errors(*arrays)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)
