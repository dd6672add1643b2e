"""The other side of main.go: a GGUF file in llama.cpp, or in transformers on PyTorch.

    python3 peer.py llama|plain|bf16|f32|eager FILE THREADS

Reads "run SEED TOKENS STEPS" from standard input: a prompt of so many tokens is read and so
many are fed after it, the same as main.go draws. Prints the seconds of reading, the seconds a
step, the largest logit's token and the peak of resident memory in megabytes. With eager a step
is none: reading returns the attention maps of all heads. Plain is llama.cpp with the weights
as they lie, where its kernels for AMX, which rearrange them, end with a segmentation fault.
"""

import os
import resource
import sys
import time

kind, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])


def ids(seed, count, vocab):
    """A linear congruential generator that main.go has too."""
    out = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append((seed >> 33) % vocab)
    return out


def llama():
    import llama_cpp

    if kind == "plain":
        defaults = llama_cpp.llama_model_default_params

        def plain():
            params = defaults()
            params.use_extra_bufts = False
            return params

        llama_cpp.llama_cpp.llama_model_default_params = llama_cpp.llama_model_default_params = plain

    model = llama_cpp.Llama(path, n_ctx=4096, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)

    def run(tokens, steps):
        model.reset()
        start = time.perf_counter()
        model.eval(tokens)
        read = time.perf_counter() - start
        logits = model._ctx.get_logits_ith(-1)
        top = max(range(model.n_vocab()), key=lambda i: logits[i])
        start = time.perf_counter()
        for token in steps:
            model.eval([token])
        return read, (time.perf_counter() - start) / max(1, len(steps)), top

    return model.n_vocab(), run


def transformers():
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    attention = "eager" if kind == "eager" else "sdpa"
    folder, name = os.path.split(os.path.abspath(path))
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype, attn_implementation=attention).eval()

    @torch.inference_mode()
    def run(tokens, steps):
        start = time.perf_counter()
        out = model(torch.tensor([tokens]), use_cache=kind != "eager", output_attentions=kind == "eager", logits_to_keep=1)
        read = time.perf_counter() - start
        top, cache = int(out.logits[0, -1].argmax()), out.past_key_values
        start = time.perf_counter()
        for token in steps:
            cache = model(torch.tensor([[token]]), past_key_values=cache).past_key_values
        return read, (time.perf_counter() - start) / max(1, len(steps)), top

    return model.config.vocab_size, run


vocab, run = llama() if kind in ("llama", "plain") else transformers()
print("ready", flush=True)
for line in sys.stdin:
    _, seed, tokens, steps = line.split()
    drawn = ids(int(seed), int(tokens) + int(steps), vocab)
    read, step, top = run(drawn[: int(tokens)], drawn[int(tokens) :])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{read:.6f} {step:.6f} {top} {peak}", flush=True)
