package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"kvscope/engine/checkpoint"
	"kvscope/engine/history"
	"kvscope/engine/model"
	"kvscope/engine/train"
	"kvscope/native/whole"
)

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
		s := history.Snapshot{Point: history.Point{
			Step: last.Step, Tokens: last.Tokens, Loss: last.Loss, First: last.First, Exact: last.Exact, FirstOf: last.FirstOf,
		}}
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
	return whole.Write(path, packed.Bytes(), 0o644)
}
