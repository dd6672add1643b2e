"""Makes the fixtures beside this script with kvpress, on random tensors.

    pip install kvpress==0.5.5 safetensors && python make.py

Each file has q [H, P, Dh], k and v [Hkv, P, Dh], drawn here, and for every press what it
keeps, as positions by head and layer; its name and settings are in the metadata. q and k
are taken for rotated, with base 10000.
"""
import json
from types import SimpleNamespace

import torch
from kvpress import (
    AdaKVPress, ExpectedAttentionPress, KeyDiffPress, KnormPress, ObservedAttentionPress, PyramidKVPress, SnapKVPress, TOVAPress,
)
from safetensors.torch import save_file

LAYERS = 4


def rotation(x, positions):
    """Cosines and sines of positions [1, n] for x [..., Dh], [1, n, Dh] each, as rotary_emb gives them."""
    dim = x.shape[-1]
    angles = positions[0, :, None] * 10000.0 ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    angles = torch.cat([angles, angles], dim=-1)[None]
    return angles.cos().float(), angles.sin().float()


def unrotated(q):
    """The queries before their rotation, as hidden states that are their own projection, [1, P, H*Dh]."""
    cos, sin = rotation(q, torch.arange(q.shape[1])[None])
    half = q.shape[2] // 2
    turned = torch.cat([q[..., half:], -q[..., :half]], dim=-1)
    return (q * cos + turned * sin).transpose(0, 1).reshape(1, q.shape[1], -1)


def layer(index, heads, kv_heads, dim, length):
    """An attention layer as far as presses look at it."""
    config = SimpleNamespace(
        num_attention_heads=heads, num_key_value_heads=kv_heads, num_hidden_layers=LAYERS, _attn_implementation="sdpa",
    )
    return SimpleNamespace(
        config=config, layer_idx=index, head_dim=dim, masked_key_indices=None, q_proj=torch.nn.Identity(), rotary_emb=rotation,
    )


def attention(q, k):
    """Causal attention of all queries, [1, H, P, P]."""
    length = q.shape[1]
    keys = k.repeat_interleave(q.shape[0] // k.shape[0], dim=0)
    scores = q @ keys.transpose(1, 2) / q.shape[2] ** 0.5
    scores = scores.masked_fill(torch.triu(torch.ones(length, length, dtype=torch.bool), 1), float("-inf"))
    return scores.softmax(-1)[None]


def scoring_by(press, v):
    """press with scores by the values v, whatever values it compresses."""
    scorer = getattr(press, "press", press)
    score = type(scorer).score
    scorer.score = lambda module, hidden, keys, values, *rest: score(scorer, module, hidden, keys, v[None], *rest)
    return press


def kept(press, q, k, v, index):
    """Positions that press keeps of every head of keys of a layer."""
    heads, length, dim = q.shape
    module = layer(index, heads, k.shape[0], dim, length)
    # What is compressed are values that say where they stand.
    places = torch.arange(length, dtype=k.dtype)[None, :, None].expand(k.shape)[None]
    _, values = scoring_by(press, v).compress(module, unrotated(q), k[None], places, attention(q, k), {})
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
    yield "h2o", {"window": 0, "average": "true", "group": "mean"}, ObservedAttentionPress(ratio)
    yield "expected-attention", {"epsilon": 0, "group": "mean"}, ExpectedAttentionPress(ratio)
    yield "expected-attention", {"future": 64, "initial": 7, "epsilon": 0.02, "group": "mean"}, ExpectedAttentionPress(ratio, 64, 7, epsilon=0.02)
    yield "adakv", {"scorer": "expected-attention", "window": 1, "safe": 0.2, "group": "mean"}, AdaKVPress(ExpectedAttentionPress(ratio, epsilon=0.02), 0.2)


def main():
    torch.manual_seed(0)
    apart = torch.Generator().manual_seed(1)  # for values, so that queries and keys are those of before
    for heads, kv_heads, dim, length, ratio in [(4, 4, 16, 200, 0.5), (6, 2, 16, 204, 0.75), (4, 1, 32, 160, 0.25), (8, 2, 16, 400, 0.875)]:
        draw = lambda n: torch.randn(n, length, dim) * torch.linspace(0.5, 2.5, length)[torch.randperm(length)][None, :, None]
        q, k = draw(heads), draw(kv_heads)
        v = torch.randn(k.shape, generator=apart)
        found = [
            {"method": method, "values": {name: str(value) for name, value in settings.items()}, "kept": [kept(press, q, k, v, index) for index in range(LAYERS)]}
            for method, settings, press in presses(ratio)
        ]
        save_file(
            {"q": q.contiguous(), "k": k.contiguous(), "v": v}, f"h{heads}_kv{kv_heads}_p{length}.safetensors",
            {"kvpress": "0.5.5", "budget": str(1 - ratio), "layers": str(LAYERS), "presses": json.dumps(found, separators=(",", ":"))},
        )


main()
