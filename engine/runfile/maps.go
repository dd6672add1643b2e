package runfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/lens"
	"kvscope/engine/trace"
)

// readMaps makes a run of attention maps: what they are of, and nothing picked.
func readMaps(f *checkpoint.File) (*File, error) {
	heads, shape, err := lens.ReadWeights(f)
	if err != nil {
		return nil, err
	}
	tokens, pieces, err := Tokens(f, shape[3])
	if err != nil {
		return nil, err
	}
	model, err := f.ModelName()
	if err != nil {
		return nil, err
	}
	out := &File{Run: &trace.Run{}, Heads: heads}
	err = out.Run.Emit(&trace.Header{
		Model: model, Layers: shape[0], Heads: shape[1], Context: shape[3], Tokens: tokens, Pieces: pieces, Ignored: beside(f),
	})
	return out, err
}

// mostBeside is how many names are listed that a file has for nothing.
const mostBeside = 8

// beside lists what a file has besides its maps and what Read reads of them.
func beside(f *checkpoint.File) []string {
	var out []string
	for _, name := range append(lens.Beside(f), slices.Sorted(maps.Keys(f.Metadata))...) {
		if !slices.Contains([]string{"tokens", "model", "format"}, name) {
			out = append(out, name)
		}
	}
	if n := len(out) - mostBeside; n > 1 {
		out = append(out[:mostBeside], fmt.Sprintf("%d more", n))
	}
	return out
}

// Tokens are the n tokens that the keys in a file stand for and their texts as they stand,
// by number where the file does not say more; see Read.
func Tokens(f *checkpoint.File, n int) ([]trace.Token, []string, error) {
	var texts []string
	ids, err := tokenIDs(f, n)
	if err == nil && ids == nil {
		texts, err = tokenTexts(f, n)
	}
	if err != nil {
		return nil, nil, err
	}
	if texts != nil {
		texts, pieces := readable(texts)
		tokens := make([]trace.Token, n)
		for i, text := range texts {
			tokens[i] = trace.Token{ID: -1, Text: text}
		}
		return tokens, pieces, nil
	}
	tokens, pieces := make([]trace.Token, n), make([]string, n)
	for i := range tokens {
		tokens[i] = trace.Token{ID: -1, Text: strconv.Itoa(i) + " "}
		if ids != nil {
			tokens[i] = trace.Token{ID: int32(ids[i]), Text: strconv.FormatInt(ids[i], 10) + " "}
		}
		pieces[i] = tokens[i].Text
	}
	return tokens, pieces, nil
}

// tokenIDs are the tokens by their ids; nil where the file has none.
func tokenIDs(f *checkpoint.File, n int) ([]int64, error) {
	if !f.Has("tokens") {
		return nil, nil
	}
	t, err := f.Tensor("tokens")
	if err != nil {
		return nil, err
	}
	if len(t.Shape) == 2 && t.Shape[0] > 1 {
		return nil, errBatch(t.Shape[0])
	}
	ids, err := t.Int64()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id < 0 || id > math.MaxInt32 {
			return nil, fmt.Errorf("tokens: id %d, want 0 to %d", id, math.MaxInt32)
		}
	}
	return ids, fits(len(ids), n)
}

// tokenTexts are the tokens by their texts; nil where the file has none.
func tokenTexts(f *checkpoint.File, n int) ([]string, error) {
	list, ok := f.Metadata["tokens"]
	if !ok {
		return nil, nil
	}
	var texts []string
	var batch [][]string
	err := json.Unmarshal([]byte(list), &texts)
	if err != nil && json.Unmarshal([]byte(list), &batch) == nil {
		if len(batch) != 1 {
			return nil, errBatch(len(batch))
		}
		texts, err = batch[0], nil
	}
	if err != nil {
		return nil, fmt.Errorf("tokens: want a JSON list of texts: %w", input.FromJSON(err))
	}
	return texts, fits(len(texts), n)
}

func fits(got, n int) error {
	if got != n {
		return fmt.Errorf("tokens: %d of them for %d keys", got, n)
	}
	return nil
}

func errBatch(n int) error {
	return fmt.Errorf("tokens: a batch of %d prompts, want one: tokens[0], and the attention of that prompt alone", n)
}
