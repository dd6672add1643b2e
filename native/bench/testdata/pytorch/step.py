"""The demo pair's training step in PyTorch: forward, loss, backward.

Reads a safetensors file of weights and one of a batch, then computes a step for every
line on standard input and prints "seconds loss gradient-norm". Started by main.go.
"""

import json
import struct
import sys
import time

import torch
import torch.nn.functional as F


def tensors(path):
    types = {"F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    meta = head.pop("__metadata__", {})
    out = {}
    for name, t in head.items():
        lo, hi = t["data_offsets"]
        out[name] = torch.frombuffer(data[lo:hi], dtype=types[t["dtype"]]).reshape(t["shape"]).clone()
    return meta, out


def scan(gate, x, block=32):
    """y[t] = g[t] y[t-1] + (1 - g[t]) x[t] over axis 1: blocks side by side, then their ends in turn."""
    b, n, c = x.shape
    gate, x = gate.view(b, n // block, block, c), ((1 - gate) * x).view(b, n // block, block, c)
    ys, decays = [x[:, :, 0]], [gate[:, :, 0]]
    for t in range(1, block):
        ys.append(torch.addcmul(x[:, :, t], gate[:, :, t], ys[-1]))
        decays.append(gate[:, :, t] * decays[-1])
    ends, last, rest = [torch.zeros_like(x[:, 0, 0])], ys[-1], decays[-1]
    for i in range(n // block - 1):
        ends.append(torch.addcmul(last[:, i], rest[:, i], ends[-1]))
    start = torch.stack(ends, 1)[:, :, None]
    return torch.addcmul(torch.stack(ys, 2), torch.stack(decays, 2), start).view(b, n, c)


def loss_of(w, meta, tokens, targets, weights):
    heads, dim, layers = int(meta["num_head"]), int(meta["d_model"]), int(meta["num_layers"])
    b, n = tokens.shape
    dh = dim // heads
    angle = torch.arange(n)[:, None] * float(meta["rope_base"]) ** (-torch.arange(0, dh, 2) / dh)[None]
    cos, sin = angle.cos().float(), angle.sin().float()

    def rope(x):
        x = x.view(b, n, heads, dh).transpose(1, 2)
        lo, hi = x.chunk(2, -1)
        return torch.cat((lo * cos - hi * sin, hi * cos + lo * sin), -1)

    x = w["embedding.wte.weight"][tokens]
    for i in range(layers):
        at = f"backbone.layers.{i}."
        h = F.rms_norm(x, (dim,), w[at + "seq_layer.input_norm.weight"], float(meta["eps"]))
        o, q, k, v, *g = (h @ w[at + "seq_layer.in_proj.weight"].T).split(dim, -1)
        if g:
            gate = torch.sigmoid(g[0] + w[at + "seq_layer.gate_bias"])
            k, v = scan(torch.cat((gate, gate), -1), torch.cat((k, v), -1)).split(dim, -1)
        v = v.reshape(b, n, heads, dh).transpose(1, 2)
        a = F.scaled_dot_product_attention(rope(q), rope(k), v, is_causal=True)
        a = a.transpose(1, 2).reshape(b, n, dim)
        x = x + (a * torch.sigmoid(o)) @ w[at + "seq_layer.out_proj.weight"].T
        h = F.rms_norm(x, (dim,), w[at + "hidden_layer.ln.weight"], float(meta["eps"]))
        h = F.gelu(h @ w[at + "hidden_layer.fc1.weight"].T)
        x = x + h @ w[at + "hidden_layer.fc2.weight"].T
    rows = weights > 0
    h = F.rms_norm(x[rows], (dim,), w["backbone.ln.weight"], float(meta["eps"]))
    logits = h @ w["embedding.wte.weight"].T
    return (F.cross_entropy(logits, targets[rows], reduction="none") * weights[rows]).sum()


def main():
    model, batch, threads, compiled = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "compile"
    torch.set_num_threads(threads)
    meta, w = tensors(model)
    for t in w.values():
        t.requires_grad_(True)
    _, b = tensors(batch)
    tokens, targets, weights = b["tokens"], b["targets"], b["weights"]
    compute = torch.compile(loss_of) if compiled else loss_of
    for _ in sys.stdin:
        start = time.perf_counter()
        for t in w.values():
            t.grad = None
        loss = compute(w, meta, tokens, targets, weights)
        loss.backward()
        seconds = time.perf_counter() - start
        norm = sum(t.grad.double().square().sum() for t in w.values()).sqrt()
        print(seconds, loss.item(), norm.item(), flush=True)


main()
