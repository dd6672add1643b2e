package runfile

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/lens"
	"kvscope/engine/trace"
)

// readMaps makes a run of attention maps: what they are of, and nothing picked.
func readMaps(f *checkpoint.File) (*File, error) {
	heads, shape, err := lens.ReadWeights(f)
	if err != nil {
		return nil, err
	}
	tokens, err := mapTokens(f, shape[3])
	if err != nil {
		return nil, err
	}
	out := &File{Run: &trace.Run{}, Heads: heads}
	err = out.Run.Emit(&trace.Header{Model: f.Metadata["model"], Layers: shape[0], Heads: shape[1], Context: shape[3], Tokens: tokens})
	return out, err
}

// mapTokens are the n tokens that a map's keys stand for, by number where the file
// does not say more.
func mapTokens(f *checkpoint.File, n int) ([]trace.Token, error) {
	out := make([]trace.Token, n)
	for i := range out {
		out[i] = trace.Token{ID: -1, Text: strconv.Itoa(i) + " "}
	}
	fits := func(got int) error {
		if got != n {
			return fmt.Errorf("tokens: %d of them for %d keys", got, n)
		}
		return nil
	}
	if f.Has("tokens") {
		t, err := f.Tensor("tokens")
		if err != nil {
			return nil, err
		}
		ids, err := t.Int64()
		if err == nil {
			err = fits(len(ids))
		}
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			if id < 0 || id > math.MaxInt32 {
				return nil, fmt.Errorf("tokens: id %d, want 0 to %d", id, math.MaxInt32)
			}
			out[i] = trace.Token{ID: int32(id), Text: strconv.FormatInt(id, 10) + " "}
		}
		return out, nil
	}
	list, ok := f.Metadata["tokens"]
	if !ok {
		return out, nil
	}
	var texts []string
	if err := json.Unmarshal([]byte(list), &texts); err != nil {
		return nil, fmt.Errorf("tokens: %w, want a JSON list of texts", err)
	}
	if err := fits(len(texts)); err != nil {
		return nil, err
	}
	for i, text := range texts {
		out[i].Text = text
	}
	return out, nil
}
