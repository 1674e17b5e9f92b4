"""Leaks: one picture is found again through every change that copies go through, unlike ones never are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.datasets import TestPicture
from benchmarks.data.leaks import (
    LIKELY,
    REFERENCE_BLOCK,
    SAME,
    WHOLE,
    Candidate,
    Seen,
    aligned_correlation,
    find_leaks,
    likely_pairs,
    look_at,
    signatures,
)
from featcolor.pictures.io import write_picture
from tests.samples import write_rgb

Rgb = NDArray[np.uint8]


def crop(rgb: Rgb, left: float, top: float, right: float, bottom: float) -> Rgb:
    """The picture less these shares of its sides."""
    height, width = rgb.shape[:2]
    rows = slice(round(top * height), height - round(bottom * height))
    return rgb[rows, round(left * width) : width - round(right * width)]


def centre_square(rgb: Rgb) -> Rgb:
    """The largest square in the middle."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def short_side(rgb: Rgb, pixels: int) -> Rgb:
    """Shrunk until the short side has this many pixels."""
    scale = pixels / min(rgb.shape[:2])
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def brighter(rgb: Rgb, *, gamma: float = 1.0, factor: float = 1.0) -> Rgb:
    """Codes (0..1) to the power gamma, times a factor, clipped."""
    return np.clip(255 * factor * (rgb / 255.0) ** gamma, 0, 255).astype(np.uint8)


# JPEG quality of the changed copy, and the change; each must be found.
CHANGES: dict[str, tuple[int, Callable[[Rgb], Rgb]]] = {
    "JPEG 30": (30, lambda rgb: rgb),
    "JPEG 10": (10, lambda rgb: rgb),
    "short side 160": (75, lambda rgb: short_side(rgb, 160)),
    "short side 80": (75, lambda rgb: short_side(rgb, 80)),
    "squeezed to 160 x 160": (75, lambda rgb: cv2.resize(rgb, (160, 160), interpolation=cv2.INTER_AREA)),
    "5 % cut off one side": (75, lambda rgb: crop(rgb, 0.05, 0, 0, 0)),
    "5 % cut off two sides": (75, lambda rgb: crop(rgb, 0.05, 0.05, 0, 0)),
    "5 % cut off each side": (75, lambda rgb: crop(rgb, 0.05, 0.05, 0.05, 0.05)),
    "centre square": (75, centre_square),
    "mirrored": (75, lambda rgb: rgb[:, ::-1]),
    "gamma 0.7": (75, lambda rgb: brighter(rgb, gamma=0.7)),
    "gamma 1.5": (75, lambda rgb: brighter(rgb, gamma=1.5)),
    "30 % brighter, clipped": (75, lambda rgb: brighter(rgb, factor=1.3)),
    "mirrored, two sides cut, gamma 0.8, short side 160": (
        50,
        lambda rgb: short_side(brighter(crop(rgb[:, ::-1], 0.05, 0.05, 0, 0), gamma=0.8), 160),
    ),
    "mirrored centre square, short side 160": (50, lambda rgb: short_side(centre_square(rgb[:, ::-1]), 160)),
}


@pytest.fixture(scope="module")
def pictures(photographs: dict[str, Rgb], tmp_path_factory: pytest.TempPathFactory) -> list[TestPicture]:
    folder = tmp_path_factory.mktemp("test pictures")
    return [TestPicture(name, write_rgb(folder / f"{name}.png", rgb)) for name, rgb in photographs.items()]


def seen_noise(number: int) -> list[Seen]:
    """Smooth random pictures."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (number, 8, 8), dtype=np.uint8)
    return [Seen(str(index), each.repeat(8, 0).repeat(8, 1), WHOLE) for index, each in enumerate(coarse)]


@pytest.mark.parametrize("label", CHANGES)
def test_changed_copies_are_found_and_nothing_else(
    label: str, pictures: list[TestPicture], photographs: dict[str, Rgb], tmp_path: Path
) -> None:
    quality, change = CHANGES[label]
    for name, rgb in photographs.items():
        write_picture(tmp_path / f"{name}.jpg", np.ascontiguousarray(change(rgb)), quality=quality)
    copies = sorted(tmp_path.iterdir(), reverse=True)
    leaks = find_leaks(copies, pictures)
    assert [(leak.picture, leak.reference.stem) for leak in leaks] == [(p.name, p.name) for p in pictures]
    assert {leak.kind for leak in leaks} == {"near duplicate"}
    assert all(0 <= leak.distance <= 1 - SAME for leak in leaks)


def test_the_larger_part_is_found_whichever_side_is_the_crop(
    pictures: list[TestPicture], photographs: dict[str, Rgb], tmp_path: Path
) -> None:
    _, square = CHANGES["centre square"]
    crops = [TestPicture(name, write_rgb(tmp_path / f"{name}.png", square(rgb))) for name, rgb in photographs.items()]
    leaks = find_leaks([picture.truth for picture in pictures], crops)
    assert [(leak.picture, leak.reference.stem) for leak in leaks] == [(p.name, p.name) for p in pictures]


def test_the_same_bytes_are_the_same_file_and_a_lossless_copy_has_no_distance(
    pictures: list[TestPicture], photographs: dict[str, Rgb], tmp_path: Path
) -> None:
    copy = tmp_path / "other.jpg"
    copy.write_bytes(pictures[2].truth.read_bytes())
    leaks = find_leaks([copy, pictures[2].truth, copy], pictures)
    assert [(leak.picture, leak.kind, leak.distance) for leak in leaks] == [(pictures[2].name, "same file", 0.0)] * 3
    assert [leak.reference for leak in leaks] == [copy, pictures[2].truth, copy]
    write_picture(tmp_path / "copy.tif", photographs["china"])
    (leak,) = find_leaks([tmp_path / "copy.tif"], pictures)
    assert (leak.picture, leak.kind) == ("china", "near duplicate")
    assert leak.distance == pytest.approx(0, abs=1e-3)


def test_unlike_pictures_and_halves_of_one_are_no_leaks(pictures: list[TestPicture], references: Path) -> None:
    assert find_leaks(sorted(references.iterdir()), pictures) == []


def test_flat_pictures_and_faint_ramps_show_nothing_that_could_leak(tmp_path: Path) -> None:
    shown = [np.full((40, 50, 3), value, np.uint8) for value in (0, 100, 101, 255)]
    ramp = np.linspace(100, 102, 64).astype(np.uint8)[None, :, None].repeat(48, 0).repeat(3, 2)
    paths = [write_rgb(tmp_path / f"{at}.png", rgb) for at, rgb in enumerate((*shown, ramp, ramp + 40))]
    assert find_leaks(paths[::2], [TestPicture(path.stem, path) for path in paths[1::2]]) == []


@pytest.mark.parametrize("outline", ["disc", "frame"])
def test_one_outline_does_not_make_two_pictures_one(outline: str, tmp_path: Path) -> None:
    """Bright on dark, the outline holds nearly all of the contrast; what is inside tells them apart."""
    rows, columns = np.mgrid[:128, :128] - 63.5
    inside = np.hypot(rows, columns) < 50 if outline == "disc" else np.maximum(abs(rows), abs(columns)) < 50
    paths = []
    for seed in range(2):
        texture = np.random.default_rng(seed).integers(170, 230, (32, 32)).repeat(4, 0).repeat(4, 1)
        rgb = np.where(inside, texture, 15).astype(np.uint8)[..., None].repeat(3, axis=2)
        paths.append(write_rgb(tmp_path / f"{seed}.png", rgb))
    assert find_leaks(paths[:1], [TestPicture("other", paths[1])]) == []
    assert len(list(likely_pairs([look_at(paths[0])], [look_at(paths[1])]))) == 1


def test_a_crop_on_every_side_is_found_by_the_inner_part_where_the_whole_is_too_unlike(tmp_path: Path) -> None:
    """Waves so short that 8 % is a quarter of one: the wholes do not agree, the inner part does."""
    random = np.random.default_rng(0)
    coefficients = np.zeros((16, 16), np.float32)
    coefficients[6:8, 6:8] = random.normal(size=(2, 2))
    coefficients[8:12, 8:12] = 0.3 * random.normal(size=(4, 4))
    waves = cv2.resize(cv2.idct(coefficients), (240, 240), interpolation=cv2.INTER_CUBIC)
    rgb = np.rint(128 + 110 * waves / abs(waves).max()).astype(np.uint8)[..., None].repeat(3, 2)
    whole = write_rgb(tmp_path / "whole.png", rgb)
    cut = write_rgb(tmp_path / "cut.png", crop(rgb, 0.08, 0.08, 0.08, 0.08))
    ours, theirs = signatures([look_at(whole)], [WHOLE]), signatures([look_at(cut)], [WHOLE])
    assert (ours @ theirs.T).item() < LIKELY
    assert [leak.picture for leak in find_leaks([whole], [TestPicture("cut", cut)])] == ["cut"]
    assert [leak.picture for leak in find_leaks([cut], [TestPicture("whole", whole)])] == ["whole"]


def test_an_alignment_that_runs_away_or_fails_does_not_hide_a_copy(
    photographs: dict[str, Rgb], monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = np.ascontiguousarray(photographs["coffee"][:64, :64, 1])
    pair = Candidate(0, 0, WHOLE, WHOLE, mirrored=False)

    def fail(*arguments: object, **options: object) -> None:
        raise cv2.error("it does not converge")

    for wrong in (
        lambda *arguments, **options: (0.5, np.array([[1, 0, 9], [0, 1, 9]], np.float32)),
        lambda *arguments, **options: (0.5, np.array([[3, 0, 0], [0, 3, 0]], np.float32)),
        fail,
    ):
        monkeypatch.setattr(cv2, "findTransformECC", wrong)
        assert aligned_correlation(plane, plane, pair) == pytest.approx(1, abs=1e-5)


def test_what_cannot_be_read_is_passed_over(pictures: list[TestPicture], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n rubbish")
    gone = tmp_path / "gone.png"
    leaks = find_leaks(
        [gone, broken, pictures[0].truth], [TestPicture("broken", broken), TestPicture("gone", gone), *pictures]
    )
    assert [(leak.reference, leak.picture) for leak in leaks] == [(pictures[0].truth, pictures[0].name)]
    assert find_leaks([], pictures) == find_leaks([pictures[0].truth], []) == find_leaks([], []) == []


def test_progress_counts_what_is_read_and_then_what_is_compared(pictures: list[TestPicture]) -> None:
    steps: list[tuple[str, int, int]] = []
    find_leaks([picture.truth for picture in pictures], pictures, progress=lambda *step: steps.append(step))
    reading = [step for step in steps if step[0] == "reading"]
    assert reading == [("reading", done, 12) for done in range(1, 13)]
    comparing = steps[12:]
    assert comparing == [("comparing", done, len(comparing)) for done in range(1, len(comparing) + 1)]
    assert len(comparing) >= 6


@pytest.mark.parametrize("turn", [lambda a: a, lambda a: a[:, ::-1]])
def test_likely_pairs_agree_with_a_plain_loop_over_blocks(
    turn: Callable[[Rgb], Rgb], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks and signs of the mirrored transform against signatures of mirrored thumbnails, pair by pair."""
    assert REFERENCE_BLOCK > 7
    monkeypatch.setattr("benchmarks.data.leaks.REFERENCE_BLOCK", 7)
    pictures = seen_noise(20)
    references = [Seen(each.digest, np.ascontiguousarray(turn(each.thumbnail)), WHOLE) for each in pictures]
    mirrored = [Seen(each.digest, np.ascontiguousarray(each.thumbnail[:, ::-1]), WHOLE) for each in pictures]
    ours = signatures(references, [WHOLE] * 20)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, rtol=1e-5)
    straight, turned = (ours @ signatures(each, [WHOLE] * 20).T for each in (pictures, mirrored))
    expected = {(i, j) for i, j in np.argwhere(np.maximum(straight, turned) > LIKELY)}
    found = [
        pair for pair in likely_pairs(references, pictures) if pair.reference_window == pair.picture_window == WHOLE
    ]
    assert expected == {(pair.reference, pair.picture) for pair in found} >= {(i, i) for i in range(20)}
    assert all(
        pair.mirrored == bool(turned[pair.reference, pair.picture] > straight[pair.reference, pair.picture])
        for pair in found
    )


def test_correlation_is_1_with_itself_and_does_not_mind_brightness_or_contrast(photographs: dict[str, Rgb]) -> None:
    plane = np.ascontiguousarray(photographs["coffee"][:64, :64, 1])
    pair = Candidate(0, 0, WHOLE, WHOLE, mirrored=False)
    assert aligned_correlation(plane, plane, pair) == pytest.approx(1, abs=1e-5)
    dimmer = (plane * 0.6 + 30).astype(np.uint8)
    assert aligned_correlation(plane, dimmer, pair) > 0.98
    flipped = np.ascontiguousarray(plane[:, ::-1])
    assert aligned_correlation(plane, flipped, pair._replace(mirrored=True)) == pytest.approx(1, abs=1e-5)
    assert aligned_correlation(plane, 255 - plane, pair) < 0
