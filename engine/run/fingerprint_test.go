package run

import (
	"bytes"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/tokenizer"
)

// TestFingerprint: what results are kept under is other where they would be, and the same for
// the same model under another name.
func TestFingerprint(t *testing.T) {
	tok := tokenizer.NewDemo()
	file := freshFile(t, model.RATPlus, tok.Size(), tok.Fingerprint())
	said := func(name string, change func(map[string]string), index bool) string {
		f, err := checkpoint.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		var tensors []checkpoint.Tensor
		for _, n := range f.Names() {
			x, err := f.Tensor(n)
			if err != nil {
				t.Fatal(err)
			}
			tensors = append(tensors, x)
		}
		change(f.Metadata)
		var changed bytes.Buffer
		if err := checkpoint.Write(&changed, f.Metadata, tensors); err != nil {
			t.Fatal(err)
		}
		e := NewEngine(ops.Reference())
		if err := e.AddFile(name, changed.Bytes()); err != nil {
			t.Fatal(err)
		}
		if index {
			if err := e.AddIndex(name, freshIndex(t, e.Models()[0])); err != nil {
				t.Fatal(err)
			}
		}
		out, err := e.Models()[0].Fingerprint()
		if err != nil || out == "" {
			t.Fatalf("%q, %v", out, err)
		}
		return out
	}
	as := func(map[string]string) {}
	want := said("m", as, false)
	if got := said("other", as, false); got != want {
		t.Errorf("%s under another name, want %s", got, want)
	}
	for what, got := range map[string]string{
		"another rotation":   said("m", func(m map[string]string) { m["rope_base"] = "500000" }, false),
		"another eps":        said("m", func(m map[string]string) { m["eps"] = "1e-05" }, false),
		"an index":           said("m", as, true),
		"no tokenizer of it": said("m", func(m map[string]string) { m["tokenizer"] = "0123456789abcdef" }, false),
	} {
		if got == want {
			t.Errorf("%s leaves the fingerprint as it was", what)
		}
	}
}
