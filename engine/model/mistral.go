package model

// Mistral (arXiv:2310.06825) without its sliding window is put together as Llama is.
const Mistral Arch = "mistral"

var mistral = architecture{
	id: Mistral, title: "Mistral",
	embedding: hfEmbedding, finalNorm: hfFinalNorm, head: hfHead, layerPrefix: hfLayer,
	layer: llama.layer,
}
