package model

// Llama (arXiv:2307.09288): norms before, queries in groups, SwiGLU.
const Llama Arch = "llama"

var llama = architecture{
	id: Llama, title: "Llama",
	embedding: hfEmbedding, finalNorm: hfFinalNorm, head: hfHead, layerPrefix: hfLayer,
	layer: func(c Config, l *Layer) []tensor {
		ts := append(preNorms(c, l), projections(c, l)...)
		return append(ts, swiGLU(c, l)...)
	},
}
