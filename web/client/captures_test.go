package client

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/api"
)

// elsewhere is an engine that only knows that it was asked.
type elsewhere struct{}

var errElsewhere = errors.New("elsewhere")

func (elsewhere) Meta(context.Context) (api.Meta, error) {
	return api.Meta{Models: []run.ModelInfo{{Name: "model"}}}, nil
}

func (elsewhere) Run(context.Context, run.Request, trace.Sink) error { return errElsewhere }

func (elsewhere) Ask(context.Context, run.Request) (figures.Result, error) {
	return figures.Result{}, errElsewhere
}

func (elsewhere) Head(context.Context, run.Request, int, int) (*lens.HeadTensors, error) {
	return nil, errElsewhere
}

// captureFile is a layer of 4 heads on 2, of 48 positions.
func captureFile(t *testing.T) *checkpoint.File {
	t.Helper()
	draw := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32((i*7919)%101)/50 - 1
		}
		return x
	}
	var out bytes.Buffer
	err := checkpoint.Write(&out, nil, []checkpoint.Tensor{
		checkpoint.NewF16("q", []int{4, 48, 8}, draw(4*48*8)), checkpoint.NewF16("k", []int{2, 48, 8}, draw(2*48*8)),
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.ParseAt(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCaptures: a capture is a model among those of the engine behind it, run here; what is
// wrong with a request is said as a run says it.
func TestCaptures(t *testing.T) {
	c := NewCaptureFiles().Beside(elsewhere{})
	done := c.Await()
	go func() {
		if _, err := c.Add("own", captureFile(t)); err != nil {
			t.Error(err)
		}
		done()
	}()
	ctx := context.Background()
	meta, err := c.Meta(ctx)
	if err != nil || len(meta.Models) != 2 || meta.Models[1].Name != "own" || meta.Models[1].Arch != run.ArchCapture || meta.Models[1].Heads != 4 {
		t.Fatalf("models %+v, %v", meta.Models, err)
	}
	if _, err := c.Add("own", captureFile(t)); err != nil {
		t.Fatal(err)
	}
	if meta, _ = c.Meta(ctx); len(meta.Models) != 2 {
		t.Errorf("opened again there are %d models", len(meta.Models))
	}
	req := run.Request{Model: "own", Config: sparse.Config{Method: "quest", Values: sparse.Values{"k": "2", "block": "8"}}}
	var r trace.Run
	if err := c.Run(ctx, req, &r); err != nil || r.Done == nil || len(r.Selections) != 4*16 || r.Selections[0].Count(0) != 2 {
		t.Errorf("%d selections, %v", len(r.Selections), err)
	}
	for _, of := range []run.Request{req, {Model: "own"}} { // kept, and not run yet
		if h, err := c.Head(ctx, of, 0, 3); err != nil || h.Len() != 48 {
			t.Errorf("head %+v, %v", h, err)
		}
	}
	var last trace.Event
	note := func(e trace.Event) { last = e }
	if err := c.Run(ctx, run.Request{Model: "own", Task: "S-1"}, events(note)); err != nil {
		t.Error(err)
	}
	if f, ok := last.(*trace.Failure); !ok || f.Field != "task" {
		t.Errorf("a task on a capture: %+v", last)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Run(gone, req, events(note)); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that is stopped: %v", err)
	}
	if err := c.Run(ctx, run.Request{Model: "model"}, &r); !errors.Is(err, errElsewhere) {
		t.Errorf("a run of another model: %v", err)
	}
	if r, err := c.Ask(ctx, req); err != nil || len(r.Heads) != 4 {
		t.Errorf("asked, it says %+v, %v", r, err)
	}
	if _, err := c.Ask(ctx, run.Request{Model: "own", Task: "S-1"}); err == nil {
		t.Error("a task on a capture is answered")
	}
	if _, err := c.Ask(ctx, run.Request{Model: "model"}); !errors.Is(err, errElsewhere) {
		t.Errorf("another model is asked: %v", err)
	}
	if _, err := c.Head(ctx, run.Request{Model: "model"}, 0, 0); !errors.Is(err, errElsewhere) {
		t.Errorf("a head of another model: %v", err)
	}
}

// events calls itself with every event.
type events func(trace.Event)

func (f events) Emit(e trace.Event) error { f(e); return nil }
