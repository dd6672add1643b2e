package model

// Qwen2 (arXiv:2407.10671) is Llama with biases of queries, keys and values.
const Qwen2 Arch = "qwen2"

var qwen2 = architecture{
	id: Qwen2, title: "Qwen2", qkvBias: true,
	embedding: hfEmbedding, finalNorm: hfFinalNorm, head: hfHead, layerPrefix: hfLayer,
	layer: llama.layer,
}
