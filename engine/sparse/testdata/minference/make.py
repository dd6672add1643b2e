"""Makes the fixtures beside this script with MInference's estimates, on random tensors.

    pip install torch safetensors
    curl -O https://files.pythonhosted.org/packages/a6/b6/b248d1792f7630d6b62eebefc7f6791befa1dbee4cd3948aa192ff9bbada/minference-0.1.6.0.tar.gz
    tar xzf minference-0.1.6.0.tar.gz && PYTHONPATH=minference-0.1.6.0 python make.py

The package has vertical-slash, its own, and XAttention, after mit-han-lab/x-attention. What
they read is estimated in PyTorch, which runs here on the CPU, and read by kernels for a GPU,
which do not and whose arguments are taken down instead. Each file has q and k [H, P, Dh],
drawn here; its metadata has the settings and what was picked of every head: columns and
distances, or by block of queries the blocks of keys.
"""
import json
import math
import sys
from types import ModuleType, SimpleNamespace

import torch
from safetensors.torch import save_file


class Absent(ModuleType):
    """A module that is not there, whose functions answer no."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_: False


def on_cpu(call):
    """call, with a device of cuda left out."""

    def without(*args, **named):
        named = {name: value for name, value in named.items() if (name, value) != ("device", "cuda")}
        return call(*(a for a in args if not isinstance(a, str)), **named)

    return without


def load():
    """The two modules that estimate, as they are, without the package around them."""
    for name in ["minference", "minference.modules"]:
        package = ModuleType(name)
        package.__path__ = [f"{folder}/{name.replace('.', '/')}" for folder in sys.path]
        sys.modules[name] = package
    kernels = ["ops." + name for name in ["block_sparse_flash_attention", "pit_sparse_flash_attention_v2", "streaming_kernel", "flash_attn_triton", "xattention_fa"]]
    others = ["modules." + name for name in ["flexprefill", "kvcompression", "quest", "snapkv"]]
    library = ["", ".models", ".models.llama", ".models.llama.modeling_llama", ".utils", ".utils.import_utils"]
    for name in ["minference." + name for name in ["ops", *kernels, *others]] + ["transformers" + name for name in library]:
        sys.modules[name] = Absent(name)
    for name in ["kvcompression", "snapkv"]:  # from these all is imported, as which the module knows torch and math
        vars(sys.modules["minference.modules." + name]).update(torch=torch, math=math, __all__=["torch", "math"])
    torch.arange, torch.Tensor.to = on_cpu(torch.arange), on_cpu(torch.Tensor.to)
    from minference.modules import minference_forward, xattention

    return minference_forward, xattention


def vertical_slash(module, q, k, vertical, slash):
    """Columns and distances of every head, by the search that forces 30 of each."""
    out = []
    module.vertical_slash_sparse_attention = lambda q, k, v, columns, distances: out.append(
        {"columns": sorted(columns.flatten().tolist()), "distances": sorted(distances.flatten().tolist())}
    )
    for head in range(q.shape[0]):
        of = SimpleNamespace(
            head_dim=q.shape[2], config=SimpleNamespace(to_dict=lambda: {"static_pattern": True}),
            best_pattern={head: ("vertical_and_slash", vertical, slash, 1)},
        )
        module.gather_last_q_vertical_slash_topk_v4(of, q[None, head : head + 1], k[None, head : head + 1], k[None, head : head + 1], head)
    return out


def xattention(module, q, k, block, stride, threshold):
    """Blocks of keys by head and block of queries.

    Queries come in chunks of one block: in the first chunk, however long, the code overwrites
    that it forces the first block. And keys have a square of padding, without which it hides
    all of them but the chunk's own.
    """
    assert -q.shape[1] % block >= stride
    _, mask = module.xattn_estimate(q[None], k[None], block, stride, threshold=threshold, chunk_size=block, use_triton=False)
    blocks = math.ceil(q.shape[1] / block)
    return [[row[:blocks].nonzero().flatten().tolist() for row in head[:blocks]] for head in mask[0]]


def main():
    torch.manual_seed(0)
    own, other = load()
    for heads, length, dim in [(2, 488, 16), (1, 232, 32)]:
        draw = lambda: torch.randn(heads, length, dim) * torch.linspace(0.5, 2.5, length)[torch.randperm(length)][None, :, None]
        q, k = draw(), draw()
        found = {
            "vertical-slash": [
                {"vertical": v, "slash": s, "picked": vertical_slash(own, q, k, v, s)} for v, s in [(40, 60), (100, 50)]
            ],
            "xattention": [
                {"block": b, "stride": s, "threshold": p, "picked": xattention(other, q, k, b, s, p)}
                for b, s, p in [(32, 8, 0.9), (64, 16, 0.5), (16, 4, 0.7)]
            ],
        }
        save_file({"q": q, "k": k}, f"h{heads}_p{length}.safetensors", {"minference": "0.1.6.0", "picked": json.dumps(found, separators=(",", ":"))})


main()
