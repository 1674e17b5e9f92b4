"""Folders of frames: natural order, one size, damage bridged, nothing overwritten, Y' the pictures' own."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageCms

from featcolor.clips import ycbcr
from featcolor.clips.folders import FrameFolderReader, FrameFolderWriter
from featcolor.clips.frames import ClipInfo, Frame
from featcolor.errors import ClipError, PictureError, UsageError
from featcolor.pictures.io import read_picture, write_picture
from featcolor.pictures.picture import Metadata, Picture

RATE = Fraction(24000, 1001)
SIZE = (6, 9)


def grey(value, dtype=np.uint8, size=SIZE):
    return np.full(size, value, dtype)


def colours(seed=0, dtype=np.uint8, size=SIZE):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (*size, 3), dtype=dtype)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "frames"
    made.mkdir()
    return made


def frames_of(folder):
    with FrameFolderReader(folder, rate=RATE) as reader:
        return list(reader)


def info_of(**more):
    facts = {"name": "clip.mp4", "width": SIZE[1], "height": SIZE[0], "time_base": 1 / RATE, "rate": RATE}
    return ClipInfo(**{**facts, "chroma_shift": (0, 0), **more})


def write_all(folder, like, frames, **options):
    with FrameFolderWriter(folder, like, **options) as writer:
        for frame in frames:
            neutral = np.full(writer.chroma_shape, 1 << (like.bits - 1), frame.luma.dtype)
            writer.write(frame, neutral, neutral)


def test_pictures_come_in_natural_order(folder):
    for number in (10, 9, 100):
        write_picture(folder / f"f{number}.png", grey(number))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_text("nor this")
    reader = FrameFolderReader(folder, rate=RATE)
    assert reader.stems == ["f9", "f10", "f100"]
    assert [frame.luma[0, 0] for frame in reader] == [9, 10, 100]
    assert [(frame.index, frame.pts, frame.duration) for frame in reader] == [(0, 0, 1), (1, 1, 1), (2, 2, 1)]
    info = reader.info
    assert (info.time_base, info.rate, info.n_frames, info.name) == (1 / RATE, RATE, 3, str(folder))
    assert (info.bits, info.full_range, info.chroma_shift, info.colour) == (8, True, (0, 0), False)


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 16)])
def test_luma_and_chroma_are_the_pictures(folder, dtype, bits):
    rgb = colours(dtype=dtype)
    write_picture(folder / "1.png", rgb)
    (frame,) = frames_of(folder)
    info = FrameFolderReader(folder, rate=RATE).info
    assert info.bits == bits
    assert info.colour
    truth = rgb @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(frame.luma - truth).max() <= 0.51
    assert frame.cb.shape == frame.cr.shape == SIZE
    unit = [ycbcr.luma_from_codes(frame.luma, info), *(ycbcr.chroma_from_codes(p, info) for p in (frame.cb, frame.cr))]
    back = ycbcr.ycbcr_to_rgb(*unit, info, dtype)
    assert np.abs(back.astype(int) - rgb).max() <= 2


def test_a_grey_pictures_values_are_its_luma(folder):
    plane = np.arange(54, dtype=np.uint16).reshape(SIZE) * 1201
    write_picture(folder / "1.tiff", plane)
    (frame,) = frames_of(folder)
    assert (frame.luma == plane).all()
    assert frame.cb is None


def test_another_size_is_refused_by_name(folder):
    write_picture(folder / "1.png", grey(1))
    write_picture(folder / "2.png", grey(1, size=(6, 10)))
    with pytest.raises(ClipError, match=r"2\.png: is 10x6 pixels, 1\.png 9x6"):
        frames_of(folder)


def test_a_broken_picture_repeats_the_one_before(folder):
    for number in (1, 3):
        write_picture(folder / f"{number}.png", grey(number))
    (folder / "0.png").write_bytes(b"")
    whole = (folder / "1.png").read_bytes()
    (folder / "2.png").write_bytes(whole[: len(whole) // 2])
    frames = frames_of(folder)
    assert [frame.damaged for frame in frames] == [True, False, True, False]
    assert [frame.luma[0, 0] for frame in frames] == [128, 1, 1, 3]
    assert [frame.pts for frame in frames] == [0, 1, 2, 3]


def test_folders_that_are_no_film_are_refused(folder):
    with pytest.raises(ClipError, match="no pictures"):
        FrameFolderReader(folder, rate=RATE)
    with pytest.raises(ClipError, match="cannot be read"):
        FrameFolderReader(folder / "missing", rate=RATE)
    (folder / "1.png").write_bytes(b"no picture")
    with pytest.raises(ClipError, match="none of its 1 pictures"):
        FrameFolderReader(folder, rate=RATE)
    with pytest.raises(UsageError, match="more than 0"):
        FrameFolderReader(folder, rate=Fraction(0))


@pytest.mark.parametrize("format", ["png", "tiff"])
@pytest.mark.parametrize("bits", [8, 10, 16])
def test_pictures_are_numbered_and_keep_luma(tmp_path, format, bits):
    info = info_of(bits=bits)
    place = ycbcr.code_range(info)
    values = np.linspace(place.black, place.black + place.luma_span, 54).reshape(SIZE)
    frames = [Frame(index=i, luma=values.astype(info.dtype)) for i in (3, 124)]
    write_all(tmp_path / "new" / "out", info, frames, format=format)
    written = sorted((tmp_path / "new" / "out").iterdir())
    assert [path.name for path in written] == [f"000003.{format}", f"000124.{format}"]
    rgb = read_picture(written[1]).pixels
    assert (rgb.dtype, rgb.shape) == (info.dtype, (*SIZE, 3))
    grey_values = ycbcr.luma_from_codes(frames[0].luma, info)
    assert np.abs(rgb / np.iinfo(rgb.dtype).max - grey_values[..., None]).max() < 0.51 / np.iinfo(rgb.dtype).max + 1e-6


def test_a_folders_stems_name_the_output_and_its_luma_returns(folder, tmp_path):
    pictures = {f"shot a {i}": grey(25 * i) for i in (1, 2, 10)}
    for stem, pixels in pictures.items():
        write_picture(folder / f"{stem}.tif", pixels)
    reader = FrameFolderReader(folder, rate=RATE)
    write_all(tmp_path / "out", reader.info, reader, pictures=reader.paths)
    for stem, pixels in pictures.items():
        assert (read_picture(tmp_path / "out" / f"{stem}.png").pixels == pixels[..., None]).all()
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_what_a_frames_picture_carries_stays(folder, tmp_path):
    """Profile, resolution and alpha, each frame its own; a frame that cannot be read is written without."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number, dpi in ((1, 2000), (2, 300)):
        like = Picture(colours(number), grey(90 + number), Metadata("TIFF", icc=profile, dpi=(dpi, dpi)))
        write_picture(folder / f"{number}.tif", like.pixels, like=like)
    (folder / "3.tif").write_bytes(b"II*\0 broken")
    reader = FrameFolderReader(folder, rate=RATE)
    write_all(tmp_path / "out", reader.info, reader, pictures=reader.paths, format="tiff")
    for number, dpi in ((1, 2000), (2, 300)):
        written = read_picture(tmp_path / "out" / f"{number}.tiff")
        assert written.metadata.icc == profile
        assert written.metadata.dpi == (dpi, dpi)
        assert (written.alpha == 90 + number).all()
    assert read_picture(tmp_path / "out" / "3.tiff").metadata.icc is None


def test_gaps_and_files_that_are_no_pictures_are_told(folder):
    for number in (1001, 1002, 1005, 1007):
        write_picture(folder / f"reel_{number}.png", grey(9))
    (folder / "reel_1003.dpx").write_bytes(b"SDPX")
    (folder / "reel_1005.hints.json").write_text("{}")
    gaps, others = FrameFolderReader(folder, rate=RATE).problems
    assert "1003-1004, 1006;" in gaps
    assert f"1 dpx; of DPX, ffmpeg -start_number 1003 -i {folder}/reel_%04d.dpx FOLDER/%06d.png" in others
    for name in ("reel_1005.png", "reel_1007.png", "reel_1003.dpx"):
        (folder / name).unlink()
    assert FrameFolderReader(folder, rate=RATE).problems == []


def test_a_folder_of_dpx_names_the_way_out(tmp_path):
    folder = tmp_path / "50% of it"
    folder.mkdir()
    (folder / "scan.0086400.dpx").write_bytes(b"SDPX")
    (folder / "a.nef").touch()
    command = r"ffmpeg -start_number 86400 -i '.*/50%% of it/scan.%07d.dpx' FOLDER/%06d.png"
    with pytest.raises(ClipError, match=rf"found 1 dpx, 1 nef; .*{command} makes pictures; nef: a camera's raw file"):
        FrameFolderReader(folder, rate=RATE)


def test_pictures_are_upright(tmp_path):
    luma = np.full(SIZE, 16, np.uint8)
    luma[0, 0] = 235
    write_all(tmp_path / "out", info_of(rotation=90), [Frame(index=0, luma=luma)])
    pixels = read_picture(tmp_path / "out" / "000000.png").pixels[..., 0]
    assert pixels.shape == SIZE[::-1]
    assert pixels[-1, 0] == 255  # anticlockwise: the upper left corner goes to the lower left


def test_nothing_is_overwritten_unasked(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "else.png").write_bytes(b"stays")
    frames = [Frame(index=0, luma=np.full(SIZE, 100, np.uint8))]
    write_all(out, info_of(), frames)
    with pytest.raises(UsageError, match=r"000000\.png: is there already"):
        FrameFolderWriter(out, info_of())
    with pytest.raises(UsageError, match=r"else\.png: is there already"):
        FrameFolderWriter(out, info_of(), pictures=[Path("else.png")])
    FrameFolderWriter(out, info_of(), pictures=[Path("other.png")])
    write_all(out, info_of(), frames, overwrite=True)
    assert (out / "else.png").read_bytes() == b"stays"


def test_unusable_targets_are_refused(folder, tmp_path):
    write_picture(folder / "1.png", grey(1))
    reader = FrameFolderReader(folder, rate=RATE)
    with pytest.raises(UsageError, match="folder of the input"):
        FrameFolderWriter(folder / ".." / folder.name, reader.info, pictures=reader.paths, overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        FrameFolderWriter(folder / "1.png", reader.info)
    with pytest.raises(UsageError, match="but for their suffix"):
        FrameFolderWriter(tmp_path / "out", reader.info, pictures=[Path("a.png"), Path("a.tif")])
    with pytest.raises(UsageError, match="choose from png, tiff"):
        FrameFolderWriter(tmp_path / "out", reader.info, format="jpeg")
    with pytest.raises(ClipError, match="cannot be made"), FrameFolderWriter(folder / "1.png" / "out", reader.info):
        pass


def test_an_error_of_a_picture_reaches_the_caller_and_leaves_no_part(tmp_path):
    (tmp_path / "out" / "000000.png").mkdir(parents=True)  # a folder where the picture should go
    with pytest.raises(PictureError, match=r"000000\.png"):
        write_all(tmp_path / "out", info_of(), [Frame(index=0, luma=np.zeros(SIZE, np.uint8))], overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["000000.png"]
