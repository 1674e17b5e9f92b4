"""ICC profiles made of their tags (ICC.1:2022, 9 and 10): curves of every kind, matrices, tables."""

import struct

import numpy as np

D50 = 0.9642, 1.0, 0.8249
PROPHOTO = np.array([[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0, 0, 0.82521]])
SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
V2, V4 = 0x02400000, 0x04300000
_LAB16 = 65280 / 65535  # L* 100 in a table of 16 bits (mft2)


def _fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def gamma(exponent):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(exponent * 256))


def sampled(values):
    return (
        b"curv"
        + bytes(4)
        + struct.pack(">I", len(values))
        + np.rint(np.asarray(values) * 65535).astype(">u2").tobytes()
    )


def parametric(kind, *parameters):
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + _fixed(*parameters)


def light(lightness):
    """Luminance of L*/100."""
    return np.where(lightness > 0.08, ((lightness + 0.16) / 1.16) ** 3, lightness / 9.033)


CURVES = {
    "identity": sampled([]),
    **{f"gamma {exponent}": gamma(exponent) for exponent in (1.0, 1.4, 1.8, 2.2, 2.4)},
    **{f"{n} samples": sampled(np.linspace(0, 1, n) ** 1.8) for n in (2, 256, 4096)},
    "lightness": sampled(light(np.linspace(0, 1, 1024))),
    "parametric 0": parametric(0, 2.2),
    "parametric 1": parametric(1, 2.2, 0.95, 0.05),
    "parametric 2": parametric(2, 2.2, 0.9, 0.05, 0.03),
    "parametric 3": parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "parametric 4": parametric(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
}


def profile(space, connection, version, tags):
    tags = [(b"wtpt", b"XYZ " + bytes(4) + _fixed(*D50)), *tags]
    head = bytearray(128)
    struct.pack_into(">I", head, 8, version)
    head[12:24] = b"mntr" + space + connection
    head[36:40] = b"acsp"
    head[68:80] = _fixed(*D50)
    start, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags:
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    struct.pack_into(">I", head, 0, start + len(body))
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def of_grey(curve, *, connection=b"XYZ ", version=V2):
    return profile(b"GRAY", connection, version, [(b"kTRC", curve)])


def of_rgb(curve, matrix=SRGB, *, version=V2):
    columns = [
        (name + b"XYZ", b"XYZ " + bytes(4) + _fixed(*matrix[:, at])) for at, name in enumerate((b"r", b"g", b"b"))
    ]
    return profile(b"RGB ", b"XYZ ", version, [*columns, *((name + b"TRC", curve) for name in (b"r", b"g", b"b"))])


def of_table(n_channels, version=V2):
    """A profile that is a table from codes to CIELAB, without a way back: gamma 1.8, of RGB ProPhoto's colours."""
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 17)] * n_channels, indexing="ij"), axis=-1).reshape(-1, n_channels)
    matrix = PROPHOTO / np.reshape(D50, (3, 1)) if n_channels == 3 else np.ones((3, 1))
    relative = np.float64(grid) ** 1.8 @ matrix.T
    f = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1)
    coded = np.clip(
        np.stack([lab[:, 0] / 100, (lab[:, 1] + 128) / 255, (lab[:, 2] + 128) / 255], axis=-1) * _LAB16, 0, 1
    )
    ramp = struct.pack(">HH", 0, 65535)
    body = (
        b"mft2"
        + bytes(4)
        + bytes([n_channels, 3, 17, 0])
        + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
        + struct.pack(">HH", 2, 2)
    )
    body += ramp * n_channels + np.rint(coded * 65535).astype(">u2").tobytes() + ramp * 3
    return profile(b"GRAY" if n_channels == 1 else b"RGB ", b"Lab ", version, [(b"A2B0", body)])
