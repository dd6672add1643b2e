package run

import (
	"strings"

	"kvscope/engine/history"
)

// ModelInfo describes a model to those who choose one: its name, shape, size and origin.
type ModelInfo struct {
	Name    string `json:"name"`     // what Request.Model says
	Arch    string `json:"arch"`     // model.Config.Kind: attention, ratplus, llama, ...
	Base    string `json:"base"`     // architecture without the memory: attention of a ratplus
	Title   string `json:"title"`    // that for people
	Memory  bool   `json:"memory"`   // keys and values pass a memory
	Layers  int    `json:"layers"`   // L
	Heads   int    `json:"heads"`    // H
	KVHeads int    `json:"kv_heads"` // Hkv, H/Hkv heads read one
	HeadDim int    `json:"head_dim"` // Dh
	Context int    `json:"context"`  // tokens of prompt and answer at most
	Params  int    `json:"params"`   // weights
	DType   string `json:"dtype"`    // types that matrices are stored in, with commas between them
	Bytes   int    `json:"bytes"`    // that the weights take, of the file or of memory
	Note    string `json:"note"`     // one line on where it comes from
	Prose   string `json:"prose"`    // what tasks hide needles in where Request.Prose is empty; "" without a tokenizer
	Hash    string `json:"hash"`     // of the weights or their file, so that two runs can be told apart

	// Says are the names in a file of queries and keys that say a method, or a parameter of
	// one. A run takes them from its request alone.
	Says []string `json:"says,omitempty"`

	// Steps are those that its training kept, in order: each can be run too, under StepName.
	Steps []history.Point `json:"steps,omitempty"`

	content     func() (string, error)
	fingerprint func() (string, error)
}

// ContentHash names the weights wherever they lie. Of a model in a file the first call reads
// all of it.
func (m ModelInfo) ContentHash() (string, error) {
	if m.content == nil {
		return m.Hash, nil
	}
	return m.content()
}

// Fingerprint names all of a model that its results depend on, wherever it lies, and is what
// they are kept under: the weights, the shape with the rotation, the tokenizer with what it
// puts around a prompt, and the index that was trained for it.
func (m ModelInfo) Fingerprint() (string, error) {
	if m.fingerprint == nil {
		return m.Hash, nil
	}
	return m.fingerprint()
}

// AdapterJoint stands between a model and the adapter over it in a name: SmolLM2+memory.
const AdapterJoint = "+"

// PlainName is a name for a model made of another, of a file for one, without what addresses
// take names apart at: the adapter, the step of a training, the sides of a swap.
func PlainName(name string) string {
	return strings.NewReplacer(AdapterJoint, "_", "@", "_", ":", "_").Replace(name)
}

// Adapted finds the first model that others are adapters over, and those after it, in
// their order; nil where there is none.
func Adapted(models []ModelInfo) []ModelInfo {
	for _, base := range models {
		out := []ModelInfo{base}
		for _, m := range models {
			if strings.HasPrefix(m.Name, base.Name+AdapterJoint) {
				out = append(out, m)
			}
		}
		if len(out) > 1 {
			return out
		}
	}
	return nil
}

// Pair finds the model with a memory that is compared, the first there is, and the one
// without to hold it against: the first of the same architecture, or else the first.
// Either is nil where there is none.
func Pair(models []ModelInfo) (without, with *ModelInfo) {
	for i := range models {
		if m := &models[i]; m.Memory && with == nil {
			with = m
		}
	}
	for i := range models {
		m := &models[i]
		switch {
		case m.Memory:
		case with != nil && m.Base == with.Base:
			return m, with
		case without == nil:
			without = m
		}
	}
	return without, with
}
