package experiment

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
)

// TestLegacyGrid: a grid as it was written when it had budgets, blocks and a window asks
// for what it asked for.
func TestLegacyGrid(t *testing.T) {
	const old = `{"models":["attention"],"tasks":["S-1"],"methods":["quest","snapkv","dense"],"budgets":["1","1/4"],"blocks":[8,16],"window":16,"examples":10}`
	const now = `{"models":["attention"],"tasks":["S-1"],"methods":["quest","snapkv","dense"],"params":{"block":[8,16],"budget":["1","1/4"],"window":[16]},"examples":10}`
	var a, b Grid
	if err := json.Unmarshal([]byte(old), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(now), &b); err != nil {
		t.Fatal(err)
	}
	cells, err := a.Cells(teller{}.Models(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := b.Cells(teller{}.Models(), "1"); err != nil || !slices.Equal(cells, same) {
		t.Errorf("%+v, want %+v, %v", cells, same, err)
	}
	if len(cells) != 4+2+1 {
		t.Errorf("%d cells", len(cells))
	}
	if text, err := json.Marshal(a); err != nil || string(text) != now {
		t.Errorf("%s, %v", text, err)
	}
	for text, field := range map[string]string{
		strings.Replace(old, `["1","1/4"]`, `[]`, 1):                        "budgets",
		strings.Replace(now, `{"models"`, `{"budgets":["1/8"],"models"`, 1): "budgets",
		strings.Replace(now, `{"models"`, `{"blocks":[4],"models"`, 1):      "blocks",
		strings.Replace(now, `{"models"`, `{"window":4,"models"`, 1):        "window",
		strings.Replace(now, `"block"`, `"blokc"`, 1):                       "blokc",
	} {
		if err := json.Unmarshal([]byte(text), &a); input.Field(err) != field {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"wings": 2}`), &a); err == nil || !strings.Contains(err.Error(), `"wings"`) {
		t.Errorf("wings: %v", err)
	}
}

// TestLegacyCell: what a queue holds since before is the same work.
func TestLegacyCell(t *testing.T) {
	const head = `{"model":"ratplus","model_hash":"r","task":"S-1","method":"snapkv","selector":"own","selector_seed":2,`
	const tail = `"context":256,"first":10,"examples":10,"version":"1","select_with":"plain"}`
	want := Cell{
		Model: "ratplus", ModelHash: "r", Task: "S-1", Method: "snapkv", Selector: "own", SelectorSeed: 2, Params: `{"budget":"1/8","window":16}`,
		Context: 256, First: 10, Examples: 10, Version: "1", Swap: Swap{SelectWith: "plain"},
	}
	for _, middle := range []string{`"budget":0.125,"block":0,"window":16,`, `"params":{"budget":"1/8","window":16},`, `"params":{"window":16,"budget":"1/8"},`} {
		var c Cell
		if err := json.Unmarshal([]byte(head+middle+tail), &c); err != nil || c != want {
			t.Errorf("%s: %+v, %v", middle, c, err)
		}
	}
	text, err := json.Marshal(want)
	var again Cell
	if err != nil || json.Unmarshal(text, &again) != nil || again != want || again.Key() != want.Key() {
		t.Errorf("%s: %+v, %v", text, again, err)
	}
	var c Cell
	for middle, field := range map[string]string{"": "params", `"budget":0,"block":0,"window":0,`: "budget", `"params":{"blokc":8},`: "blokc"} {
		if err := json.Unmarshal([]byte(head+middle+tail), &c); input.Field(err) != field {
			t.Errorf("%q: %v", middle, err)
		}
	}
	if got := LegacyParams("gone", 0.25, 8, 0); got != `{"block":8,"budget":"1/4"}` {
		t.Errorf("of a method that there is no more: %s", got)
	}
}
