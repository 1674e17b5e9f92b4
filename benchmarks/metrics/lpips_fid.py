"""LPIPS and FID by networks that the user brings as ONNX files: their weights come with no wheel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.onnx_files import open_session, run_session
from featcolor.colour.measures import check_rgb
from featcolor.errors import UsageError

INCEPTION_SIDE: Final = 299
"""Side of the pictures that Inception v3 sees (Szegedy et al. 2016)."""


class Lpips:
    """LPIPS by an ONNX network; called with truth and output, (H, W, 3) uint8 of one shape, it gives one number, >= 0.

    Zhang, Isola, Efros, Shechtman, Wang: The unreasonable effectiveness of deep features as a perceptual metric, CVPR
    2018. The network's file must take two inputs, the truth first, each (1, 3, H, W) float32, R, G, B as
    code / 127.5 - 1 (-1..1), and give one output that holds one number. Exported from the authors' package:

        sides = {2: "height", 3: "width"}
        torch.onnx.export(lpips.LPIPS(net="alex").eval(), (torch.zeros(1, 3, 64, 64),) * 2, "lpips.onnx",
                          input_names=["truth", "output"], dynamic_axes={"truth": sides, "output": sides})

    `path`: the ONNX file; `threads`: of one run.

    Raises UsageError: the file is missing, no network, or of other inputs and outputs; one line.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self.path = path
        self._network = _Network(path, threads, what="LPIPS", inputs=2)

    def __call__(self, truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
        check_rgb(truth, output)
        distance = self._network.run([_minus_1_to_1(truth), _minus_1_to_1(output)])
        if distance.size != 1:
            raise UsageError(f"{self.path}: LPIPS must give one number, this network gives shape {distance.shape}")
        return float(distance.item())


class InceptionFeatures:
    """Features of pictures for FID by an ONNX network; called with pictures, it gives (n, d) float64, a row each.

    The network's file must take one input, (n, 3, 299, 299) float32 with n free or 1, R, G, B as code / 255 (0..1), and
    give one output, (n, d) or (n, d, 1, 1). Exported from the package pytorch-fid (the weights of the TensorFlow
    network that published figures are computed with; it brings 0..1 to -1..1 itself; d = 2048):

        net = pytorch_fid.inception.InceptionV3([3], resize_input=False).eval()
        torch.onnx.export(net, torch.zeros(1, 3, 299, 299), "inception.onnx")

    Pictures are resized by PIL's bicubic filter, in float and with antialiasing, as Parmar, Zhang, Zhu (On aliased
    resizing and surprising subtleties in GAN evaluation, CVPR 2022) recommend; other resizing gives other figures.

    `path`: the ONNX file; `threads`: of one run.

    Raises UsageError: the file is missing, no network, or of other inputs and outputs; one line.
    """

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self.path = path
        self._network = _Network(path, threads, what="FID", inputs=1, side=INCEPTION_SIDE)

    def __call__(self, pictures: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
        rows = [self._features(picture) for picture in pictures]
        if not rows:
            raise ValueError("pictures must hold at least one")
        return np.stack(rows).astype(np.float64)

    def _features(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        check_rgb(picture)
        features = self._network.run([_resized(picture)[None]])
        if features.ndim not in (2, 4) or features.shape != (1, features.shape[1], 1, 1)[: features.ndim]:
            raise UsageError(f"{self.path}: FID needs (n, d) features, this network gives shape {features.shape}")
        return features.reshape(-1)


def frechet_distance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Fréchet distance of two sets of features taken for Gaussian; 0 (same mean and covariance) upwards.

    |mu_1 - mu_2|^2 + tr(C_1) + tr(C_2) - 2 tr((C_1 C_2)^(1/2)), covariances divided by n - 1. Heusel et al.: GANs
    trained by a two time-scale update rule (NeurIPS 2017); on Inception's features it is FID. Few pictures bias it
    upwards: compare sets of one size, 10,000 or more where published figures are meant.

    With X the centred features divided by sqrt(n - 1), C = X^T X, and C_1 C_2 has the eigenvalues of M M^T beside
    zeros, where M = X_1 X_2^T: the last trace is the sum of M's singular values. So nothing turns complex, however few
    the samples. The triangular factor of X's QR decomposition stands for X, so that M is d x d at most.

    `first`, `second`: (n, d) and (m, d), two rows or more each.
    """
    factors, means = [], []
    for name, features in (("first", first), ("second", second)):
        if features.ndim != 2 or len(features) < 2 or features.shape[1] != first.shape[-1]:
            raise ValueError(f"{name} must be (n, d), n at least 2, one d for both, got {features.shape}")
        wide = features.astype(np.float64)
        means.append(wide.mean(axis=0))
        factors.append(np.asarray(np.linalg.qr((wide - means[-1]) / np.sqrt(len(wide) - 1), mode="r")))
    shift = np.square(means[0] - means[1]).sum()
    spread = sum(np.square(factor).sum() for factor in factors)  # tr(X^T X) is the sum of X's squared entries
    common = np.linalg.svd(factors[0] @ factors[1].T, compute_uv=False).sum()
    return float(max(shift + spread - 2 * common, 0.0))


class _Network:
    """An ONNX file on onnxruntime with pictures (n, 3, H, W) as inputs and one output."""

    def __init__(self, path: Path, threads: int, *, what: str, inputs: int, side: int | None = None) -> None:
        if not path.is_file():
            raise UsageError(f"{path} does not exist: {what} needs its network as an ONNX file")
        self._session = open_session(path, threads)
        self._path = path
        self._inputs = self._session.get_inputs()
        wanted = (1, 3, side, side)
        if len(self._inputs) != inputs or not all(_takes(each, wanted) for each in self._inputs):
            shape = f"n x 3 x {side or 'H'} x {side or 'W'}"
            found = " and ".join(_described(each) for each in self._inputs)
            raise UsageError(f"{path}: {what} takes {inputs} input(s) {shape} float32, this network takes {found}")
        if len(outputs := self._session.get_outputs()) != 1:
            raise UsageError(f"{path}: {what} gives one output, this network gives {len(outputs)}")
        self._output = outputs[0].name

    def run(self, pictures: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        for each, picture in zip(self._inputs, pictures, strict=True):
            if not _takes(each, picture.shape):
                raise UsageError(
                    f"{self._path} takes {_described(each)}, got {' x '.join(map(str, picture.shape))}: "
                    "export it with free height and width, or resize the pictures"
                )
        feed = {each.name: np.ascontiguousarray(picture) for each, picture in zip(self._inputs, pictures, strict=True)}
        return run_session(self._path, self._session, self._output, feed)


def _takes(node: Any, shape: tuple[int | None, ...]) -> bool:
    """Whether an input takes float32 of this shape; None, and sides that the network names or leaves out, are free."""
    if node.type != "tensor(float)" or len(node.shape) != len(shape):
        return False
    sides = zip(node.shape, shape, strict=True)
    return all(not isinstance(own, int) or given is None or own == given for own, given in sides)


def _described(node: Any) -> str:
    """An input's type and shape, as `tensor(float) 1 x 3 x ? x ?`."""
    return f"{node.type} {' x '.join(str(side) if isinstance(side, int) else '?' for side in node.shape)}"


def _minus_1_to_1(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1, 3, H, W)"""
    return picture.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - np.float32(1)


def _resized(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3, 299, 299), 0..1."""
    from PIL import Image

    size, wide = (INCEPTION_SIDE, INCEPTION_SIDE), picture.transpose(2, 0, 1).astype(np.float32)
    planes = [Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC) for plane in wide]
    return np.clip(np.stack([np.asarray(plane) for plane in planes]) / np.float32(255), 0, 1)
