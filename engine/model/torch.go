package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
)

// torchSource is the model in a release of RAT+: its parameters under some key such as
// "task", compiled modules' "_orig_mod." before their names, and its config beside them.
func torchSource(f *checkpoint.File) (*Source, error) {
	const embedding = "embedding.wte.weight"
	at := slices.IndexFunc(f.Names(), func(name string) bool { return strings.HasSuffix(name, embedding) })
	if at < 0 {
		return nil, fmt.Errorf("a PyTorch file with no %s under any key, want a release of RAT+; of other models, their safetensors or GGUF files: it holds %s", embedding, f.Contents())
	}
	prefix := strings.TrimSuffix(f.Names()[at], embedding)
	metadata := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		metadata[key[strings.LastIndex(key, ".")+1:]] = f.Metadata[key]
	}
	delete(metadata, "arch") // which these releases do not have: whatever it is, it is no kind of ours
	c, err := readConfig(f, prefix, metadata)
	if err != nil {
		return nil, fmt.Errorf("model config: %w", err)
	}
	return &Source{Config: c, Form: f.Form(), file: f, name: func(n names) string { return prefix + n.own }}, nil
}
