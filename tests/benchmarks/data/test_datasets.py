"""Test sets: every layout as it lies on disk, protocols by hand, what cannot be measured left out with its reason."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data import layouts_sets
from benchmarks.data.datasets import DataSet, TestPicture, fingerprint, load_sample, open_dataset, read_truth
from benchmarks.data.layouts import LAYOUTS, unique_names
from benchmarks.data.layouts_sets import DIV2K, KODAK, VAL5K
from benchmarks.data.protocols import PROTOCOLS, Protocol
from featcolor.colour.measures import grey_picture
from featcolor.errors import PictureError, UsageError
from featcolor.pictures.io import write_picture
from tests.samples import grey, write_rgb

FEW = 20
"""Pictures that stand for the thousands of the large sets."""
CTEST10K = tuple(f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(4, 4 + 5 * FEW, 5))
COCO = tuple(f"{number:012d}.jpg" for number in range(7, 7 + FEW))


@pytest.fixture
def small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts_sets, "VAL5K", VAL5K[:FEW])
    monkeypatch.setattr(layouts_sets, "COCO_SIZE", FEW)
    monkeypatch.setattr(layouts_sets, "CTEST10K_SIZE", FEW)


def touch(folder: Path, *names: str) -> Path:
    """Empty files: layouts go by names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def colours(height: int = 12, width: int = 16, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_frames(folder: Path, *numbers: int, width: int = 16) -> None:
    for number in numbers:
        write_rgb(folder / f"{number:05d}.png", colours(width=width))


def names_of(dataset: DataSet) -> list[str]:
    return [picture.name for picture in dataset.pictures]


def test_the_crop_is_the_middle_of_the_long_side_and_goes_up_and_left_where_it_cannot_be_halved() -> None:
    pixels = np.zeros((4, 9, 3), np.uint8)
    pixels[...] = np.arange(9, dtype=np.uint8)[None, :, None]
    cropped = Protocol("crop", None, crop=True).apply(pixels)
    assert cropped[0, :, 0].tolist() == [2, 3, 4, 5]  # (9 - 4) // 2 = 2
    assert (Protocol("crop", None, crop=True).apply(pixels.transpose(1, 0, 2))[:, 0, 0] == [2, 3, 4, 5]).all()


def test_shrinking_by_a_whole_factor_is_the_mean_of_boxes() -> None:
    pixels = colours(2 * 6, 3 * 6)
    boxes = pixels.reshape(6, 2, 6, 3, 3).mean(axis=(1, 3))
    found = Protocol("small", 6).apply(pixels)
    np.testing.assert_allclose(found, boxes, atol=0.51)
    plane = np.ascontiguousarray(pixels[..., 1])
    np.testing.assert_array_equal(Protocol("small", 6).apply(plane), found[..., 1])


def test_imagenets_protocol_by_hand() -> None:
    """A picture of 512 x 640 whose middle 512 columns are box-averaged in pairs."""
    pixels = colours(512, 640)
    middle = pixels[:, 64:-64].reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(PROTOCOLS["crop-256"].apply(pixels), middle, atol=0.51)
    assert not np.allclose(PROTOCOLS["resize-256"].apply(pixels), middle, atol=10)
    for name in ("as-is", "frames"):
        np.testing.assert_array_equal(PROTOCOLS[name].apply(pixels), pixels)
    for wrong in (np.zeros((4, 4, 3), np.uint16), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            PROTOCOLS["as-is"].apply(wrong)


def build(layout: str, root: Path) -> tuple[list[str], list[str]]:
    """The smallest whole set of a layout: the paths that name it, and the pictures that it holds, in order."""
    if layout in ("gallery", "pairs"):
        for folder in ("gt", "gray", *(("deep",) if layout == "gallery" else ())):
            touch(root / folder, "b.png", "a.jpg" if folder == "gt" else "a.png")
        return [str(root)], ["a", "b"]
    if layout == "davis":
        for sequence in ("goat", "bear", "dog"):
            touch(root / "JPEGImages/480p" / sequence, "00001.jpg", "00000.jpg")
        touch(root, "ImageSets/2017/val.txt")
        (root / "ImageSets/2017/val.txt").write_text("goat\ndog\n")
        return [str(root)], ["goat__00000", "goat__00001", "dog__00000", "dog__00001"]
    if layout == "videvo":
        for sequence in ("Surfing", "AirBoat"):
            write_frames(root / sequence, 3, 1, 2)
        return [str(root)], [f"{sequence}__{n:05d}" for sequence in ("AirBoat", "Surfing") for n in (1, 2, 3)]
    if layout == "imagenet-ctest10k":
        touch(root, *CTEST10K, "ILSVRC2012_val_00000001.JPEG")
        (root / "ctest10k.txt").write_text("".join(f"/val/n0001/{name} 17\n" for name in CTEST10K[::-1]) + "\n")
        return [str(root)], [Path(name).stem for name in CTEST10K[::-1]]
    names = {
        "kodak": KODAK,
        "div2k": tuple(f"DIV2K_valid_HR/{name}" for name in DIV2K),
        "coco-stuff": tuple(f"val2017/{name}" for name in COCO),
        "imagenet-val5k": tuple(f"n0{number % 3}/{name}" for number, name in enumerate(VAL5K[:FEW])),
        "folder": ("one/0001.jpg", "one/0005.jpg", "two.webp"),
    }[layout]
    touch(root, *names, *(("n00/ILSVRC2012_val_00050000.JPEG",) if layout == "imagenet-val5k" else ()))
    stems = [Path(name).stem for name in names]
    return [str(root)], ["two", "0001", "0005"] if layout == "folder" else stems


def test_the_published_sets_have_their_sizes() -> None:
    assert (len(KODAK), len(DIV2K), len(VAL5K)) == (24, 100, 5_000)
    assert (layouts_sets.COCO_SIZE, layouts_sets.CTEST10K_SIZE, len(layouts_sets.DAVIS_VAL)) == (5_000, 10_000, 30)
    assert (KODAK[-1], DIV2K[0], VAL5K[-1]) == ("kodim24.png", "0801.png", "ILSVRC2012_val_00005000.JPEG")


@pytest.mark.usefixtures("small_sets")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_recognised_and_found_whole_in_order(layout: str, tmp_path: Path) -> None:
    paths, names = build(layout, tmp_path / "my" / "set")
    for asked in ("auto", layout):
        dataset = open_dataset(paths, layout=asked)
        assert dataset.layout == layout
        assert dataset.protocol is PROTOCOLS[LAYOUTS[layout].protocol]
        assert names_of(dataset) == names
        assert dataset.name == "my/set"
        assert all(picture.truth.is_file() for picture in dataset.pictures)


def test_a_gallery_brings_grey_inputs_and_outputs_by_name(tmp_path: Path) -> None:
    build("gallery", tmp_path)
    touch(tmp_path / "half", "b.jpg", "other.jpg")
    touch(tmp_path / "notes", "readme.txt")
    dataset = open_dataset(tmp_path)
    assert [picture.grey for picture in dataset.pictures] == [tmp_path / "gray/a.png", tmp_path / "gray/b.png"]
    assert dataset.outputs == {
        "deep": {"a": tmp_path / "deep/a.png", "b": tmp_path / "deep/b.png"},
        "half": {"b": tmp_path / "half/b.jpg"},
    }
    assert open_dataset(tmp_path, limit=1).outputs["deep"].keys() == {names_of(open_dataset(tmp_path, limit=1))[0]}
    # Without grey inputs it is the truth's lightness.
    touch(tmp_path / "bare", "gt/a.png", "deep/a.png")
    dataset = open_dataset(tmp_path / "bare")
    assert dataset.layout == "gallery"
    assert dataset.pictures == (TestPicture("a", tmp_path / "bare/gt/a.png"),)


def test_davis_without_its_list_is_every_sequence_and_a_bare_folder_of_its_sequences_is_davis(tmp_path: Path) -> None:
    build("davis", tmp_path / "whole")
    (tmp_path / "whole/ImageSets/2017/val.txt").unlink()
    assert len(open_dataset(tmp_path / "whole").pictures) == 6
    write_frames(tmp_path / "bare/dog", 0, 1)
    write_frames(tmp_path / "bare/mine", 0, 1)
    (tmp_path / "bare/recipe.csv").touch()
    dataset = open_dataset(tmp_path / "bare")
    assert (dataset.layout, names_of(dataset)[0], len(dataset.pictures)) == ("davis", "dog__00000", 4)
    touch(tmp_path / "numbered", *(f"clip/frame{number}.jpg" for number in (10, 9, 1)))
    by_number = ["clip__frame1", "clip__frame9", "clip__frame10"]
    assert names_of(open_dataset(tmp_path / "numbered", layout="videvo")) == by_number


def test_folders_of_pictures_that_are_no_film_are_just_pictures(tmp_path: Path) -> None:
    write_frames(tmp_path / "gaps/cats", 1, 2, 5)
    write_frames(tmp_path / "sizes/cats", 1)
    write_frames(tmp_path / "sizes/cats", 2, width=20)
    write_frames(tmp_path / "loose/cats", 1, 2)
    write_rgb(tmp_path / "loose/dog.png", colours())
    write_frames(tmp_path / "single/cats", 1)
    touch(tmp_path, "broken/cats/1.png", "broken/cats/2.png")
    for name in ("gaps", "sizes", "loose", "single", "broken"):
        assert open_dataset(tmp_path / name).layout == "folder", name


def test_files_that_are_no_pictures_are_told_of(tmp_path: Path) -> None:
    root = touch(tmp_path, "a.png", "b.nef")
    assert open_dataset(root).foreign == {root / "b.nef"}


def test_a_folder_layout_takes_files_globs_and_lists(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "b/3.png")
    (tmp_path / "list.txt").write_text("b/3.png\na/2.jpg\n")
    assert names_of(open_dataset([f"@{tmp_path / 'list.txt'}", f"{tmp_path}/a/*.jpg"])) == ["3", "2", "1"]
    assert open_dataset([tmp_path / "a", tmp_path / "b"]).name.endswith("/a and 1 more")


@pytest.mark.usefixtures("small_sets")
def test_the_list_of_ctest10k_may_lie_beside_the_folder_or_be_named(tmp_path: Path) -> None:
    touch(tmp_path / "val", *VAL5K[:30])
    listed = tmp_path / "imagenet_ctest10k.txt"
    listed.write_text("\n".join(VAL5K[5 : 5 + FEW]))
    assert len(open_dataset(tmp_path / "val", layout="imagenet-ctest10k").pictures) == FEW
    dataset = open_dataset([tmp_path / "val", listed.rename(tmp_path / "larsson.txt")])
    assert (dataset.layout, len(dataset.pictures)) == ("imagenet-ctest10k", FEW)


@pytest.mark.parametrize(
    ("layout", "names", "words"),
    [
        ("auto", ["kodim01.png", "kodim02.png"], "22 of 24 are missing, the first kodim03.png; complete the folder"),
        ("auto", ["DIV2K_valid_HR/0801.png"], "99 of 100 are missing, the first 0802.png"),
        ("auto", ["val2017/000000000139.jpg"], "5,000 pictures with names like 000000000139.jpg; 1 were found"),
        ("auto", ["n01/ILSVRC2012_val_00000293.JPEG"], "4,999 of 5,000 are missing, the first ILSVRC2012_val_00000001"),
        ("imagenet-ctest10k", ["ILSVRC2012_val_00000001.JPEG"], "the list of 10,000 names of Larsson et al. 2016"),
        ("gallery", ["a.png"], "wants pictures in a folder gt"),
        ("gallery", ["gt/a.png", "gray/a.png"], "there is no folder of outputs"),
        ("auto", ["gt/a.png", "deep/b.png"], "none of its 1 pictures has the name of one in"),
        ("auto", ["gt/a.png", "gt/a.jpg", "deep/a.png"], "a.png: has the name of a.jpg but for the suffix"),
        ("auto", ["gt/a.png", "gt/b.png", "gray/a.png"], "1 of the 2 pictures in gt have no partner here, the first b"),
        ("pairs", ["gt/a.png"], "wants grey inputs in a folder gray or grey; there is none"),
        ("davis", ["JPEGImages/1080p/dog/00000.jpg"], "there is no JPEGImages/480p"),
        ("davis", ["JPEGImages/480p/dog/readme.txt"], "there are no frames in"),
        ("videvo", ["a.png"], "there is no folder in it"),
        ("videvo", ["clip/1.png", "clip/1.jpg"], "two frames have one name without suffix"),
        ("folder", ["readme.txt"], "no pictures in this folder"),
        ("auto", ["readme.txt"], "no pictures in this folder"),
        ("film", ["a.png"], "there is no layout 'film'; choose from auto, gallery, pairs, davis"),
    ],
)
def test_wrong_or_incomplete_data_is_one_clear_line(layout: str, names: list[str], words: str, tmp_path: Path) -> None:
    touch(tmp_path / "data", *names)
    with pytest.raises(UsageError) as caught:
        open_dataset(tmp_path / "data", layout=layout)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_the_one_of_ctest10k_is_refused(tmp_path: Path) -> None:
    root = touch(tmp_path / "val", VAL5K[0])
    (root / "ctest10k.txt").write_text(f"{VAL5K[0]} 1\n{VAL5K[0]} 1\n")
    with pytest.raises(UsageError, match="names 1 different pictures; the list of ctest10k has 10,000"):
        open_dataset(root)
    (root / "ctest10k.txt").write_text(f"{VAL5K[0]}\nn0144/cat.jpg\n")
    with pytest.raises(UsageError, match=r"ctest10k.txt, line 2: holds no name like"):
        open_dataset(root)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"folder"}))
def test_paths_that_lead_nowhere_are_named(layout: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"gone: the layout {layout} is one folder with .*; name that folder"):
        open_dataset(tmp_path / "gone", layout=layout)
    with pytest.raises(UsageError, match="no such file or folder"):
        open_dataset(tmp_path / "gone")
    with pytest.raises(UsageError, match="no test pictures are named"):
        open_dataset([])


def test_a_protocol_may_be_asked_for_by_name_or_be_ones_own(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    assert open_dataset(tmp_path, protocol="crop-256").protocol is PROTOCOLS["crop-256"]
    own = Protocol("mine", 64)
    assert open_dataset(tmp_path, protocol=own).protocol is own
    with pytest.raises(UsageError, match="there is no protocol 'square'; choose from crop-256, resize-256"):
        open_dataset(tmp_path, protocol="square")


def test_names_are_stems_and_paths_only_where_stems_collide(tmp_path: Path) -> None:
    touch(tmp_path, "x/1.png", "y/1.png", "y/1.jpg", "y/2.png", "Y2/2.PNG", "3.png")
    assert sorted(names_of(open_dataset(tmp_path))) == ["3", "Y2__2", "x__1", "y__1.jpg", "y__1.png", "y__2"]
    touch(tmp_path, "first/1.png", "second/1.png")
    names = names_of(open_dataset([tmp_path / "first", tmp_path / "second"]))
    assert names[0].endswith("__first__1.png")
    assert len(set(names)) == 2


def test_names_differ_even_where_case_is_ignored_or_a_path_spells_like_a_name() -> None:
    relatives = [Path(name) for name in ("A.png", "a.png", "a__b.png", "a/b.png", "c/b.png")]
    names = unique_names([(relative, relative) for relative in relatives])
    assert len({name.casefold() for name in names}) == len(names)
    assert not any("/" in name for name in names)


def test_a_limit_spreads_over_the_set_and_depends_on_the_seed_alone(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number:03d}.png" for number in range(100)))
    first, again, other = (names_of(open_dataset(tmp_path, limit=10, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert [int(name) // 10 for name in first] == list(range(10))
    assert names_of(open_dataset(tmp_path, limit=100)) == names_of(open_dataset(tmp_path, limit=500))
    uneven = names_of(open_dataset(tmp_path, limit=7))
    assert len(uneven) == 7
    assert uneven == sorted(uneven)
    with pytest.raises(UsageError, match="1 or more pictures, got 0"):
        open_dataset(tmp_path, limit=0)


def test_the_grey_input_is_the_exact_lightness_of_the_truth_as_measured(
    photographs: dict[str, NDArray[np.uint8]], tmp_path: Path
) -> None:
    path = write_rgb(tmp_path / "china.png", photographs["china"])
    sample = load_sample(TestPicture("china", path), PROTOCOLS["crop-256"])
    assert sample.name == "china"
    assert sample.truth.shape == (256, 256, 3)
    np.testing.assert_array_equal(sample.truth, read_truth(path, PROTOCOLS["crop-256"]))
    np.testing.assert_array_equal(sample.grey, grey_picture(sample.truth)[..., 0])


@pytest.mark.parametrize("three_channels", [False, True])
def test_a_grey_input_of_the_sets_own_goes_through_the_protocol(three_channels: bool, tmp_path: Path) -> None:
    """Codes stay as they are, whether the file has one channel or three equal ones."""
    codes = np.arange(256, dtype=np.uint8).reshape(8, 32)
    stored = np.repeat(codes[..., None], 3, axis=2) if three_channels else codes
    picture = TestPicture(
        "a", write_rgb(tmp_path / "truth.png", colours(8, 32)), write_rgb(tmp_path / "grey.png", stored)
    )
    np.testing.assert_array_equal(load_sample(picture, PROTOCOLS["as-is"]).grey, codes)
    cropped = load_sample(picture, Protocol("crop", None, crop=True))
    np.testing.assert_array_equal(cropped.grey, codes[:, 12:20])
    assert cropped.truth.shape == (8, 8, 3)


def test_deep_pictures_are_rounded_to_8_bits(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (6, 7, 3)).astype(np.uint16)
    path, grey_path = write_rgb(tmp_path / "deep.png", deep), write_rgb(tmp_path / "grey.png", deep[..., 0])
    sample = load_sample(TestPicture("deep", path, grey_path), PROTOCOLS["as-is"])
    np.testing.assert_array_equal(sample.truth, np.rint(deep / 257).astype(np.uint8))
    np.testing.assert_array_equal(sample.grey, np.rint(deep[..., 0] / 257).astype(np.uint8))


def test_alpha_is_ignored_and_orientation_applied(tmp_path: Path) -> None:
    rgb = colours(6, 9)
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([rgb[..., ::-1], np.full((6, 9), 100, np.uint8)]))
    np.testing.assert_array_equal(read_truth(tmp_path / "alpha.png", PROTOCOLS["as-is"]), rgb)


def test_a_pair_of_two_sizes_is_refused(tmp_path: Path) -> None:
    write_rgb(tmp_path / "gt/a.png", colours())
    write_rgb(tmp_path / "gray/a.png", grey(colours(5, 5)))
    dataset = open_dataset(tmp_path)
    with pytest.raises(PictureError, match=r"gray/a\.png: is 5x5 pixels, its truth .* is 16x12"):
        load_sample(dataset.pictures[0], dataset.protocol)


def test_the_fingerprint_changes_with_names_order_bytes_and_protocol_and_with_nothing_else(tmp_path: Path) -> None:
    for seed, name in enumerate(("gt/a.png", "gt/b.png", "gray/a.png", "gray/b.png", "deep/a.png")):
        write_picture(touch(tmp_path, name) / name, colours(seed=seed))
    dataset = open_dataset(tmp_path)
    first = fingerprint(dataset)
    assert len(first) == 16
    assert int(first, 16) >= 0
    assert fingerprint(open_dataset(tmp_path)) == first
    changed = [
        dataclasses.replace(dataset, pictures=dataset.pictures[::-1]),
        dataclasses.replace(dataset, protocol=Protocol("other", None)),
        dataclasses.replace(dataset, protocol=dataclasses.replace(dataset.protocol, side=64)),
        dataclasses.replace(dataset, pictures=dataset.pictures[:1]),
        dataclasses.replace(dataset, pictures=tuple(dataclasses.replace(p, grey=None) for p in dataset.pictures)),
        dataclasses.replace(dataset, pictures=(TestPicture("c", tmp_path / "gt/a.png"), *dataset.pictures[1:])),
    ]
    assert len({first, *map(fingerprint, changed)}) == len(changed) + 1
    (tmp_path / "deep/a.png").write_bytes(b"")
    assert fingerprint(dataset) == first
    with (tmp_path / "gray/a.png").open("ab") as stream:
        stream.write(b"\0")
    assert fingerprint(dataset) != first
    (tmp_path / "gt/a.png").unlink()
    with pytest.raises(PictureError, match=r"a\.png: cannot be read"):
        fingerprint(dataset)
