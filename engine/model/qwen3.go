package model

// Qwen3 (arXiv:2505.09388) is Llama with a norm of every head's queries and keys.
const Qwen3 Arch = "qwen3"

var qwen3 = architecture{
	id: Qwen3, title: "Qwen3",
	embedding: hfEmbedding, finalNorm: hfFinalNorm, head: hfHead, layerPrefix: hfLayer,
	layer: func(c Config, l *Layer) []tensor {
		return append(llama.layer(c, l),
			vector("self_attn.q_norm.weight", "attn_q_norm.weight", c.HeadDim, &l.QueryNorm),
			vector("self_attn.k_norm.weight", "attn_k_norm.weight", c.HeadDim, &l.KeyNorm))
	},
}
