package train

import (
	"encoding/json"
	"fmt"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
)

// Point is one line of a run's history.
type Point struct {
	Stage    int                `json:"stage"`
	Step     int                `json:"step"` // of the whole run
	Tokens   int                `json:"tokens"`
	LR       float64            `json:"lr"`
	Loss     float64            `json:"loss"`
	First    float64            `json:"first"`              // training accuracy on first tokens of values
	Value    float64            `json:"value"`              // on their later tokens
	Repeats  float64            `json:"repeats"`            // on repeated tokens
	Exact    map[string]float64 `json:"exact,omitempty"`    // held-out exact answers per task
	FirstOf  map[string]float64 `json:"first_of,omitempty"` // held-out first value tokens per task
	PerSec   float64            `json:"tokens_per_second"`
	GradNorm float64            `json:"grad_norm"`
}

// encoding is a way to write a tensor: checkpoint.NewF32, NewF16, ...
type encoding = func(name string, shape []int, x []float32) checkpoint.Tensor

// SaveModel writes the model alone, with its history, as the product loads it. Its
// context is the longest it has been trained on.
func (r *Run) SaveModel(path string, encode encoding) error {
	meta := r.metadata()
	longest := 0
	for _, st := range r.cfg.Stages[:min(r.stage+1, len(r.cfg.Stages))] {
		longest = max(longest, st.longest())
	}
	meta["context"] = strconv.Itoa(longest)
	meta["note"] = fmt.Sprintf("trained on %.0fM tokens at contexts up to %d", float64(r.tokens)/1e6, longest)
	return checkpoint.Save(path, meta, r.team.Lead.Weights.Tensors(r.cfg.Model, "", encode))
}

// save writes everything a resumed run needs.
func (r *Run) save(path string) error {
	c := r.cfg.Model
	ts := r.team.Lead.Weights.Tensors(c, "", checkpoint.NewF32)
	ts = append(ts, r.opt.M.Tensors(c, "moment1.", checkpoint.NewF32)...)
	ts = append(ts, r.opt.V.Tensors(c, "moment2.", checkpoint.NewF32)...)
	return checkpoint.Save(path, r.metadata(), ts)
}

func (r *Run) metadata() map[string]string {
	meta := r.cfg.Model.Metadata()
	meta["tokenizer"] = r.writer.tok.Fingerprint()
	meta["seed"] = strconv.FormatUint(r.cfg.Seed, 10)
	meta["stage"] = strconv.Itoa(r.stage)
	meta["step"] = strconv.Itoa(r.step)
	meta["tokens"] = strconv.Itoa(r.tokens)
	meta["steps"] = strconv.Itoa(r.opt.Steps)
	history, err := json.Marshal(r.history)
	if err != nil {
		panic("BUG: history does not marshal: " + err.Error())
	}
	meta["history"] = string(history)
	return meta
}

// restore continues from what save wrote.
func (r *Run) restore(path string) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	cfg, err := model.ReadConfig(f, "")
	if err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	w, err := model.ReadWeights(f, cfg, "")
	if err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	if cfg != r.cfg.Model {
		return fmt.Errorf("resume %s: it holds %v, the config asks for %v", path, cfg, r.cfg.Model)
	}
	if got, want := f.Metadata["tokenizer"], r.writer.tok.Fingerprint(); got != want {
		return fmt.Errorf("resume %s: made with vocabulary %s, this program has %s", path, got, want)
	}
	for name, dst := range map[string]*int{"stage": &r.stage, "step": &r.step, "tokens": &r.tokens, "steps": &r.opt.Steps} {
		if *dst, err = strconv.Atoi(f.Metadata[name]); err != nil {
			return fmt.Errorf("resume %s: metadata %s: %w", path, name, err)
		}
		if *dst < 0 {
			return fmt.Errorf("resume %s: metadata %s: %d, want at least 0", path, name, *dst)
		}
	}
	if r.stage > len(r.cfg.Stages) {
		return fmt.Errorf("resume %s: metadata stage: %d, the config has %d", path, r.stage, len(r.cfg.Stages))
	}
	if err := json.Unmarshal([]byte(f.Metadata["history"]), &r.history); err != nil {
		return fmt.Errorf("resume %s: metadata history: %w", path, err)
	}
	if r.opt.M, err = model.ReadWeights(f, cfg, "moment1."); err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	if r.opt.V, err = model.ReadWeights(f, cfg, "moment2."); err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	r.setWeights(w)
	return nil
}
