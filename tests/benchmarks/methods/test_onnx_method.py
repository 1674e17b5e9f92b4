"""Any network by a description: known answers of toy networks, and one clear line for whatever does not fit."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.methods.onnx import OnnxMethod, parse_onnx
from benchmarks.methods.onnx_io import NetworkDescription, colour_picture
from benchmarks.methods.released import PRETRAINED
from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.errors import UsageError
from tests.networks import save_network

Shape = Sequence[int | str]

ANY = (1, 1, "h", "w")
IDENTITY = NetworkDescription(input="rgb", output="rgb", recombine="none")
AB_OF_L = NetworkDescription(input="lightness", output="ab", title="toy")


@pytest.fixture
def grey() -> NDArray[np.uint8]:
    """(31, 44), every code from black to white."""
    return np.linspace(0, 255, 31 * 44).round().astype(np.uint8).reshape(31, 44)


def write_toy(
    path: Path,
    weights: Sequence[Sequence[float]],
    *,
    input_shape: Shape | None = None,
    outputs: dict[str, Shape] | None = None,
    kind: int = TensorProto.FLOAT,
    further: Sequence[Shape] = (),
    opaque: bool = False,
) -> Path:
    """A network whose outputs are all the matrix `weights` (C', C) times the input's channels.

    Nothing can be known of the shape of an opaque one's outputs before it runs.
    """
    matrix = np.array(weights, np.float32)[:, :, None, None]
    matrix = matrix.astype(np.float16) if kind == TensorProto.FLOAT16 else matrix
    outputs = outputs or {"answer": (1, len(matrix), "h", "w")}
    shapes = {"picture": input_shape or (1, matrix.shape[1], "h", "w")}
    shapes |= {f"further{index}": shape for index, shape in enumerate(further)}
    nodes = [helper.make_node("Conv", ["picture", "w"], [name]) for name in outputs]
    if opaque:
        outputs = {name + "'": (1, "c", "h", "w") for name in outputs}
        for name in [node.output[0] for node in nodes]:
            nodes += [
                helper.make_node("Shape", [name], ["shape"]),
                helper.make_node("Cast", ["shape"], ["sides"], to=TensorProto.FLOAT),
                helper.make_node("Cast", ["sides"], ["shape again"], to=TensorProto.INT64),
                helper.make_node("Reshape", [name, "shape again"], [name + "'"]),
            ]
    return save_network(path, nodes, shapes, outputs, [numpy_helper.from_array(matrix, "w")], kind=kind)


def line_of(error: pytest.ExceptionInfo[UsageError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_lightness_to_ab_is_put_on_the_lightness(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    """a* = 0.1 L*, b* = -0.2 L*, all of it inside the gamut."""
    method = OnnxMethod("toy", write_toy(tmp_path / "toy.onnx", [[0.1], [-0.2]]), AB_OF_L, threads=1)
    assert (method.title, method.group) == ("toy", "pretrained")
    grey = np.minimum(grey, 200)  # brighter, they leave the gamut
    lightness, chroma = rgb_to_lab(method.colorize(grey))
    truth = 100 * lightness_of(grey)
    # to within rounding to 8 bits, which moves a* and b* most in the dark
    assert np.abs(100 * lightness - truth).max() < 0.3
    error = np.abs(chroma - np.stack([0.1 * truth, -0.2 * truth], axis=-1))
    assert error.max() < 2.5
    assert error.mean() < 0.5


def test_inputs_are_centred_and_outputs_scaled(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    """110 times (L* - 50) / 100 on a*: what is said of the numbers is what is computed."""
    path = write_toy(tmp_path / "toy.onnx", [[1.0], [0.0]])
    said = NetworkDescription(
        input="lightness", output="ab", mean=(50,), std=(100,), output_std=(22, 1), output_mean=(3,)
    )
    lightness = 100 * lightness_of(grey)
    ab = np.stack([22 * (lightness - 50) / 100 + 3, np.full_like(lightness, 3)], axis=-1)
    plain = NetworkDescription(input="lightness", output="ab")
    expected = colour_picture(ab.transpose(2, 0, 1)[None], grey, plain)
    assert np.abs(OnnxMethod("toy", path, said).colorize(grey).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("recombine", ["lab", "yuv", "none"])
def test_the_identity_gives_the_grey_picture_back(tmp_path: Path, grey: NDArray[np.uint8], recombine: str) -> None:
    path = write_toy(tmp_path / "identity.onnx", np.eye(3).tolist())
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    # Half a code keeps DeOldify's truncation from taking 31.9999 for 31.
    half = tuple(value + 0.5 / 255 * (recombine == "yuv") for value in mean)
    description = NetworkDescription(
        input="rgb", output="rgb", mean=mean, std=std, output_mean=half, output_std=std, recombine=recombine
    )
    before = grey.copy()
    assert np.array_equal(OnnxMethod("identity", path, description).colorize(grey), np.dstack([before] * 3))
    assert np.array_equal(grey, before)


def test_yuv_keeps_luma_and_lab_keeps_lightness(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    """A network that reddens and darkens: only its chroma is taken, by the one measure or the other."""
    path = write_toy(tmp_path / "red.onnx", [[0.6, 0, 0], [0, 0.4, 0], [0, 0, 0.4]])
    middle = np.clip(grey, 60, 180)
    by = {
        name: OnnxMethod("red", path, NetworkDescription(input="rgb", output="rgb", recombine=name)).colorize(middle)
        for name in ("lab", "yuv", "none")
    }
    luma = by["yuv"] @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma - middle).max() < 1.5  # three roundings
    assert np.abs(lightness_of(by["lab"]) - lightness_of(middle)).max() < 0.004
    assert np.abs(lightness_of(by["none"]) - lightness_of(middle)).min() > 0.1
    assert all((picture[..., 0] > picture[..., 2]).all() for picture in by.values())


def test_a_network_without_the_hints_will_do(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    path = write_toy(tmp_path / "toy.onnx", [[0.1], [-0.2]])
    hinted = NetworkDescription(input="lightness", output="ab", zeros=(2, 1))
    assert np.array_equal(OnnxMethod("a", path, hinted).colorize(grey), OnnxMethod("b", path, AB_OF_L).colorize(grey))


def test_the_output_is_found_by_its_channels(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    """Whatever the tensors are called, and whatever else comes out."""
    weights = [[0.1], [-0.2]]
    plain = OnnxMethod("plain", write_toy(tmp_path / "plain.onnx", weights), AB_OF_L).colorize(grey)
    opaque = write_toy(tmp_path / "opaque.onnx", weights, opaque=True)
    assert np.array_equal(OnnxMethod("opaque", opaque, AB_OF_L).colorize(grey), plain)
    # Five classes first, as networks with a head for training give them.
    shapes = {"classes": np.ones((5, 1, 1, 1)), "ab": np.array(weights)[:, None, None]}
    both = save_network(
        tmp_path / "both.onnx",
        [helper.make_node("Conv", ["picture", f"{name} weights"], [name]) for name in shapes],
        {"picture": ANY},
        {name: (1, len(w), "h", "w") for name, w in shapes.items()},
        [numpy_helper.from_array(w.astype(np.float32), f"{name} weights") for name, w in shapes.items()],
    )
    assert np.array_equal(OnnxMethod("both", both, AB_OF_L).colorize(grey), plain)


def test_a_method_pickles_after_use(tmp_path: Path, grey: NDArray[np.uint8]) -> None:
    method = OnnxMethod("toy", write_toy(tmp_path / "toy.onnx", [[0.1], [-0.2]]), AB_OF_L)
    assert method.fit([]) is method
    again = pickle.loads(pickle.dumps(method))
    assert np.array_equal(again.colorize(grey), method.colorize(grey))
    assert again.settings() == method.settings()


def test_settings_tell_networks_apart(tmp_path: Path) -> None:
    """By contents, weights beside the file included; a description beside it counts as itself."""
    path = write_toy(tmp_path / "toy.onnx", [[0.1], [-0.2]])
    method = OnnxMethod("toy", path, AB_OF_L)
    first = method.settings()
    (tmp_path / "toy.onnx.toml").write_text(AB_OF_L.to_toml())
    assert method.settings() == first
    (tmp_path / "toy.onnx.data").write_bytes(b"weights")
    with_data = method.settings()
    assert with_data != first
    write_toy(path, [[0.1], [-0.3]])
    assert method.settings()["network"] not in (first["network"], with_data["network"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": np.ones((2, 3)).tolist()}, ["takes picture 1 x 3 x h x w", "1 x 1 x h x w"]),
        ({"input_shape": (1, 1, 8, 8), "outputs": {"o": (1, 2, 8, 8)}}, ["takes picture 1 x 1 x 8 x 8"]),
        ({"input_shape": (2, 1, "h", "w"), "outputs": {"o": (2, 2, "h", "w")}}, ["takes picture 2 x 1"]),
        ({"further": [ANY]}, ["and further0 1 x 1 x h x w"]),
        ({"kind": TensorProto.FLOAT16}, ["tensor(float16)", "float32"]),
        ({"weights": [[1.0]]}, ["gives answer 1 x 1 x h x w", "one 1 x 2 x h x w"]),
        ({"outputs": {"a": (1, 2, "h", "w"), "b": (1, 2, "h", "w")}}, ["gives a 1 x 2", "and b 1 x 2", "one 1 x 2"]),
        ({"weights": [[float("nan")], [0.0]]}, ["not finite"]),
        ({"weights": [[1.0]] * 3, "opaque": True}, ["gives (1, 3, 31, 44), not (1, 2, h, w)"]),
    ],
)
def test_a_network_that_does_not_fit_gets_one_line(
    tmp_path: Path, grey: NDArray[np.uint8], changes: dict[str, Any], words: list[str]
) -> None:
    path = write_toy(tmp_path / "toy.onnx", **({"weights": [[0.1], [-0.2]]} | changes))
    with pytest.raises(UsageError) as error:
        OnnxMethod("toy", path, AB_OF_L).colorize(grey)
    message = line_of(error)
    assert message.startswith(f"{path}: ")
    assert all(word in message for word in words), message


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x08"])
def test_a_file_that_is_no_network_gets_one_line(tmp_path: Path, grey: NDArray[np.uint8], content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not an ONNX network that can be loaded") as error:
        OnnxMethod("toy", path, AB_OF_L).colorize(grey)
    assert line_of(error).startswith(f"{path}: ")


@pytest.mark.parametrize("name", list(PRETRAINED))
def test_a_missing_official_network_names_file_weights_and_command(tmp_path: Path, name: str) -> None:
    path = tmp_path / "absent.onnx"
    for ask in (
        lambda: parse_onnx(f"{name}={path}"),
        lambda: OnnxMethod(name, path, PRETRAINED[name].description).fit([]),
        lambda: OnnxMethod(name, path, PRETRAINED[name].description).settings(),
    ):
        with pytest.raises(UsageError) as error:
            ask()
        known = PRETRAINED[name]
        message = line_of(error)
        for words in (str(path), known.weights, known.repository, known.export_command("absent.onnx")):
            assert words in message
    with pytest.raises(UsageError) as error:
        parse_onnx(f"mine={path}")
    assert line_of(error) == f"mine: there is no ONNX file {path}"


def test_descriptions_are_found(tmp_path: Path) -> None:
    """The one that is named, then the one beside the network, then the built-in one."""
    path = write_toy(tmp_path / "net.onnx", [[0.1], [-0.2]])
    (tmp_path / "other.toml").write_text(IDENTITY.to_toml())
    assert parse_onnx(f"zhang16={path}").description == PRETRAINED["zhang16"].description
    assert parse_onnx(f"mine={path},{tmp_path / 'other.toml'}").description == IDENTITY
    (tmp_path / "net.toml").write_text(AB_OF_L.to_toml())
    assert parse_onnx(f"mine={path}").description == AB_OF_L
    (tmp_path / "net.onnx.toml").write_text(IDENTITY.to_toml())
    method = parse_onnx(f"mine={path}")
    assert (method.name, method.title, method.path, method.description) == ("mine", "mine", path, IDENTITY)
    assert parse_onnx(f"zhang16={path},{tmp_path / 'net.toml'}").description == AB_OF_L


@pytest.mark.parametrize("text", ["", "zhang16", "zhang16=", "=net.onnx", "a b=net.onnx", "a=,b.toml"])
def test_what_is_not_of_the_form_is_told_the_form(text: str) -> None:
    with pytest.raises(UsageError, match="takes NAME=PATH"):
        parse_onnx(text)


def test_a_network_that_nothing_describes_is_told_how(tmp_path: Path) -> None:
    path = write_toy(tmp_path / "net.onnx", [[0.1], [-0.2]])
    with pytest.raises(UsageError) as error:
        parse_onnx(f"mine={path}")
    message = line_of(error)
    assert "zhang16" in message
    assert f"{path}.toml" in message
