"""Good pictures of many variants, which the mutations begin from."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.fuzz.structure import mended
from tests.pictures.profiles import CURVES, PROPHOTO, of_grey, of_rgb, of_table

SIDE = 32


def texture(channels: int = 3, dtype: Any = np.uint8, side: int = SIDE) -> NDArray[Any]:
    """A smooth picture (H, W, C), or (H, W), with some noise, so that codecs have something to do."""
    y, x = np.mgrid[:side, :side] / side
    planes = np.stack([(np.sin(5 * x + k) * np.cos(4 * y * k) + 1) / 2.5 for k in range(channels)], axis=-1)
    planes = np.clip(planes + np.random.default_rng(0).normal(0, 0.02, planes.shape), 0, 1)
    scale = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return (planes if channels > 1 else planes[..., 0]).__mul__(scale).astype(dtype)


def picture_seeds() -> Iterator[tuple[str, bytes]]:
    """Kind and content of each."""
    pillow_heif.register_heif_opener()
    rgb, grey = Image.fromarray(texture()), Image.fromarray(texture(1))
    rgba, palette = Image.fromarray(texture(4)), rgb.quantize(16)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif.update({274: 6, 271: "Maker", 306: "1931:01:01 00:00:00", 0x8769: {36867: "1931:01:01 00:00:00"}})
    rich = {"icc_profile": profile, "exif": exif.tobytes(), "dpi": (300, 300)}
    texts = PngInfo()
    texts.add_text("Title", "Pier")
    texts.add_itxt("Author", "Ohne Namen", "de", "Autor", zip=True)
    animation = {"save_all": True, "append_images": [rgba.rotate(90), rgba.rotate(180)]}

    def saved(image: Image.Image, format: str, **options: Any) -> bytes:
        stream = io.BytesIO()
        image.save(stream, format, **options)
        return stream.getvalue()

    for image in (rgb, grey, rgb.convert("CMYK")):
        yield "jpg", saved(image, "JPEG")
        yield "jpg", saved(image, "JPEG", progressive=True, quality=60, **(rich if image is rgb else {}))
    yield "jpg", saved(rgb, "JPEG", subsampling="4:2:0", restart_marker_blocks=1)
    for curve in ("gamma 1.8", "256 samples", "parametric 4"):
        for format, kind in (("JPEG", "jpg"), ("PNG", "png"), ("TIFF", "tif")):
            yield kind, saved(grey, format, icc_profile=of_grey(CURVES[curve], connection=b"Lab "))
            yield kind, saved(rgb, format, icc_profile=of_rgb(CURVES[curve], PROPHOTO))
    for image, channels in ((rgb, 3), (grey, 1)):
        yield "jpg", saved(image, "JPEG", icc_profile=of_table(channels))
    for image in (rgb, grey, rgba, palette, grey.convert("1"), Image.fromarray(texture(1, np.uint16))):
        yield "png", saved(image, "PNG")
    yield "png", saved(rgb, "PNG", pnginfo=texts, **rich)
    yield "png", saved(palette, "PNG", transparency=3)
    yield "png", saved(rgba, "PNG", **animation)
    yield "png", _interlaced(texture(1))
    for channels in (3, 4):
        yield "png", cv2.imencode(".png", texture(channels, np.uint16))[1].tobytes()
    for options in ({}, {"lossless": True}, {"lossless": True, **rich}, {"quality": 50, "alpha_quality": 20}):
        yield "webp", saved(rgba, "WEBP", **options)
    yield "webp", saved(rgba, "WEBP", **animation)
    for image in (rgb, grey, palette, rgba, grey.convert("1")):
        yield "bmp", saved(image, "BMP")
    for image in (rgb, grey, grey.convert("1"), Image.fromarray(texture(1, np.uint16))):
        yield "pnm", saved(image, "PPM")
    yield "pnm", b"P2 # plain\n16 16 200\n" + b" ".join(b"%d" % value for value in range(0, 128)) + b" 7" * 128
    head = b"P7\nWIDTH 32\nHEIGHT 32\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    yield "pnm", head + texture(4, np.uint16).astype(">u2").tobytes()
    for image, options in ((rgb, {}), (rgba, {"compression": "tga_rle"}), (palette, {})):
        yield "tga", saved(image, "TGA", **options)
    for image in (rgb, palette, grey.convert("1")):
        yield "pcx", saved(image, "PCX")
    yield "ico", saved(rgba, "ICO", sizes=[(16, 16), (32, 32)])
    yield "ico", saved(rgba, "ICO", bitmap_format="bmp")
    yield "jpg", saved(rgb, "MPO", save_all=True, append_images=[grey.convert("RGB")])
    yield "gif", saved(palette, "GIF")
    yield "gif", saved(rgb, "GIF", **animation)
    for image, options in ((rgb, {}), (grey, {"irreversible": True}), (rgba, {"tile_size": (16, 16)})):
        yield "jp2", saved(image, "JPEG2000", **options)
    yield "jp2", saved(rgb, "JPEG2000", no_jp2=True)
    yield "avif", saved(rgb, "AVIF", speed=10)
    yield "avif", saved(rgba, "AVIF", speed=10, **rich)
    yield "jp2", imagecodecs.jpeg2k_encode(texture(3, np.uint16), level=0)
    yield "avif", imagecodecs.avif_encode(texture(3, np.uint16) >> 6, bitspersample=10, speed=10)
    yield "heic", saved(rgb, "HEIF")
    yield "heic", saved(rgba, "HEIF", **{k: rich[k] for k in ("exif", "icc_profile")})
    for tags in ("tiff_lzw", "jpeg", "packbits"):
        yield "tif", saved(rgb, "TIFF", compression=tags)
    yield "tif", saved(rgb, "TIFF", **rich)
    yield "tif", saved(rgb.convert("CMYK"), "TIFF")
    yield "tif", saved(grey.convert("1"), "TIFF", compression="group4")
    yield "tif", saved(palette, "TIFF")
    yield from (("tif", content) for content in _deep_tiffs(profile))


def _interlaced(grey: NDArray[np.uint8]) -> bytes:
    """A grey PNG in the seven passes of Adam7 (PNG specification, 8.2)."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = (b"\0" + row.tobytes() for y, x, down, across in passes for row in grey[y::down, x::across])
    head = struct.pack(">IIBBBBB", *grey.shape[::-1], 8, 0, 0, 0, 1)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + kind + body + bytes(4) for kind, body in parts)
    return mended("png", b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def _deep_tiffs(profile: bytes) -> Iterator[bytes]:
    def written(pixels: NDArray[Any], **options: Any) -> bytes:
        stream = io.BytesIO()
        tifffile.imwrite(stream, pixels, metadata=None, **options)
        return stream.getvalue()

    for dtype in (np.uint8, np.uint16, np.uint32, np.float16, np.float32):
        yield written(texture(1, dtype), photometric="minisblack")
        yield written(texture(3, dtype), photometric="rgb", iccprofile=profile)
    deep = texture(3, np.uint16)
    yield written(deep, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=5)
    yield written(deep, photometric="rgb", compression="zlib", tile=(16, 16), byteorder=">")
    yield written(np.moveaxis(deep, -1, 0), photometric="rgb", planarconfig="separate", bigtiff=True)
    yield written(
        texture(4, np.uint16), photometric="rgb", extrasamples=["unassalpha"], extratags=[(274, 3, 1, 6, True)]
    )
    yield written(texture(4, np.uint8), photometric="rgb", extrasamples=["assocalpha"], compression="packbits")
    yield written(texture(3, np.float32), photometric="rgb", compression="zlib", predictor=3)
    yield written(
        texture(1, np.uint16), photometric="miniswhite", compression="jpeg2000", extratags=[(254, 4, 1, 1, True)]
    )
    for compression in ("jpeg", "lzma", "zstd", "webp", "lerc", "jpegxr", "png"):
        yield written(texture(3, np.uint8), photometric="rgb", compression=compression)
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(texture(3, np.uint8, 16), photometric="rgb", subfiletype=1, metadata=None)
        writer.write(texture(3, np.uint8), photometric="rgb", metadata=None, compression="zstd")
    yield stream.getvalue()
