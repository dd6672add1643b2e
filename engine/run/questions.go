package run

import (
	"slices"
	"strings"

	"kvscope/engine/input"
	"kvscope/engine/niah"
)

// EachKey stands in Request.Questions for every key that the task asks for, or that an own
// text has a needle for.
const EachKey = "*"

// MaxQuestions is how many questions a request may carry.
const MaxQuestions = 64

// Questions are the requests that ask what req does one question at a time, by their keys: of
// the same context, and where entries are evicted of the same cache, since that is done before
// any question is read. A request without a list is the only one.
func (e *Engine) Questions(req Request) ([]Request, error) {
	if req.Questions == nil {
		return []Request{req}, nil
	}
	var out []Request
	err := e.using(req.Model, func(l *loaded) error {
		keys, err := l.keys(req)
		if err != nil {
			return err
		}
		req.Questions = nil
		var first *job
		for _, key := range keys {
			one := req
			one.Key = key
			j, err := e.prepare(l, one)
			if input.Field(err) == "key" {
				return input.Errorf("questions", "%v", err)
			}
			if err != nil {
				return err
			}
			if first == nil {
				first = j
			}
			if err := j.sharesWith(first); err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// Questions is Engine.Questions.
func (s *Cache) Questions(req Request) ([]Request, error) { return s.engine.Questions(req) }

// keys lists what the questions of req ask for.
func (l *loaded) keys(req Request) ([]string, error) {
	switch {
	case l.capture != nil:
		return nil, input.Errorf("questions", "%s is a capture, whose prompt is what it was taken of: leave them out", req.Model)
	case req.Key != "" || req.Value != "" || req.Prompt != "" || niah.IsRULER(req.Text):
		return nil, input.Errorf("questions", "stand beside a key, a value, a prompt or an example of RULER's, want a task, or a text that has its needles")
	case len(req.Questions) == 0:
		return nil, input.Errorf("questions", "none, want keys, or %s for each that there is", EachKey)
	}
	keys := req.Questions
	if len(keys) == 1 && keys[0] == EachKey {
		var err error
		if keys, err = l.each(req); err != nil {
			return nil, err
		}
	}
	if len(keys) > MaxQuestions {
		return nil, input.Errorf("questions", "%d, want at most %d", len(keys), MaxQuestions)
	}
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			return nil, input.Errorf("questions", "%q twice, want each once", key)
		}
		if strings.TrimSpace(key) == "" {
			return nil, input.Errorf("questions", "%q among them, want keys", key)
		}
	}
	return keys, nil
}

// each are all keys that can be asked for.
func (l *loaded) each(req Request) ([]string, error) {
	if req.Text != "" {
		keys := niah.Keys(req.Text)
		if len(keys) == 0 {
			return nil, input.Errorf("questions", "%s, and the text has no needle: name what to ask for", EachKey)
		}
		return keys, nil
	}
	req.Questions = nil
	ex, err := l.prompt(req, l.model.Config().Context)
	if err != nil {
		return nil, err
	}
	return ex.Asked(), nil
}

// sharesWith reports what keeps the questions of j and o from being asked of one cache.
func (j *job) sharesWith(o *job) error {
	at := j.example.QuestionSpan.Start
	if at != o.example.QuestionSpan.Start || !slices.Equal(j.example.Tokens[:at], o.example.Tokens[:at]) {
		return input.Errorf("questions", "%q and %q have no context in common: the prompt says before the text whether a number, numbers or uuids will be asked for, so what a cache holds of it differs; ask them one by one, by key", o.req.Key, j.req.Key)
	}
	if j.plan.Evictor != nil && j.split == len(j.example.Tokens)-1 {
		return input.Errorf("evict", "after the question, of which each would leave another cache: want before, or sparse_from question")
	}
	return nil
}
