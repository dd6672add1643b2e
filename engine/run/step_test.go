package run

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"kvscope/engine/checkpoint"
	"kvscope/engine/history"
	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
	"kvscope/engine/train"
)

// trained are the files of a model and of its training, of six steps from 10 on.
func trained(t *testing.T) fstest.MapFS {
	t.Helper()
	tok := tokenizer.NewDemo()
	file := freshFile(t, model.RATPlus, tok.Size(), tok.Fingerprint())
	f, err := checkpoint.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := model.ReadConfig(f, "")
	if err != nil {
		t.Fatal(err)
	}
	var steps []history.Snapshot
	for i := range 6 {
		steps = append(steps, history.Snapshot{Point: history.Point{Step: 10 * (i + 1), Loss: 6 - float64(i)}, Weights: train.Initialise(cfg, uint64(i+2))})
	}
	var packed bytes.Buffer
	if err := history.Write(&packed, cfg, map[string]string{"tokenizer": tok.Fingerprint()}, steps, 0.4); err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"m.safetensors": {Data: file}, "m" + HistorySuffix: {Data: packed.Bytes()}}
}

var stepRequest = Request{Model: "m@30", Task: "MK-1", Seed: 3, Context: new(160), MaxNew: new(2), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}}

// TestSteps: a step of a training answers as a model of its weights does, is not listed
// among the models, and is loaded no more often than it has to be.
func TestSteps(t *testing.T) {
	files := trained(t)
	e, err := Open(files, ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	if infos := e.Models(); len(infos) != 1 || len(infos[0].Steps) != 6 || infos[0].Steps[2].Step != 30 || infos[0].Steps[2].Loss != 4 {
		t.Fatalf("models %+v", infos)
	}
	h, err := history.ReadStep(bytes.NewReader(files["m"+HistorySuffix].Data), 30)
	if err != nil {
		t.Fatal(err)
	}
	meta := h.Config.Metadata()
	meta["tokenizer"] = h.Metadata["tokenizer"]
	var file bytes.Buffer
	if err := checkpoint.Write(&file, meta, h.Snapshots[0].Weights.Tensors(h.Config, "", checkpoint.NewF32)); err != nil {
		t.Fatal(err)
	}
	apart := NewEngine(ops.Reference())
	if err := apart.AddFile("m", file.Bytes()); err != nil {
		t.Fatal(err)
	}
	var got trace.Run
	if err := e.Run(t.Context(), stepRequest, &got); err != nil {
		t.Fatal(err)
	}
	if want := record(t, apart, stepRequest); !reflect.DeepEqual(got.Selections, want.Selections) || got.Header.Model != "m@30" {
		t.Errorf("%s picks otherwise than a model of its weights", got.Header.Model)
	}
	if plain := record(t, e, stepRequest); reflect.DeepEqual(plain.Selections, got.Selections) {
		t.Error("the model itself picks as its step does")
	}
	first, err := e.find("m@30")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"m@10", "m@20", "m@30", "m@40", "m@50"} {
		if err := e.Check(Request{Model: name, Task: "MK-1", Context: new(160)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, err := e.find("m@30"); err != nil || again != first || len(e.trainings[0].loaded) != mostSteps {
		t.Errorf("a step in use was loaded again, or %d are kept, want %d: %v", len(e.trainings[0].loaded), mostSteps, err)
	}
	if len(e.Models()) != 1 {
		t.Errorf("steps are listed: %d models", len(e.Models()))
	}
	if ok, err := e.AddStep("m@30"); !ok || err != nil || len(e.Models()) != 2 || e.Models()[1].Name != "m@30" {
		t.Errorf("a step is not listed where it is asked for: %t, %v", ok, err)
	}
	if err := errors.Join(e.Close(), apart.Close()); err != nil {
		t.Fatal(err)
	}
	if err := e.Check(stepRequest); err == nil {
		t.Error("a step of a closed engine runs")
	}
}

// TestStepsThatAreNone: what was not kept is said with what was.
func TestStepsThatAreNone(t *testing.T) {
	e, err := Open(trained(t), ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"m@31": "was kept at the steps 10, 20, 30, 40, 50, 60, not at 31", "nobody@30": `"nobody" has no training history, want m@STEP`, "m@030": "want one of m", "m@": "want one of m", "@30": "want one of m",
	} {
		err := e.Check(Request{Model: name, Task: "MK-1"})
		if input.Field(err) != "model" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if ok, _ := e.AddStep(name); ok != (strings.Contains(want, "STEP") || strings.Contains(want, "kept")) {
			t.Errorf("%s: taken for a step %t", name, ok)
		}
	}
	broken := trained(t)
	broken["m"+HistorySuffix].Data = []byte("no archive")
	if _, err := Open(broken, ops.Reference()); err == nil || !strings.Contains(err.Error(), "training history") {
		t.Errorf("a broken history: %v", err)
	}
}

func TestFindModel(t *testing.T) {
	models := []ModelInfo{{Name: "m", Memory: true, Hash: "x", Steps: []history.Point{{Step: 7}}}, {Name: "n@7"}}
	for name, want := range map[string]string{"m": "m", "n@7": "n@7", "m@7": "m@7", "m@8": "", "n@8": "", "o": ""} {
		got := FindModel(models, name)
		if (got != nil) != (want != "") || got != nil && got.Name != want {
			t.Errorf("%s finds %+v, want %q", name, got, want)
		}
	}
	if m := FindModel(models, "m@7"); !m.Memory || m.Hash != "" || m.Steps != nil {
		t.Errorf("a step is described as %+v", m)
	}
	if of, step, ok := CutStep(StepName("a@b", 12)); of != "a@b" || step != 12 || !ok {
		t.Errorf("taken apart: %s, %d, %t", of, step, ok)
	}
}
