package run

import (
	"encoding/json"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/sparse"
)

// TestRequestJSON: the parameters of a method stand flat among a request's fields, zero
// is not absent, and every parameter of every method is written and read back.
func TestRequestJSON(t *testing.T) {
	req := Request{Model: "m", Task: "S-2", Config: sparse.Config{Method: "streaming"}.With("initial", "0"), MaxNew: new(3)}
	text, err := json.Marshal(req)
	if want := `{"model":"m","task":"S-2","seed":0,"method":"streaming","max_new":3,"initial":0}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	for _, m := range sparse.Methods() {
		for _, p := range m.Params {
			value := map[string]string{sparse.KindBudget: "1/4", sparse.KindInt: "3", sparse.KindFloat: "0.5", sparse.KindBool: "true", sparse.KindChoice: "max"}[p.Kind]
			req := Request{Model: "m", Config: sparse.Config{Method: m.ID}.With(p.Name, value)}
			text, err := json.Marshal(req)
			if err != nil {
				t.Fatal(err)
			}
			var back Request
			if err := json.Unmarshal(text, &back); err != nil || !back.Equal(req) {
				t.Errorf("%s became %+v, %v", text, back, err)
			}
		}
	}
	var back Request
	for text, field := range map[string]string{
		`{"model":"m","blokc":8}`: "blokc", `{"model":"m","block":"8"}`: "block", `{"model":3}`: "model", `{"max_new":"3"}`: "max_new",
	} {
		if err := json.Unmarshal([]byte(text), &back); input.Field(err) != field {
			t.Errorf("%s: %v", text, err)
		}
	}
}
