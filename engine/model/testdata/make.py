"""Makes the checkpoints beside this script, tiny and random, and what they should compute.

    pip install torch transformers==5.24 safetensors gguf==0.19 tokenizers easydict && python make.py OUT SEED

OUT/NAME of a kind of Hugging Face is the folder NAME here, as save_pretrained leaves it (float32, sharded where it
says so), OUT/ratplus_* are in ratplus, OUT/gguf_*.gguf in gguf, and OUT/gguf_blocks.safetensors is
engine/ops/quant/testdata/blocks.safetensors. Another seed makes other files, to which the tests hold as well.
expected.safetensors has ids [T], logits [T, V] by transformers in float64, and for layer i q, k (after norms and RoPE)
and v, [heads or kv_heads, T, head_dim].
"""
import json, os, sys, types
import numpy as np, torch, transformers as tf
from safetensors.torch import save_file
out, seed = sys.argv[1], int(sys.argv[2]); os.makedirs(out, exist_ok=True)
V, T = 320, 75

def capture(model, ids):
    """q, k, v of every layer as attention sees them, by wrapping the eager attention function."""
    mod = sys.modules[type(model).__module__]; old = mod.eager_attention_forward; seen = []
    def wrap(module, q, k, v, mask, **kw): seen.append((q[0], k[0], v[0])); return old(module, q, k, v, mask, **kw)
    mod.eager_attention_forward = wrap
    try: logits = model(ids).logits[0]
    finally: mod.eager_attention_forward = old
    return logits, seen

def one(name, cfg, cls, shard=None, dtype=torch.float32):
    torch.manual_seed(seed); cfg._attn_implementation = 'eager'; m = cls(cfg).eval()
    for p in m.parameters():
        p.data = (torch.randn_like(p) * (0.3 if p.dim() > 1 else 0.1) / (p.shape[-1] ** .5 if p.dim() > 1 else 1) + (1 if p.dim() == 1 and p.shape[0] in (cfg.hidden_size, cfg.head_dim if hasattr(cfg, 'head_dim') and cfg.head_dim else -1) else 0)).to(dtype)
        if p.dim() > 1: p.data *= 3
    d = f'{out}/{name}'; m.save_pretrained(d, **({'max_shard_size': shard} if shard else {}))
    ids = torch.randint(0, V, (1, T)); torch.set_grad_enabled(False)
    logits, seen = capture(m.double(), ids)
    t = {'ids': ids[0].int(), 'logits': logits.float()}
    for i, (q, k, v) in enumerate(seen):
        t[f'layers.{i}.q'], t[f'layers.{i}.k'], t[f'layers.{i}.v'] = (x.float().contiguous() for x in (q, k, v))
    save_file(t, f'{d}/expected.safetensors', metadata={'arch': cfg.model_type}); print(name, sum(p.numel() for p in m.parameters()), logits.std().item(), flush=True)

base = dict(vocab_size=V, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=1, pad_token_id=1)
one('llama_gqa_tied', tf.LlamaConfig(**base, tie_word_embeddings=True, rope_parameters={'rope_type': 'default', 'rope_theta': 10000.0}), tf.LlamaForCausalLM)
one('llama_head_dim', tf.LlamaConfig(**base, head_dim=16, tie_word_embeddings=False, rope_parameters={'rope_type': 'default', 'rope_theta': 500000.0}), tf.LlamaForCausalLM, shard='60KB')
one('llama3_rope', tf.LlamaConfig(**base, tie_word_embeddings=True, rope_parameters={'rope_type': 'llama3', 'rope_theta': 500000.0, 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 64}), tf.LlamaForCausalLM, dtype=torch.bfloat16)
one('llama_linear_rope', tf.LlamaConfig(**base, tie_word_embeddings=True, rope_parameters={'rope_type': 'linear', 'rope_theta': 10000.0, 'factor': 2.0}), tf.LlamaForCausalLM)
one('llama_yarn', tf.LlamaConfig(**base, tie_word_embeddings=True, rope_parameters={'rope_type': 'yarn', 'rope_theta': 10000.0, 'factor': 4.0, 'original_max_position_embeddings': 64}), tf.LlamaForCausalLM)
one('mistral', tf.MistralConfig(**base, sliding_window=None, tie_word_embeddings=False, rope_parameters={'rope_type': 'default', 'rope_theta': 10000.0}), tf.MistralForCausalLM)
one('qwen2', tf.Qwen2Config(**base, tie_word_embeddings=True, rope_parameters={'rope_type': 'default', 'rope_theta': 1000000.0}), tf.Qwen2ForCausalLM)
one('qwen3', tf.Qwen3Config(**base, head_dim=16, tie_word_embeddings=True, rope_parameters={'rope_type': 'default', 'rope_theta': 1000000.0}), tf.Qwen3ForCausalLM)
one('olmo2', tf.Olmo2Config(**base, tie_word_embeddings=False, rope_parameters={'rope_type': 'default', 'rope_theta': 500000.0}), tf.Olmo2ForCausalLM)

# RAT+ releases: a PyTorch zip {"task": state_dict} with an EasyDict beside it, compiled names, the gate apart; logits by a float64 loop over the definition: k̃_t = g_t k̃_(t-1) + (1 - g_t) k_t, and v likewise, before RoPE.
from easydict import EasyDict
def ratplus(name, layers=2, d=48, heads=3, split=True, prefix='_orig_mod.'):
    g = torch.Generator().manual_seed(seed + 7); r = lambda *s: torch.randn(*s, generator=g) * (2.0 / s[-1] ** .5 if len(s) > 1 else .1) + (1 if len(s) == 1 else 0)
    w = {'embedding.wte.weight': r(V, d), 'backbone.ln.weight': r(d), 'head.lm_head.weight': r(V, d)}
    for i in range(layers):
        p = f'backbone.layers.{i}.'; full = r(5 * d, d)
        if split: w[p + 'seq_layer.in_proj.weight'], w[p + 'seq_layer.fgate_proj.weight'] = full[:4 * d].clone(), full[4 * d:].clone()
        else: w[p + 'seq_layer.in_proj.weight'] = full
        w[p + 'seq_layer.input_norm.weight'], w[p + 'seq_layer.out_proj.weight'] = r(d), r(d, d)
        w[p + 'hidden_layer.ln.weight'], w[p + 'hidden_layer.fc1.weight'], w[p + 'hidden_layer.fc2.weight'] = r(d), r(4 * d, d), r(d, 4 * d)
    ids = torch.randint(0, V, (T,), generator=g); dh = d // heads
    W = {k: v.double() for k, v in w.items()}; x = W['embedding.wte.weight'][ids]
    rms = lambda x, n: x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * n
    f = 10000.0 ** (-torch.arange(0, dh, 2).double() / dh); a = torch.arange(T).double()[:, None] * f; a = torch.cat([a, a], -1)
    rot = lambda y: (lambda z: z * a.cos() + torch.cat([-z[..., dh // 2:], z[..., :dh // 2]], -1) * a.sin())(y.view(T, heads, dh).transpose(0, 1))
    for i in range(layers):
        p = f'backbone.layers.{i}.'; h = rms(x, W[p + 'seq_layer.input_norm.weight']); full = torch.cat([W[p + 'seq_layer.in_proj.weight']] + ([W[p + 'seq_layer.fgate_proj.weight']] if split else []))
        o, q, k, v, gg = (h @ full.T).split(d, -1); gg = gg.sigmoid(); kt, vt = torch.zeros_like(k), torch.zeros_like(v)
        for t in range(T):
            kt[t] = gg[t] * (kt[t - 1] if t else 0) + (1 - gg[t]) * k[t]; vt[t] = gg[t] * (vt[t - 1] if t else 0) + (1 - gg[t]) * v[t]
        s = rot(q) @ rot(kt).transpose(1, 2) * dh ** -.5; s = s.masked_fill(~torch.ones(T, T, dtype=torch.bool).tril(), -1e30).softmax(-1)
        y = (s @ vt.view(T, heads, dh).transpose(0, 1)).transpose(0, 1).reshape(T, d); x = x + (y * o.sigmoid()) @ W[p + 'seq_layer.out_proj.weight'].T
        h = rms(x, W[p + 'hidden_layer.ln.weight']); x = x + torch.nn.functional.gelu(h @ W[p + 'hidden_layer.fc1.weight'].T) @ W[p + 'hidden_layer.fc2.weight'].T
    logits = rms(x, W['backbone.ln.weight']) @ W['head.lm_head.weight'].T
    torch.save({'task': {prefix + k: v for k, v in w.items()}, 'config': EasyDict(model=EasyDict(d_model=d, num_head=heads, num_layers=layers)), 'step': 3}, f'{out}/{name}.pth')
    save_file({'ids': ids.int(), 'logits': logits.float().contiguous()}, f'{out}/{name}.expected.safetensors', metadata={'heads': str(heads)}); print(name, flush=True)
ratplus('ratplus_release_old'); ratplus('ratplus_release', split=False, prefix='')

# GGUF: blocks of every quantisation with the values that gguf's own code makes of them, and one small llama file.
import gguf
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Q
rng = np.random.default_rng(seed); blocks = {}
for q in (Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0, Q.Q2_K, Q.Q3_K, Q.Q4_K, Q.Q5_K, Q.Q6_K, Q.IQ4_NL, Q.IQ4_XS, Q.BF16, Q.F16):
    n, size = GGML_QUANT_SIZES[q]; raw = rng.integers(0, 256, (5, 4 * size), dtype=np.uint8)
    if q in (Q.BF16, Q.F16): raw = rng.standard_normal((5, 128)).astype(np.float16).view(np.uint8) if q is Q.F16 else (rng.standard_normal((5, 128)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    else:  # scales are half floats at places that differ: draw until all values are sane
        for _ in range(20000):
            with np.errstate(all='ignore'): v = gguf.quants.dequantize(raw, q)
            bad = ~np.isfinite(v).all(1) | (np.abs(v).max(1) > 1e4)
            if not bad.any(): break
            raw[bad] = rng.integers(0, 256, (bad.sum(), 4 * size), dtype=np.uint8)
    v = gguf.quants.dequantize(raw, q); assert np.isfinite(v).all(), q
    blocks[q.name + '.raw'] = torch.from_numpy(raw.copy()); blocks[q.name + '.values'] = torch.from_numpy(np.ascontiguousarray(v, dtype=np.float32))
save_file(blocks, f'{out}/gguf_blocks.safetensors'); print('gguf blocks', len(blocks) // 2)

# Small llama files with mixed blocks, as the *_K_M kinds have them; logits by a float64 loop. In GGUF's llama files q and k are rotated in neighbouring pairs (2i, 2i + 1).
def gguf_llama(name, big, small, d=256, heads=4, kv=2, hidden=512, layers=2, theta=10000.0, eps=1e-5):
    dh = d // heads; w = gguf.GGUFWriter(f'{out}/{name}.gguf', 'llama'); rng = np.random.default_rng(seed + 99); W = {}
    w.add_context_length(256); w.add_embedding_length(d); w.add_block_count(layers); w.add_feed_forward_length(hidden); w.add_head_count(heads); w.add_head_count_kv(kv); w.add_rope_dimension_count(dh)
    w.add_rope_freq_base(theta); w.add_layer_norm_rms_eps(eps); w.add_vocab_size(V)
    def mat(n, rows, cols, q):
        bs, size = GGML_QUANT_SIZES[q]; nb = cols // bs; raw = rng.integers(0, 256, (rows, nb * size), dtype=np.uint8)
        sc = {Q.Q4_K: [(0, .002), (2, .01)], Q.Q5_K: [(0, .001), (2, .01)], Q.Q6_K: [(208, .00006)], Q.Q3_K: [(108, .0008)], Q.Q8_0: [(0, .0008)], Q.Q4_0: [(0, .012)], Q.Q5_1: [(0, .006), (2, -.09)], Q.Q4_1: [(0, .012), (2, -.09)]}[q]
        b = raw.reshape(rows, nb, size)
        for at, s in sc:
            v = (s * (0.5 + rng.random((rows, nb)))).astype(np.float16); b[:, :, at:at + 2] = v.view(np.uint8).reshape(rows, nb, 2)
        raw = b.reshape(rows, nb * size); v = gguf.quants.dequantize(raw, q).astype(np.float64); assert np.isfinite(v).all(); W[n] = v; w.add_tensor(n, raw, raw_dtype=q); return v
    def vec(n, k): v = (1 + .1 * rng.standard_normal(k)).astype(np.float32); W[n] = v.astype(np.float64); w.add_tensor(n, v)
    mat('token_embd.weight', V, d, Q.Q8_0); vec('output_norm.weight', d); mat('output.weight', V, d, small)
    for i in range(layers):
        p = f'blk.{i}.'; vec(p + 'attn_norm.weight', d); vec(p + 'ffn_norm.weight', d)
        for n, r, c, q in (('attn_q', d, d, big), ('attn_k', kv * dh, d, big), ('attn_v', kv * dh, d, small), ('attn_output', d, d, big), ('ffn_gate', hidden, d, big), ('ffn_up', hidden, d, big), ('ffn_down', d, hidden, small)): mat(p + n + '.weight', r, c, q)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    ids = rng.integers(0, V, T); x = W['token_embd.weight'][ids]; rms = lambda x, n: x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * n
    ang = np.arange(T)[:, None] * theta ** (-np.arange(0, dh, 2) / dh); c, s = np.cos(ang), np.sin(ang)
    def rot(y, h):
        y = y.reshape(T, h, dh).transpose(1, 0, 2); o = np.empty_like(y); o[..., 0::2] = y[..., 0::2] * c - y[..., 1::2] * s; o[..., 1::2] = y[..., 0::2] * s + y[..., 1::2] * c; return o
    for i in range(layers):
        p = f'blk.{i}.'; h = rms(x, W[p + 'attn_norm.weight']); q, k = rot(h @ W[p + 'attn_q.weight'].T, heads), rot(h @ W[p + 'attn_k.weight'].T, kv); v = (h @ W[p + 'attn_v.weight'].T).reshape(T, kv, dh).transpose(1, 0, 2)
        k, v = np.repeat(k, heads // kv, 0), np.repeat(v, heads // kv, 0); a = q @ k.transpose(0, 2, 1) * dh ** -.5; a = np.where(np.tril(np.ones((T, T), bool)), a, -np.inf); a = np.exp(a - a.max(-1, keepdims=True)); a /= a.sum(-1, keepdims=True)
        x = x + (a @ v).transpose(1, 0, 2).reshape(T, d) @ W[p + 'attn_output.weight'].T; h = rms(x, W[p + 'ffn_norm.weight']); g = h @ W[p + 'ffn_gate.weight'].T
        x = x + (g / (1 + np.exp(-g)) * (h @ W[p + 'ffn_up.weight'].T)) @ W[p + 'ffn_down.weight'].T
    lg = rms(x, W['output_norm.weight']) @ W['output.weight'].T; save_file({'ids': torch.from_numpy(ids.astype(np.int32)), 'logits': torch.from_numpy(lg.astype(np.float32))}, f'{out}/{name}.expected.safetensors'); print(name, lg.std())
gguf_llama('gguf_q4_k_m', Q.Q4_K, Q.Q6_K); gguf_llama('gguf_q5_k', Q.Q5_K, Q.Q3_K); gguf_llama('gguf_legacy', Q.Q4_0, Q.Q5_1)
