package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/run"
)

// openSource opens the model that name is the path of, with or without an adapter after
// a plus; base is the path without. found is false where there is no such file or folder.
func openSource(name string) (src *model.Source, base string, found bool, err error) {
	base, adapter, joined := splitAdapter(name)
	switch _, err := os.Stat(base); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, base, false, nil
	case err != nil:
		return nil, base, true, blameModel(err)
	}
	if src, err = model.OpenSource(base); err != nil || !joined {
		return src, base, true, blameModel(err)
	}
	if err := layNamed(src, adapter); err != nil {
		return nil, base, true, errors.Join(err, src.Close())
	}
	return src, base, true, nil
}

// splitAdapter parts MODEL+ADAPTER, unless there is a file or folder of that whole name.
func splitAdapter(name string) (base, adapter string, joined bool) {
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if i := strings.LastIndex(name, run.AdapterJoint); i > 0 {
			return name[:i], name[i+1:], true
		}
	}
	return name, "", false
}

// openModel adds the model that path names, with or without an adapter, to e under name,
// with the tokenizer in the file tokens, or where that is empty with its own. found is false where there is no such file or folder.
func openModel(e *run.Engine, name, path, tokens string) (found bool, err error) {
	if _, err := os.Stat(path); err == nil {
		return true, e.Open(name, path, tokens)
	}
	src, base, found, err := openSource(path)
	if err != nil || !found {
		return found, err
	}
	return true, e.AddOpened(name, src, base, tokens)
}

// openServed adds the model that path names to e under its short name, or the step of a demo
// model's training that it is.
func openServed(e *run.Engine, path, tokens string) error {
	found, err := openModel(e, shortName(e, path), path, tokens)
	if err == nil && !found {
		found, err = e.AddStep(path)
	}
	if err == nil && !found {
		err = input.Errorf("model", "no file or folder %q", path)
	}
	return err
}

// layNamed lays the adapter over src that name is the path of, or that ships by that name.
func layNamed(src *model.Source, name string) error {
	a, err := findAdapter(shipped.models(), name)
	if err != nil {
		return err
	}
	return src.Lay(a)
}

// adapterFolder is where the adapters that ship lie among the models.
const adapterFolder = "adapters"

// findAdapter opens the adapter at a path, or the one in shipped of that name.
func findAdapter(shipped fs.FS, name string) (*model.Adapter, error) {
	if _, err := os.Stat(name); err == nil {
		a, err := model.OpenAdapter(name)
		if err != nil {
			return nil, fmt.Errorf("adapter: %w", err)
		}
		return a, nil
	}
	files, err := fs.Glob(shipped, adapterFolder+"/*.safetensors") // sorted
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		own := strings.TrimSuffix(path.Base(file), ".safetensors")
		if own != name {
			names = append(names, own)
			continue
		}
		data, err := fs.ReadFile(shipped, file)
		if err != nil {
			return nil, err
		}
		f, err := checkpoint.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("adapter %s: %w", name, err)
		}
		return model.ReadAdapter(f)
	}
	want := "want a safetensors file or a folder with adapter_model.safetensors"
	if len(names) > 0 {
		want += ", or one of " + strings.Join(names, ", ")
	}
	return nil, input.Errorf("adapter", "no file %q, %s", name, want)
}

// adapterFlag adds --adapter to fs.
func adapterFlag(fs *flagSet) *string {
	return fs.String("adapter", "", "`file` or folder of an adapter to lay over the model; the same as --model MODEL+ADAPTER")
}

// withAdapter is how a model under an adapter is named.
func withAdapter(model, adapter string) (string, error) {
	if adapter == "" {
		return model, nil
	}
	if _, err := os.Stat(model); err != nil {
		return "", input.Errorf("adapter", "%q over %s, want a model file or folder under it", adapter, model)
	}
	return model + run.AdapterJoint + adapter, nil
}
