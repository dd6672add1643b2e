package model

import (
	"strings"

	"kvscope/engine/input"
)

// Arch names an architecture, as config.json's model_type and GGUF's
// general.architecture do.
type Arch string

// RATPlus is the Config.Kind of Attention with memory, as the paper and files call it.
const RATPlus = "ratplus"

// architecture says how the layers of a family of models are put together. Its list
// of tensors says nearly everything: a norm, a bias or a matrix that a family does
// not list stays nil, and the session leaves its step out. What can only be said in
// words is a field here.
type architecture struct {
	id    Arch
	title string

	// outputGate: the input projection also makes o, and what attention gives is
	// scaled by sigmoid(o).
	outputGate bool
	// qkvBias: queries, keys and values have biases, whatever a config says.
	qkvBias bool

	embedding, finalNorm, head names
	// layer lists the tensors of one layer. Names are those after "model.layers.N."
	// and GGUF's "blk.N.".
	layer func(c Config, l *Layer) []tensor
	// layerPrefix is the format of a layer's prefix, with a verb for its number:
	// "model.layers.%d.".
	layerPrefix string

	// check, when set, holds a Config to what the family is known to have.
	check func(c Config) error
}

// architectures are the families known. Another is a file with its entry, and a line
// here.
var architectures = []architecture{
	attention,
	llama,
	mistral,
	qwen2,
	qwen3,
	olmo2,
}

// find is the architecture of that name.
func (a Arch) find() (architecture, error) {
	for _, x := range architectures {
		if x.id == a {
			return x, nil
		}
	}
	return architecture{}, input.Errorf("arch", "%q, want one of %s", string(a), strings.Join(KnownArchs(), ", "))
}

// KnownArchs are the names of the architectures that can be run.
func KnownArchs() []string {
	out := []string{string(Attention), RATPlus}
	for _, a := range architectures[1:] {
		out = append(out, string(a.id))
	}
	return out
}

// SetKind makes c of the kind that Kind names.
func (c *Config) SetKind(kind string) {
	arch, memory := strings.CutSuffix(kind, "-memory")
	if kind == RATPlus {
		arch, memory = string(Attention), true
	}
	c.Arch, c.Memory = Arch(arch), memory
}

// names are the names of one tensor in the architecture's own checkpoints and in GGUF
// files; "" where it does not occur in them.
type names struct{ own, gguf string }

// ownName is the name in the architecture's own checkpoints.
func (n names) ownName() string { return n.own }

// ggufName is the name in GGUF files.
func (n names) ggufName() string { return n.gguf }

// tensor is one parameter tensor of a model: its names, its shape and its place in
// Weights, a vector or a matrix.
type tensor struct {
	names
	shape  []int
	vector *[]float32
	matrix *Matrix
}

// vector is a tensor of n values.
func vector(own, gguf string, n int, at *[]float32) tensor {
	return tensor{names: names{own, gguf}, shape: []int{n}, vector: at}
}

// matrix is a tensor [outputs, inputs].
func matrix(own, gguf string, outputs, inputs int, at *Matrix) tensor {
	return tensor{names: names{own, gguf}, shape: []int{outputs, inputs}, matrix: at}
}
