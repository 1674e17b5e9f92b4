"""LPIPS and FID on tiny networks that numpy can follow, and the Fréchet distance in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from scipy.linalg import sqrtm

from benchmarks.metrics.lpips_fid import InceptionFeatures, Lpips, frechet_distance
from featcolor.errors import UsageError
from tests.networks import save_network

FREE = ("height", "width")


def weighted_difference(path: Path, sides: tuple[Any, Any] = FREE, batch: int = 1, keepdims: int = 1) -> Path:
    """Mean of weight * first * (first - second), weights 1, 2, 3 by channel: order, channels and range all matter."""
    weight = numpy_helper.from_array(np.array([1, 2, 3], np.float32).reshape(1, 3, 1, 1), "weight")
    nodes = [
        helper.make_node("Sub", ["first", "second"], ["difference"]),
        helper.make_node("Mul", ["difference", "first"], ["product"]),
        helper.make_node("Mul", ["product", "weight"], ["weighted"]),
        helper.make_node("ReduceMean", ["weighted"], ["distance"], axes=[0, 1, 2, 3], keepdims=keepdims),
    ]
    shape = [batch, 3, *sides]
    return save_network(path, nodes, {"first": shape, "second": shape}, {"distance": None}, [weight])


def channel_means(path: Path, side: int = 299, batch: Any = "n", flat: bool = True) -> Path:
    """Means over the picture of r, g, b and of r * g."""
    nodes = [
        helper.make_node("Split", ["picture"], ["r", "g", "b"], axis=1),
        helper.make_node("Mul", ["r", "g"], ["rg"]),
        helper.make_node("Concat", ["r", "g", "b", "rg"], ["planes"], axis=1),
        helper.make_node("GlobalAveragePool", ["planes"], ["means"]),
        helper.make_node("Flatten", ["means"], ["rows"]),
    ]
    return save_network(
        path, nodes if flat else nodes[:-1], {"picture": [batch, 3, side, side]}, {"rows" if flat else "means": None}
    )


def noise(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize("keepdims", [0, 1])
def test_lpips_hands_the_truth_first_as_minus_1_to_1(tmp_path: Path, keepdims: int) -> None:
    truth, output = noise((20, 30)), noise((20, 30), 1)
    lpips = Lpips(weighted_difference(tmp_path / "net.onnx", keepdims=keepdims))
    first, second = truth / 127.5 - 1, output / 127.5 - 1
    expected = (first * (first - second) * [1, 2, 3]).mean()
    assert lpips(truth, output) == pytest.approx(expected, rel=1e-4)
    assert lpips(truth, truth) == 0.0


def test_lpips_of_a_network_of_fixed_size_takes_that_size_only(tmp_path: Path) -> None:
    path = weighted_difference(tmp_path / "net.onnx", sides=(20, 30))
    lpips = Lpips(path, threads=2)
    assert lpips(noise((20, 30)), noise((20, 30))) == 0.0
    with pytest.raises(UsageError, match=r"takes tensor\(float\) 1 x 3 x 20 x 30, got 1 x 3 x 30 x 20: export it"):
        lpips(noise((30, 20)), noise((30, 20)))
    with pytest.raises(ValueError, match="one shape"):
        lpips(noise((20, 30)), noise((30, 20)))


@pytest.mark.parametrize("kind", [Lpips, InceptionFeatures])
def test_a_missing_or_foreign_file_is_one_clear_line(kind: type, tmp_path: Path) -> None:
    path = tmp_path / "none.onnx"
    with pytest.raises(UsageError, match=r"none\.onnx does not exist: .* ONNX file"):
        kind(path)
    path.write_bytes(b"no network at all")
    with pytest.raises(UsageError, match=r"none\.onnx: is not an ONNX network") as caught:
        kind(path)
    assert "\n" not in str(caught.value)


def test_networks_of_other_inputs_and_outputs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    channel_means(path)
    with pytest.raises(
        UsageError, match=r"LPIPS takes 2 input\(s\) n x 3 x H x W .* takes tensor\(float\) \? x 3 x 299"
    ):
        Lpips(path)
    with pytest.raises(UsageError, match=r"2 input\(s\)"):
        Lpips(weighted_difference(path, batch=2))
    weighted_difference(path)
    with pytest.raises(UsageError, match=r"FID takes 1 input\(s\) n x 3 x 299 x 299"):
        InceptionFeatures(path)
    with pytest.raises(UsageError, match=r"this network takes .* 224 x 224"):
        InceptionFeatures(channel_means(path, side=224))
    identity = [helper.make_node("Identity", ["picture"], [name]) for name in ("one", "two")]
    with pytest.raises(UsageError, match="gives one output, this network gives 2"):
        InceptionFeatures(save_network(path, identity, {"picture": ["n", 3, 299, 299]}, {"one": None, "two": None}))
    same = [helper.make_node("Identity", ["picture"], ["same"])]
    save_network(path, same, {"picture": [1, 3, 299, 299]}, {"same": None}, kind=TensorProto.DOUBLE)
    with pytest.raises(UsageError, match=r"float32, this network takes tensor\(double\)"):
        InceptionFeatures(path)


def test_networks_that_give_something_else_are_refused_when_run(tmp_path: Path) -> None:
    maps = [helper.make_node("Add", ["first", "second"], ["sum"])]
    shape = [1, 3, *FREE]
    lpips = Lpips(save_network(tmp_path / "maps.onnx", maps, {"first": shape, "second": shape}, {"sum": None}))
    with pytest.raises(UsageError, match=r"must give one number, this network gives shape \(1, 3, 4, 5\)"):
        lpips(noise((4, 5)), noise((4, 5)))
    same = [helper.make_node("Identity", ["picture"], ["same"])]
    features = InceptionFeatures(
        save_network(tmp_path / "same.onnx", same, {"picture": ["n", 3, 299, 299]}, {"same": None})
    )
    with pytest.raises(UsageError, match=r"FID needs \(n, d\) features, this network gives shape \(1, 3, 299, 299\)"):
        features([noise((9, 9))])
    pooled = [helper.make_node("AveragePool", ["first"], ["small"], kernel_shape=[64, 64])]
    pooled += [
        helper.make_node("ReduceMean", ["small"], ["mean"]),
        helper.make_node("Identity", ["second"], ["unused"]),
    ]
    lpips = Lpips(save_network(tmp_path / "pooled.onnx", pooled, {"first": shape, "second": shape}, {"mean": None}))
    with pytest.raises(UsageError, match="cannot run the network") as caught:
        lpips(noise((8, 8)), noise((8, 8)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("batch", "flat"), [("n", True), (1, True), ("n", False)])
def test_inception_sees_pictures_of_299_in_0_to_1(tmp_path: Path, batch: Any, flat: bool) -> None:
    pictures = [noise((299, 299), seed) for seed in range(3)]
    features = InceptionFeatures(channel_means(tmp_path / "net.onnx", batch=batch, flat=flat))(iter(pictures))
    unit = np.stack(pictures) / 255
    expected = [*unit.mean(axis=(1, 2)).T, (unit[..., 0] * unit[..., 1]).mean(axis=(1, 2))]
    assert features.dtype == np.float64
    np.testing.assert_allclose(features, np.transpose(expected), rtol=1e-4)


def test_inception_sees_other_sizes_by_bicubic_resizing_in_float(tmp_path: Path) -> None:
    picture = noise((40, 400))
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize((299, 299), Image.Resampling.BICUBIC))
        for plane in np.moveaxis(picture, -1, 0)
    ]
    red, green, blue = np.clip(np.stack(planes) / 255, 0, 1)
    features = InceptionFeatures(channel_means(tmp_path / "net.onnx"))([picture])
    np.testing.assert_allclose(features[0], [red.mean(), green.mean(), blue.mean(), (red * green).mean()], rtol=1e-4)


def test_no_picture_has_no_features(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        InceptionFeatures(channel_means(tmp_path / "net.onnx"))([])


def scipy_frechet(first: np.ndarray, second: np.ndarray) -> float:
    shift = first.mean(axis=0) - second.mean(axis=0)
    C1, C2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    return float(shift @ shift + np.trace(C1) + np.trace(C2) - 2 * np.trace(sqrtm(C1 @ C2).real))


def standardised(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """(n, d) samples of mean exactly 0 and covariance exactly 1."""
    x = rng.normal(size=(n, d))
    q, _ = np.linalg.qr(x - x.mean(axis=0))
    return q * np.sqrt(n - 1)


def test_frechet_distance_of_a_set_to_itself_is_zero_in_any_order() -> None:
    x = np.random.default_rng(0).normal(3, 5, (50, 8))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-10)


def test_frechet_distance_of_diagonal_gaussians_is_the_closed_form() -> None:
    rng = np.random.default_rng(1)
    s1, s2 = np.array([1.0, 2, 3, 0.5]), np.array([2.0, 2, 1, 4])
    shift = np.array([1.0, -2, 0, 0.5])
    first = standardised(rng, 200, 4) * s1
    second = standardised(rng, 90, 4) * s2 + shift
    assert frechet_distance(first, second) == pytest.approx((shift**2).sum() + ((s1 - s2) ** 2).sum())
    assert frechet_distance(first, first + shift) == pytest.approx((shift**2).sum())


@pytest.mark.parametrize(("n", "m"), [(60, 40), (12, 300), (300, 12)])
def test_frechet_distance_agrees_with_the_matrix_root_of_scipy(n: int, m: int) -> None:
    rng = np.random.default_rng(2)
    mixing = rng.normal(size=(6, 6))
    first, second = rng.normal(size=(n, 6)) @ mixing, rng.normal(1, 2, (m, 6))
    assert frechet_distance(first, second) == pytest.approx(scipy_frechet(first, second), rel=1e-8)
    assert frechet_distance(second, first) == pytest.approx(frechet_distance(first, second))


def test_fewer_samples_than_features_stay_real() -> None:
    rng = np.random.default_rng(3)
    narrow, wide = rng.normal(size=(5, 64)), rng.normal(size=(9, 64))
    assert frechet_distance(narrow, narrow) == pytest.approx(0, abs=1e-10)
    x, y = narrow - narrow.mean(axis=0), wide - wide.mean(axis=0)
    # all that is common to both lies in the span of the samples: a 5 x 9 problem
    roots = np.sqrt(np.abs(np.linalg.eigvals((x @ y.T) @ (y @ x.T)))) / np.sqrt(4 * 8)
    shift = narrow.mean(axis=0) - wide.mean(axis=0)
    expected = shift @ shift + (x**2).sum() / 4 + (y**2).sum() / 8 - 2 * np.sort(roots)[1:].sum()
    assert frechet_distance(narrow, wide) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("wrong", [np.zeros((1, 4)), np.zeros((5, 3)), np.zeros(4)])
def test_features_of_other_shapes_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"second must be \(n, d\), n at least 2, one d for both"):
        frechet_distance(np.zeros((5, 4)), wrong)
    with pytest.raises(ValueError, match="must be"):
        frechet_distance(wrong, np.zeros((5, 4)))
