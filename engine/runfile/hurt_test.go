package runfile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/runfile/events"
	"kvscope/engine/trace"
)

// TestFilesThatHurt: a few hundred bytes may not ask for more than a run of their prompt
// has; one clear line says which number is too large.
func TestFilesThatHurt(t *testing.T) {
	const huge = 1<<31 - 1
	header := &trace.Header{Layers: 1, Heads: 1, Block: 1, Tokens: make([]trace.Token, 4)}
	small := trace.Selection{First: 3, Queries: 1, Unit: 1, Candidates: 4, Picked: []byte{1}}
	for name, c := range map[string]struct {
		edit func(*trace.Selection)
		want string
	}{
		"step":       {func(s *trace.Selection) { s.Step = huge }, "step: 2147483647 where step 0 is next"},
		"first":      {func(s *trace.Selection) { s.First = huge }, "first: 1 queries from position 2147483647 on, of 4 positions"},
		"unit":       {func(s *trace.Selection) { s.Unit = huge }, "unit: 2147483647 positions per candidate"},
		"candidates": {func(s *trace.Selection) { s.Candidates, s.Picked = 8000, make([]byte, 1000) }, "candidates: 8000 of 1 positions each, of 4"},
		"good":       {func(*trace.Selection) {}, ""},
	} {
		s := small
		c.edit(&s)
		frames := append(frame(t, header), frame(t, &s)...)
		var file bytes.Buffer
		if err := checkpoint.Write(&file, map[string]string{"format": events.Format}, []checkpoint.Tensor{checkpoint.NewU8("frames", []int{len(frames)}, frames)}); err != nil {
			t.Fatal(err)
		}
		_, err := Read(file.Bytes())
		if got := fmt.Sprint(err); (err == nil) != (c.want == "") || err != nil && !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}
