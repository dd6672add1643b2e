// Package index reads and writes the files of trained indexes, which sparse.Indexer
// selects by: safetensors with the tensors "index.query", "index.key" and "index.weight"
// for all layers and heads, and in their metadata what they were trained on.
//
//	f, err := checkpoint.Open("attention.index.safetensors")
//	x, err := index.Read(f)
//	err = plan.UseIndex(x)
package index
