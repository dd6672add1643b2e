package history

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"math"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
)

// Write writes the snapshots of one run of a model of shape cfg, in order. The
// quantisation step of a matrix is coarseness times the root mean square of its
// weights, so the root mean square error is coarseness/√12 of it.
func Write(w io.Writer, cfg model.Config, metadata map[string]string, snapshots []Snapshot, coarseness float64) error {
	list, err := json.Marshal(snapshots)
	if err != nil {
		return err
	}
	meta := cfg.Metadata()
	maps.Copy(meta, metadata)
	meta["format"], meta["snapshots"] = format, string(list)

	decoded := model.NewWeights(cfg).Params(cfg) // as a reader has them
	var tensors []checkpoint.Tensor
	for s, snap := range snapshots {
		for i, p := range snap.Weights.Params(cfg) {
			if !p.IsMatrix() {
				tensors = append(tensors, checkpoint.NewF16(prefix(s)+p.Name, p.Shape, p.Data))
				continue
			}
			codes, step := encode(p.Data, decoded[i].Data, coarseness)
			tensors = append(tensors, checkpoint.NewI8(prefix(s)+p.Name, p.Shape, codes),
				checkpoint.NewF32(prefix(s)+p.Name+stepSuffix, []int{1}, []float32{step}))
		}
	}
	// Codes are noise: matches with earlier ones are chance, and a code for them costs.
	z, err := gzip.NewWriterLevel(w, gzip.HuffmanOnly)
	if err != nil {
		return err
	}
	if err := checkpoint.Write(z, meta, tensors); err != nil {
		return err
	}
	return z.Close()
}

// encode quantises x - before and brings before to what a reader will have.
func encode(x, before []float32, coarseness float64) (codes []int8, step float32) {
	var square float64
	for _, v := range x {
		square += float64(v) * float64(v)
	}
	step = float32(coarseness * math.Sqrt(square/float64(len(x))))
	if step == 0 {
		step = 1
	}
	codes = make([]int8, len(x))
	for i, v := range x {
		c := math.RoundToEven(float64(v-before[i]) / float64(step))
		codes[i] = int8(min(127, max(-127, c)))
		before[i] += step * float32(codes[i])
	}
	return codes, step
}
