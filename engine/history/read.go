package history

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
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
	f, run, err := open(r)
	if err != nil {
		return nil, err
	}
	before := model.NewWeights(run.Config)
	for s := range run.Snapshots {
		if before, err = decode(f, run.Config, s, before); err != nil {
			return nil, err
		}
		run.Snapshots[s].Weights = before
	}
	return run, nil
}

// ReadStep reads the one snapshot of a step, the only one of the run that it returns.
func ReadStep(r io.Reader, step int) (*Run, error) {
	f, run, err := open(r)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(run.Snapshots, func(s Snapshot) bool { return s.Step == step })
	if at < 0 {
		return nil, fmt.Errorf("training history: step %d: no snapshot", step)
	}
	w := model.NewWeights(run.Config)
	for s := range at + 1 {
		if w, err = decode(f, run.Config, s, w); err != nil {
			return nil, err
		}
	}
	run.Snapshots = []Snapshot{{run.Snapshots[at].Point, w}}
	return run, nil
}

// ReadPoints reads what was measured, which is the beginning of a file.
func ReadPoints(r io.Reader) ([]Point, error) {
	z, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	metadata, err := checkpoint.ReadMetadata(z)
	if err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	snapshots, err := list(metadata)
	points := make([]Point, len(snapshots))
	for i, s := range snapshots {
		points[i] = s.Point
	}
	return points, err
}

// unpacked is the safetensors file in r, which may be gzip or, where somebody has unpacked it
// on the way, not.
func unpacked(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	if first, err := buffered.Peek(9); err == nil && first[8] == '{' {
		return buffered, nil
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("training history: %w", err)
	}
	return z, nil
}

// open unpacks a file, whose snapshots have no weights yet.
func open(r io.Reader) (*checkpoint.File, *Run, error) {
	z, err := unpacked(r)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, maxSize+1))
	if err != nil {
		return nil, nil, fmt.Errorf("training history: %w", err)
	}
	if len(data) > maxSize {
		return nil, nil, fmt.Errorf("training history: unpacks to more than %d bytes", maxSize)
	}
	f, err := checkpoint.Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("training history: %w", err)
	}
	run := &Run{Metadata: f.Metadata}
	if run.Snapshots, err = list(f.Metadata); err != nil {
		return nil, nil, err
	}
	if run.Config, err = model.ReadConfig(f, prefix(0)); err != nil {
		return nil, nil, fmt.Errorf("training history: %w", err)
	}
	return f, run, nil
}

// list reads the list of snapshots.
func list(metadata map[string]string) ([]Snapshot, error) {
	if got := metadata["format"]; got != format {
		return nil, fmt.Errorf("training history: format %q, want %s", got, format)
	}
	var out []Snapshot
	if err := json.Unmarshal([]byte(metadata["snapshots"]), &out); err != nil {
		return nil, fmt.Errorf("training history: snapshots: %w", input.FromJSON(err))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("training history: snapshots: none")
	}
	return out, nil
}

// decode unpacks snapshot s of f onto the one before it.
func decode(f *checkpoint.File, cfg model.Config, s int, before *model.Weights) (*model.Weights, error) {
	w := model.NewWeights(cfg)
	old := before.Params(cfg)
	for i, p := range w.Params(cfg) {
		if err := decodeParam(f, prefix(s)+p.Name, p, old[i]); err != nil {
			return nil, fmt.Errorf("training history: snapshot %d: %w", s, err)
		}
	}
	return w, nil
}

// decodeParam unpacks the tensor of a name into p, onto what p was before.
func decodeParam(f *checkpoint.File, name string, p, old model.Param) error {
	if !p.IsMatrix() {
		x, err := f.Float32(name, p.Shape...)
		if err != nil {
			return err
		}
		copy(p.Data, x)
		return nil
	}
	codes, err := f.Tensor(name)
	if err != nil {
		return err
	}
	if codes.DType != checkpoint.I8 || !slices.Equal(codes.Shape, p.Shape) {
		return fmt.Errorf("tensor %q is %s %v, want %s %v", name, codes.DType, codes.Shape, checkpoint.I8, p.Shape)
	}
	step, err := f.Float32(name+stepSuffix, 1)
	if err != nil {
		return err
	}
	for j, c := range codes.Data {
		p.Data[j] = old.Data[j] + step[0]*float32(int8(c))
	}
	return nil
}
