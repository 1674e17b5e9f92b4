"""The backbone extractor: contract, alignment, reduction, networks of the user's own."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.sparse import csr_array
from skimage.color import rgb2lab
from sklearn.decomposition import PCA

from features.backbone import IMAGENET_DEVIATION, IMAGENET_MEAN, BackboneFeatures
from features.base import FloatArray, grid_points
from features.network import Network, NetworkError, read_network
from features.network_grid import FrameAxis, gather, grey_codes
from features.onnxfile import WRITTEN_OPERATORS, WRITTEN_VERSION, cut_down, serialise
from tests.networks import GREY, ramp_network, save_network, tiny_network
from tests.samples import extract, noise

SHAPES = [(8, 8), (1, 40), (40, 1), (1, 1), (33, 57)]


def ramp() -> tuple[NDArray[np.float64], FloatArray]:
    """Grey codes that rise to the right and downwards, (96, 128), and their lightness."""
    codes = np.broadcast_to(np.linspace(40, 200, 128), (96, 128)) + np.linspace(0, 40, 96)[:, None]
    lightness = rgb2lab(np.repeat(codes[..., None] / 255, 3, axis=2))[..., 0] / 100
    return codes, lightness.astype(np.float32)


@pytest.fixture(scope="module")
def references() -> list[FloatArray]:
    return [noise((40 + i, 50), i) for i in range(4)]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return tiny_network(tmp_path / "tiny.onnx")


@pytest.mark.parametrize("stride", [2, 8, 32])
def test_maps_are_read_at_their_cells_centres(stride: int, tmp_path: Path) -> None:
    """Means of blocks of a ramp, read between their centres, are the ramp itself."""
    codes, lightness = ramp()
    extractor = BackboneFeatures(ramp_network(tmp_path / "ramp.onnx", stride), layers=["mean"]).fit([lightness])
    inside = slice(stride // 2, -stride // 2)
    np.testing.assert_allclose(extract(extractor, lightness)[inside, inside, 0], codes[inside, inside], atol=0.01)


def test_a_padded_picture_stays_in_place(tmp_path: Path) -> None:
    """A picture whose sides are no multiples of 32 is read where it lies: blocks of 1 pixel give its own codes."""
    extractor = BackboneFeatures(ramp_network(tmp_path / "ramp.onnx", 1), layers=["mean"])
    lightness = noise((45, 71))
    extractor.fit([lightness])
    np.testing.assert_allclose(extract(extractor, lightness)[..., 0], grey_codes(lightness), atol=1e-3)


def test_grey_codes_invert_lightness() -> None:
    codes = np.arange(256)
    lightness = rgb2lab(np.repeat(codes[:, None, None] / 255, 3, axis=2))[..., 0] / 100
    np.testing.assert_allclose(grey_codes(lightness.astype(np.float32))[:, 0], codes, atol=2e-3)


def test_components_are_those_of_scikit_learn(references: list[FloatArray]) -> None:
    """On the same activations the directions and their order are those of scikit-learn's PCA."""
    raw = BackboneFeatures(layers=["stride8"], random_state=3).fit(references)
    reduced = BackboneFeatures(layers=["stride8"], components=4, random_state=3).fit(references)
    generator = np.random.default_rng(3)
    rows = [
        raw.sample(each, np.stack([generator.integers(0, side, 256) for side in each.shape], axis=1))
        for each in references
    ]
    pca = PCA(4, svd_solver="full").fit(np.concatenate(rows).astype(np.float64))
    lightness, yx = noise((40, 40), 8), grid_points((40, 40), 3)
    expected, found = pca.transform(raw.sample(lightness, yx).astype(np.float64)), reduced.sample(lightness, yx)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-2 * np.abs(expected).max())


def test_a_pickle_holds_no_network(references: list[FloatArray]) -> None:
    assert len(pickle.dumps(BackboneFeatures(components=3).fit(references))) < 100_000


def test_describe_needs_no_fit() -> None:
    described = BackboneFeatures().describe(noise((50, 50)))
    assert described.shape == (320,)
    assert described.dtype == np.float32


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("convention", ["codes", "imagenet"])
def test_own_network_gets_the_input_it_wants(channels: int, convention: str, tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "own.onnx", channels=channels, metadata={"featcolor.input": convention})
    lightness = noise((32, 64))
    planes = np.repeat(grey_codes(lightness)[None], channels, axis=0)
    if convention == "imagenet":
        mean, deviation = (
            each if channels == 3 else each.mean(keepdims=True) for each in (IMAGENET_MEAN, IMAGENET_DEVIATION)
        )
        planes = (planes - mean[:, None, None]) / deviation[:, None, None]
    expected = Network(read_network(path), ["relu1"]).run(planes[None])[0].mean(axis=(1, 2))
    found = BackboneFeatures(path, layers=["relu1"]).describe(lightness)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(48, 64), (96, 128), (144, 256), (60, 300)])
def test_network_of_fixed_size_sees_a_resized_picture(size: tuple[int, int], tmp_path: Path) -> None:
    """A ramp stays a ramp whatever the size that the network wants, and is read back at the picture's own pixels."""
    codes, lightness = ramp()
    extractor = BackboneFeatures(ramp_network(tmp_path / "ramp.onnx", 4, *size), layers=["mean"]).fit([lightness])
    inside = slice(8, -8)
    np.testing.assert_allclose(extract(extractor, lightness)[inside, inside, 0], codes[inside, inside], atol=0.1)
    for shape in SHAPES:
        assert np.isfinite(extract(extractor, noise(shape))).all()


def test_inner_layers_are_what_the_outputs_follow_from(tiny: Path) -> None:
    """Whatever is asked for in whatever order: ReLU of the inner tensor, the mean of the outer one."""
    picture = noise((64, 96))[None, None]
    relu, convolved, scene = Network(read_network(tiny), ["relu1", "conv1", "scene"]).run(picture)
    np.testing.assert_array_equal(relu, np.maximum(convolved, 0))
    np.testing.assert_allclose(scene, relu.mean(axis=(1, 2), keepdims=True), rtol=1e-5)
    outputs = Network(read_network(tiny), ["scene", "relu1"]).run(picture)
    np.testing.assert_array_equal(outputs[0], scene)
    np.testing.assert_array_equal(outputs[1], relu)


def test_a_network_is_cut_down_as_the_onnx_package_would(tmp_path: Path) -> None:
    """Nodes in a branch name tensors of the graph around them, which stay; so does what is not known, to the byte."""
    inner = helper.make_graph(
        [helper.make_node("Mul", ["double", "w"], ["inner"])],
        "branch",
        [],
        [helper.make_empty_tensor_value_info("inner")],
    )
    nodes = [
        helper.make_node("Add", ["picture", "picture"], ["double"]),
        helper.make_node("Neg", ["picture"], ["unused"]),
        helper.make_node("If", ["yes"], ["chosen"], then_branch=inner, else_branch=inner),
    ]
    constants = [
        numpy_helper.from_array(np.array(True), "yes"),
        numpy_helper.from_array(np.array(3, np.float32), "w"),
        numpy_helper.from_array(np.zeros(300, np.float32), "unread"),
    ]
    path = save_network(tmp_path / "net.onnx", nodes, {"picture": GREY}, {"unused": None}, constants)
    picture = noise((8, 8))[None, None]
    [chosen] = Network(read_network(path), ["chosen"]).run(picture)
    np.testing.assert_array_equal(chosen, 6 * picture[0])

    wanted = onnx.load(path)
    del wanted.graph.node[1], wanted.graph.initializer[2], wanted.graph.output[:]
    wanted.graph.output.append(onnx.ValueInfoProto(name="chosen"))
    assert cut_down(path.read_bytes(), {0, 2}, {"yes", "w"}, ["chosen"]) == wanted.SerializeToString()


def test_a_network_is_written_as_the_onnx_package_would() -> None:
    nodes = [("Add", ("a", "b"), ("c",)), ("ReduceMax", ("c", "axis"), ("best",))]
    kinds = {"a": TensorProto.FLOAT, "b": TensorProto.FLOAT, "axis": TensorProto.INT64}
    wanted = helper.make_model(
        helper.make_graph(
            [helper.make_node(*node) for node in nodes],
            "made",
            [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()],
            [onnx.ValueInfoProto(name="best")],
        ),
        opset_imports=[helper.make_opsetid("", WRITTEN_OPERATORS)],
        ir_version=WRITTEN_VERSION,
    )
    wanted.opset_import[0].ClearField("domain")  # the same as an empty one
    assert serialise(nodes, kinds, ["best"]) == wanted.SerializeToString()


def test_maps_are_interpolated_as_by_a_sparse_matrix() -> None:
    """Of four weights a point: the same bits as SciPy's product."""
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(7, 9, 5)).astype(np.float32)
    axes = [FrameAxis.mirrored(70), FrameAxis.mirrored(33)]
    rows, columns = (axis.taps(rng.integers(0, axis.side, 3000), n) for axis, n in zip(axes, (9, 5), strict=True))
    weights = [a * b for a in (1 - rows[2], rows[2]) for b in (1 - columns[2], columns[2])]
    cells = [row * 5 + column for row in rows[:2] for column in columns[:2]]
    numbers = np.repeat(np.arange(3000), 4), np.stack(cells, axis=1).ravel()
    matrix = csr_array((np.stack(weights, axis=1).ravel(), numbers), (3000, 45))
    assert gather(maps, rows, columns).tobytes() == (matrix @ maps.reshape(7, -1).T).astype(np.float32).tobytes()


def test_one_network_runs_at_several_sizes_and_after_pickling(tiny: Path) -> None:
    network = Network(read_network(tiny), ["relu1"])
    first = network.run(noise((64, 32))[None, None])[0]
    assert network.run(noise((32, 96))[None, None])[0].shape == (8, 8, 24)
    again = pickle.loads(pickle.dumps(network)).run(noise((64, 32))[None, None])[0]
    np.testing.assert_array_equal(again, first)


def test_a_missing_layer_is_named_with_those_there_are(tiny: Path) -> None:
    with pytest.raises(NetworkError, match=r"no layer block9; it has conv0, relu0, conv1, relu1, scene"):
        BackboneFeatures(tiny, layers=["relu0", "block9"]).describe(noise((8, 8)))
    with pytest.raises(NetworkError, match="name the layers"):
        BackboneFeatures(tiny).describe(noise((8, 8)))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\x89PNG" * 99, "not an ONNX network"), (b"\x08\x08", "no layers")],
)
def test_a_file_that_is_no_network_is_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NetworkError, match=message):
        BackboneFeatures(path, layers=["x"]).describe(noise((8, 8)))


def test_a_network_that_takes_no_picture_is_refused(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "net.onnx", channels=4)
    with pytest.raises(NetworkError, match="takes 1 x 4 x"):
        BackboneFeatures(path, layers=["relu1"]).describe(noise((8, 8)))


def test_another_network_than_the_fitted_one_is_refused(tmp_path: Path) -> None:
    path = tiny_network(tmp_path / "net.onnx")
    extractor = BackboneFeatures(path, layers=["relu1"]).fit([noise((8, 8))])
    settings, state = extractor.settings(), extractor.get_state()
    tiny_network(path, seed=1)
    other = BackboneFeatures(**settings)
    other.set_state(state)
    with pytest.raises(NetworkError, match="not the one"):
        other.describe(noise((8, 8)))


def test_wrong_arguments_and_states_are_refused(references: list[FloatArray]) -> None:
    with pytest.raises(ValueError, match="components"):
        BackboneFeatures(components=0).fit(references)
    with pytest.raises(ValueError, match="at least one"):
        BackboneFeatures().fit([])
    with pytest.raises(ValueError, match="not fitted"):
        BackboneFeatures().sample(references[0], grid_points((4, 4)))
    state = BackboneFeatures(components=2).fit(references).get_state()
    for name, array in state.items():
        without = {key: value for key, value in state.items() if key != name}
        with pytest.raises(ValueError, match="does not fit"):
            BackboneFeatures(components=2).set_state(without)
        with pytest.raises(ValueError, match="does not fit"):
            BackboneFeatures(components=2).set_state(state | {name: array[:-1]})
