package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
	"kvscope/engine/pattern"
)

// OpenAdapter reads the adapter at path, a safetensors file, or the folder of one as PEFT
// leaves them. Where an adapter_config.json lies beside it, its deltas are scaled as that
// says; without one they are B·A as they stand.
func OpenAdapter(path string) (*Adapter, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "adapter_model.safetensors")
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := ReadAdapter(f)
	if err == nil {
		err = a.scaleBeside(path)
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	return a, nil
}

// adapterName matches the names of an adapter's tensors, with or without the prefixes of
// PEFT and of the model itself: the layer, the module, the part.
var adapterName = pattern.Of(`^(?:base_model\.model\.)?(?:model\.)?layers\.(\d{1,3})\.((?:self_attn|mlp)\.[a-z]+_proj)\.(lora_A\.weight|lora_B\.weight|weight|bias)$`)

// ReadAdapter reads the adapter in f, as float32 that may be changed.
func ReadAdapter(f *checkpoint.File) (*Adapter, error) {
	a := &Adapter{Base: f.Metadata["base"]}
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		x, err := f.Float32(name)
		if err != nil {
			return nil, err
		}
		for i, v := range x {
			if v-v != 0 {
				return nil, fmt.Errorf("tensor %q holds %g at %d, want finite numbers", name, v, i)
			}
		}
		if err := a.take(name, t.Shape, x); err != nil {
			return nil, err
		}
	}
	return a, a.validate(f.Metadata["rank"])
}

// take puts one tensor of a file in its place.
func (a *Adapter) take(name string, shape []int, x []float32) error {
	parts := adapterName().FindStringSubmatch(name)
	if parts == nil {
		return fmt.Errorf("tensor %q is none of an adapter, want layers.N.self_attn.q_proj.lora_A.weight and the like", name)
	}
	i, _ := strconv.Atoi(parts[1])
	if i >= mostLayers {
		return fmt.Errorf("tensor %q is of layer %d, want 0 to %d", name, i, mostLayers-1)
	}
	for len(a.Layers) <= i {
		a.Layers = append(a.Layers, AdapterLayer{})
	}
	l, module, what := &a.Layers[i], parts[2], parts[3]
	if module == GateModule && what == "bias" {
		if len(shape) != 1 {
			return fmt.Errorf("tensor %q has shape %v, want one axis", name, shape)
		}
		l.GateBias = x
		return nil
	}
	if len(shape) != 2 || len(x) == 0 {
		return fmt.Errorf("tensor %q has shape %v, want two axes", name, shape)
	}
	m := Matrix{Rows: shape[0], Cols: shape[1], F32: x}
	if module == GateModule && what == "weight" {
		m.Delta = l.Gate.Delta
		l.Gate = m
		return nil
	}
	at := l.slot(module)
	if at == nil || what == "weight" || what == "bias" {
		return fmt.Errorf("tensor %q is of a part that no adapter here changes", name)
	}
	if *at == nil {
		*at = &LowRank{}
	}
	if what == "lora_A.weight" {
		(*at).A = m
	} else {
		(*at).B = m
	}
	return nil
}

// mostLayers is the largest number of layers of a model.
const mostLayers = 1 << 8

// slot is where the delta of a module belongs, nil when no adapter has one of it.
func (l *AdapterLayer) slot(module string) **LowRank {
	if module == GateModule {
		return &l.Gate.Delta
	}
	for _, to := range adapted {
		if to.module == module {
			return to.delta(l)
		}
	}
	return nil
}

// validate holds the parts of a to each other, and its ranks to what the file says.
func (a *Adapter) validate(rank string) error {
	if len(a.Layers) == 0 {
		return errors.New("holds no tensors of an adapter")
	}
	for i := range a.Layers {
		l := &a.Layers[i]
		for _, to := range adapted {
			if err := a.validateDelta(i, to.module, *to.delta(l)); err != nil {
				return err
			}
		}
		if err := a.validateGate(i, l); err != nil {
			return err
		}
	}
	if rank != "" && rank != strconv.Itoa(a.Rank) {
		return input.Errorf("rank", "%q in the file's metadata, its deltas have %d", rank, a.Rank)
	}
	return nil
}

func (a *Adapter) validateDelta(layer int, module string, d *LowRank) error {
	switch {
	case d == nil:
		return nil
	case d.A.Rows == 0 || d.B.Rows == 0:
		return fmt.Errorf("layers.%d.%s has only one of lora_A and lora_B", layer, module)
	case d.A.Rows != d.B.Cols:
		return fmt.Errorf("layers.%d.%s: lora_A is of rank %d, lora_B of %d", layer, module, d.A.Rows, d.B.Cols)
	}
	a.Rank = max(a.Rank, d.A.Rows)
	return nil
}

// validateGate holds the gates of one layer to those of the first.
func (a *Adapter) validateGate(layer int, l *AdapterLayer) error {
	rank := a.Rank // that of a gate is its own
	if err := a.validateDelta(layer, GateModule, l.Gate.Delta); err != nil {
		return err
	}
	a.Rank = rank
	switch d := l.Gate.Delta; {
	case d != nil && l.Gate.isFloat32():
		return fmt.Errorf("layers.%d.%s has both a weight and lora_A, want one form of the gate", layer, GateModule)
	case d != nil:
		l.Gate.Rows, l.Gate.Cols = d.B.Rows, d.A.Cols
	}
	first := &a.Layers[0]
	if (l.Gate.Rows > 0) != (first.Gate.Rows > 0) || (l.GateBias != nil) != (first.GateBias != nil) {
		return fmt.Errorf("layers.%d.%s: gates and their biases are of some layers only, want all or none", layer, GateModule)
	}
	if l.GateBias != nil && len(l.GateBias) != l.Gate.Rows {
		return fmt.Errorf("layers.%d.%s.bias holds %d values, the gate has %d outputs", layer, GateModule, len(l.GateBias), l.Gate.Rows)
	}
	return nil
}

// peftConfig lists the fields that are read of PEFT's adapter_config.json.
type peftConfig struct {
	Base  string   `json:"base_model_name_or_path"`
	Kind  *string  `json:"peft_type"`
	Alpha *float64 `json:"lora_alpha"`
	Rank  *int     `json:"r"`
	// RankPattern has the ranks of the modules whose rank is another, by patterns of names.
	RankPattern map[string]int `json:"rank_pattern"`
	// RSLoRA divides by the root of the rank (arXiv:2312.03732).
	RSLoRA bool `json:"use_rslora"`
	DoRA   bool `json:"use_dora"`
	// What changes more than the deltas that the file holds, or each of them otherwise.
	FanInFanOut  bool                       `json:"fan_in_fan_out"`
	AlphaPattern map[string]json.RawMessage `json:"alpha_pattern"`
	Replication  json.RawMessage            `json:"layer_replication"`
	Invocation   json.RawMessage            `json:"alora_invocation_tokens"`
	Init         json.RawMessage            `json:"init_lora_weights"`
}

// refuse names what c asks for and is not computed here.
func (c *peftConfig) refuse() error {
	switch {
	case c.Kind != nil && *c.Kind != "LORA":
		return input.Errorf("peft_type", "%q, want LORA", *c.Kind)
	case c.Alpha == nil:
		return input.Errorf("lora_alpha", "missing, want a number")
	case c.Rank == nil:
		return input.Errorf("r", "missing, want a whole number")
	case *c.Rank < 1:
		return input.Errorf("r", "%d, want at least 1", *c.Rank)
	case c.DoRA:
		return input.Errorf("use_dora", "true, want deltas that are only added")
	case c.FanInFanOut:
		return input.Errorf("fan_in_fan_out", "true, want false: matrices here lie as outputs by inputs")
	case len(c.AlphaPattern) > 0:
		return input.Errorf("alpha_pattern", "of %d modules, want the same lora_alpha for all", len(c.AlphaPattern))
	case given(c.Replication):
		return input.Errorf("layer_replication", "%.60s, want the layers that the model has", c.Replication)
	case given(c.Invocation):
		return input.Errorf("alora_invocation_tokens", "%.60s, want deltas that are added at every token", c.Invocation)
	}
	// Of others the matrices below the deltas were changed when training began.
	plain := []string{"", "null", "true", "false", `"gaussian"`, `"eva"`, `"orthogonal"`}
	if !slices.Contains(plain, string(c.Init)) {
		return input.Errorf("init_lora_weights", "%s, want one of %s: others change the model below, too", c.Init, strings.Join(plain[2:], ", "))
	}
	return nil
}

// scaleBeside multiplies each delta by lora_alpha/r, or lora_alpha/√r, r its own rank, of
// the adapter_config.json beside the file at path, if there is one.
func (a *Adapter) scaleBeside(path string) error {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "adapter_config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var c peftConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("adapter_config.json: %w", input.FromJSON(err))
	}
	if err := c.refuse(); err != nil {
		return fmt.Errorf("adapter_config.json: %w", err)
	}
	if a.Base == "" {
		a.Base = c.Base
	}
	for i := range a.Layers {
		for _, to := range adapted {
			d := *to.delta(&a.Layers[i])
			if d == nil {
				continue
			}
			scale, err := c.scale(d.A.Rows)
			if err != nil {
				return fmt.Errorf("adapter_config.json: %w, as layers.%d.%s in the file", err, i, to.module)
			}
			for j := range d.B.F32 {
				d.B.F32[j] *= float32(scale)
			}
		}
	}
	return nil
}

// scale is the factor of a delta of that rank.
func (c *peftConfig) scale(rank int) (float64, error) {
	known := append([]int{*c.Rank}, slices.Collect(maps.Values(c.RankPattern))...)
	switch {
	case !slices.Contains(known, rank) && len(c.RankPattern) == 0:
		return 0, input.Errorf("r", "%d, want %d", *c.Rank, rank)
	case !slices.Contains(known, rank):
		return 0, input.Errorf("rank_pattern", "none of rank %d, want one", rank)
	case c.RSLoRA:
		return *c.Alpha / math.Sqrt(float64(rank)), nil
	}
	return *c.Alpha / float64(rank), nil
}
