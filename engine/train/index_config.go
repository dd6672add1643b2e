package train

import "kvscope/engine/input"

// IndexConfig holds the settings of a run that trains an index for sparse.Indexer, distilled
// from the attention of a model that stays as it is, as its text form has them:
//
//	index = assets/models/ratplus.safetensors   # the model
//	dim = 8                                     # channels of the index
//	block = 16                                  # tokens in a block
type IndexConfig struct {
	Model      string
	Dim, Block int
}

// Bounds of an index.
const (
	mostIndexDim = 1024
	mostBlock    = 1024
)

// setIndex assigns a value of an index; ok is false where none is called so.
func (c *Config) setIndex(name, val string) (ok bool, err error) {
	x := c.Index
	if x == nil {
		x = &IndexConfig{}
	}
	switch name {
	case "index":
		x.Model = val
	case "dim":
		err = setCount(&x.Dim, name, val)
	case "block":
		err = setCount(&x.Block, name, val)
	default:
		return false, nil
	}
	c.Index = x
	return true, err
}

// validateIndex is Validate of an index.
func (c *Config) validateIndex() error {
	x := c.Index
	switch {
	case x.Model == "":
		return input.Errorf("index", "missing, want the file of the model that the index is for")
	case c.Adapter != nil:
		return input.Errorf("index", "an adapter is trained with base, an index with index: want one of the two")
	case c.hasShape():
		return input.Errorf("index", "a model has its own arch, layers, heads, width and hidden, want none of them beside it")
	case x.Dim < 1 || x.Dim > mostIndexDim:
		return input.Errorf("dim", "%d channels, want 1 to %d", x.Dim, mostIndexDim)
	case x.Block < 1 || x.Block > mostBlock:
		return input.Errorf("block", "%d tokens, want 1 to %d", x.Block, mostBlock)
	}
	return nil
}
