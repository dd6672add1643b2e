package history

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
)

// maxSize bounds what a file may unpack to.
const maxSize = 1 << 30

// Run is a training run as its snapshots.
type Run struct {
	Config    model.Config
	Metadata  map[string]string
	Snapshots []Snapshot // in order of steps
}

// Read reads what Write wrote.
func Read(r io.Reader) (*Run, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("training history: unpacks to more than %d bytes", maxSize)
	}
	f, err := checkpoint.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	if got := f.Metadata["format"]; got != format {
		return nil, fmt.Errorf("training history: format %q, want %s", got, format)
	}
	run := &Run{Metadata: f.Metadata}
	if err := json.Unmarshal([]byte(f.Metadata["snapshots"]), &run.Snapshots); err != nil {
		return nil, fmt.Errorf("training history: snapshots: %w", err)
	}
	if len(run.Snapshots) == 0 {
		return nil, fmt.Errorf("training history: snapshots: none")
	}
	if run.Config, err = model.ReadConfig(f, prefix(0)); err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	before := model.NewWeights(run.Config)
	for s := range run.Snapshots {
		if before, err = decode(f, run.Config, s, before); err != nil {
			return nil, fmt.Errorf("training history: snapshot %d: %w", s, err)
		}
		run.Snapshots[s].Weights = before
	}
	return run, nil
}

// decode unpacks snapshot s of f onto the one before it.
func decode(f *checkpoint.File, cfg model.Config, s int, before *model.Weights) (*model.Weights, error) {
	w := model.NewWeights(cfg)
	old := before.Params(cfg)
	for i, p := range w.Params(cfg) {
		name := prefix(s) + p.Name
		if !p.IsMatrix() {
			x, err := f.Float32(name, p.Shape...)
			if err != nil {
				return nil, err
			}
			copy(p.Data, x)
			continue
		}
		codes, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		if codes.DType != checkpoint.I8 || !slices.Equal(codes.Shape, p.Shape) {
			return nil, fmt.Errorf("tensor %q is %s %v, want %s %v", name, codes.DType, codes.Shape, checkpoint.I8, p.Shape)
		}
		step, err := f.Float32(name+stepSuffix, 1)
		if err != nil {
			return nil, err
		}
		for j, c := range codes.Data {
			p.Data[j] = old[i].Data[j] + step[0]*float32(int8(c))
		}
	}
	return w, nil
}
