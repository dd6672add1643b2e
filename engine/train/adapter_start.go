package train

import (
	"fmt"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
)

// startFrom reads into a, which has the form that the config asks for, the adapter at path,
// which a training over a base of that hash wrote. It returns how many tokens that one was
// trained on.
func startFrom(path string, a *model.Adapter, baseHash string) (tokens int, err error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return 0, input.Errorf("start", "%v", err)
	}
	defer f.Close()
	given, err := model.ReadAdapter(f)
	if err == nil {
		err = sameBase(f, baseHash)
	}
	if err != nil {
		return 0, input.Errorf("start", "%s: %v", path, err)
	}
	if given.Rank != a.Rank {
		return 0, input.Errorf("rank", "%d, and the adapter of start has %d: want %d", a.Rank, given.Rank, given.Rank)
	}
	if asked, found := gateForm(a), gateForm(given); asked != found {
		return 0, input.Errorf("gates", "%s, and the adapter of start has %s: want %s", asked, found, found)
	}
	if err := readParts(f, func(visit func(string, *model.Adapter)) { visit("", a) }); err != nil {
		return 0, input.Errorf("start", "%s: %v", path, err)
	}
	for _, name := range []string{"tokens", earlierTokens} {
		n, err := strconv.Atoi(f.Metadata[name])
		if f.Metadata[name] != "" && (err != nil || n < 0) {
			return 0, input.Errorf("start", "%s: metadata %s: %q, want a whole number from 0", path, name, f.Metadata[name])
		}
		tokens += n
	}
	return tokens, nil
}

// gateForm is the form of an adapter's gates as a config has it.
func gateForm(a *model.Adapter) string {
	switch gate := a.Layers[0].Gate; {
	case !a.Gated():
		return "none"
	case gate.Delta == nil:
		return "whole"
	default:
		return fmt.Sprint(gate.Delta.A.Rows)
	}
}
