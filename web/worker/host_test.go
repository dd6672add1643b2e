package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kvscope/engine/history"
	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
	"kvscope/engine/train"
	"kvscope/engine/train/traintest"
	"kvscope/web/api"
)

// m is the model that is asked for.
var m = api.SiteFile{Name: "m", File: "m.safetensors", Size: 1000}

// file is a small model with fresh weights.
func file(t *testing.T) []byte { return traintest.File(t, traintest.Config(false), 1) }

// bench is a host and all that it said.
type bench struct {
	*Host
	mu      sync.Mutex
	reply   []api.Reply
	data    [][]byte
	fetched int
	broken  error  // what fetching ends in
	history []byte // of the model's training
	onReply func(api.Reply)
}

func sit(t *testing.T) *bench {
	weights := file(t)
	b := &bench{}
	b.Host = New(Config{
		Kernels: ops.Reference(),
		Fetch: func(_ context.Context, f api.SiteFile, told func(int)) ([]byte, error) {
			b.fetched++
			if f.File == "history" {
				told(len(b.history))
				return b.history, b.broken
			}
			told(len(weights) / 2)
			told(len(weights))
			return weights, b.broken
		},
		Reply: func(reply api.Reply, data []byte) {
			b.mu.Lock()
			b.reply, b.data = append(b.reply, reply), append(b.data, data)
			b.mu.Unlock()
			if b.onReply != nil {
				b.onReply(reply)
			}
		},
	})
	return b
}

// about returns the replies to an ask, in order, and how it ended.
func (b *bench) about(t *testing.T, id int) (frames []trace.Event, progress []api.RunProgress, head []byte, failure *trace.Failure) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	ended := false
	for i, s := range b.reply {
		if s.ID != id {
			continue
		}
		if ended {
			t.Errorf("ask %d: %v after its end", id, s.Kind)
		}
		switch s.Kind {
		case api.ReplyFrame:
			e, err := trace.Decode(b.data[i])
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, e)
		case api.ReplyProgress:
			progress = append(progress, *s.Progress)
		case api.ReplyHead:
			head = b.data[i]
		case api.ReplyEnd:
			ended, failure = true, s.Failure
		}
	}
	if !ended {
		t.Errorf("ask %d has no end", id)
	}
	return frames, progress, head, failure
}

func request(method string) *run.Request {
	return &run.Request{Model: "m", Task: "MK-1", Seed: 3, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/4", "block": "8"}}}
}

// TestHostRuns: what the host says of a run is what the engine did, the weights are
// fetched once, and heads are of the run, whether it is kept or not.
func TestHostRuns(t *testing.T) {
	b := sit(t)
	b.Receive(api.Ask{ID: 1, Kind: api.AskLoad, File: m})
	b.Receive(api.Ask{ID: 2, Kind: api.AskRun, File: m, Request: request("quest")})
	b.Receive(api.Ask{ID: 3, Kind: api.AskHead, File: m, Request: request("quest"), Layer: 1, Head: 1})
	b.Receive(api.Ask{ID: 4, Kind: api.AskHead, File: m, Request: request("snapkv"), Layer: 1, Head: 1})
	if b.fetched != 1 {
		t.Errorf("fetched %d times", b.fetched)
	}
	if _, progress, _, failure := b.about(t, 1); failure != nil || len(progress) != 2 || progress[1] != (api.RunProgress{Kind: api.Weights, Done: len(file(t)), Of: m.Size}) {
		t.Errorf("loading: %v %v", progress, failure)
	}
	frames, progress, _, failure := b.about(t, 2)
	if failure != nil {
		t.Fatal(failure)
	}
	var got, want trace.Run
	for _, e := range frames {
		if err := got.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	alone := run.NewEngine(ops.Reference())
	if err := alone.AddFile("m", file(t)); err != nil {
		t.Fatal(err)
	}
	if err := alone.Run(t.Context(), *request("quest"), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Selections, want.Selections) || got.Done == nil || got.Done.Answer != want.Done.Answer {
		t.Error("the host's run is another than the engine's")
	}
	if last := progress[len(progress)-1]; last.Kind != api.Prompt || last.Done != len(got.Header.Tokens) {
		t.Errorf("the prompt is read to %+v", last)
	}
	_, _, first, failure := b.about(t, 3)
	if failure != nil {
		t.Fatal(failure)
	}
	head, err := lens.Decode(first)
	if err != nil || head.Prompt != len(got.Header.Tokens) {
		t.Errorf("head %v %v", head, err)
	}
	if _, _, second, failure := b.about(t, 4); failure != nil || len(second) == 0 {
		t.Errorf("a head of a run that was not made: %v", failure)
	}
}

// TestHostRunsSteps: a step of a training runs on the weights that its history has, which is
// fetched with the first step and not before.
func TestHostRunsSteps(t *testing.T) {
	b := sit(t)
	cfg := traintest.Config(false)
	var packed bytes.Buffer
	steps := []history.Snapshot{{Point: history.Point{Step: 10}, Weights: train.Initialise(cfg, 5)}, {Point: history.Point{Step: 20}, Weights: train.Initialise(cfg, 6)}}
	if err := history.Write(&packed, cfg, map[string]string{"tokenizer": tokenizer.NewDemo().Fingerprint()}, steps, 0.4); err != nil {
		t.Fatal(err)
	}
	b.history = packed.Bytes()
	with := m
	with.History, with.HistorySize = "history", 77
	at := func(step int) *run.Request {
		req := request("quest")
		req.Model = run.StepName("m", step)
		return req
	}
	b.Receive(api.Ask{ID: 1, Kind: api.AskRun, File: with, Request: request("quest")})
	if b.fetched != 1 {
		t.Errorf("fetched %d files for the model itself", b.fetched)
	}
	b.Receive(api.Ask{ID: 2, Kind: api.AskRun, File: with, Request: at(10)})
	b.Receive(api.Ask{ID: 3, Kind: api.AskRun, File: with, Request: at(20)})
	b.Receive(api.Ask{ID: 4, Kind: api.AskHead, File: with, Request: at(20), Layer: 1, Head: 1})
	b.Receive(api.Ask{ID: 5, Kind: api.AskRun, File: with, Request: at(30)})
	if b.fetched != 2 {
		t.Errorf("fetched %d files for two steps and the model", b.fetched)
	}
	alone := run.NewEngine(ops.Reference())
	if err := alone.AddFile("m", file(t)); err != nil {
		t.Fatal(err)
	}
	if err := alone.AddHistory("m", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }); err != nil {
		t.Fatal(err)
	}
	for id, step := range map[int]int{2: 10, 3: 20} {
		var got, want trace.Run
		frames, progress, _, failure := b.about(t, id)
		if failure != nil {
			t.Fatal(failure)
		}
		for _, e := range frames {
			if err := got.Emit(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := alone.Run(t.Context(), *at(step), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Selections, want.Selections) || got.Steps[0].Token.ID != want.Steps[0].Token.ID {
			t.Errorf("step %d: the host's run is another than the engine's", step)
		}
		if told := slices.Contains(progress, api.RunProgress{Kind: api.Weights, Done: packed.Len(), Of: 77}); told != (step == 10) {
			t.Errorf("step %d: told of the download: %v", step, told)
		}
	}
	if _, _, head, failure := b.about(t, 4); failure != nil || len(head) == 0 {
		t.Errorf("a head of a step: %v", failure)
	}
	if _, _, _, failure := b.about(t, 5); failure == nil || failure.Field != "model" || !strings.Contains(failure.Message, "10, 20") {
		t.Errorf("a step that was not kept: %+v", failure)
	}
}

// TestHostLoadsFolders: of the files of a folder those are fetched that the engine reads, the
// weights are told of as they come, and what is missing is named.
func TestHostLoadsFolders(t *testing.T) {
	folder, err := fs.Sub(os.DirFS("../../engine/model/testdata"), "llama_head_dim")
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(folder, "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ without, want string }{
		{},
		{"config.json", "no config.json in the folder, and no model.safetensors"},
		{"model-00002-of-00008.safetensors", "model-00002-of-00008.safetensors is missing, which the index names"},
	} {
		var list []api.SiteFile
		for _, name := range names {
			if name != c.without {
				list = append(list, api.SiteFile{Name: name, File: "at " + name})
			}
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		b, fetched := sit(t), map[string]int{}
		b.config.Fetch = func(_ context.Context, f api.SiteFile, told func(int)) ([]byte, error) {
			fetched[f.File]++
			if f.File == "list" {
				return text, nil
			}
			data, err := fs.ReadFile(folder, strings.TrimPrefix(f.File, "at "))
			told(len(data))
			return data, err
		}
		b.Receive(api.Ask{ID: 1, Kind: api.AskLoad, File: api.SiteFile{Name: "tiny", File: "list", Size: 1000, Folder: true}})
		_, progress, _, failure := b.about(t, 1)
		if c.want != "" {
			if failure == nil || !strings.Contains(failure.Message, c.want) {
				t.Errorf("without %s: %+v, want %q", c.without, failure, c.want)
			}
			continue
		}
		if failure != nil {
			t.Fatal(failure)
		}
		model := b.reply[len(b.reply)-1].Model
		if model.Name != "tiny" || !strings.Contains(model.Note, "8 safetensors files") || !strings.Contains(model.Note, "no tokenizer: read tokenizer.json: file does not exist") {
			t.Errorf("the model is %+v", model)
		}
		for _, name := range names {
			read := name == "config.json" || strings.HasPrefix(name, "model")
			if got := fetched["at "+name]; got != map[bool]int{true: 1}[read] {
				t.Errorf("%s is fetched %d times", name, got)
			}
		}
		if len(progress) != 8 || progress[7].Done <= progress[0].Done {
			t.Errorf("of the weights it says %v", progress)
		}
	}
}

// TestHostTellsModelsApart: a file that somebody brought is known by its name, size and time of
// change, others by what they hold.
func TestHostTellsModelsApart(t *testing.T) {
	hash := func(f api.SiteFile) string {
		b := sit(t)
		b.Receive(api.Ask{ID: 1, Kind: api.AskLoad, File: f})
		if _, _, _, failure := b.about(t, 1); failure != nil {
			t.Fatal(failure)
		}
		return b.reply[len(b.reply)-1].Model.Hash
	}
	then, later := m, m
	then.Changed, later.Changed = 1_700_000_000_000, 1_700_000_000_001
	if one, other := hash(then), hash(later); !strings.HasPrefix(one, "file-") || one == other || one != hash(then) {
		t.Errorf("two files are known by %q and %q", one, other)
	}
	if content := hash(m); strings.HasPrefix(content, "file-") {
		t.Errorf("a file of the site is known by %q", content)
	}
}

// TestHostRefusesSizes: a file that no page can hold is refused before room is made for it.
func TestHostRefusesSizes(t *testing.T) {
	b := sit(t)
	for id, f := range []api.SiteFile{
		{Name: "m", File: "m.safetensors", Size: -1}, {Name: "m", File: "m.safetensors", Size: 8_000_000_000}, {Name: "m", Size: 1000},
	} {
		b.Receive(api.Ask{ID: id + 1, Kind: api.AskLoad, File: f})
		if _, _, _, failure := b.about(t, id+1); failure == nil || failure.Field != map[bool]string{true: "file", false: "size"}[f.File == ""] {
			t.Errorf("%+v: %+v", f, failure)
		}
	}
	if b.fetched != 0 {
		t.Errorf("%d fetches", b.fetched)
	}
}

// TestHostRefuses: what cannot be is said with the field to blame, and no weights that
// could not be fetched are kept for those that come after.
func TestHostRefuses(t *testing.T) {
	b := sit(t)
	odd := request("quest")
	odd.Task = "S-9"
	b.Receive(api.Ask{ID: 2, Kind: api.AskRun, File: m, Request: odd})
	b.Receive(api.Ask{ID: 3, Kind: api.AskHead, File: m, Request: request("quest"), Layer: 9})
	b.Receive(api.Ask{ID: 4, Kind: "sing"})
	for id, want := range map[int]trace.Failure{2: {Field: "task", Message: "S-9"}, 3: {Field: "layer", Message: "9"}, 4: {Message: "sing"}} {
		if _, _, _, got := b.about(t, id); got == nil || got.Field != want.Field || !strings.Contains(got.Message, want.Message) {
			t.Errorf("ask %d: %+v, want %+v", id, got, want)
		}
	}
	b = sit(t)
	b.broken = errors.New("the connection broke")
	b.Receive(api.Ask{ID: 1, Kind: api.AskLoad, File: m})
	if _, _, _, got := b.about(t, 1); got == nil || !strings.Contains(got.Message, "the connection broke") {
		t.Errorf("a download that broke off: %+v", got)
	}
	b.broken = nil
	b.Receive(api.Ask{ID: 2, Kind: api.AskLoad, File: m})
	if _, _, _, got := b.about(t, 2); got != nil || b.fetched != 2 {
		t.Errorf("asked for again: %+v, fetched %d times", got, b.fetched)
	}
}

// TestHostPanics: a panic of the engine fails one ask and leaves the host alive.
func TestHostPanics(t *testing.T) {
	b := sit(t)
	b.Receive(api.Ask{ID: 1, Kind: api.AskRun, File: m}) // without a request
	if _, _, _, got := b.about(t, 1); got == nil || !strings.Contains(got.Message, "internal error") {
		t.Errorf("%+v", got)
	}
	b.Receive(api.Ask{ID: 2, Kind: api.AskRun, File: m, Request: request("quest")})
	if _, _, _, got := b.about(t, 2); got != nil {
		t.Errorf("%+v", got)
	}
}

// TestHostStops: an ask that is cancelled ends soon, with no answer.
func TestHostStops(t *testing.T) {
	b := sit(t)
	reading := make(chan struct{}, 1)
	b.onReply = func(reply api.Reply) {
		if reply.ID == 1 && reply.Kind == api.ReplyProgress && reply.Progress.Kind == api.Prompt && reply.Progress.Done > 0 {
			select {
			case reading <- struct{}{}:
			default:
			}
			time.Sleep(20 * time.Millisecond) // of a slow machine
		}
	}
	ended := make(chan struct{})
	go func() {
		b.Receive(api.Ask{ID: 1, Kind: api.AskRun, File: m, Request: request("moba")})
		close(ended)
	}()
	<-reading
	b.Receive(api.Ask{ID: 1, Kind: api.AskCancel})
	<-ended
	frames, _, _, failure := b.about(t, 1)
	if failure == nil || !strings.Contains(failure.Message, "canceled") {
		t.Errorf("ended in %+v", failure)
	}
	for _, e := range frames {
		if _, done := e.(*trace.Done); done {
			t.Error("the run went on to its end")
		}
	}
	b.Receive(api.Ask{ID: 1, Kind: api.AskCancel}) // too late, which is nothing
}
