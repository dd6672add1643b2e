"""Writes the archives that npz_test.go reads: python npz.py, with NumPy 2.1.3."""

import numpy as np

x = np.arange(24).reshape(2, 3, 4)

# Attention of 2 layers of 2 heads, the last 4 of 6 positions: query q of layer l and
# head h gives each of the positions up to its own, q + 2, the same share, which no
# rounding spoils, but for one of layer 1 head 1 that gives all to position 1.
attention = np.zeros((2, 2, 4, 6), np.float16)
for q in range(4):
    attention[:, :, q, : q + 3] = 1 / (q + 3)
attention[1, 1, 3] = [0, 1, 0, 0, 0, 0]

arrays = {
    "attention": attention,
    "tokens": np.array(["The", " café", " is", " \U0001f511", " <b>", ""]),
    "model": "tiny",
    "single": x.astype(np.float32) / 8,
    "double": x.astype(np.float64) / 8,
    "columns": np.asfortranarray(x.astype(np.int16)),
    "long": x.astype(np.int64) - 12,
    "bytes": np.array([b"a", b"bcd", b""]),
    "flags": np.array([True, False]),
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 3), np.float32),
}
np.savez("arrays.npz", **arrays)
np.savez_compressed("compressed.npz", **arrays)
np.savez("objects.npz", x=np.array([{}, None], dtype=object))
np.savez("bigendian.npz", x=x.astype(">f4"))
np.savez("complex.npz", x=x.astype(np.complex64))
