package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"kvscope/engine/input"
	"kvscope/native/whole"
	"kvscope/web/traces"
)

// MaxTrace is the most bytes of one trace.
const MaxTrace = 256 << 20

// What the folder of traces may hold, beside what is on its way there.
const (
	maxTraces     = 1000
	maxTraceBytes = 4 << 30 // of all
)

// ErrNoTrace says that there is no trace of a key.
var ErrNoTrace = errors.New("no such trace")

// Traces keeps recorded runs in a folder: KEY.safetensors, and what is known of it in
// KEY.json. Whoever may write to the folder may put files there.
type Traces struct {
	folder string
	// One change at a time, so that what is there is what was counted and read.
	changing sync.Mutex
}

// OpenTraces returns the traces in folder, which one process has at a time; there need be none
// yet. What others were writing there when they ended is removed.
func OpenTraces(folder string) *Traces {
	entries, _ := os.ReadDir(folder) // List tells of a folder that cannot be read
	for _, e := range entries {
		if e.Type().IsRegular() && (strings.HasPrefix(e.Name(), whole.Prefix) || oldPart.MatchString(e.Name())) {
			_ = os.Remove(filepath.Join(folder, e.Name())) // else the next one does
		}
	}
	return &Traces{folder: folder}
}

// oldPart is the form of names that earlier versions gave to what they were writing.
var oldPart = regexp.MustCompile(`^(part-[0-9]+|[0-9]{15}-[0-9a-z]{1,20}\.json\.part)$`)

const (
	traceSuffix = ".safetensors"
	aboutSuffix = ".json"
)

// traceKey is the form of keys: milliseconds since 1970, so that they sort by time, and
// something that tells those of one millisecond apart.
var traceKey = regexp.MustCompile(`^[0-9]{15}-[0-9a-z]{1,20}$`)

// checkTraceKey refuses what is no key.
func checkTraceKey(key string) error {
	if !traceKey.MatchString(key) {
		return input.Errorf("key", "%q, want 15 digits, a dash, and up to 20 digits and small letters", key)
	}
	return nil
}

// List is all traces, those saved last first, those that cannot be read with why. Files that are
// no traces are left out.
func (s *Traces) List() (traces.List, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	return s.list()
}

// list is List while nothing changes.
func (s *Traces) list() (traces.List, error) {
	entries, err := os.ReadDir(s.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list traces: %w", err)
	}
	list := traces.List{}
	for _, e := range entries { // by name, so that both files of a trace are beside each other
		key := strings.TrimSuffix(strings.TrimSuffix(e.Name(), aboutSuffix), traceSuffix)
		if checkTraceKey(key) != nil || len(list) > 0 && list[len(list)-1].Key == key {
			continue
		}
		switch t, err := s.trace(key); {
		case err == nil:
			list = append(list, t)
		case !errors.Is(err, ErrNoTrace):
			list = append(list, traces.Unread(key, s.size(key), err))
		}
	}
	slices.SortFunc(list, func(a, b traces.Trace) int { return cmp.Or(b.Saved.Compare(a.Saved), cmp.Compare(b.Key, a.Key)) })
	return list, nil
}

// trace returns the description of a trace. One that is damaged or missing is made anew by the
// trace's file.
func (s *Traces) trace(key string) (t traces.Trace, err error) {
	if err := checkTraceKey(key); err != nil {
		return t, err
	}
	text, err := os.ReadFile(s.path(key, aboutSuffix))
	if err == nil {
		t, err = traces.Read(text)
	}
	if err == nil {
		t.Key = key
		return t, nil
	}
	f, noFile := s.Open(key)
	if noFile != nil {
		return t, noFile
	}
	defer f.Close()
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it is missing")
	}
	t, whole := traces.Mended(key, text, err, f, s.size(key))
	if whole {
		_ = s.write(t) // else it is made anew the next time too
	}
	return t, nil
}

// size is how many bytes the file of a trace has, 0 of none.
func (s *Traces) size(key string) int64 {
	info, err := os.Stat(s.path(key, traceSuffix))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Open opens the file of a trace.
func (s *Traces) Open(key string) (*os.File, error) {
	if err := checkTraceKey(key); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key, traceSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoTrace
	}
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", key, err)
	}
	return f, nil
}

// Keep keeps a file under a key and a name, in place of what was there.
func (s *Traces) Keep(key, name string, content io.Reader) (t traces.Trace, err error) {
	if err := checkTraceKey(key); err != nil {
		return t, err
	}
	if err := traces.CheckName(name); err != nil {
		return t, err
	}
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return t, fmt.Errorf("keep trace: %w", err)
	}
	if err := s.hasRoom(key); err != nil {
		return t, err
	}
	f, err := whole.Create(s.folder)
	if err != nil {
		return t, fmt.Errorf("keep trace: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	size, err := io.Copy(f, content)
	if err != nil {
		return t, fmt.Errorf("keep trace: %w", err)
	}
	if t, err = traces.Describe(name, f, size); err != nil {
		return t, input.Errorf("file", "%v", err)
	}
	t.Name, t.Key, t.Saved = name, key, traces.SavedAt(key)
	s.changing.Lock()
	defer s.changing.Unlock()
	if err := s.room(key, int(size)); err != nil {
		return t, err
	}
	if err := os.Rename(f.Name(), s.path(key, traceSuffix)); err != nil {
		return t, fmt.Errorf("keep trace: %w", err)
	}
	return t, s.write(t)
}

// hasRoom refuses what is too much however small it is, before it is written.
func (s *Traces) hasRoom(key string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	return s.room(key, 0)
}

// room refuses what would be too much beside the other traces.
func (s *Traces) room(key string, size int) error {
	list, err := s.list()
	if err != nil {
		return err
	}
	others, _, _ := list.Remove(key)
	if n := len(others); n >= maxTraces {
		return input.Errorf("file", "is one too many beside %d traces, remove some", n)
	}
	if sum := others.Bytes() + size; sum > maxTraceBytes {
		return input.Errorf("file", "has %d bytes, which makes %d with the other traces, want at most %d: remove some", size, sum, maxTraceBytes)
	}
	return nil
}

// Change gives a trace another name and note.
func (s *Traces) Change(key string, to traces.Change) (traces.Trace, error) {
	s.changing.Lock()
	defer s.changing.Unlock()
	t, err := s.trace(key)
	if err != nil {
		return t, err
	}
	if err := to.Check(); err != nil {
		return t, err
	}
	t.Name, t.Note, t.Fault = to.Name, to.Note, ""
	return t, s.write(t)
}

// Remove removes a trace.
func (s *Traces) Remove(key string) error {
	if err := checkTraceKey(key); err != nil {
		return err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	about, file := os.Remove(s.path(key, aboutSuffix)), os.Remove(s.path(key, traceSuffix))
	none := func(err error) bool { return errors.Is(err, fs.ErrNotExist) }
	switch {
	case none(about) && none(file):
		return ErrNoTrace
	case none(about):
		return file
	case none(file):
		return about
	}
	return errors.Join(about, file)
}

// write writes what is known of a trace, whole or not at all.
func (s *Traces) write(t traces.Trace) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("trace %s: %w", t.Key, err)
	}
	if err := whole.Write(s.path(t.Key, aboutSuffix), text, 0o600); err != nil {
		return fmt.Errorf("trace %s: %w", t.Key, err)
	}
	return nil
}

func (s *Traces) path(key, suffix string) string { return filepath.Join(s.folder, key+suffix) }
