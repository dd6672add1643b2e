package model

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/ops"
)

// Source is a model where it is stored: what shape it has, and where its tensors are.
type Source struct {
	Config Config
	Form   string   // what it is stored as: "safetensors in 8 files"
	Notes  []string // limits of how it is computed, a sentence each

	file *checkpoint.File
	// name picks the name that a tensor has in file.
	name func(names) string
	// whole: file holds this model and nothing else, so that a tensor nobody reads
	// would be a part of the model that is left out.
	whole bool
	// pairedRows: see Weights.PairedRows.
	pairedRows bool
	// adapter lies over what file holds, nil for none; Config is the shape with it.
	adapter *Adapter
}

// OpenSource opens the model at path: a GGUF file, a release of RAT+, a safetensors file with its shape in
// its header or a config.json beside it, a folder as Hugging Face leaves them, or the
// index of one.
func OpenSource(path string) (*Source, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load %w", err)
	case info.IsDir():
		return openFolder(path)
	case strings.HasSuffix(path, ".index.json"):
		return openFolder(filepath.Dir(path))
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	var s *Source
	if config, shaped := besideConfig(path, f); shaped {
		s, err = hfSource(f, config)
	} else {
		s, err = NewSource(f)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load %s: %w", path, err), f.Close())
	}
	return s, nil
}

// besideConfig is the config.json beside the file f at path, which is asked only where
// f says nothing of its shape.
func besideConfig(path string, f *checkpoint.File) (config []byte, ok bool) {
	if f.Kind != checkpoint.KindSafetensors || f.Metadata["arch"] != "" || f.Metadata[configKey] != "" || f.Has(attention.embedding.own) {
		return nil, false
	}
	config, err := os.ReadFile(filepath.Join(filepath.Dir(path), "config.json"))
	return config, err == nil
}

// openFolder is FolderSource for a folder of this machine.
func openFolder(folder string) (*Source, error) {
	at := func(name string) string { return filepath.Join(folder, name) }
	s, err := FolderSource(
		func(name string) ([]byte, error) { return os.ReadFile(at(name)) },
		func(name string) (*checkpoint.File, error) { return checkpoint.Open(at(name)) })
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", folder, err)
	}
	return s, nil
}

// FolderSource is the model of a folder with a config.json and safetensors, or with one
// model.safetensors that says its shape itself, wherever that folder lies: read reads the
// file of a name, and open opens one with tensors. Their errors are fs.ErrNotExist where
// there is none.
func FolderSource(read func(name string) ([]byte, error), open func(name string) (*checkpoint.File, error)) (*Source, error) {
	config, err := read("config.json")
	shaped := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := open(weightsFile)
	if errors.Is(err, fs.ErrNotExist) {
		if !shaped {
			return nil, errors.New("no config.json in the folder, and no " + weightsFile + ", want a folder as save_pretrained leaves it")
		}
		f, err = openShards(read, open)
	}
	if err != nil {
		return nil, err
	}
	var s *Source
	if shaped {
		s, err = hfSource(f, config)
	} else if s, err = NewSource(f); err != nil {
		err = fmt.Errorf("no config.json in the folder, and %s does not say its shape: %w", weightsFile, err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// weightsFile is the file of the weights in a folder, or with ".index.json" the list of those
// that they are spread over.
const weightsFile = "model.safetensors"

// openShards opens the files that the index of a folder lists.
func openShards(read func(name string) ([]byte, error), open func(name string) (*checkpoint.File, error)) (*checkpoint.File, error) {
	const name = weightsFile + ".index.json"
	index, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("neither " + weightsFile + " nor " + name + " beside config.json")
	} else if err != nil {
		return nil, err
	}
	f, err := checkpoint.Shards(index, open)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// hfSource is the model in f that a config.json describes.
func hfSource(f *checkpoint.File, config []byte) (*Source, error) {
	c, notes, err := parseHFConfig(config)
	if err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	return &Source{Config: c, Form: f.Form(), Notes: notes, file: f, name: names.ownName, whole: true}, nil
}

// NewSource is the model in f, which says its shape itself.
func NewSource(f *checkpoint.File) (*Source, error) {
	switch f.Kind {
	case checkpoint.KindGGUF:
		return ggufSource(f)
	case checkpoint.KindTorch:
		return torchSource(f)
	}
	if config := f.Metadata[configKey]; config != "" {
		return hfSource(f, []byte(config))
	}
	c, err := readConfig(f, "", f.Metadata)
	if err != nil {
		return nil, fmt.Errorf("model config: %w", err)
	}
	return &Source{Config: c, Form: f.Form(), file: f, name: names.ownName}, nil
}

// Lay puts an adapter over the model of s.
func (s *Source) Lay(a *Adapter) error {
	if s.adapter != nil {
		return input.Errorf("adapter", "one lies over the model already, want one at most")
	}
	c, err := a.over(s.Config)
	if err != nil {
		return err
	}
	s.adapter, s.Config = a, c
	s.Form = fmt.Sprintf("%s under an adapter of rank %d", s.Form, a.Rank)
	return nil
}

// stored is the shape of what the file of s holds.
func (s *Source) stored() Config {
	c := s.Config
	if s.adapter != nil && s.adapter.Gated() {
		c.Memory, c.GateBias = false, false
	}
	return c
}

// Open makes a model of what is stored at path, as OpenSource has it.
func Open(path string, k *ops.Kernels) (*Model, error) {
	s, err := OpenSource(path)
	if err != nil {
		return nil, err
	}
	m, err := s.Model(k)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load %s: %w", path, err), s.Close())
	}
	return m, nil
}

// Model makes a model of s, whose weights are viewed where they lie: closing the model
// closes s.
func (s *Source) Model(k *ops.Kernels) (*Model, error) {
	w, err := s.weights(k)
	if err != nil {
		return nil, err
	}
	m, err := New(s.Config, w, k)
	if err != nil {
		return nil, err
	}
	m.file = s.file
	return m, nil
}

// Close releases the files of s where no model has taken them over.
func (s *Source) Close() error { return s.file.Close() }

// File holds the tensors of s and what stands beside them.
func (s *Source) File() *checkpoint.File { return s.file }

// DTypes lists the types that the matrices of s are stored in, sorted.
func (s *Source) DTypes() []string {
	var types []string
	for _, name := range s.file.Names() {
		if t, err := s.file.Tensor(name); err == nil && len(t.Shape) == 2 && !slices.Contains(types, string(t.DType)) {
			types = append(types, string(t.DType))
		}
	}
	slices.Sort(types)
	return types
}

// ContentHash names the parameters by their names and bytes, all of which it reads, the scales
// of I8 matrices among them. What else results depend on, the shape and the rotation, it does
// not name.
func (s *Source) ContentHash() (string, error) {
	sum, w := sha256.New(), &Weights{Layers: make([]Layer, s.Config.Layers)}
	for _, t := range w.tensors(s.stored()) {
		stored, err := s.file.Tensor(s.name(t.names))
		if err != nil {
			return "", err
		}
		sum.Write([]byte(t.own))
		sum.Write(stored.Data)
		if scale, err := s.file.Tensor(s.name(t.names) + scaleSuffix); err == nil { // of an I8 matrix
			sum.Write(scale.Data)
		}
	}
	if s.adapter != nil {
		s.adapter.hashInto(sum)
	}
	return hexOf(sum), nil
}

// Identity tells s from other models without reading the files of its weights, as
// checkpoint.File.Identity does; it is empty where the file has none.
func (s *Source) Identity() string {
	id := s.file.Identity()
	if id == "" || s.adapter == nil {
		return id
	}
	sum := sha256.New()
	sum.Write([]byte(id))
	s.adapter.hashInto(sum)
	return hexOf(sum)
}
