package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kvscope/assets"
	"kvscope/engine/checkpoint"
	"kvscope/engine/history"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/run"
	"kvscope/engine/train"
	"kvscope/viz/number"
)

// historySuffix ends the names of training histories, beside the models'.
const historySuffix = ".history.gz"

// historyCoarseness is the quantisation step of a snapshot's matrices in units of
// their root mean square, so errors are a seventh of a weight: a trade of accuracy
// for room. assets/models/README.md has the cost, measured.
const historyCoarseness = 0.45

// packHistory joins the models that a training run kept in dir into one file at path.
func packHistory(dir, path string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.safetensors")) // sorted
	if err != nil || len(names) == 0 {
		return err
	}
	var (
		cfg       model.Config
		metadata  map[string]string
		snapshots []history.Snapshot
	)
	for _, name := range names {
		f, err := checkpoint.Open(name)
		if err != nil {
			return err
		}
		var points []train.Point
		if err := json.Unmarshal([]byte(f.Metadata["history"]), &points); err != nil || len(points) == 0 {
			return errors.Join(fmt.Errorf("%s: metadata history is not a list of points: %w", name, err), f.Close())
		}
		last := points[len(points)-1]
		s := history.Snapshot{
			Step: last.Step, Tokens: last.Tokens, Loss: last.Loss, First: last.First, Exact: last.Exact, FirstOf: last.FirstOf,
		}
		if cfg, err = model.ReadConfig(f, ""); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
		}
		if s.Weights, err = model.ReadWeights(f, cfg, ""); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
		}
		metadata = map[string]string{"tokenizer": f.Metadata["tokenizer"]}
		snapshots = append(snapshots, s)
		if err := f.Close(); err != nil {
			return err
		}
	}
	var packed bytes.Buffer
	if err := history.Write(&packed, cfg, metadata, snapshots, historyCoarseness); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}

// addSnapshot adds the demo model that name, such as attention@1245, gives with a
// step of its training. It reports whether name has that form.
func addSnapshot(e *run.Engine, name string) (bool, error) {
	base, text, ok := strings.Cut(name, "@")
	if !ok {
		return false, nil
	}
	step, err := strconv.Atoi(text)
	if err != nil {
		return false, nil //nolint:nilerr // a file may have such a name
	}
	data, err := fs.ReadFile(assets.Models(), base+historySuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return true, input.Errorf("model", "%q has no training history, want attention@STEP or ratplus@STEP", base)
	} else if err != nil {
		return true, err
	}
	h, err := history.Read(bytes.NewReader(data))
	if err != nil {
		return true, fmt.Errorf("model %s: %w", name, err)
	}
	at := slices.IndexFunc(h.Snapshots, func(s history.Snapshot) bool { return s.Step == step })
	if at < 0 {
		var steps []string
		for _, s := range h.Snapshots {
			steps = append(steps, strconv.Itoa(s.Step))
		}
		return true, input.Errorf("model", "%s was kept at the steps %s, not at %d", base, strings.Join(steps, ", "), step)
	}
	meta := h.Config.Metadata()
	meta["tokenizer"] = h.Metadata["tokenizer"]
	var file bytes.Buffer
	if err := checkpoint.Write(&file, meta, h.Snapshots[at].Weights.Tensors(h.Config, "", checkpoint.NewF32)); err != nil {
		return true, err
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		return true, err
	}
	note := fmt.Sprintf("step %d of training, %s tokens, weights quantised", step, number.Amount(float64(h.Snapshots[at].Tokens)))
	return true, e.Add(name, note, f, nil)
}
