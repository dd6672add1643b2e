package run

import (
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// TestPrefixRunsAreRuns: a run that goes on from a kept prompt is the run that reads it
// itself, to the bit, whatever the method and its blocks.
func TestPrefixRunsAreRuns(t *testing.T) {
	for _, arch := range []model.Arch{model.Attention, model.RATPlus} {
		e := testEngine(t, arch)
		c := NewPrefixCache(e, 1<<30)
		for _, m := range methods() {
			for _, block := range []string{"8", "32"} {
				req := Request{Model: "m", Task: "MK-1", Seed: 3, Config: sparse.Config{Method: m.ID, Values: sparse.Values{"budget": "1/4", "block": block}}, MaxNew: new(3)}
				var r trace.Run
				if err := c.Run(t.Context(), req, &r); err != nil {
					t.Fatal(err)
				}
				same(t, string(arch)+" "+m.ID+" in blocks of "+block, &r, record(t, e, req))
				if r.Header.ID != "" {
					t.Fatalf("%s: the run has an ID, and nothing of it can be asked for", m.ID)
				}
			}
		}
		if c.kept.Len() != 1 {
			t.Errorf("%s: one prompt was kept %d times", arch, c.kept.Len())
		}
	}
}

// TestPrefixCacheKeepsTheLastPrompts, each by all that it depends on.
func TestPrefixCacheKeepsTheLastPrompts(t *testing.T) {
	c := NewPrefixCache(testEngine(t, model.RATPlus), 1<<30)
	run := func(seed uint64, selectWith string) {
		t.Helper()
		req := Request{Model: "m", Task: "S-2", Seed: seed, SelectWith: selectWith, Config: sparse.Config{Method: "quest"}, MaxNew: new(1)}
		if err := c.Run(t.Context(), req, &trace.Run{}); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() *prefix { return c.kept.Front().Value.(*prefix) }
	run(1, "")
	first := kept()
	run(2, "")
	run(1, WithPlain)
	if c.kept.Len() != 3 {
		t.Fatalf("%d prompts kept of two, one of them read in two ways", c.kept.Len())
	}
	run(1, "")
	if c.kept.Len() != 3 || kept() != first {
		t.Error("a prompt that was kept was read again")
	}
	c.limit = c.bytes - 1
	run(3, "")
	if c.kept.Len() != 2 || c.kept.Back().Value.(*prefix) != first {
		t.Errorf("%d prompts kept within a limit of two, want the two used last", c.kept.Len())
	}
	c.limit = 0
	if run(4, ""); c.kept.Len() != 1 {
		t.Errorf("%d prompts kept with room for none, want the last", c.kept.Len())
	}
}
