package model

// The pieces that the decoders of Hugging Face's transformers are made of, under
// their names there and in GGUF files. An architecture's file puts them together.

var (
	hfEmbedding = names{"model.embed_tokens.weight", "token_embd.weight"}
	hfFinalNorm = names{"model.norm.weight", "output_norm.weight"}
	hfHead      = names{"lm_head.weight", "output.weight"}

	ropeDivisors = names{"rope_freqs.weight", "rope_freqs.weight"}
)

// hfLayer begins the names of a layer; ggufLayer does in GGUF files.
const hfLayer, ggufLayer = "model.layers.%d.", "blk.%d."

// preNorms stand before attention and before the feed-forward layer.
func preNorms(c Config, l *Layer) []tensor {
	return []tensor{
		vector("input_layernorm.weight", "attn_norm.weight", c.Dim, &l.InputNorm),
		vector("post_attention_layernorm.weight", "ffn_norm.weight", c.Dim, &l.HiddenNorm),
	}
}

// projections make queries, keys and values, and what attention gives is projected
// back; with them the gate of a memory.
func projections(c Config, l *Layer) []tensor {
	ts := []tensor{
		matrix("self_attn.q_proj.weight", "attn_q.weight", c.QueryDim(), c.Dim, &l.Query),
		matrix("self_attn.k_proj.weight", "attn_k.weight", c.KVDim(), c.Dim, &l.Key),
		matrix("self_attn.v_proj.weight", "attn_v.weight", c.KVDim(), c.Dim, &l.Value),
		matrix("self_attn.o_proj.weight", "attn_output.weight", c.Dim, c.QueryDim(), &l.Out),
	}
	if c.QKVBias {
		ts = append(ts,
			vector("self_attn.q_proj.bias", "attn_q.bias", c.QueryDim(), &l.QueryBias),
			vector("self_attn.k_proj.bias", "attn_k.bias", c.KVDim(), &l.KeyBias),
			vector("self_attn.v_proj.bias", "attn_v.bias", c.KVDim(), &l.ValueBias))
	}
	if c.OutBias {
		ts = append(ts, vector("self_attn.o_proj.bias", "attn_output.bias", c.Dim, &l.OutBias))
	}
	if c.Memory {
		ts = append(ts, matrix("self_attn.g_proj.weight", "attn_gate.weight", c.KVDim(), c.Dim, &l.Gate))
	}
	if c.GateBias {
		ts = append(ts, vector("self_attn.g_proj.bias", "attn_gate.bias", c.KVDim(), &l.GateBias))
	}
	return ts
}

// swiGLU is the feed-forward layer W_down (silu(W_gate x) ∘ W_up x) (arXiv:2002.05202).
func swiGLU(c Config, l *Layer) []tensor {
	return []tensor{
		matrix("mlp.gate_proj.weight", "ffn_gate.weight", c.Hidden, c.Dim, &l.UpGate),
		matrix("mlp.up_proj.weight", "ffn_up.weight", c.Hidden, c.Dim, &l.Up),
		matrix("mlp.down_proj.weight", "ffn_down.weight", c.Dim, c.Hidden, &l.Down),
	}
}
