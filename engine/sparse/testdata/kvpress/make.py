"""Makes the fixtures beside this script with kvpress, on random tensors.

    pip install kvpress==0.5.5 safetensors && python make.py

Each file has q [H, P, Dh] and k [Hkv, P, Dh], drawn here, and for every press what it
keeps, as positions by head and layer; its name and settings are in the metadata.
"""
import json
from types import SimpleNamespace

import torch
from kvpress import (
    AdaKVPress, KeyDiffPress, KnormPress, PyramidKVPress, SnapKVPress, TOVAPress,
)
from safetensors.torch import save_file

LAYERS = 4


def layer(index, heads, kv_heads, dim, length):
    """An attention layer as far as presses look at it."""
    config = SimpleNamespace(
        num_attention_heads=heads, num_key_value_heads=kv_heads, num_hidden_layers=LAYERS, _attn_implementation="sdpa",
    )
    return SimpleNamespace(config=config, layer_idx=index, head_dim=dim, masked_key_indices=None)


def attention(q, k):
    """Causal attention of all queries, [1, H, P, P]."""
    length = q.shape[1]
    keys = k.repeat_interleave(q.shape[0] // k.shape[0], dim=0)
    scores = q @ keys.transpose(1, 2) / q.shape[2] ** 0.5
    scores = scores.masked_fill(torch.triu(torch.ones(length, length, dtype=torch.bool), 1), float("-inf"))
    return scores.softmax(-1)[None]


def kept(press, q, k, index):
    """Positions that press keeps of every head of keys of a layer."""
    heads, length, dim = q.shape
    module = layer(index, heads, k.shape[0], dim, length)
    # Values that say where they stand; none of these presses scores by values.
    places = torch.arange(length, dtype=k.dtype)[None, :, None].expand(k.shape)[None]
    hidden = torch.zeros(1, length, 1, dtype=k.dtype)
    _, values = press.compress(module, hidden, k[None], places, attention(q, k), {})
    if module.masked_key_indices is None:
        return [sorted(int(p) for p in head[:, 0]) for head in values[0]]
    gone = {(int(h), int(p)) for _, h, p in zip(*module.masked_key_indices)}
    return [[p for p in range(length) if (h, p) not in gone] for h in range(k.shape[0])]


def presses(ratio):
    yield "knorm", {}, KnormPress(ratio)
    yield "keydiff", {}, KeyDiffPress(ratio)
    yield "tova", {}, TOVAPress(ratio)
    yield "snapkv", {"window": 16, "kernel": 5, "group": "mean"}, SnapKVPress(ratio, window_size=16, kernel_size=5)
    yield "pyramidkv", {"window": 16, "kernel": 5, "beta": 20, "group": "mean"}, PyramidKVPress(ratio, window_size=16, kernel_size=5, beta=20)
    yield "pyramidkv", {"window": 16, "kernel": 5, "beta": 4, "group": "mean"}, PyramidKVPress(ratio, window_size=16, kernel_size=5, beta=4)
    yield "adakv", {"scorer": "snapkv", "window": 16, "kernel": 5, "safe": 0.2, "group": "mean"}, AdaKVPress(SnapKVPress(ratio, window_size=16, kernel_size=5), 0.2)
    yield "adakv", {"scorer": "keydiff", "safe": 0.2, "group": "mean"}, AdaKVPress(KeyDiffPress(ratio), 0.2)
    yield "adakv", {"scorer": "knorm", "safe": 0.5, "group": "mean"}, AdaKVPress(KnormPress(ratio), 0.5)


def main():
    torch.manual_seed(0)
    for heads, kv_heads, dim, length, ratio in [(4, 4, 16, 200, 0.5), (6, 2, 16, 204, 0.75), (4, 1, 32, 160, 0.25), (8, 2, 16, 400, 0.875)]:
        draw = lambda n: torch.randn(n, length, dim) * torch.linspace(0.5, 2.5, length)[torch.randperm(length)][None, :, None]
        q, k = draw(heads), draw(kv_heads)
        found = [
            {"method": method, "values": {name: str(value) for name, value in settings.items()}, "kept": [kept(press, q, k, index) for index in range(LAYERS)]}
            for method, settings, press in presses(ratio)
        ]
        save_file(
            {"q": q.contiguous(), "k": k.contiguous()}, f"h{heads}_kv{kv_heads}_p{length}.safetensors",
            {"kvpress": "0.5.5", "budget": str(1 - ratio), "layers": str(LAYERS), "presses": json.dumps(found, separators=(",", ":"))},
        )


main()
