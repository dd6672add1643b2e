// Package history keeps many snapshots of one training run in little room.
//
// A file is a gzip stream of a safetensors file. Its metadata are the model's
// (see model.Config.Metadata), "format" and "snapshots": a JSON list with the step,
// the tokens seen and the measurements of every snapshot. Snapshot s holds, for
// every parameter, a tensor "<s>/<name>":
//
//   - matrices: int8 codes c of what changed since the snapshot before, zero before
//     the first, W_s = W_(s−1) + Δ_s·c, where Δ_s is the one float32 of
//     "<s>/<name>.step";
//   - norms and biases: their values in float16.
//
// The codes are taken against the decoded snapshot before, so rounding never adds
// up: every decoded weight is within 0.6·Δ_s of the true one. Late snapshots change
// little, their codes are mostly zero, and Huffman's code makes them small.
//
//	h, err := history.Read(file)
//	last := h.Snapshots[len(h.Snapshots)-1]
//	fmt.Println(last.Step, last.Loss)
package history
