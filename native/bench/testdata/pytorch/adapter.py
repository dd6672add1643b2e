"""A step of low-rank deltas over a frozen SmolLM2-135M in PyTorch, without gates and memory.

Weights are random: the time does not depend on them. Beside BenchmarkSmolLM2Adapter of
engine/train, which has gates and memory too: one sequence of 512 tokens, every fourth of
them in the loss, deltas of rank 16 on q, k, v and o, merged into the weights once a step,
on one core. Prints tokens a second of processor time.

    python3 native/bench/testdata/pytorch/adapter.py f32 3
"""

import sys
import time

import torch
import torch.nn.functional as F

WIDTH, HEADS, KV_HEADS, HEAD_DIM, LAYERS, HIDDEN, VOCAB = 576, 9, 3, 64, 30, 1536, 49152
RANK, LENGTH = 16, 512

torch.set_num_threads(1)
dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[sys.argv[1]]
steps = int(sys.argv[2])
random = torch.Generator().manual_seed(1)


def normal(rows, cols):
    return torch.randn(rows, cols, generator=random) / cols**0.5


shapes = {
    "q": (HEADS * HEAD_DIM, WIDTH), "k": (KV_HEADS * HEAD_DIM, WIDTH), "v": (KV_HEADS * HEAD_DIM, WIDTH), "o": (WIDTH, HEADS * HEAD_DIM),
    "gate": (HIDDEN, WIDTH), "up": (HIDDEN, WIDTH), "down": (WIDTH, HIDDEN),
}
layers, params = [], []
for _ in range(LAYERS):
    layer = {name: normal(*shape).to(dtype) for name, shape in shapes.items()}
    for name in "qkvo":
        rows, cols = shapes[name]
        a, b = torch.nn.Parameter(normal(RANK, cols)), torch.nn.Parameter(torch.zeros(rows, RANK))
        layer["delta " + name] = a, b
        params += [a, b]
    layers.append(layer)
embedding, ones = normal(VOCAB, WIDTH).to(dtype), torch.ones(WIDTH, dtype=dtype)
angles = torch.outer(torch.arange(LENGTH), 1 / 10000 ** (torch.arange(0, HEAD_DIM, 2) / HEAD_DIM))
cos, sin = (torch.cat([f, f], -1).to(dtype) for f in (angles.cos(), angles.sin()))
optimiser = torch.optim.AdamW(params, lr=1e-3, weight_decay=0)


def rotate(x):
    half = HEAD_DIM // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def norm(x):
    return F.rms_norm(x, (WIDTH,), ones, 1e-5)


def project(x, layer, name):
    a, b = layer["delta " + name]
    return F.linear(x, layer[name] + (b @ a).to(dtype))


def heads(x, n):
    return x.view(1, LENGTH, n, HEAD_DIM).transpose(1, 2)


def step():
    ids = torch.randint(0, VOCAB, (1, LENGTH), generator=random)
    targets = torch.randint(0, VOCAB, (LENGTH // 4,), generator=random)
    x = F.embedding(ids, embedding)
    for layer in layers:
        h = norm(x)
        q, k, v = heads(project(h, layer, "q"), HEADS), heads(project(h, layer, "k"), KV_HEADS), heads(project(h, layer, "v"), KV_HEADS)
        group = HEADS // KV_HEADS
        read = F.scaled_dot_product_attention(rotate(q), rotate(k).repeat_interleave(group, 1), v.repeat_interleave(group, 1), is_causal=True)
        x = x + project(read.transpose(1, 2).reshape(1, LENGTH, WIDTH), layer, "o")
        h = norm(x)
        x = x + F.linear(F.silu(F.linear(h, layer["gate"])) * F.linear(h, layer["up"]), layer["down"])
    logits = F.linear(norm(x)[0, ::4], embedding)
    F.cross_entropy(logits.float(), targets).backward()
    optimiser.step()
    optimiser.zero_grad()


step()
began = time.process_time()
for _ in range(steps):
    step()
print(f"{sys.argv[1]}: {steps * LENGTH / (time.process_time() - began):.1f} tokens a second of processor time")
