// Package train makes the demo models, and adapters over pretrained ones: the forward
// and backward pass of both backbones over batches, and of a frozen llama under an
// adapter; Muon and AdamW, the curriculum that teaches retrieval, and the loop that
// checkpoints and resumes.
package train
