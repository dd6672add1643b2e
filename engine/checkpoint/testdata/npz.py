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

# What stands beside maps, or instead of them; bfloat16 is of the package ml_dtypes 0.6.
# Older NumPy pickles by protocol 3 and has its functions under numpy.core.
import io
import pickle
import zipfile

import ml_dtypes

rng = np.random.default_rng(0)
maps = np.tril(rng.exponential(size=(2, 4, 12, 12)) ** 2).astype(np.float32)
maps /= maps.sum(-1, keepdims=True)
steps = np.empty(3, dtype=object)
for i in range(3):
    row = (rng.exponential(size=(2, 4, 1, 10 + i)) ** 2).astype(np.float32)
    steps[i] = row / row.sum(-1, keepdims=True)
np.savez("generate_ragged.npz", attention=steps)
np.savez("none_beside.npz", attention=maps, mask=np.array(None, dtype=object))
np.savez("tokens_object.npz", attention=maps, tokens=np.array(["a"] * 12, dtype=object))
np.savez("bf16.npz", **{n: rng.normal(size=(4, t, 8)).astype(ml_dtypes.bfloat16) for n, t in (("q", 1), ("k", 64), ("v", 64))})
with zipfile.ZipFile("generate_ragged_old.npz", "w") as z:
    npy = io.BytesIO()
    np.lib.format.write_array_header_1_0(npy, {"descr": "|O", "fortran_order": False, "shape": (3,)})
    z.writestr("attention.npy", npy.getvalue() + pickle.dumps(steps, protocol=3).replace(b"numpy._core", b"numpy.core"))
with zipfile.ZipFile("macosx.npz", "w", zipfile.ZIP_DEFLATED) as z:
    npy = io.BytesIO()
    np.save(npy, maps)
    z.writestr("attention.npy", npy.getvalue())
    z.writestr("__MACOSX/._attention.npy", b"\x00\x05\x16\x07")
