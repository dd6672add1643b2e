// Package train makes the demo models, and adapters over pretrained ones: the forward
// and backward pass of both backbones over batches, and of a frozen llama under an
// adapter; Muon and AdamW, the curriculum that teaches retrieval, and the loop that
// checkpoints and resumes.
//
//	cfg, err := train.ParseConfig(file)
//	r, err := train.NewRun(*cfg, tokenizer.NewDemo(), simd.Best(), train.RunOptions{Dir: "out", Resume: true})
//	err = r.Train(ctx)
package train
