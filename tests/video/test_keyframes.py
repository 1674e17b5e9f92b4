"""Key-frame pictures: which frame each shows, what is refused, which frames are worth colouring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, ClipReader, Frame
from featcolor.colour.correlation import correlation
from featcolor.colour.lab import lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.errors import PictureError, UsageError
from featcolor.pictures.io import write_picture
from featcolor.video.keyframes.choose import choose_frames
from featcolor.video.keyframes.export import export_keys, frame_picture, key_targets
from featcolor.video.keyframes.match import KeyFile, find_keyframes, locate, match_keys
from featcolor.video.keyframes.pictures import read_key
from featcolor.video.scan import ClipScan, Thumbnails, scan_clip, small_lightness
from refine.shots import Shot, thumbnail

Lumas = list[NDArray[np.uint8]]
WIDTH, HEIGHT = 96, 64
INFO = ClipInfo(name="reel.mkv", width=WIDTH, height=HEIGHT, time_base=Fraction(1, 24), full_range=True)


class Reel(ClipReader):
    """A reader over luma planes in memory."""

    def __init__(self, lumas: list[NDArray[Any]], info: ClipInfo = INFO, *, damaged: tuple[int, ...] = ()) -> None:
        self.lumas, self.info, self.damaged = lumas, info, damaged
        self.read = 0

    def __iter__(self) -> Iterator[Frame]:
        for index, luma in enumerate(self.lumas):
            self.read += 1
            yield Frame(index=index, luma=luma, pts=2 * index, duration=2, damaged=index in self.damaged)


def scene(photograph: NDArray[np.uint8], count: int) -> Lumas:
    """Grey frames of a camera that pans over a photograph."""
    grey = cv2.cvtColor(cv2.resize(photograph, (WIDTH + 60, HEIGHT + 20)), cv2.COLOR_RGB2GRAY)
    return [np.ascontiguousarray(grey[at // 3 : at // 3 + HEIGHT, at : at + WIDTH]) for at in range(count)]


@pytest.fixture(scope="module")
def lumas(photographs: dict[str, NDArray[np.uint8]]) -> Lumas:
    """Two shots, frames 0 to 29 and 30 to 54."""
    return scene(photographs["astronaut"], 30) + scene(photographs["china"], 25)


@pytest.fixture(scope="module")
def scan(lumas: Lumas) -> Iterator[ClipScan]:
    with scan_clip(Reel(lumas)) as found:
        yield found


def painted(luma: NDArray[Any], *, gamma: float = 1.0) -> NDArray[Any]:
    """A frame as a person may colour it, with a change of the tones."""
    chroma = np.dstack([np.linspace(-30, 30, luma.size).reshape(luma.shape)] * 2).astype(np.float32)
    return lab_to_rgb(lightness_of(luma) ** np.float32(gamma), chroma)


def save(path: Path, picture: NDArray[Any]) -> Path:
    write_picture(path, picture)
    return path


# --- names


@pytest.mark.parametrize(
    ("name", "number"),
    [("reel-000123.png", 123), ("town 2 edited.png", 2), ("street.png", None), ("1950 reel-07 b.jpg", 7), ("0.tif", 0)],
)
def test_last_digits_are_the_frame(tmp_path: Path, name: str, number: int | None) -> None:
    with pytest.raises(UsageError, match="no pictures"):
        find_keyframes(tmp_path)
    (tmp_path / name).write_bytes(b"")
    assert find_keyframes(tmp_path) == [KeyFile(tmp_path / name, number)]


def test_stems_of_a_folder_of_frames_go_before_digits(tmp_path: Path) -> None:
    stems = ["shot_0101", "shot_0102", "title", "a 7", "b 7"]
    expected = {"shot_0102.png": 1, "title.jpg": 2, "painted 101.png": 0, "1.png": None, "c 7.png": None, "b 7.png": 4}
    for name in expected:
        (tmp_path / name).write_bytes(b"")
    assert {file.path.name: file.number for file in find_keyframes(tmp_path, stems=stems)} == expected


# --- reading


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_exported_frames_come_back_as_stored(tmp_path: Path, lumas: Lumas, rotation: int) -> None:
    info = replace(INFO, rotation=rotation)
    shown = frame_picture(Frame(index=0, luma=lumas[0]), info)
    assert shown.shape == ((WIDTH, HEIGHT, 3) if rotation % 180 else (HEIGHT, WIDTH, 3))
    key = read_key(save(tmp_path / "key.png", shown), info)
    assert np.array_equal(key, np.repeat(lumas[0][..., None], 3, axis=2))
    deep = np.random.default_rng(0).integers(0, 65536, key.shape, np.uint16)
    assert np.array_equal(read_key(save(tmp_path / "deep.png", deep), INFO), deep)


def test_another_size_is_resized_and_other_proportions_refused(tmp_path: Path, lumas: Lumas) -> None:
    large = cv2.resize(painted(lumas[0]), (2 * WIDTH, 2 * HEIGHT))
    key = read_key(save(tmp_path / "large.png", large), INFO)
    assert key.shape == (HEIGHT, WIDTH, 3)
    assert correlation(lightness_of(key), lightness_of(lumas[0])) > 0.99
    cropped = save(tmp_path / "cropped.png", large[:, 10:])
    with pytest.raises(PictureError, match=r"cropped\.png: 182x128 .* 96x64; colour the whole frame"):
        read_key(cropped, INFO)
    # A film with wide pixels may be painted as it is shown.
    wide = replace(INFO, pixel_aspect=Fraction(4, 3))
    shown = save(tmp_path / "shown.png", cv2.resize(large, (4 * WIDTH // 3, HEIGHT)))
    assert read_key(shown, wide).shape == (HEIGHT, WIDTH, 3)


# --- matching


def test_numbers_are_followed_and_the_rest_is_located(tmp_path: Path, lumas: Lumas, scan: ClipScan) -> None:
    shown = {"reel-000012.png": 12, "reel-9999.png": 33, "street.jpg": 40, "town 2 edited.png": 50}
    for name, frame in shown.items():
        save(tmp_path / name, painted(lumas[frame], gamma=0.7 if name == "street.jpg" else 1))
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO, scan.n_frames)
    found = [(key.path.name, key.frame, key.located) for key in match.keys]
    assert found == [(name, frame, name != "reel-000012.png") for name, frame in shown.items()]
    assert not match.refused
    assert len(match.notes) == 3
    assert any("street.jpg: no frame number in its name; looks like frame 40" in note for note in match.notes)


def test_what_fits_no_frame_is_refused_by_name(
    tmp_path: Path, photographs: dict[str, NDArray[np.uint8]], lumas: Lumas, scan: ClipScan
) -> None:
    foreign = cv2.resize(photographs["chelsea"], (WIDTH, HEIGHT))
    save(tmp_path / "reel-000003.png", foreign)
    save(tmp_path / "cat.png", foreign)
    save(tmp_path / "wide-000004.png", painted(lumas[4])[: HEIGHT // 2])
    (tmp_path / "torn-000005.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO, scan.n_frames)
    assert not match.keys
    lines = {path.name: line for path, line in match.refused}
    assert set(lines) == {"reel-000003.png", "cat.png", "wide-000004.png", "torn-000005.png"}
    assert "looks different (correlation" in lines["reel-000003.png"]
    assert "0.8 is needed" in lines["cat.png"]
    assert all(line.startswith(str(tmp_path / name)) and "\n" not in line for name, line in lines.items())


def test_of_two_pictures_for_one_frame_the_later_is_refused(tmp_path: Path, lumas: Lumas, scan: ClipScan) -> None:
    for name in ("a-12.png", "b-12.png", "a first.png"):
        save(tmp_path / name, painted(lumas[12]))
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO)
    # A number goes before likeness, whatever the names.
    assert [key.path.name for key in match.keys] == ["a-12.png"]
    assert {path.name for path, _ in match.refused} == {"b-12.png", "a first.png"}
    assert "a-12.png already gives the colour of frame 12" in match.refused[0][1]


def test_pictures_without_colour_are_left_out(tmp_path: Path, lumas: Lumas, scan: ClipScan) -> None:
    save(tmp_path / "reel-000012.png", lumas[12])
    save(tmp_path / "reel-000040.png", painted(lumas[40]))
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO)
    assert [key.frame for key in match.keys] == [40]
    assert match.notes == (f"{tmp_path / 'reel-000012.png'}: no colour in it at all; left out until it is painted",)


def test_a_grey_picture_with_a_stroke_is_a_key_picture_with_a_note(
    tmp_path: Path, lumas: Lumas, scan: ClipScan
) -> None:
    stroked = np.repeat(lumas[12][..., None], 3, axis=2)
    stroked[:8, :12] = 200, 40, 30
    save(tmp_path / "reel-000012.png", stroked)
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO)
    assert [key.frame for key in match.keys] == [12]
    (note,) = match.notes
    assert "strokes on a grey frame go to --hints" in note


def test_numbers_count_from_the_film_not_from_the_part(tmp_path: Path, lumas: Lumas, scan: ClipScan) -> None:
    part = Thumbnails()
    for place in range(30, 50):
        part.append(scan.thumbnails[place])
    for name, frame in (("reel-000040.png", 40), ("reel-000012.png", 12), ("some.png", 33)):
        save(tmp_path / name, painted(lumas[frame]))
    match = match_keys(find_keyframes(tmp_path), part, INFO, len(lumas), first=30)
    part.close()
    assert [(key.frame, key.located) for key in match.keys] == [(33, True), (40, False)]
    assert any("frame 12 is outside the part that is coloured, frames 30 to 49" in note for note in match.notes)


@pytest.mark.parametrize("counted_from", [0, 1])
@pytest.mark.parametrize("frames", [(9, 21, 44), (21,)])
def test_names_that_count_from_1_are_told_of(
    tmp_path: Path, lumas: Lumas, scan: ClipScan, frames: tuple[int, ...], counted_from: int
) -> None:
    for frame in frames:
        save(tmp_path / f"reel-{frame + counted_from:06d}.png", painted(lumas[frame]))
    match = match_keys(find_keyframes(tmp_path), scan.thumbnails, INFO)
    assert [key.frame for key in match.keys] == [frame + counted_from for frame in frames]
    assert any("must count from 0, not 1" in note for note in match.notes) == bool(counted_from)


def test_exposure_does_not_move_a_location(lumas: Lumas, scan: ClipScan) -> None:
    small = thumbnail(small_lightness(lumas[20], INFO))
    assert locate(0.3 + 0.5 * small, scan.thumbnails).place == locate(small, scan.thumbnails).place == 20


def test_even_greys_correlate_with_even_greys_alone(lumas: Lumas) -> None:
    picture, black = lightness_of(lumas[0]), np.zeros((HEIGHT, WIDTH), np.float32)
    assert correlation(black, black + 0.5) == 1.0
    assert correlation(black, picture) == correlation(picture, black) == 0.0
    assert correlation(picture, 1 - picture) == pytest.approx(-1.0, abs=1e-5)


# --- the scan


def test_a_scan_knows_shots_times_and_damage(lumas: Lumas) -> None:
    with scan_clip(Reel(lumas, damaged=(7,))) as found:
        assert [(shot.first, shot.last) for shot in found.shots] == [(0, 29), (30, 54)]
        assert found.n_frames == len(found.thumbnails) == len(found.sharpness) == 55
        assert np.array_equal(found.pts, 2 * np.arange(55))
        assert found.damaged == (7,)
    with pytest.raises(UsageError, match=r"reel\.mkv: no frame"):
        scan_clip(Reel([]))


def test_thumbnails_keep_8_bits_in_memory_or_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("featcolor.video.scan.IN_MEMORY", 1000)
    pictures = np.random.default_rng(0).random((20, 9, 16), np.float32)
    thumbnails = Thumbnails(tmp_path)
    for picture in pictures:
        thumbnails.append(picture)
    assert thumbnails.shape == (9, 16)
    assert np.abs(thumbnails.block(3, 17) - pictures[3:17]).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(thumbnails[19], thumbnails.block(19, 20)[0])
    with pytest.raises(IndexError):
        thumbnails[20]
    with pytest.raises(ValueError, match="those before"):
        thumbnails.append(pictures[0][:5])
    thumbnails.close()
    assert not list(tmp_path.iterdir())


# --- choosing and exporting


def made(pictures: Lumas, shots: tuple[Shot, ...], damaged: tuple[int, ...] = ()) -> ClipScan:
    return replace(scan_clip(Reel(pictures, damaged=damaged)), shots=shots)


def test_one_frame_a_shot_away_from_its_ends(lumas: Lumas, scan: ClipScan) -> None:
    first, second = choose_frames(scan)
    assert 3 <= first <= 26
    assert 33 <= second <= 51
    assert choose_frames(scan) == [first, second]


def test_every_leaves_no_long_gap(lumas: Lumas, scan: ClipScan) -> None:
    chosen = choose_frames(scan, every=8)
    assert set(choose_frames(scan)) <= set(chosen)
    for shot in scan.shots:
        inside = [frame for frame in chosen if shot.first <= frame <= shot.last]
        assert max(np.diff(inside)) <= 8 + 2 * (8 // 4)
        assert inside[0] - shot.first < 8 + 3
        assert shot.last - inside[-1] < 8 + 3


def test_dark_blurred_and_damaged_frames_are_left(lumas: Lumas) -> None:
    pictures = [frame.copy() for frame in lumas[:30]]
    for at in range(15):
        pictures[at] = (pictures[at] * (at / 30)).astype(np.uint8)
    for at in range(23, 30):
        pictures[at] = cv2.GaussianBlur(pictures[at], (0, 0), 3)
    with made(pictures, (Shot(0, 29, "fade"),), damaged=(17, 18)) as found:
        assert choose_frames(found)[0] in (15, 16, 19, 20, 21, 22)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_shortest_shots_have_a_frame_too(lumas: Lumas, count: int) -> None:
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * count
    for pictures in (lumas[:count], black):
        with made(pictures, (Shot(0, count - 1, "start"),)) as found:
            chosen = choose_frames(found, every=1)
        assert chosen
        assert set(chosen) <= set(range(count))


def test_exports_are_found_again_and_carry_the_lightness(tmp_path: Path, lumas: Lumas, scan: ClipScan) -> None:
    reel = Reel(lumas)
    targets = key_targets([12, 40], tmp_path / "keys", "some/town 3.mkv")
    assert export_keys(reel, targets) == 2
    assert reel.read == 41
    files = find_keyframes(tmp_path / "keys")
    assert [(file.path.name, file.number) for file in files] == [("town 3-000012.png", 12), ("town 3-000040.png", 40)]
    lightness, chroma = rgb_to_lab(read_key(files[0].path, INFO))
    assert np.abs(lightness - lightness_of(lumas[12])).max() < 1e-6
    assert np.abs(chroma).max() < 0.1


def test_deep_films_become_deep_pictures(lumas: Lumas) -> None:
    info = replace(INFO, bits=10)
    picture = frame_picture(Frame(index=0, luma=lumas[0].astype(np.uint16) * 4), info)
    assert picture.dtype == np.uint16
    assert len(np.unique(picture)) > 50


def test_frames_that_are_not_there_are_named(tmp_path: Path, lumas: Lumas) -> None:
    with pytest.raises(UsageError, match=r"reel\.mkv: there is no frame 99 \(and 1 more\), it has 55"):
        export_keys(Reel(lumas), {3: tmp_path / "3.png", 99: tmp_path / "99.png", 100: tmp_path / "100.png"})
    with pytest.raises(UsageError, match="no frame 2"):
        key_targets([2], tmp_path, "frames", stems=["a", "b"])
    with pytest.raises(UsageError, match="the frames themselves"):
        key_targets([0], tmp_path, tmp_path, stems=["a", "b"])
