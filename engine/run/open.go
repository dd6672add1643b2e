package run

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/ops"
	"kvscope/engine/sparse/apply"
	"kvscope/engine/tokenizer"
)

// Open returns an engine on k with the models at the root of files, each under its
// file's name without the extension: what a host ships, wherever it keeps it. A model's
// trained index lies beside them, in IndexFolder, and the history of its training under
// its name with HistorySuffix.
func Open(files fs.FS, k *ops.Kernels, books ...*niah.Book) (*Engine, error) {
	names, err := fs.Glob(files, "*.safetensors") // sorted
	if err != nil {
		return nil, err
	}
	e := NewEngine(k, books...)
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		own := strings.TrimSuffix(name, ".safetensors")
		if err := e.AddFile(own, data); err != nil {
			return nil, err
		}
		if err := errors.Join(e.addShipped(files, own), e.addShippedHistory(files, own)); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// AddFile loads a model from the bytes of its file, which the engine keeps: safetensors
// that say their shape themselves, GGUF, or a release of RAT+. It takes text where the
// file brings its tokenizer or was made with the demo vocabulary.
func (e *Engine) AddFile(name string, file []byte) error {
	f, err := checkpoint.Parse(file)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	return e.AddParsed(name, f)
}

// AddParsed is AddFile for a file that is parsed. Where f has an identity its weights are not
// read to tell it from others.
func (e *Engine) AddParsed(name string, f *checkpoint.File) error {
	src, err := model.NewSource(f)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	note := cmp.Or(f.Metadata["note"], formNote(src))
	var tok tokenizer.Tokenizer
	if f.Kind == checkpoint.KindGGUF {
		if tok, err = asTokenizer(tokenizer.FromGGUF(f.Values)); err != nil {
			note += noTokenizer(err)
		}
	}
	return e.AddSource(name, note, src, tok)
}

// AddFolder loads a model from a folder as Hugging Face leaves them, wherever that lies: read
// reads the file of a name, its error is fs.ErrNotExist where there is none, and open parses
// one with weights, which the engine keeps. A model takes text where its tokenizer is
// understood.
func (e *Engine) AddFolder(name string, read func(name string) ([]byte, error), open func(name string) (*checkpoint.File, error)) error {
	src, err := model.FolderSource(read, open)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	note := formNote(src)
	tok, err := asTokenizer(tokenizer.FromFolder(read))
	if err != nil {
		note += noTokenizer(err)
	}
	return e.AddSource(name, note, src, tok)
}

// formNote says how a model is stored and with which limits it is computed.
func formNote(src *model.Source) string {
	return strings.Join(append([]string{src.Form}, src.Notes...), "; ")
}

// noTokenizer is added to the note of a model whose tokenizer is not understood.
func noTokenizer(why error) string { return fmt.Sprintf("; no tokenizer: %v", why) }

// Open loads the model at path under name, as model.OpenSource has it, with the tokenizer
// in the file tokens, or where that is empty with its own: the arrays of a GGUF file, or the tokenizer.json beside it.
// A model whose own tokenizer is not understood takes token numbers only, and its note
// says why. Queries and keys in a safetensors or npz file are a capture; see OpenCapture.
func (e *Engine) Open(name, path, tokens string) error {
	if found, err := e.OpenCapture(name, path, apply.Options{}); found {
		return err
	}
	src, err := model.OpenSource(path)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return e.AddOpened(name, src, path, tokens)
}

// OpenCapture is AddCapture for the file at path. found is false where that holds no queries
// and keys.
func (e *Engine) OpenCapture(name, path string, o apply.Options) (found bool, err error) {
	f := openCapture(path)
	if f == nil {
		return false, nil
	}
	err = e.AddCapture(name, f, o)
	if err == nil {
		return true, nil
	}
	if field := input.Field(err); field == "" || !strings.HasPrefix(err.Error(), field+":") { // else it is o that is wrong
		err = fmt.Errorf("capture %s: %w", path, err)
	}
	return true, errors.Join(err, f.Close())
}

// AddOpened is Open for a source that was opened from path.
func (e *Engine) AddOpened(name string, src *model.Source, path, tokens string) error {
	note := formNote(src)
	tok, err := tokenizerOf(src, path, tokens)
	switch {
	case err != nil && tokens != "":
		return errors.Join(input.Errorf("tokenizer", "%v", err), src.Close())
	case err != nil:
		note += noTokenizer(err)
	}
	if err := e.AddSource(name, note, src, tok); err != nil {
		return errors.Join(err, src.Close())
	}
	return nil
}

// openCapture is the file at path where that holds queries and keys, else nil.
func openCapture(path string) *checkpoint.File {
	if ext := filepath.Ext(path); ext != ".safetensors" && ext != ".npz" {
		return nil
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil // a model's reader says what is wrong
	}
	if !capture.Is(f) {
		_ = f.Close()
		return nil
	}
	return f
}

// tokenizerOf is the tokenizer in the file tokens, or that of the model src at path; nil
// where there is none.
func tokenizerOf(src *model.Source, path, tokens string) (tokenizer.Tokenizer, error) {
	if tokens != "" {
		return OpenTokenizer(tokens)
	}
	if f := src.File(); f.Kind == checkpoint.KindGGUF {
		return asTokenizer(tokenizer.FromGGUF(f.Values))
	}
	folder := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		folder = filepath.Dir(path)
	}
	tok, err := OpenTokenizer(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return tok, err
}

// OpenTokenizer opens a tokenizer.json, the folder of one, or the arrays of a GGUF file. In
// a folder the files beside say more of chats and of what ends an answer.
func OpenTokenizer(path string) (tokenizer.Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return asTokenizer(tokenizer.FromFolder(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(path, name)) }))
	}
	if filepath.Ext(path) == ".gguf" {
		f, err := checkpoint.Open(path)
		if err != nil {
			return nil, err
		}
		tok, err := asTokenizer(tokenizer.FromGGUF(f.Values))
		return tok, errors.Join(err, f.Close())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tok, nil
}

// asTokenizer keeps a nil tokenizer a nil interface.
func asTokenizer(tok *tokenizer.BPE, err error) (tokenizer.Tokenizer, error) {
	if err != nil {
		return nil, err
	}
	return tok, nil
}
