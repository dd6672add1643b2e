package traces

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"kvscope/engine/checkpoint"
	"kvscope/engine/figures"
	"kvscope/engine/input"
	"kvscope/engine/runfile"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
)

// MaxName is how many characters the name of a trace may have, MaxNote those of its note.
const (
	MaxName = 120
	MaxNote = 1000
)

// Trace is a recorded run that is kept.
type Trace struct {
	Key   string    `json:"key"`  // of its file where files are kept
	Name  string    `json:"name"` // that people gave it
	Note  string    `json:"note"` // what they say of it
	Saved time.Time `json:"saved"`
	Bytes int       `json:"bytes"`

	Model  string `json:"model"`
	Method string `json:"method"` // with its budget
	Task   string `json:"task"`   // and seed, or what else was asked
	Tokens int    `json:"tokens"` // of the prompt
	Answer string `json:"answer"`
	Score  string `json:"score"` // "" where nothing is expected
	Hits   int    `json:"hits"`  // heads that picked the answer at every step
	Read   string `json:"read"`  // of the cache

	Fault string `json:"fault,omitempty"` // what was wrong with its description, until people describe it again

	Server bool `json:"-"` // keeps it, not the browser
}

// Change is another name and note for a trace.
type Change struct {
	Name string `json:"name"`
	Note string `json:"note"`
}

// Check reports what is wrong with c.
func (c Change) Check() error {
	if n := len([]rune(c.Note)); n > MaxNote {
		return input.Errorf("note", "%d characters, want at most %d", n, MaxNote)
	}
	return CheckName(c.Name)
}

// Read reads the description of a trace as it is kept, JSON of a Trace.
func Read(text []byte) (Trace, error) {
	t, err := read(text)
	if err != nil {
		return Trace{}, err
	}
	return t, nil
}

// read is Read, with all that can be read where something cannot.
func read(text []byte) (t Trace, err error) {
	if err := json.Unmarshal(text, &t); err != nil {
		return t, input.FromJSON(err)
	}
	for field, n := range map[string]int{"bytes": t.Bytes, "tokens": t.Tokens, "hits": t.Hits} {
		if n < 0 {
			return t, input.Errorf(field, "%d, want at least 0", n)
		}
	}
	return t, Change{Name: t.Name, Note: t.Note}.Check()
}

// Mended is a trace whose description, about, cannot be read for why: described by its file as
// if that were new, with the name and the note of about where they are whole, and its key for a
// name where not. It is whole unless the file cannot be read either.
func Mended(key string, about []byte, why error, file io.ReaderAt, size int64) (t Trace, whole bool) {
	t, err := Describe(key, file, size)
	if whole = err == nil; whole {
		t.Key, t.Saved = key, SavedAt(key)
		t.Fault = "described anew by its file, since its description cannot be read: " + why.Error()
	} else {
		t = Unread(key, size, fmt.Errorf("its description cannot be read (%w), nor its file: %w", why, err))
	}
	was, _ := read(about)
	if c := (Change{Name: was.Name, Note: was.Note}); c.Check() == nil {
		t.Name, t.Note = was.Name, was.Note
	}
	return t, whole
}

// Unread is a trace so many bytes long of which nothing can be read, and why.
func Unread(key string, size int64, why error) Trace {
	return Trace{Key: key, Name: key, Saved: SavedAt(key), Bytes: int(size), Fault: why.Error()}
}

// KeyAt makes a key that sorts by time: milliseconds since 1970, and something that tells those
// of one millisecond apart.
func KeyAt(t time.Time, more string) string { return fmt.Sprintf("%015d-%s", t.UnixMilli(), more) }

// SavedAt is the time in a key, 1970 of what is none.
func SavedAt(key string) time.Time {
	digits, _, _ := strings.Cut(key, "-")
	ms, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		ms = 0
	}
	return time.UnixMilli(ms).UTC()
}

// Describe says what a file of a run is.
func Describe(name string, file io.ReaderAt, size int64) (Trace, error) {
	r, err := Open(file, size)
	if err != nil {
		return Trace{}, err
	}
	h := r.Header
	t := Trace{
		Name: strings.TrimSuffix(name, ".safetensors"), Bytes: int(size), Model: cmp.Or(h.Title, h.Model),
		Method: method(h), Task: h.Asked(), Tokens: len(h.Tokens),
	}
	if result, ok := figures.ResultOf(&r.Run); ok {
		t.Answer, t.Read = result.Answer, number.Percent(result.ReadFraction)
		if result.Score != nil {
			t.Score = number.Percent(*result.Score)
		}
	}
	t.Hits = r.HeadGrid().Hits()
	return t, CheckName(t.Name)
}

// method is the method of a run, with its budget.
func method(h *trace.Header) string { return sparse.Title(h.Method) + " at " + number.Budget(h.Budget) }

// Open reads a file of a run in which a method selected, so many bytes long. What its heads
// saw is left alone.
func Open(file io.ReaderAt, size int64) (*picture.Run, error) {
	c, err := checkpoint.ParseAt(file, size)
	if err != nil {
		return nil, fmt.Errorf("it is no run: %w", err)
	}
	f, err := runfile.Of(c)
	if err != nil {
		return nil, fmt.Errorf("it is no run: %w", err)
	}
	if f.Run.Header.Method == "" {
		return nil, input.Errorf("file", "holds attention maps, want a run in which a method selected; open it in the Explorer")
	}
	r := &picture.Run{}
	for _, event := range f.Run.Events() {
		if err := r.Emit(event); err != nil {
			return nil, fmt.Errorf("it is no run: %w", err)
		}
	}
	return r, nil
}

// CheckName reports what is wrong with a name.
func CheckName(name string) error {
	switch n := len([]rune(strings.TrimSpace(name))); {
	case n == 0:
		return input.Errorf("name", "missing, want a name")
	case n > MaxName:
		return input.Errorf("name", "%d characters, want at most %d", n, MaxName)
	case strings.ContainsFunc(name, unicode.IsControl):
		return input.Errorf("name", "%q, want one line without control characters", name)
	}
	return nil
}

// List is the traces, those saved last first.
type List []Trace

// Add puts a trace into the list, instead of one of its key.
func (l List) Add(t Trace) List {
	out := append(l.without(t.Key), t)
	slices.SortStableFunc(out, func(a, b Trace) int { return b.Saved.Compare(a.Saved) })
	return out
}

// Remove takes a trace out of the list, and returns it too, for whoever changes their
// mind; ok is false where there is none of the key.
func (l List) Remove(key string) (rest List, removed Trace, ok bool) {
	t, ok := l.Find(key)
	return l.without(key), t, ok
}

// Find is the trace of a key.
func (l List) Find(key string) (Trace, bool) {
	at := slices.IndexFunc(l, func(t Trace) bool { return t.Key == key })
	if at < 0 {
		return Trace{}, false
	}
	return l[at], true
}

// Bytes is how much all of them take.
func (l List) Bytes() int {
	n := 0
	for _, t := range l {
		n += t.Bytes
	}
	return n
}

func (l List) without(key string) List {
	return slices.DeleteFunc(slices.Clone(l), func(t Trace) bool { return t.Key == key })
}
