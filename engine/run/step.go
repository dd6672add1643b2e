package run

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kvscope/engine/checkpoint"
	"kvscope/engine/history"
	"kvscope/engine/input"
	"kvscope/engine/model"
)

// HistorySuffix ends the name of the file with the history of a model's training, which lies
// beside the model's own where it is shipped.
const HistorySuffix = ".history.gz"

// StepName names a model as it was after a step of its training: attention@1245.
func StepName(name string, step int) string { return name + "@" + strconv.Itoa(step) }

// CutStep takes apart what StepName made; ok is false for any other name.
func CutStep(name string) (of string, step int, ok bool) {
	at := strings.LastIndexByte(name, '@')
	if at < 1 {
		return name, 0, false
	}
	step, err := strconv.Atoi(name[at+1:])
	if err != nil || StepName(name[:at], step) != name {
		return name, 0, false
	}
	return name[:at], step, true
}

// FindModel is the model of a name among models, or of a step that the training of one of
// them kept; nil where there is none. Of a step it is not known how it is stored.
func FindModel(models []ModelInfo, name string) *ModelInfo {
	named := func(name string) int {
		return slices.IndexFunc(models, func(m ModelInfo) bool { return m.Name == name })
	}
	if i := named(name); i >= 0 {
		return &models[i]
	}
	of, step, ok := CutStep(name)
	i := named(of)
	if !ok || i < 0 || !slices.ContainsFunc(models[i].Steps, func(p history.Point) bool { return p.Step == step }) {
		return nil
	}
	m := models[i]
	m.Name, m.Note = name, stepNote(step)
	m.DType, m.Bytes, m.Hash, m.content, m.Steps = "", 0, "", nil, nil
	return &m
}

func stepNote(step int) string {
	return fmt.Sprintf("step %d of training, weights quantised", step)
}

// mostSteps is how many steps of one training are kept in memory, those used last: a reader
// who goes back and forth finds them there.
const mostSteps = 4

// training is the history of a model's training, each step of which is a model too. They
// are loaded as they are asked for.
type training struct {
	of     string
	points []history.Point
	open   func() (io.ReadCloser, error)

	mu     sync.Mutex
	loaded []*loaded // the last used first
}

// AddHistory lets the steps that the training of the model of a name kept be run too, under
// StepName. open opens the file of package history, now and whenever a step is loaded.
func (e *Engine) AddHistory(name string, open func() (io.ReadCloser, error)) error {
	l, err := e.find(name)
	if err != nil {
		return err
	}
	r, err := open()
	if err != nil {
		return err
	}
	points, err := history.ReadPoints(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l.info.Steps = points
	e.trainings = append(e.trainings, &training{of: name, points: points, open: open})
	return nil
}

// addShippedHistory adds the history of a model among files, where there is one.
func (e *Engine) addShippedHistory(files fs.FS, name string) error {
	err := e.AddHistory(name, func() (io.ReadCloser, error) { return files.Open(name + HistorySuffix) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// AddStep lists the step of a training that name, such as attention@1245, is among the
// models, and reports whether name is one.
func (e *Engine) AddStep(name string) (bool, error) {
	l, err := e.step(name)
	if l == nil || err != nil {
		return err != nil, err
	}
	return true, e.add(l)
}

// step is the model of a step, nil where name is none of one or is listed itself.
func (e *Engine) step(name string) (*loaded, error) {
	of, step, ok := CutStep(name)
	if !ok {
		return nil, nil
	}
	e.mu.RLock()
	listed := slices.ContainsFunc(e.models, func(l *loaded) bool { return l.info.Name == name })
	trainings := slices.Clone(e.trainings)
	e.mu.RUnlock()
	if listed || len(trainings) == 0 {
		return nil, nil
	}
	var kept []string
	for _, t := range trainings {
		if t.of == of {
			return t.step(e, step)
		}
		kept = append(kept, t.of+"@STEP")
	}
	return nil, input.Errorf("model", "%q has no training history, want %s", of, strings.Join(kept, " or "))
}

// step is the model of a step, loaded where it is not in memory.
func (t *training) step(e *Engine, step int) (*loaded, error) {
	if !slices.ContainsFunc(t.points, func(p history.Point) bool { return p.Step == step }) {
		var steps []string
		for _, p := range t.points {
			steps = append(steps, strconv.Itoa(p.Step))
		}
		return nil, input.Errorf("model", "%s was kept at the steps %s, not at %d", t.of, strings.Join(steps, ", "), step)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	name := StepName(t.of, step)
	at := slices.IndexFunc(t.loaded, func(l *loaded) bool { return l.info.Name == name })
	if at < 0 {
		l, err := t.load(e, name, step)
		if err != nil {
			return nil, err
		}
		t.loaded, at = append(t.loaded, l), len(t.loaded)
	}
	l := t.loaded[at]
	t.loaded = slices.Insert(slices.Delete(t.loaded, at, at+1), 0, l)
	if len(t.loaded) > mostSteps {
		t.loaded = slices.Delete(t.loaded, mostSteps, len(t.loaded))
	}
	return l, nil
}

// load makes a model of a step's weights, which are in memory alone.
func (t *training) load(e *Engine, name string, step int) (*loaded, error) {
	r, err := t.open()
	if err != nil {
		return nil, err
	}
	h, err := history.ReadStep(r, step)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	metadata := h.Config.Metadata()
	metadata["tokenizer"] = h.Metadata["tokenizer"]
	var file bytes.Buffer
	if err := checkpoint.Write(&file, metadata, h.Snapshots[0].Weights.Tensors(h.Config, "", checkpoint.NewF32)); err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	src, err := model.NewSource(f)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	return e.load(name, stepNote(step), src, nil)
}
