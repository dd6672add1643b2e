package run

import (
	"cmp"
	"slices"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/niah"
	"kvscope/engine/sparse"
)

// DefaultContext is the context of a task where a request names none, of models with more.
const DefaultContext = 1024

// MaxText is the longest own text a request may carry, in bytes.
const MaxText = 1 << 20

// prompt builds the example req asks for, of at most limit tokens with its answer.
func (l *loaded) prompt(req Request, limit int) (*niah.Example, error) {
	if l.tok == nil {
		return nil, input.Errorf("model", "%q has no tokenizer, so it reads no text, only token numbers", req.Model)
	}
	context := limit
	if req.Text == "" && req.Prompt == "" {
		context = min(limit, DefaultContext)
	}
	if req.Context != nil {
		context = *req.Context
	}
	if context < 1 || context > limit {
		return nil, input.Errorf("context", "%d, want 1 to %d, the context of %s", context, limit, req.Model)
	}
	if d := req.Depth; d != nil && !(*d >= 0 && *d <= 1) {
		return nil, input.Errorf("depth", "%v, want 0 (start) to 1 (end)", *d)
	}
	if n := req.MaxNew; n != nil && (*n < 1 || *n > limit) {
		return nil, input.Errorf("max_new", "%d, want 1 to %d", *n, limit)
	}
	if len(req.Text) > MaxText {
		return nil, input.Errorf("text", "%d bytes, want at most %d", len(req.Text), MaxText)
	}
	if req.Prompt != "" {
		return l.free(req, context)
	}
	if req.Questions != nil {
		return nil, input.Errorf("questions", "%d, of which each is a run of its own: kvscope ask and /api/ask run them all, else a key asks one", len(req.Questions))
	}
	if req.Text == "" && req.Value == "" && (req.Key == "" || req.Task != "") {
		task, err := niah.ByID(req.Task)
		if err != nil {
			return nil, blame("task", err)
		}
		if req.Prose != "" && task.Haystack != niah.Prose {
			return nil, input.Errorf("prose", "%q beside %s, want none: its needles are not hidden in prose", req.Prose, task.ID)
		}
		ex, err := l.gen.Generate(task, niah.Options{
			Context: context, Seed: req.Seed, Depth: req.Depth, Prose: cmp.Or(req.Prose, l.info.Prose),
		})
		if err != nil || req.Key == "" {
			return ex, blame("context", err)
		}
		if ex, err = ex.Ask(l.tok, req.Key); err != nil {
			return nil, blame("key", err)
		}
		if n := len(ex.Tokens) + len(ex.Answer); n > context {
			return nil, input.Errorf("context", "%d, the question for %s needs %d tokens", context, req.Key, n)
		}
		return ex, nil
	}
	if req.Prose != "" {
		return nil, input.Errorf("prose", "%q beside %s, want none: a task has prose", req.Prose, strings.Join(req.own(), ", "))
	}
	if req.Task != "" {
		return nil, input.Errorf("task", "%q beside %s, want a task, or an own text or needle", req.Task, strings.Join(req.own(), ", "))
	}
	if niah.IsRULER(req.Text) {
		return l.ruler(req, context)
	}
	if strings.TrimSpace(req.Key) == "" {
		return nil, input.Errorf("key", "missing, want what to ask for")
	}
	if req.Value == "" {
		if req.Depth != nil {
			return nil, input.Errorf("depth", "is set, want none of a text that has its needles: without a value nothing is hidden")
		}
		ex, err := niah.FromText(l.tok, req.Text, req.Key)
		return fits(ex, context, err)
	}
	depth := 0.5
	if req.Depth != nil {
		depth = *req.Depth
	}
	ex, err := niah.Custom(l.tok, req.Text, req.Key, req.Value, depth, context)
	return ex, blame("text", err)
}

// own names the fields of an own text or needle that are set.
func (r Request) own() []string {
	var names []string
	for _, f := range []struct{ name, value string }{{"text", r.Text}, {"key", r.Key}, {"value", r.Value}} {
		if f.value != "" {
			names = append(names, f.name)
		}
	}
	return names
}

// free is the prompt of req as it stands, of at most so many tokens.
func (l *loaded) free(req Request, context int) (*niah.Example, error) {
	for _, f := range []struct{ name, value string }{{"task", req.Task}, {"text", req.Text}, {"key", req.Key}, {"value", req.Value}} {
		if f.value != "" {
			return nil, input.Errorf(f.name, "stands beside a prompt, want one or the other")
		}
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"depth", req.Depth != nil}, {"prose", req.Prose != ""}} {
		if f.set {
			return nil, input.Errorf(f.name, "is set beside a prompt, want none: nothing is hidden in it")
		}
	}
	if len(req.Prompt) > MaxText {
		return nil, input.Errorf("prompt", "%d bytes, want at most %d", len(req.Prompt), MaxText)
	}
	ex, err := niah.Complete(l.tok, req.Prompt)
	if err == nil && len(ex.Tokens) >= context {
		return nil, input.Errorf("prompt", "has %d tokens, want at most %d, so that one can follow", len(ex.Tokens), context-1)
	}
	return ex, err
}

// ruler is the example of a RULER file that req asks for by its seed.
func (l *loaded) ruler(req Request, context int) (*niah.Example, error) {
	for _, field := range []struct {
		name string
		set  bool
	}{{"key", req.Key != ""}, {"value", req.Value != ""}, {"depth", req.Depth != nil}} {
		if field.set {
			return nil, input.Errorf(field.name, "is set, want none beside an example of RULER's, which has its question and its answer")
		}
	}
	examples, err := niah.ReadRULER(strings.NewReader(req.Text))
	if err != nil {
		return nil, blame("text", err)
	}
	one, err := niah.PickRULER(examples, req.Seed)
	if err != nil {
		return nil, blame("seed", err)
	}
	ex, err := niah.FromRULER(l.tok, one)
	return fits(ex, context, err)
}

// fits is an example of a text that must not be cut, or says by how much it is too long.
func fits(ex *niah.Example, context int, err error) (*niah.Example, error) {
	if err == nil && len(ex.Tokens)+len(ex.Answer) > context {
		return nil, input.Errorf("text", "makes a prompt of %d tokens, want at most %d with its answer of %d", len(ex.Tokens), context, len(ex.Answer))
	}
	return ex, blame("text", err)
}

// note says why nothing is expected of an example that was asked for by a key: its text has
// no needle for it, but for others.
func note(ex *niah.Example, key string) string {
	if key == "" || len(ex.Expected) > 0 {
		return ""
	}
	var keys []string
	for _, n := range ex.Needles {
		if !slices.Contains(keys, n.Key) {
			keys = append(keys, n.Key)
		}
	}
	return "the text has no needle for " + key + "; it has " + cmp.Or(strings.Join(keys, ", "), "none")
}

// blame puts the name of a field to an error that has none.
func blame(field string, err error) error {
	if err == nil || input.Field(err) != "" {
		return err
	}
	return input.Errorf(field, "%v", err)
}

// selection is the method that r asks for: its draws, where chance selects, are those
// of the example.
func (r Request) selection() sparse.Config {
	c := r.Config
	c.SelectorSeed = r.Seed ^ r.SelectorSeed<<32
	return c
}
