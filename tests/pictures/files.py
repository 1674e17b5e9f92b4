"""Picture files for tests, and what is in them."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageCms

SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TOP = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
ORIENTATION, MAKE, DATE_TAKEN = 274, 271, 36867


def noise(shape, dtype=np.uint8, seed=0):
    return (np.random.default_rng(seed).uniform(0, 1, shape) * TOP[dtype]).astype(dtype)


def encoded(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def tiff(values, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, metadata=None, **options)
    return stream.getvalue()


def camera_exif(orientation=1):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKE] = "Ernemann"
    exif.get_ifd(0x8769)[DATE_TAKEN] = "1911:05:01 10:00:00"
    return exif


def grey_profile(gamma):
    """A minimal GRAY profile whose tone curve is a power."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    table = struct.pack(">I4sII", 1, b"kTRC", 144, len(curve))
    header = bytearray(128)
    header[12:24] = b"mntrGRAYXYZ "
    header[36:40] = b"acsp"
    struct.pack_into(">I", header, 0, 144 + len(curve))
    return bytes(header) + table + curve


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
