package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"kvscope/engine/input"
)

// maxIndex is the largest index of shards that is read, in bytes.
const maxIndex = 64 << 20

// Shards opens the safetensors files that an index lists, such as
// model.safetensors.index.json, as one: its "weight_map" names the file, beside the
// index, of every tensor. open opens the file of a name.
func Shards(index []byte, open func(name string) (*File, error)) (*File, error) {
	shards, err := parseIndex(index)
	if err != nil {
		return nil, err
	}
	all := &File{Kind: KindSafetensors, shards: len(shards), tensors: map[string]Tensor{}}
	var closers []func() error
	all.unmap = func() error {
		var failed error
		for _, unmap := range closers {
			failed = errors.Join(failed, unmap())
		}
		return failed
	}
	for _, name := range slices.Sorted(maps.Keys(shards)) {
		shard, err := open(name)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s is missing, which the index names: %w", name, err)
		}
		if err != nil {
			return nil, errors.Join(err, all.unmap())
		}
		closers, all.files = append(closers, shard.Close), append(all.files, shard.files...)
		for _, tensor := range shards[name] {
			t, err := shard.Tensor(tensor)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%w from %s, where the index has it", err, name), all.unmap())
			}
			all.tensors[tensor] = t
		}
	}
	all.names = slices.Sorted(maps.Keys(all.tensors))
	return all, nil
}

// parseIndex lists the tensors of each file of an index.
func parseIndex(text []byte) (map[string][]string, error) {
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if len(text) > maxIndex {
		return nil, fmt.Errorf("index of %d bytes, want at most %d", len(text), maxIndex)
	}
	if err := json.Unmarshal(text, &index); err != nil {
		if err = input.FromJSON(err); input.Field(err) != "" {
			return nil, err
		}
		return nil, fmt.Errorf("not the JSON of an index: %w", err)
	}
	if len(index.WeightMap) == 0 {
		return nil, errors.New("weight_map: missing or empty, want the file of every tensor")
	}
	shards := map[string][]string{}
	for tensor, name := range index.WeightMap {
		if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\:`) {
			return nil, fmt.Errorf("weight_map: %q in %q, want the name of a file beside the index", tensor, name)
		}
		shards[name] = append(shards[name], tensor)
	}
	return shards, nil
}
