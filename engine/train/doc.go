// Package train makes the demo models: the forward and backward pass of both
// backbones over batches, Muon and AdamW, the curriculum that teaches retrieval, and the
// loop that checkpoints and resumes.
package train
