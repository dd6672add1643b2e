package run

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"kvscope/engine/checkpoint"
	"kvscope/engine/index"
)

// IndexFolder is where the indexes of models lie that are shipped, each under the name of
// its model's file.
const IndexFolder = "index"

// AddIndex gives the model of a name the trained index in file, which method "indexer"
// selects by.
func (e *Engine) AddIndex(name string, file []byte) error {
	l, err := e.find(name)
	if err != nil {
		return err
	}
	f, err := checkpoint.Parse(file)
	if err != nil {
		return fmt.Errorf("index of %s: %w", name, err)
	}
	x, err := index.Read(f)
	if err == nil {
		err = x.Fits(l.info.Layers, l.info.Heads, l.info.HeadDim)
	}
	if err != nil {
		return fmt.Errorf("index of %s: %w", name, err)
	}
	sum := sha256.Sum256(file)
	e.mu.Lock()
	defer e.mu.Unlock()
	l.index, l.trained = x, hex.EncodeToString(sum[:8])
	return nil
}

// addShipped gives a model its index among files, where there is one.
func (e *Engine) addShipped(files fs.FS, name string) error {
	file, err := fs.ReadFile(files, IndexFolder+"/"+name+".safetensors")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.AddIndex(name, file)
}
