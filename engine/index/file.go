package index

import (
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// The tensors of a file, and the metadata with the size of the blocks.
const (
	queryTensor  = "index.query"  // [L, H, J·d, Dh]
	keyTensor    = "index.key"    // [L, H, d, 3·Dh]
	weightTensor = "index.weight" // [L, H, J]
	blockKey     = "index_block"
)

// mostSize bounds every axis of an index, so that products of them are whole numbers.
const mostSize = 1 << 14

// Read is the index in f.
func Read(f *checkpoint.File) (*sparse.Index, error) {
	_, shape, ok := f.Shape(keyTensor)
	if !ok {
		return nil, input.Errorf(keyTensor, "missing: this is no trained index")
	}
	if len(shape) != 4 || shape[3]%3 != 0 {
		return nil, input.Errorf(keyTensor, "its shape is %v, want [layers, heads, d, 3·head size]", shape)
	}
	for _, n := range shape {
		if n < 1 || n > mostSize {
			return nil, input.Errorf(keyTensor, "its shape is %v, want 1 to %d of each", shape, mostSize)
		}
	}
	block, err := strconv.Atoi(f.Metadata[blockKey])
	if err != nil || block < 1 || block > mostSize {
		return nil, input.Errorf(blockKey, "%q, want the size of the blocks that it was trained on", f.Metadata[blockKey])
	}
	x := &sparse.Index{Layers: shape[0], Heads: shape[1], Dim: shape[2], HeadDim: shape[3] / 3, Block: block}
	if x.Key, err = f.Float32(keyTensor, shape...); err != nil {
		return nil, err
	}
	if x.Query, err = f.Float32(queryTensor, x.Layers, x.Heads, sparse.IndexParts*x.Dim, x.HeadDim); err != nil {
		return nil, err
	}
	x.Weight, err = f.Float32(weightTensor, x.Layers, x.Heads, sparse.IndexParts)
	return x, err
}

// Tensors are x as a file holds it; encode makes a tensor of one part. Names begin with
// prefix.
func Tensors(x *sparse.Index, prefix string, encode func(name string, shape []int, data []float32) checkpoint.Tensor) []checkpoint.Tensor {
	return []checkpoint.Tensor{
		encode(prefix+queryTensor, []int{x.Layers, x.Heads, sparse.IndexParts * x.Dim, x.HeadDim}, x.Query),
		encode(prefix+keyTensor, []int{x.Layers, x.Heads, x.Dim, 3 * x.HeadDim}, x.Key),
		encode(prefix+weightTensor, []int{x.Layers, x.Heads, sparse.IndexParts}, x.Weight),
	}
}

// Metadata says of a file what Read asks for beside its tensors.
func Metadata(x *sparse.Index) map[string]string {
	return map[string]string{blockKey: strconv.Itoa(x.Block)}
}
