package model

// OLMo2 (arXiv:2501.00656): norms after attention and the feed-forward layer instead of
// before them, and of all queries, and all keys, together.
const OLMo2 Arch = "olmo2"

var olmo2 = architecture{
	id: OLMo2, title: "OLMo 2",
	embedding: hfEmbedding, finalNorm: hfFinalNorm, head: hfHead, layerPrefix: hfLayer,
	layer: func(c Config, l *Layer) []tensor {
		ts := append(projections(c, l),
			vector("self_attn.q_norm.weight", "attn_q_norm.weight", c.QueryDim(), &l.QueryNorm),
			vector("self_attn.k_norm.weight", "attn_k_norm.weight", c.KVDim(), &l.KeyNorm),
			vector("post_attention_layernorm.weight", "post_attention_norm.weight", c.Dim, &l.AttentionPostNorm),
			vector("post_feedforward_layernorm.weight", "post_ffw_norm.weight", c.Dim, &l.HiddenPostNorm))
		return append(ts, swiGLU(c, l)...)
	},
}
