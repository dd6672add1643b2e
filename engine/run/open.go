package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kvscope/engine/model"
	"kvscope/engine/tokenizer"
)

// Open loads the model at path under name, as model.OpenSource has it, with the tokenizer
// in the file tokens, or where that is empty with its own: the tokenizer.json beside it.
// A model whose own tokenizer is not understood takes token numbers only, and its note
// says why.
func (e *Engine) Open(name, path, tokens string) error {
	src, err := model.OpenSource(path)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	note := src.Form
	for _, n := range src.Notes {
		note += "; " + n
	}
	tok, err := tokenizerOf(path, tokens)
	switch {
	case err != nil && tokens != "":
		return errors.Join(fmt.Errorf("tokenizer: %w", err), src.Close())
	case err != nil:
		note += fmt.Sprintf("; no tokenizer: %v", err)
	}
	if err := e.AddSource(name, note, src, tok); err != nil {
		return errors.Join(err, src.Close())
	}
	return nil
}

// tokenizerOf is the tokenizer in the file tokens, or that of the model at path; nil where there
// is none.
func tokenizerOf(path, tokens string) (tokenizer.Tokenizer, error) {
	given := tokens != ""
	if !given {
		folder := path
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			folder = filepath.Dir(path)
		}
		tokens = filepath.Join(folder, "tokenizer.json")
	}
	text, err := os.ReadFile(tokens)
	if errors.Is(err, fs.ErrNotExist) && !given {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	tok, err := tokenizer.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tokens, err)
	}
	return tok, nil
}
