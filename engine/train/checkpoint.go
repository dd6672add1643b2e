package train

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/input"
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
	Running  float64            `json:"running,omitempty"`  // on tokens of running text
	Exact    map[string]float64 `json:"exact,omitempty"`    // held-out exact answers per task
	FirstOf  map[string]float64 `json:"first_of,omitempty"` // held-out first value tokens per task
	PerSec   float64            `json:"tokens_per_second"`
	GradNorm float64            `json:"grad_norm"`
}

// earlierTokens is the name, in the metadata of what a run learned, of the tokens that what
// it began from had been trained on.
const earlierTokens = "earlier_tokens"

// saveBoth writes the state to resume from and the model to use.
func (r *Trainer) saveBoth() error {
	if err := r.save(r.statePath()); err != nil {
		return err
	}
	return r.saveLearned(filepath.Join(r.opts.Dir, "model"))
}

// saveLearned writes what has been learned alone, with its history, as the product
// loads it. Its context is the longest it has been trained on.
func (r *Trainer) saveLearned(path string) error {
	meta := r.metadata()
	longest := 0
	for _, st := range r.cfg.Stages[:min(r.stage+1, len(r.cfg.Stages))] {
		longest = max(longest, st.longest())
	}
	meta["context"] = strconv.Itoa(longest)
	earlier, _ := strconv.Atoi(meta[earlierTokens])
	meta["note"] = fmt.Sprintf("trained on %d tokens at contexts up to %d", earlier+r.tokens, longest)
	return r.learner.save(path+".safetensors", meta)
}

// save writes everything a resumed run needs.
func (r *Trainer) save(path string) error {
	return checkpoint.Save(path, r.metadata(), r.learner.state())
}

func (r *Trainer) metadata() map[string]string {
	meta := r.learner.metadata()
	meta["tokenizer"] = r.lessons.fingerprint()
	meta["seed"] = strconv.FormatUint(r.cfg.Seed, 10)
	meta["stage"] = strconv.Itoa(r.stage)
	meta["step"] = strconv.Itoa(r.step)
	meta["tokens"] = strconv.Itoa(r.tokens)
	meta["steps"] = strconv.Itoa(r.steps)
	history, err := json.Marshal(r.history)
	if err != nil {
		panic("BUG: history does not marshal: " + err.Error())
	}
	meta["history"] = string(history)
	return meta
}

// restore continues from what save wrote.
func (r *Trainer) restore(path string) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if got, want := f.Metadata["tokenizer"], r.lessons.fingerprint(); got != want {
		return fmt.Errorf("resume %s: made with vocabulary %s, this program has %s", path, got, want)
	}
	if got, want := f.Metadata["seed"], strconv.FormatUint(r.cfg.Seed, 10); got != want {
		return fmt.Errorf("resume %s: metadata seed: %q, the config has %s, and would go on with other lessons", path, got, want)
	}
	for name, dst := range map[string]*int{"stage": &r.stage, "step": &r.step, "tokens": &r.tokens, "steps": &r.steps} {
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
		return fmt.Errorf("resume %s: metadata history: %w", path, input.FromJSON(err))
	}
	if err := r.learner.resume(f); err != nil {
		return fmt.Errorf("resume %s: %w", path, err)
	}
	return nil
}
